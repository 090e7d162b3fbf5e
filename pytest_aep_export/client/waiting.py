"""Waiting for a job to end. No I/O.

The API documents no polling interval; its samples took between four and twenty minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from pytest_aep_export.client.core import Flow, pause
from pytest_aep_export.client.retry import check_growth, growing
from pytest_aep_export.errors import JobFailedError, WaitTimeoutError
from pytest_aep_export.model import ExportJob

__all__ = ["TIMEOUT", "PollPolicy", "Progress", "succeeded", "wait"]

TIMEOUT: Final = 3600.0
"""Seconds to wait where nothing is said: three times the longest sample."""

Progress: TypeAlias = Callable[[ExportJob], object]
"""Told the job after each look at it."""


@dataclass(frozen=True, slots=True)
class PollPolicy:
    """How often a job is looked at; durations are in seconds.

    Attributes:
        start: The pause after the first look.
        factor: How much longer each further pause is.
        maximum: The longest pause.

    Raises:
        ConfigurationError: The numbers describe no policy.
    """

    start: float = 2.0
    factor: float = 1.5
    maximum: float = 30.0

    def __post_init__(self) -> None:
        check_growth("poll", self.start, self.factor, self.maximum)

    def pauses(self) -> Iterator[float]:
        """The pauses between looks, without end."""
        return growing(self.start, self.factor, self.maximum)


def wait(
    look: Callable[[], Flow[ExportJob]],
    *,
    timeout: float,
    poll: PollPolicy,
    progress: Progress | None,
    now: Callable[[], float],
) -> Flow[ExportJob]:
    """Look at a job until it has succeeded; the last look is at the deadline.

    The pauses count as well as the clock, so that waiting ends even when the clock stands still.
    A status that is not known is neither success nor the end.

    Raises:
        JobFailedError: The job ended otherwise.
        WaitTimeoutError: It did not end in time.
    """
    pauses, since, paused = poll.pauses(), now(), 0.0
    while True:
        job = yield from look()
        if progress is not None:
            progress(job)
        if job.finished:
            return succeeded(job)
        waited = max(paused, now() - since)
        if waited >= timeout:
            raise WaitTimeoutError(job, waited)
        step = min(next(pauses), timeout - waited)
        yield from pause(step)
        paused += step


def succeeded(job: ExportJob) -> ExportJob:
    """The job, which has ended.

    Raises:
        JobFailedError: It has not succeeded.
    """
    if not job.succeeded:
        raise JobFailedError(job)
    return job
