"""The life of merge policies: created, replaced, changed, deleted, and obeyed by the exports in between."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl

import pytest

from pytest_aep_export.contract import Contract
from pytest_aep_export.exchange import Exchange
from pytest_aep_export.suite.api import Api
from pytest_aep_export.suite.expect import (
    UnmetError,
    array,
    conforms,
    document,
    expect,
    not_applicable,
    number,
    pick,
    prerequisite,
    refused,
    status,
)
from pytest_aep_export.suite.exports import Exports
from pytest_aep_export.values import member

requirement = pytest.mark.aep_requirement

ACCOUNTS = "_xdm.context.account"
"""A class that no export is of: its default policy is nobody's."""
UNKNOWN = "00000000-0000-4000-8000-000000000000"
SAID = (
    ("name",),
    ("schema", "name"),
    ("identityGraph", "type"),
    ("attributeMerge", "type"),
    ("attributeMerge", "order"),
)
PAGES = 100

Policy = Mapping[str, Any]
Make = Callable[..., Exchange]


def asking(**members: Any) -> dict[str, Any]:
    """A request for a merge policy by time and without a graph, unless members say otherwise."""
    least = {"schema": {"name": "_xdm.context.profile"}, "identityGraph": {"type": "none"}}
    return {"name": "aep-export suite", **least, "attributeMerge": {"type": "timestampOrdered"}} | members


def changing(path: str, value: str) -> dict[str, Any]:
    """One change of a merge policy."""
    return {"op": "add", "path": path, "value": value}


@pytest.fixture
def make(api: Api) -> Iterator[Make]:
    """Creates merge policies; they are deleted at the end, and who was active on the edge before is so again."""
    made: list[Any] = []
    active = [policy["id"] for policy in api.policies() if policy.get("isActiveOnEdge") in (True, "true")]
    edged = False

    def create(**members: Any) -> Exchange:
        nonlocal edged
        exchange = api.create_policy(asking(**members))
        edged = edged or "isActiveOnEdge" in members
        with suppress(UnmetError):
            made.append(pick(status(exchange, range(200, 300), "a merge policy is created"), "/id"))
        return exchange

    yield create
    for identifier in active if edged else ():
        update(api, identifier, "/isActiveOnEdge", "true")
    for identifier in made:
        api.delete_policy(identifier)


def update(api: Api, identifier: object, path: str, value: str) -> Exchange:
    """Change one member of a policy, in whichever of the two documented forms the target takes."""
    exchange = api.patch_policy(identifier, changing(path, value))
    if exchange.response.status in range(400, 500):
        exchange = api.patch_policy(identifier, [changing(path, value)])
    return exchange


def new(make: Make, **members: Any) -> Any:
    """The id of a new merge policy, on which others build."""
    with prerequisite("EXP-POLICY-001"):
        return pick(status(make(**members), range(200, 300), "a merge policy is created"), "/id")


def look(api: Api, identifier: object) -> Policy:
    """A merge policy as it is shown now."""
    with prerequisite("EXP-POLICY-003"):
        exchange = status(api.show_policy(identifier), {200}, "a merge policy that exists is answered with 200")
        found = document(exchange)
        expect(isinstance(found, Mapping), exchange, "a merge policy is an object", found)
    policy: Policy = found
    return policy


def walk(api: Api, **query: Any) -> Iterator[tuple[Exchange, Policy]]:
    """The policies of a list, as far as its links lead, each with the page that it is on."""
    for _ in range(PAGES):
        page = status(api.list_policies(**query), {200}, "merge policies are listed with 200")
        yield from ((page, policy) for policy in array(page, "/children") if isinstance(policy, Mapping))
        link = member(document(page), "_links", "next", "href") or ""
        expect(isinstance(link, str), page, "the link to the next page is a text", link)
        if not link:
            return
        query |= dict(parse_qsl(link.partition("?")[2]))


# -- Created ---------------------------------------------------------------------------------------------------------


@requirement("EXP-POLICY-001")
def test_a_creation_is_answered_with_the_policy(make: Make, contract: Contract):
    """A merge policy is created with 200, and the answer contradicts no documented variant."""
    exchange = status(make(), {200}, "a merge policy is created with 200")
    conforms(exchange, contract.validate_response("createMergePolicy", exchange.response))
    expect(pick(exchange, "/id"), exchange, "the new policy has an id", pick(exchange, "/id"))


