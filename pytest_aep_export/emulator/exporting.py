"""Computing a job's batches and publishing them: what lies between the exporter and the data lake's services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_aep_export.emulator import ids
from pytest_aep_export.emulator.store import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_aep_export.emulator.jobs import Job, Target
    from pytest_aep_export.emulator.state import State
    from pytest_aep_export.emulator.tenants import Sandbox
    from pytest_aep_export.exporter import ExportPlan, ExportResult
    from pytest_aep_export.model import MergePolicy

__all__ = ["compute", "folder_of", "publish"]


def compute(state: State, sandbox: Sandbox, job: Job, target: Target) -> ExportResult:
    """Write one batch's files; nobody sees them before they are published.

    Raises:
        ExportError: The export cannot be computed or written; no file is left.
    """
    from pytest_aep_export.exporter import run  # noqa: PLC0415 - loads numpy and Arrow

    return run(
        _plan_of(job.request, job.policy, target),
        sandbox.data,
        folder_of(state, sandbox, target.batch_id),
        part_rows=sandbox.organisation.behaviour.part_rows,
        name_seed=f"{sandbox.key}/{job.key}/{target.batch_id}",
    )


def _plan_of(request: Mapping[str, Any], policy: MergePolicy, target: Target) -> ExportPlan:
    from pytest_aep_export.exporter.plan import plan  # noqa: PLC0415 - only needed where jobs are created and run

    if target.segment is not None:
        request = {**request, "filter": {**request["filter"], "segments": [target.segment]}}
    return plan(request, policy)


def folder_of(state: State, sandbox: Sandbox, batch_id: str = "") -> Path:
    """Where a batch's files lie, or all of a sandbox's; both names are ours, never a request's."""
    return state.folder / sandbox.key / batch_id


def publish(state: State, sandbox: Sandbox, job: Job, target: Target, result: ExportResult) -> None:
    """Make a finished job's batch and its files known to Catalog and Data Access."""
    ended = job.life.ended or job.life.updated
    store, tenant = state.store, sandbox.key
    dataset_id = job.request["destination"]["datasetId"]
    for number, part in enumerate(result.parts, start=1):
        key = f"{target.batch_id}-DE{number}"
        document = {"id": key, "batch": target.batch_id, "name": part.name, "length": part.bytes, "rows": part.rows}
        document["view"] = ids.dataset_id("view", tenant, dataset_id)
        store.put(tenant, Kind.FILE, key, document | {"created": ended}, number=number, created=ended)
    batch = _batch(sandbox, job, target.batch_id, result)
    store.put(tenant, Kind.BATCH, target.batch_id, batch, number=job.number, created=ended)
    changes = {"lastBatchId": target.batch_id, "lastBatchStatus": "success", "lastSuccessfulBatch": target.batch_id}
    store.update(tenant, Kind.DATASET, dataset_id, changes | {"updated": ended})


def _batch(sandbox: Sandbox, job: Job, batch_id: str, result: ExportResult) -> Mapping[str, Any]:
    size, rows = sum(p.bytes for p in result.parts), sum(p.rows for p in result.parts)
    return {
        "id": batch_id,
        "externalId": batch_id,
        "status": "success",
        "imsOrg": sandbox.organisation.org_id,
        "sandboxId": ids.uuid4("sandbox", sandbox.key),
        "relatedObjects": [{"type": "dataSet", "id": job.request["destination"]["datasetId"]}],
        "tags": {"acp_type": ["export"], "acp_requestId": [job.request_id]},
        "inputFormat": {"format": "parquet"},
        "recordCount": rows,
        "size": size,
        "metrics": {
            "outputRecordCount": rows,
            "outputByteSize": size,
            "outputFileCount": len(result.parts),
            "failedRecordCount": 0,
        },
        "errors": [],
        "created": job.life.created,
        "started": job.life.started,
        "completed": job.life.ended,
        "updated": job.life.updated,
        "version": "1.0.0",
    }
