"""Personas that get the life of merge policies wrong: how they are created, changed, deleted, listed and obeyed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import orjson
from starlette.responses import Response as HttpResponse

from pytest_aep_export.emulator import documents, merge_policies
from pytest_aep_export.emulator.personas.answers import NO_ENTITY, answered, body, both, on, status, told
from pytest_aep_export.emulator.personas.edits import at, drop, put
from pytest_aep_export.emulator.personas.requests import instead, operation, refusing, without
from pytest_aep_export.emulator.personas.tables import (
    delayed,
    foreign,
    lenient,
    missing,
    reordered,
    stale,
    strict,
    table,
    truncated,
    wrong,
)
from pytest_aep_export.emulator.state import answer
from pytest_aep_export.emulator.store import Kind
from pytest_aep_export.model import MergePolicy
from pytest_aep_export.profiles.policies import CRM

if TYPE_CHECKING:
    from pytest_aep_export.emulator.personas.edits import Edit
    from pytest_aep_export.emulator.personas.persona import Answering, Around, Handler, Hearing
    from pytest_aep_export.emulator.state import Call, State
    from pytest_aep_export.emulator.tenants import Organisation
    from pytest_aep_export.exchange import Exchange, Request

__all__ = ["POLICY"]

_CREATE: Final = "createMergePolicy"
_REPLACE: Final = "replaceMergePolicy"
_PATCH: Final = "patchMergePolicy"
_DELETE: Final = "deleteMergePolicy"
_LIST: Final = "listMergePolicies"
_SHOW: Final = "getMergePolicy"
_SEVERAL: Final = "getMergePolicies"
_WRITES: Final = f"{_CREATE} {_REPLACE} {_PATCH}"
_SHOWS: Final = f"{_WRITES} {_SHOW}"
_ANY: Final = {"id": "any", "schema": {"name": ""}, "version": 1, "identityGraph": {"type": "none"},
               "attributeMerge": {"type": "timestampOrdered"}}  # fmt: skip


def _created(edit: Edit) -> Answering:
    return on(_CREATE, body(edit))


def _is_new(exchange: Exchange) -> bool:
    """Whether an exchange is about a policy that was created by a call, whose name says so."""
    return b"suite" in exchange.response.body


async def _as_it_was(call: Call, _: Handler) -> HttpResponse:
    """Shows a policy and leaves it as it is."""
    return answer(documents.shown(merge_policies.found(call), call.sandbox))


async def _renamed_too(call: Call, handle: Handler) -> HttpResponse:
    """Gives a policy that is changed another class besides."""
    changes = call.document if isinstance(call.document, list) else [call.document]
    more = {"op": "add", "path": "/schema.name", "value": "_xdm.context.other"}
    return await handle(replace(call, document=[*changes, more]))


async def _kept(call: Call, _: Handler) -> HttpResponse:
    """Says that a policy was deleted."""
    assert merge_policies.found(call)
    return HttpResponse(status_code=HTTPStatus.OK)


async def _deleted(call: Call, _: Handler) -> HttpResponse:
    """Deletes a policy whatever it is."""
    policy = MergePolicy.from_json(merge_policies.found(call))
    merge_policies.remove(call.state.store, call.sandbox.key, policy)
    return HttpResponse(status_code=HTTPStatus.OK)


def _beside(member: str) -> Around:
    """Lets those policies keep a flag that lose it to another one."""

    async def apply(call: Call, handle: Handler) -> HttpResponse:
        store, tenant = call.state.store, call.sandbox.key
        before = [policy["id"] for policy in store.list(tenant, Kind.MERGE_POLICY) if policy[member]]
        response = await handle(call)
        for key in before:
            store.update(tenant, Kind.MERGE_POLICY, key, {member: True})
        return response

    return apply


async def _in_its_first_version(call: Call, handle: Handler) -> HttpResponse:
    """Exports by what a policy said at first."""
    named = call.document.get("mergePolicy")
    return await handle(
        replace(call, document=call.document | ({"mergePolicy": named | {"version": 1}} if named else {}))
    )


async def _in_the_latest_version(call: Call, handle: Handler) -> HttpResponse:
    """Shows a job with the version that its policy has by now."""
    response = await handle(call)
    job = orjson.loads(response.body)
    policy = merge_policies.find(call.state.store, call.sandbox.key, job["mergePolicy"]["id"])
    return answer(put("mergePolicy/version", policy.version)(job)) if policy else response


def _filled_in(path: str, value: Any, when: Callable[[Any], object]) -> Hearing:
    """Hears a creation with something that it lacks."""

    def hear(request: Request, _: Organisation, state: State) -> Request:
        if operation(request, state) != _CREATE:
            return request
        document = orjson.loads(request.body)
        return replace(request, body=orjson.dumps(put(path, value)(document))) if when(document) else request

    return hear


def _first(results: dict[str, Any]) -> dict[str, Any]:
    return dict(list(results.items())[:1])


def _swapped(results: dict[str, Any]) -> dict[str, Any]:
    return dict(zip(results, reversed(list(results.values())), strict=True))


def _typed(document: Any, name: str) -> bool:
    return bool(document.get(name, {}).get("type") == "unknown")


POLICY: Final = table(
    "POLICY",
    {
        "new-policy-without-id": missing("A new merge policy is answered without its id.", _created(drop("id"))),
        "policy-created-with-201": wrong(
            "The creation of a merge policy is answered with 201.", on(_CREATE, status(201))
        ),
        "new-policy-is-default": wrong(
            "Every new merge policy is shown as a default.", _created(put("default", found=True))
        ),
        "new-policy-renamed": wrong("A new merge policy has another name.", _created(at("name", str.upper))),
        "new-policy-without-graph": wrong(
            "A new merge policy has no graph, whichever it was to have.", _created(put("identityGraph/type", "none"))
        ),
        "forgets-new-policies": missing(
            "A new merge policy is not found.", on(_SHOW, answered(HTTPStatus.NOT_FOUND, NO_ENTITY), _is_new)
        ),
        "new-policies-not-listed": delayed(
            "A new merge policy is not in the list.",
            on(_LIST, body(at("children", lambda found: [each for each in found if "suite" not in each["name"]]))),
        ),
        "replacement-without-effect": stale(
            "A merge policy that is replaced stays as it was.", around=instead(_REPLACE, _as_it_was)
        ),
        "replaced-policy-has-another-id": wrong(
            "A merge policy that is replaced is answered under another id.", on(_REPLACE, body(at("id", str.upper)))
        ),
        "change-without-effect": stale(
            "A merge policy that is changed stays as it was.", around=instead(_PATCH, _as_it_was)
        ),
        "change-of-more": wrong(
            "A merge policy that is changed gets another class besides.", around=instead(_PATCH, _renamed_too)
        ),
        "refuses-changes-in-objects": strict(
            "A change of a merge policy is refused unless it comes in an array.",
            around=refusing(lambda sent: isinstance(sent, dict), "expected an array", _PATCH),
        ),
        "refuses-changes-in-arrays": strict(
            "A change of a merge policy is refused unless it comes in an object.",
            around=refusing(lambda sent: isinstance(sent, list), "expected an object", _PATCH),
        ),
        "refuses-texts-for-booleans": strict(
            "The text true is refused where a merge policy has a boolean.",
            around=refusing(lambda sent: "'true'" in str(sent), "/value: expected true or false", _PATCH),
        ),
        "shows-texts-for-booleans": wrong(
            "A merge policy that is changed shows its booleans as texts.",
            on(_PATCH, body(at("default", lambda found: str(found).lower()))),
        ),
        "version-stands-still": stale("A merge policy keeps the version 1.", on(_SHOWS, body(put("version", 1)))),
        "deletes-no-policies": wrong("A merge policy that was deleted is still there.", around=instead(_DELETE, _kept)),
        "policy-deleted-with-202": delayed("A merge policy is said to be deleted later.", on(_DELETE, status(202))),
        "policy-deleted-with-a-body": wrong(
            "The deletion of a merge policy is answered with a body.",
            on(_DELETE, answered(HTTPStatus.OK, {"status": True}), told(HTTPStatus.OK)),
        ),
        "several-policies-with-200": wrong(
            "Several merge policies are answered with 200.", on(_SEVERAL, status(HTTPStatus.OK))
        ),
        "one-of-several-policies": truncated(
            "Of several merge policies one is answered.", on(_SEVERAL, body(at("results", _first)))
        ),
        "several-policies-mixed-up": foreign(
            "Of several merge policies each stands under the id of another one.",
            on(_SEVERAL, body(at("results", _swapped))),
        ),
        "two-default-policies": lenient(
            "Whatever becomes the default merge policy, the one before stays so too.",
            around=instead(_WRITES, _beside("default")),
        ),
        "many-policies-on-the-edge": lenient(
            "Whatever becomes active on the edge, the merge policy before stays so too.",
            around=instead(_WRITES, _beside("isActiveOnEdge")),
        ),
        "deletes-policies-on-the-edge": lenient(
            "A merge policy is deleted although it is active on the edge.", around=instead(_DELETE, _deleted)
        ),
        "takes-policies-without-class": lenient(
            "A merge policy is created without a class.",
            hear=_filled_in("schema", {"name": "_xdm.context.profile"}, lambda sent: "schema" not in sent),
        ),
        "takes-unknown-graphs": lenient(
            "A merge policy is created with a graph that there is not.",
            hear=_filled_in("identityGraph/type", "none", lambda sent: _typed(sent, "identityGraph")),
        ),
        "takes-policies-without-order": lenient(
            "Merging by the precedence of datasets takes no order of them.",
            hear=_filled_in("attributeMerge/order", [CRM], lambda sent: "dataSetPrecedence" in str(sent)),
        ),
        "changes-unknown-policies": lenient(
            "A merge policy that there is not is replaced, changed and deleted.",
            both(
                on(f"{_REPLACE} {_PATCH}", answered(HTTPStatus.OK, _ANY), told(HTTPStatus.NOT_FOUND)),
                on(_DELETE, answered(HTTPStatus.OK, None), told(HTTPStatus.NOT_FOUND)),
            ),
        ),
        "exports-by-first-version": stale(
            "An export obeys its merge policy as it was at first.",
            around=instead("createExportJob", _in_its_first_version),
        ),
        "jobs-follow-their-policy": wrong(
            "A job shows the version that its merge policy has by now.",
            around=instead("getExportJob", _in_the_latest_version),
        ),
        "policy-limit-ignored": wrong("A page of merge policies holds them all.", around=without(_LIST, "limit")),
        "no-next-policies": truncated(
            "No page of merge policies leads to the next one.", on(_LIST, body(put("_links/next/href", "")))
        ),
        "policy-filters-ignored": wrong(
            "Merge policies are listed whatever they are filtered by.",
            around=without(_LIST, "default", "identityGraph.type", "attributeMerge.type"),
        ),
        "policies-backwards": reordered(
            "Merge policies are listed from the last name to the first.",
            on(_LIST, body(at("children", lambda found: found[::-1]))),
        ),
        "policy-order-ignored": wrong(
            "Merge policies are listed by name in ascending order, whichever was asked for.",
            around=without(_LIST, "orderBy", "orderby"),
        ),
    },
)
