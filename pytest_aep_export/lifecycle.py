"""The life of an export job and the clock that it is lived by. Pure: no I/O, no wall clock, no threads of its own.

A job is ``NEW``, then ``PROCESSING``, then ``SUCCEEDED`` or ``FAILED``; it can be cancelled until it has ended.
A `Progression` says what makes it move; `due` answers which status it should be in next; `Life.to` moves it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final, Literal, get_args

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.model import JobError, JobStatus, Timer

__all__ = [
    "EPOCH",
    "MOVED_BY_TIME",
    "SAMPLE_FAILURE",
    "TRANSITIONS",
    "Cause",
    "Clock",
    "Life",
    "Mode",
    "Progression",
    "due",
    "timers",
]

EPOCH: Final = 1_714_521_600_000
"""Where a virtual clock starts: 2024-05-01T00:00:00Z, in ms. A choice of ours."""

TRANSITIONS: Final[Mapping[JobStatus, frozenset[JobStatus]]] = {
    JobStatus.NEW: frozenset({JobStatus.PROCESSING, JobStatus.FAILED, JobStatus.CANCELLED}),
    JobStatus.PROCESSING: frozenset({JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED}),
    JobStatus.SUCCEEDED: frozenset(),
    JobStatus.FAILED: frozenset(),
    JobStatus.CANCELLED: frozenset(),
}
"""Every edge of the state diagram. No source draws it (facts, export-jobs section 4): a choice of ours."""

_TICK: Final = 100
"""How many ms a clock that stands still moves on with each request: a choice of ours."""

Mode = Literal["per-poll", "immediate", "elapsed", "manual"]

SAMPLE_FAILURE: Final = (
    JobError("0100000003", "Error in Export Job", "com.adobe.aep.unifiedprofile.common.logging.Logger"),
    JobError("unknown", "Job aborted.", "org.apache.spark.SparkException: Job aborted."),
)
"""What a failed job says unless it is told otherwise (facts, export-jobs section 10)."""


class Clock:
    """Virtual time in ms since the epoch: it stands still, or runs with a source, and can be advanced.

    Args:
        start: What the clock shows first.
        source: A running time in ms to follow, such as the wall clock; by default the clock stands still.
    """

    def __init__(self, start: int = EPOCH, source: Callable[[], int] | None = None) -> None:
        self._lock = threading.Lock()
        self._source = source
        self._shown = start
        self._origin = source() if source else 0

    def now(self) -> int:
        """The time, in ms since the epoch."""
        with self._lock:
            return self._shown + (self._source() - self._origin if self._source else 0)

    def advance(
        self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0, milliseconds: float = 0
    ) -> int:
        """Move the clock forward and return the new time.

        Raises:
            ValueError: The span is negative: time never runs backwards.
        """
        span = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds, milliseconds=milliseconds)
        if span < timedelta(0):
            raise ValueError(f"a clock cannot be advanced by {span}: time never runs backwards")
        with self._lock:
            self._shown += span // timedelta(milliseconds=1)
        return self.now()

    def reach(self, time: int) -> None:
        """Move the clock forward to a time, unless it is there already."""
        self.advance(milliseconds=max(0, time - self.now()))

    def tick(self) -> None:
        """Let a clock that stands still move on a little, so that what happens later is later."""
        if self._source is None:
            with self._lock:
                self._shown += _TICK


class Cause(StrEnum):
    """What may move a job: somebody looked at it, time passed, or it was told to step."""

    LOOKED = "looked"
    TIME = "time"
    STEPPED = "stepped"


@dataclass(frozen=True, slots=True)
class Progression:
    """What makes a job advance, and how it ends.

    Attributes:
        mode: ``per-poll``: each look at the job moves it one step. ``immediate``: it has ended at the first look.
            ``elapsed``: it moves once the clock has passed ``queue`` and ``work``. ``manual``: it waits for a step.
        hold: In this status the job waits for an explicit step, whatever the mode.
        stuck: In this status the job stays until it is cancelled.
        fail: The step out of this status leads to ``FAILED``.
        errors: What a job that fails so says in its ``errors``.
        queue: With ``elapsed``, ms spent in ``NEW``.
        work: With ``elapsed``, ms spent in ``PROCESSING``. The defaults add up to the duration of the seed's sample.
    """

    mode: Mode = "per-poll"
    hold: JobStatus | None = None
    stuck: JobStatus | None = None
    fail: JobStatus | None = None
    errors: tuple[JobError, ...] = field(default=SAMPLE_FAILURE)
    queue: int = 60_000
    work: int = 199_344

    def __post_init__(self) -> None:
        """Refuse what cannot work.

        Raises:
            ConfigurationError: An unknown mode, a terminal status to wait in, or a negative duration.
        """
        if self.mode not in get_args(Mode):
            raise ConfigurationError(f"progression {self.mode!r} is unknown: use one of {', '.join(get_args(Mode))}")
        for name in ("hold", "stuck", "fail"):
            status = getattr(self, name)
            if status is not None and status not in {JobStatus.NEW, JobStatus.PROCESSING}:
                raise ConfigurationError(f"progression {name}={status}: expected NEW or PROCESSING, which a job leaves")
        if self.queue < 0 or self.work < 0:
            raise ConfigurationError("a progression's queue and work are durations in ms and cannot be negative")

    def to_json(self) -> dict[str, Any]:
        """The progression as JSON, to be kept with its job."""
        document = {name: getattr(self, name) for name in ("mode", "hold", "stuck", "fail", "queue", "work")}
        return document | {"errors": [[e.code, e.message, e.call_stack] for e in self.errors]}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Progression:
        """The reverse of `to_json`."""
        status = {name: document[name] and JobStatus(document[name]) for name in ("hold", "stuck", "fail")}
        errors = tuple(JobError(*error) for error in document["errors"])
        return cls(document["mode"], errors=errors, queue=document["queue"], work=document["work"], **status)


@dataclass(frozen=True, slots=True)
class Life:
    """Where a job stands: its status, and when it was created, started and ended, in ms since the epoch."""

    created: int
    status: JobStatus = JobStatus.NEW
    started: int | None = None
    ended: int | None = None

    @property
    def updated(self) -> int:
        """When the job last changed."""
        return max(time for time in (self.created, self.started, self.ended) if time is not None)

    def to(self, status: JobStatus, at: int) -> Life:
        """The life after a move to another status.

        Raises:
            ValueError: The state diagram has no such edge.
        """
        if status not in TRANSITIONS[self.status]:
            raise ValueError(f"a job that is {self.status} cannot become {status}")
        at = max(at, self.updated)
        if status is JobStatus.PROCESSING:
            return replace(self, status=status, started=at)
        return replace(self, status=status, ended=at)


_MOVED_BY: Final[Mapping[str, frozenset[Cause]]] = {
    "per-poll": frozenset({Cause.LOOKED}),
    "immediate": frozenset(Cause),
    "elapsed": frozenset({Cause.LOOKED, Cause.TIME}),
    "manual": frozenset(),
}

MOVED_BY_TIME: Final = tuple(mode for mode, causes in _MOVED_BY.items() if Cause.TIME in causes)
"""The modes in which a job moves without being looked at."""


def due(life: Life, progression: Progression, cause: Cause, now: int) -> tuple[JobStatus, int] | None:
    """The status that the job should move to, and since when (ms); None when it stays.

    One call answers for one step; as time goes by, more than one may be due.
    """
    if life.status.terminal or life.status == progression.stuck:
        return None
    at = _due_since(life, progression, cause, now)
    if at is None:
        return None
    if life.status == progression.fail:
        return JobStatus.FAILED, at
    return (JobStatus.PROCESSING if life.status is JobStatus.NEW else JobStatus.SUCCEEDED), at


def _due_since(life: Life, progression: Progression, cause: Cause, now: int) -> int | None:
    if cause is Cause.STEPPED:
        return now
    if life.status == progression.hold:
        return None
    if progression.mode == "elapsed":
        since = life.updated + (progression.queue if life.status is JobStatus.NEW else progression.work)
        return since if since <= now else None
    return now if cause in _MOVED_BY[progression.mode] else None


def timers(life: Life) -> dict[str, Timer]:
    """The job's ``metrics`` timers by name: the whole, the export of profiles, the write into the dataset.

    The write is the last quarter of the work: a choice of ours. A failed job has no write (divergence 44).
    """
    result = {"totalTime": Timer(life.created, life.ended)}
    if life.started is None:
        return result
    if life.status is not JobStatus.SUCCEEDED or life.ended is None:
        return result | {"profileExportTime": Timer(life.started, life.ended)}
    written_from = life.ended - (life.ended - life.started) // 4
    return result | {
        "profileExportTime": Timer(life.started, written_from),
        "aCPDatasetWriteTime": Timer(written_from, life.ended),
    }
