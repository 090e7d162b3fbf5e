"""Answers against the contract: status, headers and body, and what the body's members owe each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from pytest_aep_export.contract.bodies import UnreadableBodyError, parse
from pytest_aep_export.contract.document import Node, resolve
from pytest_aep_export.contract.explain import show
from pytest_aep_export.contract.media import is_json, media_type
from pytest_aep_export.contract.rules import breaches
from pytest_aep_export.contract.schemas import Schemas
from pytest_aep_export.contract.values import Level, Operation, Violation
from pytest_aep_export.exchange import Response

__all__ = ["ResponseValidator"]

_JSON: Final = "application/json"
_ERROR: Final = 400


@dataclass(frozen=True, slots=True)
class _Header:
    """A header that the contract declares for an answer; ``dialects`` are those that send it."""

    name: str
    required: bool
    dialects: tuple[str, ...]
    schema: Node
    source: str


@dataclass(frozen=True, slots=True)
class _Expected:
    """What the contract says of one status of one operation.

    Attributes:
        dialects: The dialects that answer so; None when all of them do.
        headers: The headers that it may or must have.
        content: Schemas by media type; empty when there is no body.
        kind: The name of the JSON schema, which its rules go by.
        optional: Whether the body may be missing.
        source: Where all this comes from.
    """

    dialects: tuple[str, ...] | None
    headers: tuple[_Header, ...]
    content: dict[str, Node]
    kind: str
    optional: bool
    source: str


class ResponseValidator:
    """Judges answers; what an operation may answer is worked out when it first does."""

    def __init__(self, document: Node, nodes: dict[str, Node], schemas: Schemas) -> None:
        self._document = document
        self._nodes = nodes
        self._schemas = schemas
        self._expected: dict[tuple[str, int], _Expected | None] = {}

    def validate(self, operation: Operation, response: Response, dialect: str | None) -> list[Violation]:
        """What is wrong with the answer: against every variant, and against the dialect where one is named."""
        expected = self._of(operation.id, response.status)
        if expected is None:
            known = ", ".join(self._nodes[operation.id]["responses"])
            return [Violation("", f"one of the statuses {known}", f"{response.status}", "the contract")]
        return [
            *self._status(expected, response, dialect),
            *self._headers(expected, response, dialect),
            *self._body(expected, response, dialect),
        ]

    def document(self, kind: str, value: Any, dialect: str | None) -> list[Violation]:
        """What is wrong with a parsed document: by its schema and, where that allows it, by its rules."""
        checker = self._schemas.named(kind, dialect)
        if checker.is_valid(value):
            return breaches(kind, value, dialect)
        found = checker.violations(value)
        if any(violation.level == "MUST" for violation in found):
            return found
        return found + breaches(kind, value, dialect)

    def _of(self, operation_id: str, status: int) -> _Expected | None:
        key = (operation_id, status)
        if key not in self._expected:
            node = self._nodes[operation_id]["responses"].get(str(status))
            self._expected[key] = node and self._prepare(resolve(self._document, node), self._nodes[operation_id])
        return self._expected[key]

    def _prepare(self, node: Node, operation: Node) -> _Expected:
        content = {media: item["schema"] for media, item in node.get("content", {}).items()}
        dialects = node.get("x-in-dialects")
        return _Expected(
            dialects=None if dialects is None else tuple(dialects),
            headers=tuple(self._header(name, header) for name, header in node.get("headers", {}).items()),
            content=content,
            kind=content.get(_JSON, {}).get("$ref", "").rsplit("/", 1)[-1],
            optional=node.get("x-body-optional", False),
            source=node.get("x-source") or operation["x-source"],
        )

    def _header(self, name: str, node: Node) -> _Header:
        node = resolve(self._document, node)
        dialects = tuple(node.get("x-in-dialects", ()))
        return _Header(name.lower(), node.get("required", False), dialects, node["schema"], node["x-source"])

    def _status(self, expected: _Expected, response: Response, dialect: str | None) -> list[Violation]:
        if dialect is None or expected.dialects is None or dialect in expected.dialects:
            return []
        wanted = f"a status that the dialect {dialect} answers with"
        return [Violation("", wanted, f"{response.status}", expected.source, "SHOULD")]

    def _headers(self, expected: _Expected, response: Response, dialect: str | None) -> list[Violation]:
        found: list[Violation] = []
        for header in expected.headers:
            pointer, text = f"/header/{header.name}", response.headers.get(header.name)
            if text is not None:
                value = int(text) if header.schema["type"] == "integer" and text.isdecimal() else text
                broken = self._schemas.checker(header.schema).violations(value)
                found += [Violation(pointer, v.expected, show(text), header.source) for v in broken]
            elif header.required or dialect in header.dialects:
                level: Level = "MUST" if header.required else "SHOULD"
                found.append(Violation(pointer, "this header", "nothing", header.source, level))
        return found

    def _body(self, expected: _Expected, response: Response, dialect: str | None) -> list[Violation]:
        if not expected.content:
            return _unasked(response, dialect)
        if not response.body:
            return _missing(expected, dialect)
        media = media_type(response.headers)
        if media in expected.content and not is_json(media):
            return []
        if _JSON not in expected.content or not is_json(media):
            wanted = " or ".join(expected.content)
            return [Violation("/header/content-type", wanted, media or "nothing", expected.source)]
        found = self._json(expected, response, dialect)
        if dialect and media != _JSON:
            found.append(Violation("/header/content-type", _JSON, media, "D-13", "SHOULD"))
        return found

    def _json(self, expected: _Expected, response: Response, dialect: str | None) -> list[Violation]:
        try:
            value = parse(response.body)
        except UnreadableBodyError as error:
            return [Violation("", "a JSON body", str(error), expected.source)]
        if expected.kind:
            found = self.document(expected.kind, value, dialect)
        else:
            found = self._schemas.checker(expected.content[_JSON], dialect).violations(value)
        return [*found, *_other_status(response, value)] if dialect else found


def _unasked(response: Response, dialect: str | None) -> list[Violation]:
    if not response.body or dialect is None:
        return []
    return [Violation("", "no body", f"{len(response.body)} bytes", "D-7", "SHOULD")]


def _missing(expected: _Expected, dialect: str | None) -> list[Violation]:
    if not expected.optional:
        return [Violation("", "a body", "nothing", expected.source)]
    return [Violation("", "a body", "nothing", "D-7; D-19", "SHOULD")] if dialect else []


def _other_status(response: Response, value: Any) -> list[Violation]:
    """The body of a refusal repeats the status (facts, auth-and-headers section 4.3)."""
    if (
        response.status < _ERROR
        or not isinstance(value, dict)
        or value.get("status", response.status) == response.status
    ):
        return []
    source = "facts, auth-and-headers section 4.3"
    return [Violation("/status", f"{response.status}, the answer's own", show(value["status"]), source, "SHOULD")]
