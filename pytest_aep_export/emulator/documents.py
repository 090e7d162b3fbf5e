"""Documents of the profile service as calls find and show them: one by a path, several by their ids."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pytest_aep_export.emulator.problems import no_entity
from pytest_aep_export.emulator.state import Call, answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from pytest_aep_export.emulator.store import Kind
    from pytest_aep_export.emulator.tenants import Sandbox

__all__ = ["found", "several", "shown"]


def found(call: Call, kind: Kind, key: str) -> dict[str, Any]:
    """The sandbox's document of a kind that has this key.

    Raises:
        Refusal: There is none.
    """
    document = call.state.store.get(call.sandbox.key, kind, key)
    if document is None:
        raise no_entity(key, call.request_id)
    return document


def several(call: Call, kind: Kind) -> Response:
    """The documents of a kind that a request lists by id; those that are not there are left out, our choice."""
    store, tenant = call.state.store, call.sandbox.key
    asked = {entry["id"]: store.get(tenant, kind, entry["id"]) for entry in call.document["ids"]}
    results = {key: shown(document, call.sandbox) for key, document in asked.items() if document is not None}
    return answer({"results": results}, HTTPStatus.MULTI_STATUS)


def shown(document: Mapping[str, Any], sandbox: Sandbox) -> dict[str, Any]:
    """The document as it is answered, with the sandbox as it is now."""
    where = {"sandboxId": sandbox.id, "sandboxName": sandbox.name, "type": sandbox.type, "default": sandbox.is_default}
    return {**document, "sandbox": where}
