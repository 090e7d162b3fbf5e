"""Waiting: until success, at a sane pace, and not for ever."""

from __future__ import annotations

from itertools import pairwise

import pytest

from pytest_aep_export.client import PollPolicy
from pytest_aep_export.client.core import Flow
from pytest_aep_export.client.waiting import wait
from pytest_aep_export.errors import ConfigurationError, JobFailedError, NotFoundError, WaitTimeoutError
from pytest_aep_export.exchange import Response
from pytest_aep_export.model import ExportJob, JobStatus


def test_a_job_is_looked_at_until_it_has_succeeded(client, api, time, job_document):
    """A job is looked at with growing pauses until it has succeeded, and each look is told."""
    statuses = ["NEW", "PROCESSING", "PROCESSING", "SUCCEEDED"]
    api.then(*[api.json(job_document(status=status)) for status in statuses])
    told = []
    job = client.wait_for_export_job(24115, progress=lambda job: told.append(job.status))
    assert (job.status, told) == (JobStatus.SUCCEEDED, statuses)
    assert time.pauses == [2.0, 3.0, 4.5]
    assert set(api.asked) == {"GET /data/core/ups/export/jobs/24115"}


def test_a_job_or_its_id_can_be_waited_for(client, api, job_document):
    """A job as it was created can be waited for as well as its number or its text."""
    api.answer = lambda _: api.json(job_document(7, status="SUCCEEDED"))
    job = ExportJob(7, JobStatus.NEW, "", (), 0, 0)
    assert [client.wait_for_export_job(one).id for one in (job, 7, "7")] == [7, 7, 7]
    assert set(api.asked) == {"GET /data/core/ups/export/jobs/7"}


@pytest.mark.parametrize("status", ["FAILED", "CANCELLED"])
def test_a_job_that_ended_otherwise_is_a_failure(client, api, time, job_document, status):
    """A job that ended in another status raises with what the job said, and is looked at no more."""
    errors = [{"code": "0100000003", "msg": "Error in Export Job"}]
    api.then(api.json(job_document(status=status, errors=errors)))
    with pytest.raises(JobFailedError, match=f"ended as {status}: 0100000003: Error in Export Job") as caught:
        client.wait_for_export_job(24115)
    assert caught.value.job.errors[0].code == "0100000003"
    assert time.pauses == []


@pytest.mark.parametrize("status", ["NEW", "PROCESSING", "QUEUED", "SUCCESSEDED", "succeeded", "DONE"])
def test_waiting_gives_up_at_the_deadline(client, api, time, job_document, status):
    """A job that stays in a status, known or not, is given up at the deadline, after a last look."""
    api.answer = lambda _: api.json(job_document(status=status))
    with pytest.raises(WaitTimeoutError, match=f"is still {status} after 10 s") as caught:
        client.wait_for_export_job(24115, timeout=10)
    assert (caught.value.job.status, caught.value.waited) == (status, 10)
    assert time.pauses == [2.0, 3.0, 4.5, 0.5]
    assert len(api.calls) == 5


def test_waiting_ends_by_itself(client, api, time, job_document):
    """Without a deadline of the user's a stuck job is given up after an hour, at a pace of half a minute."""
    api.answer = lambda _: api.json(job_document(status="PROCESSING"))
    with pytest.raises(WaitTimeoutError, match="is still PROCESSING after 3600 s"):
        client.wait_for_export_job(24115)
    assert sum(time.pauses) == 3600
    assert max(time.pauses) == 30
    assert all(later >= earlier for earlier, later in pairwise(time.pauses[:-1]))


def test_waiting_ends_where_the_clock_stands_still(make_client, api, time, job_document):
    """When pauses do not move the clock, they count by themselves."""
    api.answer = lambda _: api.json(job_document(status="PROCESSING"))
    client = make_client(api.url, now=lambda: 0.0)
    with pytest.raises(WaitTimeoutError):
        client.wait_for_export_job(24115, timeout=60, poll=PollPolicy(20, 1, 20))
    assert time.pauses == [20, 20, 20]


def test_waiting_counts_slow_answers(client, api, time, job_document):
    """Time that passes while the server answers counts towards the deadline."""

    def answer(_request) -> Response:
        time.now += 40
        return api.json(job_document(status="PROCESSING"))

    api.answer = answer
    with pytest.raises(WaitTimeoutError):
        client.wait_for_export_job(24115, timeout=100)
    assert len(api.calls) == 3


def test_no_time_to_wait_is_one_look(client, api, time, job_document):
    """A timeout of 0 looks once."""
    api.then(api.json(job_document(status="NEW")))
    with pytest.raises(WaitTimeoutError):
        client.wait_for_export_job(24115, timeout=0)
    assert time.pauses == []


def test_failed_looks_are_repeated_while_waiting(client, api, job_document):
    """Waiting survives a busy server, a gateway failure, a broken answer and an expired token."""
    broken = api.cut(b"0123456789", 3)
    api.then(
        api.json({}, 503),
        api.json(job_document()),
        Response(502),
        broken,
        api.json(job_document(status="PROCESSING")),
        api.json({"error_code": "401013", "message": "Oauth token is not valid"}, 401),
        api.json(job_document(status="SUCCEEDED")),
    )
    assert client.wait_for_export_job(24115).succeeded


def test_a_job_that_vanishes_ends_the_wait(client, api, time, job_document):
    """An error of the API while waiting is raised as it is."""
    api.then(api.json(job_document()), api.json({"title": "gone"}, 404))
    with pytest.raises(NotFoundError):
        client.wait_for_export_job(24115)
    assert time.pauses == [2.0]


@pytest.mark.parametrize("options", [{"start": 0}, {"start": 31}, {"factor": 0.9}, {"maximum": 1}])
def test_a_poll_policy_must_make_sense(options):
    """Numbers that describe no policy are refused."""
    with pytest.raises(ConfigurationError, match="a poll policy needs 0 < start <= maximum and factor >= 1"):
        PollPolicy(**options)


def test_a_very_long_wait_stays_in_numbers():
    """Thousands of looks at a stuck job, each pause longer than the last would be, overflow nothing."""
    job = ExportJob(7, JobStatus.PROCESSING, "", (), 0, 0)

    def look() -> Flow[ExportJob]:
        return job
        yield

    flow = wait(look, timeout=30 * 5000, poll=PollPolicy(), progress=None, now=lambda: 0.0)
    with pytest.raises(WaitTimeoutError):
        for _ in flow:
            pass
