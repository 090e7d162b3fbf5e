"""Data Access: the files of a batch, and their bytes, straight from the disk (facts, data-access sections 1 to 3).

A file is a single part of the batch or a directory of all its parts, as the tenant's behaviour says.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import anyio
from starlette.responses import Response, StreamingResponse

from pytest_aep_export.emulator import exporting
from pytest_aep_export.emulator.entries import FILES, batch_of, files_of, named, page
from pytest_aep_export.emulator.problems import foundation
from pytest_aep_export.emulator.ranges import satisfy
from pytest_aep_export.emulator.store import Kind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from pytest_aep_export.emulator.state import Call

__all__ = ["get_file", "head_file", "list_batch_files"]

_MEDIA_TYPE: Final = "application/parquet"
_CHUNK: Final = 1 << 18


async def list_batch_files(call: Call) -> Response:
    """The files of a batch, one entry each; a batch is not there before its job has succeeded."""
    return page(call, [_entry(call, file) for file in files_of(call, await batch_of(call))])


def _entry(call: Call, file: dict[str, Any]) -> dict[str, Any]:
    """A file as documented (D-82); ``isValid`` is false, as the live service says of files that are sound."""
    return {
        "dataSetFileId": file["id"],
        "dataSetViewId": file["view"],
        "version": "1.0.0",
        "created": str(file["created"]),
        "updated": str(file["created"]),
        "records": str(sum(part["rows"] for part in file["parts"])),
        "size": str(sum(part["length"] for part in file["parts"])),
        "isValid": False,
        "_links": {"self": {"href": f"{call.origin}{FILES}/{file['id']}"}},
    }


async def get_file(call: Call) -> Response:
    """With ``path`` the bytes of a part, whole or a range of them; without, the parts that there are to download."""
    file = _find(call)
    if "path" in call.query:
        return _bytes(call, *_locate(call, file))
    where = f"{FILES}/{file['id']}"
    return page(call, [named(call, where, part["name"], part["length"]) for part in file["parts"]])


async def head_file(call: Call) -> Response:
    """What `get_file` would say of the bytes, without them."""
    _, length = _locate(call, _find(call))
    headers = {"accept-ranges": "bytes", "content-length": str(length)}
    return Response(None, headers=headers, media_type=_MEDIA_TYPE)


def _find(call: Call) -> dict[str, Any]:
    key = call.path["fileId"]
    file = call.state.store.get(call.sandbox.key, Kind.FILE, key)
    if file is None:
        raise foundation(HTTPStatus.NOT_FOUND, f"File {key} is not found.")
    return file


def _locate(call: Call, file: dict[str, Any]) -> tuple[Path, int]:
    """Where the part is that the request's ``path`` names, and how long it is."""
    name = call.query["path"]
    lengths = {part["name"]: int(part["length"]) for part in file["parts"]}
    if name not in lengths:
        raise foundation(HTTPStatus.NOT_FOUND, f"path: {name!r} is not a file of {file['id']}")
    location = exporting.folder_of(call.state, call.sandbox, file["batch"]) / name
    if not location.is_file():
        raise foundation(HTTPStatus.NOT_FOUND, f"File {file['id']} is not found: its bytes are gone.")
    return location, lengths[name]


def _bytes(call: Call, location: Path, length: int) -> Response:
    try:
        span = satisfy(call.request.headers.get("range"), length)
    except ValueError as error:
        headers = {"content-range": f"bytes */{length}"}
        raise foundation(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, f"Range: {error}", headers) from error
    wanted = range(length) if span is None else span
    headers = {"accept-ranges": "bytes", "content-length": str(len(wanted))}
    if span is not None:
        headers["content-range"] = f"bytes {span.start}-{span.stop - 1}/{length}"
    status = HTTPStatus.OK if span is None else HTTPStatus.PARTIAL_CONTENT
    return StreamingResponse(_stream(location, wanted), status, headers, _MEDIA_TYPE)


async def _stream(location: Path, span: range) -> AsyncIterator[bytes]:
    if len(span) <= _CHUNK:  # a thread of its own would cost more than the bytes do
        with location.open("rb") as file:
            file.seek(span.start)
            yield file.read(len(span))
        return
    async with await anyio.open_file(location, "rb") as file:
        await file.seek(span.start)
        left = len(span)
        while left and (chunk := await file.read(min(_CHUNK, left))):
            left -= len(chunk)
            yield chunk
