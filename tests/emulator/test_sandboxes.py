"""Sandboxes: listed, looked up and paged, each of the type that the behaviour gives it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_aep_export.client import AepClient
from pytest_aep_export.emulator import Behaviour, Emulator, EmulatorServer

SANDBOXES = "/data/foundation/sandbox-management/sandboxes"
POLICIES = "/data/core/ups/config/mergePolicies"


def _names(api, query: str = "") -> list[str]:
    return [sandbox["name"] for sandbox in api.ask("GET", f"{SANDBOXES}{query}")["sandboxes"]]


def test_a_sandbox_is_shown_in_full(api):
    """All that the samples show, and the id that merge policies know the sandbox by."""
    [found] = api.ask("GET", SANDBOXES)["sandboxes"]
    [policy, *_] = api.ask("GET", POLICIES)["children"]
    who = api.tenant.credentials.client_id
    assert found == {
        "id": policy["sandbox"]["sandboxId"],
        "name": "prod",
        "title": "Prod",
        "state": "active",
        "type": "production",
        "region": "VA7",
        "isDefault": True,
        "eTag": 1,
        "createdDate": "2024-05-01 00:00:00",
        "lastModifiedDate": "2024-05-01 00:00:00",
        "createdBy": who,
        "modifiedBy": who,
    }
    assert api.ask("GET", f"{SANDBOXES}/prod") == found


def test_every_sandbox_of_the_organisation_is_listed_and_no_other(api, make_api):
    """In the order in which they were made; another organisation's are not there."""
    api.sandbox("dev-2")
    assert _names(api) == _names(api.sandbox("dev-2")) == ["prod", "dev-2"]
    assert api.ask("GET", f"{SANDBOXES}/dev-2")["title"] == "Dev 2"
    stranger = make_api()
    assert _names(stranger) == ["prod"]
    stranger.ask("GET", f"{SANDBOXES}/dev-2", 404)


def test_a_sandbox_was_created_when_its_first_document_was(api):
    """Time that passes afterwards changes nothing, and a sandbox that is made later says so."""
    api.tenant.clock.advance(hours=2)
    assert api.ask("GET", f"{SANDBOXES}/prod")["createdDate"] == "2024-05-01 00:00:00"
    api.sandbox("later")
    assert api.ask("GET", f"{SANDBOXES}/later")["createdDate"] == "2024-05-01 02:00:00"


@pytest.mark.parametrize(
    ("switch", "types"),
    [
        ({}, ["production", "development"]),
        ({"sandbox_type": "production"}, ["production"] * 2),
        ({"sandbox_type": "development"}, ["development"] * 2),
    ],
    ids=["by name", "all for production", "all for development"],
)
def test_the_type_can_be_switched(make_api, switch, types):
    """Of every sandbox at once, or by the name; merge policies tell the same."""
    api = make_api(**switch)
    api.sandbox("dev")
    assert [sandbox["type"] for sandbox in api.ask("GET", SANDBOXES)["sandboxes"]] == types
    [policy, *_] = api.sandbox("dev").ask("GET", POLICIES)["children"]
    assert policy["sandbox"]["type"] == types[1]


def test_the_type_can_be_switched_at_any_time(api):
    """The behaviour of a tenant says it, whenever it is replaced, to sandboxes and merge policies alike."""
    api.tenant.behaviour = replace(api.tenant.behaviour, sandbox_type="development")
    assert api.ask("GET", f"{SANDBOXES}/prod")["type"] == "development"
    assert {p["sandbox"]["type"] for p in api.ask("GET", POLICIES)["children"]} == {"development"}


def test_pages_hold_the_whole_list(api):
    """A limit and an offset cut the list; behind its end there is nothing."""
    for name in ("b", "c"):
        api.sandbox(name)
    pages = [_names(api, f"?limit=2&offset={offset}") for offset in (0, 1, 2, 3)]
    assert pages == [["prod", "b"], ["b", "c"], ["c"], []]
    page = api.ask("GET", f"{SANDBOXES}?limit=2&offset=1")
    assert page["_page"] == {"limit": 2, "count": 2}
    assert {name: link["templated"] for name, link in page["_links"].items()} == {
        "next": True, "page": None, "prev": None
    }  # fmt: skip
    assert page["_links"]["next"]["href"] == f"{api.url}{SANDBOXES}/?limit={{limit}}&offset={{offset}}"
    assert page["_links"]["prev"]["href"] == f"{api.url}{SANDBOXES}?offset=0&limit=2"
    assert api.ask("GET", SANDBOXES)["_page"] == {"limit": 50, "count": 3}
    assert "prev" not in api.ask("GET", SANDBOXES)["_links"]


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("limit=1", "/query/offset"),
        ("offset=0", "/query/limit"),
        ("limit=0&offset=0", "/query/limit"),
        ("limit=1&offset=-1", "/query/offset"),
        ("limit=ten&offset=0", "/query/limit"),
        ("property=name==dev", "/query/property"),
        ("orderBy=name", "/query/orderBy"),
    ],
)
def test_what_the_list_does_not_take_is_named(api, query, place):
    """A 400 in the foundation's form, which names the parameter."""
    body = api.ask("GET", f"{SANDBOXES}?{query}", 400)
    assert body["title"] == "BadRequestError"
    assert body["detail"].startswith(f"{place}: ")


@pytest.mark.parametrize("name", ["unknown", "PROD", "pro%64%2F", "a b"])
def test_an_unknown_sandbox_is_not_found(api, name):
    """A 404 in the foundation's form; names are compared letter by letter."""
    body = api.ask("GET", f"{SANDBOXES}/{name}", 404)
    assert (body["status"], body["title"]) == (404, "NotFoundError")


@pytest.mark.parametrize("path", [SANDBOXES, f"{SANDBOXES}/dev"])
def test_no_sandbox_need_be_named(api, path):
    """Sources disagree about the header, so it may be missing; one that names no sandbox is refused all the same."""
    api.sandbox("dev")
    assert api.ask("GET", path, without={"x-sandbox-name"}) == api.ask("GET", path)
    api.ask("GET", path, 404, headers={"x-sandbox-name": "unknown"})
    api.ask("GET", path, 403, without={"authorization"})


def test_a_sandbox_keeps_its_date_across_restarts(tmp_path):
    """What is kept in a state folder was created when it was."""
    for hours in (0, 5):
        with Emulator(state=tmp_path, behaviour=Behaviour()) as emulator, EmulatorServer(emulator) as server:
            tenant = emulator.create_tenant(("prod",))
            tenant.clock.advance(hours=hours)
            with AepClient(tenant.credentials, base_url=server.url) as client:
                assert client.get_sandbox("prod").raw["createdDate"] == "2024-05-01 00:00:00"
