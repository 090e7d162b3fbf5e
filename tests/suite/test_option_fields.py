"""Fields and events, judged on servers that get one thing wrong in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.suite.defective import Body, Defect, Rows, Wrong, each_job, each_row, expect_found, shifted


def window(request: Body) -> Body:
    """The ingest window of a request's events."""
    return request.get("additionalFields", {}).get("eventList", {}).get("filter", {})


def paths(request: Body, change: Callable[[list[str]], list[str]]) -> None:
    """Misunderstands the list of fields, if there is one."""
    if request.get("fields"):
        request["fields"] = ",".join(change(request["fields"].split(",")))


def selects_events(request: Body) -> object:
    """Whether a request selects fields of events."""
    return request.get("additionalFields", {}).get("eventList", {}).get("fields")


def each_event(change: Callable[[Body], object]) -> Callable[[Rows], Rows]:
    """Changes every event in place."""
    return each_row(lambda row: [change(event) for event in row.get("timeSeriesEvents") or []])


def counters(job: Body) -> None:
    """Counts one profile too many in each namespace."""
    found = job["metrics"].get("exportedProfileByNamespaceCounter", {})
    found |= {name: count + 1 for name, count in found.items()}


WRONG: dict[str, Wrong] = {
    "all fields are exported": (
        Defect(lambda request: request.pop("fields", None)),
        "EXP-ROWS-010 or EXP-ROWS-011",
        {"EXP-ROWS-011": "fail"},
    ),
    "the last field is forgotten": (
        Defect(lambda request: paths(request, lambda names: names[:-1] or names)),
        "EXP-ROWS-010 or EXP-ROWS-011",
        {"EXP-ROWS-010": "fail"},
    ),
    "selected objects are the neighbour's": (
        Defect(rows=shifted("personalEmail"), where=lambda request: "personalEmail" in request.get("fields", "")),
        "EXP-ROWS-010",
        {"EXP-ROWS-010": "fail"},
    ),
    "rows without a value are left out": (
        Defect(
            rows=lambda rows: [row for row in rows if row.get("organizations")],
            where=lambda request: "organizations" in request.get("fields", ""),
        ),
        "EXP-ROWS-010",
        {"EXP-ROWS-010": "fail"},
    ),
    "blanks are part of a path": (
        Defect(lambda request: paths(request, lambda names: [name for name in names if name[0] != " "])),
        "EXP-ROWS-010 or EXP-ROWS-012",
        {"EXP-ROWS-012": "warn"},
    ),
    "a blank list selects nothing": (
        Defect(lambda request: request.get("fields") == "" and request.update(fields="_id")),
        "EXP-ROWS-012 or EXP-ROWS-013",
        {"EXP-ROWS-013": "warn"},
    ),
    "a key of a map selects the map": (
        Defect(lambda request: paths(request, lambda names: [name.partition(".")[0] for name in names])),
        "EXP-ROWS-014",
        {"EXP-ROWS-014": "info"},
    ),
    "events have the sample's fields only": (
        Defect(
            lambda request: (
                "additionalFields" in request
                and request["additionalFields"]["eventList"].update(fields="environment.browserDetails.name")
            )
        ),
        "EXP-ROWS-015",
        {"EXP-ROWS-015": "warn"},
    ),
    "selected events have another time": (
        Defect(
            rows=each_event(lambda event: event.update(timestamp=None)),
            where=lambda request: "timestamp" in (selects_events(request) or ""),
        ),
        "EXP-ROWS-016",
        {"EXP-ROWS-016": "fail"},
    ),
    "selected events are the neighbour's": (
        Defect(rows=shifted("timeSeriesEvents"), where=selects_events),
        "EXP-ROWS-016",
        {"EXP-ROWS-016": "fail"},
    ),
    "the start of an ingest window is ignored": (
        Defect(lambda request: window(request).pop("fromIngestTimestamp", None)),
        "EXP-ROWS-017 or EXP-ROWS-018",
        {"EXP-ROWS-017": "warn"},
    ),
    "the end of an ingest window is ignored": (
        Defect(lambda request: window(request).pop("toIngestTimestamp", None)),
        "EXP-ROWS-017 or EXP-ROWS-018",
        {"EXP-ROWS-017": "warn", "EXP-ROWS-018": "warn"},
    ),
    "events change the attributes": (
        Defect(rows=shifted("identities"), where=selects_events),
        "EXP-ROWS-019",
        {"EXP-ROWS-019": "warn"},
    ),
    "events are lost without attributes": (
        Defect(
            rows=each_row(lambda row: row.update(timeSeriesEvents=None)),
            where=lambda request: request.get("fields") == "identityMap" and selects_events(request),
        ),
        "EXP-ROWS-020",
        {"EXP-ROWS-020": "warn"},
    ),
    "the counters by namespace are too high": (
        Defect(answer=each_job(counters)),
        "EXP-ROWS-009 or EXP-ROWS-022",
        {"EXP-ROWS-022": "info"},
    ),
}


@pytest.mark.parametrize("what", sorted(WRONG))
def test_what_is_wrong_is_found(watcher: Any, what: str):
    """A server that gets fields or events wrong breaks exactly the requirements that speak of it."""
    expect_found(watcher, WRONG[what])
