"""What a request refers to: the merge policy that its job takes, and policies, datasets and segments that are none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from pytest_aep_export.contract.union import Union, load_union
from pytest_aep_export.emulator import contents
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.exporter import reference
from pytest_aep_export.exporter.plan import plan
from pytest_aep_export.model import MergePolicy
from pytest_aep_export.profiles import ProfileData, generate
from pytest_aep_export.profiles.policies import CRM, DEFAULT_POLICIES, DEFAULT_SEGMENTS, LOYALTY
from pytest_aep_export.profiles.schema import schemas
from tests.emulator.reading import exported, unordered
from tests.exporter.plain_rows import Row, event, fragment, ids, member

JOBS = "/data/core/ups/export/jobs"
POLICIES = "/data/core/ups/config/mergePolicies"
DATASETS = "/data/foundation/catalog/dataSets"
DEFAULT, IN_ORDER, STITCHED, SYMBOLIC = DEFAULT_POLICIES
VISITED, NEARBY, IMPORTED = DEFAULT_SEGMENTS


def asking(*segments: str | dict[str, Any]) -> dict[str, Any]:
    """A filter on segments."""
    return {"segments": [{"segmentId": s} if isinstance(s, str) else s for s in segments]}


def own(*fragments: Row, events: tuple[Row, ...] = (), union: Union | None = None) -> ProfileData:
    """Profile data of these rows."""
    union = union or load_union()
    first, second = schemas(union)
    tables = pa.Table.from_pylist(list(fragments), first), pa.Table.from_pylist(list(events), second)
    return ProfileData.of(*tables, union=union)


def refused(api: Any, **changes: Any) -> str:
    """What a refused creation says, once nothing else came of it."""
    before = api.numbers()
    body = api.ask("POST", JOBS, 400, json=api.payload(**changes))
    assert api.numbers() == before
    return "; ".join(error["message"] for error in body["errors"]["400"])


# -- The policy of a job


@pytest.mark.parametrize(
    ("changes", "policy"),
    [
        ({}, DEFAULT),
        ({"filter": asking(NEARBY.id)}, IN_ORDER),
        ({"filter": asking({"segmentId": NEARBY.id, "segmentNs": "UPS", "status": ["exited"]})}, IN_ORDER),
        ({"filter": asking(NEARBY.id), "mergePolicy": {"id": SYMBOLIC.id}}, SYMBOLIC),
        ({"filter": asking(VISITED.id)}, DEFAULT),
        ({"filter": asking(VISITED.id, NEARBY.id)}, DEFAULT),
    ],
)
def test_a_job_takes_the_policy_of_its_one_segment_or_the_default(api, changes, policy):
    """It is shown, and the rows are merged by it (export-jobs section 2)."""
    job = api.create(**changes)
    assert job["mergePolicy"] == {"id": policy.id, "version": policy.version}
    expected = reference.rows(plan(api.payload(**changes), policy), api.tenant.data)
    assert unordered(exported(api, **changes).to_pylist()) == unordered(expected)
    assert expected


def test_the_policies_of_the_default_segments_make_a_difference(api):
    """Who exports the segment under the sandbox's default gets other rows than under the segment's own policy."""
    mine, default = ({"filter": asking(NEARBY.id)} | more for more in ({}, {"mergePolicy": {"id": DEFAULT.id}}))
    assert unordered(exported(api, **mine).to_pylist()) != unordered(exported(api, **default).to_pylist())


def test_a_tenant_can_be_given_a_policy(api):
    """Shown like the others, and merged by: here over the private graph, the latest first, which none of those does."""
    mine = MergePolicy("mine", version=3, name="Everything by time", graph="pdg")
    api.tenant.add_merge_policy(mine)
    shown = api.ask("GET", f"{POLICIES}/mine")
    assert MergePolicy.from_json(shown) == mine
    assert shown["imsOrgId"] == api.tenant.credentials.org_id
    assert len(api.ask("GET", POLICIES)["children"]) == 5
    assert api.create(mergePolicy={"id": "mine"})["mergePolicy"] == {"id": "mine", "version": 3}
    rows = exported(api, mergePolicy={"id": "mine"}).to_pylist()
    assert unordered(rows) == unordered(reference.rows(plan({}, mine), api.tenant.data))


def test_a_policy_takes_the_place_of_the_one_with_its_id(api):
    """With all that its document said beside, such as the time of its last update."""
    api.tenant.add_merge_policy(replace(IN_ORDER, version=2, order=(LOYALTY, CRM)))
    shown = api.ask("GET", f"{POLICIES}/{IN_ORDER.id}")
    assert (shown["version"], shown["attributeMerge"]["order"]) == (2, [LOYALTY, CRM])
    assert shown["updateEpoch"] == IN_ORDER.raw["updateEpoch"]
    assert len(api.ask("GET", POLICIES)["children"]) == 4
    assert "/mergePolicy/version: expected 2, found 1" in refused(api, mergePolicy={"id": IN_ORDER.id, "version": 1})


def test_a_new_default_takes_over(api):
    """There is one default of a class at any time (merge-policies, Rules)."""
    api.tenant.add_merge_policy(MergePolicy("mine", default=True))
    assert [policy["id"] for policy in api.ask("GET", f"{POLICIES}?default=true")["children"]] == ["mine"]
    assert api.create()["mergePolicy"]["id"] == "mine"
    assert api.create(mergePolicy={"id": DEFAULT.id})["mergePolicy"]["id"] == DEFAULT.id


def test_another_class_has_a_default_of_its_own(api):
    """It leaves the default for profiles as it is, and is no substitute for it."""
    api.tenant.add_merge_policy(MergePolicy("accounts", default=True, schema="_xdm.context.account"))
    assert api.create()["mergePolicy"]["id"] == DEFAULT.id
    api.tenant.add_merge_policy(replace(DEFAULT, default=False))
    assert "/mergePolicy: expected one" in refused(api)


def test_without_a_default_a_job_needs_a_policy(api):
    """A request that names none is a 400 that says so; its own policy or its one segment's will do."""
    api.tenant.add_merge_policy(replace(DEFAULT, default=False))
    assert "/mergePolicy: expected one, since this sandbox has no default merge policy" in refused(api)
    assert "/mergePolicy: expected one" in refused(api, filter=asking(VISITED.id, NEARBY.id))
    assert api.create(mergePolicy={"id": SYMBOLIC.id})["status"] == "NEW"
    assert api.create(filter=asking(NEARBY.id))["status"] == "NEW"


