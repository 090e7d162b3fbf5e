"""What a report keeps of an exchange: no secret, no endless body, and what the contract says of the answer."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from pytest_aep_export.contract import Violation, load
from pytest_aep_export.exchange import Exchange, Headers

__all__ = ["Body", "RecordedExchange"]

LONGEST: Final = 16_384
"""Characters of a body that are kept."""
_SHOWN: Final = 300
_VIOLATIONS: Final = 20


@dataclass(frozen=True, slots=True)
class Body:
    """A body, as far as it is kept.

    Attributes:
        size: Bytes of all of it.
        text: The beginning of it, all of it where it is short; None where it is no text.
        digest: The SHA-256 of all of it where it is no text; otherwise empty.
    """

    size: int = 0
    text: str | None = ""
    digest: str = ""

    @classmethod
    def of(cls, raw: bytes) -> Body:
        """What is kept of these bytes."""
        try:
            return cls(len(raw), raw.decode()[:LONGEST])
        except UnicodeDecodeError:
            return cls(len(raw), None, hashlib.sha256(raw).hexdigest())

    @property
    def cut(self) -> bool:
        """Whether there is more of the text than is kept."""
        return self.text is not None and len(self.text.encode("utf-8", "surrogatepass")) < self.size

    def __str__(self) -> str:
        if self.text is None:
            return f"{self.size:,} bytes that are no text, SHA-256 {self.digest}"
        return f"{self.text}…" if self.cut else self.text

    def to_json(self) -> dict[str, Any]:
        """As the record has it."""
        return {"bytes": self.size, **({"sha256": self.digest} if self.text is None else {"text": self.text})}

    @classmethod
    def from_json(cls, node: Mapping[str, Any]) -> Body:
        """From what the record has."""
        return cls(node["bytes"], node.get("text"), node.get("sha256", ""))


@dataclass(frozen=True, slots=True)
class RecordedExchange:
    """One request and its response, fit for a file.

    Attributes:
        operation: The contract's ``operationId``; empty when the contract knows no such route.
        method: The HTTP method.
        url: Where it went.
        sent: The request's headers.
        request: The request's body.
        status: The answer's status.
        received: The answer's headers.
        response: The answer's body.
        violations: How the answer contradicts every documented variant.
        curl: A shell line that repeats the request.
    """

    operation: str
    method: str
    url: str
    sent: tuple[tuple[str, str], ...]
    request: Body
    status: int
    received: tuple[tuple[str, str], ...]
    response: Body
    violations: tuple[Violation, ...]
    curl: str

    @classmethod
    def of(cls, exchange: Exchange, curl: str) -> RecordedExchange:
        """What is kept of an exchange that holds no secret of the target's any more."""
        clean = exchange.redacted()
        request, response = clean.request, clean.response
        return cls(
            operation=clean.operation,
            method=request.method,
            url=request.url,
            sent=request.headers.raw,
            request=Body.of(request.body),
            status=response.status,
            received=response.headers.raw,
            response=Body.of(response.body),
            violations=_violations(clean),
            curl=curl,
        )

    @property
    def sent_line(self) -> str:
        """What was sent, in one line."""
        body = _beginning(self.request)
        return f"{self.method} {self.url}{f', {body}' if body else ''}"

    @property
    def answer_line(self) -> str:
        """What came back, in one line: the status, the media type, the beginning of the body."""
        if not self.status:
            return "none: the connection ended before, or what came was no HTTP"
        media = Headers(self.received).get("content-type", "no content type")
        return f"{self.status}, {media}, {_beginning(self.response) or 'no body'}"

    def to_json(self) -> dict[str, Any]:
        """As the record has it."""
        return {
            "operation": self.operation,
            "request": {
                "method": self.method,
                "url": self.url,
                "headers": [list(header) for header in self.sent],
                "body": self.request.to_json(),
            },
            "response": {
                "status": self.status,
                "headers": [list(header) for header in self.received],
                "body": self.response.to_json(),
            },
            "violations": [asdict(violation) for violation in self.violations],
            "curl": self.curl,
        }

    @classmethod
    def from_json(cls, node: Mapping[str, Any]) -> RecordedExchange:
        """From what the record has."""
        request, response = node["request"], node["response"]
        return cls(
            operation=node["operation"],
            method=request["method"],
            url=request["url"],
            sent=_headers(request),
            request=Body.from_json(request["body"]),
            status=response["status"],
            received=_headers(response),
            response=Body.from_json(response["body"]),
            violations=tuple(Violation(**violation) for violation in node["violations"]),
            curl=node["curl"],
        )


def _headers(node: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in node["headers"])


def _violations(exchange: Exchange) -> tuple[Violation, ...]:
    """What the contract finds in the whole answer, of which the record may keep less."""
    if exchange.operation not in load().operations or not exchange.response.status:
        return ()
    return tuple(load().validate_response(exchange.operation, exchange.response)[:_VIOLATIONS])


def _beginning(body: Body) -> str:
    text = " ".join(str(body).split())
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
