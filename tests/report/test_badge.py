"""A run as a badge."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from pytest_aep_export.report.badge import badge, badge_schema
from pytest_aep_export.report.document import Run
from pytest_aep_export.suite.expectations import Expectations
from tests.report.samples import BLOCKED, KNOWN, MET, UNMET, UNSURE, run_of


@pytest.mark.parametrize(
    ("run", "message", "colour"),
    [
        (run_of(), "4 pass", "brightgreen"),
        (run_of(MET, UNMET), "3 pass, 1 warn", "brightgreen"),
        (run_of(UNMET, UNMET, UNMET, BLOCKED), "1 of 3 fail", "red"),
        (run_of(UNMET, expectations=Expectations((KNOWN,))), "3 pass", "brightgreen"),
        (run_of(problems=("one has expired",)), "expectations are false", "red"),
        (run_of(UNSURE), "3 of 4 judged", "orange"),
        (run_of(stopped="no answer"), "4 of 4 judged", "orange"),
    ],
)
def test_the_badge(run: Run, message: str, colour: str):
    """Green is only what ends with 0; what was not judged is never green."""
    made = badge(run)
    Draft202012Validator(badge_schema()).validate(made)
    assert (made["message"], made["color"], made["isError"]) == (message, colour, colour == "red")
