"""The census counts what the oracle exports."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Literal

import pytest
from hypothesis import Phase, given, settings

from pytest_aep_export.exporter.census import Census, take_census
from pytest_aep_export.exporter.plan import EventPlan, ExportPlan, Segment
from pytest_aep_export.exporter.reference import rows
from pytest_aep_export.profiles import generate, generation
from pytest_aep_export.profiles.data import ProfileData
from pytest_aep_export.profiles.policies import CRM, LOYALTY, WEB
from tests.exporter.agreement import Case
from tests.exporter.plain_rows import Row, event, fragment, ids, member
from tests.exporter.profile_graphs import cases


def counted(plan: ExportPlan, data: ProfileData) -> Census:
    """The census of a plan as the oracle has it: one export of everything, and one for each segment and status."""
    full = replace(plan, fields=("identityMap", "segmentMembership"), events=EventPlan(("_id",)))
    found, with_bare = rows(full, data), rows(replace(full, empty_profiles=True), data)
    events, all_events = (sum(len(row["timeSeriesEvents"] or ()) for row in some) for some in (found, with_bare))
    known = {
        (namespace.lower(), segment)
        for row in found
        for namespace, items in row["segmentMembership"] or ()
        for segment, _ in items or ()
    }
    return Census(
        profiles=len(found),
        events=events,
        bare_profiles=len(with_bare) - len(found),
        bare_events=all_events - events,
        by_namespace=Counter(namespace for row in found for namespace, _ in row["identityMap"] or ()),
        by_segment=Counter(
            {
                (namespace, segment, status): number
                for namespace, segment in known
                for status in ("realized", "exited")
                if (number := len(rows(replace(plan, segments=(_segment(namespace, segment, status),)), data)))
            }
        ),
    )


def _segment(namespace: str, segment: str, status: Literal["realized", "exited"]) -> Segment:
    return Segment(segment, namespace, frozenset({status}))


@settings(max_examples=150, derandomize=True, deadline=None, phases=set(Phase) - {Phase.explain})
@given(cases())
def test_census_and_oracle_agree(case: Case) -> None:
    """Whatever the graph, the order, and the way in which the data is cut, the census counts the oracle's rows."""
    plan = ExportPlan(graph=case.plan.graph, order=case.plan.order)
    assert take_census([plan], case.data) == [counted(plan, case.data)]


@pytest.mark.parametrize("fragments", [1, 2, 3])
def test_census_and_oracle_agree_on_the_default_data(fragments: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also on generated data in several partitions, for several policies at once, and progress is told."""
    monkeypatch.setattr(generation, "PARTITION_ROWS", 70)
    data = generate(60, seed=3, fragments=fragments)
    plans = [
        ExportPlan(),
        ExportPlan(graph="pdg"),
        ExportPlan(graph="pdg", order=(CRM, LOYALTY)),
        ExportPlan(order=(WEB,)),
    ]
    told: list[int] = []

    assert take_census(plans, data, told.append) == [counted(plan, data) for plan in plans]
    assert told == list(range(1, len(data.partitions) + 1))
    assert len(told) > 2


PLAIN = ExportPlan()
ORDERED = ExportPlan(order=("loyalty", "crm"))
SHARP = {
    "fifty-one": (PLAIN, [fragment("a", identityMap=ids(*map(str, range(50)))), fragment("b")], []),
    "fifty, named twice": (PLAIN, [fragment("a", time, identityMap=ids(*map(str, range(49)))) for time in (1, 2)], []),
    "fifty-one by the graph": (
        ExportPlan(graph="pdg"),
        [fragment(str(number), identityMap=ids("one")) for number in range(50)] + [fragment("x")],
        [event("7"), event("x")],
    ),
    "later is stronger": (
        PLAIN,
        [fragment("a", 2, segmentMembership=member("s")), fragment("a", 1, segmentMembership=member("s", "exited"))],
        [],
    ),
    "of the same time the later row": (
        PLAIN,
        [fragment("a", 1, segmentMembership=member("s", status)) for status in ("realized", "exited")],
        [],
    ),
    "the order goes before time": (
        ORDERED,
        [
            fragment("a", 2, segmentMembership=member("s")),
            fragment("a", 1, "loyalty", segmentMembership=member("s", "exited")),
            fragment("b", 3, "web", segmentMembership=member("s")),
        ],
        [event("b")],
    ),
    "two spellings of a namespace": (
        PLAIN,
        [fragment("a", segmentMembership=member("s", namespace="UPS") | member("s", "existing"))],
        [],
    ),
    "another status": (PLAIN, [fragment("a", segmentMembership=member("s", "queued"))], []),
    "an event of an identity that is only listed": (
        ExportPlan(graph="pdg"),
        [fragment("a", identityMap=ids("b"))],
        [event("b"), event("c"), event("c")],
    ),
    "nothing": (PLAIN, [], []),
}
"""One case for each rule that random cases seldom put to the test."""


@pytest.mark.parametrize(("plan", "fragments", "events"), SHARP.values(), ids=SHARP.keys())
def test_census_and_oracle_agree_on_rules_that_chance_seldom_tries(
    plan: ExportPlan, fragments: list[Row], events: list[Row]
) -> None:
    """The numbers of these cases depend on one rule each."""
    data = Case(plan, fragments, events).data
    assert take_census([plan], data) == [counted(plan, data)]
