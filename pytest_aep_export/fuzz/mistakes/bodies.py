"""Mistakes in a JSON body, read off its schema: members that are missing, unknown, of another type or out of bounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pytest_aep_export.contract import Contract, Operation
from pytest_aep_export.contract.document import Node, resolve
from pytest_aep_export.fuzz.cases import ABSENT, REFUSED, Edit, Mistake, Owed
from pytest_aep_export.fuzz.mistakes.parameters import kinds_of

__all__ = ["in_body"]

_JSON: Final = "application/json"
_FORM: Final = "application/x-www-form-urlencoded"

_OTHER_TYPES: Final[Mapping[str, tuple[Any, ...]]] = {
    "array": ("text", {}, None),
    "boolean": ("perhaps", 1, None),
    "integer": ("one", 1.5, True, None),
    "object": ("text", [], 1, None),
    "string": (5, ["text"], {}, True, None),
}
"""Values that are not of a type."""

_TYPES: Final[Mapping[type, frozenset[str]]] = {
    str: frozenset({"string"}),
    int: frozenset({"integer", "number"}),
    float: frozenset({"number"}),
    bool: frozenset({"boolean"}),
    list: frozenset({"array"}),
    dict: frozenset({"object"}),
    type(None): frozenset({"null"}),
}
"""What JSON calls the types of Python."""

_STRINGS: Final = (
    "",
    " ",
    "\u0000",
    "\u202e\u2603\U0001f4a5",
    "\ud800",
    "x" * 10_000,
    "../../etc/passwd",
    "${dataset",
    "'; --",
)
"""Texts at the edges."""
_NUMBERS: Final = (0, -1, 2**31, 2**53 + 1, 2**63, 2**64, -(2**63) - 1)
_INSTANTS: Final = ("yesterday", "2018-13-45T99:99:99Z", 1_540_498_924_000)
"""What is no time for sure."""
_ODD_INSTANTS: Final = (
    "2018-10-25T13:22:04",
    "2018-10-25",
    "2018-02-30T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:60Z",
    "2018-10-25t13:22:04z",
    "2018-10-25T13:22:04+25:00",
    "2018-10-25T13:22:04.123456789Z",
    " 2018-10-25T13:22:04Z",
)
"""What some take for a time."""

_SHOULD: Final[Mapping[tuple[str, str, str], str]] = {
    ("createExportJob", "/destination", "missing"): "EXP-ERROR-002",
    ("createExportJob", "/destination/datasetId", "missing"): "EXP-ERROR-002",
    ("createExportJob", "/schema", "missing"): "EXP-ERROR-003",
    ("createExportJob", "/schema/name", "missing"): "EXP-ERROR-003",
    ("createExportJob", "/fields", "list"): "EXP-ERROR-004",
    ("createExportJob", "/destination", "str"): "EXP-ERROR-004",
    ("createExportJob", "/destination/segmentPerBatch", "str"): "EXP-ERROR-004",
    ("createExportJob", "/additionalFields", "str"): "EXP-ERROR-004",
    ("createExportJob", "/mergePolicy", "str"): "EXP-ERROR-004",
    ("createExportJob", "/additionalFields/eventList/filter/fromIngestTimestamp", "instant"): "EXP-ERROR-006",
    ("createExportJob", "/additionalFields/eventList/filter/toIngestTimestamp", "instant"): "EXP-ERROR-019",
    ("createExportJob", "/filter/fromIngestTimestamp", "instant"): "EXP-ERROR-019",
    ("createExportJob", "/filter/segmentQualificationTime/startTime", "instant"): "EXP-ERROR-019",
    ("createExportJob", "/filter/segmentQualificationTime/endTime", "instant"): "EXP-ERROR-019",
    ("createExportJob", "/filter/segments/0/segmentId", "missing"): "EXP-ERROR-015",
    ("createExportJob", "/filter", "list"): "EXP-ERROR-020",
    ("createExportJob", "/filter/segments", "str"): "EXP-ERROR-020",
    ("createExportJob", "/filter/segmentQualificationTime", "str"): "EXP-ERROR-020",
    ("createExportJob", "/filter/emptyProfiles", "str"): "EXP-ERROR-020",
    ("createExportJob", "/schema/name", "choice"): "EXP-ERROR-022",
}
"""Requirements that a mistake be refused: by operation, place and kind of mistake, each a SHOULD."""

_MAY: Final[Mapping[tuple[str, str, str], str]] = {
    ("createExportJob", "/filter/segments/0/status/0", "choice"): "EXP-ERROR-017",
}
_NEEDED: Final[Mapping[str, tuple[Edit, ...]]] = {
    "/filter/segments/0/status": (
        Edit("/body/filter/segments/0", {"segmentId": "${segment1}", "segmentNs": "${segment1.ns}"}),
    ),
    "/filter/segments/0/segmentNs": (Edit("/body/filter/segments/0", {"segmentId": "${segment1}"}),),
    "/filter/segments/0/segmentId": (Edit("/body/filter/segments/0", {"status": ["realized"]}),),
}
"""What has to be there for a mistake to be the only one."""


def in_body(contract: Contract, operation: Operation) -> Iterator[Mistake]:
    """Every mistake that an operation's body can have by its schema; none where it has no body."""
    node = contract.document["paths"][operation.path][operation.method.lower()]
    content = node.get("requestBody", {}).get("content", {})
    media = _JSON if _JSON in content else _FORM
    if media in content:
        schema = resolve(contract.document, content[media]["schema"])
        yield from _in_object(contract, operation, schema, "", form=media == _FORM)


