"""Cancelling a job."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_aep_export.contract import Contract
from pytest_aep_export.exchange import Exchange
from pytest_aep_export.suite.answers import batch_ids
from pytest_aep_export.suite.api import JOBS, Api
from pytest_aep_export.suite.expect import (
    array,
    conforms,
    document,
    expect,
    not_applicable,
    pick,
    prerequisite,
    status,
)
from pytest_aep_export.suite.exports import Exports, Shown
from pytest_aep_export.values import job_key

requirement = pytest.mark.aep_requirement

ENDED = ("SUCCEEDED", "FAILED")
CANCELLED = (200, 202, 204)
"""The statuses of a cancel that is honoured; 202 is none of the documented ones (divergence 7)."""


@pytest.fixture
def job(api: Api, exports: Exports) -> Any:
    """The id of a job that was just created."""
    return pick(api.new_job(exports.spare_job()), "/id")


@pytest.fixture(scope="module")
def after_the_end(api: Api, exports: Exports) -> tuple[Exchange, Exchange]:
    """A job that has succeeded, and the answer to its cancelling."""
    last = api.watch(pick(api.new_job(exports.spare_job()), "/id"))[-1]
    with prerequisite("EXP-WATCH-002"):
        expect(pick(last, "/status") == "SUCCEEDED", last, "the job succeeds", pick(last, "/status"))
    return last, api.cancel_job(pick(last, "/id"))


@pytest.fixture(scope="module")
def cancelled(api: Api, exports: Exports) -> Exchange:
    """The last look at a job that was cancelled or, where it is not found any more, its creation."""
    created = api.new_job(exports.spare_job())
    with prerequisite("EXP-CANCEL-001"):
        status(cancel(api, pick(created, "/id")), CANCELLED, "a job is cancelled with 200 or 204")
    gone = api.show_job(pick(created, "/id")).response.status == 404
    return created if gone else api.watch(pick(created, "/id"))[-1]


def cancel(api: Api, job: Any) -> Exchange:
    """The answer to cancelling a job; one that had ended before may be refused (divergence 6) and judges nothing."""
    exchange = api.cancel_job(job)
    if 400 <= exchange.response.status < 500:
        shown = api.show_job(job)
        if shown.response.status == 200 and pick(shown, "/status") in ENDED:
            not_applicable("the job had ended before it could be cancelled")
    return exchange


def expect_answer(exchange: Exchange, what: str) -> None:
    """Require that a cancel is honoured, or refused properly."""
    status(exchange, {*CANCELLED, *range(400, 500)}, f"{what} is answered with 200 or 204, or refused")
    if exchange.response.status not in CANCELLED:
        expect(isinstance(document(exchange), dict), exchange, "a refusal is a JSON object", document(exchange))


@requirement("EXP-CANCEL-001")
def test_the_documented_forms(api: Api, contract: Contract, job: Any):
    """Cancelling an unfinished job is honoured with nothing, or with a status and a message."""
    exchange = status(cancel(api, job), CANCELLED, "a job is cancelled with 200 or 204")
    if exchange.response.body:
        if exchange.response.status == 200:
            conforms(exchange, contract.validate_response("cancelExportJob", exchange.response))
        for name, kind in (("status", bool), ("message", str)):
            found = pick(exchange, f"/{name}")
            expect(isinstance(found, kind), exchange, f"{name} is a {kind.__name__}", found)


@requirement("EXP-CANCEL-002")
def test_the_documented_statuses(api: Api, job: Any):
    """A cancel is answered with 200, or with 204 and no body."""
    exchange = cancel(api, job)
    with prerequisite("EXP-CANCEL-001"):
        status(exchange, CANCELLED, "a job is cancelled")
    status(exchange, {200, 204}, "a job is cancelled with 200 or 204")
    length = exchange.response.headers.get("content-length", "0")
    fits = exchange.response.status == 200 or length == "0"
    expect(fits, exchange, "204 has no Content-Length other than 0", length)


@requirement("EXP-CANCEL-003")
def test_a_cancelled_job_does_not_succeed(api: Api, job: Any):
    """A cancelled job is gone, or ends in another status than SUCCEEDED."""
    with prerequisite("EXP-CANCEL-001"):
        status(cancel(api, job), CANCELLED, "a job is cancelled with 200 or 204")
    if api.show_job(job).response.status != 404:
        last = api.watch(job)[-1]
        expect(pick(last, "/status") != "SUCCEEDED", last, "a cancelled job does not succeed", pick(last, "/status"))


@requirement("EXP-CANCEL-004")
def test_the_others_are_left_alone(api: Api, exports: Exports, job: Any):
    """The jobs before and after the cancelled one still succeed."""
    cancelled = pick(api.new_job(exports.spare_job()), "/id")
    newer = pick(api.new_job(exports.spare_job()), "/id")
    api.cancel_job(cancelled)
    for neighbour in (job, newer):
        last = api.watch(neighbour)[-1]
        found = pick(last, "/status")
        expect(found == "SUCCEEDED", last, f"job {neighbour} succeeds although job {cancelled} is cancelled", found)


@requirement("EXP-CANCEL-005")
def test_a_finished_job(after_the_end: tuple[Exchange, Exchange]):
    """Cancelling a finished job is honoured or refused, without a server error."""
    expect_answer(after_the_end[1], "cancelling a finished job")


@requirement("EXP-CANCEL-006")
def test_a_success_is_not_undone(api: Api, after_the_end: tuple[Exchange, Exchange]):
    """A job that has succeeded keeps its status and its files when it is cancelled."""
    last, _ = after_the_end
    exchange = status(api.show_job(pick(last, "/id")), {200}, "the finished job is still answered with 200")
    expect(pick(exchange, "/status") == "SUCCEEDED", exchange, "its status stays SUCCEEDED", pick(exchange, "/status"))
    with prerequisite("EXP-WATCH-009"):
        batch = batch_ids(last)[0]
    files = status(api.list_batch(batch), {200}, "the files of its batch are still listed")
    expect(array(files, "/data"), files, "its files are still there", "none")


@requirement("EXP-CANCEL-007")
def test_twice(api: Api, job: Any):
    """Cancelling a job twice is honoured or refused, without a server error."""
    api.cancel_job(job)
    expect_answer(api.cancel_job(job), "cancelling a job again")


@requirement("EXP-CANCEL-010")
def test_a_cancelled_job_stays(api: Api, cancelled: Exchange):
    """A cancelled job is found under its id and listed."""
    job = pick(cancelled, "/id")
    status(api.show_job(job), {200}, "a cancelled job is still answered with 200")
    with prerequisite("EXP-LIST-001"):
        page = status(api.list_jobs(limit=100), {200}, "the list is answered with 200")
        listed = [job_key(pick(page, f"/records/{n}/id")) for n in range(len(array(page, "/records")))]
    expect(job_key(job) in listed, page, f"the list has the cancelled job {job_key(job)}", listed)


@requirement("EXP-CANCEL-011")
def test_a_cancelled_job_has_written_nothing(api: Api, cancelled: Exchange):
    """A cancelled job reports no errors, and no batch that has files."""
    job = Shown(cancelled)
    if job.get("status") in ENDED:
        not_applicable(f"the cancelled job is {job.get('status')}, which has errors or files")
    job.expect(not job.get("errors"), "a job that was cancelled has no errors", job.get("errors"))
    batch = job.get("destination", "batchId")
    if batch:
        files = api.list_batch(str(batch))
        there = files.response.status == 200 and array(files, "/data")
        expect(not there, files, "a batch that a cancelled job names has no files", there)


@requirement("EXP-CANCEL-008")
def test_an_unknown_job(api: Api):
    """Cancelling a job that does not exist is answered with 404."""
    status(api.cancel_job(2_000_000_000), {404}, "cancelling an unknown job is answered with 404")


@requirement("EXP-CANCEL-009")
def test_only_delete_cancels(api: Api, job: Any):
    """POST on a job is refused and leaves the job alone."""
    exchange = api.target.send("POST", f"{JOBS}/{job_key(job)}")
    status(exchange, range(400, 500), "POST on a job is refused with a status of 400 to 499")
    last = api.watch(job)[-1]
    expect(pick(last, "/status") == "SUCCEEDED", last, "the job still succeeds", pick(last, "/status"))
