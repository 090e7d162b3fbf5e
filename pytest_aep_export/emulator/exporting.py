"""Computing a job's batches and publishing them: what lies between the exporter and the data lake's services."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_aep_export.emulator import ids
from pytest_aep_export.emulator.store import Kind
from pytest_aep_export.exporter.plan import plan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pytest_aep_export.contract.union import Union
    from pytest_aep_export.emulator.jobs import Job, Target
    from pytest_aep_export.emulator.state import State
    from pytest_aep_export.emulator.tenants import Sandbox
    from pytest_aep_export.exporter import ExportPlan, ExportResult

__all__ = ["compute", "folder_of", "plan_of", "publish"]


def compute(state: State, sandbox: Sandbox, job: Job, target: Target) -> ExportResult:
    """Write one batch's files; nobody sees them before they are published.

    Raises:
        ExportError: The export cannot be computed or written; no file is left.
        InvalidExportError: The profile data has other fields by now than when the job was created.
    """
    from pytest_aep_export.exporter import run  # noqa: PLC0415 - loads numpy and Arrow

    behaviour = sandbox.organisation.behaviour
    acting = behaviour.acting
    data = acting.read(sandbox, state) if acting and acting.read else sandbox.data
    name = f"{sandbox.key}/{job.key}/{target.batch_id}"
    planned = replace(
        plan_of(job, target, data.union),
        unselected=behaviour.unselected,
        shuffled=ids.number(name) if behaviour.row_order == "shuffled" else None,
    )
    if acting and acting.plan:
        planned = acting.plan(planned)
    folder = folder_of(state, sandbox, target.batch_id)
    result = run(planned, data, folder, part_rows=behaviour.part_rows, name_seed=name, executor=state.executor)
    return acting.rewritten(result, folder, planned) if acting else result


def plan_of(job: Job, target: Target, union: Union) -> ExportPlan:
    """What one batch of a job exports, but for what is a matter of the emulator's behaviour."""
    request = job.request
    if target.segment is not None:
        request = {**request, "filter": {**request["filter"], "segments": [target.segment]}}
    return plan(request, job.policy, union)


def folder_of(state: State, sandbox: Sandbox, batch_id: str = "") -> Path:
    """Where a batch's files lie, or all of a sandbox's; both names are ours, never a request's."""
    return state.folder / sandbox.key / batch_id


def publish(state: State, sandbox: Sandbox, job: Job, results: Sequence[ExportResult]) -> tuple[str, ...]:
    """Make a finished job's batches and files known to Catalog and Data Access; return the batches that are replaced.

    What is replaced is known as it is after a batch was replayed: it is inactive, and the new batch names it (Adobe's
    batch ingestion guide, "Replay a batch"). Its files are known no more; removing their bytes is left to the caller.
    """
    replaced = _retire(state, sandbox, job) if sandbox.organisation.behaviour.earlier_batches == "replace" else ()
    replay = {"replay": {"predecessors": replaced, "reason": "replace"}} if replaced else {}
    for target, result in zip(job.targets, results, strict=True):
        _publish(state, sandbox, job, {**_batch(sandbox, job, target.batch_id, result), **replay}, result)
    return replaced


def _retire(state: State, sandbox: Sandbox, job: Job) -> tuple[str, ...]:
    store, tenant = state.store, sandbox.key
    where = {"$.relatedObjects[0].id": job.request["destination"]["datasetId"], "$.status": "success"}
    retired = tuple(batch["id"] for batch in store.list(tenant, Kind.BATCH, where=where))
    for batch_id in retired:
        store.update(tenant, Kind.BATCH, batch_id, {"status": "inactive", "updated": job.life.updated})
        for file in store.list(tenant, Kind.FILE, where={"$.batch": batch_id}):
            store.remove(tenant, Kind.FILE, file["id"])
    return retired


def _publish(state: State, sandbox: Sandbox, job: Job, batch: Mapping[str, Any], result: ExportResult) -> None:
    ended, batch_id = job.life.updated, batch["id"]
    store, tenant = state.store, sandbox.key
    dataset_id = job.request["destination"]["datasetId"]
    view = ids.dataset_id("view", tenant, dataset_id)
    for number, parts in enumerate(_files(result, sandbox.organisation.behaviour.files), start=1):
        key = f"{batch_id}-DE{number}"
        document = {"id": key, "batch": batch_id, "view": view, "created": ended, "parts": parts}
        store.put(tenant, Kind.FILE, key, document, number=number, created=ended)
    store.put(tenant, Kind.BATCH, batch_id, batch, number=job.number, created=ended)
    changes = {"lastBatchId": batch_id, "lastBatchStatus": "success", "lastSuccessfulBatch": batch_id}
    store.update(tenant, Kind.DATASET, dataset_id, changes | {"updated": ended})


def _files(result: ExportResult, kind: str) -> list[list[dict[str, Any]]]:
    """The parts of each file of a batch: one each or, where a file is a directory, all in one."""
    parts = [{"name": part.name, "length": part.bytes, "rows": part.rows} for part in result.parts]
    return [parts] if kind == "directory" else [[part] for part in parts]


def _batch(sandbox: Sandbox, job: Job, batch_id: str, result: ExportResult) -> Mapping[str, Any]:
    size, rows = sum(p.bytes for p in result.parts), sum(p.rows for p in result.parts)
    return {
        "id": batch_id,
        "externalId": batch_id,
        "status": "success",
        "imsOrg": sandbox.organisation.org_id,
        "sandboxId": sandbox.id,
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
