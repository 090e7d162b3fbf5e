"""What a run may cost."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import closing

import httpx
import pytest

from pytest_aep_export.exchange import Request, Response
from pytest_aep_export.fuzz.parties import Parties
from pytest_aep_export.model import Credentials
from pytest_aep_export.suite.api import JOBS
from pytest_aep_export.suite.budget import Budget, BudgetError, Limits
from pytest_aep_export.suite.fuzzing import Ground
from pytest_aep_export.suite.sending import Target

WHO = Credentials("the-key", "the-secret", "0123@AdobeOrg", "prod")


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        """The time, in seconds."""
        return self.at


def refused(budget: Budget, *, job: bool = False) -> BudgetError:
    """Why the next call is refused."""
    with pytest.raises(BudgetError) as caught:
        budget.spend(job=job)
    return caught.value


def test_calls_are_counted_and_capped():
    """The call beyond the last is refused, for good, and not counted."""
    budget = Budget(Limits(calls=2))
    budget.spend(job=False)
    budget.spend(job=True)
    error = refused(budget)
    assert str(error) == "the run has used up its 2 calls: allow more with --max-calls"
    assert error.final
    assert budget.calls == 2


def test_jobs_are_capped_when_they_are_created():
    """Requests that create nothing cost no job; without jobs other calls are fine."""
    budget = Budget(Limits(jobs=1))
    budget.spend(job=True)
    budget.spend(job=True)
    budget.created_job()
    error = refused(budget, job=True)
    assert str(error) == "the run has used up its 1 export jobs: allow more with --max-jobs"
    assert not error.final
    budget.spend(job=False)


def test_time_runs_out():
    """Until the end there is time left, and from then on nothing is asked."""
    clock = Hands()
    budget = Budget(Limits(seconds=60), clock)
    assert budget.seconds_left == 60
    clock.at = 159.5
    assert budget.seconds_left == 0.5
    budget.spend(job=False)
    clock.at = 160.0
    error = refused(budget)
    assert str(error) == "the run has used up its 60 s: give it more with --deadline"
    assert error.final


def test_cleaning_up_is_free():
    """While the budget is lifted nothing is refused, and no end is in sight."""
    budget = Budget(Limits(calls=0, jobs=0, seconds=0))
    with budget.lifted():
        budget.spend(job=True)
        assert budget.seconds_left is None
    assert refused(budget).final


def test_without_limits_nothing_is_refused():
    """By default anything may be spent."""
    budget = Budget()
    budget.spend(job=True)
    assert (budget.calls, budget.seconds_left) == (1, None)


def test_limits_stand_over_the_usual_ones():
    """What somebody says wins, nothing included; the rest stays as usual."""
    assert Limits(jobs=0).over(Limits(9, 9, 9)) == Limits(9, 0, 9)
    assert Limits(calls=1, seconds=2).over(Limits(9, 9, 9)) == Limits(1, 9, 2)


@pytest.fixture
def timeouts() -> tuple[Target, list[float], Callable[[], None]]:
    """A target that answers with a job, and how long it was waited for."""
    seen: list[float] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.extensions["timeout"]["read"])
        return httpx.Response(200 if request.method == "GET" or b"fine" in request.content else 400, json={"id": 7})

    target = Target("http://gateway.test", WHO, transport=httpx.MockTransport(answer))
    return target, seen, target.close


def test_no_answer_is_waited_for_longer_than_the_run(timeouts: tuple[Target, list[float], Callable[[], None]]):
    """Near its end the run waits only as long for an answer as it may still take."""
    target, seen, close = timeouts
    clock = Hands()
    target.budget = Budget(Limits(seconds=90), clock)
    target.send("GET", JOBS, without={"authorization"})
    clock.at = 180.0
    target.send("GET", JOBS, without={"authorization"})
    assert seen == [60, 10]
    close()


def test_a_target_counts_the_jobs_that_it_created(timeouts: tuple[Target, list[float], Callable[[], None]]):
    """A job that was refused costs a call only."""
    target, _, close = timeouts
    target.budget = Budget(Limits(jobs=1))
    target.send("POST", JOBS, json={}, without={"authorization"})
    target.send("POST", JOBS, json="fine", without={"authorization"})
    assert (target.budget.calls, target.budget.jobs) == (2, 1)
    with pytest.raises(BudgetError):
        target.send("POST", JOBS, json={}, without={"authorization"})
    close()


def test_cleaning_up_ends_as_well():
    """A budget that is lifted for some seconds refuses what comes after them, and is what it was before afterwards."""
    clock = Hands()
    budget = Budget(Limits(calls=0), clock)
    with budget.lifted(60):
        clock.at += 59
        budget.spend(job=True)
        assert budget.seconds_left == 1
        clock.at += 1
        assert refused(budget).final
    assert budget.seconds_left is None
    assert "0 calls" in str(refused(budget))


@pytest.mark.parametrize(("limit", "waited"), [(None, 100), (60, 60), (0, 0)])
def test_no_pause_outlasts_the_run(limit: float | None, waited: float):
    """A server that asks to be asked again later is waited for until the run's end at most."""
    slept: list[float] = []
    Budget(Limits(seconds=limit), Hands()).pause(100, slept.append)
    assert slept == [waited]


@pytest.mark.parametrize(
    ("limits", "rate", "room"),
    [
        (Limits(), None, sys.maxsize),
        (Limits(calls=7), None, 6),
        (Limits(calls=1, jobs=9), None, 0),
        (Limits(calls=100, jobs=3), None, 2 * 5),
        (Limits(seconds=8), None, sys.maxsize),
        (Limits(calls=100, seconds=8), 2.0, 16),
        (Limits(seconds=0), 2.0, 0),
    ],
)
def test_the_room_that_is_left_for_walks(limits: Limits, rate: float | None, room: int):
    """The least of what calls, jobs (one for five requests) and, at a rate, the time allow after a job was made."""
    with closing(Target("http://127.0.0.1:9", WHO)) as target:
        target.budget = Budget(limits, now=lambda: 0.0)
        target.budget.calls = target.budget.jobs = 1
        assert Ground(target, never, lambda: Parties({}), rate=rate).room == room


async def never(_: Request) -> Response:
    """Sends nothing."""
    raise AssertionError
