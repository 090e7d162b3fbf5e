"""The exception tree: what each error says, what it carries, and that secrets stay out of it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pytest_aep_export import errors
from pytest_aep_export.exchange import Exchange, Headers, Request, Response
from pytest_aep_export.model import ExportJob, JobError, JobStatus, Problem

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"


def _exchange(status: int, headers: Headers | None = None) -> Exchange:
    request = Request(
        "POST",
        "http://127.0.0.1:1/data/core/ups/export/jobs",
        Headers({"Authorization": f"Bearer {TOKEN}", "x-api-key": "the-key"}),
        b"{}",
    )
    return Exchange(request, Response(status, headers or Headers(), b'{"title":"no"}'))


def _job(**changes: Any) -> ExportJob:
    values: dict[str, Any] = {
        "status": JobStatus.FAILED,
        "dataset_id": "d",
        "batch_ids": (),
        "created": 1,
        "updated": 2,
    }
    return ExportJob(24115, **values | changes)


def test_every_exception_has_the_one_root():
    """Whoever catches AepError catches whatever this package raises on purpose."""
    tree = [getattr(errors, name) for name in errors.__all__]
    assert all(issubclass(each, errors.AepError) for each in tree)
    assert all(each.__doc__ for each in tree)


def test_the_tree_that_the_module_draws_is_the_tree_that_it_is():
    """The module's docstring names every public exception, under its true parent."""
    drawn: list[tuple[int, str]] = [
        (len(match[1]), match[2])
        for match in re.finditer(r"^ {4}(\W*)(\w+Error)\b", errors.__doc__ or "", re.MULTILINE)
    ]
    assert sorted(name for _, name in drawn) == sorted(errors.__all__)
    parents: dict[int, str] = {}
    for depth, name in drawn:
        parents[depth] = name
        above = [parents[d] for d in parents if d < depth]
        if above:
            assert issubclass(getattr(errors, name), getattr(errors, above[-1]))


@pytest.mark.parametrize("kind", [errors.BadRequestError, errors.AuthenticationError, errors.NotFoundError])
def test_an_api_error_says_what_was_asked_and_what_came_back(kind):
    """The message holds method, path, status, problem and request id, and ends with a command that repeats it."""
    problem = Problem("400003", "Missing header")
    error = kind(_exchange(400, Headers({"X-Request-Id": "abc123"})), problem)
    text, command = str(error).split("\nreproduce with: ")
    assert text == (
        "POST /data/core/ups/export/jobs was answered with 400: Missing header [400003] (request id abc123)"
    )
    assert command == error.curl
    assert error.status == 400
    assert error.problem == problem
    assert error.request_id == "abc123"
    assert error.body == b'{"title":"no"}'


def test_an_api_error_without_a_request_id_does_not_mention_one():
    """An answer without ``x-request-id`` leaves the attribute empty and the message without the clause."""
    error = errors.ServerError(_exchange(503), Problem("", "gone"))
    assert error.request_id == ""
    assert "request id" not in str(error)


def test_an_error_never_shows_a_secret():
    """Neither the message, the command nor the repr of an error holds the token or the API key."""
    error = errors.AuthenticationError(_exchange(401), Problem("401013", "Oauth token is not valid"))
    for text in (str(error), repr(error), error.curl, repr(error.exchange)):
        assert TOKEN not in text
        assert "the-key" not in text


def test_a_failed_job_gives_its_reasons():
    """The message lists every error of the job, with its code."""
    reasons = (JobError("0100000003", "Error in Export Job"), JobError("unknown", "Job aborted."))
    error = errors.JobFailedError(_job(errors=reasons))
    assert str(error) == ("export job 24115 ended as FAILED: 0100000003: Error in Export Job; unknown: Job aborted.")
    assert error.job.id == 24115


def test_a_cancelled_job_has_no_reasons_to_give():
    """Where the job names no error, the message says so."""
    error = errors.JobFailedError(_job(status=JobStatus.CANCELLED))
    assert str(error) == "export job 24115 ended as CANCELLED: the job names no error"


def test_a_wait_that_took_too_long_says_how_long_and_what_to_do():
    """The message holds the job, its status, the time waited and a way out."""
    error = errors.WaitTimeoutError(_job(status=JobStatus.PROCESSING), 90.0)
    assert str(error) == ("export job 24115 is still PROCESSING after 90 s: give it a longer timeout, or cancel it")
    assert error.waited == 90.0


def test_an_export_error_carries_the_code_for_the_job():
    """The code that goes into the job's errors is ``unknown`` unless it is given."""
    assert errors.ExportError("no room").code == "unknown"
    assert errors.ExportError("no room", "0090000009").code == "0090000009"
