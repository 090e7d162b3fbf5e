"""What exports have to hold, where it is known what the tenant's profiles are: not less, not more, nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import pytest

from pytest_aep_export.suite import payloads
from pytest_aep_export.suite.api import Api
from pytest_aep_export.suite.choices import Segment
from pytest_aep_export.suite.exports import Exports, Shown
from pytest_aep_export.suite.records import Record, difference, events, of
from pytest_aep_export.suite.targets import Target

requirement = pytest.mark.aep_requirement

Seen: TypeAlias = Callable[[Iterable[Record]], "Counter[Any]"]
"""What of the rows is compared."""


def people(records: Iterable[Record]) -> Counter[Any]:
    """Whose the rows are."""
    return Counter(record.identities for record in records)


def expect_known(exports: Exports, target: Target, kind: str, request: dict[str, Any], seen: Seen = Counter) -> None:
    """Require that an export holds what its request makes of the tenant's data."""
    assert target.known is not None
    exports.ask({kind: request})
    job = Shown(exports.finished(kind))
    exports.count(kind)
    found, wanted = seen(exports.records(kind)), seen(of(target.known(exports.payloads[kind])))
    job.expect(found == wanted, "the rows are those that follow from the tenant's data", difference(found, wanted))


@requirement("EXP-MERGE-009")
def test_every_policy(api: Api, aep_target: Target, exports: Exports):
    """Each merge policy makes of the data what it says."""
    for policy in api.policies():
        named = exports.request(mergePolicy={"id": policy["id"]})
        expect_known(exports, aep_target, f"all of it by {policy['id']}", named)


@requirement("EXP-FILTER-026")
@pytest.mark.parametrize("empty", [False, True], ids=["without", "with"])
def test_profiles_of_events_only(aep_target: Target, exports: Exports, empty: bool):  # noqa: FBT001 - a parameter
    """Profiles of events only are exported or left out, as the filter says."""
    request = exports.request(fields="identityMap", filter={"emptyProfiles": empty})
    expect_known(exports, aep_target, f"empty profiles: {empty}", request, people)


@requirement("EXP-FILTER-026")
def test_a_time_of_update(aep_target: Target, exports: Exports, cuts: tuple[str, str]):
    """Whoever was last updated since a time is exported."""
    for since in cuts:
        request = exports.request(fields="identityMap", filter={"fromIngestTimestamp": since})
        expect_known(exports, aep_target, f"updated since {since}", request, people)


@requirement("EXP-FILTER-026")
@pytest.mark.parametrize("status", ["realized", "exited"])
def test_members_of_a_segment(aep_target: Target, exports: Exports, segments: list[Segment], status: str):
    """Whoever has the status in one of the segments is exported."""
    entries = [segment.entry(status=[status]) for segment in segments]
    request = exports.request(fields="identityMap", filter={"segments": entries})
    expect_known(exports, aep_target, f"{status} in a segment", request, people)


@requirement("EXP-ROWS-023")
@pytest.mark.parametrize("seen", [people, events], ids=["profiles", "events"])
def test_profiles_with_their_events(aep_target: Target, exports: Exports, cuts: tuple[str, str], seen: Seen):
    """Every profile is exported with the events that were ingested in the window, of which it may have none."""
    window = payloads.timeline(fromIngestTimestamp=cuts[0], toIngestTimestamp=cuts[1])
    request = exports.request(fields="identityMap", additionalFields=window)
    expect_known(exports, aep_target, "events of a window", request, seen)
