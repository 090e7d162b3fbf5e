"""What crossed the wire: requests, responses and exchanges as frozen values, and how secrets leave them.

Client, emulator, journal, cassettes and the suite all speak of HTTP with these three nouns.
This module imports the standard library only.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar, cast, overload
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

__all__ = ["Exchange", "Headers", "Request", "Response", "redact_text"]

_T = TypeVar("_T")

REDACTED: Final = "REDACTED"
_SECRET_HEADERS: Final = frozenset({"authorization", "cookie", "set-cookie", "proxy-authorization", "x-api-key"})
_SECRET_MEMBERS: Final = ("access_token", "client_id", "client_secret", "jwt_token", "refresh_token")
_SECRET_FIELDS: Final = (*_SECRET_MEMBERS, "code")
"""In a form or a query ``code`` is OAuth's and secret; in JSON it names an error."""

_JWT: Final = re.compile(r"eyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*")
_MEMBER: Final = "|".join(_SECRET_MEMBERS)
_JSON_SECRET: Final = re.compile(rf'("(?:{_MEMBER})"\s*:\s*")(?:[^"\\]|\\.)*("|\Z)', re.DOTALL)
_NESTED_SECRET: Final = re.compile(
    rf'(\\"(?:{_MEMBER})\\"\s*:\s*\\")(?:[^"\\]|\\\\(?:\\.|.))*(\\"|\Z)', re.DOTALL
)  # JSON quoted in JSON
_FORM_SECRET: Final = re.compile(rf"((?:^|[?&])(?:{'|'.join(_SECRET_FIELDS)})=)[^&\s]*")


def redact_text(text: str) -> str:
    """The text without tokens, secrets and API keys, wherever a JSON, form or plain text holds them."""
    text = _JWT.sub(REDACTED, text)
    for secret in (_JSON_SECRET, _NESTED_SECRET):
        text = secret.sub(rf"\g<1>{REDACTED}\g<2>", text)
    return _FORM_SECRET.sub(rf"\g<1>{REDACTED}", text)


class Headers:
    """HTTP headers: looked up without regard to case, listed as they were sent; repeated names are joined.

    No `Mapping`, although it reads like one: pytest explains how two mappings differ value by value, secrets and all.
    """

    __slots__ = ("_items", "_lower")

    def __init__(self, items: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> None:
        pairs = cast("Mapping[str, str]", items).items() if isinstance(items, Mapping) else items
        self._items: tuple[tuple[str, str], ...] = tuple(pairs)
        self._lower: dict[str, str] | None = None

    def _index(self) -> dict[str, str]:
        if self._lower is None:
            index: dict[str, str] = {}
            for name, value in self._items:
                key = name.lower()
                index[key] = f"{index[key]}, {value}" if key in index else value
            self._lower = index
        return self._lower

    def __getitem__(self, name: str) -> str:
        return self._index()[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._index())

    def __len__(self) -> int:
        return len(self._index())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._index()

    def keys(self) -> KeysView[str]:
        """The names, in lower case."""
        return self._index().keys()

    def items(self) -> ItemsView[str, str]:
        """The names, in lower case, with their values."""
        return self._index().items()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self._items == other._items

    def __hash__(self) -> int:
        return hash(self._items)

    @overload
    def get(self, name: str, /) -> str | None: ...
    @overload
    def get(self, name: str, /, default: str) -> str: ...
    @overload
    def get(self, name: str, /, default: _T) -> str | _T: ...
    def get(self, name: str, /, default: object = None) -> object:
        """The header's value, or the default."""
        return self._index().get(name.lower(), default)

    def __repr__(self) -> str:
        return f"Headers({list(self.redacted().raw)!r})"

    @property
    def raw(self) -> tuple[tuple[str, str], ...]:
        """Names and values, as they were sent and in that order."""
        return self._items

    def redacted(self) -> Headers:
        """The same headers with the values of secret ones taken out."""
        return Headers([(n, REDACTED if n.lower() in _SECRET_HEADERS else redact_text(v)) for n, v in self._items])


@dataclass(frozen=True, slots=True, repr=False)
class Request:
    """One HTTP request: ``url`` is absolute, or a path with its query where the host does not matter."""

    method: str
    url: str
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""

    def __eq__(self, other: object) -> bool:
        # Written out, because pytest explains a dataclass's own comparison member by member, secrets and all.
        return isinstance(other, Request) and (self.method, self.url, self.headers, self.body) == (
            other.method,
            other.url,
            other.headers,
            other.body,
        )

    def __hash__(self) -> int:
        return hash((self.method, self.url, self.headers, self.body))

    def __repr__(self) -> str:
        clean = self.redacted()
        return f"Request({clean.method!r}, {clean.url!r}, {clean.headers!r}, {clean.body!r})"

    @property
    def path(self) -> str:
        """The path, percent-encoding kept."""
        return urlsplit(self.url).path

    @property
    def query(self) -> dict[str, str]:
        """The query parameters, decoded; of a repeated one the last."""
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))

    def json(self) -> Any:
        """The body, parsed; ``None`` when there is none.

        Raises:
            ValueError: The body is not JSON.
        """
        return json.loads(self.body) if self.body else None

    def redacted(self) -> Request:
        """The same request without its secrets."""
        return replace(self, url=_redact_url(self.url), headers=self.headers.redacted(), body=_redact_bytes(self.body))

    def curl(self) -> str:
        """A command line that repeats the request, without its secrets."""
        clean = self.redacted()
        words = ["curl", "-X", clean.method, clean.url]
        for name, value in clean.headers.raw:
            if name.lower() not in {"host", "content-length", "connection", "accept-encoding"}:
                words += ["-H", f"{name}: {value}"]
        if clean.body:
            words += ["--data", clean.body.decode("utf-8", "replace")]
        return shlex.join(words)


