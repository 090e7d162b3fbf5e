"""Filters of profiles, judged on servers that get one thing wrong in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.suite.defective import Body, Defect, Wrong, each_job, each_row, expect_found, segments, shifted


def each_segment(change: Callable[[Body], object]) -> Callable[[Body], object]:
    """Misunderstands each segment of a filter."""
    return lambda request: [change(entry) for entry in segments(request)]


def qualified(request: Body) -> Body:
    """The qualification window of a request."""
    return request.get("filter", {}).get("segmentQualificationTime", {})


def first_segment_only(request: Body) -> None:
    """Forgets all segments but the first."""
    del segments(request)[1:]


def without_filter_time(request: Body) -> None:
    """Forgets the filter by time of update where events go along."""
    if "additionalFields" in request:
        request.get("filter", {}).pop("fromIngestTimestamp", None)


def has_filter(name: str) -> Callable[[Body], object]:
    """Whether a request has that member of a filter."""
    return lambda request: isinstance(request.get("filter"), dict) and name in request["filter"]


def batches(job: Body) -> list[Body]:
    """The batches that a job lists."""
    return job["destination"].get("batches") or []


def swapped_batches(job: Body) -> None:
    """Names the batches of two segments the wrong way round."""
    found = batches(job)
    for batch, name in zip(found, [batch["segmentId"] for batch in found][::-1], strict=True):
        batch["segmentId"] = name


def another_segment(job: Body) -> None:
    """Names another segment than was asked for."""
    for entry in job.get("filter", {}).get("segments", []):
        entry["segmentId"] = "another"


WRONG: dict[str, Wrong] = {
    "filters are ignored": (
        Defect(lambda request: request.pop("filter", None)),
        "EXP-FILTER and not EXP-FILTER-01",
        {
            "EXP-FILTER-001": "fail",
            "EXP-FILTER-003": "fail",
            "EXP-FILTER-004": "warn",
            "EXP-FILTER-005": "info",
            "EXP-FILTER-009": "fail",
            "EXP-FILTER-021": "warn",
        },
    ),
    "segments are ignored": (
        Defect(lambda request: request.get("filter", {}).pop("segments", None)),
        "EXP-FILTER-001 or EXP-FILTER-002 or EXP-FILTER-011",
        {"EXP-FILTER-001": "fail", "EXP-FILTER-011": "warn"},
    ),
    "statuses are ignored": (
        Defect(each_segment(lambda entry: entry.pop("status", None))),
        "EXP-FILTER-001 or EXP-FILTER-002 or EXP-FILTER-003",
        {"EXP-FILTER-001": "fail", "EXP-FILTER-002": "warn"},
    ),
    "members are missing": (
        Defect(rows=lambda rows: rows[1:], where=segments),
        "EXP-FILTER-001 or EXP-FILTER-002",
        {"EXP-FILTER-002": "warn"},
    ),
    "who has left is exported by default": (
        Defect(each_segment(lambda entry: entry.setdefault("status", ["realized", "exited"]))),
        "EXP-FILTER-001 or EXP-FILTER-003",
        {"EXP-FILTER-003": "fail"},
    ),
    "nobody is exported by default": (
        Defect(each_segment(lambda entry: entry.setdefault("status", ["exited"]))),
        "EXP-FILTER-003",
        {"EXP-FILTER-003": "fail"},
    ),
    "only the first status counts": (
        Defect(each_segment(lambda entry: entry.get("status", [])[1:] and entry.update(status=entry["status"][:1]))),
        "EXP-FILTER-001 or EXP-FILTER-004 or EXP-FILTER-005",
        {"EXP-FILTER-004": "warn"},
    ),
    "existing is unknown": (
        Defect(each_segment(lambda entry: "existing" in entry.get("status", ()) and entry.update(status=[]))),
        "EXP-FILTER-004 or EXP-FILTER-005",
        {"EXP-FILTER-005": "info"},
    ),
    "only the first segment counts": (
        Defect(first_segment_only),
        "EXP-FILTER-006 or EXP-FILTER-013 or EXP-FILTER-014 or EXP-FILTER-016",
        {"EXP-FILTER-006": "warn", "EXP-FILTER-014": "warn"},
    ),
    "who is in two segments is exported twice": (
        Defect(rows=lambda rows: [*rows, *rows[:1]], where=lambda request: len(segments(request)) > 1),
        "EXP-FILTER-004 or EXP-FILTER-006",
        {"EXP-FILTER-006": "warn"},
    ),
    "namespaces are told apart by case": (
        Defect(each_segment(lambda entry: entry.get("segmentNs", "").isupper() and entry.update(segmentNs="other"))),
        "EXP-FILTER-007 or EXP-FILTER-008",
        {"EXP-FILTER-007": "warn"},
    ),
    "a segment needs a namespace": (
        Defect(each_segment(lambda entry: entry.setdefault("segmentNs", ""))),
        "EXP-FILTER-007 or EXP-FILTER-008",
        {"EXP-FILTER-008": "warn"},
    ),
    "the start of a qualification window is ignored": (
        Defect(lambda request: qualified(request).pop("startTime", None)),
        "EXP-FILTER-009 or EXP-FILTER-010",
        {"EXP-FILTER-009": "fail", "EXP-FILTER-010": "warn"},
    ),
    "the end of a qualification window is ignored": (
        Defect(lambda request: qualified(request).pop("endTime", None)),
        "EXP-FILTER-009 or EXP-FILTER-010 or EXP-FILTER-012",
        {"EXP-FILTER-009": "fail", "EXP-FILTER-010": "warn", "EXP-FILTER-012": "warn"},
    ),
    "a batch for each segment is ignored": (
        Defect(lambda request: request["destination"].pop("segmentPerBatch", None)),
        "EXP-FILTER-013 or EXP-FILTER-017",
        {"EXP-FILTER-013": "fail"},
    ),
    "all have a batch for each segment": (
        Defect(lambda request: request["destination"].update(segmentPerBatch=True)),
        "EXP-FILTER-013 or EXP-FILTER-017",
        {"EXP-FILTER-017": "fail"},
    ),
    "batches are named the wrong way round": (
        Defect(answer=each_job(swapped_batches)),
        "EXP-FILTER-013 or EXP-FILTER-014 or EXP-FILTER-015 or EXP-FILTER-016",
        {"EXP-FILTER-015": "fail"},
    ),
    "a batch is not listed": (
        Defect(answer=each_job(lambda job: batches(job)[1:] and batches(job).pop())),
        "EXP-FILTER-013 or EXP-FILTER-014 or EXP-FILTER-016 or EXP-ROWS-009",
        {"EXP-FILTER-014": "warn", "EXP-FILTER-016": "warn", "EXP-ROWS-009": "warn"},
    ),
    "the time of update is ignored": (
        Defect(lambda request: request.get("filter", {}).pop("fromIngestTimestamp", None)),
        "EXP-FILTER-018 or EXP-FILTER-019 or EXP-FILTER-020",
        {"EXP-FILTER-018": "fail"},
    ),
    "updated profiles are cut": (
        Defect(rows=each_row(lambda row: row.update(person=None)), where=has_filter("fromIngestTimestamp")),
        "EXP-FILTER-019 or EXP-FILTER-020",
        {"EXP-FILTER-020": "warn"},
    ),
    "updated profiles are others": (
        Defect(rows=shifted("identityMap"), where=has_filter("fromIngestTimestamp")),
        "EXP-FILTER-019 or EXP-FILTER-020",
        {"EXP-FILTER-020": "warn"},
    ),
    "events are not limited by the filter": (
        Defect(without_filter_time),
        "EXP-FILTER-018 or EXP-FILTER-021",
        {"EXP-FILTER-021": "warn"},
    ),
    "empty profiles replace the others": (
        Defect(
            rows=lambda rows: [row for row in rows if not row["person"]],
            where=lambda request: request.get("filter", {}).get("emptyProfiles"),
        ),
        "EXP-FILTER-022 or EXP-FILTER-023",
        {"EXP-FILTER-022": "fail"},
    ),
    "empty profiles have attributes": (
        Defect(
            rows=each_row(lambda row: row["person"] or row.update(person={"gender": "male"})),
            where=lambda request: request.get("filter", {}).get("emptyProfiles"),
        ),
        "EXP-FILTER-023 or EXP-FILTER-024",
        {"EXP-FILTER-023": "warn"},
    ),
    "empty profiles have no events": (
        Defect(
            rows=each_row(lambda row: row.update(timeSeriesEvents=None)),
            where=lambda request: request.get("filter", {}).get("emptyProfiles"),
        ),
        "EXP-FILTER-023 or EXP-FILTER-024",
        {"EXP-FILTER-024": "warn"},
    ),
    "empty profiles are exported by default": (
        Defect(lambda request: request.setdefault("filter", {}).setdefault("emptyProfiles", True)),
        "EXP-FILTER-023 or EXP-FILTER-025",
        {"EXP-FILTER-025": "warn"},
    ),
    "other segments are named": (
        Defect(answer=each_job(another_segment)),
        "EXP-CREATE-019 or EXP-CREATE-020",
        {"EXP-CREATE-020": "fail"},
    ),
}


@pytest.mark.parametrize("what", sorted(WRONG))
def test_what_is_wrong_is_found(watcher: Any, what: str):
    """A server that gets a filter wrong breaks exactly the requirements that speak of it."""
    expect_found(watcher, WRONG[what])
