"""Whether a run may go on: it ends when its target is gone for good, or when it may cost no more."""

from __future__ import annotations

from typing import Final

from pytest_aep_export.errors import AepError, TransportError
from pytest_aep_export.suite.api import JOBS
from pytest_aep_export.suite.budget import BudgetError
from pytest_aep_export.suite.courtesy import BusyError, LateError
from pytest_aep_export.suite.sending import Target

__all__ = ["Liveness"]

_SILENCES: Final = 3
"""After so many tests in a row without an answer the target is asked whether it is still there.

One that let an answer be waited for in vain is asked at once: to wait for it again and again takes minutes.
"""
_SECONDS: Final = 10.0


class Liveness:
    """Listens to how the tests end, and knows when another one is of no use."""

    def __init__(self) -> None:
        self._silences = 0
        self._last: BaseException | None = None

    def reason_to_stop(self, error: BaseException | None, target: Target | None) -> str:
        """Why the run had better end, as a sentence; empty while it may go on.

        A fixture that many tests share raises the same exception for each of them, which is still one silence.

        Args:
            error: How the last test has ended.
            target: Is asked for a sign of life.
        """
        if isinstance(error, BudgetError) and error.final:
            return str(error)
        if not isinstance(error, TransportError | BusyError):
            self._silences = 0
        elif error is not self._last:
            self._last = error
            self._silences += _SILENCES if isinstance(error, LateError) else 1
        if self._silences < _SILENCES or (target is not None and _lives(target)):
            self._silences %= _SILENCES
            return ""
        again = "the next call" if isinstance(error, LateError) else f"{_SILENCES} tests in a row"
        return f"{error}; {again} had no answer, so the run was ended: run again when the server is up"


def _lives(target: Target) -> bool:
    """Whether the target answers a plain question, whatever it says."""
    try:
        with target.within(_SECONDS):
            target.send("GET", JOBS, query={"limit": 1})
    except AepError:
        return False
    return True
