"""How profiles are merged: by which policy, and along which graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from pytest_aep_export.contract import Contract
from pytest_aep_export.exchange import Exchange
from pytest_aep_export.suite.api import Api
from pytest_aep_export.suite.choices import Segment
from pytest_aep_export.suite.expect import array, conforms, document, expect, not_applicable, pick, prerequisite, status
from pytest_aep_export.suite.exports import Exports, Shown
from pytest_aep_export.suite.records import Identities, Record, difference
from pytest_aep_export.values import member

requirement = pytest.mark.aep_requirement

CLASS = "_xdm.context.profile"
MOST_IDENTITIES = 50

SAID = (
    ("id",),
    ("schema", "name"),
    ("identityGraph", "type"),
    ("attributeMerge", "type"),
    ("attributeMerge", "order"),
    ("version",),
    ("default",),
)
"""What a policy says of how it merges; a server may add whatever else, to the list or to the look-up."""

Policy = Mapping[str, Any]


@pytest.fixture(scope="module")
def policies(api: Api) -> list[Policy]:
    """The tenant's merge policies for profiles."""
    return [policy for policy in api.policies() if part(policy, "schema").get("name", CLASS) == CLASS]


def unnamed(exports: Exports, kind: str, request: dict[str, Any]) -> Exchange:
    """The creation of an export of a request that names no merge policy."""
    exports.ask({kind: {name: value for name, value in request.items() if name != "mergePolicy"}})
    return exports.accepted(kind)


def of_segment(exports: Exports, segment: Segment) -> dict[str, Any]:
    """A request for the members of one segment."""
    return exports.request(filter={"segments": [segment.entry()]})


def expect_as_named(exports: Exports, created: Exchange, kind: str, request: dict[str, Any]) -> None:
    """Require that a job exports what it exports when its request names the policy that the job shows."""
    exports.known()
    with prerequisite("EXP-JOB-008"):
        policy = {name: pick(created, f"/mergePolicy/{name}") for name in ("id", "version")}
    exports.ask({f"{kind}, named": request | {"mergePolicy": policy}})
    wanted, found = (Counter(exports.records(name)) for name in (f"{kind}, named", kind))
    required = f"the rows are those of the policy that the job shows, {policy['id']}"
    exports.relate(kind, found == wanted, required, difference(found, wanted), base=f"{kind}, named")


@requirement("EXP-MERGE-010")
@pytest.mark.parametrize("query", [{}, {"limit": 1}], ids=["whole", "limited"])
def test_the_contract(api: Api, contract: Contract, query: dict[str, int]):
    """The list of merge policies contradicts no documented variant."""
    exchange = api.list_policies(**query)
    if exchange.response.status == 404:
        not_applicable("the target does not list merge policies")
    status(exchange, {200}, "merge policies are listed with 200")
    conforms(exchange, contract.validate_response("listMergePolicies", exchange.response))


def policies_now(api: Api) -> list[Policy]:
    """The tenant's merge policies as they are listed now, of those on the first page."""
    assert api.policies()
    with prerequisite("EXP-MERGE-010"):
        listed = array(status(api.list_policies(), {200}, "merge policies are listed with 200"), "/children")
    return [policy for policy in listed if isinstance(policy, Mapping) and "id" in policy]


@requirement("EXP-MERGE-011")
def test_a_policy_is_found(api: Api):
    """Every merge policy is found under its id, with all that the list says of how it merges."""
    for policy in policies_now(api):
        exchange = status(api.show_policy(policy["id"]), {200}, "a merge policy that exists is answered with 200")
        shown = document(exchange)
        for path in SAID:
            wanted, found = member(policy, *path), member(shown, *path)
            same = wanted is None or found == wanted
            expect(same, exchange, f"{'.'.join(path)} is {wanted!r} as in the list", found)


