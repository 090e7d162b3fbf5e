"""Segment definitions: created, found, listed by pages, changed, deleted, and no two of one name."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

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
    number,
    pick,
    prerequisite,
    refused,
    status,
)
from pytest_aep_export.values import member

requirement = pytest.mark.aep_requirement

UNKNOWN = "00000000-0000-4000-8000-000000000000"
SAID = (
    ("name",),
    ("description",),
    ("schema", "name"),
    ("expression", "type"),
    ("expression", "format"),
    ("expression", "value"),
)
STREAMING = {kind: {"enabled": kind == "continuous"} for kind in ("batch", "continuous", "synchronous")}
PAGES = 100

Make = Callable[..., Exchange]


def asking(name: str, **members: Any) -> dict[str, Any]:
    """A request for a segment of whoever works in one country, unless members say otherwise."""
    value = 'workAddress.country = "US"'
    least = {"expression": {"type": "PQL", "format": "pql/text", "value": value}}
    return {
        "name": name,
        "description": "made by a suite",
        **least,
        "schema": {"name": "_xdm.context.profile"},
    } | members


@pytest.fixture
def name(api: Api) -> Callable[[], str]:
    """Names that no segment has."""
    moment, numbers = api.target.moment(), itertools.count(1)
    return lambda: f"aep-export suite {moment}, segment {next(numbers)}"


@pytest.fixture
def make(api: Api, name: Callable[[], str]) -> Iterator[Make]:
    """Defines segments, whose definitions are deleted at the end."""
    made: list[Any] = []

    def create(**members: Any) -> Exchange:
        exchange = api.create_segment(asking(name()) | members)
        with suppress(UnmetError):
            made.append(pick(status(exchange, range(200, 300), "a segment is defined"), "/id"))
        return exchange

    yield create
    for identifier in made:
        api.delete_segment(identifier)


def new(make: Make, **members: Any) -> Any:
    """A new segment definition, on which others build, as its creation has shown it."""
    with prerequisite("EXP-SEGMENT-001"):
        exchange = status(make(**members), range(200, 300), "a segment is defined")
        pick(exchange, "/id")
        return document(exchange)


def listed(api: Api, **query: object) -> tuple[Exchange, list[Mapping[str, Any]]]:
    """One page of the list, and the definitions on it."""
    page = status(api.list_segments(**query), {200}, "segment definitions are listed with 200")
    return page, [each for each in array(page, "/segments") if isinstance(each, Mapping)]


def walk(api: Api, **query: object) -> Iterator[tuple[Exchange, list[Mapping[str, Any]]]]:
    """The pages of a list, by the number of definitions that were seen, until one has nothing."""
    seen = 0
    for _ in range(PAGES):
        page, found = listed(api, start=seen, **query)
        if not found:
            return
        yield page, found
        seen += len(found)


# -- Created ---------------------------------------------------------------------------------------------------------


@requirement("EXP-SEGMENT-001")
def test_a_creation_is_answered_with_the_definition(make: Make, contract: Contract):
    """A segment is defined with 200, and the answer contradicts no documented variant."""
    exchange = status(make(), {200}, "a segment is defined with 200")
    conforms(exchange, contract.validate_response("createSegmentDefinition", exchange.response))


@requirement("EXP-SEGMENT-002")
def test_a_new_definition_is_what_was_asked_for(make: Make, name: Callable[[], str]):
    """Name, description, class and expression are those of the request."""
    asked = asking(name())
    with prerequisite("EXP-SEGMENT-001"):
        exchange = status(make(**asked), range(200, 300), "a segment is defined")
    for path in SAID:
        wanted, found = member(asked, *path), member(document(exchange), *path)
        expect(found == wanted, exchange, f"{'.'.join(path)} is {wanted!r} as asked for", found)


@requirement("EXP-SEGMENT-003")
def test_a_new_definition_is_found(api: Api, make: Make):
    """It is looked up with 200 under its id, as its creation has shown it."""
    made = new(make)
    shown = status(api.segment_definition(made["id"]), {200}, "a segment definition that exists is found with 200")
    for path in (("id",), *SAID):
        wanted, found = member(made, *path), member(document(shown), *path)
        expect(found == wanted, shown, f"{'.'.join(path)} is {wanted!r} as at first", found)


@requirement("EXP-SEGMENT-004")
def test_a_new_definition_is_listed(api: Api, make: Make):
    """The list has it once."""
    made = new(make)["id"]
    pages = list(walk(api))
    found = [each.get("id") for _, page in pages for each in page].count(made)
    expect(pages and found == 1, listed(api)[0], f"the list has the new segment once, {made}", found)


@requirement("EXP-SEGMENT-005")
@pytest.mark.parametrize("asked", [None, STREAMING], ids=["nothing said", "streaming"])
def test_how_a_segment_is_evaluated(make: Make, asked: dict[str, Any] | None):
    """As was asked for, and in batches where nothing was."""
    with prerequisite("EXP-SEGMENT-001"):
        exchange = status(make(**({"evaluationInfo": asked} if asked else {})), range(200, 300), "a segment is defined")
    wanted = "continuous" if asked else "batch"
    kinds = [kind for kind in STREAMING if member(document(exchange), "evaluationInfo", kind, "enabled") is True]
    expect(kinds == [wanted], exchange, f"evaluationInfo enables {wanted} and nothing else", kinds)


@requirement("EXP-SEGMENT-006")
def test_a_name_is_taken_once(make: Make):
    """A second segment of one name is refused."""
    made = new(make)
    refused(make(name=made["name"]), "a second segment of the same name is refused")


@requirement("EXP-SEGMENT-007")
def test_a_taken_name_is_a_422(make: Make):
    """It is refused with 422."""
    made = new(make)
    with prerequisite("EXP-SEGMENT-006"):
        exchange = status(make(name=made["name"]), range(400, 500), "a second segment of the same name is refused")
    status(exchange, {422}, "a name that is taken is answered with 422")


@requirement("EXP-SEGMENT-008")
@pytest.mark.parametrize("missing", ["name", "expression", "schema"])
def test_a_missing_member(api: Api, name: Callable[[], str], missing: str):
    """A definition without one of the members that it needs is refused."""
    body = {key: value for key, value in asking(name()).items() if key != missing}
    exchange = api.create_segment(body)
    try:
        refused(exchange, f"a segment definition without {missing} is refused")
    except UnmetError:
        with suppress(UnmetError):
            api.delete_segment(pick(exchange, "/id"))
        raise


# -- Changed and deleted ---------------------------------------------------------------------------------------------


@requirement("EXP-SEGMENT-009")
def test_a_change(api: Api, make: Make, name: Callable[[], str]):
    """A segment is changed with 200, and is what the request says from then on, under the same id."""
    made = new(make)
    value = {"type": "PQL", "format": "pql/text", "value": 'workAddress.country = "CA"'}
    asked = asking(name(), expression=value)
    exchange = status(api.patch_segment(made["id"], asked), {200}, "a segment definition is changed with 200")
    expect(pick(exchange, "/id") == made["id"], exchange, f"the id stays {made['id']}", pick(exchange, "/id"))
    shown = api.segment_definition(made["id"])
    for path in SAID:
        wanted, found = member(asked, *path), member(document(shown), *path)
        expect(found == wanted, shown, f"{'.'.join(path)} is {wanted!r} as asked for", found)


@requirement("EXP-SEGMENT-010")
def test_what_a_change_does_not_say(api: Api, make: Make, name: Callable[[], str]):
    """How the segment is evaluated stays as it was where the change says nothing of it."""
    made = new(make, evaluationInfo=STREAMING)
    before = member(made, "evaluationInfo")
    with prerequisite("EXP-SEGMENT-009"):
        exchange = status(api.patch_segment(made["id"], asking(name())), range(200, 300), "a definition is changed")
    found = member(document(exchange), "evaluationInfo")
    expect(found == before, exchange, f"evaluationInfo stays {before}", found)


@requirement("EXP-SEGMENT-011")
def test_a_deletion(api: Api, make: Make):
    """A definition is deleted with 200, and is neither found nor listed from then on."""
    made = new(make)["id"]
    status(api.delete_segment(made), {200}, "a segment definition is deleted with 200")
    status(api.segment_definition(made), {404}, "a deleted segment definition is answered with 404")
    for page, found in walk(api):
        there = [each.get("id") for each in found]
        expect(made not in there, page, f"the list does not have the deleted segment, {made}", there)


@requirement("EXP-SEGMENT-012")
@pytest.mark.parametrize("how", ["found", "changed", "deleted"])
def test_an_unknown_segment(api: Api, name: Callable[[], str], how: str):
    """An id that no segment has is refused."""
    ways: dict[str, Callable[[], Exchange]] = {
        "found": lambda: api.segment_definition(UNKNOWN),
        "changed": lambda: api.patch_segment(UNKNOWN, asking(name())),
        "deleted": lambda: api.delete_segment(UNKNOWN),
    }
    refused(ways[how](), f"a segment definition that there is not is not {how}")


# -- Several ---------------------------------------------------------------------------------------------------------


@requirement("EXP-SEGMENT-013")
def test_several_at_once(api: Api, make: Make):
    """They are answered with 207, each under its id as a look at it shows it."""
    made = [new(make)["id"] for _ in range(2)]
    exchange = status(api.several_segments(*made), {207}, "several segment definitions are answered with 207")
    results = pick(exchange, "/results")
    for identifier in made:
        with prerequisite("EXP-SEGMENT-003"):
            wanted = document(status(api.segment_definition(identifier), {200}, "a definition that exists is found"))
        found = member(results, identifier)
        same = isinstance(found, Mapping) and all(
            member(found, *path) == member(wanted, *path) for path in (("id",), *SAID)
        )
        expect(same, exchange, f"under {identifier} there is its definition", found)


@requirement("EXP-SEGMENT-014")
def test_the_contract_of_the_list(api: Api, contract: Contract):
    """The list contradicts no documented variant."""
    exchange = status(api.list_segments(), {200}, "segment definitions are listed with 200")
    conforms(exchange, contract.validate_response("listSegmentDefinitions", exchange.response))


@requirement("EXP-SEGMENT-015")
def test_pages(api: Api, make: Make):
    """By start and limit there is one definition at a time, and none twice."""
    made = {new(make)["id"] for _ in range(3)}
    seen: list[Any] = []
    for page, found in walk(api, limit=1):
        expect(len(found) == 1, page, "a page with the limit 1 has one definition", len(found))
        identifier = found[0].get("id")
        expect(identifier not in seen, page, "no page has a definition that was on another", identifier)
        seen.append(identifier)
    expect(len(seen) >= PAGES or made <= set(seen), listed(api)[0], "the pages have every new segment", seen)


@requirement("EXP-SEGMENT-016")
def test_pages_by_number(api: Api, make: Make):
    """Pages that are asked for by their number have different definitions."""
    _ = [new(make) for _ in range(3)]
    (_, first), (page, second) = listed(api, limit=1, page=1), listed(api, limit=1, page=2)
    found = [each.get("id") for each in (*first, *second)]
    expect(len(set(found)) == len(found) == 2, page, "two pages with the limit 1 have two definitions", found)


@requirement("EXP-SEGMENT-017")
def test_how_many_pages_there_are(api: Api, make: Make):
    """The page tells how many pages of its limit the list has, and how many definitions."""
    _ = [new(make) for _ in range(3)]
    page, _ = listed(api, limit=2)
    total, pages = number(page, "/page/totalCount"), number(page, "/page/totalPages")
    expect(total >= 3, page, "totalCount is at least that of the new segments, 3", total)
    expect(pages == (total + 1) // 2, page, f"totalPages is that of {total} definitions, two on a page", pages)


@requirement("EXP-SEGMENT-018")
def test_the_newest_first(api: Api, make: Make):
    """Without an order the segments that were defined last come first."""
    made = [new(make)["id"] for _ in range(2)]
    page, found = listed(api, limit=2)
    expect(
        [each.get("id") for each in found] == made[::-1], page, "the new segments come first, the last before", found
    )


@requirement("EXP-SEGMENT-019")
@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_an_order(api: Api, make: Make, name: Callable[[], str], direction: str):
    """Segments are listed by name where that is asked for."""
    names = [name() for _ in range(3)]
    for each in (names[1], names[2], names[0]):
        new(make, name=each)
    pages = list(walk(api, sort=f"name:{direction}"))
    found = [each.get("name") for _, page in pages for each in page if each.get("name") in names]
    wanted = sorted(names, reverse=direction == "desc")
    expect(pages and found == wanted, listed(api)[0], f"the new segments are listed as {wanted}", found)


@requirement("EXP-SEGMENT-020")
@pytest.mark.parametrize("streaming", [True, False])
def test_the_filter(api: Api, make: Make, *, streaming: bool):
    """Only segments that are for streaming are listed, or only the others."""
    made = {True: new(make, evaluationInfo=STREAMING)["id"], False: new(make)["id"]}
    query = {"evaluationInfo.continuous.enabled": str(streaming).lower()}
    pages = list(walk(api, **query))
    found = [each.get("id") for _, page in pages for each in page if each.get("id") in made.values()]
    expect(found == [made[streaming]], listed(api)[0], f"of the two new segments {made[streaming]} is listed", found)
