"""Personas that get the progress of a job wrong."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from pytest_aep_export.emulator.personas.answers import (
    CREATED,
    LOOKED_UP,
    NO_ENTITY,
    answered,
    any_like,
    both,
    job,
    late,
    on,
    repeated,
    status,
    told,
)
from pytest_aep_export.emulator.personas.edits import Edit, at, drop, put, then
from pytest_aep_export.emulator.personas.tables import (
    delayed,
    foreign,
    lenient,
    missing,
    reordered,
    stale,
    table,
    wrong,
)
from pytest_aep_export.errors import ExportError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_aep_export.emulator.journal import Journal
    from pytest_aep_export.emulator.personas.persona import Answering
    from pytest_aep_export.emulator.state import State
    from pytest_aep_export.emulator.tenants import Organisation
    from pytest_aep_export.exchange import Exchange, Request, Response
    from pytest_aep_export.exporter.plan import ExportPlan

__all__ = ["WATCH"]


_BATCH: Final = "01HP1Z0A9YZ733QCJN6AXCATHF"


def _is(wanted: str) -> Callable[[Any], bool]:
    return lambda document: bool(document["status"] == wanted)


def _ended(edit: Edit) -> Answering:
    """Edits a job that has succeeded, when it is looked up."""
    return job(edit, LOOKED_UP, _is("SUCCEEDED"))


def _running(edit: Edit) -> Answering:
    """Edits a job that is being processed, when it is looked up."""
    return job(edit, LOOKED_UP, _is("PROCESSING"))


def _looks(exchange: Exchange, earlier: Journal) -> tuple[Exchange, ...]:
    """The earlier looks at the same job."""
    return tuple(e for e in earlier.of(LOOKED_UP) if e.request.path == exchange.request.path)


def _once_ended(edit: Edit, times: int = 1) -> Answering:
    """Edits a job that earlier looks have shown as a success, so many of them."""

    def apply(exchange: Exchange, earlier: Journal) -> Response:
        ended = sum(b'"SUCCEEDED"' in look.response.body for look in _looks(exchange, earlier))
        return job(edit)(exchange, earlier) if ended >= times else exchange.response

    return on(LOOKED_UP, apply)


def _first_batch(exchange: Exchange, earlier: Journal) -> Response:
    """A job that has succeeded, with the batch of the first job that had."""
    ended = (e.response for e in earlier.of(LOOKED_UP) if b'"SUCCEEDED"' in e.response.body)
    first = next(ended, exchange.response).json()
    batch = first.get("destination", {}).get("batchId")
    return _ended(put("destination/batchId", batch))(exchange, earlier) if batch else exchange.response


def _first_digits(request: Request, whose: Organisation, _: State) -> Request:
    """Understands a path that begins with that of a job as the job's."""
    before, mark, rest = request.url.partition("/export/jobs/")
    made = (e.response.json() for e in whose.journal.of(CREATED) if e.response.status == HTTPStatus.OK)
    meant = next((key for key in (str(job["id"]) for job in made) if mark and rest.startswith(key)), rest)
    return replace(request, url=f"{before}{mark}{meant}")


def _batch_late(exchange: Exchange, earlier: Journal) -> Response:
    """A success without its batch, until it was shown as one."""
    ended = any(b'"SUCCEEDED"' in look.response.body for look in _looks(exchange, earlier))
    return exchange.response if ended else _ended(drop("destination/batchId"))(exchange, earlier)


def _by_look(edit: Callable[[int], Edit]) -> Answering:
    """Edits a job by how often it was looked at before."""

    def apply(exchange: Exchange, earlier: Journal) -> Response:
        return job(edit(len(_looks(exchange, earlier))))(exchange, earlier)

    return on(LOOKED_UP, apply)


def _plus(number: int) -> Edit:
    return lambda value: value + number


def _as_created(document: Any) -> Any:
    """The job with the time of its creation as that of its update."""
    return {**document, "updateTime": document["creationTime"]}


def _failing(_: ExportPlan) -> ExportPlan:
    raise ExportError("the cluster has no room for another export", "0100000003")


