"""The judge of clients finds every defect: each by the requirement that it breaks, and by no other."""

from __future__ import annotations

from typing import Final

import pytest

from pytest_aep_export.judge.judging import Judgement, try_subject
from pytest_aep_export.judge.scenarios import SCENARIOS
from pytest_aep_export.suite.registry import load
from pytest_aep_export.suite.verdicts import Result
from tests.judge.defective_clients import DEFECTS, Defect

EVERYBODY: Final = ("export", "list", "cancel", "job-fails", "pages-of-jobs", "several-files")
"""The scenarios that every client is put into."""


_ENOUGH: Final = 600
"""After so many requests a client is ended, lest those that never end take their time."""


@pytest.fixture(autouse=True)
def few_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no client send more than it needs to be found out."""
    monkeypatch.setattr("pytest_aep_export.judge.python.MOST_REQUESTS", _ENOUGH)


def judged(name: str, defect: Defect) -> Judgement:
    """What a client with a defect does where that shows, and where it should not."""
    names = dict.fromkeys((*EVERYBODY, *defect.shown_by.split()))
    return try_subject(defect.subject(name), [SCENARIOS[each] for each in names])


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_is_found(name: str):
    """A client with one defect breaks what that defect breaks, and nothing else."""
    outcomes = judged(name, DEFECTS[name]).outcomes
    broken = {each[-3:] for each, said in outcomes.items() if any(one.result is Result.UNMET for one in said)}
    assert broken == set(DEFECTS[name].breaks.split())
    assert not [each for each, said in outcomes.items() if any(one.result is Result.BROKEN for one in said)]


def test_every_requirement_is_broken_by_a_client():
    """No requirement is there that no client breaks: it would judge nothing."""
    broken = {f"EXP-CLI-{number}" for defect in DEFECTS.values() for number in defect.breaks.split()}
    assert broken == {requirement.id for requirement in load().of("client")}


@pytest.mark.parametrize("name", ["waits for ever", "follows a list for ever"])
def test_a_client_without_end_is_ended(name: str):
    """A client in this process that never stops asking is stopped, and judged by that."""
    scenario = SCENARIOS[DEFECTS[name].shown_by]
    (trial,) = try_subject(DEFECTS[name].subject(name), [scenario]).trials
    assert trial.trace.performance.end == "timeout"
    assert f"more than {_ENOUGH} requests" in trial.trace.performance.said
    assert _ENOUGH < len(trial.trace.exchanges) < 2 * _ENOUGH
