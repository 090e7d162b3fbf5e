"""Merge policies through their life: created, replaced, changed, deleted, and obeyed by the exports in between."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_aep_export.exporter import reference
from pytest_aep_export.exporter.plan import plan
from pytest_aep_export.model import MergePolicy
from pytest_aep_export.profiles.policies import CRM, DEFAULT_POLICIES, LOYALTY
from tests.emulator.reading import exported, unordered

POLICIES = "/data/core/ups/config/mergePolicies"
DEFAULT, IN_ORDER, PRECEDENCE, SYMBOLIC = (policy.id for policy in DEFAULT_POLICIES)
PROFILES = {"name": "_xdm.context.profile"}
ACCOUNTS = {"name": "_xdm.context.account"}
READ_ONLY = {
    "id": "x",
    "imsOrgId": "y",
    "sandbox": {},
    "version": 9,
    "updateEpoch": 1,
    "_etag": "z",
    "isRealTime": True,
}


def body(**members: Any) -> dict[str, Any]:
    """A request for a policy by time and without a graph."""
    least = {"name": "mine", "schema": PROFILES, "identityGraph": {"type": "none"}}
    return {**least, "attributeMerge": {"type": "timestampOrdered"}} | members


def create(api, **members: Any) -> dict[str, Any]:
    """A new policy as its creation shows it."""
    created: dict[str, Any] = api.ask("POST", POLICIES, json=body(**members))
    return created


def patch(api, key: str, changes: Any, status: int = 200) -> dict[str, Any]:
    """What changes of a policy are answered with."""
    answer: dict[str, Any] = api.ask("PATCH", f"{POLICIES}/{key}", status, json=changes)
    return answer


def change(path: str, value: Any, op: str = "add") -> dict[str, Any]:
    """One change."""
    return {"op": op, "path": path, "value": value}


def listed(api, query: str = "") -> dict[str, dict[str, Any]]:
    """The policies of the first page by id."""
    return {policy["id"]: policy for policy in api.ask("GET", f"{POLICIES}?{query}")["children"]}


def said(answer: dict[str, Any]) -> str:
    """What a refusal complains of."""
    return "; ".join(entry["message"] for entries in answer["errors"].values() for entry in entries)


# -- Created


def test_a_new_policy_is_shown_whole(api):
    """In its first version, updated now, and no default unless it is asked for."""
    api.tenant.clock.advance(seconds=5)
    created = create(api, identityGraph={"type": "pdg"}, **READ_ONLY)
    sandbox = api.ask("GET", f"{POLICIES}/{DEFAULT}")["sandbox"]
    assert created == {
        "id": created["id"],
        "name": "mine",
        "imsOrgId": api.tenant.credentials.org_id,
        "sandbox": sandbox,
        "schema": PROFILES,
        "version": 1,
        "identityGraph": {"type": "pdg"},
        "attributeMerge": {"type": "timestampOrdered"},
        "isActiveOnEdge": False,
        "default": False,
        "updateEpoch": api.tenant.clock.now() // 1000,
    }
    assert api.ask("GET", f"{POLICIES}/{created['id']}") == created
    assert listed(api)[created["id"]] == created


def test_every_new_policy_has_an_id_of_its_own(api):
    """UUIDs, none twice; without a name it has an empty one."""
    nameless = {name: value for name, value in body().items() if name != "name"}
    keys = [create(api)["id"] for _ in range(3)]
    assert api.ask("POST", POLICIES, json=nameless)["name"] == ""
    assert len({*keys}) == 3
    assert {len(key) for key in keys} == {36}


def test_what_one_tenant_creates_no_other_has(api, make_api):
    """Neither another sandbox nor another organisation finds, changes or deletes it."""
    key = create(api)["id"]
    for stranger in (api.sandbox("dev"), make_api()):
        stranger.ask("GET", f"{POLICIES}/{key}", 404)
        stranger.ask("PUT", f"{POLICIES}/{key}", 404, json=body())
        stranger.ask("DELETE", f"{POLICIES}/{key}", 404)
        assert key not in listed(stranger)
        assert stranger.ask("POST", f"{POLICIES}/bulk-get", 207, json={"ids": [{"id": key}]}) == {"results": {}}


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"schema": None}, "/schema"),
        ({"schema": {}}, "/schema"),
        ({"schema": {"name": ""}}, "/schema/name"),
        ({"identityGraph": {"type": "coop"}}, "/identityGraph/type"),
        ({"attributeMerge": {"type": "newest"}}, "/attributeMerge/type"),
        ({"attributeMerge": {"type": "dataSetPrecedence"}}, "/attributeMerge"),
        ({"attributeMerge": {"type": "dataSetPrecedence", "order": []}}, "/attributeMerge/order"),
        ({"attributeMerge": {"type": "dataSetPrecedence", "order": [7]}}, "/attributeMerge/order/0"),
        ({"default": "perhaps"}, "/default"),
        ({"isActiveOnEdge": 1}, "/isActiveOnEdge"),
        ({"colour": "red"}, "/colour"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_wrong_member_is_named(api, method, changes, place):
    """A 400 in the profile service's form, and nothing has changed."""
    before = listed(api)
    path = POLICIES if method == "POST" else f"{POLICIES}/{IN_ORDER}"
    assert place in said(api.ask(method, path, 400, json=body(**changes)))
    assert listed(api) == before


