"""Answers as a plan of variations has them: what the emulator would have answered, written and sent in another way.

First what the JSON holds is changed, then how it is written, then how the answer is sent. What the contract would not
allow of an answer is left out there: a plan says what may be varied, and not every answer lends itself to all of it.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from email.utils import formatdate, parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit

from pytest_aep_export.contract import Contract
from pytest_aep_export.contract.bodies import UnreadableBodyError, parse
from pytest_aep_export.contract.media import is_json, media_type
from pytest_aep_export.emulator.alterations import ABSENT, altered
from pytest_aep_export.emulator.behaviour import Behaviour
from pytest_aep_export.emulator.choices import Choice, Edit, Form, Switch
from pytest_aep_export.emulator.variation import Plan, chosen
from pytest_aep_export.exchange import Exchange, Headers, Response

__all__ = ["PIECE", "Variant", "Varying"]

PIECE: Final = 7
"""Bytes of a piece, where an answer comes in pieces; few, so that no text comes whole."""

_ERROR: Final = 400
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_LETTER: Final = re.compile(r"(\\u[0-9a-f]{4}|\\.)|([^\"])")
_MEDIA: Final = {"with charset": "application/json; charset=utf-8", "of xdm": "application/vnd.adobe.xdm+json"}
_MORE: Final = (("server", "emulator"), ("strict-transport-security", "max-age=1"), ("x-added-later", "1; of=2"))
_PAGE: Final = b"<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>\n"
_HTML: Final = ("content-type", "text/html; charset=utf-8")
_DATES: Final = {"a day ago": -86_400, "in a year": 31_536_000}
_ENCODING: Final = "content-encoding"
_JOBS: Final = "/export/jobs"


@dataclass(frozen=True, slots=True)
class Variant:
    """An answer, varied.

    Attributes:
        response: The answer.
        piece: How many bytes of it are sent at a time; None for all.
    """

    response: Response
    piece: int | None = None


class Varying:
    """Varies answers by a plan.

    Args:
        plan: What is varied.

    Raises:
        ConfigurationError: Something in it is unknown.
    """

    def __init__(self, plan: Plan) -> None:
        every = chosen(plan)
        self.plan = plan
        self._switches = [each.act for each in every if isinstance(each.act, Switch)]
        self._edits = _by_answer(sorted(every, key=_depth), Edit)
        self._forms = _by_answer(every, Form)

    def behaviour(self, usual: Behaviour) -> Behaviour:
        """The behaviour with what the plan switches; what somebody has chosen already stays."""
        default, mine = Behaviour(), [each for each in self._switches if not each.of_dialect]
        free = {each.member: each.value for each in mine if _same(usual, default, each.member)}
        spoken = {each.member: each.value for each in self._switches if each.of_dialect}
        if spoken and usual.dialect is default.dialect:
            free["dialect"] = replace(usual.dialect, **spoken)
        return replace(usual, **free) if free else usual

    def touches(self, operation: str, status: int) -> bool:
        """Whether the plan may change such an answer."""
        key = operation, status >= _ERROR
        return key in self._edits or key in self._forms

    def answer(self, exchange: Exchange, contract: Contract) -> Variant:
        """The answer of an exchange, varied; what the plan says of damage is done to it last."""
        response = exchange.response
        key = exchange.operation, response.status >= _ERROR
        forms = {each.act.aspect: each.name for each in self._forms.get(key, ()) if isinstance(each.act, Form)}
        document = _document(response)
        if document is not ABSENT:
            edited = self._edited(document, exchange, self._edits.get(key, ()), contract)
            response = _damaged(_written(edited, response, forms), forms)
        return _sent(replace(exchange, response=response), forms)

    def _edited(self, document: Any, exchange: Exchange, edits: Iterable[Choice], contract: Contract) -> Any:
        """What the body holds then; each change is left out that would take the answer beyond what is documented."""
        sound = [each for each in edits if each.level == "documented"]
        if sound:
            document = _within(document, sound, exchange, contract)
        return _with(document, [each for each in edits if each.level != "documented"], exchange)


def _document(response: Response) -> Any:
    """What the body of an answer holds, where it is JSON and not a persona's that is none or packed already."""
    if not is_json(media_type(response.headers)) or _ENCODING in response.headers:
        return ABSENT
    try:
        return parse(response.body)
    except UnreadableBodyError:
        return ABSENT


def _same(one: Behaviour, other: Behaviour, member: str) -> bool:
    found: bool = getattr(one, member) == getattr(other, member)
    return found


def _depth(choice: Choice) -> int:
    """What is further in is changed first, so that it is still there."""
    return -choice.act.pointer.count("/") if isinstance(choice.act, Edit) else 0


def _by_answer(every: Iterable[Choice], kind: type[Edit | Form]) -> Mapping[tuple[str, bool], list[Choice]]:
    found: dict[tuple[str, bool], list[Choice]] = {}
    for each in every:
        if isinstance(each.act, kind) and not isinstance(each.act, Switch):
            found.setdefault((each.act.operation, each.act.refusal), []).append(each)
    return found


# -- What an answer holds


def _within(document: Any, edits: list[Choice], exchange: Exchange, contract: Contract) -> Any:
    """The document with all changes or, where that contradicts the contract, with those that do not."""

    def fits(changed: Any) -> bool:
        written = replace(exchange.response, body=_dumped(changed))
        return contract.is_valid_response(exchange.operation, written) and _onward(changed) == _onward(document)

    whole = _with(document, edits, exchange)
    if fits(whole):
        return whole
    for each in edits:
        changed = _with(document, [each], exchange)
        document = changed if fits(changed) else document
    return document


