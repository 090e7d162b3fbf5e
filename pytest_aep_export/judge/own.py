"""The two clients of this package as subjects: they wait by the tenant's clock, so that no scenario takes its time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from pytest_aep_export.client import AepClient, AsyncAepClient, PollPolicy
from pytest_aep_export.judge.python import PythonSubject
from pytest_aep_export.judge.scenario import Scenario
from pytest_aep_export.judge.subject import Surroundings
from pytest_aep_export.judge.trace import Performance

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ASYNCHRONOUS", "SYNCHRONOUS", "options", "performed"]

_NAME: Final = "Profile export"
_LONGEST: Final = 30.0
"""Seconds between two looks at a job that takes its time."""


def performed(client: AepClient, scenario: Scenario, surroundings: Surroundings) -> Performance:
    """What a client does that is asked for what a scenario asks for.

    Raises:
        AepError: It has failed.
    """
    if scenario.task == "list":
        return Performance("success", jobs=tuple(str(job.id) for job in client.list_export_jobs()))
    job = client.create_export_job(client.create_dataset(_NAME).id)
    if scenario.task == "cancel":
        client.cancel_export_job(job.id)
        return Performance("success")
    job = client.wait_for_export_job(job, timeout=scenario.patience, poll=_pace(scenario))
    for batch in job.batch_ids:
        for file in client.list_files(batch):
            client.download(file, surroundings.folder)
    return Performance("success", rows=_rows(client.read_table(job)))


async def _performed(client: AsyncAepClient, scenario: Scenario, surroundings: Surroundings) -> Performance:
    if scenario.task == "list":
        return Performance("success", jobs=tuple([str(job.id) async for job in client.list_export_jobs()]))
    job = await client.create_export_job((await client.create_dataset(_NAME)).id)
    if scenario.task == "cancel":
        await client.cancel_export_job(job.id)
        return Performance("success")
    job = await client.wait_for_export_job(job, timeout=scenario.patience, poll=_pace(scenario))
    for batch in job.batch_ids:
        async for file in client.list_files(batch):
            await client.download(file, surroundings.folder)
    return Performance("success", rows=_rows(await client.read_table(job)))


def _act(scenario: Scenario, surroundings: Surroundings) -> Performance:
    def pause(seconds: float) -> None:
        surroundings.clock.advance(seconds=seconds)

    with AepClient(surroundings.credentials, pause=pause, **options(surroundings)) as client:
        return performed(client, scenario, surroundings)


def _act_asynchronously(scenario: Scenario, surroundings: Surroundings) -> Performance:
    async def pause(seconds: float) -> None:
        surroundings.clock.advance(seconds=seconds)

    async def act() -> Performance:
        async with AsyncAepClient(surroundings.credentials, pause=pause, **options(surroundings)) as client:
            return await _performed(client, scenario, surroundings)

    return asyncio.run(act())


def options(surroundings: Surroundings) -> dict[str, Any]:
    """What either client is told of where it is: the address and the time."""
    return {"base_url": surroundings.url, "now": lambda: surroundings.clock.now() / 1000}


def _pace(scenario: Scenario) -> PollPolicy:
    return PollPolicy(scenario.poll, maximum=max(scenario.poll, _LONGEST))


def _rows(table: pa.Table) -> tuple[dict[str, Any], ...]:
    return tuple(table.to_pylist(maps_as_pydicts="strict"))


SYNCHRONOUS: Final = PythonSubject("AepClient", _act)
ASYNCHRONOUS: Final = PythonSubject("AsyncAepClient", _act_asynchronously)
