"""Strategies for what servers answer: the right is valid and read, a near miss contradicts the contract once."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable

import httpx
import pytest
from hypothesis import given, settings

from pytest_aep_export import AepClient, Credentials, JobStatus, Response
from pytest_aep_export.client.retry import RetryPolicy
from pytest_aep_export.contract import DIALECTS, load
from pytest_aep_export.errors import AepError
from pytest_aep_export.fuzz.strategies import NearMiss, job_responses, mistakes_of
from tests.fuzz.simplest import first, simplest

WHO = Credentials("a-client", "a-secret", "1BD6382559DF0C130A49422D@AdobeOrg")
TOKEN = {"access_token": "a-token", "token_type": "bearer", "expires_in": 86_399}
EVERY = [*DIALECTS, None]


def client(answer: Response) -> AepClient:
    """Our client, with a server that always answers so."""

    def respond(request: httpx.Request) -> httpx.Response:
        if request.url.path.startswith("/ims/"):
            return httpx.Response(200, json=TOKEN)
        headers = [(name.encode("latin-1"), value.encode("utf-8")) for name, value in answer.headers.raw]
        return httpx.Response(answer.status, headers=headers, content=answer.body)

    return AepClient(
        WHO,
        base_url="http://127.0.0.1:9",
        transport=httpx.MockTransport(respond),
        retry=RetryPolicy(attempts=1),
        pause=lambda _: None,
    )


def answers_in(dialect: str | None) -> Callable[[], None]:
    """The property of one dialect."""

    @given(job_responses(dialect))
    @settings(max_examples=15)
    def holds(answer: Response) -> None:
        assert load().validate_response("getExportJob", answer, dialect) == []
        job = client(answer).get_export_job(1)
        shown = answer.json()
        assert (job.id, job.created, job.updated) == (int(shown["id"]), shown["creationTime"], shown["updateTime"])
        assert str(job.status) == shown["status"]
        assert job.dataset_id == "5b020a27e7040801dedba61b"
        assert bool(job.errors) == (shown["status"] == "FAILED")
        assert job.batch_ids or not job.succeeded

    return holds


@pytest.mark.parametrize("dialect", EVERY)
def test_an_answer_is_valid_in_its_dialect_and_our_client_reads_it(dialect: str | None):
    """The contract finds nothing, warnings included, and what the client says of the job is what was answered."""
    answers_in(dialect)()


@pytest.mark.parametrize("dialect", EVERY)
def test_all_statuses_are_drawn(dialect: str | None):
    """Every status that a dialect knows comes up, and a caller may choose."""
    for status in JobStatus:
        answer = simplest(job_responses(dialect, statuses=[status]))
        assert answer.json()["status"] == status
    if dialect is None:
        assert simplest(job_responses(None, statuses=["QUEUED"])).json()["status"] == "QUEUED"


def test_dialects_differ_where_they_are_documented_to():
    """Each dialect shows a job in its own way."""
    assert "dataSetId" in simplest(job_responses("profile-guide")).json()["destination"]
    assert "datasetId" in simplest(job_responses("openapi")).json()["destination"]
    one = simplest(job_responses("openapi"), lambda answer: "batches" in answer.json()["destination"])
    assert isinstance(one.json()["destination"]["batches"], dict)
    several = simplest(job_responses(), lambda answer: "batches" in answer.json()["destination"])
    assert isinstance(several.json()["destination"]["batches"], list)
    both = simplest(job_responses(None), lambda answer: {"datasetId", "dataSetId"} <= {*answer.json()["destination"]})
    assert len({both.json()["destination"][name] for name in ("datasetId", "dataSetId")}) == 1
    for kind in (int, float, str):
        simplest(job_responses(None), lambda answer, kind=kind: isinstance(answer.json()["id"], kind))


@given(job_responses(mistakes="*"))
@settings(max_examples=60)
def test_a_near_miss_contradicts_every_variant_in_one_place(miss: NearMiss[Response]):
    """The contract finds the mistake, whatever the dialect, and nothing else."""
    found = load().validate_response("getExportJob", miss.value)
    assert {(violation.pointer, violation.level) for violation in found} == {(miss.place, "MUST")}


@pytest.mark.parametrize("name", mistakes_of(job_responses)[::3])
def test_a_mistake_is_drawn_by_its_name(name: str):
    """Whoever names a mistake gets it, in the simplest job that has it."""
    miss = first(job_responses(mistakes=name))
    assert miss.mistake.name == name
    assert len(miss.value.json()) <= 15


@given(job_responses(None, hostile=True))
@settings(max_examples=60)
def test_a_hostile_answer_does_not_break_our_client(answer: Response):
    """Whatever a server answers, the client returns a job or raises an error of this package."""
    with contextlib.suppress(AepError):
        client(answer).get_export_job(1)


def test_answers_shrink_to_a_new_job():
    """The simplest answer shows a job that was just created, with no more than every job has."""
    answer = simplest(job_responses())
    job = json.loads(answer.body)
    assert (job["id"], job["status"], job["creationTime"]) == (1, "NEW", job["updateTime"])
    assert job["metrics"] == {"totalTime": {"startTimeInMs": job["creationTime"]}}
    assert not {"fields", "filter", "additionalFields", "errors"} & {*job}
