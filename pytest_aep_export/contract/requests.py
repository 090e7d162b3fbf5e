"""Requests against the contract: parameters, credentials' headers and the body."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from pytest_aep_export.contract.bodies import DEEPEST, UnreadableBodyError, is_too_deep, parse
from pytest_aep_export.contract.document import Node, parameters, resolve
from pytest_aep_export.contract.explain import clause, show
from pytest_aep_export.contract.media import is_json, media_type
from pytest_aep_export.contract.schemas import Checker, Schemas
from pytest_aep_export.contract.values import Match, Operation, Violation
from pytest_aep_export.exchange import Headers, Request

__all__ = ["RequestValidator"]

_FORM: Final = "application/x-www-form-urlencoded"
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_MOST: Final = 100
"""How many mistakes of one body are named."""

_HEADERS: Final = "facts, auth-and-headers section 3"


@dataclass(frozen=True, slots=True)
class _Parameter:
    """A parameter that the contract declares; ``kind`` is the type that its text is read as."""

    name: str
    place: str
    required: bool
    kind: str
    checker: Checker
    source: str

    def violations(self, text: str | None) -> list[Violation]:
        """What is wrong with the parameter's text; None stands for an absent one."""
        pointer = f"/{self.place}/{self.name.lower() if self.place == 'header' else self.name}"
        schema = self.checker.schema
        if text is None:
            return [Violation(pointer, clause(schema, schema), "nothing", self.source)] if self.required else []
        value = _read(text, self.kind)
        if self.checker.is_valid(value):
            return []
        return [
            Violation(pointer, v.expected, show(text), self.source, v.level) for v in self.checker.violations(value)
        ]


@dataclass(frozen=True, slots=True)
class _Expected:
    """What an operation expects of its requests."""

    parameters: tuple[_Parameter, ...]
    secured: tuple[str, ...]
    body: Node | None


def _read(text: str, kind: str) -> Any:
    """The text as the value of a type; the text itself where it is none, so that the schema refuses it."""
    if kind == "integer" and _INTEGER.fullmatch(text):
        return int(text)
    if kind == "boolean" and text.lower() in {"true", "false"}:
        return text.lower() == "true"
    return text


class RequestValidator:
    """Judges requests; what an operation expects is worked out when its first request comes."""

    def __init__(self, document: Node, schemas: Schemas) -> None:
        self._document = document
        self._schemas = schemas
        self._expected: dict[str, _Expected] = {}

    def validate(self, match: Match, request: Request) -> list[Violation]:
        """What is wrong with the request."""
        expected = self._of(match.operation)
        form = expected.body is not None and _FORM in expected.body["content"]
        found = [*self._credentials(expected, request), *_parameters(expected, match, request, queried=not form)]
        if expected.body is not None:
            found += self._form(expected.body, request) if form else self._body(expected.body, request)
        return found

    def _of(self, operation: Operation) -> _Expected:
        expected = self._expected.get(operation.id)
        if expected is None:
            expected = self._expected[operation.id] = self._prepare(operation)
        return expected

    def _prepare(self, operation: Operation) -> _Expected:
        node = self._document["paths"][operation.path][operation.method.lower()]
        schemes = self._document["components"]["securitySchemes"]
        required = node.get("security", self._document["security"])
        names = [name for alternative in required for name in alternative]
        declared = (self._parameter(p) for p in parameters(self._document, operation))
        return _Expected(
            parameters=tuple(declared),
            secured=tuple(schemes[name].get("name", "authorization") for name in names),
            body=node.get("requestBody"),
        )

    def _parameter(self, node: Node) -> _Parameter:
        schema = resolve(self._document, node["schema"])
        source = node.get("x-source") or schema.get("x-source") or "the contract"
        checker = self._schemas.checker(node["schema"])
        return _Parameter(node["name"], node["in"], node.get("required", False), schema["type"], checker, source)

    def _credentials(self, expected: _Expected, request: Request) -> Iterator[Violation]:
        for name in expected.secured:
            value = request.headers.get(name, "")
            if name == "authorization" and not value.lower().startswith("bearer "):
                found = "another scheme" if value else "nothing"
                yield Violation("/header/authorization", "Bearer and an access token", found, _HEADERS)
            elif not value:
                yield Violation(f"/header/{name}", "a value", "nothing", _HEADERS)

    def _body(self, node: Node, request: Request) -> list[Violation]:
        source = "facts, auth-and-headers sections 3 and 4.2"
        if not request.body:
            return [Violation("", "a JSON body", "nothing", source)]
        media = media_type(request.headers)
        if not is_json(media):
            return [Violation("/header/content-type", "application/json", media or "nothing", source)]
        try:
            value = parse(request.body)
        except UnreadableBodyError as error:
            return [Violation("", "a JSON body", str(error), source)]
        if is_too_deep(value):
            return [Violation("", f"values nested at most {DEEPEST} deep", "deeper ones", "our choice")]
        return self._schemas.checker(node["content"]["application/json"]["schema"]).violations(value, _MOST)

    def _form(self, node: Node, request: Request) -> list[Violation]:
        media = media_type(request.headers)
        if request.body and media != _FORM:
            source = "facts, auth-and-headers section 1"
            return [Violation("/header/content-type", _FORM, media or "nothing", source)]
        values: Mapping[str, str] = request.query | dict(parse_qsl(request.body.decode("utf-8", "replace")))
        return self._schemas.checker(node["content"][_FORM]["schema"]).violations(values)


def _parameters(expected: _Expected, match: Match, request: Request, *, queried: bool) -> Iterator[Violation]:
    query = request.query if "?" in request.url else {}
    places: dict[str, Mapping[str, str] | Headers] = {
        "path": match.parameters,
        "query": query,
        "header": request.headers,
    }
    for parameter in expected.parameters:
        if queried or parameter.place != "query":
            yield from parameter.violations(places[parameter.place].get(parameter.name))
