"""A run: verdicts, grounds and reasons, counts, and the exit code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from pytest_aep_export.exchange import Exchange, Headers, Request, Response
from pytest_aep_export.report.findings import Finding
from pytest_aep_export.suite.expectations import Expectations
from pytest_aep_export.suite.verdicts import Outcome, Result, Verdict
from tests.report.samples import (
    ABSENT,
    BLOCKED,
    BROKEN,
    KNOWN,
    MET,
    UNMET,
    UNSURE,
    exchange,
    outcome,
    run_of,
)

ALL = Expectations((replace(KNOWN, verdicts=frozenset(Verdict)),))


@pytest.mark.parametrize(
    ("results", "code"),
    [
        ((MET, MET, MET), 0),
        ((MET, UNMET, UNMET), 0),
        ((ABSENT, MET, MET), 0),
        ((MET, UNSURE, BLOCKED), 0),
        ((UNMET, MET, MET), 1),
        ((UNMET, BROKEN, UNSURE), 1),
        ((UNSURE, MET, MET), 3),
        ((BLOCKED, MET, MET), 3),
        ((None, MET, MET), 3),
        ((MET, MET, BROKEN), 3),
    ],
)
def test_the_exit_code(results: tuple[Result | None, ...], code: int):
    """Only a failed MUST is 1; a MUST that was not judged, or a broken test, is never 0."""
    assert run_of(*results).exit_code == code


@pytest.mark.parametrize(
    ("results", "code"), [((UNMET,), 0), ((UNSURE,), 0), ((BLOCKED,), 0), ((BROKEN,), 3), ((UNMET, MET, MET, UNMET), 1)]
)
def test_what_somebody_knew_does_not_fail_a_run(results: tuple[Result, ...], code: int):
    """An expectation excuses what it speaks of, and never a fault of the suite's."""
    assert run_of(*results, expectations=ALL).exit_code == code


def test_a_false_expectation_fails_a_run():
    """A run with a problem in its expectations ends with 1, even if everything holds."""
    assert run_of(problems=("an expectation has expired",)).exit_code == 1


def test_what_was_left_out_is_not_missed():
    """A requirement that was not selected is not verified, but does not change the exit code."""
    run = run_of(None, MET, None, None, selected=["EXP-LIST-002"])
    assert run.exit_code == 0
    assert run.counts["not-verified"] == 3
    assert run.verdicts[0].reason == "left out by the selection"
    assert [verdict.requirement.id for verdict in run.of("LIST")] == ["EXP-LIST-002"]


@pytest.mark.parametrize(("first", "code"), [(MET, 3), (UNMET, 1)])
def test_a_run_that_was_stopped_is_never_well(first: Result, code: int):
    """A run that ended early ends with 3, or with 1 when something had failed before."""
    assert run_of(first, stopped="no answer").exit_code == code


def test_the_counts_add_up():
    """Every requirement is counted once, every verdict is listed, and judged is what has an answer."""
    run = run_of(UNMET, UNMET, UNMET, BLOCKED)
    wanted = {Verdict.FAIL, Verdict.WARN, Verdict.INFO, Verdict.BLOCKED}
    assert run.counts == {str(verdict): int(verdict in wanted) for verdict in Verdict}
    assert run.judged == 3


def test_only_what_decided_is_a_ground():
    """Of several outcomes only those are grounds that made the verdict; a pass needs none."""
    outcomes = [outcome(MET), outcome(UNMET, 1), outcome(UNSURE, 2), outcome(UNMET, 3)]
    run = run_of(outcomes)
    assert [f.outcome.test for f in run.verdicts[0].grounds] == ["test_list::test_1", "test_list::test_3"]
    assert run.verdicts[1].grounds == ()


@pytest.mark.parametrize(
    ("results", "reason", "cause"),
    [
        ([outcome(MET)], "", ""),
        ([outcome(UNMET)], "", ""),
        ([outcome(MET), outcome(UNSURE, 1)], "reason 1", ""),
        ([outcome(MET), outcome(BLOCKED, 1), outcome(UNSURE, 2)], "reason 1", "EXP-LIST-001"),
        ([outcome(ABSENT, 1)], "reason 1", ""),
        ([outcome(UNSURE, found="")], "no test of it has run", ""),
        (None, "no test of it has run", ""),
    ],
)
def test_why_it_was_not_judged(results: Iterable[Outcome] | None, reason: str, cause: str):
    """What was not judged says why and, where something has blocked it, what."""
    verdict = run_of(results).verdicts[0]
    assert (verdict.reason, verdict.cause) == (reason, cause)


# Findings


def test_the_exchange_that_shows_it_is_found_among_all():
    """A finding keeps every exchange of its test, in order, and says which of them shows it."""
    made = (exchange(status=201), exchange(status=202), exchange(status=203))
    found = Finding.of(Outcome("t", UNMET, exchange=made[1].redacted(), exchanges=made))
    assert [e.status for e in found.exchanges] == [201, 202, 203]
    assert found.shows == 1
    assert found.exchange is found.exchanges[1]


def test_an_exchange_of_another_test_is_added():
    """An exchange that shows it is kept, even if another test has made it; what it was is looked up for the command."""
    made, shown = exchange(status=201), exchange(status=500)
    said = Outcome("t", UNMET, exchange=shown.redacted(), exchanges=(made,))
    found = Finding.of(said, variables={"very-secret": "AEP_TOKEN"}, originals={shown.redacted(): shown})
    assert (len(found.exchanges), found.shows) == (2, 1)
    assert all("Bearer $AEP_TOKEN" in e.curl for e in found.exchanges)
    unknown = Finding.of(said, variables={"very-secret": "AEP_TOKEN"})
    assert "Authorization: REDACTED" in unknown.exchanges[1].curl


def test_a_finding_without_an_exchange():
    """Not every finding has something to show."""
    found = Finding.of(outcome(BROKEN))
    assert (found.exchanges, found.shows, found.exchange) == ((), None, None)


def test_secrets_leave_everything_that_was_said():
    """What a server repeats of the credentials is nowhere in a finding."""
    answer = Response(200, Headers({"x-echo": "opaque-secret"}), b'{"you": "opaque-secret"}')
    made = Exchange(Request("GET", "/x?a=opaque-secret"), answer)
    said = Outcome("t", UNMET, "no opaque-secret", "an opaque-secret", made, (made,))
    assert "opaque-secret" not in str(Finding.of(said, ["opaque-secret"], {"opaque-secret": "AEP_TOKEN"}))
