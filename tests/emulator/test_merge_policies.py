"""Merge policies: looked up, listed, filtered and paged, as real clients do it."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest

POLICIES = "/data/core/ups/config/mergePolicies"
DEFAULT = "0bf16e61-90e9-4204-b8fa-ad250360957b"
LOYALTY = "e5bc94de-cd14-4cdf-a2bc-88b6e8cbfac2"
PRECEDENCE = "42d4a596-b1c6-46c0-994e-ca5ef1f85130"
SYMBOLIC = "timestampOrdered-none-mp"
BY_NAME = [PRECEDENCE, LOYALTY, DEFAULT, SYMBOLIC]


def _ids(api, query: str = "") -> list[str]:
    return [policy["id"] for policy in api.ask("GET", f"{POLICIES}?{query}")["children"]]


def test_the_samples_policies_are_there(api):
    """Every policy that a sample request names can be looked up, in the tenant's own organisation and sandbox."""
    for key in BY_NAME:
        policy = api.ask("GET", f"{POLICIES}/{key}")
        assert (policy["id"], policy["version"], policy["schema"]) == (key, 1, {"name": "_xdm.context.profile"})
        assert policy["imsOrgId"] == api.tenant.credentials.org_id
        assert policy["sandbox"]["sandboxName"] == "prod"
        assert policy["sandbox"]["default"] is True
    assert api.sandbox("dev").ask("GET", f"{POLICIES}/{DEFAULT}")["sandbox"]["sandboxName"] == "dev"


def test_exactly_one_policy_is_the_default(api):
    """The default one merges by time without a graph (facts, merge-policies)."""
    [default] = [p for p in api.ask("GET", POLICIES)["children"] if p["default"]]
    assert default["id"] == DEFAULT
    assert default["identityGraph"] == {"type": "none"}
    assert default["attributeMerge"] == {"type": "timestampOrdered"}


def test_an_unknown_policy_is_a_404_of_the_profile_service(api):
    """The entity is named in the service's own form."""
    body = api.ask("GET", f"{POLICIES}/nothing", 404)
    assert (body["type"], body["title"]) == (
        "https://ns.adobe.com/aep/errors/UPAPI-113000-404",
        "The entity nothing is not found.",
    )


def test_policies_are_listed_by_name(api):
    """All fit on a page; the total and an empty link say so (D-89)."""
    page = api.ask("GET", POLICIES)
    assert [policy["id"] for policy in page["children"]] == BY_NAME
    assert page["_page"] == {"totalCount": 4, "pageSize": 4}
    assert page["_links"] == {"next": {"href": ""}}


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("query", ["", "&orderBy=-name", "&attributeMerge.type=timestampOrdered"])
def test_following_the_links_loses_and_repeats_nothing(api, limit, query):
    """The part of the link after ``?`` leads on, filters and order kept, as aepp follows it (real-clients 3)."""
    whole, found, link = _ids(api, query), [], f"limit={limit}{query}"
    while link:
        page = api.ask("GET", f"{POLICIES}?{link}")
        assert page["_page"] == {"totalCount": len(whole), "pageSize": len(page["children"])}
        found += [policy["id"] for policy in page["children"]]
        href = page["_links"]["next"]["href"]
        assert not href or href.startswith("@/mergePolicies?")
        link = href.partition("?")[2]
        assert not link or dict(parse_qsl(link))["limit"] == str(limit)
    assert found == whole


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("orderBy=name", BY_NAME),
        ("orderBy=%2Bname", BY_NAME),
        ("orderBy=-name", BY_NAME[::-1]),
        ("orderby=-name", BY_NAME[::-1]),
        ("default=true", [DEFAULT]),
        ("default=false", [PRECEDENCE, LOYALTY, SYMBOLIC]),
        ("isActiveOnEdge=true", [DEFAULT]),
        ("schema.name=_xdm.context.profile&limit=1", [PRECEDENCE]),
        ("schema.name=other", []),
        ("identityGraph.type=pdg", [PRECEDENCE]),
        ("attributeMerge.type=dataSetPrecedence", [PRECEDENCE, LOYALTY]),
        ("attributeMerge.type=dataSetPrecedence&identityGraph.type=none", [LOYALTY]),
        ("version=1&start=3", [SYMBOLIC]),
        ("version=2", []),
        ("start=4", []),
        ("start=", BY_NAME),
        ("version=01", BY_NAME),
        ("version=%2B1", BY_NAME),
        ("isActiveOnEdge=TRUE", ["0bf16e61-90e9-4204-b8fa-ad250360957b"]),
    ],
)
def test_policies_are_filtered_and_sorted(api, query, expected):
    """Every declared parameter is honoured, both spellings of the order included (D-91)."""
    assert _ids(api, query) == expected


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "/query/limit"),
        ("limit=x", "/query/limit"),
        ("start=x", "/query/start"),
        ("start=-1", "/query/start"),
        (f"start={10**30}", "/query/start"),
        ("start=%D9%A1", "/query/start"),
        ("orderBy=id", "/query/orderBy"),
        ("default=perhaps", "/query/default"),
        ("version=one", "/query/version"),
    ],
)
def test_a_wrong_parameter_is_named(api, query, field):
    """Each says what it expects, in the profile service's form."""
    body = api.ask("GET", f"{POLICIES}?{query}", 400)
    assert field in body["errors"]["400"][1]["message"]
