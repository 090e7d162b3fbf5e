"""Walks against an emulator, each action held against the pure state machine: status, times and timers.

The emulator is reached as any target is, by a function that sends requests; what only a hand inside of it can do, such
as a step of a job, is done by its tenant.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol, TypeAlias

from pytest_aep_export.contract import load
from pytest_aep_export.errors import AepError
from pytest_aep_export.exchange import Exchange, Response
from pytest_aep_export.fuzz.cases import ACCEPTED, REFUSED, Case, Gift, Step
from pytest_aep_export.fuzz.composing import Composer
from pytest_aep_export.fuzz.parties import Parties, Send
from pytest_aep_export.fuzz.performing import perform
from pytest_aep_export.fuzz.stage import UNION, token
from pytest_aep_export.fuzz.walks import PROGRESSIONS, Action, Edge, Walk, course, edges_of, span, step_of, walks
from pytest_aep_export.lifecycle import Clock, Life, Progression, timers
from pytest_aep_export.model import PROFILE_CLASS, Credentials, ExportJob, JobStatus, Timer

__all__ = ["Disagreement", "Journey", "Tenant", "walk_all"]

_RENEWED: Final = 6 * 60 * 60 * 1000
"""After so many ms another token is asked for: waiting makes them old."""

_Difference: TypeAlias = tuple[str, str]
"""What was expected, and what was found."""


class Tenant(Protocol):
    """A tenant of an emulator, as far as walks need a hand inside of it; `pytest_aep_export.Tenant` is one."""

    behaviour: Any
    """How the emulator acts: its ``progression`` is replaced, its ``cancel_finished`` is read."""

    @property
    def clock(self) -> Clock:
        """The time that its jobs live by."""
        ...

    @property
    def credentials(self) -> Credentials:
        """Who may call."""
        ...

    def step(self, job_id: int) -> ExportJob:
        """Move a job one step."""
        ...


@dataclass(frozen=True, slots=True)
class Disagreement:
    """An answer that is not what the pure state machine says.

    Attributes:
        walk: The walk.
        place: After how many actions it shows: after none when the job is created, and one more than the walk has for
            the cancel that ends every walk.
        expected: What the job should be.
        found: What it is.
        exchanges: The whole walk, as it was exchanged.
    """

    walk: Walk
    place: int
    expected: str
    found: str
    exchanges: tuple[Exchange, ...]

    def __str__(self) -> str:
        return f"{self.walk}: after {self.place} actions expected {self.expected}, found {self.found}"


@dataclass(slots=True)
class Journey:
    """What all walks have come to.

    Attributes:
        walks: How many there were.
        edges: The edges of the state diagram that were taken.
        disagreements: Where the emulator and the pure machine differ.
    """

    walks: int = 0
    edges: set[Edge] = field(default_factory=set)
    disagreements: list[Disagreement] = field(default_factory=list)


def walk_all(tenant: Tenant, send: Send, chosen: Iterable[Walk] | None = None) -> Journey:
    """Go walks, one after the other, each with a job of its own that is cancelled in the end.

    Args:
        tenant: Where to.
        send: Sends a request to its emulator.
        chosen: The walks; by default all of the usual depth.

    Raises:
        AepError: The emulator does not even let a dataset or a job be made.
    """
    return asyncio.run(_Walker(tenant, send).go(walks() if chosen is None else chosen))


class _Walker:
    """Goes walks and keeps an account of them."""

    def __init__(self, tenant: Tenant, send: Send) -> None:
        self._tenant = tenant
        self._send = send
        self._composer = Composer(load())
        self._names: dict[str, str] = {}
        self._good_until = 0
        self._journey = Journey()
        self._exchanges: list[Exchange] = []

    async def go(self, chosen: Iterable[Walk]) -> Journey:
        before = self._tenant.behaviour
        try:
            for walk in chosen:
                if self._tenant.clock.now() >= self._good_until:
                    await self._prepare()
                await self._walk(walk)
                self._journey.walks += 1
        finally:
            self._tenant.behaviour = before
        return self._journey

    async def _prepare(self) -> None:
        """Get a token, and a dataset to export into."""
        body = {"name": "Walked", "schemaRef": UNION}
        dataset = Step("createDataset", body=body, gives=(Gift("dataset", "/0", "tail"),))
        known = Parties({"own": self._tenant.credentials}).names("own")
        done = await perform(Case("what walks need", (token("own"), dataset)), self._composer, known, self._send)
        if "dataset" not in done.names:
            last = done.attempts[-1].response
            raise AepError(f"no walk can begin: no token and dataset was given, but status {last.status}")
        self._names = done.names
        self._good_until = self._tenant.clock.now() + _RENEWED

    async def _walk(self, walk: Walk) -> None:
        progression = PROGRESSIONS[walk.progression]
        self._tenant.behaviour = replace(self._tenant.behaviour, progression=progression)
        self._exchanges = []
        job = await self._create()
        life, names = Life(self._tenant.clock.now()), {**self._names, "walked": str(job.id)}
        wrong, done = _difference(job, life), 0
        for action in (*walk.actions, Action.CANCEL):
            if wrong:
                break
            life, wrong = await self._tried(action, life, progression, names)
            done += 1
        if wrong:
            self._journey.disagreements.append(Disagreement(walk, done, *wrong, tuple(self._exchanges)))

    async def _tried(
        self, action: Action, life: Life, progression: Progression, names: Mapping[str, str]
    ) -> tuple[Life, _Difference | None]:
        """The job's life after an action by the pure machine, and where the emulator differs from it."""
        if action is Action.WAIT:
            self._tenant.clock.advance(milliseconds=span(progression))
            return life, None
        shown = await self._act(action, names)
        lives = course(life, progression, action, self._tenant.clock.now())
        self._journey.edges.update(edges_of(lives))
        return lives[-1], self._judged(action, lives, shown)

    async def _create(self) -> ExportJob:
        body = {"destination": {"datasetId": "${dataset}"}, "schema": {"name": PROFILE_CLASS}}
        exchange = await self._call(Step("createExportJob", body=body), self._names)
        if exchange.response.status != 200:  # noqa: PLR2004 - the one status of this operation
            raise AepError(f"no walk can begin: a job was refused with status {exchange.response.status}")
        job = _read(exchange.response, listed=False)
        if isinstance(job, int):
            raise AepError("no walk can begin: what a request for a job is answered with is none")
        return job

    async def _act(self, action: Action, names: Mapping[str, str]) -> ExportJob | int:
        """The job as an action shows it, or the status of an answer that shows none."""
        if action is Action.STEP:
            return self._tenant.step(int(names["walked"]))
        response = (await self._call(step_of(action), names)).response
        if action is Action.CANCEL or response.status != 200:  # noqa: PLR2004 - as above
            return response.status
        return _read(response, listed=action is Action.LIST)

    async def _call(self, step: Step, names: Mapping[str, str]) -> Exchange:
        request = self._composer.compose(step, names)
        exchange = Exchange(request, await self._send(request), step.operation, self._tenant.clock.now())
        self._exchanges.append(exchange)
        return exchange

    def _judged(self, action: Action, lives: tuple[Life, ...], shown: ExportJob | int) -> _Difference | None:
        """What an action should have shown and what it did, where that is not the same."""
        if isinstance(shown, ExportJob):
            return _difference(shown, lives[-1])
        if action is not Action.CANCEL:
            return f"a job that is {lives[-1].status}", f"status {shown}, and no job"
        late = len(lives) == 1 or lives[-1].status is not JobStatus.CANCELLED
        least, most = REFUSED if late and self._tenant.behaviour.cancel_finished == "refuse" else ACCEPTED
        return None if least <= shown <= most else (f"a status of {least} to {most}", f"status {shown}")


def _read(response: Response, *, listed: bool) -> ExportJob | int:
    """The job that an answer shows; its status where it shows none."""
    try:
        document = response.json()
        return ExportJob.from_json(document["records"][0] if listed else document)
    except (LookupError, TypeError, ValueError):
        return response.status


def _difference(job: ExportJob, life: Life) -> _Difference | None:
    """What a job should be and what it is, where that is not the same."""
    known = {name: _timer(timer) for name, timer in timers(life).items()}
    metrics = {name: timer for name, timer in job.raw["metrics"].items() if name in known}
    expected = (str(life.status), life.created, life.updated, {name: known[name] for name in metrics})
    found = (str(job.status), job.created, job.updated, metrics)
    return None if expected == found else (_told(*expected), _told(*found))


def _timer(timer: Timer) -> dict[str, int]:
    ended = {} if timer.end is None else {"endTimeInMs": timer.end, "totalTimeInMs": timer.end - timer.start}
    return {"startTimeInMs": timer.start, **ended}


def _told(status: str, created: int, updated: int, metrics: object) -> str:
    return f"{status}, created at {created}, updated at {updated}, with {metrics}"