@pytest.mark.parametrize(
    ("policy", "complaint"),
    [
        (MergePolicy("p", graph="coop"), "policy p has the unknown graph 'coop'"),
        (MergePolicy("p", method="newest"), "policy p merges by 'newest': use 'timestampOrdered', or"),
        (MergePolicy("p", method="dataSetPrecedence"), "policy p merges by 'dataSetPrecedence'"),
        (MergePolicy(""), "give it an id"),
    ],
)
def test_a_policy_that_no_export_can_use_cannot_be_added(api, policy, complaint):
    """The sentence says what is wrong with it, and nothing was added."""
    with pytest.raises(ConfigurationError, match=f"the merge policy cannot be added: {complaint}"):
        api.tenant.add_merge_policy(policy)
    assert len(api.ask("GET", POLICIES)["children"]) == 4


# -- What does not go together


def test_a_policy_for_another_class_is_refused(api):
    """Both classes are named."""
    api.tenant.add_merge_policy(MergePolicy("accounts", schema="_xdm.context.account"))
    said = refused(api, mergePolicy={"id": "accounts"})
    assert "/mergePolicy/id: expected a policy for _xdm.context.profile, found accounts" in said
    assert said.endswith("which is for _xdm.context.account")


def test_an_order_of_datasets_that_catalog_does_not_know_is_refused(api):
    """The policy and the dataset are named, also where the policy is the sandbox's default."""
    api.tenant.add_merge_policy(MergePolicy("mine", method="dataSetPrecedence", order=(CRM, "gone"), default=True))
    said = refused(api, mergePolicy={"id": "mine"})
    assert "/mergePolicy/id: expected a policy that orders datasets of this sandbox, found mine" in said
    assert said.endswith("whose order lists gone")
    assert "/mergePolicy: expected a policy that orders datasets of this sandbox" in refused(api)


