"""Moving jobs along their life: the one place where a job succeeds, fails or is found to be cancelled."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from starlette.concurrency import run_in_threadpool

from pytest_aep_export.emulator import exporting, jobs
from pytest_aep_export.errors import AepError, ExportError
from pytest_aep_export.lifecycle import SAMPLE_FAILURE, Cause, due
from pytest_aep_export.model import JobError, JobStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_aep_export.emulator.jobs import Job
    from pytest_aep_export.emulator.state import Call, State
    from pytest_aep_export.emulator.tenants import Sandbox
    from pytest_aep_export.exporter import ExportResult

__all__ = ["advance", "settle", "settle_all"]

_LOG: Final = logging.getLogger(__name__)


async def settle(call: Call, job: Job, cause: Cause) -> Job:
    """The job after all that is due has happened to it; exports are computed off the event loop."""
    step = due(job.life, job.progression, cause, call.now)
    if step is None:
        return job
    if job.progression.mode == "per-poll" and step[0] is not JobStatus.SUCCEEDED:
        return advance(call.state, call.sandbox, job, cause)  # a single step, which computes nothing
    return await run_in_threadpool(advance, call.state, call.sandbox, job, cause)


async def settle_all(call: Call) -> None:
    """Let what time has made due happen to every job of the sandbox."""
    for job in jobs.moved_by_time(call.state.store, call.sandbox.key):
        await settle(call, job, Cause.TIME)


def advance(state: State, sandbox: Sandbox, job: Job, cause: Cause) -> Job:
    """Move a job as far as the cause takes it, and keep it."""
    claim = f"{sandbox.key}/{job.key}"
    with state.store.transaction():
        if claim in state.running:
            return job
        state.running.add(claim)
        job = jobs.find(state.store, sandbox.key, job.key) or job
    try:
        while (step := due(job.life, job.progression, cause, sandbox.organisation.clock.now())) is not None:
            moved = _move(state, sandbox, job, *step)
            if moved.life == job.life:  # it could not be kept: its tenant is gone
                break
            job, cause = moved, Cause.TIME
    finally:
        state.running.discard(claim)
    return job


def _move(state: State, sandbox: Sandbox, job: Job, status: JobStatus, at: int) -> Job:
    if status is JobStatus.SUCCEEDED:
        return _complete(state, sandbox, job, at)
    moved = job.to(status, at, job.progression.errors if status is JobStatus.FAILED else ())
    return _keep(state, sandbox, job, moved)


def _keep(state: State, sandbox: Sandbox, before: Job, after: Job) -> Job:
    """Keep the change, unless somebody cancelled the job meanwhile."""
    with state.store.transaction():
        current = jobs.find(state.store, sandbox.key, before.key)
        if current is None or current.life != before.life:
            return current or before
        jobs.save(state.store, sandbox.key, after)
    return after


def _complete(state: State, sandbox: Sandbox, job: Job, at: int) -> Job:
    try:
        results = [exporting.compute(state, sandbox, job, target) for target in job.targets]
        return _publish(state, sandbox, job, at, results)
    except Exception as error:  # noqa: BLE001 - whatever it is, the job fails and the emulator goes on
        failed = job.to(JobStatus.FAILED, at, _errors(state, job, error))
        _discard(state, sandbox, job)  # before it is kept that the job failed, as that may need the room
        return _keep(state, sandbox, job, failed)


def _publish(state: State, sandbox: Sandbox, job: Job, at: int, results: Sequence[ExportResult]) -> Job:
    counts: Counter[str] = sum((Counter(r.by_namespace) for r in results), Counter())
    done = replace(
        job.to(JobStatus.SUCCEEDED, at), exported=sum(r.profiles for r in results), by_namespace=dict(counts)
    )
    replaced: tuple[str, ...] = ()
    with state.store.transaction():
        kept = _keep(state, sandbox, job, done)
        if kept is done:
            replaced = exporting.publish(state, sandbox, done, results)
    if kept is not done:
        _discard(state, sandbox, job)
    _remove(state, sandbox, replaced)
    return kept


def _errors(state: State, job: Job, error: Exception) -> tuple[JobError, ...]:
    """What a job says that this stopped, in the documented form; what nobody expected is a defect of ours."""
    code, message = "unknown", f"the export crashed: {error!r:.500}"
    if isinstance(error, AepError):
        code, message = error.code if isinstance(error, ExportError) else SAMPLE_FAILURE[0].code, str(error)
    elif isinstance(error, sqlite3.OperationalError):
        message = f"the emulator's state cannot be written: {error}"
    else:
        _LOG.error("the export of job %s crashed", job.key, exc_info=error)
        state.defects.append(f"the export of job {job.key} crashed: see the log")
    return replace(SAMPLE_FAILURE[0], code=code, message=message), *SAMPLE_FAILURE[1:]


def _discard(state: State, sandbox: Sandbox, job: Job) -> None:
    """Remove what was written for a job that did not succeed, or all there is when its tenant was deleted meanwhile."""
    _remove(state, sandbox, [target.batch_id for target in job.targets])
    if state.tenants.by_org(sandbox.organisation.org_id) is None:
        shutil.rmtree(exporting.folder_of(state, sandbox), ignore_errors=True)


def _remove(state: State, sandbox: Sandbox, batches: Iterable[str]) -> None:
    for batch_id in batches:
        shutil.rmtree(exporting.folder_of(state, sandbox, batch_id), ignore_errors=True)
