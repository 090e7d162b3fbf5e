"""Exports of segments: who is in them, by status and by the time of qualification."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

import pytest

from pytest_aep_export.suite import choices
from pytest_aep_export.suite.choices import Segment
from pytest_aep_export.suite.expect import blocked, not_applicable
from pytest_aep_export.suite.exports import Exports, Shown
from pytest_aep_export.suite.records import Identities, Record, difference, milliseconds

requirement = pytest.mark.aep_requirement

INSIDE: Final = frozenset({"realized", "existing"})
LEFT: Final = frozenset({"exited"})
NOBODYS: Final = "00000000-0000-4000-8000-000000000000"
WINDOWS: Final = ("until", "between", "since")
STATUSES: Final = pytest.mark.parametrize(("kind", "statuses"), [("members", INSIDE), ("leavers", LEFT)])


def of(exports: Exports, *entries: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A request for the profiles in segments, as far as these are known by."""
    return exports.request(fields="identityMap,segmentMembership", filter={"segments": entries, **more})


def without(name: str, entry: dict[str, Any]) -> dict[str, Any]:
    """The entry without one of its members."""
    return {key: value for key, value in entry.items() if key != name}


def people(records: Iterable[Record]) -> Counter[Identities]:
    """Whose the rows are."""
    return Counter(record.identities for record in records)


@pytest.fixture(scope="module")
def segment(exports: Exports, segments: list[Segment]) -> Segment:
    """A segment that some profiles are in and some are not; exports of it have been asked for."""
    one = segments[0]
    entries = {
        "members": [one.entry()],
        "leavers": [one.entry(status=["exited"])],
        "both": [one.entry(status=["realized", "exited"])],
        "present": [one.entry(status=["realized", "existing"])],
        "no status": [without("status", one.entry())],
        "other case": [one.entry(segmentNs=one.namespace.swapcase())],
        "no namespace": [without("segmentNs", one.entry())],
        "unknown": [one.entry(segmentId=NOBODYS)],
        "other": [segments[-1].entry()],
        "together": [each.entry() for each in segments],
    }
    exports.ask({kind: of(exports, *asked) for kind, asked in entries.items()})
    return one


@pytest.fixture(scope="module")
def window(exports: Exports, segment: Segment) -> tuple[str, str]:
    """Two times that share the members of the segment out in three; exports of each share have been asked for."""
    moments = (
        item.moment
        for record in exports.known()
        for item in record.memberships
        if item.segment == segment.id and item.status in INSIDE
    )
    found = choices.cuts(moment for moment in moments if moment is not None)
    start, end = found or not_applicable("no three members of the segment have qualified at different times")
    bounds = {
        "until": {"endTime": start},
        "between": {"startTime": start, "endTime": end},
        "since": {"startTime": end},
        "inverted": {"startTime": end, "endTime": start},
    }
    windows = {kind: of(exports, segment.entry(), segmentQualificationTime=bound) for kind, bound in bounds.items()}
    exports.ask(windows)
    return start, end


def shown(exports: Exports, kind: str) -> tuple[Record, ...]:
    """The rows of an export that shows memberships."""
    exports.table(kind)
    found = exports.records(kind)
    if not any(record.memberships for record in found):
        blocked("EXP-ROWS-026", "no row of the export of identityMap and segmentMembership shows a membership")
    return found


@requirement("EXP-FILTER-001")
@STATUSES
def test_members_only(exports: Exports, segment: Segment, kind: str, statuses: frozenset[str]):
    """Everyone who is exported has the status in the segment that was asked for."""
    found = shown(exports, kind)
    strangers = [record for record in found if segment.status(record) not in statuses]
    required = f"every row is of a profile that is {' or '.join(sorted(statuses))} in the segment"
    Shown(exports.finished(kind)).expect(not strangers, required, f"{len(strangers)} of {len(found)} are not")


@requirement("EXP-FILTER-002")
@STATUSES
def test_every_member(exports: Exports, segment: Segment, kind: str, statuses: frozenset[str]):
    """Everyone who has the status in the segment is exported."""
    sure = statuses - {"existing"}
    wanted = people(record for record in exports.known() if segment.status(record) in sure)
    if not wanted:
        not_applicable("no profile has that status in the segment")
    found = people(exports.records(kind))
    exports.relate(kind, wanted <= found, "all who have the status are there", difference(found, wanted))


def expect_accepted(exports: Exports, kind: str) -> None:
    """Require that a request is accepted, on a target that accepts the simplest one for a segment."""
    exports.accepted("members")
    created = exports.created(kind)
    accepted = created.response.status in range(200, 300)
    Shown(created).expect(accepted, "the request is accepted", f"status {created.response.status}")


def expect_nobody_left(exports: Exports, segment: Segment, kind: str) -> None:
    """Require that nobody is exported who has left the segment."""
    left = [record for record in shown(exports, kind) if segment.status(record) in LEFT]
    Shown(exports.finished(kind)).expect(not left, "nobody is there who has left the segment", f"{len(left)} rows")


