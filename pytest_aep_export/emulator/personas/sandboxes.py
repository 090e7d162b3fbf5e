"""Personas that get the organisation's sandboxes wrong."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from pytest_aep_export.emulator.personas.answers import answered, any_like, body, on, repeated, told
from pytest_aep_export.emulator.personas.edits import at, drop, put
from pytest_aep_export.emulator.personas.requests import instead
from pytest_aep_export.emulator.personas.tables import (
    foreign,
    lenient,
    missing,
    stale,
    table,
    truncated,
    wrong,
)
from pytest_aep_export.emulator.problems import foundation

if TYPE_CHECKING:
    from starlette.responses import Response as HttpResponse

    from pytest_aep_export.emulator.personas.edits import Edit
    from pytest_aep_export.emulator.personas.persona import Answering, Handler
    from pytest_aep_export.emulator.state import Call

__all__ = ["SANDBOX"]

_LIST: Final = "listSandboxes"
_SHOW: Final = "getSandbox"
_MANY: Final = 50
_NOT_FOUND: Final = foundation(HTTPStatus.NOT_FOUND, "Sandbox not found.").body
_FOUND: Final = {"name": "unknown", "title": "Unknown", "state": "active", "type": "development", "isDefault": False}


def _listed(edit: Edit) -> Answering:
    return on(_LIST, body(edit))


def _shown(edit: Edit) -> Answering:
    return on(_SHOW, body(edit))


def _other(kind: Any) -> Any:
    return {"production": "development"}.get(kind, "production")


async def _complete(call: Call, handle: Handler) -> HttpResponse:
    """Fills in whichever of limit and offset is not there."""
    return await handle(replace(call, query={"limit": str(_MANY), "offset": "0"} | dict(call.query)))


async def _from_the_start(call: Call, handle: Handler) -> HttpResponse:
    return await handle(replace(call, query=dict(call.query) | ({"offset": "0"} if "offset" in call.query else {})))


async def _without_end(call: Call, handle: Handler) -> HttpResponse:
    return await handle(
        replace(call, query=dict(call.query) | ({"limit": str(_MANY)} if "limit" in call.query else {}))
    )


SANDBOX: Final = table(
    "SANDBOX",
    {
        "sandboxes-in-object": wrong(
            "Sandboxes are listed in an object.",
            _listed(at("sandboxes", lambda found: {each["name"]: each for each in found})),
        ),
        "sandboxes-without-type": missing(
            "Sandboxes are listed without their type.", _listed(drop("sandboxes/*/type"))
        ),
        "sandboxes-of-unknown-type": wrong(
            "Sandboxes are listed with a type that there is not.", _listed(put("sandboxes/*/type", "staging"))
        ),
        "sandbox-of-unknown-type": wrong(
            "A sandbox is shown with a type that there is not.", _shown(put("type", "staging"))
        ),
        "worked-in-sandbox-not-listed": missing(
            "The first sandbox is left out of every list.", _listed(at("sandboxes", lambda found: found[1:]))
        ),
        "sandboxes-renamed": foreign(
            "Sandboxes are listed under the names of others.", _listed(at("sandboxes/*/name", lambda name: name[::-1]))
        ),
        "sandbox-not-found": missing(
            "No sandbox is found under its name.", on(_SHOW, answered(HTTPStatus.NOT_FOUND, _NOT_FOUND))
        ),
        "shows-first-sandbox": stale(
            "Every sandbox is shown as the one that was shown first.",
            on(_SHOW, repeated(any_like), told(HTTPStatus.OK)),
        ),
        "production-and-development-mixed-up": wrong(
            "A sandbox is shown with the type that it is not of.", _shown(at("type", _other))
        ),
        "sandbox-shown-inactive": wrong(
            "A sandbox is shown in another state than it is listed in.", _shown(put("state", "failed"))
        ),
        "every-sandbox-is-default": wrong(
            "Every sandbox is the default one.",
            _listed(put("sandboxes/*/isDefault", found=True)),
        ),
        "sandbox-limit-ignored": wrong("A page of sandboxes holds them all.", around=instead(_LIST, _without_end)),
        "sandbox-offset-ignored": truncated(
            "Every page of sandboxes is the first.", around=instead(_LIST, _from_the_start)
        ),
        "limit-of-sandboxes-alone": lenient(
            "A list of sandboxes takes a limit without an offset, and an offset without a limit.",
            around=instead(_LIST, _complete),
        ),
        "sandbox-count-of-all": wrong(
            "The count on a page of sandboxes is not how many it holds.", _listed(at("_page/count", lambda n: n + 1))
        ),
        "sandbox-page-without-limit": missing(
            "A page of sandboxes does not tell its limit.", _listed(drop("_page/limit"))
        ),
        "any-sandbox-is-found": lenient(
            "Whatever a sandbox is called, it is found.", on(_SHOW, answered(HTTPStatus.OK, _FOUND), told(404))
        ),
    },
)
