"""Merge policies: listed and looked up (facts, merge-policies).

Each sandbox has those of the default data, and may be given others: there is no call for that here.
"""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from pytest_aep_export.emulator import ids
from pytest_aep_export.emulator.problems import profile, refuse
from pytest_aep_export.emulator.selection import member, ordered
from pytest_aep_export.emulator.state import Call, answer
from pytest_aep_export.emulator.store import Kind, Store
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.exporter.plan import InvalidExportError, plan, policy_id
from pytest_aep_export.model import MergePolicy
from pytest_aep_export.profiles.policies import DEFAULT_POLICIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from pytest_aep_export.emulator.tenants import Sandbox

__all__ = ["add", "chosen", "default", "find", "get_merge_policy", "list_merge_policies", "seed"]

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


def _put(store: Store, sandbox: Sandbox, policy: MergePolicy) -> None:
    now, number = sandbox.organisation.clock.now(), store.next_number(sandbox.key, "merge-policy")
    document = _document(policy, sandbox, now)
    store.put(sandbox.key, Kind.MERGE_POLICY, policy.id, document, number=number, created=now)


def _document(policy: MergePolicy, sandbox: Sandbox, now: int) -> dict[str, Any]:
    """The policy as the API shows it: what it says in so many words, and what else it was read from."""
    return {
        "isActiveOnEdge": False,
        "updateEpoch": now // 1000,
        **policy.raw,
        "id": policy.id,
        "name": policy.name,
        "imsOrgId": sandbox.organisation.org_id,
        "sandbox": {
            "sandboxId": ids.uuid4("sandbox", sandbox.key),
            "sandboxName": sandbox.name,
            "type": "production" if sandbox.name == "prod" else "development",
            "default": sandbox.name == "prod",
        },
        "schema": {"name": policy.schema},
        "version": policy.version,
        "identityGraph": {"type": policy.graph},
        "attributeMerge": {"type": policy.method} | ({"order": list(policy.order)} if policy.order else {}),
        "default": policy.default,
    }


def find(store: Store, tenant: str, policy_id: str) -> MergePolicy | None:
    """The merge policy that has this id."""
    document = store.get(tenant, Kind.MERGE_POLICY, policy_id)
    return None if document is None else MergePolicy.from_json(document)


def default(store: Store, tenant: str, schema: str) -> MergePolicy | None:
    """The policy that is used for a schema class where none is named."""
    policies = [MergePolicy.from_json(document) for document in store.list(tenant, Kind.MERGE_POLICY)]
    return next((policy for policy in policies if policy.default and policy.schema == schema), None)


def chosen(store: Store, tenant: str, request: Mapping[str, Any]) -> MergePolicy | None:
    """The policy that a request for an export names, or else the one segment's, or the default; None for none such."""
    wanted = policy_id(request)
    policy = find(store, tenant, wanted) if wanted else None
    return policy if "mergePolicy" in request else policy or default(store, tenant, request["schema"]["name"])


async def list_merge_policies(call: Call) -> Response:
    """The sandbox's merge policies by name, one page of them (facts, merge-policies section Operations)."""
    policies = [
        policy
        for policy in call.state.store.list(call.sandbox.key, Kind.MERGE_POLICY)
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
            "children": page,
            "_links": {"next": {"href": href}},
        }
    )


def _says(policy: dict[str, Any], path: str, wanted: str) -> bool:
    """Whether a policy has this value there; the contract has seen to it that a number or a boolean is one."""
    found = member(policy, path)
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
    key = call.path["mergePolicyId"]
    document = call.state.store.get(call.sandbox.key, Kind.MERGE_POLICY, key)
    if document is None:
        raise profile(
            HTTPStatus.NOT_FOUND, "UPAPI-113000-404", f"The entity {key} is not found.", request_id=call.request_id
        )
    return answer(document)