def test_the_limit_of_five_is_switched_on(make_api):
    """For each class by itself; without the switch there may be any number (D-92)."""
    api = make_api(policy_limit="five")
    create(api)
    assert "/schema/name: expected at most 5" in said(api.ask("POST", POLICIES, 400, json=body()))
    create(api, schema=ACCOUNTS)
    api.send("DELETE", f"{POLICIES}/{SYMBOLIC}")
    create(api)
    unlimited = make_api()
    for _ in range(6):
        create(unlimited)
    assert len(listed(unlimited)) == 10


# -- Changed


def test_a_replaced_policy_has_nothing_of_before(api):
    """What the request does not say is as in a new policy; the version grows by one."""
    key = create(api, default=True, isActiveOnEdge="true", identityGraph={"type": "pdg"})["id"]
    api.tenant.clock.advance(seconds=7)
    replaced = api.ask("PUT", f"{POLICIES}/{key}", json=body(name="other") | READ_ONLY)
    assert (replaced["id"], replaced["version"], replaced["name"]) == (key, 2, "other")
    assert (replaced["default"], replaced["isActiveOnEdge"]) == (False, False)
    assert replaced["identityGraph"] == {"type": "none"}
    assert replaced["updateEpoch"] == api.tenant.clock.now() // 1000
    assert api.ask("GET", f"{POLICIES}/{key}") == replaced


@pytest.mark.parametrize(
    ("path", "value", "shown"),
    [
        ("/name", "other", {"name": "other"}),
        ("/identityGraph.type", "none", {"identityGraph": {"type": "none"}}),
        ("/schema.name", "_xdm.context.account", {"schema": ACCOUNTS}),
        ("/attributeMerge.type", "timestampOrdered", {"attributeMerge": {"type": "timestampOrdered"}}),
        ("/default", "true", {"default": True}),
        ("/default", True, {"default": True}),
        ("/isActiveOnEdge", "true", {"isActiveOnEdge": True}),
        ("/isActiveOnEdge", False, {}),
        ("/version", 9, {}),
        ("/version", "9", {}),
    ],
)
@pytest.mark.parametrize("form", ["object", "array"])
def test_a_member_is_changed(api, path, value, shown, form):
    """In both documented forms; nothing else changes but the version and the time of the update (D-90)."""
    key = create(api, identityGraph={"type": "pdg"}, attributeMerge={"type": "dataSetPrecedence", "order": [CRM]})["id"]
    before = api.ask("GET", f"{POLICIES}/{key}")
    one = change(path, value)
    after = patch(api, key, one if form == "object" else [one])
    assert after == before | {"version": 2} | shown
    assert api.ask("GET", f"{POLICIES}/{key}") == after


