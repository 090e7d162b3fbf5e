"""Mistakes in a request for a job that no schema knows: it asks for what is not there, or for what cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Literal

from pytest_aep_export.fuzz.cases import REFUSED, Edit, Mistake, Owed

__all__ = ["in_job"]

_NOBODYS: Final = "00000000-0000-4000-8000-000000000000"
_LATE, _EARLY = "2018-06-01T00:00:00Z", "2018-05-01T00:00:00Z"
_SEGMENT: Final = {"segmentId": "${segment1}", "segmentNs": "${segment1.ns}", "status": ["realized"]}

_Level = Literal["SHOULD", "MAY"]


def in_job() -> Iterator[Mistake]:
    """Every such mistake."""
    for name, source, level, edits in _MISTAKES:
        owed = Owed(REFUSED, source, level) if source else None
        yield Mistake(name, tuple(Edit(f"/body{at}", put) for at, put in edits.items()), owed)


_MISTAKES: Final[tuple[tuple[str, str, _Level, dict[str, Any]], ...]] = (
    ("a dataset that does not exist", "EXP-ERROR-005", "SHOULD", {"/destination/datasetId": "0" * 24}),
    ("a dataset on another schema", "EXP-ERROR-013", "SHOULD", {"/destination/datasetId": "${events.dataset}"}),
    ("another sandbox's dataset", "EXP-ISO-005", "SHOULD", {"/destination/datasetId": "${sibling.dataset}"}),
    ("another organisation's dataset", "EXP-ISO-016", "SHOULD", {"/destination/datasetId": "${other.dataset}"}),
    ("fields in an array", "EXP-ERROR-004", "SHOULD", {"/fields": ["identityMap", "personalEmail.address"]}),
    ("a dataset for its destination", "EXP-ERROR-004", "SHOULD", {"/destination": "${spare}"}),
    ("an id for its policy", "EXP-ERROR-004", "SHOULD", {"/mergePolicy": "${policy1}"}),
    ("a name for its schema", "", "MAY", {"/schema": "_xdm.context.profile"}),
    ("a segment for its segments", "", "MAY", {"/filter": {"segments": _SEGMENT}}),
    ("the other spelling of the dataset's id", "", "MAY", {"/destination": {"dataSetId": "${spare}"}}),
    ("a policy that does not exist", "EXP-ERROR-011", "SHOULD", {"/mergePolicy": {"id": _NOBODYS, "version": 1}}),
    (
        "a policy that does not exist, without its version",
        "EXP-ERROR-011",
        "SHOULD",
        {"/mergePolicy": {"id": _NOBODYS}},
    ),
    ("a version that the policy does not have", "EXP-ERROR-012", "MAY", {"/mergePolicy/version": 1_000_000}),
    ("the schema of events", "EXP-ERROR-022", "SHOULD", {"/schema/name": "_xdm.context.experienceevent"}),
    ("the union for its class", "", "MAY", {"/schema/name": "_xdm.context.profile__union"}),
    ("a field that leads to nothing", "EXP-ERROR-014", "MAY", {"/fields": "no.such.field"}),
    ("a field that leads to nothing beside one", "EXP-ERROR-014", "MAY", {"/fields": "identityMap,no.such.field"}),
    ("a field in other letters", "EXP-ERROR-014", "MAY", {"/fields": "PersonalEmail.address"}),
    (
        "a field of events that leads to nothing",
        "EXP-ERROR-014",
        "MAY",
        {"/additionalFields/eventList/fields": "no.such"},
    ),
    ("fields without a name", "", "MAY", {"/fields": ",,,"}),
    ("fields that end with a comma", "", "MAY", {"/fields": "identityMap,"}),
    ("fields between dots", "", "MAY", {"/fields": "person..name"}),
    ("a field twice", "", "MAY", {"/fields": "identityMap,identityMap"}),
    ("events by a field", "", "MAY", {"/fields": "timeSeriesEvents"}),
    ("a deep field", "", "MAY", {"/fields": ".".join(["person"] * 500)}),
    ("very many fields", "", "MAY", {"/fields": ",".join(["identityMap"] * 5_000)}),
    (
        "a segment that does not exist",
        "EXP-ERROR-016",
        "MAY",
        {"/filter": {"segments": [{**_SEGMENT, "segmentId": _NOBODYS}]}},
    ),
    ("a segment twice", "", "MAY", {"/filter": {"segments": [_SEGMENT, _SEGMENT]}}),
    ("an unknown namespace", "", "MAY", {"/filter": {"segments": [{**_SEGMENT, "segmentNs": "nobody"}]}}),
    (
        "very many segments, each with a batch",
        "",
        "MAY",
        {
            "/filter": {"segments": [{"segmentId": f"{number:032x}"} for number in range(120)]},
            "/destination/segmentPerBatch": True,
        },
    ),
    ("batches for segments that nobody asked for", "", "MAY", {"/destination/segmentPerBatch": True}),
    (
        "a window of qualification that ends before it starts",
        "EXP-ERROR-018",
        "MAY",
        {"/filter": {"segments": [_SEGMENT], "segmentQualificationTime": {"startTime": _LATE, "endTime": _EARLY}}},
    ),
    (
        "a window of ingestion that ends before it starts",
        "EXP-ERROR-018",
        "MAY",
        {"/additionalFields/eventList/filter": {"fromIngestTimestamp": _LATE, "toIngestTimestamp": _EARLY}},
    ),
    ("an empty list of events", "", "MAY", {"/additionalFields": {"eventList": {}}}),
    ("no list of events", "", "MAY", {"/additionalFields": {}}),
    ("an empty filter", "", "MAY", {"/filter": {}}),
)
"""What is wrong, the requirement that it be refused and its level, and what stands where."""
