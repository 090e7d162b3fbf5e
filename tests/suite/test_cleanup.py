"""Cleaning up: what a run has created is listed, and jobs that have not ended are cancelled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from pytest_aep_export.emulator import Behaviour
from pytest_aep_export.lifecycle import Progression
from pytest_aep_export.model import Credentials
from pytest_aep_export.suite import payloads
from pytest_aep_export.suite.api import JOBS, Api
from pytest_aep_export.suite.budget import Budget, Limits
from pytest_aep_export.suite.cleanup import Created, clean_up
from pytest_aep_export.suite.expect import pick
from pytest_aep_export.suite.sending import Target

WHO = Credentials("the-key", "the-secret", "0123@AdobeOrg", "dev")
TOKEN = {"access_token": "the-token"}


def test_what_a_run_has_left(served: Callable[..., Any]):
    """Datasets stay; a job that has ended is left alone, and one that has not is cancelled, whatever the budget."""
    with served(behaviour=Behaviour(progression=Progression("per-poll"))) as target:
        api = Api(target)
        dataset = api.new_dataset()
        ended, running = (pick(api.new_job(payloads.everything(dataset, api.policy())), "/id") for _ in range(2))
        api.watch(ended)
        api.create_job({})
        target.budget = Budget(Limits(calls=0))
        assert clean_up(target) == (
            Created("dataset", dataset, "prod", "left"),
            Created("job", str(ended), "prod", "ended"),
            Created("job", str(running), "prod", "cancelled"),
        )
        target.budget = Budget()
        assert pick(api.show_job(running), "/status") == "CANCELLED"


def test_the_embedded_emulator_needs_no_cleaning(idle: Target):
    """It is gone after the run, so nothing is listed and nothing asked."""
    idle.send("POST", JOBS, json={})
    asked = len(idle.exchanges)
    assert clean_up(idle) == ()
    assert len(idle.exchanges) == asked


class Jobs:
    """A server of one job, whose looks and cancels are answered as told."""

    def __init__(self, look: httpx.Response | Exception, cancel: httpx.Response | None = None) -> None:
        self.look = look
        self.cancel = cancel or httpx.Response(204)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        self.asked.append(request)
        if "/ims/" in request.url.path:
            return httpx.Response(200, json=TOKEN)
        if request.method == "POST":
            return httpx.Response(200, json={"id": 7} if len(self.asked) == 2 else {})
        if request.method == "DELETE":
            return self.cancel
        if isinstance(self.look, Exception):
            raise self.look
        return self.look


@pytest.fixture
def target_of() -> Iterator[Callable[[Jobs], Target]]:
    """A target that such a server answers."""
    opened: list[Target] = []

    def make(jobs: Jobs) -> Target:
        opened.append(Target("http://gateway.test", WHO, transport=httpx.MockTransport(jobs)))
        return opened[-1]

    yield make
    for target in opened:
        target.close()


@pytest.mark.parametrize(
    ("look", "cancel", "state"),
    [
        (httpx.Response(404, json={}), None, "ended"),
        (httpx.Response(200, json={"status": "FAILED"}), None, "ended"),
        (httpx.Response(200, json={"status": "NEW"}), None, "cancelled"),
        (httpx.Response(500, content=b"<html>"), None, "cancelled"),
        (httpx.Response(200, json={"status": "NEW"}), httpx.Response(500), "left"),
        (httpx.ReadTimeout("slow"), None, "left"),
    ],
)
def test_the_state_of_a_job(target_of: Callable[[Jobs], Target], look: Any, cancel: Any, state: str):
    """A job has ended if it says so or is gone; otherwise it is cancelled, if that is granted."""
    target = target_of(Jobs(look, cancel))
    target.send("POST", JOBS, json={})
    assert clean_up(target) == (Created("job", "7", "dev", state),)


def test_a_job_without_an_id_cannot_be_listed(target_of: Callable[[Jobs], Target]):
    """What got no id cannot be found again."""
    jobs = Jobs(httpx.Response(404, json={}))
    target = target_of(jobs)
    target.send("POST", JOBS, json={})
    target.send("POST", JOBS, json={})
    assert [created.id for created in clean_up(target)] == ["7"]


def test_a_target_that_is_gone_is_asked_only_once(target_of: Callable[[Jobs], Target]):
    """After one silence everything else is left as it is, without another question."""
    jobs = Jobs(httpx.ReadTimeout("slow"))
    target = target_of(jobs)
    target.send("POST", JOBS, json={})
    target.exchanges.append(target.exchanges[-1])
    asked = len(jobs.asked)
    assert [created.state for created in clean_up(target)] == ["left", "left"]
    assert len(jobs.asked) == asked + 1


def test_a_job_is_cancelled_by_whom_it_belongs_to(target_of: Callable[[Jobs], Target]):
    """The job of another tenant is looked at and cancelled as that tenant."""
    jobs = Jobs(httpx.Response(200, json={"status": "NEW"}))
    target = target_of(jobs)
    target.as_tenant(replace(WHO, sandbox="other")).send("POST", JOBS, json={})
    assert clean_up(target) == (Created("job", "7", "other", "cancelled"),)
    assert [request.headers["x-sandbox-name"] for request in jobs.asked[-2:]] == ["other", "other"]
