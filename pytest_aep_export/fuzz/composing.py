"""From a step to the request that is sent: the contract's method and path, what every request carries, the mistakes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

import orjson

from pytest_aep_export.exchange import Headers, Request
from pytest_aep_export.fuzz.cases import ABSENT, Edit, Step

if TYPE_CHECKING:
    from pytest_aep_export.contract import Contract, Operation

__all__ = ["USUAL_HEADERS", "Composer", "UnknownNameError", "edited"]

_NAME: Final = re.compile(r"\$\{([a-z0-9_.-]+)\}")
_NAME_IN_BYTES: Final = re.compile(rb"\$\{([a-z0-9_.-]+)\}")
_KEPT: Final = 64
_FORM: Final = "application/x-www-form-urlencoded"
_JSON: Final = "application/json"
USUAL_HEADERS: Final = {
    "authorization": "Bearer ${%s.token}",
    "x-api-key": "${%s.client_id}",
    "x-gw-ims-org-id": "${%s.org}",
    "x-sandbox-name": "${%s.sandbox}",
}


class UnknownNameError(LookupError):
    """A step names what nothing has given; it cannot be sent."""


class Anything(dict[str, str]):
    """Names that stand for something, whatever they are."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        return "something"


class Composer:
    """Makes requests of steps.

    Args:
        contract: What says where the requests go.
        prefix: How the names begin of datasets that are created.
    """

    def __init__(self, contract: Contract, prefix: str = "") -> None:
        self._prefix = prefix
        self._operations: Mapping[str, Operation] = contract.operations
        document = contract.document
        nodes = {o.id: document["paths"][o.path][o.method.lower()] for o in self._operations.values()}
        self._forms = {name for name, node in nodes.items() if _FORM in node.get("requestBody", {}).get("content", {})}
        self._open = {name for name, node in nodes.items() if node.get("security") == []}
        self._kept: dict[tuple[str, str | None, str], list[tuple[str, str]]] = {}
        self._parts = {o.id: re.split(r"\{([^}]+)\}", o.path) for o in self._operations.values()}

    def compose(self, step: Step, names: Mapping[str, str]) -> Request:
        """The request of a step.

        Raises:
            UnknownNameError: It names what is not among the names.
        """
        edits = {edit.at: edit for mistake in step.mistakes for edit in mistake.edits}
        operation = self._operations[step.operation]
        body = self._body(step, edits, names)
        headers = self._headers(step, edits, names, body)
        target = _text(edits["/target"].put, names) if "/target" in edits else self._target(step, edits, names)
        method = edits["/method"].put if "/method" in edits else operation.method
        return Request(method, target, Headers(headers), body)

    def _target(self, step: Step, edits: Mapping[str, Edit], names: Mapping[str, str]) -> str:
        """The path and the query."""
        if step.target:
            return _text(step.target, names)
        parts = self._parts[step.operation]
        path = parts[0]
        for name, rest in zip(parts[1::2], parts[2::2], strict=True):
            edit = edits.get(f"/path/{name}")
            given = quote(_text(step.path[name], names), safe="") if edit is None else _text(edit.put, names)
            path += given + rest
        pairs = _pairs(step.query, edits, "/query/", names)
        return f"{path}?{urlencode(pairs)}" if pairs else path

    def _headers(
        self, step: Step, edits: Mapping[str, Edit], names: Mapping[str, str], body: bytes
    ) -> list[tuple[str, str]]:
        media = (_FORM if step.operation in self._forms else _JSON) if body else ""
        if step.headers or any(at.startswith("/header/") for at in edits):
            pairs = _pairs({**self._usual(step, media), **step.headers}, edits, "/header/", names)
        else:
            pairs = self._as_usual(step, media, names)
        return [*pairs, ("content-length", str(len(body)))] if body else pairs

    def _as_usual(self, step: Step, media: str, names: Mapping[str, str]) -> list[tuple[str, str]]:
        """The usual headers of a party, put together once for each of its tokens."""
        if step.operation in self._open:
            return list(self._usual(step, media).items())
        token = names.get(f"{step.who}.token")
        if (step.who, token, media) not in self._kept:
            if len(self._kept) > _KEPT:
                self._kept.clear()
            for each in ("", _JSON, _FORM):
                self._kept[step.who, token, each] = _pairs(self._usual(step, each), {}, "/header/", names)
        return self._kept[step.who, token, media]

    def _usual(self, step: Step, media: str) -> dict[str, str]:
        """The headers that every request has, with names in them."""
        secured = (
            {} if step.operation in self._open else {name: value % step.who for name, value in USUAL_HEADERS.items()}
        )
        return {"accept": _JSON, **secured, **({"content-type": media} if media else {})}

    def _body(self, step: Step, edits: Mapping[str, Edit], names: Mapping[str, str]) -> bytes:
        if "/raw" in edits:
            return _filled(str(edits["/raw"].put).encode("utf-8", "surrogateescape"), names)
        value = edited(step.body, edits)
        if self._prefix and step.operation == "createDataset":
            value = _prefixed(value, self._prefix)
        if value is None:
            return b""
        if step.operation in self._forms and isinstance(value, dict):
            return urlencode([(name, _text(str(text), names)) for name, text in value.items()]).encode()
        text = _written(value)
        for at, edit in edits.items():
            if at.startswith("/twice/"):
                text = b"%s,%s:%s}" % (text[:-1], _written(at[7:]), _written(edit.put))
        return _filled(text, names) + b" " * (edits["/padding"].put if "/padding" in edits else 0)


