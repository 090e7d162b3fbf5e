"""Merge policies are created, replaced, changed member by member, and deleted (facts, merge-policies).

Whatever changes a policy makes a new version of it. Where the sources are silent, a request that cannot be carried out
is refused with 400 and the member that is wrong.
"""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response

from pytest_aep_export.emulator import documents, ids, merge_policies
from pytest_aep_export.emulator.problems import Refusal, profile, refuse
from pytest_aep_export.emulator.state import Call, answer
from pytest_aep_export.model import MergePolicy

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["create_merge_policy", "delete_merge_policy", "patch_merge_policy", "replace_merge_policy"]

_MOST: Final = 5
_ORDERED: Final = "dataSetPrecedence"
_TEXT: Final = "a text"
_NAME: Final = "a name"
_FLAG: Final = "true or false"
_PATHS: Final[Mapping[str, tuple[str, str]]] = {
    "/name": ("name", _TEXT),
    "/identityGraph.type": ("graph", "none or pdg"),
    "/attributeMerge.type": ("method", f"timestampOrdered or {_ORDERED}"),
    "/schema.name": ("schema", _NAME),
    "/default": ("default", _FLAG),
    "/isActiveOnEdge": ("active_on_edge", _FLAG),
}
"""What a patch can change: the attribute of a policy, and what it may become. ``/version`` is taken, and is nobody's
to set."""
_FLAGS: Final[Mapping[Any, bool]] = {True: True, False: False, "true": True, "false": False}


async def create_merge_policy(call: Call) -> Response:
    """A new policy in its first version."""
    store, tenant = call.state.store, call.sandbox.key
    with store.transaction():
        _check_room(call, call.document["schema"]["name"])
        key = ids.uuid4("merge-policy", call.state.seed, tenant, store.next_number(tenant, "merge-policy-id"))
        return _kept(call, _asked(call.document, MergePolicy(key, version=0)))


async def replace_merge_policy(call: Call) -> Response:
    """Another policy under the same id; what the request does not say is as in a new one."""
    return _kept(call, _asked(call.document, MergePolicy.from_json(merge_policies.found(call))))


async def patch_merge_policy(call: Call) -> Response:
    """The policy with some members changed: all of them, or none where one cannot be."""
    policy = MergePolicy.from_json(merge_policies.found(call))
    several = isinstance(call.document, list)
    for place, change in enumerate(call.document if several else [call.document]):
        policy = _changed(call, policy, change, f"/{place}/value" if several else "/value")
    if policy.method == _ORDERED and not policy.order:
        raise _wrong(
            call, f"/attributeMerge.type: expected timestampOrdered without datasets in order, found {_ORDERED}"
        )
    return _kept(call, policy)


async def delete_merge_policy(call: Call) -> Response:
    """The policy is gone, unless it is active on the edge."""
    policy = MergePolicy.from_json(merge_policies.found(call))
    if policy.active_on_edge:
        title = f"The merge policy {policy.id} is active on edge and cannot be deleted."
        raise profile(HTTPStatus.FORBIDDEN, "UPAPI-113000-403", title, request_id=call.request_id)
    merge_policies.remove(call.state.store, call.sandbox.key, policy)
    return Response(status_code=HTTPStatus.OK)


def _kept(call: Call, policy: MergePolicy) -> Response:
    """Put the policy, as its next version, and show it."""
    merge_policies.change(call.state.store, call.sandbox, replace(policy, version=policy.version + 1))
    path = {**call.path, "mergePolicyId": policy.id}
    return answer(documents.shown(merge_policies.found(replace(call, path=path)), call.sandbox))


def _asked(request: Mapping[str, Any], before: MergePolicy) -> MergePolicy:
    """What a request says in so many words, under the id and version of what was there before."""
    merge = request["attributeMerge"]
    return replace(
        before,
        name=request.get("name", ""),
        graph=request["identityGraph"]["type"],
        method=merge["type"],
        order=tuple(merge["order"]) if merge["type"] == _ORDERED else (),
        default=_FLAGS[request.get("default", False)],
        schema=request["schema"]["name"],
        active_on_edge=_FLAGS[request.get("isActiveOnEdge", False)],
    )


def _changed(call: Call, policy: MergePolicy, change: Mapping[str, Any], where: str) -> MergePolicy:
    path, value = change["path"], change["value"]
    if path not in _PATHS:
        return policy
    attribute, expected = _PATHS[path]
    understood = _understood(value, expected)
    if understood is None:
        raise _wrong(call, f"{where}: expected {expected} for {path}, found {value!r:.80}")
    changes: dict[str, Any] = {attribute: understood}
    if attribute == "method" and value != _ORDERED:
        changes["order"] = ()
    return replace(policy, **changes)


def _understood(value: object, expected: str) -> bool | str | None:
    """The value as it is kept, or None where it is not what is expected."""
    if expected == _FLAG:
        return _FLAGS.get(value) if isinstance(value, bool | str) else None
    if not isinstance(value, str) or (expected == _NAME and not value):
        return None
    return value if expected in {_TEXT, _NAME} or value in expected.split(" or ") else None


def _check_room(call: Call, schema: str) -> None:
    """Refuse one policy too many, where that is switched on; how that is answered is not documented."""
    there = [policy for policy in merge_policies.every(call.state.store, call.sandbox.key) if policy.schema == schema]
    if call.organisation.behaviour.policy_limit == "five" and len(there) >= _MOST:
        raise _wrong(call, f"/schema/name: expected at most {_MOST} merge policies for {schema}, found {len(there)}")


def _wrong(call: Call, detail: str) -> Refusal:
    return refuse(call.operation.service, HTTPStatus.BAD_REQUEST, [detail], call.request_id)
