"""Catalog: datasets are created, listed and looked up, as real clients do it."""

from __future__ import annotations

import re

import pytest

DATASETS = "/data/foundation/catalog/dataSets"
UNION = "https://ns.adobe.com/xdm/context/profile__union"
BODY = {
    "name": "Profile Data Export",
    "schemaRef": {"id": UNION, "contentType": "application/vnd.adobe.xed+json;version=1"},
}
SEEDED = ["5b76f86b85d0e00000be5c8b", "5b76f8d787a6af01e2ceda18", "5b76f9d0d2f2d80000a7a7c1"]


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        (DATASETS, {}),
        (f"{DATASETS}/", {}),
        (f"{DATASETS}?requestDataSource=False", {}),
        (DATASETS, {"fileDescription": {"persisted": True, "containerFormat": "parquet", "format": "parquet"}}),
        (DATASETS, {"aspect": "production", "description": "d", "tags": {"a": ["b"]}}),
        (DATASETS, {"schemaRef": {"id": UNION, "contentType": "application/vnd.adobe.xed-full+json; version=1"}}),
        (DATASETS, {"schemaRef": {"id": UNION}}),
        (DATASETS, {"name": "\u4e2d\U0001f4a9 x"}),
    ],
)
def test_a_dataset_is_created_however_clients_ask(api, path, changes):
    """201, a reference to 24 hexadecimal digits, and a Location under which the dataset is (D-72 to D-76)."""
    response = api.send("POST", path, json=BODY | changes).response
    assert response.status == 201
    [reference] = response.json()
    key = re.fullmatch(r"@/dataSets/([0-9a-f]{24})", reference)[1]
    assert response.headers["location"] == f"{api.url}{DATASETS}/{key}"
    shown = api.ask("GET", f"{DATASETS}/{key}")[key]
    assert shown["name"] == (BODY | changes)["name"]
    assert shown["schemaRef"] == (BODY | changes)["schemaRef"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "/name"),
        ({"name": "x"}, "/schemaRef"),
        ({"schemaRef": {"id": UNION}}, "/name"),
        ({"name": "", "schemaRef": {"id": UNION}}, "/name"),
        ({"name": 5, "schemaRef": {"id": UNION}}, "/name"),
        ({"name": "x", "schemaRef": UNION}, "/schemaRef"),
        ({"name": "x", "schemaRef": {}}, "/schemaRef/id"),
        ({"name": "x", "schemaRef": {"id": 1}}, "/schemaRef/id"),
        ({"name": "x", "schemaRef": {"id": "no uri"}}, "/schemaRef/id"),
        ({"name": "x", "schemaRef": {"id": UNION, "contentType": "text/plain"}}, "/schemaRef/contentType"),
        ({"name": "x", "schemaRef": {"id": UNION}, "tags": None}, "/tags"),
        ({"name": "x", "schemaRef": {"id": UNION}, "tags": {"a": "b"}}, "/tags/a"),
        ([], "the body"),
    ],
)
def test_a_wrong_request_is_refused_by_name(api, body, field):
    """The foundation's form names what is wrong, and no dataset comes of it."""
    response = api.send("POST", DATASETS, json=body).response
    assert response.status == 400
    assert field in response.json()["detail"]
    assert (response.json()["title"], response.json()["type"]) == ("BadRequestError", "/placeholder/type/uri")
    assert list(api.ask("GET", DATASETS)) == SEEDED


def test_an_unknown_dataset_is_the_documented_404(api):
    """The body is the one that the profile service quotes (auth-and-headers section 4.2)."""
    assert api.ask("GET", f"{DATASETS}/5b020a27e7040801dedba61b", 404) == {
        "type": "/placeholder/type/uri",
        "status": 404,
        "title": "NotFoundError",
        "detail": "DataSet not found.",
    }