def _failing_with_events(plan: ExportPlan) -> ExportPlan:
    return _failing(plan) if plan.events else plan


def _latest(exchange: Exchange, earlier: Journal) -> Response:
    """The job that was shown last."""
    shown = [e.response for e in earlier.of(LOOKED_UP) if e.response.status == HTTPStatus.OK]
    return shown[-1] if shown and exchange.response.status == HTTPStatus.NOT_FOUND else exchange.response


WATCH: Final = table(
    "WATCH",
    {
        "forgets-jobs": missing("No job is found under its id.", on(LOOKED_UP, answered(404, NO_ENTITY))),
        "job-found-late": delayed(
            "A new job is not found at the first look.", on(LOOKED_UP, late(answered(404, NO_ENTITY)))
        ),
        "always-shows-first-job": stale(
            "Every look shows the job that was looked at first.", on(LOOKED_UP, repeated(any_like))
        ),
        "looked-up-under-another-id": wrong("A look at a job shows the next id.", job(at("id", _plus(1)), LOOKED_UP)),
        "exports-fail": wrong("Every job fails.", plan=_failing),
        "exports-of-events-fail": wrong("Every job that exports events fails.", plan=_failing_with_events),
        "success-does-not-last": stale(
            "A job that was shown as a success four times is PROCESSING from then on.",
            _once_ended(put("status", "PROCESSING"), times=4),
        ),
        "one-batch-for-all": stale(
            "Every job that has succeeded names the batch of the first one.",
            on(LOOKED_UP, _first_batch),
            also=("ROWS",),
        ),
        "ids-by-their-digits": lenient(
            "Whatever stands behind the number of a job in its path is overlooked.", hear=_first_digits
        ),
        "success-is-misspelled": wrong("A job ends as SUCCESS.", _ended(put("status", "SUCCESS"))),
        "success-turns-to-failure": wrong(
            "A job that has succeeded is FAILED at the next look.", _once_ended(put("status", "FAILED"))
        ),
        "success-turns-to-processing": stale(
            "A job that has succeeded is PROCESSING at the next look.", _once_ended(put("status", "PROCESSING"))
        ),
        "status-goes-back": reordered(
            "A job is PROCESSING when it is created and NEW at the first look.",
            both(
                job(put("status", "PROCESSING"), CREATED),
                _by_look(lambda looks: at("status", lambda found: found if looks else "NEW")),
            ),
        ),
        "creation-time-moves": wrong(
            "A job was created a little later at every look.", _by_look(lambda looks: at("creationTime", _plus(looks)))
        ),
        "dataset-changes": foreign(
            "A job that has succeeded names another dataset than before.",
            _ended(put("destination/datasetId", "5b7c86968f7b6501e21ba9df")),
        ),
        "policy-changes": wrong(
            "A job that has begun names another merge policy than before.",
            job(put("mergePolicy/id", "another"), LOOKED_UP),
        ),
        "schema-changes": wrong(
            "A job that has succeeded names another schema than before.",
            _ended(put("schema/name", "_xdm.context.experienceevent")),
        ),
        "request-id-of-the-look": wrong(
            "A job shows the id of the request that looks at it.",
            _by_look(lambda looks: put("requestId", f"look-{looks}")),
        ),
        "update-goes-back": reordered("A job that has succeeded was updated when it was created.", _ended(_as_created)),
        "never-updated": stale("A job is never updated after its creation.", job(_as_created)),
        "update-after-the-end": wrong(
            "A job that has succeeded was updated after its end.", _ended(at("updateTime", _plus(1)))
        ),
        "update-moves-after-the-end": wrong(
            "A job that has succeeded is updated with every look.", _once_ended(at("updateTime", _plus(500)))
        ),
        "success-without-batch": missing(
            "A job that has succeeded names no batch.", job(drop("destination/batchId"), when=_is("SUCCEEDED"))
        ),
        "success-with-empty-batch": wrong(
            "The batch of a job that has succeeded is an empty text.",
            job(put("destination/batchId", ""), when=_is("SUCCEEDED")),
        ),
        "batch-named-late": delayed(
            "A job that has succeeded names its batch at the next look only.", on(LOOKED_UP, _batch_late)
        ),
        "batch-id-is-a-path": wrong(
            "The batch of a job is given as a path.",
            job(at("destination/batchId", lambda batch: f"batches/{batch}"), when=_is("SUCCEEDED")),
        ),
        "batch-is-forgotten": missing(
            "A job that has succeeded names its batch at the first look only.", _once_ended(drop("destination/batchId"))
        ),
        "announces-another-batch": foreign(
            "A job that is being processed names another batch than the one that it writes.",
            _running(put("destination/batchId", _BATCH)),
        ),
        "success-without-end": missing(
            "The metrics of a job that has succeeded do not say when it ended.",
            _ended(drop("metrics/totalTime/endTimeInMs")),
        ),
        "success-without-duration": missing(
            "The metrics of a job that has succeeded do not say how long it took.",
            _ended(drop("metrics/totalTime/totalTimeInMs")),
        ),
        "success-without-total-time": missing(
            "The metrics of a job that has succeeded have no total time.", _ended(drop("metrics/totalTime"))
        ),
        "export-before-creation": wrong(
            "The export of profiles starts before its job was created.",
            _ended(
                then(
                    at("metrics/profileExportTime/startTimeInMs", _plus(-60_000)),
                    at("metrics/profileExportTime/totalTimeInMs", _plus(60_000)),
                )
            ),
        ),
        "write-after-the-end": wrong(
            "The write into the dataset ends after its job.",
            _ended(
                then(
                    at("metrics/aCPDatasetWriteTime/endTimeInMs", _plus(60_000)),
                    at("metrics/aCPDatasetWriteTime/totalTimeInMs", _plus(60_000)),
                )
            ),
        ),
        "without-export-time": missing(
            "The metrics do not tell how long the export of profiles took.", job(drop("metrics/profileExportTime"))
        ),
        "without-write-time": missing(
            "The metrics do not tell how long the write into the dataset took.",
            job(drop("metrics/aCPDatasetWriteTime")),
        ),
        "running-job-has-ended": wrong(
            "A job that is being processed tells when it ended.",
            _running(lambda document: put("metrics/totalTime/endTimeInMs", document["updateTime"])(document)),
            also=("JOB",),
        ),
        "looked-up-without-status": missing(
            "A look at a job does not show its status.", job(drop("status"), LOOKED_UP)
        ),
        "instance-changes": wrong(
            "A look at a job shows another profile instance than its creation.",
            job(put("profileInstanceId", "another"), LOOKED_UP),
        ),
        "fields-change": wrong(
            "A job that has succeeded repeats other fields than before.", _ended(at("fields", lambda _: "person"))
        ),
        "compute-jobs-change": wrong(
            "A job that has succeeded lists its export under another id than before.",
            _ended(put("computeGatewayJobId/exportJob", "another")),
        ),
        "compute-jobs-vanish": missing(
            "A job that has succeeded lists no compute jobs any more.", _ended(put("computeGatewayJobId", {}))
        ),
        "filtered-jobs-fail": wrong(
            "A job with a filter ends as FAILED.",
            job(
                put("status", "FAILED"),
                when=lambda document: document["status"] == "SUCCEEDED" and document.get("filter"),
            ),
            also=("CREATE",),
        ),
        "unknown-job-is-nothing": lenient(
            "An unknown job is answered with 200 and an empty object.",
            on(LOOKED_UP, answered(200, {}), told(404)),
        ),
        "unknown-job-is-the-latest": foreign(
            "An unknown job is answered with the job that was shown last.", on(LOOKED_UP, _latest)
        ),
        "unknown-job-is-bad-request": wrong(
            "An unknown job is answered with 400.", on(LOOKED_UP, status(400, of={404}))
        ),
        "unknown-job-is-server-error": wrong(
            "An unknown job is answered with 500.", on(LOOKED_UP, status(500, of={404}))
        ),
    },
)
