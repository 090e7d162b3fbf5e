"""Which profiles an export has, by when they were last updated and by whether there is more of them than events."""

from __future__ import annotations

from collections import Counter

import pytest

from pytest_aep_export.suite import payloads
from pytest_aep_export.suite.expect import not_applicable
from pytest_aep_export.suite.exports import Exports, Shown
from pytest_aep_export.suite.records import Record, difference, events

requirement = pytest.mark.aep_requirement

FUTURE = "2999-12-31T23:59:59Z"
IDENTIFYING = ("identityMap", "identities", "segmentMembership", "_id", "_repo", "_experience")
"""Where even a profile of events only may have something: the services keep their own notes there."""


@pytest.fixture(scope="module")
def times(exports: Exports, cuts: tuple[str, str]) -> tuple[str, str]:
    """Two times within those of the tenant's data; exports of what was updated later have been asked for."""
    exports.known()
    first, second = cuts
    events_since = payloads.timeline(fromIngestTimestamp=second)
    exports.ask(
        {
            "since the first": exports.request(filter={"fromIngestTimestamp": first}),
            "since the second": exports.request(filter={"fromIngestTimestamp": second}),
            "late events": exports.request(fields="identityMap", additionalFields=events_since),
            "since, with events": exports.request(
                fields="identityMap", filter={"fromIngestTimestamp": second}, additionalFields=payloads.timeline()
            ),
        }
    )
    return cuts


@pytest.fixture(scope="module")
def empty(exports: Exports) -> tuple[Record, ...]:
    """The profiles of events only: the tenant has to have some. Exports with and without them have been asked for."""
    exports.ask(
        {
            "with empty": exports.request(filter={"emptyProfiles": True}, additionalFields=payloads.timeline()),
            "without empty": exports.request(filter={"emptyProfiles": False}),
        }
    )
    more = Counter(exports.records("with empty")) - Counter(exports.known("without empty"))
    added = tuple(record for record in exports.records("with empty") if more[record])
    return added or not_applicable("the tenant has no profiles of events only")


@requirement("EXP-FILTER-018")
def test_nobody_is_updated_in_the_future(exports: Exports):
    """Since a time in the future no profile was updated."""
    exports.known()
    exports.ask({"nobody": exports.request(filter={"fromIngestTimestamp": FUTURE})})
    found = exports.count("nobody")
    Shown(exports.finished("nobody")).expect(not found, f"nobody was updated after {FUTURE}", f"{found} rows")


@requirement("EXP-FILTER-019")
def test_the_later_the_fewer(exports: Exports, times: tuple[str, str]):
    """Whoever was updated since a time was updated since an earlier one too."""
    kinds = ("everything", "since the first", "since the second")
    every, some, few = (Counter(record.identities for record in exports.records(kind)) for kind in kinds)
    if every == few:
        not_applicable(f"every profile of the tenant was updated after {times[1]}")
    exports.relate("since the first", some <= every, "the rows are among those of all times", difference(some, every))
    required = f"the rows are among those since {times[0]}"
    exports.relate("since the second", few <= some, required, difference(few, some), base="since the first")


@requirement("EXP-FILTER-020")
@pytest.mark.usefixtures("times")
def test_profiles_stay_whole(exports: Exports):
    """Whoever was updated since a time has the attributes that they have without the filter."""
    every, some = (Counter(exports.records(kind)) for kind in ("everything", "since the first"))
    if not some:
        not_applicable("no profile of the tenant was updated since a time at which events happened")
    exports.relate("since the first", some <= every, "the rows are as without the filter", difference(some, every))


@requirement("EXP-FILTER-021")
@pytest.mark.usefixtures("times")
def test_events_are_limited_too(exports: Exports):
    """A filter of profiles by the time of their ingestion holds for their events as well."""
    found, late = (events(exports.records(kind)) for kind in ("since, with events", "late events"))
    whose = {record.identities for record in exports.records("since, with events")}
    earlier = events(record for record in exports.records("timeline") if record.identities in whose) - late
    if not earlier:
        not_applicable("whoever was updated since then has no events from before")
    required = "the events are among those that were ingested since then"
    exports.relate("since, with events", found <= late, required, difference(found, late), base="late events")


@requirement("EXP-FILTER-022")
@pytest.mark.usefixtures("empty")
def test_empty_profiles_are_added(exports: Exports):
    """With the profiles of events only all others are exported as without them."""
    found, wanted = (Counter(exports.records(kind)) for kind in ("with empty", "without empty"))
    required = "the rows of all other profiles are there"
    exports.relate("with empty", wanted <= found, required, difference(found, wanted), base="without empty")


@requirement("EXP-FILTER-023")
def test_empty_profiles_are_empty(exports: Exports, empty: tuple[Record, ...]):
    """The profiles that are added have identities, and no attributes."""
    names = {path.partition(".")[0] for record in empty for path, _, _ in record.values}
    others = sorted(names.difference(IDENTIFYING))
    required = "the profiles that are added have no attributes"
    exports.relate("with empty", not others, required, f"values of {', '.join(others)}", base="without empty")


@requirement("EXP-FILTER-024")
def test_empty_profiles_have_events(exports: Exports, empty: tuple[Record, ...]):
    """The profiles that are added have events."""
    without = [record for record in empty if not record.events]
    required = "every profile that is added has events"
    exports.relate(
        "with empty", not without, required, f"{len(without)} of {len(empty)} have none", base="without empty"
    )


@requirement("EXP-FILTER-025")
@pytest.mark.usefixtures("empty")
def test_empty_profiles_are_left_out_by_default(exports: Exports):
    """Without a word of it, profiles of events only are left out as if that had been asked for."""
    wanted, found = (Counter(exports.records(kind)) for kind in ("without empty", "everything"))
    required = "the rows are those without profiles of events only"
    exports.relate("everything", found == wanted, required, difference(found, wanted), base="without empty")
