"""The engine and the oracle, two computations of one export, agree row for row."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings

from pytest_aep_export.exporter.plan import EventPlan, ExportPlan, Segment
from pytest_aep_export.exporter.running import ExportResult, run
from pytest_aep_export.profiles import generate
from pytest_aep_export.profiles.data import ProfileData
from pytest_aep_export.profiles.policies import CRM, DEFAULT_SEGMENTS, LOYALTY
from tests.exporter import agreement
from tests.exporter.agreement import Case, check, expected
from tests.exporter.plain_rows import at, event, fragment, ids, member
from tests.exporter.profile_graphs import YEAR_1, YEAR_9999, cases

CASE = Case(
    ExportPlan(graph="pdg", events=EventPlan(("_id",), after=1), segments=(Segment("s"),), qualified_from=YEAR_1),
    [
        fragment("ä", 1, identityMap=ids("b"), segmentMembership=member("s", time=YEAR_9999)),
        fragment("b", 2, person={"birthDate": at(0).date()}, organizations=[]),
    ],
    [event("b", 2, _id="'e'"), event("ä", YEAR_1)],
)


@settings(max_examples=150, derandomize=True, deadline=None, phases=set(Phase) - {Phase.explain})
@given(cases())
def test_engine_and_oracle_agree(case: Case) -> None:
    """Whatever the graph, the policy, the filters and the projection, the files hold what the oracle says."""
    check(case)


@pytest.mark.parametrize(
    "plan",
    [
        ExportPlan(events=EventPlan()),
        ExportPlan(graph="pdg", order=(CRM, LOYALTY), events=EventPlan()),
        ExportPlan(segments=tuple(Segment(known.id, known.namespace) for known in DEFAULT_SEGMENTS)),
    ],
    ids=["everything", "stitched", "segments"],
)
def test_engine_and_oracle_agree_on_the_default_data(plan: ExportPlan) -> None:
    """Also on data as users have it, and in more than one part."""
    data = generate(60, seed=3)
    case = Case(plan, data.fragments.to_pylist(), data.events.to_pylist(), part_rows=25)
    assert len(expected(case).counts) > 1
    check(case)


FIFTY = ids(*map(str, range(49)))
TIMELY = [event("a", time, _id=str(time), timestamp=moment) for time, moment in enumerate((at(9), None, at(3), at(3)))]
SHARP = {
    "stitched by what is not merged": Case(
        ExportPlan(graph="pdg", order=("crm",)),
        [fragment("a", personID="A"), fragment("b", personID="B"), fragment("b", 0, "web", identityMap=ids("a"))],
    ),
    "the order goes before time": Case(
        ExportPlan(order=("crm", "loyalty")),
        [fragment("a", 1, personID="crm"), fragment("a", 2, "loyalty", personID="loyalty")],
    ),
    "an empty list is no value": Case(
        ExportPlan(), [fragment("a", 1, organizations=["x"]), fragment("a", 2, organizations=[])]
    ),
    "fifty identities": Case(ExportPlan(), [fragment("a", identityMap=FIFTY)]),
    "fifty-one with what is not merged": Case(
        ExportPlan(order=("crm",)),
        [fragment("a", identityMap=FIFTY), fragment("a", 0, "web", identityMap=ids("x")), fragment("b")],
    ),
    "updated by what is not merged": Case(
        ExportPlan(order=("crm",), updated_after=5), [fragment("a", 5), fragment("a", 6, "web"), fragment("b", 6)]
    ),
    "the case of a segment's id": Case(
        ExportPlan(segments=(Segment("s"),)), [fragment(name, segmentMembership=member(name)) for name in ("s", "S")]
    ),
    "a window without segments": Case(
        ExportPlan(qualified_from=5),
        [fragment(status, segmentMembership=member("s", status, 5)) for status in ("realized", "exited")],
    ),
    "inner keys of each path": Case(
        ExportPlan(("segmentMembership.ups.t", "segmentMembership.aam.s")),
        [fragment("a", segmentMembership=member("t", namespace="aam") | member("t"))],
    ),
    "members of all paths": Case(
        ExportPlan(("segmentMembership.ups.s.status", "segmentMembership.ups.t")),
        [fragment("a", segmentMembership=member("s", time=1))],
    ),
    "the order of events": Case(ExportPlan(events=EventPlan(("_id",))), [fragment("a")], TIMELY),
}
"""One case for each rule that random cases seldom put to the test, where a wrong reading gives other rows."""


@pytest.mark.parametrize("case", SHARP.values(), ids=SHARP.keys())
def test_engine_and_oracle_agree_on_rules_that_chance_seldom_tries(case: Case) -> None:
    """The rows of these cases depend on one rule each."""
    check(case)


def test_a_case_is_printed_as_a_test_that_runs() -> None:
    """The text of a case, run as a module, is a test of that case."""
    module: dict[str, Any] = {}
    exec(CASE.source, module)
    [test] = [value for name, value in module.items() if name.startswith("test_")]
    checked: list[Case] = []
    module["check"] = checked.append
    test()
    assert checked == [CASE]


def test_a_disagreement_comes_with_its_case_as_a_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that forgets the graph is found out, and the failure carries a test to paste."""

    def forgetful(plan: ExportPlan, data: ProfileData, folder: Path, **options: Any) -> ExportResult:
        return run(replace(plan, graph="none"), data, folder, **options)

    check(CASE)
    monkeypatch.setattr(agreement, "run", forgetful)
    with pytest.raises(AssertionError) as caught:
        check(CASE)
    assert CASE.source in "".join(caught.value.__notes__)
