"""The public API as its users write it: never run, only type-checked, by mypy and pyright in their strictest mode."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, assert_type

import pyarrow as pa
import pytest

from pytest_aep_export import (
    AepClient,
    AepError,
    AsyncAepClient,
    Behaviour,
    Clock,
    Contract,
    Credentials,
    Emulator,
    EmulatorServer,
    Exchange,
    ExportJob,
    Fault,
    FaultPlan,
    JobStatus,
    Journal,
    LoadedProfiles,
    ProfileData,
    Progression,
    Request,
    Response,
    Tenant,
    Violation,
)
from pytest_aep_export.cassettes import Cassette, record, replay
from pytest_aep_export.contract.union import Union, load_union
from pytest_aep_export.emulator.fault_files import read_faults, write_faults
from pytest_aep_export.emulator.faults import Answer, Delay, Effect, Reset
from pytest_aep_export.errors import ApiError, InvalidRowsError, JobFailedError, WaitTimeoutError
from pytest_aep_export.model import Dataset, JobError, MergePolicy, Problem, Timer
from pytest_aep_export.profiles import RowError, generate, load_profiles


def test_client(aep_client: AepClient, aep_dataset: Dataset, aep_export_job: ExportJob) -> None:
    """A synchronous client, its values and its errors."""
    job = assert_type(aep_client.create_export_job(dataset_id=aep_dataset.id, fields="personID"), ExportJob)
    assert_type(job.status, JobStatus | str)
    assert_type(job.batch_ids, tuple[str, ...])
    assert_type(job.errors, tuple[JobError, ...])
    assert_type(aep_client.get_export_job(job.id), ExportJob)
    for listed in aep_client.list_export_jobs(limit=10, status="NEW"):
        assert_type(listed, ExportJob)
    done = assert_type(aep_client.wait_for_export_job(job, timeout=60), ExportJob)
    assert_type(done.succeeded, bool)
    assert_type(aep_client.read_table(aep_export_job), pa.Table)
    try:
        aep_client.cancel_export_job(job.id)
    except ApiError as error:
        assert_type(error.problem, Problem)
        assert_type(error.exchange, Exchange)
        assert_type(error.status, int)
    except (JobFailedError, WaitTimeoutError) as failure:
        assert_type(failure.job, ExportJob)
    except AepError:
        raise


async def test_async_client(aep_async_client: AsyncAepClient, aep_dataset: Dataset) -> None:
    """An asynchronous client has the same methods."""
    job = assert_type(await aep_async_client.create_export_job(dataset_id=aep_dataset.id), ExportJob)
    assert_type(await aep_async_client.wait_for_export_job(job), ExportJob)
    async for listed in aep_async_client.list_export_jobs():
        assert_type(listed, ExportJob)


@pytest.mark.aep_emulator(progression=Progression(fail=JobStatus.PROCESSING), dialect="openapi")
def test_emulator(
    aep_emulator: Tenant, aep_clock: Clock, aep_journal: Journal, aep_profiles: Callable[..., LoadedProfiles]
) -> None:
    """What a test may do with its tenant."""
    assert_type(aep_emulator.credentials, Credentials)
    assert_type(aep_emulator.sandbox("dev"), Tenant)
    assert_type(aep_emulator.step(1), ExportJob)
    aep_emulator.behaviour = Behaviour(page_limit=5, unselected="null", earlier_batches="replace")
    aep_emulator.add_merge_policy(MergePolicy("mine", graph="pdg", default=True))
    aep_emulator.load(generate(10, seed=1))
    loaded = aep_profiles([{"identityMap": {"Email": [{"id": "a"}]}}])
    assert_type(loaded.data, ProfileData)
    assert_type(loaded.fragments, pa.Table)
    assert_type(loaded.expected({"schema": {"name": "_xdm.context.profile"}}), list[dict[str, Any]])
    assert_type(aep_clock.advance(hours=6), int)
    for exchange in aep_journal:
        assert_type(exchange.request, Request)
        assert_type(exchange.response.headers.get("x-request-id"), str | None)
    assert_type(aep_journal.of("createExportJob"), tuple[Exchange, ...])


@pytest.mark.aep_emulator(faults=[Fault("createExportJob", Reset(), skip=1)])
def test_faults(aep_emulator: Tenant, aep_faults: FaultPlan, path: Path) -> None:
    """What a test may let go wrong, and learn of it."""
    fault = Fault("getExportJob listExportJobs", Answer(429, (("Retry-After", "2"),), after=True), times=None)
    aep_faults.add(fault, *read_faults(path), *read_faults(write_faults([Fault("*", Delay(3600, wait=0.1))])))
    for fired, exchange in aep_faults.fired:
        assert_type(fired.effect, Effect)
        assert_type(exchange.response.cut, bool)
    assert_type(aep_emulator.faults.unfired, tuple[Fault, ...])
    assert_type(Fault.from_json(fault.to_json()), Fault)
    aep_faults.allow_unfired()
    aep_faults.clear()


def embed() -> str:
    """An emulator without pytest."""
    with Emulator(seed=1, profiles=10) as emulator, EmulatorServer(emulator, port=0) as server:
        tenant = assert_type(emulator.create_tenant(("prod", "dev")), Tenant)
        with (
            record("export/mine", credentials=tenant.credentials, base_url=server.url),
            AepClient(tenant.credentials, base_url=server.url) as client,
        ):
            assert_type(client, AepClient)
        return assert_type(server.url, str)


def own_rows(path: Path, table: pa.Table, batch: pa.RecordBatch) -> ProfileData:
    """Profile data of one's own, from wherever it comes."""
    union = assert_type(load_union().extended(profile={"_acme": {"tier": "string"}}), Union)
    try:
        load_profiles(str(path), events=[{"_id": "a", "timestamp": "2024-02-06T12:00:00Z"}], union=union)
        load_profiles(table, events=batch, dataset="crm", event_dataset="web")
    except InvalidRowsError as failure:
        assert_type(failure.errors, tuple[RowError, ...])
        assert_type(failure.count, int)
    return assert_type(load_profiles(path), ProfileData)


def judge(contract: Contract, response: Response) -> list[Violation]:
    """The contract's verdict."""
    with replay("export/mine") as cassette:
        assert_type(cassette, Cassette)
        assert_type(cassette.unplayed(), int)
    assert_type(Timer(1, 2).total, int | None)
    return assert_type(contract.validate_response("getExportJob", response, "canonical"), list[Violation])
