"""Two runs held against each other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_aep_export.report.diff import compare, diff_markdown, diff_text
from pytest_aep_export.report.document import Run, TargetLabel
from pytest_aep_export.suite.expectations import Expectations
from pytest_aep_export.suite.verdicts import Result
from tests.report.samples import (
    ABSENT,
    BLOCKED,
    HEADER,
    KNOWN,
    MET,
    NAMES,
    UNMET,
    UNSURE,
    everything,
    run_of,
)


@pytest.mark.parametrize(
    ("before", "after", "kind", "worse"),
    [
        (MET, UNMET, "failing", True),
        (UNSURE, UNMET, "failing", True),
        (MET, UNSURE, "unjudged", True),
        (UNMET, BLOCKED, "unjudged", True),
        (UNMET, MET, "passing", False),
        (BLOCKED, MET, "passing", False),
        (MET, ABSENT, "unjudged", True),
        (ABSENT, UNSURE, "changed", False),
        (BLOCKED, UNSURE, "changed", False),
    ],
)
def test_each_sort_of_change(before: Result, after: Result, kind: str, worse: object):
    """A MUST that newly fails, or is no longer judged, makes a run worse; nothing else does."""
    difference = compare(run_of(before), run_of(after))
    [change] = difference.changes
    assert (change.kind, difference.worse) == (kind, worse)


@pytest.mark.parametrize("results", [(MET, UNMET), (MET, BLOCKED)])
def test_a_should_makes_nothing_worse(results: tuple[Result, Result]):
    """What changes about a SHOULD is told, and fails nothing."""
    difference = compare(run_of(), run_of(*results))
    assert [change.kind for change in difference.changes] in (["changed"], ["unjudged"])
    assert not difference.worse


def test_what_somebody_knew_makes_nothing_worse():
    """A known failure is told, and fails nothing."""
    difference = compare(run_of(), run_of(UNMET, expectations=Expectations((KNOWN,))))
    assert [change.kind for change in difference.changes] == ["failing"]
    assert not difference.worse


def test_no_change():
    """A run does not differ from itself."""
    difference = compare(everything(), everything())
    assert difference.changes == ()
    assert diff_text(difference).splitlines()[-1] == "no change"
    assert diff_markdown(difference).startswith("## Conformance: no change\n")


def test_what_only_one_run_was_to_judge():
    """Requirements of one run only are added or removed; an added one that fails makes it worse."""
    some, rest = NAMES[:2], NAMES[1:]
    before, after = run_of(selected=some), run_of(UNMET, UNMET, MET, UNMET, selected=rest)
    difference = compare(before, after)
    assert {c.shown.requirement.id: c.kind for c in difference.changes} == {
        "EXP-LIST-002": "changed",
        "EXP-LIST-003": "added",
        "EXP-JOB-001": "added",
        "EXP-LIST-001": "removed",
    }
    assert difference.worse
    assert not compare(before, run_of(selected=rest)).worse


def told(before: Run, after: Run) -> list[str]:
    """The notes of the difference."""
    return [line.removeprefix("note: ") for line in diff_text(compare(before, after)).splitlines() if "note: " in line]


def test_whether_they_can_be_compared():
    """Everything but the verdicts in which the two runs differ is told first."""
    other = replace(
        HEADER,
        suite="2027.01",
        registry="a" * 64,
        target=TargetLabel("url", "http://other", "0"),
        dialect="openapi",
        profile="core",
        expectations="b" * 64,
    )
    assert told(run_of(), run_of(header=other)) == [
        "suite version: 2026.11 → 2027.01",
        f"requirements: {HEADER.registry[:12]} → {'a' * 12}",
        "target: http://127.0.0.1:9 → http://other",
        "dialect: none → openapi",
        "profile: full → core",
        f"expectations: none → {'b' * 12}",
    ]
    assert told(run_of(stopped="no answer"), run_of(stopped="no calls left")) == [
        "the first run ended early: no answer",
        "the second run ended early: no calls left",
    ]


def test_as_text():
    """Plain text has a line for each change, the gravest first, and ends with the sum."""
    lines = diff_text(compare(run_of(MET, UNMET, MET, UNMET), run_of(UNMET, MET, UNMET, BLOCKED))).splitlines()
    assert lines == [
        "newly failing: EXP-LIST-001 MUST: pass → fail, The list is a list",
        "no longer judged: EXP-JOB-001 MUST: fail → blocked, A job has an id",
        "newly passing: EXP-LIST-002 SHOULD: warn → pass, The list is sorted",
        "changed otherwise: EXP-LIST-003 MAY: pass → info, The list is short",
        "1 newly failing, 1 no longer judged, 1 newly passing, 1 changed otherwise",
    ]


def test_as_markdown():
    """A comment has the sum in its heading, notes, a list for each sort of change, an account of each new failure."""
    text = diff_markdown(compare(run_of(), run_of(UNMET, header=replace(HEADER, suite="2027.01"))))
    assert text.startswith("## Conformance: 1 newly failing\n")
    assert "- suite version: 2026.11 → 2027.01\n" in text
    assert "**Newly failing**\n\n- EXP-LIST-001 MUST: pass → fail, The list is a list\n" in text
    assert "<details><summary><b>fail</b> EXP-LIST-001" in text
    assert "- expected: `a list`" in text
