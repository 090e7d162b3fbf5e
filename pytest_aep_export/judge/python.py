"""The subject that is a function in this process: whatever Python client it drives."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from pytest_aep_export.judge.contents import contents
from pytest_aep_export.judge.scenario import Scenario
from pytest_aep_export.judge.subject import Surroundings
from pytest_aep_export.judge.trace import Performance

__all__ = ["MOST_REQUESTS", "Act", "PythonSubject"]

Act: TypeAlias = Callable[[Scenario, Surroundings], Performance | None]
"""Does what a scenario asks for. It succeeds when it returns, and fails when it raises; a `Performance` tells more."""

MOST_REQUESTS: Final = 2_000
"""After so many requests in one scenario a client is ended: none needs a tenth of them."""
_GLANCE: Final = 0.02
"""Seconds between two looks at what a client is doing."""
_GRACE: Final = 5.0
"""Seconds that a client may take to end when it was told to."""


@dataclass(frozen=True, slots=True)
class PythonSubject:
    """A client that a function drives, in this process.

    The function runs in a thread of its own. Where it takes longer than it may, or sends requests without end, it is
    ended by an exception that no ``except Exception`` stops.

    Attributes:
        label: What reports call it.
        act: The function.
        virtual: Whether it waits by advancing ``surroundings.clock``, so that hours cost nothing. A client that really
            sleeps has False here, and a clock that follows the wall's.
    """

    label: str
    act: Act
    virtual: bool = True

    def perform(self, scenario: Scenario, surroundings: Surroundings) -> Performance:
        """Let the function do what the scenario asks for, and tell what came of it and what it left behind."""
        running = _Running(self.act, scenario, surroundings)
        performance = running.watched(surroundings)
        if performance.files is not None:
            return performance
        return replace(performance, files=contents(surroundings.folder))


class _EndedError(BaseException):
    """The client has to end."""


class _Running:
    """A function that runs in a thread, until it returns, raises or is ended."""

    def __init__(self, act: Act, scenario: Scenario, surroundings: Surroundings) -> None:
        self._lock = threading.Lock()
        self._done = False
        self._outcome: Performance | None = None
        self._clock: int | None = None
        self._spent = 0.0
        self._thread = threading.Thread(target=self._run, args=(act, scenario, surroundings), daemon=True)

    def watched(self, surroundings: Surroundings) -> Performance:
        """Run it to its end, or to the end of what it may take."""
        self._thread.start()
        reason, left = "", surroundings.deadline
        while left > -_GRACE and self._is_running():
            left -= _GLANCE
            if reason:
                self._end()
            elif reason := _reason(surroundings, left):
                left, self._spent = min(left, 0), self._processor_time()
        return Performance("timeout", reason) if reason or not self._outcome else self._outcome

    def _is_running(self) -> bool:
        self._thread.join(_GLANCE)
        return self._thread.is_alive()

    def _end(self) -> None:
        """Raise the exception in the thread, unless it is past the function, or waits and would not hear it.

        An exception that nobody hears keeps every other thread from going on while that is traced (CPython 3.11).
        """
        before, self._spent = self._spent, self._processor_time()
        with self._lock:
            if not self._done and before != self._spent:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(self._thread.ident or 0), ctypes.py_object(_EndedError)
                )

    def _processor_time(self) -> float:
        """The seconds that the thread has computed, the same at two looks if it waits; any where no system tells."""
        try:
            return time.clock_gettime(self._clock) if self._clock is not None else time.perf_counter()
        except OSError:  # it has just ended
            return self._spent

    def _run(self, act: Act, scenario: Scenario, surroundings: Surroundings) -> None:
        if hasattr(time, "pthread_getcpuclockid"):
            self._clock = time.pthread_getcpuclockid(threading.get_ident())
        try:
            outcome = _performed(act, scenario, surroundings)
            with self._lock:
                self._outcome, self._done = outcome, True
        except _EndedError:
            pass


def _performed(act: Act, scenario: Scenario, surroundings: Surroundings) -> Performance:
    try:
        return act(scenario, surroundings) or Performance("success")
    except (Exception, SystemExit) as error:  # noqa: BLE001 - however a client fails, it is judged by that
        return Performance("failure", f"{type(error).__name__}: {error}")


def _reason(surroundings: Surroundings, left: float) -> str:
    """Why a client has to be ended; empty while it may go on."""
    if surroundings.sent() > MOST_REQUESTS:
        return f"it had sent more than {MOST_REQUESTS:,} requests, and was ended"
    return f"it still ran after {surroundings.deadline:g} s, and was ended" if left <= 0 else ""