def test_several_members_are_changed_at_once(api):
    """In their order, as one update; ``replace`` does the same as ``add``."""
    key = create(api)["id"]
    after = patch(
        api, key, [change("/name", "a"), change("/name", "b", "replace"), change("/identityGraph.type", "pdg")]
    )
    assert (after["name"], after["identityGraph"], after["version"]) == ("b", {"type": "pdg"}, 2)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        (change("/identityGraph.type", "coop"), "/value: expected none or pdg for /identityGraph.type, found 'coop'"),
        ([change("/name", "x"), change("/default", "yes")], "/1/value: expected true or false for /default"),
        (change("/name", 7), "/value: expected a text for /name"),
        (change("/schema.name", ""), "/value: expected a name for /schema.name"),
        (change("/default", 1), "/value: expected true or false"),
        (change("/isActiveOnEdge", "none or pdg"), "/value: expected true or false"),
        (change("/attributeMerge.type", "newest"), "/value: expected timestampOrdered or dataSetPrecedence"),
        (change("/attributeMerge.type", "dataSetPrecedence"), "/attributeMerge.type: expected timestampOrdered"),
        (change("/name", "x", "remove"), "/op"),
        (change("/colour", "red"), "/path"),
        ({"op": "add", "path": "/name"}, "a change with op, path and value"),
        ([], "a change with op, path and value"),
        ("name", "a change with op, path and value"),
    ],
)
def test_a_change_that_cannot_be_made_changes_nothing(api, changes, place):
    """A 400 that says what is wrong with it; not even the changes before it were made."""
    key = create(api)["id"]
    before = listed(api)
    answer = said(patch(api, key, changes, 400))
    assert place in answer or "a change with op, path and value" in answer
    assert listed(api) == before


def test_merging_by_datasets_is_taken_up_again_only_with_an_order(api):
    """Whoever changes to merging by time loses the order."""
    key = create(api, attributeMerge={"type": "dataSetPrecedence", "order": [LOYALTY, CRM]})["id"]
    patch(api, key, change("/attributeMerge.type", "dataSetPrecedence"))
    patch(api, key, change("/attributeMerge.type", "timestampOrdered"))
    patch(api, key, change("/attributeMerge.type", "dataSetPrecedence"), 400)


@pytest.mark.parametrize("how", ["created", "replaced", "changed"])
def test_a_new_default_takes_over(api, how):
    """Of its class alone; by that the one before gets a new version."""
    other = create(api, schema=ACCOUNTS, default=True)["id"]
    key = create(api, default=how == "created")["id"]
    if how == "replaced":
        api.ask("PUT", f"{POLICIES}/{key}", json=body(default="true"))
    elif how == "changed":
        patch(api, key, change("/default", "true"))
    assert {*listed(api, "default=true")} == {key, other}
    before = api.ask("GET", f"{POLICIES}/{DEFAULT}")
    assert (before["default"], before["version"], before["isActiveOnEdge"]) == (False, 2, True)
    assert api.create()["mergePolicy"]["id"] == key


def test_one_policy_is_active_on_the_edge(api):
    """A new one takes over from that before, of whatever class."""
    key = create(api, schema=ACCOUNTS, isActiveOnEdge=True)["id"]
    assert {*listed(api, "isActiveOnEdge=true")} == {key}
    before = api.ask("GET", f"{POLICIES}/{DEFAULT}")
    assert (before["isActiveOnEdge"], before["default"], before["version"]) == (False, True, 2)


# -- Deleted


def test_a_deleted_policy_is_gone(api):
    """200 without a body; from then on it is neither found, listed, changed nor exported by."""
    key = create(api)["id"]
    patch(api, key, change("/name", "other"))
    answer = api.send("DELETE", f"{POLICIES}/{key}").response
    assert (answer.status, answer.body) == (200, b"")
    api.ask("GET", f"{POLICIES}/{key}", 404)
    assert key not in listed(api)
    assert key not in listed(api, "version=1")
    for version in (1, 2):
        request = api.payload(mergePolicy={"id": key, "version": version})
        api.ask("POST", "/data/core/ups/export/jobs", 400, json=request)


