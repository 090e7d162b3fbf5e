"""Data Access: what a batch's ingestion says of itself, its failed files and its meta directory.

An export writes all of its rows or fails as a whole, and a failed one leaves no batch: so no batch has failed files or
rows with errors. Its input files are the parts that the export handed in (facts, data-access, table of calls; the forms
of the listings and of a meta file: the Data Ingestion guide, "Retrieve failed batches" and "Error diagnostics").
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson

from pytest_aep_export.emulator.entries import batch_of, files_of, named, page
from pytest_aep_export.emulator.problems import foundation
from pytest_aep_export.emulator.state import answer

if TYPE_CHECKING:
    from starlette.responses import Response

    from pytest_aep_export.emulator.state import Call

__all__ = ["list_failed_files", "list_meta_files"]

Meta = dict[str, dict[str, dict[str, Any]]]
"""A meta directory: folders by name, of JSON documents by name."""


async def list_failed_files(call: Call) -> Response:
    """The failed files of a batch, of which there are none; any ``path`` is therefore a 404, a choice of ours."""
    batch_id = await batch_of(call)
    if "path" in call.query:
        raise foundation(HTTPStatus.NOT_FOUND, f"path: {call.query['path']!r} is not a failed file of {batch_id}")
    return page(call, [])


async def list_meta_files(call: Call) -> Response:
    """The meta directory of a batch: itself, one of its folders, or a file of one, as ``path`` says."""
    batch_id = await batch_of(call)
    meta = _meta(call, batch_id)
    path = call.query.get("path")
    if path is None:
        return page(call, [named(call, call.request.path, folder, 0) for folder in meta])
    folder, _, name = path.partition("/")
    files = meta.get(folder, {})
    if name in files:
        return answer(files[name])
    if name or folder not in meta:
        raise foundation(HTTPStatus.NOT_FOUND, f"path: {path!r} is not in the meta directory of {batch_id}")
    return page(call, [_entry(call, folder, name, document) for name, document in files.items()])


def _meta(call: Call, batch_id: str) -> Meta:
    """A file for each part that was handed in, and no row with errors; so there is no sample of such rows either."""
    parts = [part["name"] for file in files_of(call, batch_id) for part in file["parts"]]
    inputs = {f"fileMetaData{number}.json": {"path": name} for number, name in enumerate(parts, start=1)}
    return {"input_files": inputs, "row_errors": {}}


def _entry(call: Call, folder: str, name: str, document: dict[str, Any]) -> dict[str, Any]:
    return named(call, call.request.path, name, len(orjson.dumps(document)), path=f"{folder}/{name}")