@dataclass(frozen=True, slots=True, repr=False)
class Response:
    """One HTTP response, its body complete.

    Attributes:
        status: Its status; 0 where there was none, because the connection ended before or what came was no HTTP.
        headers: Its headers.
        body: Its body.
        cut: Whether the connection ended before the body did, which is then as much of it as came.
    """

    status: int
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    cut: bool = False

    def __eq__(self, other: object) -> bool:
        # Written out, because pytest explains a dataclass's own comparison member by member, secrets and all.
        return isinstance(other, Response) and (self.status, self.headers, self.body, self.cut) == (
            other.status,
            other.headers,
            other.body,
            other.cut,
        )

    def __hash__(self) -> int:
        return hash((self.status, self.headers, self.body, self.cut))

    def __repr__(self) -> str:
        clean = self.redacted()
        cut = ", cut=True" if self.cut else ""
        return f"Response({clean.status!r}, {clean.headers!r}, {clean.body!r}{cut})"

    def json(self) -> Any:
        """The body, parsed; ``None`` when there is none.

        Raises:
            ValueError: The body is not JSON.
        """
        return json.loads(self.body) if self.body else None

    def redacted(self) -> Response:
        """The same response without its secrets; binary bodies are kept as they are."""
        return replace(self, headers=self.headers.redacted(), body=_redact_bytes(self.body))


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its response.

    Attributes:
        request: What was sent.
        response: What came back.
        operation: The contract's ``operationId``; empty when the contract knows no such route.
        at: When the request arrived, in ms since the epoch, by the clock of whoever recorded it.
    """

    request: Request
    response: Response
    operation: str = ""
    at: int = 0

    def __eq__(self, other: object) -> bool:
        # Written out, because pytest explains a dataclass's own comparison member by member, secrets and all.
        return isinstance(other, Exchange) and (self.request, self.response, self.operation, self.at) == (
            other.request,
            other.response,
            other.operation,
            other.at,
        )

    def __hash__(self) -> int:
        return hash((self.request, self.response, self.operation, self.at))

    def redacted(self) -> Exchange:
        """The same exchange without its secrets, fit for a file, a log or a message."""
        return replace(self, request=self.request.redacted(), response=self.response.redacted())


def _redact_url(url: str) -> str:
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    if any(name in _SECRET_FIELDS for name, _ in pairs):
        clean = urlencode([(n, REDACTED if n in _SECRET_FIELDS else v) for n, v in pairs])
        url = urlunsplit(parts._replace(query=clean))
    return redact_text(url)


def _redact_bytes(body: bytes) -> bytes:
    try:
        return redact_text(body.decode()).encode()
    except UnicodeDecodeError:
        return body