def test_what_is_active_on_the_edge_is_not_deleted(api):
    """A 403 that says so; once it is active no more it is deleted."""
    answer = api.ask("DELETE", f"{POLICIES}/{DEFAULT}", 403)
    assert said(answer) == f"The merge policy {DEFAULT} is active on edge and cannot be deleted."
    patch(api, DEFAULT, change("/isActiveOnEdge", "false"))
    assert api.send("DELETE", f"{POLICIES}/{DEFAULT}").response.status == 200
    assert "/mergePolicy: expected one" in said(api.ask("POST", "/data/core/ups/export/jobs", 400, json=api.payload()))


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_an_unknown_policy_is_not_found(api, method):
    """A 404 in the profile service's form, once the request itself is right."""
    sent = {"PUT": body(), "PATCH": change("/name", "x")}.get(method)
    assert said(api.ask(method, f"{POLICIES}/unknown", 404, json=sent)) == "The entity unknown is not found."


# -- Several at once


def test_several_policies_are_looked_up_at_once(api):
    """Each under its id as a look at it shows it; those that are not there are left out."""
    asked = [{"id": DEFAULT}, {"id": "unknown"}, {"id": PRECEDENCE}, {"id": DEFAULT}]
    found = api.ask("POST", f"{POLICIES}/bulk-get", 207, json={"ids": asked})
    assert found == {"results": {key: api.ask("GET", f"{POLICIES}/{key}") for key in (DEFAULT, PRECEDENCE)}}


@pytest.mark.parametrize(
    ("sent", "place"),
    [
        ({}, "/ids"),
        ({"ids": []}, "/ids"),
        ({"ids": [{"id": str(n)} for n in range(101)]}, "/ids"),
        ({"ids": ["a"]}, "/ids/0"),
        ({"ids": [{"id": ""}]}, "/ids/0/id"),
    ],
)
def test_what_is_no_list_of_ids_is_refused(api, sent, place):
    """From one to a hundred ids, each in an object."""
    assert place in said(api.ask("POST", f"{POLICIES}/bulk-get", 400, json=sent))


# -- Obeyed


def test_an_export_obeys_a_policy_that_was_changed(api):
    """By what it says when the job is created; a job from before the change is done as was asked."""
    key = create(api)["id"]
    early = api.create(mergePolicy={"id": key})
    patch(api, key, change("/identityGraph.type", "pdg"))
    late = api.create(mergePolicy={"id": key})
    assert [job["mergePolicy"]["version"] for job in (early, late)] == [1, 2]
    assert api.look(early["id"])["mergePolicy"] == {"id": key, "version": 1}
    for job, graph in ((early, "none"), (late, "pdg")):
        wanted = reference.rows(plan({}, MergePolicy(key, graph=graph)), api.tenant.data)
        assert unordered(api.tenant.expected(_job(api, job["id"]))) == unordered(wanted)
    rows = exported(api, mergePolicy={"id": key}).to_pylist()
    assert unordered(rows) == unordered(reference.rows(plan({}, MergePolicy(key, graph="pdg")), api.tenant.data))


def _job(api, number: int) -> Any:
    """A job as a value."""
    return api.tenant.step(number)


def test_an_earlier_version_can_be_named(api):
    """An export by it obeys what it said; a version that there never was is refused as ever."""
    key = create(api)["id"]
    patch(api, key, change("/identityGraph.type", "pdg"))
    found = exported(api, mergePolicy={"id": key, "version": 1}).to_pylist()
    assert unordered(found) == unordered(reference.rows(plan({}, MergePolicy(key)), api.tenant.data))
    request = api.payload(mergePolicy={"id": key, "version": 3})
    said_ = said(api.ask("POST", "/data/core/ups/export/jobs", 400, json=request))
    assert "/mergePolicy/version: expected 2, found 3" in said_


def test_policies_are_listed_as_they_were(api):
    """Whoever asks for a version is shown policies that had it, as they were then."""
    key = create(api)["id"]
    patch(api, key, change("/name", "other"))
    assert [listed(api, f"version={number}")[key]["name"] for number in (1, 2)] == ["mine", "other"]
    assert listed(api, "version=3") == {}
    assert listed(api)[key]["version"] == 2
