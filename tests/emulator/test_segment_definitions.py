"""Segment definitions: created, listed by pages, looked up, changed and deleted, and exported by their policies."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_aep_export.profiles.policies import DEFAULT_POLICIES, DEFAULT_SEGMENTS

SEGMENTS = "/data/core/ups/segment/definitions"
POLICIES = "/data/core/ups/config/mergePolicies"
PROFILES = {"name": "_xdm.context.profile"}
UPS = [segment for segment in DEFAULT_SEGMENTS if segment.namespace == "ups"]
BY_TIME, IN_ORDER = DEFAULT_POLICIES[0].id, UPS[1].policy
BEGINNING = 1_714_521_600_000
"""When emulators begin, in ms."""
EXPRESSION = {"type": "PQL", "format": "pql/text", "value": 'person.gender = "female"'}


def body(name: str, **members: Any) -> dict[str, Any]:
    """The least that a definition needs."""
    return {"name": name, "expression": EXPRESSION, "schema": PROFILES} | members


def create(api, name: str, **members: Any) -> dict[str, Any]:
    """A new definition."""
    return api.ask("POST", SEGMENTS, json=body(name, **members))


def names(api, query: str = "") -> list[str]:
    """What the segments of a list are called."""
    return [each["name"] for each in api.ask("GET", f"{SEGMENTS}?{query}")["segments"]]


def detail(api, status: int, **members: Any) -> str:
    """Why a definition is refused."""
    refusal = api.ask("POST", SEGMENTS, status, json=body("refused", **members))
    return refusal["errors"][str(status)][-1]["message"]


def test_a_new_definition_is_shown_in_full(api):
    """All that the samples show, with the default policy of the class, under a new id that it is found by."""
    exchange = api.send("POST", SEGMENTS, json=body("Women", description="By their profile"))
    made = exchange.response.json()
    assert made == {
        "id": made["id"],
        "profileInstanceId": "ups",
        "imsOrgId": api.tenant.credentials.org_id,
        "sandbox": made["sandbox"],
        "name": "Women",
        "description": "By their profile",
        "schema": PROFILES,
        "expression": EXPRESSION,
        "mergePolicyId": BY_TIME,
        "evaluationInfo": {
            "batch": {"enabled": True},
            "continuous": {"enabled": False},
            "synchronous": {"enabled": False},
        },
        "dataGovernancePolicy": {"excludeOptOut": True},
        "creationTime": made["creationTime"],
        "updateTime": made["creationTime"],
        "updateEpoch": made["creationTime"] // 1000,
    }
    assert 0 <= made["creationTime"] - BEGINNING < 1000
    assert made["sandbox"]["sandboxName"] == "prod"
    assert exchange.response.headers["x-location"].endswith(f"{SEGMENTS}/{made['id']}")
    assert api.ask("GET", f"{SEGMENTS}/{made['id']}") == made


def test_the_default_segments_are_defined_from_the_beginning(api):
    """Those of the profile service, each with the policy that exports of it take; others come from elsewhere."""
    found = {each["id"]: each["mergePolicyId"] for each in api.ask("GET", SEGMENTS)["segments"]}
    assert found == {segment.id: segment.policy for segment in UPS}


@pytest.mark.parametrize(
    ("asked", "enabled"),
    [
        ({}, {"batch"}),
        ({"batch": {"enabled": False}}, {"batch"}),
        ({"continuous": {"enabled": True}}, {"continuous"}),
        ({"batch": {"enabled": True}, "synchronous": {"enabled": True}}, {"batch", "synchronous"}),
    ],
)
def test_how_a_segment_is_evaluated(api, asked, enabled):
    """As was asked for, and in batches where nothing was."""
    made = create(api, "Evaluated", evaluationInfo=asked)
    assert {kind for kind, said in made["evaluationInfo"].items() if said["enabled"]} == enabled


def test_a_segment_of_a_class_without_policies_has_none(api):
    """What merges profiles of that class nobody can tell; one that is named is taken."""
    assert "mergePolicyId" not in create(api, "Accounts", schema={"name": "_xdm.context.account"})
    assert create(api, "In order", mergePolicyId=IN_ORDER)["mergePolicyId"] == IN_ORDER


def test_a_name_is_taken_once(api):
    """A second one is a 422 that names it, until the first is gone; other sandboxes have names of their own."""
    made = create(api, "Women")
    refusal = api.ask("POST", SEGMENTS, 422, json=body("Women"))
    assert refusal["title"] == "A segment definition called Women already exists."
    create(api.sandbox("dev"), "Women")
    assert api.send("DELETE", f"{SEGMENTS}/{made['id']}").response.status == 200
    create(api, "Women")


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"mergePolicyId": "no"}, "/mergePolicyId: expected the id of a merge policy of this sandbox, found no"),
        (
            {"expression": EXPRESSION | {"type": "ARL"}},
            "/expression/type: expected PQL, which alone is emulated, found ARL",
        ),
        (
            {"expression": EXPRESSION | {"format": "pql/json"}},
            "/expression/format: expected pql/text, which alone is emulated, found pql/json",
        ),
        (
            {"expression": EXPRESSION | {"value": "a.f(1) = 2"}},
            "/expression/value: at character 0: the function f is not emulated",
        ),
        ({"expression": {"type": "PQL", "format": "pql/text"}}, "/expression/value: expected a string, found nothing"),
    ],
    ids=["an unknown policy", "another language", "another format", "another expression", "no expression"],
)
def test_a_definition_that_cannot_be_is_a_400(api, members, message):
    """It names the member that is wrong, and nothing is kept."""
    assert detail(api, 400, **members) == message
    assert "refused" not in names(api)


def test_a_change_is_of_what_it_says(api):
    """Nothing else changes but the time; what only the service says of a definition cannot be changed."""
    made = create(api, "Women", evaluationInfo={"continuous": {"enabled": True}})
    api.tenant.clock.advance(minutes=1)
    changes = {"name": "Ladies", "mergePolicyId": IN_ORDER, "id": "other", "creationTime": 0}
    changed = api.ask("PATCH", f"{SEGMENTS}/{made['id']}", json=changes)
    later = {"updateTime": changed["updateTime"], "updateEpoch": changed["updateTime"] // 1000}
    assert changed == made | {"name": "Ladies", "mergePolicyId": IN_ORDER} | later
    assert 60_000 <= changed["updateTime"] - made["updateTime"] < 61_000
    assert api.ask("GET", f"{SEGMENTS}/{made['id']}") == changed
    edge = api.ask("PATCH", f"{SEGMENTS}/{made['id']}", json={"evaluationInfo": {"synchronous": {"enabled": True}}})
    assert [kind for kind, said in edge["evaluationInfo"].items() if said["enabled"]] == ["synchronous"]


def test_a_name_cannot_be_changed_into_a_taken_one(api):
    """It is a 422, but for the segment's own name."""
    made = create(api, "Women")
    api.ask("PATCH", f"{SEGMENTS}/{made['id']}", 422, json={"name": UPS[0].name})
    assert api.ask("PATCH", f"{SEGMENTS}/{made['id']}", json={"name": "Women"})["name"] == "Women"


