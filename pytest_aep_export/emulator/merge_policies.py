"""Merge policies: kept in their versions, listed and looked up (facts, merge-policies); changed by `policy_changes`.

Each sandbox has those of the default data, and may be given others.
"""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from pytest_aep_export.emulator import documents
from pytest_aep_export.emulator.problems import refuse
from pytest_aep_export.emulator.selection import dotted, ordered
from pytest_aep_export.emulator.state import Call, answer
from pytest_aep_export.emulator.store import Kind, Store
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.exporter.plan import InvalidExportError, plan, policy_id, segments_of
from pytest_aep_export.model import MergePolicy
from pytest_aep_export.profiles.policies import DEFAULT_POLICIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from pytest_aep_export.emulator.tenants import Sandbox

__all__ = [
    "add",
    "change",
    "chosen",
    "default",
    "every",
    "find",
    "found",
    "get_merge_policies",
    "get_merge_policy",
    "list_merge_policies",
    "remove",
    "seed",
]

_FILTERS: Final = (
    "default",
    "isActiveOnEdge",
    "schema.name",
    "identityGraph.type",
    "attributeMerge.type",
    "version",
)
_DIGITS: Final = 9


def seed(store: Store, sandbox: Sandbox) -> None:
    """Put the default merge policies into a new sandbox."""
    for policy in DEFAULT_POLICIES:
        _put(store, sandbox, policy)


def add(store: Store, sandbox: Sandbox, policy: MergePolicy) -> None:
    """Give a sandbox a policy, in the place of the one with its id if there is one.

    Of each class one policy is the default: a new one takes over (facts, merge-policies section Rules).

    Raises:
        ConfigurationError: No export can use it.
    """
    if not policy.id:
        raise ConfigurationError("the merge policy cannot be added: give it an id")
    try:
        plan({}, policy)
    except InvalidExportError as error:
        raise ConfigurationError(f"the merge policy cannot be added: {error.reason}") from error
    with store.transaction():
        before = default(store, sandbox.key, policy.schema)
        if policy.default and before is not None:
            _put(store, sandbox, replace(before, default=False))
        _put(store, sandbox, policy)


def change(store: Store, sandbox: Sandbox, policy: MergePolicy) -> None:
    """Put a new policy into a sandbox, or a new version of one that is there.

    Of each class one policy is the default, and one of all is active on the edge: a new one takes over, by which the
    one before it gets a new version. A version that is no longer the latest stays, for exports that name it.
    """
    with store.transaction():
        for other in every(store, sandbox.key):
            if other.id == policy.id:
                _supersede(store, sandbox, other)
                continue
            loses_default = policy.default and other.default and policy.schema == other.schema
            loses_edge = policy.active_on_edge and other.active_on_edge
            if loses_default or loses_edge:
                _supersede(store, sandbox, other)
                default, active = other.default and not loses_default, other.active_on_edge and not loses_edge
                version = other.version + 1
                _put(store, sandbox, replace(other, default=default, active_on_edge=active, version=version, raw={}))
        _put(store, sandbox, replace(policy, raw={}))


def remove(store: Store, tenant: str, policy: MergePolicy) -> None:
    """Forget a policy in all its versions."""
    with store.transaction():
        store.remove(tenant, Kind.MERGE_POLICY, policy.id)
        for version in range(1, policy.version):
            store.remove(tenant, Kind.MERGE_POLICY_VERSION, f"{version}/{policy.id}")


def _supersede(store: Store, sandbox: Sandbox, policy: MergePolicy) -> None:
    document = store.get(sandbox.key, Kind.MERGE_POLICY, policy.id)
    if document is not None:
        key, now = f"{policy.version}/{policy.id}", sandbox.organisation.clock.now()
        store.put(sandbox.key, Kind.MERGE_POLICY_VERSION, key, document, number=policy.version, created=now)


def _put(store: Store, sandbox: Sandbox, policy: MergePolicy) -> None:
    now, number = sandbox.organisation.clock.now(), store.next_number(sandbox.key, "merge-policy")
    document = _document(policy, sandbox, now)
    store.put(sandbox.key, Kind.MERGE_POLICY, policy.id, document, number=number, created=now)


def _document(policy: MergePolicy, sandbox: Sandbox, now: int) -> dict[str, Any]:
    """The policy as it is kept: what it says in so many words, and what else it was read from."""
    return {
        "updateEpoch": now // 1000,
        **policy.raw,
        "id": policy.id,
        "name": policy.name,
        "imsOrgId": sandbox.organisation.org_id,
        "schema": {"name": policy.schema},
        "version": policy.version,
        "identityGraph": {"type": policy.graph},
        "attributeMerge": {"type": policy.method} | ({"order": list(policy.order)} if policy.order else {}),
        "isActiveOnEdge": policy.active_on_edge,
        "default": policy.default,
    }


