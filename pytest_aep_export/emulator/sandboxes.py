"""Sandbox management: the organisation's sandboxes are listed and looked up (facts, sandboxes).

Of what type a sandbox is, production or development, follows from its name unless the behaviour says otherwise.
"""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from pytest_aep_export.emulator.problems import foundation
from pytest_aep_export.emulator.state import Call, answer

if TYPE_CHECKING:
    from starlette.responses import Response

    from pytest_aep_export.emulator.tenants import Sandbox

__all__ = ["get_sandbox", "list_sandboxes"]

_LIMIT: Final = 50


async def list_sandboxes(call: Call) -> Response:
    """The organisation's sandboxes, oldest first; ``limit`` and ``offset`` come together or not at all."""
    for name in ("property", "orderBy"):
        if name in call.query:
            raise foundation(HTTPStatus.BAD_REQUEST, f"/query/{name}: this is not emulated for sandboxes: leave it out")
    if ("limit" in call.query) is not ("offset" in call.query):
        missing = "offset" if "limit" in call.query else "limit"
        raise foundation(
            HTTPStatus.BAD_REQUEST, f"/query/{missing}: expected it beside the other one of limit and offset"
        )
    limit, offset = int(call.query.get("limit", _LIMIT)), int(call.query.get("offset", 0))
    page = list(call.organisation.sandboxes.values())[offset : offset + limit]
    return answer(
        {
            "sandboxes": [_shown(call, sandbox) for sandbox in page],
            "_page": {"limit": limit, "count": len(page)},
            "_links": _links(f"{call.origin}{call.operation.path}", limit, offset),
        }
    )


def _links(where: str, limit: int, offset: int) -> dict[str, Any]:
    """The next page as a template to be filled in, and others as they are, in the sample's form."""
    links: dict[str, Any] = {
        "next": {"href": f"{where}/?limit={{limit}}&offset={{offset}}", "templated": True},
        "page": {"href": f"{where}?offset={offset}&limit={limit}", "templated": None},
    }
    if offset:
        links["prev"] = {"href": f"{where}?offset={max(offset - limit, 0)}&limit={limit}", "templated": None}
    return links


async def get_sandbox(call: Call) -> Response:
    """One sandbox; that an unknown one is a 404 is a choice of ours."""
    name = call.path["sandboxName"]
    if name not in call.organisation.sandboxes:
        raise foundation(HTTPStatus.NOT_FOUND, f"Sandbox {name} not found.")
    return answer(_shown(call, call.organisation.sandboxes[name]))


def _shown(call: Call, sandbox: Sandbox) -> dict[str, Any]:
    created = (call.state.store.earliest(sandbox.key) or call.now) // 1000
    when = datetime.fromtimestamp(created, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return {
        "id": sandbox.id,
        "name": sandbox.name,
        "title": " ".join(word.capitalize() for word in sandbox.name.split("-")),
        "state": "active",
        "type": sandbox.type,
        "region": "VA7",
        "isDefault": sandbox.is_default,
        "eTag": 1,
        "createdDate": when,
        "lastModifiedDate": when,
        "createdBy": call.organisation.client_id,
        "modifiedBy": call.organisation.client_id,
    }