@requirement("EXP-POLICY-002")
@pytest.mark.parametrize("graph", ["none", "pdg"])
def test_a_new_policy_is_what_was_asked_for(make: Make, graph: str):
    """Name, class, graph and merging are those of the request; it is no default and not on the edge unless asked to."""
    asked = {"name": "aep-export suite, asked for", "identityGraph": {"type": graph}}
    with prerequisite("EXP-POLICY-001"):
        exchange = status(make(**asked), range(200, 300), "a merge policy is created")
    for path in SAID:
        wanted, found = member(asking(**asked), *path), member(document(exchange), *path)
        expect(wanted is None or found == wanted, exchange, f"{'.'.join(path)} is {wanted!r} as asked for", found)
    for name in ("default", "isActiveOnEdge"):
        found = member(document(exchange), name)
        expect(found in (None, False, "false"), exchange, f"{name} is false where it was not asked for", found)


@requirement("EXP-POLICY-003")
def test_a_new_policy_is_found(api: Api, make: Make):
    """A new policy is shown under its id as its creation has shown it."""
    with prerequisite("EXP-POLICY-001"):
        created = status(make(), range(200, 300), "a merge policy is created")
    exchange = status(api.show_policy(pick(created, "/id")), {200}, "a new merge policy is found under its id")
    for path in (("id",), *SAID, ("version",)):
        wanted, found = member(document(created), *path), member(document(exchange), *path)
        expect(found == wanted, exchange, f"{'.'.join(path)} is {wanted!r} as at its creation", found)


@requirement("EXP-POLICY-003")
def test_a_new_policy_is_listed(api: Api, make: Make):
    """A new policy is in the list."""
    identifier = new(make)
    page, _ = next(walk(api))
    found = [policy.get("id") for _, policy in walk(api)]
    expect(identifier in found, page, f"the list has the new policy, {identifier}", found)


@requirement("EXP-POLICY-016")
@pytest.mark.parametrize("missing", ["schema", "identityGraph", "attributeMerge"])
def test_a_required_member(api: Api, missing: str):
    """A request without a required member is refused."""
    body = {name: value for name, value in asking().items() if name != missing}
    refused(api.create_policy(body), f"a merge policy without {missing} is refused")


@requirement("EXP-POLICY-016")
@pytest.mark.parametrize("name", ["identityGraph", "attributeMerge"])
def test_an_unknown_type(make: Make, name: str):
    """A graph and a merging that there are not are refused."""
    refused(make(**{name: {"type": "unknown"}}), f"a merge policy with an unknown {name}.type is refused")


@requirement("EXP-POLICY-017")
def test_the_order_of_datasets(make: Make):
    """Merging by the precedence of datasets without their order is refused."""
    refused(make(attributeMerge={"type": "dataSetPrecedence"}), "dataSetPrecedence without an order is refused")


# -- Changed ---------------------------------------------------------------------------------------------------------


@requirement("EXP-POLICY-004")
def test_a_replacement(api: Api, make: Make):
    """A policy is replaced with 200 and is what the request says from then on, under the same id."""
    identifier = new(make)
    asked = asking(name="aep-export suite, replaced", identityGraph={"type": "pdg"})
    exchange = status(api.replace_policy(identifier, asked), {200}, "a merge policy is replaced with 200")
    expect(pick(exchange, "/id") == identifier, exchange, f"the id stays {identifier}", pick(exchange, "/id"))
    shown = api.show_policy(identifier)
    for path in SAID:
        wanted, found = member(asked, *path), member(document(shown), *path)
        expect(wanted is None or found == wanted, shown, f"{'.'.join(path)} is {wanted!r} as asked for", found)


@requirement("EXP-POLICY-005")
@pytest.mark.parametrize(
    ("path", "value"), [("/name", "aep-export suite, changed"), ("/identityGraph.type", "pdg")], ids=["name", "graph"]
)
def test_a_change(api: Api, make: Make, path: str, value: str):
    """A member of a policy is changed with 200, and no other of what it says."""
    identifier = new(make)
    before = look(api, identifier)
    status(update(api, identifier, path, value), {200}, "a merge policy is changed with 200")
    shown = api.show_policy(identifier)
    for names in SAID:
        changed = names == tuple(path.strip("/").split("."))
        wanted, found = value if changed else member(before, *names), member(document(shown), *names)
        expect(found == wanted, shown, f"{'.'.join(names)} is {wanted!r}", found)


@requirement("EXP-POLICY-006")
def test_a_change_in_an_object(api: Api, make: Make):
    """A change comes in an object, as the guide shows."""
    identifier = new(make)
    exchange = api.patch_policy(identifier, changing("/name", "aep-export suite, changed"))
    status(exchange, {200}, "a change in an object is answered with 200")


@requirement("EXP-POLICY-007")
def test_a_change_in_an_array(api: Api, make: Make):
    """A change comes in an array, as clients send it."""
    identifier = new(make)
    exchange = api.patch_policy(identifier, [changing("/name", "aep-export suite, changed")])
    status(exchange, {200}, "a change in an array is answered with 200")


