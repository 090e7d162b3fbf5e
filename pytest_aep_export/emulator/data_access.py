"""Data Access: the files of a batch, and their bytes, straight from the disk (facts, data-access)."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

import anyio
from starlette.responses import Response, StreamingResponse

from pytest_aep_export.emulator import exporting
from pytest_aep_export.emulator.advance import settle_all
from pytest_aep_export.emulator.problems import foundation
from pytest_aep_export.emulator.ranges import satisfy
from pytest_aep_export.emulator.state import Call, answer
from pytest_aep_export.emulator.store import Kind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

__all__ = ["get_file", "head_file", "list_batch_files"]

_MEDIA_TYPE: Final = "application/parquet"
_CHUNK: Final = 1 << 18
_BASE: Final = "/data/foundation/export"


async def list_batch_files(call: Call) -> Response:
    """The files of a batch, one entry each; a batch is not there before its job has succeeded."""
    await settle_all(call)
    batch_id = call.path["batchId"]
    if call.state.store.get(call.sandbox.key, Kind.BATCH, batch_id) is None:
        raise foundation(HTTPStatus.NOT_FOUND, f"Batch {batch_id} is not found.")
    files = call.state.store.list(call.sandbox.key, Kind.FILE, where={"$.batch": batch_id})[::-1]
    return _page(call, [_entry(call, file) for file in files])


def _entry(call: Call, file: dict[str, Any]) -> dict[str, Any]:
    return {
        "dataSetFileId": file["id"],
        "dataSetViewId": file["view"],
        "version": "1.0.0",
        "created": str(file["created"]),
        "updated": str(file["created"]),
        "records": str(file["rows"]),
        "size": str(file["length"]),
        "isValid": True,
        "_links": {"self": {"href": f"{call.origin}{_BASE}/files/{file['id']}"}},
    }


async def get_file(call: Call) -> Response:
    """With ``path`` the bytes of a file, whole or a range of them; without, what there is to download."""
    file = _find(call)
    if "path" in call.query:
        return _bytes(call, file)
    href = f"{call.origin}{_BASE}/files/{file['id']}?path={quote(file['name'])}"
    entry = {"name": file["name"], "length": str(file["length"]), "_links": {"self": {"href": href}}}
    return _page(call, [entry])


async def head_file(call: Call) -> Response:
    """What `get_file` would say of the bytes, without them."""
    file = _find(call)
    _check_path(call, file)
    headers = {"accept-ranges": "bytes", "content-length": str(file["length"])}
    return Response(None, headers=headers, media_type=_MEDIA_TYPE)


def _find(call: Call) -> dict[str, Any]:
    key = call.path["fileId"]
    file = call.state.store.get(call.sandbox.key, Kind.FILE, key)
    if file is None:
        raise foundation(HTTPStatus.NOT_FOUND, f"File {key} is not found.")
    return file


def _check_path(call: Call, file: dict[str, Any]) -> None:
    if call.query["path"] != file["name"]:
        raise foundation(HTTPStatus.NOT_FOUND, f"path: {call.query['path']!r} is not a file of {file['id']}")


def _bytes(call: Call, file: dict[str, Any]) -> Response:
    _check_path(call, file)
    length = int(file["length"])
    try:
        span = satisfy(call.request.headers.get("range"), length)
    except ValueError as error:
        headers = {"content-range": f"bytes */{length}"}
        raise foundation(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, f"Range: {error}", headers) from error
    path = exporting.folder_of(call.state, call.sandbox, file["batch"]) / file["name"]
    if not path.is_file():
        raise foundation(HTTPStatus.NOT_FOUND, f"File {file['id']} is not found: its bytes are gone.")
    headers = {"accept-ranges": "bytes"}
    if span is not None:
        headers["content-range"] = f"bytes {span.start}-{span.stop - 1}/{length}"
    wanted = range(length) if span is None else span
    headers["content-length"] = str(len(wanted))
    status = HTTPStatus.OK if span is None else HTTPStatus.PARTIAL_CONTENT
    return StreamingResponse(_stream(path, wanted), status, headers, _MEDIA_TYPE)


async def _stream(path: Path, span: range) -> AsyncIterator[bytes]:
    async with await anyio.open_file(path, "rb") as file:
        await file.seek(span.start)
        left = len(span)
        while left and (chunk := await file.read(min(_CHUNK, left))):
            left -= len(chunk)
            yield chunk


def _page(call: Call, entries: list[dict[str, Any]]) -> Response:
    """A page of entries; ``count`` is how many there are in all, and there are links only where it is not all."""
    start, limit = int(call.query.get("start", 0)), int(call.query.get("limit", 100))
    shown = entries[start : start + limit]
    document: dict[str, Any] = {"data": shown, "_page": {"limit": limit, "count": len(entries)}}
    if len(shown) < len(entries):
        here = f"{call.origin}{call.request.path}"
        links = {"page": {"href": f"{here}?{urlencode({'start': start, 'limit': limit})}", "templated": True}}
        if start + limit < len(entries):
            links["next"] = {"href": f"{here}?{urlencode({'start': start + limit, 'limit': limit})}"}
        document["_links"] = links
    return answer(document)