def _prefixed(value: Any, prefix: str) -> Any:
    """The value with a name, if it has one, that tells where it comes from."""
    name = value.get("name") if isinstance(value, dict) else None
    return {**value, "name": f"{prefix} {name}"} if isinstance(name, str) and name else value


def _written(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # numbers and characters that are none of its own
        return json.dumps(value).encode()


def edited(body: Any, edits: Mapping[str, Edit]) -> Any:
    """The body with what edits change of it, by where that is; the body itself stays as it is."""
    for at, edit in edits.items():
        if at == "/body":
            body = None if edit.put is ABSENT else edit.put
        elif at.startswith("/body/"):
            body = _changed(body, at[6:].split("/"), edit.put)
    return body


def _changed(value: Any, path: list[str], put: Any) -> Any:
    """The value with another one at a path, whatever was there before; the value itself stays as it is."""
    step, *rest = path
    if value is None and step.isdecimal():
        value = []
    if isinstance(value, list):
        place = int(step) if step.isdecimal() else len(value)
        inner = _changed(value[place] if place < len(value) else None, rest, put) if rest else put
        return [*value[:place], *(() if inner is ABSENT else (inner,)), *value[place + 1 :]]
    known = value if isinstance(value, dict) else {}
    step = step.replace("~1", "/").replace("~0", "~")
    inner = _changed(known.get(step), rest, put) if rest else put
    if inner is ABSENT:
        return {name: found for name, found in known.items() if name != step}
    return {**known, step: inner}


def _pairs(
    usual: Mapping[str, str], edits: Mapping[str, Edit], prefix: str, names: Mapping[str, str]
) -> list[tuple[str, str]]:
    """Names and values, with what the edits change of them."""
    found: dict[str, Any] = dict(usual)
    for at, edit in edits.items():
        if at.startswith(prefix):
            found[at[len(prefix) :]] = edit.put
    return [
        (name, _text(each, names))
        for name, put in found.items()
        if put is not ABSENT
        for each in (put if isinstance(put, list) else (put,))
    ]


def _text(text: str, names: Mapping[str, str]) -> str:
    """The text with what its names stand for."""
    return _NAME.sub(lambda found: _known(found[1], names), text) if "${" in text else text


def _filled(text: bytes, names: Mapping[str, str]) -> bytes:
    """A JSON text with what the names in it stand for."""
    if b"${" not in text:
        return text
    return _NAME_IN_BYTES.sub(lambda found: orjson.dumps(_known(found[1].decode(), names))[1:-1], text)


def _known(name: str, names: Mapping[str, str]) -> str:
    if name not in names:
        raise UnknownNameError(name)
    return names[name]