@requirement("EXP-POLICY-008")
def test_a_text_for_a_boolean(api: Api, make: Make):
    """The text true makes a policy the default, which is shown as a boolean."""
    identifier = new(make, schema={"name": ACCOUNTS})
    exchange = status(update(api, identifier, "/default", "true"), {200}, "the text true is taken for a boolean")
    found = pick(exchange, "/default")
    expect(found is True, exchange, "default is true", found)


@requirement("EXP-POLICY-009")
@pytest.mark.parametrize("how", ["replaced", "changed"])
def test_the_version(api: Api, make: Make, how: str):
    """An update makes the version greater."""
    identifier = new(make)
    before = look(api, identifier).get("version")
    with prerequisite("EXP-POLICY-004" if how == "replaced" else "EXP-POLICY-005"):
        renamed = {
            "replaced": lambda: api.replace_policy(identifier, asking(name="aep-export suite, replaced")),
            "changed": lambda: update(api, identifier, "/name", "aep-export suite, changed"),
        }
        exchange = status(renamed[how](), range(200, 300), f"a merge policy is {how}")
    found = number(exchange, "/version")
    expect(isinstance(before, int) and found > before, exchange, f"the version is greater than {before}", found)


@requirement("EXP-POLICY-013")
@pytest.mark.parametrize("how", ["created", "changed"])
def test_one_default(api: Api, make: Make, how: str):
    """A new default of a class takes over from the one before."""
    first = new(make, schema={"name": ACCOUNTS}, default=True)
    second = new(make, schema={"name": ACCOUNTS}, **({"default": True} if how == "created" else {}))
    if how == "changed":
        with prerequisite("EXP-POLICY-005"):
            status(update(api, second, "/default", "true"), range(200, 300), "a merge policy is made the default")
    shown = api.show_policy(first)
    found = [identifier for identifier in (first, second) if look(api, identifier).get("default") is True]
    expect(found == [second], shown, f"the default of the class is the new one, {second}", found)


@requirement("EXP-POLICY-014")
def test_one_on_the_edge(api: Api, make: Make):
    """A policy that becomes active on the edge takes over from the one before."""
    identifier = new(make, isActiveOnEdge=True)
    listed = list(walk(api))
    found = [policy.get("id") for _, policy in listed if policy.get("isActiveOnEdge") in (True, "true")]
    expect(found == [identifier], listed[0][0], f"the new policy alone is active on the edge, {identifier}", found)


# -- Deleted ---------------------------------------------------------------------------------------------------------


@requirement("EXP-POLICY-010")
def test_a_deletion(api: Api, make: Make):
    """A policy is deleted with 200, and is neither found nor listed from then on."""
    identifier = new(make)
    status(api.delete_policy(identifier), {200}, "a merge policy is deleted with 200")
    status(api.show_policy(identifier), {404}, "a deleted merge policy is answered with 404")
    for page, policy in walk(api):
        expect(policy.get("id") != identifier, page, f"the list does not have the deleted policy, {identifier}", policy)


@requirement("EXP-POLICY-011")
def test_a_deletion_has_no_body(api: Api, make: Make):
    """The answer to a deletion is empty."""
    with prerequisite("EXP-POLICY-010"):
        exchange = status(api.delete_policy(new(make)), range(200, 300), "a merge policy is deleted")
    found = len(exchange.response.body)
    expect(not found, exchange, "the answer has no body", f"{found} bytes")


@requirement("EXP-POLICY-015")
def test_what_is_active_on_the_edge_stays(api: Api, make: Make):
    """A policy that is active on the edge is not deleted."""
    identifier = new(make, isActiveOnEdge=True)
    refused(api.delete_policy(identifier), "a merge policy that is active on the edge is not deleted")
    status(api.show_policy(identifier), {200}, "a merge policy that was not deleted is still there")


@requirement("EXP-POLICY-018")
@pytest.mark.parametrize("how", ["replaced", "changed", "deleted"])
def test_an_unknown_policy(api: Api, how: str):
    """An id that no policy has is refused."""
    ways: dict[str, Callable[[], Exchange]] = {
        "replaced": lambda: api.replace_policy(UNKNOWN, asking()),
        "changed": lambda: update(api, UNKNOWN, "/name", "aep-export suite, changed"),
        "deleted": lambda: api.delete_policy(UNKNOWN),
    }
    refused(ways[how](), f"a merge policy that there is not is not {how}")


# -- Read ------------------------------------------------------------------------------------------------------------


@requirement("EXP-POLICY-012")
def test_several_at_once(api: Api):
    """Several policies are looked up with 207, each under its id as a look at it shows it."""
    wanted = [policy["id"] for policy in api.policies()][:3]
    exchange = status(api.several_policies(*wanted), {207}, "several merge policies are answered with 207")
    for identifier in wanted:
        shown, found = look(api, identifier), pick(exchange, "/results").get(identifier)
        same = isinstance(found, Mapping) and all(
            member(found, *path) == member(shown, *path) for path in (("id",), *SAID)
        )
        expect(same, exchange, f"results has the policy {identifier} as it is shown", found)


