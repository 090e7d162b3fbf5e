"""Personas that get the cancelling of a job wrong."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response as HttpResponse

from pytest_aep_export.emulator import jobs
from pytest_aep_export.emulator.personas.answers import (
    LISTED,
    LOOKED_UP,
    NO_ENTITY,
    answered,
    body,
    both,
    content,
    header,
    job,
    on,
    status,
    told,
)
from pytest_aep_export.emulator.personas.edits import at, put
from pytest_aep_export.emulator.personas.requests import instead, refusing
from pytest_aep_export.emulator.personas.tables import delayed, foreign, lenient, missing, strict, table, wrong
from pytest_aep_export.emulator.problems import Refusal, profile

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_aep_export.emulator.journal import Journal
    from pytest_aep_export.emulator.personas.answers import When
    from pytest_aep_export.emulator.personas.persona import Answering, Around, Handler
    from pytest_aep_export.emulator.state import Call, State
    from pytest_aep_export.emulator.tenants import Organisation
    from pytest_aep_export.exchange import Exchange, Request, Response

__all__ = ["CANCEL"]


_OPERATION: Final = "cancelExportJob"
_FAILURE: Final = profile(HTTPStatus.INTERNAL_SERVER_ERROR, "UPAPI-113000-500", "Internal server error.").body
_CONFLICT: Final = profile(HTTPStatus.CONFLICT, "UPAPI-113000-409", "The job cannot be cancelled.").body
_DONE: Final = {"status": True, "message": "Export job has been marked for cancelling"}


def _cancelled(answer: Answering, when: When = lambda _: True) -> Answering:
    """Answers a cancel that is honoured wrongly."""
    return on(_OPERATION, answer, lambda exchange: exchange.response.status < HTTPStatus.BAD_REQUEST and when(exchange))


def _before(exchange: Exchange, earlier: Journal, operation: str = _OPERATION) -> list[Exchange]:
    """The earlier requests of an operation for the same job."""
    return [e for e in earlier.of(operation) if e.request.path == exchange.request.path]


def _had_ended(exchange: Exchange, earlier: Journal) -> bool:
    return any(b'"SUCCEEDED"' in look.response.body for look in _before(exchange, earlier, LOOKED_UP))


def _once_ended(answer: Answering) -> Answering:
    """Answers the cancelling of a job wrongly that was seen to have succeeded."""

    def apply(exchange: Exchange, earlier: Journal) -> Response:
        return answer(exchange, earlier) if _had_ended(exchange, earlier) else exchange.response

    return _cancelled(apply)


def _again(answer: Answering) -> Answering:
    """Answers the cancelling of a job wrongly that was cancelled before."""

    def apply(exchange: Exchange, earlier: Journal) -> Response:
        return answer(exchange, earlier) if _before(exchange, earlier) else exchange.response

    return _cancelled(apply)


def _undone(exchange: Exchange, earlier: Journal) -> Response:
    """Shows a job that was cancelled after its end as cancelled."""
    undone = any(_had_ended(cancel, earlier) for cancel in _before(exchange, earlier))
    return job(put("status", "CANCELLED"), LOOKED_UP)(exchange, earlier) if undone else exchange.response


def _is_cancelled(document: Any) -> bool:
    return bool(document["status"] == "CANCELLED")


def _with_a_batch(exchange: Exchange, earlier: Journal) -> Response:
    """Shows a cancelled job with the batch of a job that was seen to have succeeded."""
    ended = [e.response.json() for e in earlier.of(LOOKED_UP) if b'"SUCCEEDED"' in e.response.body]
    named = put("destination/batchId", ended[-1]["destination"]["batchId"]) if ended else put("requestId", "")
    return job(named, LOOKED_UP, _is_cancelled)(exchange, earlier)


def _files_gone(exchange: Exchange, earlier: Journal) -> Response:
    """Lists no files of a batch whose job was cancelled after its end."""
    batch = exchange.request.path.split("/")[-2].encode()
    looks = [look for look in earlier.of(LOOKED_UP) if batch in look.response.body]
    gone = any(_before(look, earlier) for look in looks)
    return (
        answered(200, {"data": [], "_page": {"limit": 100, "count": 0}})(exchange, earlier)
        if gone
        else exchange.response
    )


async def _ignored(call: Call, handle: Handler) -> HttpResponse:
    if jobs.find(call.state.store, call.sandbox.key, call.path["exportJobId"]) is None:
        return await handle(call)
    return HttpResponse(status_code=HTTPStatus.NO_CONTENT)


async def _ignored_once(call: Call, handle: Handler) -> HttpResponse:
    before = [e for e in call.organisation.journal.of(_OPERATION) if e.request.path == call.request.path]
    return await (handle(call) if before else _ignored(call, handle))


def _with(others: Any) -> Around:
    """Cancels other jobs along with the one that is meant."""

    async def apply(call: Call, handle: Handler) -> HttpResponse:
        response = await handle(call)
        keys: Iterable[int] = others(call, int(call.path["exportJobId"]))
        for key in keys:
            with suppress(Refusal):
                await handle(replace(call, path={"exportJobId": str(key)}))
        return response

    return instead(_OPERATION, apply)


def _unfinished(call: Call, _: int) -> list[int]:
    return [job.number for job in jobs.listed(call.state.store, call.sandbox.key)]


def _post_as_delete(request: Request, _: Organisation, state: State) -> Request:
    cancelled = replace(request, method="DELETE")
    match = state.contract.match("DELETE", request.path)
    return cancelled if request.method == "POST" and match and match.operation.id == _OPERATION else request


CANCEL: Final = table(
    "CANCEL",
    {
        "cancel-accepted-for-later": wrong("A cancel is answered with 202.", _cancelled(status(202))),
        "cancel-created-something": wrong("A cancel is answered with 201.", _cancelled(status(201))),
        "cancel-answered-with-text": wrong("A cancel is answered with a text.", _cancelled(answered(200, "OK"))),
        "cancel-status-as-text": wrong(
            "A cancel is answered with a status that is a text.", _cancelled(answered(200, {**_DONE, "status": "true"}))
        ),
        "cancel-without-message": missing(
            "A cancel is answered with a status and no message.", _cancelled(answered(200, {"status": True}))
        ),
        "refuses-to-cancel": strict(
            "No job can be cancelled.",
            around=refusing(lambda _: True, "/path/exportJobId: expected another job", _OPERATION),
        ),
        "ignores-cancel": lenient("A cancel is accepted and has no effect.", around=instead(_OPERATION, _ignored)),
        "cancels-at-second-time": delayed(
            "A job is cancelled when that is asked for again.", around=instead(_OPERATION, _ignored_once)
        ),
        "cancels-the-job-before": foreign(
            "The job that was created before is cancelled as well.", around=_with(lambda _, number: [number - 1])
        ),
        "cancels-the-next-job": foreign(
            "The job that was created next is cancelled as well.", around=_with(lambda _, number: [number + 1])
        ),
        "cancels-every-job": foreign("All jobs are cancelled together.", around=_with(_unfinished)),
        "cancel-after-the-end-fails": wrong(
            "Cancelling a job that has succeeded is answered with 500.", _once_ended(answered(500, _FAILURE))
        ),
        "cancel-after-the-end-in-html": wrong(
            "Cancelling a job that has succeeded is refused with a page of HTML.",
            _once_ended(
                both(
                    answered(409, _CONFLICT),
                    content(lambda _: b"<html>"),
                    header("content-type", lambda _: "text/html"),
                )
            ),
        ),
        "cancel-undoes-success": wrong(
            "A job that has succeeded is CANCELLED when it is cancelled.", on(LOOKED_UP, _undone)
        ),
        "cancel-deletes-files": missing(
            "The files of a job that has succeeded are gone when it is cancelled.", on("listBatchFiles", _files_gone)
        ),
        "cancelled-jobs-not-listed": missing(
            "Cancelled jobs are not listed.",
            on(
                LISTED,
                body(at("records", lambda jobs: [job for job in jobs if job["status"] != "CANCELLED"])),
            ),
        ),
        "cancelled-jobs-are-gone": missing(
            "A cancelled job is not found any more.",
            on(LOOKED_UP, answered(404, NO_ENTITY), lambda exchange: b'"CANCELLED"' in exchange.response.body),
        ),
        "cancelled-with-errors": wrong(
            "A cancelled job reports an error.",
            job(put("errors", [{"code": "unknown", "msg": "Job aborted.", "callStack": ""}]), LOOKED_UP, _is_cancelled),
        ),
        "cancelled-with-files": foreign(
            "A cancelled job names the batch of one that has succeeded.", on(LOOKED_UP, _with_a_batch)
        ),
        "second-cancel-fails": wrong("Cancelling a job again is answered with 500.", _again(answered(500, _FAILURE))),
        "cancels-unknown-jobs": lenient(
            "Cancelling an unknown job is answered like any other cancel.",
            on(_OPERATION, answered(204, None), told(404)),
            also=("ERROR",),
        ),
        "cancelling-unknown-job-is-bad-request": wrong(
            "Cancelling an unknown job is answered with 400.", on(_OPERATION, status(400, of={404}))
        ),
        "cancelling-unknown-job-fails": wrong(
            "Cancelling an unknown job is answered with 500.",
            on(_OPERATION, answered(500, _FAILURE), told(404)),
        ),
        "post-cancels": lenient("POST on a job cancels it.", hear=_post_as_delete),
    },
)
