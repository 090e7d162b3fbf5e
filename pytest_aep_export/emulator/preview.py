"""Data Access: the first rows of a dataset as JSON, read from its newest batch (facts, data-access section 5)."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from starlette.concurrency import run_in_threadpool

from pytest_aep_export.emulator import exporting
from pytest_aep_export.emulator.advance import settle_all
from pytest_aep_export.emulator.entries import files_of
from pytest_aep_export.emulator.problems import foundation
from pytest_aep_export.emulator.state import Call, answer
from pytest_aep_export.emulator.store import Kind

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.responses import Response

__all__ = ["preview_dataset"]

_ROWS: Final = 100


async def preview_dataset(call: Call) -> Response:
    """The first 100 rows of the batch that was written last; none where no export has succeeded, a choice of ours."""
    await settle_all(call)
    key = call.path["datasetId"]
    dataset = call.state.store.get(call.sandbox.key, Kind.DATASET, key)
    if dataset is None:
        raise foundation(HTTPStatus.NOT_FOUND, f"Dataset {key} is not found.")
    parts = _parts(call, dataset["lastSuccessfulBatch"]) if "lastSuccessfulBatch" in dataset else []
    return answer({"data": await run_in_threadpool(_rows, key, parts)})


def _parts(call: Call, batch_id: str) -> list[Path]:
    folder = exporting.folder_of(call.state, call.sandbox, batch_id)
    return [folder / part["name"] for file in files_of(call, batch_id) for part in file["parts"]]


def _rows(dataset_id: str, parts: list[Path]) -> list[dict[str, Any]]:
    from pytest_aep_export.exporter.json_rows import first_rows  # noqa: PLC0415 - loads Arrow

    try:
        return first_rows(parts, _ROWS)
    except ValueError as error:
        detail = f"Dataset {dataset_id} cannot be previewed: {error}."
        raise foundation(HTTPStatus.INTERNAL_SERVER_ERROR, detail) from error