def test_a_deletion_is_answered_with_nothing(api):
    """The definition is gone: it is neither listed nor found, changed or deleted again."""
    made = create(api, "Women")["id"]
    deleted = api.send("DELETE", f"{SEGMENTS}/{made}").response
    assert (deleted.status, deleted.body) == (200, b"")
    assert names(api) == [segment.name for segment in UPS[::-1]]
    for method, sent in (("GET", None), ("PATCH", {"name": "x"}), ("DELETE", None)):
        refusal = api.ask(method, f"{SEGMENTS}/{made}", 404, **({"json": sent} if sent else {}))
        assert refusal["title"] == f"The entity {made} is not found."


def test_several_are_looked_up_at_once(api):
    """Under their ids; those that are not there are left out."""
    made = create(api, "Women")
    found = api.ask("POST", f"{SEGMENTS}/bulk-get", 207, json={"ids": [{"id": made["id"]}, {"id": "no"}]})
    assert found == {"results": {made["id"]: made}}


def test_the_list_comes_in_pages(api):
    """The newest first; pages count from zero, and tell what there is."""
    for name in ("a", "b", "c"):
        create(api, name)
    every = ["c", "b", "a", UPS[1].name, UPS[0].name]
    assert names(api) == every
    assert names(api, "limit=2&page=1") == names(api, "limit=2&start=2") == every[2:4]
    assert names(api, "limit=2&page=1&start=1") == every[2:4]
    last = api.ask("GET", f"{SEGMENTS}?limit=2&page=2")
    assert last["page"] == {
        "totalCount": 5,
        "totalPages": 3,
        "sortField": "creationTime",
        "sort": "desc",
        "pageSize": 1,
        "limit": 2,
    }
    assert names(api, "limit=2&page=3") == []


