"""Personas that get segment definitions wrong: how they are created, found, listed, changed and deleted."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import orjson
from starlette.responses import Response as HttpResponse

from pytest_aep_export.emulator.personas.answers import NO_ENTITY, answered, body, on, status, told
from pytest_aep_export.emulator.personas.edits import at, drop, put
from pytest_aep_export.emulator.personas.requests import asked, instead, operation, without
from pytest_aep_export.emulator.personas.tables import (
    delayed,
    foreign,
    lenient,
    missing,
    reordered,
    stale,
    table,
    truncated,
    wrong,
)
from pytest_aep_export.emulator.store import Kind

if TYPE_CHECKING:
    from pytest_aep_export.emulator.personas.edits import Edit
    from pytest_aep_export.emulator.personas.persona import Answering, Handler
    from pytest_aep_export.emulator.state import Call, State
    from pytest_aep_export.emulator.tenants import Organisation
    from pytest_aep_export.exchange import Exchange, Request

__all__ = ["SEGMENT"]

_CREATE: Final = "createSegmentDefinition"
_PATCH: Final = "patchSegmentDefinition"
_DELETE: Final = "deleteSegmentDefinition"
_LIST: Final = "listSegmentDefinitions"
_SHOW: Final = "getSegmentDefinition"
_SEVERAL: Final = "getSegmentDefinitions"
_EXPRESSION: Final = {"type": "PQL", "format": "pql/text", "value": 'workAddress.country = "US"'}
_ANY: Final = {"id": "any", "name": "Any", "schema": {"name": "_xdm.context.profile"}, "expression": _EXPRESSION}


def _created(edit: Edit) -> Answering:
    return on(_CREATE, body(edit))


def _listed(edit: Edit) -> Answering:
    return on(_LIST, body(edit))


def _is_new(exchange: Exchange) -> bool:
    """Whether an exchange is about a segment that was defined by a call, whose name says so."""
    return b"suite" in exchange.response.body


async def _as_it_was(call: Call, handle: Handler) -> HttpResponse:
    """Changes nothing of a definition."""
    return await handle(replace(call, document={"profileInstanceId": "ups"}))


async def _kept(call: Call, handle: Handler) -> HttpResponse:
    """Says that a definition was deleted, and keeps it."""
    store, tenant, key = call.state.store, call.sandbox.key, call.path["segmentId"]
    document = store.get(tenant, Kind.SEGMENT, key)
    response = await handle(call)
    if document:
        store.put(tenant, Kind.SEGMENT, key, document, number=0, created=document["creationTime"])
    return response


async def _under_any_name(call: Call, handle: Handler) -> HttpResponse:
    """Defines a segment whatever another one is called."""
    name, definitions = call.document["name"], call.state.store.list(call.sandbox.key, Kind.SEGMENT)
    if name not in [each["name"] for each in definitions]:
        return await handle(call)
    response = await handle(replace(call, document=call.document | {"name": f"{name} again"}))
    return HttpResponse(orjson.dumps(orjson.loads(response.body) | {"name": name}), media_type="application/json")


async def _oldest_first(call: Call, handle: Handler) -> HttpResponse:
    """Lists the oldest definitions first where no order is asked for."""
    return await handle(replace(call, query={"sort": "creationTime:asc", **call.query}))


def _filled_in(request: Request, _: Organisation, state: State) -> Request:
    """Hears a definition with all that it needs."""
    if operation(request, state) != _CREATE:
        return request
    document = orjson.loads(request.body)
    least = {"name": f"suite, {len(document)}", "expression": _EXPRESSION, "schema": _ANY["schema"]}
    return replace(request, body=orjson.dumps(least | document))


def _first(results: dict[str, Any]) -> dict[str, Any]:
    return dict(list(results.items())[:1])


def _swapped(results: dict[str, Any]) -> dict[str, Any]:
    return dict(zip(results, reversed(list(results.values())), strict=True))


SEGMENT: Final = table(
    "SEGMENT",
    {
        "new-segment-without-id": missing("A new segment definition is answered without its id.", _created(drop("id"))),
        "segment-created-with-201": wrong("The creation of a segment is answered with 201.", on(_CREATE, status(201))),
        "new-segment-renamed": wrong("A new segment has another name.", _created(at("name", str.upper))),
        "new-segment-without-description": missing(
            "A new segment has no description, whichever it was to have.", _created(put("description", ""))
        ),
        "new-segment-in-json": wrong(
            "A new segment's expression is said to be in JSON.", _created(put("expression/format", "pql/json"))
        ),
        "forgets-new-segments": missing(
            "A new segment is not found.", on(_SHOW, answered(HTTPStatus.NOT_FOUND, NO_ENTITY), _is_new)
        ),
        "segment-shown-renamed": wrong(
            "A segment is shown under another name.", on(_SHOW, body(at("name", str.swapcase)))
        ),
        "new-segments-not-listed": delayed(
            "A new segment is not in the list.",
            _listed(at("segments", lambda found: [each for each in found if "suite" not in each["name"]])),
        ),
        "every-segment-in-batches": wrong(
            "Every segment is evaluated in batches, also one that is for streaming.",
            _created(put("evaluationInfo/batch/enabled", found=True)),
        ),
        "segments-are-streaming": wrong(
            "A segment is for streaming where nothing was said.",
            around=asked(lambda sent: {"evaluationInfo": {"continuous": {"enabled": True}}} | sent, _CREATE),
        ),
        "takes-names-twice": lenient(
            "A segment is defined under a name that another one has.", around=instead(_CREATE, _under_any_name)
        ),
        "taken-name-with-400": wrong(
            "A name that another segment has is answered with 400.",
            on(_CREATE, status(HTTPStatus.BAD_REQUEST, of={HTTPStatus.UNPROCESSABLE_ENTITY})),
        ),
        "takes-incomplete-segments": lenient(
            "A segment is defined without a name, an expression or a class.", hear=_filled_in
        ),
        "segment-change-without-effect": stale(
            "A segment that is changed stays as it was.", around=instead(_PATCH, _as_it_was)
        ),
        "changed-segment-has-another-id": wrong(
            "A segment that is changed is answered under another id.", on(_PATCH, body(at("id", str.upper)))
        ),
        "change-forgets-evaluation": wrong(
            "A segment that is changed is evaluated in batches from then on.",
            around=asked(put("evaluationInfo", {}), _PATCH),
        ),
        "deletes-no-segments": wrong("A segment that was deleted is still there.", around=instead(_DELETE, _kept)),
        "segment-deleted-with-202": delayed("A segment is said to be deleted later.", on(_DELETE, status(202))),
        "any-segment-is-found": lenient(
            "Whatever a segment's id is, it is found, changed and deleted.",
            on(f"{_SHOW} {_PATCH} {_DELETE}", answered(HTTPStatus.OK, _ANY), told(HTTPStatus.NOT_FOUND)),
        ),
        "several-segments-with-200": wrong(
            "Several segments are answered with 200.", on(_SEVERAL, status(HTTPStatus.OK))
        ),
        "one-of-several-segments": truncated(
            "Of several segments one is answered.", on(_SEVERAL, body(at("results", _first)))
        ),
        "several-segments-mixed-up": foreign(
            "Of several segments each stands under the id of another one.",
            on(_SEVERAL, body(at("results", _swapped))),
        ),
        "segments-in-object": wrong("Segments are listed in an object.", _listed(put("segments", {}))),
        "segments-without-page": missing("Nothing tells how many segments there are.", _listed(drop("page"))),
        "segment-limit-ignored": wrong("A page of segments holds them all.", around=without(_LIST, "limit")),
        "segment-start-ignored": truncated(
            "A list of segments begins with the first, whatever is to be skipped.", around=without(_LIST, "start")
        ),
        "segment-page-ignored": truncated("Every page of segments is the first.", around=without(_LIST, "page")),
        "one-page-of-segments": wrong("There is said to be one page of segments.", _listed(put("page/totalPages", 1))),
        "segments-oldest-first": reordered(
            "The oldest segments are listed first.", around=instead(_LIST, _oldest_first)
        ),
        "segment-order-ignored": wrong(
            "The newest segments are listed first, whichever order was asked for.", around=without(_LIST, "sort")
        ),
        "streaming-filter-ignored": wrong(
            "All segments are listed where only those for streaming are asked for.",
            around=without(_LIST, "evaluationInfo.continuous.enabled"),
        ),
    },
)
