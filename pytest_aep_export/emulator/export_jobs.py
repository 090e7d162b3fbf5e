"""Export jobs: created, listed, watched and cancelled (seed; facts, export-jobs)."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from pytest_aep_export.emulator import ids, jobs, references
from pytest_aep_export.emulator.advance import settle, settle_all
from pytest_aep_export.emulator.jobs import Job, Target
from pytest_aep_export.emulator.problems import no_entity, refuse
from pytest_aep_export.emulator.state import Call, answer
from pytest_aep_export.lifecycle import Cause, Life
from pytest_aep_export.model import JobStatus, MergePolicy

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["cancel_export_job", "create_export_job", "get_export_job", "list_export_jobs"]

_MOST_BATCHES: Final = 100
"""How many batches one job writes; a choice of ours, so that a look at a job takes no minutes."""

_MARK: Final = re.compile(r"(\d{1,15})_(\d{1,15})")
_SORTS: Final = {
    "creationTime": lambda job: (job.life.created, job.number),
    "createdTime": lambda job: (job.life.created, job.number),
    "updateTime": lambda job: job.life.updated,
    "id": lambda job: job.number,
    "status": lambda job: str(job.life.status),
}
_DEFAULT_ORDER: Final = ("createdTime", "desc")


async def create_export_job(call: Call) -> Response:
    """A new job in status ``NEW``; a request that is refused leaves nothing behind."""
    request = call.document
    policy = references.policy_of(call)
    segments = request.get("filter", {}).get("segments", [])
    per_segment = bool(request["destination"].get("segmentPerBatch")) and bool(segments)
    if per_segment and len(segments) > _MOST_BATCHES:
        detail = f"/filter/segments: expected at most {_MOST_BATCHES} with segmentPerBatch, found {len(segments)}"
        raise refuse(call.operation.service, 400, [detail], call.request_id)
    targets = tuple(_target(call, segment) for segment in (segments if per_segment else [None]))
    job = _new_job(call, request, policy, targets)
    jobs.save(call.state.store, call.sandbox.key, job)
    location = f"{call.origin}{call.operation.path}/{job.key}"
    return _show(call, job, {"x-location": location})


def _target(call: Call, segment: Mapping[str, Any] | None) -> Target:
    shown = segment and {"segmentNs": "ups", "status": ["realized"], **segment}
    number = call.state.store.next_number(call.sandbox.key, "batch")
    form = call.organisation.behaviour.dialect.batch_id
    return Target(ids.batch_id(form, call.now, call.state.seed, call.sandbox.key, number), shown)


def _new_job(call: Call, request: Mapping[str, Any], policy: MergePolicy, targets: tuple[Target, ...]) -> Job:
    seed, tenant = call.state.seed, call.sandbox.key
    number = call.state.store.next_number(tenant, "job", first=ids.first_job_id(seed, tenant))
    return Job(
        number=number,
        request=request,
        policy=policy,
        targets=targets,
        progression=call.organisation.behaviour.progression,
        life=Life(call.now),
        request_id=call.request_id,
        instance=call.request.headers.get("x-profile-instance-id") or "ups",
        compute=(ids.uuid4("export", seed, tenant, number), ids.uuid4("push", seed, tenant, number)),
    )


async def get_export_job(call: Call) -> Response:
    """One job as it stands after this look at it."""
    return _show(call, await settle(call, _find(call), Cause.LOOKED))


async def cancel_export_job(call: Call) -> Response:
    """The job is cancelled; one that has ended stays as it is."""
    job = await settle(call, _find(call), Cause.TIME)
    behaviour = call.organisation.behaviour
    if job.life.status.terminal and behaviour.cancel_finished == "refuse":
        detail = f"/path/exportJobId: expected a job that has not ended, found {job.key}, which is {job.life.status}"
        raise refuse(call.operation.service, 400, [detail], call.request_id)
    with call.state.store.transaction():
        job = _find(call)
        if not job.life.status.terminal:
            jobs.save(call.state.store, call.sandbox.key, job.to(JobStatus.CANCELLED, call.now))
    if behaviour.dialect.cancel == "empty":
        return Response(status_code=HTTPStatus.NO_CONTENT)
    return answer({"status": True, "message": "Export job has been marked for cancelling"})


def _find(call: Call) -> Job:
    key = call.path["exportJobId"]
    job = jobs.find(call.state.store, call.sandbox.key, key)
    if job is None:
        raise no_entity(key, call.request_id)
    return job


def _show(call: Call, job: Job, headers: Mapping[str, str] | None = None) -> Response:
    body = jobs.render(job, call.organisation.behaviour.dialect, call.organisation.org_id)
    return Response(body, HTTPStatus.OK, headers, "application/json")


async def list_export_jobs(call: Call) -> Response:
    """A page of jobs, newest first.

    ``offset`` is the mark that the page before gave out, or a plain number of records; ``start`` is a number of
    records, ``page`` a number of pages, both counted from zero; ``sort`` holds only where all jobs fit on one page
    (D-60 to D-71).
    """
    await settle_all(call)
    limit = int(call.query.get("limit") or call.organisation.behaviour.page_limit)
    before, skip = _where(call, limit)
    status = call.query.get("status")
    field, order = _order(call)
    found = jobs.listed(call.state.store, call.sandbox.key, status=status, before=before, skip=skip, limit=limit + 1)
    page, more = found[:limit], len(found) > limit
    if more or before is not None or skip:
        field, order = _DEFAULT_ORDER
    page.sort(key=_SORTS[field], reverse=order == "desc")
    dialect, org_id = call.organisation.behaviour.dialect, call.organisation.org_id
    return answer(
        {
            "records": [job.show(dialect, org_id, listed=True) for job in page],
            "page": {"sortField": field, "sort": order, "pageOffset": _mark(page), "pageSize": len(page)},
            "link": {"next": _next(page, limit, status) if more else ""},
        }
    )


def _where(call: Call, limit: int) -> tuple[tuple[int, int] | None, int]:
    """Where the page starts: after a (created, number), and so many records further."""
    offset = call.query.get("offset", "")
    if mark := _MARK.fullmatch(offset):
        return (int(mark[1]), int(mark[2])), 0
    if offset:
        return None, int(offset)
    return None, int(call.query.get("start") or 0) + int(call.query.get("page") or 0) * limit


def _order(call: Call) -> tuple[str, str]:
    """The member to sort by, and the direction."""
    if "sort" not in call.query:
        return _DEFAULT_ORDER
    field, _, order = call.query["sort"].partition(":")
    if field not in _SORTS:
        detail = f"/query/sort: expected one of {', '.join(_SORTS)} and asc or desc, found {field}"
        raise refuse(call.operation.service, 400, [detail], call.request_id)
    return field, order


def _mark(page: list[Job]) -> str:
    """The offset that leads on from the last job of a page."""
    return f"{page[-1].life.created}_{page[-1].number}" if page else ""


def _next(page: list[Job], limit: int, status: str | None) -> str:
    query = {"limit": limit, "offset": _mark(page)} | ({"status": status} if status else {})
    return f"/export/jobs/?{urlencode(query)}"
