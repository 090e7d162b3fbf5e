"""Answers that show a job: right ones, those with one mistake, and those that no server should give."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Final

from hypothesis import strategies as st

from pytest_aep_export.contract import load
from pytest_aep_export.contract.document import Node
from pytest_aep_export.exchange import Headers, Response
from pytest_aep_export.fuzz.cases import ABSENT, Edit, Mistake
from pytest_aep_export.fuzz.strategies.jobs import Shown, documents
from pytest_aep_export.fuzz.strategies.near import Chosen, NearMiss, chosen, near_misses
from pytest_aep_export.fuzz.strategies.schemas import flat
from pytest_aep_export.fuzz.strategies.texts import TEXTS, hostile_json
from pytest_aep_export.lifecycle import EPOCH

__all__ = ["answer", "answers", "hostile_answers", "mistakes", "near_answers"]

_OTHER: Final = {
    "array": "text",
    "boolean": "perhaps",
    "integer": "one",
    "number": "one",
    "object": "text",
    "string": 5,
}
"""A value that is not of a type."""
_DEEPEST: Final = 2
"""How deep in a job mistakes of type are made: what is below is echoed, and no client reads it."""


def answer(document: Any, status: int = 200) -> Response:
    """The answer with this body."""
    return Response(status, Headers({"content-type": "application/json"}), json.dumps(document).encode())


def answers(shown: Shown) -> st.SearchStrategy[Response]:
    """Answers that the contract allows in the dialect."""
    return documents(shown).map(answer)


def near_answers(shown: Shown, names: Chosen) -> st.SearchStrategy[NearMiss[Response]]:
    """Answers that contradict every documented variant, in one place."""
    near = near_misses(documents(shown), chosen(mistakes(), names), _is_alone)
    return near.map(lambda miss: NearMiss(answer(miss.value), miss.mistake))


def _is_alone(miss: NearMiss[Any]) -> bool:
    found = load().validate_job(json.dumps(miss.value).encode())
    return {violation.pointer for violation in found} == {miss.place}


@cache
def mistakes() -> tuple[Mistake, ...]:
    """Every mistake of an answer that shows a job."""
    return (*_in_object(flat("ShownJob"), ""), *_broken_rules())


def _in_object(schema: Node, at: str) -> Iterator[Mistake]:
    """The mistakes that a schema knows of: a member is missing, of another type, or none of its words."""
    for name, member in schema.get("properties", {}).items():
        place = f"{at}/{name}"
        if name in schema.get("required", ()):
            yield _mistake(f"{place} is missing", (place, ABSENT))
        kinds = [member["type"]] if isinstance(member.get("type"), str) else member.get("type", ())
        if len(kinds) == 1 and place.count("/") <= _DEEPEST:
            yield _mistake(f"{place} is {_OTHER[kinds[0]]!r}", (place, _OTHER[kinds[0]]))
        if "enum" in member:
            yield _mistake(f"{place} is none of its words", (place, "no-such-word"))
        if "object" in kinds and place.count("/") < _DEEPEST:
            yield from _in_object(member, place)


_ENDED: Final = {"startTimeInMs": EPOCH, "endTimeInMs": EPOCH + 1000, "totalTimeInMs": 1000}
_ERRORS: Final = [{"code": "0100000003", "msg": "Error in Export Job"}]


def _broken_rules() -> Iterator[Mistake]:
    """The mistakes that are none of a member alone (`pytest_aep_export.contract.rules`)."""
    yield _mistake("updated before it was created", ("/updateTime", 1))
    yield _mistake(
        "succeeded without a batch",
        ("/status", "SUCCEEDED"),
        ("/metrics/totalTime", _ENDED),
        ("/destination/batches", ABSENT),
        ("/destination/batchId", ABSENT),
    )
    yield _mistake(
        "ended without a total time", ("/status", "FAILED"), ("/errors", _ERRORS), ("/metrics/totalTime", ABSENT)
    )
    yield _mistake("a span that is not its length", ("/metrics/totalTime", {**_ENDED, "totalTimeInMs": 999}))
    yield _mistake("ended before it began", ("/metrics/totalTime", {"startTimeInMs": EPOCH, "endTimeInMs": EPOCH - 1}))
    yield _mistake("two datasets", ("/destination/datasetId", "one"), ("/destination/dataSetId", "another"))


def _mistake(name: str, *edits: tuple[str, Any]) -> Mistake:
    return Mistake(name, tuple(Edit(f"/body{place}", put) for place, put in edits))


def hostile_answers(shown: Shown) -> st.SearchStrategy[Response]:
    """What no server should answer and some does: another status, body or header, or a member that is no job's."""
    jobs = documents(shown)
    odd = st.builds(_replaced, jobs, st.integers(0, 30), hostile_json())
    raw = jobs.map(lambda document: json.dumps(document).encode())
    bodies = st.builds(_twisted, raw, st.sampled_from(_TWISTS)) | raw.flatmap(_cut) | st.binary(max_size=40)
    headers = st.sampled_from(_HEADERS)
    statuses = st.sampled_from((200, 200, 200, 204, 206, 299, 304, 418, 499, 500, 599))
    twisted = st.builds(lambda status, more, body: Response(status, Headers(more), body), statuses, headers, bodies)
    return odd.map(answer) | twisted


def _replaced(document: dict[str, Any], place: int, value: Any) -> dict[str, Any]:
    names = list(document)
    return {**document, names[place % len(names)]: value}


def _cut(body: bytes) -> st.SearchStrategy[bytes]:
    return st.integers(0, len(body) - 1).map(lambda length: body[:length])


def _twisted(body: bytes, twist: tuple[bytes, bytes, bytes]) -> bytes:
    """The body with what stands before it, instead of its last brace, and behind it."""
    before, inside, behind = twist
    return before + body[:-1] + inside + b"}" + behind


_TWISTS: Final = (
    (b"", b', "id": 2', b""),
    (b"", b', "status": "SUCCEEDED", "status": "NEW"', b""),
    (b"", b', "more": 1' + b"0" * 400, b""),
    (b"", b', "more": 1e400', b""),
    (b"", b', "more": NaN', b""),
    (b"", b', "more": ' + b"[" * 2_000 + b"]" * 2_000, b""),
    (b"", b', "more": "\\ud800"', b""),
    (b"", b', "more": "' + b"a" * 100_000 + b'"', b""),
    (b"\xef\xbb\xbf", b"", b""),
    (b"[", b"", b"]"),
    (b")]}',\n", b"", b""),
    (b"", b"", b"\n<!-- served by a proxy -->"),
)
_JSON: Final = ("content-type", "application/json")
_HEADERS: Final[Sequence[tuple[tuple[str, str], ...]]] = (
    (_JSON,),
    (),
    (("content-type", "text/html"),),
    (("content-type", "application/json; charset=utf-16"),),
    (_JSON, ("retry-after", "soon")),
    (_JSON, ("retry-after", "-1")),
    (_JSON, ("date", "yesterday")),
    (_JSON, ("x-request-id", TEXTS[-1])),
    (_JSON, ("content-type", "text/plain")),
)