def test_listed_datasets_have_what_real_clients_need(api):
    """Keyed by id, oldest first, each with the members without which aepp raises (real-clients 4)."""
    mine = api.dataset()
    listed = api.ask("GET", DATASETS)
    assert list(listed) == [*SEEDED, mine]
    for document in listed.values():
        assert isinstance(document["tags"]["adobe/pqs/table"], list)
        assert document["classification"]["dataBehavior"] in {"record", "time-series"}
        assert {"name", "schemaRef", "created", "imsOrg"} <= set(document)
        assert document["imsOrg"] == api.tenant.credentials.org_id


def test_the_default_data_has_its_datasets(api):
    """A new tenant has the datasets that its merge policies name; events are a time series, records are not."""
    listed = api.ask("GET", DATASETS)
    assert [listed[key]["classification"]["dataBehavior"] for key in SEEDED] == ["record", "record", "time-series"]


def _names(api, query: str) -> list[str]:
    return [document["name"] for document in api.ask("GET", f"{DATASETS}?{query}").values()]


@pytest.fixture
def shelf(api):
    """A tenant with 23 more datasets, d0 to d22, made a second apart."""
    for number in range(23):
        api.tenant.clock.advance(seconds=1)
        api.ask("POST", DATASETS, 201, json=BODY | {"name": f"d{number}"})
    return api


def test_pages_of_datasets_are_slices_of_the_whole(shelf):
    """``start`` and ``limit`` cut the list as plain Python would; 20 are listed unless told."""
    every = _names(shelf, "limit=100")
    assert every[3:] == [f"d{number}" for number in range(23)]
    assert _names(shelf, "") == every[:20]
    for start, limit in [(0, 1), (3, 7), (20, 20), (25, 1), (26, 5), (1000, 100)]:
        assert _names(shelf, f"start={start}&limit={limit}") == every[start : start + limit]


def test_datasets_are_filtered_and_sorted(shelf):
    """By name, by time of creation and in the order asked for (facts, catalog section "Filters and paging")."""
    assert _names(shelf, "name=d7") == ["d7"]
    assert _names(shelf, "name=d7,d3,none") == ["d3", "d7"]
    assert set(_names(shelf, "name=!d7,d3&limit=100")) == set(_names(shelf, "limit=100")) - {"d7", "d3"}
    created = {document["name"]: document["created"] for document in shelf.ask("GET", f"{DATASETS}?limit=100").values()}
    assert _names(shelf, f"createdAfter={created['d20']}") == ["d21", "d22"]
    assert _names(shelf, f"createdBefore={created['d1']}")[3:] == ["d0"]
    assert _names(shelf, "orderBy=desc:created&limit=2") == ["d22", "d21"]
    assert _names(shelf, "orderBy=name&limit=1&start=3") == ["d0"]
    assert _names(shelf, "orderBy=desc:schemaRef.id,desc:name&limit=2") == ["d9", "d8"]
    assert _names(shelf, "orderBy=asc:nothing&limit=1") == ["Customer records"]


def test_only_the_properties_asked_for_are_shown(api):
    """Absent ones are left out, down to an empty object; a look-up does the same."""
    listed = api.ask("GET", f"{DATASETS}?properties=name,nothing")
    assert [set(document) for document in listed.values()] == [{"name"}] * 3
    assert api.ask("GET", f"{DATASETS}/{SEEDED[0]}?properties=nothing") == {SEEDED[0]: {}}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "/query/limit"),
        ("limit=101", "/query/limit"),
        ("limit=x", "/query/limit"),
        ("start=-1", "/query/start"),
        ("createdAfter=x", "/query/createdAfter"),
        ("property=name==x", "/query/property"),
        ("tags=a:b", "/query/tags"),
    ],
)
def test_a_wrong_parameter_is_named(api, query, field):
    """What cannot be honoured is refused by name, never ignored."""
    assert field in api.ask("GET", f"{DATASETS}?{query}", 400)["detail"]
