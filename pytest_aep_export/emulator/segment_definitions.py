"""Segment definitions: created, listed, looked up, changed and deleted (facts, segments section 1).

Each sandbox has those of the default data that are defined in it. A name is taken once. Where the sources are silent, a
request that cannot be carried out is refused with 400 and the member that is wrong.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response

from pytest_aep_export.emulator import documents, ids, merge_policies
from pytest_aep_export.emulator.problems import Refusal, profile, refuse
from pytest_aep_export.emulator.selection import dotted, ordered
from pytest_aep_export.emulator.state import Call, answer
from pytest_aep_export.emulator.store import Kind, Store
from pytest_aep_export.model import PROFILE_CLASS
from pytest_aep_export.pql import InvalidPqlError, parse
from pytest_aep_export.profiles.policies import DEFAULT_SEGMENTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_aep_export.emulator.tenants import Sandbox

__all__ = [
    "create_segment_definition",
    "delete_segment_definition",
    "get_segment_definition",
    "get_segment_definitions",
    "list_segment_definitions",
    "patch_segment_definition",
    "seed",
]

_KINDS: Final = ("batch", "continuous", "synchronous")
_STREAMING: Final = "evaluationInfo.continuous.enabled"
_SORTS: Final = ("creationTime", "updateTime", "updateEpoch", "name", "description", "id")
_CHANGEABLE: Final = ("name", "description", "expression", "schema", "mergePolicyId", "dataGovernancePolicy")
_PAGE: Final = 100
_UPS: Final = "ups"


def seed(store: Store, sandbox: Sandbox) -> None:
    """Put the segments of the default data into a new sandbox, but for those that come from elsewhere."""
    for known in DEFAULT_SEGMENTS:
        if known.namespace == _UPS:
            expression = {"type": "PQL", "format": "pql/text", "value": known.expression}
            request = {"name": known.name, "expression": expression, "schema": {"name": PROFILE_CLASS}}
            _put(store, sandbox, _new(sandbox, known.id, request | {"mergePolicyId": known.policy}))


def _put(store: Store, sandbox: Sandbox, document: Mapping[str, Any]) -> None:
    number = store.next_number(sandbox.key, "segment")
    store.put(sandbox.key, Kind.SEGMENT, document["id"], document, number=number, created=document["creationTime"])


def _new(sandbox: Sandbox, key: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """A definition as it is kept: what was asked for, and what the service says of it."""
    now = sandbox.organisation.clock.now()
    return {
        "id": key,
        "profileInstanceId": _UPS,
        "imsOrgId": sandbox.organisation.org_id,
        "description": "",
        "dataGovernancePolicy": {"excludeOptOut": True},
        **{name: request[name] for name in _CHANGEABLE if name in request},
        "evaluationInfo": _evaluation(request.get("evaluationInfo", {})),
        "creationTime": now,
        "updateTime": now,
        "updateEpoch": now // 1000,
    }


def _evaluation(asked: Mapping[str, Any]) -> dict[str, Any]:
    """How a segment is evaluated: as was asked for, and in batches where nothing was."""
    enabled = {kind: bool(asked.get(kind, {}).get("enabled")) for kind in _KINDS}
    enabled["batch"] = enabled["batch"] or not any(enabled.values())
    return {kind: {"enabled": on} for kind, on in enabled.items()}


async def create_segment_definition(call: Call) -> Response:
    """A new definition; its merge policy is the default one of its class unless it names another."""
    store, tenant = call.state.store, call.sandbox.key
    with store.transaction():
        _check(call, None)
        key = ids.uuid4("segment", call.state.seed, tenant, store.next_number(tenant, "segment-id"))
        document = _new(call.sandbox, key, call.document)
        policy = merge_policies.default(store, tenant, document["schema"].get("name", PROFILE_CLASS))
        if policy is not None:
            document.setdefault("mergePolicyId", policy.id)
        _put(store, call.sandbox, document)
    location = f"{call.origin}{call.operation.path}/{key}"
    return answer(documents.shown(document, call.sandbox), headers={"x-location": location})


async def patch_segment_definition(call: Call) -> Response:
    """The definition with what the request says; what it does not say stays as it was."""
    store, tenant = call.state.store, call.sandbox.key
    with store.transaction():
        before = _found(call)
        _check(call, before["id"])
        changes = {name: call.document[name] for name in _CHANGEABLE if name in call.document}
        if "evaluationInfo" in call.document:
            changes["evaluationInfo"] = _evaluation(call.document["evaluationInfo"])
        now = call.now
        changes |= {"updateTime": now, "updateEpoch": now // 1000}
        store.update(tenant, Kind.SEGMENT, before["id"], changes)
    return answer(documents.shown(before | changes, call.sandbox))


async def delete_segment_definition(call: Call) -> Response:
    """The definition is gone; whoever is in the segment stays there until somebody evaluates it, which nobody can."""
    call.state.store.remove(call.sandbox.key, Kind.SEGMENT, _found(call)["id"])
    return Response(status_code=HTTPStatus.OK)


async def get_segment_definition(call: Call) -> Response:
    """One definition."""
    return answer(documents.shown(_found(call), call.sandbox))


async def get_segment_definitions(call: Call) -> Response:
    """Several definitions by id."""
    return documents.several(call, Kind.SEGMENT)


async def list_segment_definitions(call: Call) -> Response:
    """A page of definitions, the newest first unless another order is asked for; ``page`` counts from zero (D-70)."""
    definitions = call.state.store.list(call.sandbox.key, Kind.SEGMENT)
    if _STREAMING in call.query:
        streaming = call.query[_STREAMING].lower() == "true"
        definitions = [each for each in definitions if dotted(each, _STREAMING) is streaming]
    order = _order(call)
    if order[0][1] == "asc":
        definitions.reverse()
    for field, direction in reversed(order):
        definitions = ordered(definitions, field, descending=direction == "desc")
    limit = int(call.query.get("limit", _PAGE))
    start = int(call.query["page"]) * limit if "page" in call.query else int(call.query.get("start", 0))
    page = definitions[start : start + limit]
    about = {
        "totalCount": len(definitions),
        "totalPages": -(-len(definitions) // limit),
        "sortField": order[0][0],
        "sort": order[0][1],
        "pageSize": len(page),
        "limit": limit,
    }
    return answer({"segments": [documents.shown(each, call.sandbox) for each in page], "page": about, "link": {}})


def _order(call: Call) -> list[tuple[str, str]]:
    """The members to sort by, each with its direction, the most important first."""
    found = [part.partition(":") for part in call.query.get("sort", "creationTime:desc").split(",")]
    for field, _, _direction in found:
        if field not in _SORTS:
            raise _wrong(call, f"/query/sort: expected one of {', '.join(_SORTS)} and asc or desc, found {field}")
    return [(field, direction or "asc") for field, _, direction in found]


def _found(call: Call) -> dict[str, Any]:
    return documents.found(call, Kind.SEGMENT, call.path["segmentId"])


def _check(call: Call, own: str | None) -> None:
    """Refuse what a definition cannot be: one of another's name, in another language, or of an unknown policy."""
    request, store, tenant = call.document, call.state.store, call.sandbox.key
    policy = request.get("mergePolicyId")
    if policy is not None and merge_policies.find(store, tenant, policy) is None:
        raise _wrong(call, f"/mergePolicyId: expected the id of a merge policy of this sandbox, found {policy:.80}")
    if "expression" in request:
        _check_expression(call, request["expression"])
    name = request.get("name")
    if any(each["name"] == name and each["id"] != own for each in store.list(tenant, Kind.SEGMENT)):
        title = f"A segment definition called {name:.80} already exists."
        raise profile(HTTPStatus.UNPROCESSABLE_ENTITY, "UPAPI-113000-422", title, request_id=call.request_id)


def _check_expression(call: Call, expression: Mapping[str, str]) -> None:
    """Refuse what cannot be evaluated here: another language, another format, or more of it than is emulated."""
    for member_of, known in (("type", "PQL"), ("format", "pql/text")):
        if expression[member_of] != known:
            raise _wrong(
                call,
                f"/expression/{member_of}: expected {known}, which alone is emulated, found {expression[member_of]}",
            )
    try:
        parse(expression["value"])
    except InvalidPqlError as error:
        raise _wrong(call, f"/expression/value: {error}") from error


def _wrong(call: Call, detail: str) -> Refusal:
    return refuse(call.operation.service, HTTPStatus.BAD_REQUEST, [detail], call.request_id)
