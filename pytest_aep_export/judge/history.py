"""Jobs that were there before: what a sandbox holds of others when a client comes to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_aep_export.emulator import ids, jobs, merge_policies
from pytest_aep_export.emulator.jobs import Job, Target
from pytest_aep_export.lifecycle import SAMPLE_FAILURE, Life, Progression
from pytest_aep_export.model import JobStatus

if TYPE_CHECKING:
    from pytest_aep_export.emulator.state import State
    from pytest_aep_export.emulator.tenants import Sandbox

__all__ = ["add_jobs"]

_APART: Final = 600_000
"""How many ms lie between two of them."""
_TOOK: Final = (60_000, 259_344)
"""When, in ms after its creation, each was started and ended: as long as the job of the documentation's sample."""
_FAILS: Final = 5
"""Of so many, one has failed."""


def add_jobs(state: State, sandbox: Sandbox, count: int) -> frozenset[str]:
    """Put jobs into a sandbox that have ended, the newest a while ago, and return their ids.

    Their batches are empty: they are there to be listed.
    """
    now = sandbox.organisation.clock.now()
    with state.store.transaction():
        made = [_job(state, sandbox, now - (count - n) * _APART, fails=n % _FAILS == _FAILS - 1) for n in range(count)]
        for job in made:
            jobs.save(state.store, sandbox.key, job)
    return frozenset(job.key for job in made)


def _job(state: State, sandbox: Sandbox, created: int, *, fails: bool) -> Job:
    seed, tenant = state.seed, sandbox.key
    number = state.store.next_number(tenant, "job", first=ids.first_job_id(seed, tenant))
    dataset = ids.dataset_id("earlier", seed, tenant)
    request = {"destination": {"datasetId": dataset}, "schema": {"name": "_xdm.context.profile"}}
    policy = merge_policies.chosen(state.store, tenant, request)
    assert policy is not None  # every sandbox has a default
    form = sandbox.organisation.behaviour.dialect.batch_id
    started, ended = (created + after for after in _TOOK)
    return Job(
        number=number,
        request=request,
        policy=policy,
        targets=(Target(ids.batch_id(form, created, seed, tenant, "earlier", number)),),
        progression=Progression(),
        life=Life(created, JobStatus.FAILED if fails else JobStatus.SUCCEEDED, started, ended),
        request_id=ids.alphanumeric("earlier", seed, tenant, number),
        instance="ups",
        compute=(ids.uuid4("export", seed, tenant, number), ids.uuid4("push", seed, tenant, number)),
        errors=SAMPLE_FAILURE if fails else (),
    )