@pytest.mark.parametrize(
    ("sort", "wanted"),
    [
        ("creationTime:asc", ["b", "c", "a"]),
        ("name", ["a", "b", "c"]),
        ("name:desc", ["c", "b", "a"]),
        ("description:desc,name:asc", ["b", "c", "a"]),
    ],
)
def test_the_list_is_sorted(api, sort, wanted):
    """By one member or by several, of which the first counts most."""
    for name, description in (("b", "y"), ("c", "y"), ("a", "x")):
        create(api, name, description=description)
    assert [name for name in names(api, f"sort={sort}") if len(name) == 1] == wanted


def test_a_member_that_lists_are_not_sorted_by_is_a_400(api):
    """The refusal names those that they are sorted by."""
    message = api.ask("GET", f"{SEGMENTS}?sort=expression:asc", 400)["errors"]["400"][-1]["message"]
    assert message == (
        "/query/sort: expected one of creationTime, updateTime, updateEpoch, name, description, id and asc or desc, "
        "found expression"
    )


def test_segments_for_streaming_are_listed_alone(api):
    """Or all the others."""
    create(api, "Streaming", evaluationInfo={"continuous": {"enabled": True}})
    assert names(api, "evaluationInfo.continuous.enabled=true") == ["Streaming"]
    assert names(api, "evaluationInfo.continuous.enabled=false") == [segment.name for segment in UPS[::-1]]


def test_an_export_of_a_segment_takes_its_policy(api):
    """The definition's, as it is by then; of several segments none counts, and a policy that is named wins."""
    made = create(api, "In order", mergePolicyId=IN_ORDER)
    one = {"segments": [{"segmentId": made["id"]}]}
    assert api.create(filter=one)["mergePolicy"]["id"] == IN_ORDER
    assert api.create(filter=one, mergePolicy={"id": BY_TIME})["mergePolicy"]["id"] == BY_TIME
    api.ask("PATCH", f"{SEGMENTS}/{made['id']}", json={"mergePolicyId": BY_TIME})
    assert api.create(filter=one)["mergePolicy"]["id"] == BY_TIME
    api.ask("PATCH", f"{SEGMENTS}/{UPS[0].id}", json={"mergePolicyId": IN_ORDER})
    assert api.create(filter={"segments": [{"segmentId": UPS[0].id}]})["mergePolicy"]["id"] == IN_ORDER
    both = {"segments": [{"segmentId": segment.id} for segment in UPS]}
    assert api.create(filter=both)["mergePolicy"]["id"] == BY_TIME


def test_a_segment_that_was_defined_is_known_to_exports(api):
    """Nobody is in it before it was evaluated, and in another namespace it is unknown."""
    made = create(api, "Women")["id"]
    job = api.finish(api.create(filter={"segments": [{"segmentId": made}]})["id"])
    assert job["metrics"]["totalExportedProfileCounter"] == 0
    strange = api.payload(filter={"segments": [{"segmentId": made, "segmentNs": "AAM"}]})
    api.ask("POST", "/data/core/ups/export/jobs", 400, json=strange)


def test_definitions_stay_in_their_sandbox(api, make_api):
    """Neither another sandbox nor another organisation finds, changes or deletes them."""
    made = create(api, "Women")["id"]
    for other in (api.sandbox("dev"), make_api()):
        assert "Women" not in names(other)
        for method, sent in (("GET", None), ("PATCH", {"name": "x"}), ("DELETE", None)):
            other.ask(method, f"{SEGMENTS}/{made}", 404, **({"json": sent} if sent else {}))
        assert other.ask("POST", f"{SEGMENTS}/bulk-get", 207, json={"ids": [{"id": made}]}) == {"results": {}}
    assert api.ask("GET", f"{SEGMENTS}/{made}")["name"] == "Women"
