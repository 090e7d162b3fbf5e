"""What Data Access answers with: entries with links, cut into pages (facts, data-access sections 1 and 2)."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from pytest_aep_export.emulator.advance import settle_all
from pytest_aep_export.emulator.problems import foundation
from pytest_aep_export.emulator.state import Call, answer
from pytest_aep_export.emulator.store import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.responses import Response

__all__ = ["FILES", "batch_of", "files_of", "named", "page"]

FILES: Final = "/data/foundation/export/files"
_PAGE: Final = 100
"""Entries on a page unless the request says otherwise, and the most that the contract lets it ask for."""


async def batch_of(call: Call) -> str:
    """The id of the batch that is asked about; a batch is not there before its job has succeeded.

    Raises:
        Refusal: There is no such batch; 404, a choice of ours.
    """
    await settle_all(call)
    batch_id = call.path["batchId"]
    if call.state.store.get(call.sandbox.key, Kind.BATCH, batch_id) is None:
        raise foundation(HTTPStatus.NOT_FOUND, f"Batch {batch_id} is not found.")
    return batch_id


def files_of(call: Call, batch_id: str) -> list[dict[str, Any]]:
    """The files of a batch as the store keeps them, in the order of their numbers."""
    return call.state.store.list(call.sandbox.key, Kind.FILE, where={"$.batch": batch_id})[::-1]


def named(call: Call, where: str, name: str, length: int, *, path: str = "") -> dict[str, Any]:
    """The entry of something that has a name: ``where`` and ``path``, by default the name, lead to it."""
    href = f"{call.origin}{where}?path={quote(path or name)}"
    return {"name": name, "length": str(length), "_links": {"self": {"href": href}}}


def page(call: Call, entries: Sequence[dict[str, Any]]) -> Response:
    """A page of entries; ``count`` is how many there are in all, and there are links only where it is not all."""
    start, limit = int(call.query.get("start", 0)), int(call.query.get("limit", _PAGE))
    shown = entries[start : start + limit]
    document: dict[str, Any] = {"data": shown, "_page": {"limit": limit, "count": len(entries)}}
    if len(shown) < len(entries):
        document["_links"] = {"page": {"href": _href(call, start, limit), "templated": True}}
        if start + limit < len(entries):
            document["_links"]["next"] = {"href": _href(call, start + limit, limit)}
    return answer(document)


def _href(call: Call, start: int, limit: int) -> str:
    kept = {"path": call.query["path"]} if "path" in call.query else {}
    return f"{call.origin}{call.request.path}?{urlencode(kept | {'start': str(start), 'limit': str(limit)})}"
