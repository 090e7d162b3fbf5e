"""The two clients of this package keep every requirement in every scenario."""

from __future__ import annotations

from typing import Final

import pytest

from pytest_aep_export.judge.conforming import assert_conforms
from pytest_aep_export.judge.judging import try_subject
from pytest_aep_export.judge.own import ASYNCHRONOUS, SYNCHRONOUS
from pytest_aep_export.judge.python import PythonSubject
from pytest_aep_export.judge.scenarios import SCENARIOS
from pytest_aep_export.suite.verdicts import Result

NOT_SHOWN: Final = {"EXP-CLI-020"}
"""How times are written: no scenario asks for an export of some time, so that only a client's own tests show it."""


@pytest.mark.parametrize("subject", [SYNCHRONOUS, ASYNCHRONOUS], ids=lambda subject: subject.label)
def test_our_client_keeps_every_requirement(subject: PythonSubject):
    """No MUST, no SHOULD and no MAY is broken, every scenario ends as due, and all but one requirement is shown."""
    judgement = try_subject(subject, SCENARIOS.values(), lanes=2)
    assert_conforms(judgement, "MAY")
    assert [trial.scenario.id for trial in judgement.trials if not trial.trace.as_due] == []
    shown = {name for name, said in judgement.outcomes.items() if Result.MET in {each.result for each in said}}
    assert judgement.outcomes.keys() - shown == NOT_SHOWN


def test_our_client_keeps_every_requirement_while_answers_vary():
    """Each scenario has a plan of its own, and the client ends as due in all of them."""
    judgement = try_subject(SYNCHRONOUS, SCENARIOS.values(), lanes=2, vary=1)
    assert_conforms(judgement, "MUST")
    assert [trial.scenario.id for trial in judgement.trials if not trial.trace.as_due] == []
