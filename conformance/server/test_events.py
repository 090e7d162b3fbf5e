"""Which events go along with the profiles, and what of them."""

from __future__ import annotations

from collections import Counter

import pytest

from pytest_aep_export.suite import choices, payloads
from pytest_aep_export.suite.expect import not_applicable
from pytest_aep_export.suite.exports import Exports, Shown
from pytest_aep_export.suite.records import below, difference, events
from pytest_aep_export.suite.rows import attributes
from pytest_aep_export.suite.rows import events as filled_events

requirement = pytest.mark.aep_requirement

WINDOWS = ("early", "middle", "late")


@pytest.fixture(scope="module")
def timeline(exports: Exports) -> str:
    """An export of all events with all of their fields: the tenant has to have some."""
    past = payloads.timeline(toIngestTimestamp="1970-01-02T00:00:00Z")
    kinds = {"timeline": payloads.timeline(), "past": past}
    exports.ask({kind: exports.request(fields="identityMap", additionalFields=more) for kind, more in kinds.items()})
    exports.known("timeline")
    return "timeline" if events(exports.records("timeline")) else not_applicable("the tenant has no events")


@requirement("EXP-ROWS-015")
def test_every_field_of_events(exports: Exports, timeline: str):
    """Without a list of fields events have fields beyond those that the sample selects."""
    some = filled_events(exports.table("full"))
    if not some:
        not_applicable("the tenant has no events that were ingested after the sample's time")
    every = filled_events(exports.table(timeline))
    required = f"more fields of events than {sorted(some)} hold values"
    Shown(exports.finished(timeline)).expect(some < every, required, sorted(every))


@requirement("EXP-ROWS-016")
def test_the_values_of_selected_fields(exports: Exports, timeline: str):
    """What is selected of events holds what it holds where every field is exported, for each event."""
    paths = ["timestamp", str(choices.member(exports.table(timeline)))]
    more = payloads.timeline()
    more["eventList"]["fields"] = ",".join(paths)
    exports.ask({"selected events": exports.request(fields="identityMap", additionalFields=more)})
    wanted, found = (
        events(exports.records(kind), lambda values: below(values, *paths)) for kind in (timeline, "selected events")
    )
    required = f"{', '.join(paths)} have the values of the whole events"
    exports.relate("selected events", found == wanted, required, difference(found, wanted), base=timeline)


@requirement("EXP-ROWS-017")
def test_windows_that_meet(exports: Exports, timeline: str, cuts: tuple[str, str]):
    """Each event is in one of three ingest windows that meet."""
    first, second = cuts
    bounds = (
        {"toIngestTimestamp": first},
        {"fromIngestTimestamp": first, "toIngestTimestamp": second},
        {"fromIngestTimestamp": second},
    )
    windows = {kind: payloads.timeline(**bound) for kind, bound in zip(WINDOWS, bounds, strict=True)}
    exports.ask({kind: exports.request(fields="identityMap", additionalFields=w) for kind, w in windows.items()})
    shares = [events(exports.records(kind)) for kind in WINDOWS]
    wanted, found = events(exports.records(timeline)), sum(shares, Counter())
    if found == wanted and sum(map(bool, shares)) < 2:
        not_applicable("all of the tenant's events were ingested within one of the windows")
    required = f"until {first}, until {second} and from then on the events are together those of all time"
    exports.relate("middle", found == wanted, required, difference(found, wanted), base=timeline)


@requirement("EXP-ROWS-018")
def test_the_end_of_a_window(exports: Exports, timeline: str):
    """Until a time before all data there are no events."""
    found = events(exports.records("past")).total()
    required = "no event was ingested before 1970 had begun for real"
    exports.relate("past", not found, required, f"{found} events", base=timeline)


@requirement("EXP-ROWS-019")
def test_events_leave_profiles_alone(exports: Exports):
    """The attributes of an export with events are those of the same export without."""
    if not attributes(exports.table("full")):
        not_applicable("no profile has one of the sample's attributes")
    found, wanted = (Counter(record.values for record in exports.records(kind)) for kind in ("full", "profiles"))
    known = wanted + Counter({frozenset(): (found - wanted)[frozenset()]})
    required = "the attributes are those without events"
    exports.relate("full", found == known, required, difference(found, wanted), base="profiles")


@requirement("EXP-ROWS-020")
def test_attributes_leave_events_alone(exports: Exports):
    """The events of an export without attributes are those of the same export with some."""
    found, wanted = (
        Counter(event.values for record in exports.records(kind) for event in record.events)
        for kind in ("events", "full")
    )
    if not wanted and not found:
        not_applicable("the tenant has no events that were ingested after the sample's time")
    required = "the events that go along with attributes are there"
    exports.relate("events", wanted <= found, required, difference(found, wanted), base="full")
