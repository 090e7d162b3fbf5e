"""The options of a job, judged on servers that are right, that choose, and that lack something."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from pytest_aep_export.emulator import Behaviour
from pytest_aep_export.profiles import generate
from pytest_aep_export.suite.verdicts import Verdict
from tests.suite.defective import Defect, Rows, doubts, each_row, judged, serve


def numbered(area: str, *numbers: int) -> set[str]:
    """Requirements of an area."""
    return {f"EXP-{area}-{number:03}" for number in numbers}


KNOWN_DATA = numbered("MERGE", 9) | numbered("FILTER", 26) | numbered("ROWS", 23)
"""Those that are judged only where the suite knows what the tenant's data is."""


def test_a_sound_server_passes(watcher: Any):
    """A server that gets every option right passes; what needs data that nobody knows here is left unjudged."""
    with serve() as target:
        found = judged(target, watcher, "EXP-ROWS or EXP-FILTER or EXP-MERGE or EXP-CREATE or EXP-ERROR")
    others = {name: str(verdict) for name, verdict in found.items() if verdict is not Verdict.PASS}
    assert others == dict.fromkeys(numbered("MERGE", 8) | KNOWN_DATA, "not-applicable")


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(unselected="null", row_order="shuffled"),
        Behaviour(unknown_segments="accept", part_rows=9),
        Behaviour(earlier_batches="replace"),
    ],
    ids=["nulls and no order", "unknown segments are empty", "batches are replaced"],
)
def test_every_choice_passes(watcher: Any, behaviour: Behaviour):
    """What the sources leave open breaks no requirement that is more than a MAY."""
    with serve(behaviour=behaviour) as target:
        found = doubts(judged(target, watcher, "EXP-ROWS or EXP-FILTER or EXP-MERGE or EXP-FILES or EXP-ERROR"))
    assert set(found) <= {"EXP-ERROR-016"}
    assert set(found.values()) <= {"info"}


def test_a_server_without_filters(watcher: Any):
    """A server of the profile guide, which knows no filter, is warned of it; what filters do is not applicable."""
    unknown = Defect(lambda request: "filter" in request and request.update(filter=None))
    with serve(unknown) as target:
        found = judged(target, watcher, "EXP-FILTER or EXP-MERGE or EXP-CREATE")
    assert doubts(found) == {"EXP-CREATE-019": "warn"}
    passed = {name for name, verdict in found.items() if verdict is Verdict.PASS and "FILTER" in name}
    assert passed == {"EXP-FILTER-011", "EXP-FILTER-012"}


def test_data_that_do_not_rest(watcher: Any):
    """Where the tenant's data change all the time, how exports differ proves nothing; that is told once."""
    lots = itertools.cycle([0, 1, 2])
    with serve(Defect(rows=lambda rows: rows[next(lots) :])) as target:
        found = doubts(judged(target, watcher, "EXP-ROWS-010 or EXP-ROWS-021 or EXP-FILTER-002"))
    assert found == {"EXP-ROWS-010": "not-verified", "EXP-ROWS-021": "info", "EXP-FILTER-002": "not-verified"}


def test_bad_input_that_is_accepted(watcher: Any):
    """A server that accepts whatever it is asked for is warned of it, or told."""
    asked = [f"EXP-ERROR-{number:03}" for number in range(11, 21)]
    with serve(Defect(lenient=True)) as target:
        found = doubts(judged(target, watcher, " or ".join(asked)))
    mild = {"EXP-ERROR-012", "EXP-ERROR-014", "EXP-ERROR-016", "EXP-ERROR-017", "EXP-ERROR-018"}
    assert found == {name: "info" if name in mild else "warn" for name in asked}


LACKING: dict[str, tuple[Callable[[Rows], Rows], set[str], set[str]]] = {
    "profiles": (lambda _: [], numbered("MERGE", 1, 4, 10, 11), set()),
    "identities": (
        each_row(lambda row: row.update(identityMap=None) if "identityMap" in row else None),
        numbered("MERGE", 1, 4, 10, 11),
        {"blocked"},
    ),
    "memberships": (
        each_row(lambda row: row.update(segmentMembership=None) if "segmentMembership" in row else None),
        numbered("FILTER", *range(18, 26)) | numbered("MERGE", 1, 4, 5, 6, 7, 10, 11),
        {"blocked"},
    ),
}


@pytest.mark.parametrize("what", sorted(LACKING))
def test_a_tenant_that_lacks_something(watcher: Any, what: str):
    """What rows have nothing of is never a pass for the option that selects by it, and a doubt where it may be lost."""
    rows, judgeable, doubted = LACKING[what]
    with serve(Defect(rows=rows)) as target:
        found = judged(target, watcher, "EXP-FILTER or EXP-MERGE")
    assert set(doubts(found).values()) == doubted
    assert {name for name, verdict in found.items() if verdict is Verdict.PASS} == judgeable


def test_a_tenant_without_events(watcher: Any):
    """Where a tenant has no events, what an option says of them is not applicable and never passes."""
    with serve(data=generate(60, events_per_profile=0)) as target:
        found = judged(target, watcher, "EXP-FILTER or (EXP-ROWS and not EXP-ROWS-00)")
    assert doubts(found) == {}
    idle = {name for name, verdict in found.items() if verdict is Verdict.NOT_APPLICABLE}
    without = numbered("ROWS", 15, 16, 17, 18, 20, 29) | numbered("FILTER", 19, 20, 21, 22, 23, 24, 25)
    assert idle == without | KNOWN_DATA - numbered("MERGE", 9)