@requirement("EXP-POLICY-021")
def test_pages(api: Api):
    """Pages of one policy lead through the whole list, each policy once."""
    pages: dict[int, list[Policy]] = {}
    wanted = Counter(str(policy.get("id")) for _, policy in walk(api))
    found = list(walk(api, limit=1))
    for page, policy in found:
        pages.setdefault(id(page), []).append(policy)
        expect(len(pages[id(page)]) == 1, page, "a page with the limit 1 holds one policy", len(pages[id(page)]))
    listed = Counter(str(policy.get("id")) for _, policy in found)
    expect(listed == wanted, found[0][0], f"the pages hold the policies of the whole list, {wanted}", listed)


@requirement("EXP-POLICY-022")
@pytest.mark.parametrize("path", ["default", "identityGraph.type", "attributeMerge.type"])
def test_filters(api: Api, path: str):
    """A filter lets those policies through that are so."""
    names = path.split(".")
    every = [policy for _, policy in walk(api)]
    values = dict.fromkeys(member(policy, *names) for policy in every)
    if len(values) == 1:
        not_applicable(f"all merge policies of the tenant have the same {path}")
    for value in values:
        wanted = sorted(str(policy.get("id")) for policy in every if member(policy, *names) == value)
        found = list(walk(api, **{path: str(value).lower() if isinstance(value, bool) else value}))
        listed = sorted(str(policy.get("id")) for _, policy in found)
        page = found[0][0] if found else api.list_policies()
        expect(listed == wanted, page, f"the policies whose {path} is {value} are listed, {wanted}", listed)


@requirement("EXP-POLICY-023")
@pytest.mark.parametrize("order", ["", "name", "-name"])
def test_the_order_of_names(api: Api, order: str):
    """Policies are sorted by name, from the first to the last or from the last to the first."""
    listed = list(walk(api, **({"orderBy": order} if order else {})))
    names = [str(policy.get("name")) for _, policy in listed]
    pairs = itertools.pairwise(reversed(names) if order == "-name" else names)
    required = f"names are in {'descending' if order == '-name' else 'ascending'} order, capitals apart or not"
    ordered = all(one <= other or one.casefold() <= other.casefold() for one, other in pairs)
    expect(ordered, listed[0][0], required, names)


# -- Obeyed ----------------------------------------------------------------------------------------------------------


def export_by(exports: Exports, kind: str, identifier: object) -> Exchange:
    """The creation of an export of everybody's identities by the latest version of a policy."""
    exports.ask({kind: exports.request(fields="identityMap", mergePolicy={"id": identifier})})
    return exports.accepted(kind)


def stitch(api: Api, identifier: object) -> Any:
    """Let a policy apply the private graph from now on; the version that it has then."""
    with prerequisite("EXP-POLICY-004"):
        asked = asking(identityGraph={"type": "pdg"})
        return pick(status(api.replace_policy(identifier, asked), range(200, 300), "a policy is replaced"), "/version")


def expect_alike(exports: Exports, kind: str, base: str, required: str) -> None:
    """Require that two exports have the same rows."""
    found, wanted = (Counter(exports.records(name)) for name in (kind, base))
    exports.relate(kind, found == wanted, required, f"{sum((found - wanted).values())} rows are others", base=base)


@requirement("EXP-POLICY-019")
def test_an_update_is_obeyed(api: Api, exports: Exports, make: Make):
    """An export by a policy that was updated is one by what the policy says now."""
    identifier, alike = new(make), new(make, identityGraph={"type": "pdg"})
    version = stitch(api, identifier)
    created = export_by(exports, "by an updated policy", identifier)
    found = pick(created, "/mergePolicy/version")
    expect(found == version, created, f"the job shows the version that the policy has now, {version}", found)
    export_by(exports, "by a policy alike", alike)
    required = "the rows are those of another policy of the same graph and merging"
    expect_alike(exports, "by an updated policy", "by a policy alike", required)


@requirement("EXP-POLICY-020")
def test_a_job_keeps_its_version(api: Api, exports: Exports, make: Make):
    """A job that was created before an update is done by what the policy said then."""
    identifier, alike = new(make), new(make)
    early = pick(export_by(exports, "before an update", identifier), "/mergePolicy/version")
    stitch(api, identifier)
    finished = exports.finished("before an update")
    found = pick(finished, "/mergePolicy/version")
    expect(found == early, finished, f"the job shows the version that the policy had before, {early}", found)
    export_by(exports, "by what was so before", alike)
    required = "the rows are those of a policy that is as this one was"
    expect_alike(exports, "before an update", "by what was so before", required)