def _with(document: Any, edits: Iterable[Choice], exchange: Exchange) -> Any:
    changed = parse(_dumped(document))
    for each in edits:
        assert isinstance(each.act, Edit)
        changed = altered(changed, each.act.pointer, each.act.change, _base(exchange))
    return changed


def _base(exchange: Exchange) -> str:
    """The address that the links of an answer are meant from (D-64)."""
    parts = urlsplit(exchange.request.url)
    return f"{parts.scheme}://{parts.netloc}{parts.path.partition(_JOBS)[0]}"


def _onward(document: Any) -> bool:
    """Whether a page leads to another: that is the only way there, and not to be varied away."""
    if not isinstance(document, dict):
        return False
    links = [document.get("link"), document.get("_links")]
    return any(isinstance(each, dict) and each.get("next") for each in links)


def _dumped(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


# -- How it is written


def _written(document: Any, response: Response, forms: Mapping[str, str]) -> Response:
    order = forms.get("members")
    if order:
        document = _ordered(document, reverse=order == "reversed")
    text = _spaced(document, forms.get("spaces", ""))
    if "letters" in forms:
        text = _TOKEN.sub(lambda token: f'"{_LETTER.sub(_escaped, token[0][1:-1])}"', text)
    return _with_body(response, text.encode())


def _ordered(value: Any, *, reverse: bool) -> Any:
    """The value with its members in another order."""
    if isinstance(value, dict):
        names = list(value)[::-1] if reverse else sorted(value)
        return {name: _ordered(value[name], reverse=reverse) for name in names}
    return [_ordered(item, reverse=reverse) for item in value] if isinstance(value, list) else value


def _spaced(value: Any, spaces: str) -> str:
    if spaces == "indented":
        return json.dumps(value, indent="\t", ensure_ascii=False) + "\n"
    if spaces == "many":
        return " \r\n" + json.dumps(value, separators=(" , ", " :\n "), ensure_ascii=False) + "\r\n "
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _escaped(letter: re.Match[str]) -> str:
    if letter[1]:
        return letter[1]
    return json.dumps(letter[2])[1:-1] if not letter[2].isascii() else f"\\u{ord(letter[2]):04x}"


def _with_body(response: Response, body: bytes) -> Response:
    headers = [pair for pair in response.headers.raw if pair[0] != "content-length"]
    return replace(response, headers=Headers([*headers, ("content-length", str(len(body)))]), body=body)


# -- How it is sent


def _sent(exchange: Exchange, forms: Mapping[str, str]) -> Variant:
    response, piece = exchange.response, None
    headers = list(response.headers.raw)
    if "media type" in forms and is_json(media_type(response.headers)):
        headers = _set(headers, "content-type", _MEDIA[forms["media type"]])
    if forms.get("body") == "empty" and response.body:
        response = replace(response, body=b"")
        headers = _set([pair for pair in headers if pair[0] != "content-type"], "content-length", "0")
    packs = "encoding" in forms and "gzip" in exchange.request.headers.get("accept-encoding", "")
    if packs and response.body and _ENCODING not in response.headers:
        response = replace(response, body=gzip.compress(response.body, mtime=0))
        headers = [*_set(headers, "content-length", str(len(response.body))), (_ENCODING, "gzip")]
    if "framing" in forms and exchange.request.method != "HEAD":
        headers = [pair for pair in headers if pair[0] != "content-length"]
        piece = PIECE if forms["framing"] == "in pieces" else None
    headers = [pair for name, value in headers for pair in _varied_header(name, value, forms)]
    return Variant(replace(response, headers=Headers(_spelled(headers, forms.get("headers", "")))), piece)


def _varied_header(name: str, value: str, forms: Mapping[str, str]) -> list[tuple[str, str]]:
    match forms.get(f"header {name}"):
        case None:
            return [(name, value)]
        case "absent":
            return []
        case "relative":
            parts = urlsplit(value)
            return [(name, parts._replace(scheme="", netloc="").geturl())]
        case "no date":
            return [(name, "the other day")]
        case other:
            at = parsedate_to_datetime(value).timestamp() + _DATES[other]
            return [(name, formatdate(at, usegmt=True))]


def _spelled(headers: list[tuple[str, str]], how: str) -> list[tuple[str, str]]:
    spell: dict[str, Callable[[str], str]] = {"Capitals": str.title, "CAPITALS": str.upper}
    if how in spell:
        return [(spell[how](name), value) for name, value in headers]
    return [*headers, *_MORE] if how else headers


def _set(headers: list[tuple[str, str]], name: str, value: str) -> list[tuple[str, str]]:
    return [*(pair for pair in headers if pair[0] != name), (name, value)]


# -- Damage


def _damaged(response: Response, forms: Mapping[str, str]) -> Response:
    body = response.body
    match forms.get("status") or forms.get("body"):
        case "truncated":
            response = _with_body(response, body[: len(body) // 2])
        case "array":
            response = _with_body(response, b"[" + body + b"]")
        case "null":
            response = _with_body(response, b"null")
        case "page of HTML":
            response = _html(response)
        case "502 with HTML":
            response = replace(_html(response), status=502)
        case "500 without body":
            response = replace(_with_body(response, b""), status=500)
    return response


def _html(response: Response) -> Response:
    kept = [pair for pair in response.headers.raw if pair[0] != "content-type"]
    return _with_body(replace(response, headers=Headers([*kept, _HTML])), _PAGE)
