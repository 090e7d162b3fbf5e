"""Lifecycle walks: everything that can be done with a job, in every order, and what the pure state machine says of it.

A walk is a progression and some actions, one after the other. There are ``10 * 5 ** depth`` of a depth: ten
progressions, five actions. A walk tries whatever begins like it, so those of one depth stand for all that are shorter.
No chance is in it: walks come in the order of their actions, the last of which changes first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise, product
from typing import Final, get_args

from pytest_aep_export.fuzz.cases import ACCEPTED, Case, Gift, Owed, Step
from pytest_aep_export.lifecycle import TRANSITIONS, Cause, Life, Mode, Progression, due
from pytest_aep_export.model import PROFILE_CLASS, JobStatus

__all__ = [
    "DEPTH",
    "EDGES",
    "PROGRESSIONS",
    "REQUESTS",
    "Action",
    "Edge",
    "Walk",
    "cases_within",
    "cost",
    "course",
    "edges_of",
    "example",
    "number_of_walks",
    "sampled_cases",
    "span",
    "step_of",
    "walks",
]

Edge = tuple[JobStatus, JobStatus]
"""A move of a job from one status to another."""

EDGES: Final[frozenset[Edge]] = frozenset((source, target) for source in TRANSITIONS for target in TRANSITIONS[source])
"""Every edge of the state diagram."""

DEPTH: Final = 3
"""How many actions a walk has unless told: enough for every edge, and to try every action on a job that has ended."""

_START: Final = (JobStatus.NEW, JobStatus.PROCESSING)
_OVERHEAD: Final = 2
"""Requests of a case beside its actions: one that creates the job, and one that cancels it in the end."""


class Action(StrEnum):
    """What is done with a job: looked up, found in the list, cancelled; moved by hand; or time passes."""

    LOOK = "look"
    LIST = "list"
    CANCEL = "cancel"
    STEP = "step"
    WAIT = "wait"


REQUESTS: Final = (Action.LOOK, Action.LIST, Action.CANCEL)
"""The actions that any client has; the others need a hand inside of the server."""

PROGRESSIONS: Final[Mapping[str, Progression]] = {
    **{mode: Progression(mode) for mode in get_args(Mode)},
    **{f"hold {status}": Progression(hold=status) for status in _START},
    **{f"stuck {status}": Progression(stuck=status) for status in _START},
    **{f"fail {status}": Progression(fail=status) for status in _START},
}
"""Every way in which jobs advance, and every way to be kept from it in either status."""

_CAUSES: Final = {
    Action.LOOK: Cause.LOOKED,
    Action.LIST: Cause.TIME,
    Action.CANCEL: Cause.TIME,
    Action.STEP: Cause.STEPPED,
}


@dataclass(frozen=True, slots=True)
class Walk:
    """What is done with one job.

    Attributes:
        progression: How the job advances: a name of `PROGRESSIONS`.
        actions: What is done, in that order.
    """

    progression: str
    actions: tuple[Action, ...]

    def __str__(self) -> str:
        return f"{self.progression}: {', '.join(self.actions)}"


def walks(
    depth: int = DEPTH, actions: Sequence[Action] = tuple(Action), progressions: Sequence[str] = tuple(PROGRESSIONS)
) -> Iterator[Walk]:
    """All walks of a depth."""
    return (Walk(name, each) for name in progressions for each in product(actions, repeat=depth))


def number_of_walks(depth: int = DEPTH, actions: int = len(Action), progressions: int = len(PROGRESSIONS)) -> int:
    """How many there are."""
    return progressions * int(actions**depth)


def course(life: Life, progression: Progression, action: Action, now: int) -> tuple[Life, ...]:
    """The lives that an action leads a job through, the one before it first."""
    lives, cause = [life], _CAUSES.get(action)
    while cause and (step := due(lives[-1], progression, cause, now)):
        lives.append(lives[-1].to(*step))
        cause = Cause.TIME
    if action is Action.CANCEL and not lives[-1].status.terminal:
        lives.append(lives[-1].to(JobStatus.CANCELLED, now))
    return tuple(lives)


def span(progression: Progression) -> int:
    """How many ms pass with `Action.WAIT`: so many that a job which time moves does move, by one step."""
    return max(progression.queue, progression.work)


def edges_of(lives: Sequence[Life]) -> Iterator[Edge]:
    """The edges that a course takes."""
    return ((before.status, after.status) for before, after in pairwise(lives))


def example(edge: Edge) -> Walk:
    """The first of the shortest walks whose last action takes an edge.

    Raises:
        StopIteration: None does, at any depth that is tried.
    """
    shortest = (walk for depth in range(1, DEPTH + 1) for walk in walks(depth))
    return next(walk for walk in shortest if edge in _taken_last(walk))


def _taken_last(walk: Walk) -> frozenset[Edge]:
    """The edges that the last action of a walk takes, by the pure machine."""
    progression, life, now = PROGRESSIONS[walk.progression], Life(0), 0
    lives: tuple[Life, ...] = (life,)
    for action in walk.actions:
        now += span(progression) if action is Action.WAIT else 1
        lives = course(lives[-1], progression, action, now)
    return frozenset(edges_of(lives))


def cost(depth: int = DEPTH) -> int:
    """How many requests a walk takes as a case, one of which creates a job."""
    return depth + _OVERHEAD


def sampled_cases(requests: int, depth: int = DEPTH) -> tuple[Case, ...]:
    """As many walks as fit into a number of requests, spread evenly over all that any client can do, as cases.

    Whatever such a walk has created it cancels in the end. A case needs a dataset of the stage.

    Args:
        requests: How many requests the cases may send, all in all.
        depth: How many actions a walk has.
    """
    every = list(product(REQUESTS, repeat=depth))
    few = min(len(every), requests // cost(depth))
    return tuple(_case(every[place * len(every) // few]) for place in range(few))


def cases_within(left: Callable[[], int], most: int, depth: int = DEPTH) -> Iterator[Case]:
    """A sample whose costs are known only once it has begun, because the stage comes before its first case.

    Args:
        left: How many requests the cases may still send, all in all; asked once the first of them was tried.
        most: How many cases there may be.
        depth: How many actions a walk has.
    """
    one = cost(depth)
    yield from sampled_cases(one, depth)
    yield from sampled_cases(min(left() + one, most * one), depth)[1:]


def _case(actions: Sequence[Action]) -> Case:
    request = {"destination": {"datasetId": "${dataset}"}, "schema": {"name": PROFILE_CLASS}}
    job = Gift("walked", "/id")
    create = Step("createExportJob", body=request, owed=Owed(ACCEPTED, "EXP-CREATE-008"), gives=(job,))
    steps = [step_of(action) for action in (*actions, Action.CANCEL)]
    return Case(f"a walk: {', '.join(actions)}", (create, *steps))


def step_of(action: Action) -> Step:
    """The request of an action; of a cancel nothing is owed, because the job may have ended (divergence 6)."""
    path = {"exportJobId": "${walked}"}
    if action is Action.LOOK:
        return Step("getExportJob", path=path, owed=Owed(ACCEPTED, "EXP-WATCH-001"))
    if action is Action.LIST:
        return Step("listExportJobs", query={"limit": "1"}, owed=Owed(ACCEPTED, "EXP-LIST-001"))
    return Step("cancelExportJob", path=path)