def _in_object(
    contract: Contract, operation: Operation, schema: Node, at: str, *, form: bool = False
) -> Iterator[Mistake]:
    if schema.get("additionalProperties") is False:
        yield _mistake(operation, f"{at}/noSuchMember", "unknown", "noSuchMember is there", 1)
    for name, part in schema.get("properties", {}).items():
        place = f"{at}/{name}"
        if name in schema.get("required", ()):
            yield _mistake(operation, place, "missing", "is missing", ABSENT)
        yield from _in_value(contract, operation, resolve(contract.document, part), place, form=form)


def _in_value(contract: Contract, operation: Operation, schema: Node, at: str, *, form: bool) -> Iterator[Mistake]:
    if form:
        for text in ("", "\u2603", "x" * 10_000):
            yield _mistake(operation, at, "odd", f"is {text:.10}", text)
        return
    kinds = kinds_of(schema)
    for value in _OTHER_TYPES.get(kinds[0], ()) if kinds else ():
        if not _TYPES[type(value)].intersection(kinds):
            is_time = schema.get("format") == "date-time" and value == 5  # noqa: PLR2004 - the one number among them
            yield _mistake(operation, at, "instant" if is_time else type(value).__name__, f"is {value!r}", value)
    for kind in kinds:
        yield from _at_edges(operation, schema, at, kind)
    if "object" in kinds:
        yield from _in_object(contract, operation, schema, at)
    if "array" in kinds:
        yield _mistake(operation, at, "empty", "is empty", [])
        yield from _in_value(
            contract, operation, resolve(contract.document, schema.get("items", {})), f"{at}/0", form=False
        )


def _at_edges(operation: Operation, schema: Node, at: str, kind: str) -> Iterator[Mistake]:
    """Values of the right type that are out of bounds, or nearly so."""
    if schema.get("format") == "date-time":
        for value in _INSTANTS:
            yield _mistake(operation, at, "instant", f"is the time {value}", value)
        for value in _ODD_INSTANTS:
            yield _mistake(operation, at, "odd", f"is the time {value}", value)
    elif "enum" in schema:
        yield _mistake(operation, at, "choice", "is none of its words", "no-such-word")
    elif kind == "string":
        for number, text in enumerate(_STRINGS):
            yield _mistake(operation, at, "odd", f"is odd text {number}", text)
    elif kind == "integer":
        for count in _NUMBERS:
            yield _mistake(operation, at, "odd", f"is {count}", count)


def _mistake(operation: Operation, at: str, kind: str, what: str, put: Any) -> Mistake:
    key = (operation.id, at, kind)
    owed = Owed(REFUSED, _SHOULD[key], "SHOULD") if key in _SHOULD else None
    owed = Owed(REFUSED, _MAY[key], "MAY") if key in _MAY else owed
    needed = next((edits for place, edits in _NEEDED.items() if at.startswith(place)), ())
    return Mistake(f"{at} {what}", (*needed, Edit(f"/body{at}", put)), owed)