def test_an_order_may_list_the_datasets_of_ones_own_data(api):
    """They are in Catalog from the time that the data is loaded, on the schema of what they hold."""
    mine = MergePolicy("mine", method="dataSetPrecedence", order=("b", "a"))
    api.tenant.add_merge_policy(mine)
    assert "whose order lists b" in refused(api, mergePolicy={"id": "mine"})
    rows = fragment("1", 1, "a", personID="from a"), fragment("1", 0, "b", personID="from b")
    api.tenant.load(own(*rows, fragment("1", 2, CRM), events=(event("1", 0, "c"),)))
    found = exported(api, mergePolicy={"id": "mine"}, fields="personID")
    assert found.to_pylist() == [{"personID": "from b"}]
    shown = {key: api.ask("GET", f"{DATASETS}/{key}")[key] for key in ("a", "b", "c", CRM)}
    assert [document["name"] for document in shown.values()] == ["a", "b", "c", "Customer records"]
    schemas_of = {key: document["schemaRef"]["id"].rpartition("/")[2] for key, document in shown.items()}
    assert schemas_of == {"a": "profile", "b": "profile", "c": "experienceevent", CRM: "profile"}


# -- Segments


def test_an_unknown_segment_is_refused_without_making_data(api):
    """Default data need not be there for the sandbox to know who is in it."""
    said = refused(api, filter=asking("x"))
    assert "/filter/segments/0/segmentId: expected a segment that this sandbox knows" in said
    assert said.endswith("in the namespace ups, found 'x'")
    assert "/filter/segments/1/segmentId" in refused(api, filter=asking(VISITED.id, {"segmentId": IMPORTED.id}))
    assert api.create(filter=asking({"segmentId": IMPORTED.id, "segmentNs": "AAM"}))["status"] == "NEW"
    assert api.create(fields="person")["status"] == "NEW"
    assert api.tenant._sandbox._made is None


def test_an_unknown_segment_can_be_accepted(make_api):
    """Where the behaviour says so there is a job, and it finds nobody."""
    api = make_api(unknown_segments="accept")
    assert exported(api, filter=asking("x")).num_rows == 0


def test_the_segments_of_ones_own_data_are_known(api):
    """Whatever their status and the case of their namespace, beside those of the default data; and no others."""
    api.tenant.load(
        own(
            fragment("1", segmentMembership=member("s", "exited", namespace="Mine")),
            fragment("2", segmentMembership=member("t") | member("u", namespace="AAM")),
            fragment("3", segmentMembership={}),
            fragment("4"),
        )
    )
    for segment, namespace in (("s", "mine"), ("s", "MINE"), ("t", "ups"), ("u", "aam"), (VISITED.id, "ups")):
        assert api.create(filter=asking({"segmentId": segment, "segmentNs": namespace}))["status"] == "NEW"
    for segment, namespace in (("S", "mine"), ("t", "mine"), ("u", "ups")):
        assert "/segmentId" in refused(api, filter=asking({"segmentId": segment, "segmentNs": namespace}))
    assert exported(api, filter=asking("t"), fields="segmentMembership.ups.t").num_rows == 1
    api.tenant.load(own(fragment("1")))
    assert "found 't'" in refused(api, filter=asking("t"))


def test_generated_data_is_not_made_to_know_its_segments():
    """Large fake data is made partition by partition, each time it is read: its segments are the default ones."""
    many = generate(200_000)
    assert len(many.partitions) > 1
    assert contents.segments(many) == frozenset()
    assert contents.datasets(many) == {}


# -- Fields


def test_a_tenants_own_fields_can_be_asked_for(api):
    """The union of the data that is loaded decides, for the check and for the rows."""
    assert "/fields" in refused(api, fields="_acme.tier")
    union = load_union().extended(profile={"_acme": {"tier": "string"}})
    api.tenant.load(own(fragment("1", _acme={"tier": "gold"}, identityMap=ids("1")), union=union))
    assert exported(api, fields="_acme.tier").to_pylist() == [{"_acme": {"tier": "gold"}}]
    assert "_acme" in exported(api).schema.names


def test_a_tenant_can_be_made_with_data_of_its_own(aep_server, open_api):
    """It is made at once, for each sandbox; another sandbox that is made later has default data."""
    data = own(fragment("1", personID="only", segmentMembership=member("s")))
    tenant = aep_server.emulator.create_tenant(("prod", "dev"), data=lambda: data)
    api = open_api(tenant, aep_server.url)
    assert exported(api, filter=asking("s"), fields="personID").to_pylist() == [{"personID": "only"}]
    assert api.sandbox("dev").tenant.data is data
    assert api.sandbox("stage").tenant.data is not data
    tenant.delete()