@requirement("EXP-FILTER-003")
def test_the_default_status(exports: Exports, segment: Segment):
    """Without a status all members are exported, and nobody who has left."""
    expect_accepted(exports, "no status")
    expect_nobody_left(exports, segment, "no status")
    wanted, found = people(exports.records("members")), people(exports.records("no status"))
    exports.relate("no status", wanted <= found, "all who are realized are there", difference(found, wanted))


@requirement("EXP-FILTER-004")
@pytest.mark.usefixtures("segment")
def test_several_statuses(exports: Exports):
    """With two statuses everyone is exported who has either."""
    expect_accepted(exports, "both")
    members, leavers, both = (people(exports.records(kind)) for kind in ("members", "leavers", "both"))
    if not leavers and both == members:
        not_applicable("nobody has left the segment")
    wanted = members + leavers
    exports.relate("both", both == wanted, "all who have either status are there", difference(both, wanted))


@requirement("EXP-FILTER-005")
def test_the_status_existing(exports: Exports, segment: Segment):
    """The older status existing is accepted, and adds nobody who has left."""
    expect_accepted(exports, "present")
    expect_nobody_left(exports, segment, "present")
    wanted, found = people(exports.records("members")), people(exports.records("present"))
    exports.relate("present", wanted <= found, "all who are realized are there", difference(found, wanted))


@requirement("EXP-FILTER-006")
@pytest.mark.usefixtures("segment")
def test_several_segments(exports: Exports, segments: list[Segment]):
    """With two segments everyone is exported who is in either, and nobody twice."""
    if len(segments) < 2:
        not_applicable("one segment only has some profiles of the tenant in it and some not")
    expect_accepted(exports, "together")
    wanted = people(exports.records("members")) | people(exports.records("other"))
    found = people(exports.records("together"))
    exports.relate("together", found == wanted, "all who are in either segment are there", difference(found, wanted))


@requirement("EXP-FILTER-007")
@pytest.mark.usefixtures("segment")
def test_the_case_of_a_namespace(exports: Exports):
    """A segment's namespace in other letters, large or small, makes no difference."""
    expect_accepted(exports, "other case")
    wanted, found = people(exports.records("members")), people(exports.records("other case"))
    exports.relate("other case", found == wanted, "the rows are those of the members", difference(found, wanted))


@requirement("EXP-FILTER-008")
def test_the_default_namespace(exports: Exports, segment: Segment):
    """A segment of the platform needs no namespace."""
    if segment.namespace.lower() != "ups":
        not_applicable("no segment of the namespace ups has some profiles of the tenant in it and some not")
    expect_accepted(exports, "no namespace")
    wanted, found = people(exports.records("members")), people(exports.records("no namespace"))
    exports.relate("no namespace", found == wanted, "the rows are those of the members", difference(found, wanted))


@requirement("EXP-FILTER-009")
@pytest.mark.parametrize("kind", WINDOWS)
def test_nobody_outside_of_the_window(exports: Exports, segment: Segment, window: tuple[str, str], kind: str):
    """Nobody is exported who qualified before the start or after the end."""
    start, end = (milliseconds(text) or 0 for text in window)
    first, last = {"until": (0, start), "between": (start, end), "since": (end, 2 * end)}[kind]
    moments = [
        item.moment
        for record in shown(exports, kind)
        for item in record.memberships
        if item.segment == segment.id and item.moment is not None
    ]
    strangers = [moment for moment in moments if not first <= moment <= last]
    required = "everyone has qualified within the window"
    Shown(exports.finished(kind)).expect(not strangers, required, f"{len(strangers)} of {len(moments)} have not")


@requirement("EXP-FILTER-010")
def test_windows_that_meet(exports: Exports, window: tuple[str, str]):
    """Each member is in one of three windows that meet."""
    wanted = people(exports.records("members"))
    found = sum((people(exports.records(kind)) for kind in WINDOWS), Counter[Identities]())
    required = f"until {window[0]}, until {window[1]} and from then on they are together the members"
    exports.relate("between", found == wanted, required, difference(found, wanted))


def expect_nobody(exports: Exports, kind: str, what: str) -> None:
    """Require that what no profile fits is refused, or fails, or exports nobody."""
    refused = exports.created(kind).response.status in range(400, 500)
    if refused or Shown(exports.looks(kind)[-1]).get("status") == "FAILED":
        return
    found = exports.count(kind)
    Shown(exports.finished(kind)).expect(not found, f"{what} is refused, or exports nobody", f"{found} rows")


@requirement("EXP-FILTER-011")
@pytest.mark.usefixtures("segment")
def test_an_unknown_segment(exports: Exports):
    """Nobody is in a segment that does not exist."""
    expect_nobody(exports, "unknown", "a segment that does not exist")


@requirement("EXP-FILTER-012")
@pytest.mark.usefixtures("window")
def test_an_inverted_window(exports: Exports):
    """Nobody has qualified after a time and before an earlier one."""
    expect_nobody(exports, "inverted", "a window that ends before it starts")