@requirement("EXP-MERGE-001")
def test_the_default_policy(exports: Exports, policies: list[Policy]):
    """A job of a request without a policy and without segments names the tenant's default policy."""
    default = next((policy["id"] for policy in policies if policy.get("default") is True), None)
    if default is None:
        not_applicable("the tenant has no default merge policy")
    created = unnamed(exports, "by default", exports.request())
    found = pick(created, "/mergePolicy/id")
    expect(found == default, created, f"the merge policy is the default one, {default}", found)


@requirement("EXP-MERGE-002")
def test_the_policy_that_is_shown(exports: Exports):
    """Without a policy everybody is exported by the policy that the job shows."""
    created = unnamed(exports, "by default", exports.request())
    expect_as_named(exports, created, "by default", exports.request())


@requirement("EXP-MERGE-002")
def test_the_policy_that_is_shown_for_a_segment(exports: Exports, segments: list[Segment]):
    """Without a policy a segment is exported by the policy that the job shows."""
    request = of_segment(exports, segments[0])
    expect_as_named(exports, unnamed(exports, "a segment", request), "a segment", request)


@requirement("EXP-MERGE-003")
def test_the_policy_of_a_segment(api: Api, exports: Exports, segments: list[Segment]):
    """A job of a request for one segment and without a policy names the segment's."""
    definition = api.segment_definition(segments[0].id)
    if definition.response.status != 200:
        not_applicable(f"the target shows no definition of the segment: {definition.response.status}")
    with prerequisite():
        wanted = Shown(definition).get("mergePolicyId")
    if wanted is None:
        not_applicable("the definition of the segment shows no merge policy")
    created = unnamed(exports, "a segment", of_segment(exports, segments[0]))
    found = pick(created, "/mergePolicy/id")
    expect(found == wanted, created, f"the merge policy is the segment's, {wanted}", found)


@requirement("EXP-MERGE-004")
def test_the_latest_version(api: Api, exports: Exports, policies: list[Policy]):
    """A job of a request without the policy's version names the latest."""
    wanted = next((policy.get("version") for policy in policies if policy["id"] == exports.policy), None)
    if wanted is None:
        not_applicable("the list of merge policies shows no version of the policy")
    with prerequisite("EXP-CREATE-009"):
        created = status(
            api.create_job(exports.request(mergePolicy={"id": exports.policy})), range(200, 300), "a job is created"
        )
    found = pick(created, "/mergePolicy/version")
    expect(found == wanted, created, f"the policy's version is the one that is listed, {wanted}", found)


def part(policy: Policy, name: str) -> Mapping[str, Any]:
    """A member of a policy that should be an object; an empty one where it is something else."""
    found = policy.get(name)
    return found if isinstance(found, Mapping) else {}


def merging(policy: Policy) -> tuple[Any, ...]:
    """How a policy merges attributes."""
    merge = part(policy, "attributeMerge")
    order = merge.get("order")
    return merge.get("type"), tuple(order) if isinstance(order, list) else ()


def graph(policy: Policy) -> Any:
    """The type of a policy's graph."""
    return part(policy, "identityGraph").get("type")


def export_by(exports: Exports, *policies: Policy) -> list[tuple[Record, ...]]:
    """The identities of everybody under each of the policies."""
    kinds = {f"by {policy['id']}": {"id": policy["id"]} for policy in policies}
    exports.ask({kind: exports.request(fields="identityMap", mergePolicy=policy) for kind, policy in kinds.items()})
    return [exports.known(kind) for kind in kinds]


def crowd(records: tuple[Record, ...]) -> Counter[tuple[str, str]]:
    """In how many rows each identity is."""
    return Counter(identity for record in records for identity in record.identities)


def pairs(policies: list[Policy], fit: Callable[[Policy, Policy], bool]) -> list[tuple[Policy, Policy]]:
    """Every two policies that fit each other, those without a graph first."""
    found = [(one, other) for one in policies for other in policies if fit(one, other)]
    return sorted(found, key=lambda pair: str(graph(pair[0])))