def every(store: Store, tenant: str) -> list[MergePolicy]:
    """The latest version of each merge policy."""
    return [MergePolicy.from_json(document) for document in store.list(tenant, Kind.MERGE_POLICY)]


def find(store: Store, tenant: str, policy_id: str, version: object = None) -> MergePolicy | None:
    """The merge policy that has this id: in the version that is named, if it had that, and else in the latest."""
    earlier = store.get(tenant, Kind.MERGE_POLICY_VERSION, f"{version}/{policy_id}")
    document = earlier or store.get(tenant, Kind.MERGE_POLICY, policy_id)
    return None if document is None else MergePolicy.from_json(document)


def default(store: Store, tenant: str, schema: str) -> MergePolicy | None:
    """The policy that is used for a schema class where none is named."""
    return next((policy for policy in every(store, tenant) if policy.default and policy.schema == schema), None)


def chosen(store: Store, tenant: str, request: Mapping[str, Any]) -> MergePolicy | None:
    """The policy that a request for an export names, or else the one segment's, or the default; None for none such."""
    wanted = _policy_of_segment(store, tenant, request) or policy_id(request)
    policy = find(store, tenant, wanted, request.get("mergePolicy", {}).get("version")) if wanted else None
    return policy if "mergePolicy" in request else policy or default(store, tenant, request["schema"]["name"])


def _policy_of_segment(store: Store, tenant: str, request: Mapping[str, Any]) -> str | None:
    """The policy by which the one segment of a request is defined, where the request names none itself."""
    asked = segments_of(request)
    if "mergePolicy" in request or len(asked) != 1 or asked[0].namespace != "ups":
        return None
    definition = store.get(tenant, Kind.SEGMENT, asked[0].id) or {}
    policy: str | None = definition.get("mergePolicyId")
    return policy


async def list_merge_policies(call: Call) -> Response:
    """The sandbox's merge policies by name, one page of them (facts, merge-policies section Operations).

    Whoever asks for a version is shown policies that had it, as they were then.
    """
    kinds = (Kind.MERGE_POLICY, *([Kind.MERGE_POLICY_VERSION] if "version" in call.query else []))
    policies = [
        policy
        for kind in kinds
        for policy in call.state.store.list(call.sandbox.key, kind)
        if all(_says(policy, path, call.query[path]) for path in _FILTERS if path in call.query)
    ]
    order = call.query.get("orderBy") or call.query.get("orderby") or "+name"
    policies = ordered(ordered(policies, "id", descending=False), "name", descending=order.startswith("-"))
    limit, start = int(call.query.get("limit", 20)), _start(call)
    page = policies[start : start + limit]
    more = start + limit < len(policies)
    kept = {name: value for name, value in call.query.items() if name not in {"start", "limit"}}
    href = f"@/mergePolicies?{urlencode({'start': start + limit, **kept, 'limit': limit})}" if more else ""
    return answer(
        {
            "_page": {"totalCount": len(policies), "pageSize": len(page)},
            "children": [documents.shown(policy, call.sandbox) for policy in page],
            "_links": {"next": {"href": href}},
        }
    )


def _says(policy: dict[str, Any], path: str, wanted: str) -> bool:
    """Whether a policy has this value there; the contract has seen to it that a number or a boolean is one."""
    found = dotted(policy, path)
    if isinstance(found, bool):
        return str(found).lower() == wanted.lower()
    return bool(found == (int(wanted) if isinstance(found, int) else wanted))


def _start(call: Call) -> int:
    """Where the page starts; the mark is opaque to clients and a number of policies to us."""
    text = call.query.get("start") or "0"
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS):
        detail = f"/query/start: expected the mark that the page before gave out, found {text!r}"
        raise refuse(call.operation.service, HTTPStatus.BAD_REQUEST, [detail], call.request_id)
    return int(text)


async def get_merge_policy(call: Call) -> Response:
    """One merge policy."""
    return answer(documents.shown(found(call), call.sandbox))


async def get_merge_policies(call: Call) -> Response:
    """Several merge policies by id."""
    return documents.several(call, Kind.MERGE_POLICY)


def found(call: Call) -> dict[str, Any]:
    """The document of the policy that a path names.

    Raises:
        Refusal: There is none.
    """
    return documents.found(call, Kind.MERGE_POLICY, call.path["mergePolicyId"])
