"""The sandboxes of an organisation: which there are, and which of them are for production."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from pytest_aep_export.contract import Contract
from pytest_aep_export.exchange import Exchange
from pytest_aep_export.suite.api import Api
from pytest_aep_export.suite.expect import (
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

requirement = pytest.mark.aep_requirement

TYPES = ("production", "development")
SHOWN = ("name", "title", "state", "type", "isDefault")
"""What the list and the look-up both say of a sandbox."""
PAGES = 100

Sandbox = Mapping[str, Any]


@pytest.fixture(scope="module")
def listed(api: Api) -> Exchange:
    """The list of sandboxes, whole."""
    exchange = api.list_sandboxes()
    if exchange.response.status in {403, 404}:
        not_applicable("the integration may not list sandboxes, which takes an administrator's rights")
    return exchange


@pytest.fixture
def sandboxes(listed: Exchange) -> list[Sandbox]:
    """The sandboxes of the list."""
    with prerequisite("EXP-SANDBOX-001"):
        status(listed, {200}, "sandboxes are listed with 200")
        return [each for each in array(listed, "/sandboxes") if isinstance(each, Mapping) and "name" in each]


@requirement("EXP-SANDBOX-001")
def test_the_contract(listed: Exchange, contract: Contract):
    """The list of sandboxes contradicts no documented variant."""
    status(listed, {200}, "sandboxes are listed with 200")
    conforms(listed, contract.validate_response("listSandboxes", listed.response))


@requirement("EXP-SANDBOX-002")
def test_the_sandbox_that_is_worked_in(api: Api, listed: Exchange, sandboxes: list[Sandbox]):
    """The list has the sandbox that the credentials work in."""
    own, names = api.target.credentials.sandbox, [each["name"] for each in sandboxes]
    expect(own in names, listed, f"the sandbox {own} is in the list", names)


@requirement("EXP-SANDBOX-003")
def test_the_types_that_are_listed(listed: Exchange, sandboxes: list[Sandbox]):
    """Every sandbox of the list is for production or for development."""
    strange = [each.get("type") for each in sandboxes if each.get("type") not in TYPES]
    expect(not strange, listed, f"every type is {' or '.join(TYPES)}", strange)


@requirement("EXP-SANDBOX-003")
def test_the_type_that_is_shown(api: Api, sandboxes: list[Sandbox]):
    """Every sandbox that is looked up is for production or for development."""
    for each in sandboxes:
        with prerequisite("EXP-SANDBOX-004"):
            exchange = status(api.show_sandbox(each["name"]), {200}, "a sandbox that is listed is found")
        found = pick(exchange, "/type")
        expect(found in TYPES, exchange, f"the type is {' or '.join(TYPES)}", found)


@requirement("EXP-SANDBOX-004")
def test_a_sandbox_is_found(api: Api, sandboxes: list[Sandbox]):
    """Every sandbox is found under its name, with what the list says of it."""
    for each in sandboxes:
        exchange = status(api.show_sandbox(each["name"]), {200}, "a sandbox that is listed is found")
        found = document(exchange)
        for name in SHOWN:
            wanted, shown = each.get(name), found.get(name) if isinstance(found, Mapping) else None
            expect(wanted is None or shown == wanted, exchange, f"{name} is {wanted!r} as in the list", shown)


@requirement("EXP-SANDBOX-005")
def test_the_default_sandbox(listed: Exchange, sandboxes: list[Sandbox]):
    """At most one sandbox is the default one."""
    names = [each["name"] for each in sandboxes if each.get("isDefault") is True]
    expect(len(names) <= 1, listed, "at most one sandbox is the default", names)


@requirement("EXP-SANDBOX-006")
def test_pages(api: Api, sandboxes: list[Sandbox]):
    """Page by page there is one sandbox at a time, and each of the whole list once."""
    wanted = sorted(str(each["name"]) for each in sandboxes)[:PAGES]
    found = []
    for offset in range(len(wanted)):
        page = status(api.list_sandboxes(limit=1, offset=offset), {200}, "a page of sandboxes is answered with 200")
        entries = array(page, "/sandboxes")
        expect(len(entries) == 1, page, "a page with the limit 1 holds one sandbox", len(entries))
        found.append(str(pick(page, "/sandboxes/0/name")))
        expect(found[-1] not in found[:-1], page, "no page holds a sandbox that was on another", found[-1])
        expect(found[-1] in wanted or len(sandboxes) > PAGES, page, "the sandbox is in the whole list", found[-1])


@requirement("EXP-SANDBOX-007")
@pytest.mark.parametrize("query", [{"limit": 1}, {"offset": 0}], ids=["a limit", "an offset"])
def test_one_of_the_two_alone(api: Api, sandboxes: list[Sandbox], query: dict[str, int]):
    """A limit without an offset is refused, and an offset without a limit."""
    assert sandboxes is not None
    refused(api.list_sandboxes(**query), "only one of limit and offset is refused")


@requirement("EXP-SANDBOX-008")
def test_what_a_page_tells(api: Api, sandboxes: list[Sandbox]):
    """A page tells its limit, and how many sandboxes it holds."""
    assert sandboxes is not None
    with prerequisite("EXP-SANDBOX-006"):
        page = status(api.list_sandboxes(limit=7, offset=0), {200}, "a page of sandboxes is answered with 200")
        entries = array(page, "/sandboxes")
    limit, count = number(page, "/_page/limit"), number(page, "/_page/count")
    expect(limit == 7, page, "the limit is the one that was asked for, 7", limit)
    expect(count == len(entries), page, f"the count is how many the page holds, {len(entries)}", count)


@requirement("EXP-SANDBOX-009")
def test_an_unknown_sandbox(api: Api, sandboxes: list[Sandbox]):
    """A name that no sandbox has is refused."""
    unknown = "no-such-sandbox"
    assert unknown not in [each["name"] for each in sandboxes]
    refused(api.show_sandbox(unknown), "an unknown sandbox is refused")
