"""What a run may cost at most: calls, jobs and time. Jobs of the live service cost quota, and no run lasts for ever."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pytest_aep_export.errors import AepError

__all__ = ["Budget", "BudgetError", "Limits"]


class BudgetError(AepError):
    """A call was not made, because the run has used up what it may cost.

    Attributes:
        final: Whether no other call may be made either, so that the run had better end.
    """

    def __init__(self, message: str, *, final: bool) -> None:
        super().__init__(message)
        self.final = final


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may cost; None is any amount.

    Attributes:
        calls: How many requests, those for tokens included.
        jobs: How many export jobs.
        seconds: How long it may take.
    """

    calls: int | None = None
    jobs: int | None = None
    seconds: float | None = None

    def over(self, usual: Limits) -> Limits:
        """These limits and, where they are none, the usual ones."""
        return Limits(
            usual.calls if self.calls is None else self.calls,
            usual.jobs if self.jobs is None else self.jobs,
            usual.seconds if self.seconds is None else self.seconds,
        )


class Budget:
    """Counts what a run has cost, and refuses what would exceed its limits.

    Args:
        limits: What it may cost.
        now: A clock, in seconds.

    Attributes:
        calls: How many requests were made.
        jobs: How many export jobs were created.
    """

    def __init__(self, limits: Limits = Limits(), now: Callable[[], float] = time.monotonic) -> None:
        self.calls = 0
        self.jobs = 0
        self._limits = limits
        self._now = now
        self._end = self._after(limits.seconds)

    @property
    def seconds_left(self) -> float | None:
        """How much of the time is left; None where it has no end."""
        return None if self._end is None else self._end - self._now()

    @property
    def calls_left(self) -> int | None:
        """How many calls may still be made; None for any number."""
        return None if self._limits.calls is None else max(0, self._limits.calls - self.calls)

    @property
    def jobs_left(self) -> int | None:
        """How many export jobs may still be created; None for any number."""
        return None if self._limits.jobs is None else max(0, self._limits.jobs - self.jobs)

    @contextmanager
    def lifted(self, seconds: float | None = None) -> Iterator[None]:
        """For a while, such as for cleaning up, refuse nothing but what lasts longer than so many seconds."""
        before = self._limits, self._end
        self._limits, self._end = Limits(seconds=seconds), self._after(seconds)
        try:
            yield
        finally:
            self._limits, self._end = before

    def pause(self, seconds: float, sleep: Callable[[float], None] = time.sleep) -> None:
        """Wait, but not beyond the end of the run."""
        left = self.seconds_left
        sleep(seconds if left is None else max(0.0, min(seconds, left)))

    def spend(self, *, job: bool) -> None:
        """Count a call that is about to be made.

        Args:
            job: Whether it asks for an export job.

        Raises:
            BudgetError: It would exceed a limit; the message says which, and how to raise it.
        """
        self._check(job=job)
        self.calls += 1

    def created_job(self) -> None:
        """Count an export job."""
        self.jobs += 1

    def _check(self, *, job: bool) -> None:
        limits, left = self._limits, self.seconds_left
        if left is not None and left <= 0:
            raise BudgetError(f"the run has used up its {limits.seconds:g} s: give it more with --deadline", final=True)
        if limits.calls is not None and self.calls >= limits.calls:
            raise BudgetError(f"the run has used up its {limits.calls} calls: allow more with --max-calls", final=True)
        if job and limits.jobs is not None and self.jobs >= limits.jobs:
            raise BudgetError(
                f"the run has used up its {limits.jobs} export jobs: allow more with --max-jobs", final=False
            )

    def _after(self, seconds: float | None) -> float | None:
        return None if seconds is None else self._now() + seconds
