"""From the way in which a test has ended to its outcome, and from that to what pytest shows of it.

pytest only knows passed, failed and skipped. A test fails where a MUST does not hold or the suite itself is at fault;
a SHOULD or a MAY that does not hold is an expected failure; whatever was not judged is skipped.
"""

from __future__ import annotations

from typing import Final

import pytest

from pytest_aep_export.errors import TransportError
from pytest_aep_export.suite.budget import BudgetError
from pytest_aep_export.suite.courtesy import BusyError
from pytest_aep_export.suite.expect import UnjudgedError, UnmetError
from pytest_aep_export.suite.registry import Level, Requirement
from pytest_aep_export.suite.usable import NotRecordedError, TargetError
from pytest_aep_export.suite.verdicts import Outcome, Result

__all__ = ["BUSY", "SILENT", "outcome_of", "show"]

SILENT: Final = "the target does not answer"
BUSY: Final = "the target is too busy"
_UNJUDGED: Final = (Result.BLOCKED, Result.NOT_VERIFIED)


def outcome_of(test: str, error: BaseException | None) -> Outcome:
    """What a test found that has ended so; None where it ended well."""
    match error:
        case None:
            return Outcome(test, Result.MET)
        case UnmetError():
            return Outcome(test, Result.UNMET, error.required, error.found, error.exchange)
        case UnjudgedError():
            return Outcome(test, error.result, found=error.reason, exchange=error.exchange, cause=error.cause)
        case pytest.skip.Exception():
            return Outcome(test, Result.NOT_VERIFIED, found=str(error.msg))
        case _:
            return _unexpected(test, error)


def _unexpected(test: str, error: BaseException) -> Outcome:
    """What nobody has required: the target is gone, the run may go no further or, at last, the suite has a bug."""
    match error:
        case TransportError():
            return Outcome(test, Result.BLOCKED, found=str(error), cause=SILENT)
        case NotRecordedError():
            return Outcome(test, Result.NOT_VERIFIED, found=str(error))
        case BusyError():
            return Outcome(test, Result.BLOCKED, found=str(error), cause=BUSY)
        case BudgetError() | TargetError():
            return Outcome(test, Result.BLOCKED, found=str(error), cause=str(error))
        case _:
            return Outcome(test, Result.BROKEN, found=f"{type(error).__name__}: {error}")


def show(report: pytest.TestReport, outcome: Outcome, requirement: Requirement, *, excuse: str = "") -> None:
    """Let pytest's report say what an outcome means.

    Args:
        report: Is changed.
        outcome: What the test found.
        requirement: What it is about.
        excuse: Why it was expected not to hold; empty where it was not.
    """
    if outcome.result is Result.UNMET and (excuse or requirement.level is not Level.MUST):
        report.outcome = "skipped"
        report.wasxfail = excuse or f"{requirement.level} of {requirement.id} does not hold: {outcome.found}"
    elif outcome.result in _UNJUDGED and report.outcome == "failed":
        path, line, _ = report.location
        report.outcome = "skipped"
        report.longrepr = (path, (line or 0) + 1, f"{str(outcome.result).replace('-', ' ')}: {outcome.found}")