def differ_in_graph(one: Policy, other: Policy) -> bool:
    """Whether two policies differ in their graphs alone: none, and the private one."""
    return (graph(one), graph(other)) == ("none", "pdg") and merging(one) == merging(other)


def differ_in_method(one: Policy, other: Policy) -> bool:
    """Whether two policies of one graph merge by time and by the precedence of datasets."""
    methods = merging(one)[0], merging(other)[0]
    return graph(one) == graph(other) and methods == ("timestampOrdered", "dataSetPrecedence")


@pytest.fixture(scope="module")
def stitched(exports: Exports, policies: list[Policy]) -> tuple[tuple[Record, ...], tuple[Record, ...], str]:
    """The identities of everybody without a graph and with the private one, and the name of the latter export."""
    for one, other in pairs(policies, differ_in_graph):
        none, private = export_by(exports, one, other)
        if max(crowd(none).values()) > 1:
            return none, private, f"by {other['id']}"
    return not_applicable("no two merge policies differ in their graph alone and leave something to stitch")


@requirement("EXP-MERGE-005")
def test_an_identity_is_in_one_profile(exports: Exports, stitched: tuple[tuple[Record, ...], tuple[Record, ...], str]):
    """With the private graph no two profiles share an identity."""
    _, private, kind = stitched
    shared = sum(1 for count in crowd(private).values() if count > 1)
    Shown(exports.finished(kind)).expect(not shared, "every identity is in one row", f"{shared} are in several")


@requirement("EXP-MERGE-006")
def test_a_graph_only_joins(exports: Exports, stitched: tuple[tuple[Record, ...], tuple[Record, ...], str]):
    """With the private graph the identities of a profile stay together."""
    none, private, kind = stitched
    homes: dict[tuple[str, str], set[int]] = {}
    for place, record in enumerate(private):
        for identity in record.identities:
            homes.setdefault(identity, set()).add(place)
    places = [[homes.get(identity, set()) for identity in record.identities] for record in none]
    torn = sum(1 for found in places if any(found) and not set.intersection(*found))
    required = "the identities of a profile without a graph are in one row, or in none"
    exports.relate(kind, not torn, required, f"those of {torn} profiles are not", base=kind)


@requirement("EXP-MERGE-007")
def test_datasets_that_are_not_listed(exports: Exports, policies: list[Policy]):
    """Merged by the precedence of datasets, profiles have no identities that they lack when merged by time."""
    found = pairs(policies, differ_in_method)
    if not found:
        not_applicable("no two merge policies of one graph merge by time and by the precedence of datasets")
    by_time, by_dataset = export_by(exports, *found[0])
    holders: dict[tuple[str, str], list[Identities]] = {}
    for record in by_time:
        for identity in record.identities:
            holders.setdefault(identity, []).append(record.identities)
    strange = [r for r in by_dataset if r.identities and not is_part(r.identities, holders)]
    required = "the identities of every profile are among those of one that is merged by time"
    base, kind = (f"by {policy['id']}" for policy in found[0])
    exports.relate(kind, not strange, required, f"those of {len(strange)} profiles are not", base=base)


def is_part(identities: Identities, holders: Mapping[tuple[str, str], list[Identities]]) -> bool:
    """Whether some profile that has one of the identities has all of them."""
    return any(identities <= whole for whole in holders.get(next(iter(identities)), ()))


@requirement("EXP-MERGE-008")
def test_the_most_identities(exports: Exports):
    """Nobody is exported with more identities than fifty."""
    counts = [len(record.identities) for record in exports.known()]
    over = sum(1 for count in counts if count > MOST_IDENTITIES)
    required = f"no profile has more than {MOST_IDENTITIES} identities"
    Shown(exports.finished("everything")).expect(not over, required, f"{over} have more")
    if max(counts) < MOST_IDENTITIES:
        not_applicable("no profile of the tenant has as many as 50 identities")
