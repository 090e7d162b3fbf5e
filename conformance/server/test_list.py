"""Listing jobs: records, pages, links, order, filters. The target may hold any number of other jobs."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs

import pytest

from pytest_aep_export.contract import Contract
from pytest_aep_export.exchange import Exchange
from pytest_aep_export.suite.answers import below_ups, next_link
from pytest_aep_export.suite.api import JOBS, Api
from pytest_aep_export.suite.expect import (
    UnjudgedError,
    UnmetError,
    conforms,
    document,
    expect,
    expect_direct,
    not_applicable,
    not_verified,
    number,
    pick,
    prerequisite,
    status,
)
from pytest_aep_export.suite.exports import Exports, Shown
from pytest_aep_export.suite.sending import parse_url
from pytest_aep_export.values import job_key

requirement = pytest.mark.aep_requirement

NEWEST = 12
"""So many jobs are enough for several pages of each size."""
MOST_FILTERED = 30
FORM = re.compile(r"\d+_\d+")


@pytest.fixture(scope="module")
def mine(api: Api, exports: Exports) -> list[str]:
    """The ids of at least seven jobs that are in the list, oldest first; one in the middle has ended, if jobs end."""
    with suppress(UnjudgedError):
        exports.looks("events")
    more = [pick(api.new_job(exports.spare_job()), "/id") for _ in range(2)]
    return [job_key(number) for number in (*exports.ids, *more)]


@pytest.fixture
def page(api: Api, mine: list[str]) -> Exchange:
    """A page of two jobs, which another one follows."""
    assert len(mine) > 2
    with prerequisite("EXP-LIST-006"):
        exchange = status(api.list_jobs(limit=2), {200}, "the list is answered with 200")
        expect(len(records(exchange)) == 2, exchange, "limit=2 gives two records", len(records(exchange)))
    return exchange


def records(exchange: Exchange) -> list[dict[str, Any]]:
    """The jobs of a page."""
    found = pick(exchange, "/records")
    shaped = isinstance(found, list) and all(isinstance(record, dict) for record in found)
    expect(shaped, exchange, "records is an array of objects", type(found).__name__)
    return list(found)


def ids(exchange: Exchange) -> list[str]:
    """The ids of a page's jobs, in order."""
    return [job_key(record.get("id")) for record in records(exchange)]


def offset(link: str) -> str:
    """The offset that a link carries."""
    return parse_qs(parse_url(link).query).get("offset", [""])[-1]


def follow(api: Api, page: Exchange) -> Exchange:
    """The page that a page links to."""
    link = next_link(document(page))
    expect(link, page, "link.next of a page that another one follows is a non-empty text", link)
    return status(api.target.send("GET", below_ups(link)), {200}, "the next page is answered with 200")


def until_all(pages: Iterable[Exchange], wanted: Sequence[str]) -> tuple[list[str], Exchange]:
    """All ids that a walk meets until it has met the wanted ones, and the last page it needed."""
    met: list[str] = []
    for page in pages:
        met += ids(page)
        missing = sorted(set(wanted) - set(met))
        if not missing:
            return met, page
    raise UnmetError("following the links meets every job that was created", f"never met {missing}", page)


@requirement("EXP-LIST-001")
def test_records_and_page(api: Api, mine: list[str]):
    """The list is an object with records and a page."""
    exchange = status(api.list_jobs(), {200}, "the list is answered with 200")
    expect(records(exchange), exchange, f"the list shows some of the {len(mine)} jobs that exist", "none")
    expect(isinstance(pick(exchange, "/page"), dict), exchange, "page is an object", pick(exchange, "/page"))


@pytest.mark.usefixtures("mine")
@requirement("EXP-LIST-002")
@pytest.mark.parametrize("query", [{}, {"limit": 2}], ids=["whole", "limited"])
def test_the_contract(api: Api, contract: Contract, query: dict[str, int]):
    """The list contradicts no documented variant."""
    exchange = api.list_jobs(**query)
    conforms(exchange, contract.validate_response("listExportJobs", exchange.response))


@requirement("EXP-LIST-003")
def test_a_trailing_slash(api: Api):
    """The path with a trailing slash leads to the list."""
    exchange = api.target.send("GET", f"{JOBS}/")
    records(status(exchange, {200}, "the list with a slash is answered with 200, at once or where it redirects to"))


@requirement("EXP-LIST-004")
def test_no_redirect(api: Api):
    """The path with a trailing slash is answered itself."""
    expect_direct(api.target.send("GET", f"{JOBS}/"), f"{JOBS}/")


@requirement("EXP-LIST-005")
def test_every_job_is_listed(api: Api, exports: Exports, mine: list[str]):
    """Every job that was created is in the list, even if that was looked at just before."""
    api.list_jobs(limit=100)
    newest = job_key(pick(api.new_job(exports.spare_job()), "/id"))
    until_all(api.walk(limit=100), [*mine, newest])


@requirement("EXP-LIST-006")
@pytest.mark.parametrize("limit", [1, 2, 5])
def test_a_limit(api: Api, mine: list[str], limit: int):
    """A limit caps the number of records."""
    assert len(mine) > limit
    exchange = status(api.list_jobs(limit=limit), {200}, "the list with a limit is answered with 200")
    expect(len(records(exchange)) == limit, exchange, f"limit={limit} gives {limit} records", len(records(exchange)))


@requirement("EXP-LIST-007")
def test_the_newest_first(api: Api, mine: list[str]):
    """The newest jobs come first."""
    exchange = api.list_jobs(limit=100)
    times = [number(exchange, f"/records/{position}/creationTime") for position in range(len(records(exchange)))]
    ascending = Shown(exchange).get("page", "sort") == "asc"
    expect(times == sorted(times, reverse=not ascending), exchange, "the records descend by creationTime", times)
    found, _ = until_all(api.walk(limit=100), mine)
    order = [name for name in found if name in mine]
    wanted = mine if ascending else mine[::-1]
    expect(order == wanted, exchange, f"the jobs come in the order {wanted}", order)


@requirement("EXP-LIST-008")
def test_a_link_to_the_next_page(page: Exchange):
    """A page that another one follows links to it."""
    link = Shown(page).get("link", "next")
    expect(isinstance(link, str) and link, page, "link.next is a non-empty text while more jobs exist", link)


@requirement("EXP-LIST-009")
def test_the_links_meet_every_job_once(api: Api, mine: list[str]):
    """Walking small pages loses no job and repeats none."""
    found, last = until_all(api.walk(limit=2), mine)
    expect(len(found) == len(set(found)), last, "no job is met twice", [n for n in found if found.count(n) > 1])
    with prerequisite("EXP-LIST-005"):
        whole, _ = until_all(api.walk(limit=100), mine)
    order, wanted = ([name for name in names if name in mine] for names in (found, whole))
    expect(order == wanted, last, f"small pages meet the jobs in the order of a large one, {wanted}", order)


@requirement("EXP-LIST-009")
@pytest.mark.usefixtures("mine")
@pytest.mark.parametrize("limit", [1, 3, 5])
def test_pages_of_any_size_meet_the_newest_jobs(api: Api, limit: int):
    """Walking pages of another size meets the jobs in the order of a long page as well."""
    with prerequisite("EXP-LIST-005"):
        whole = ids(status(api.list_jobs(limit=100), {200}, "the list is answered with 200"))
    wanted, met = whole[:NEWEST], list[str]()
    for page in api.walk(limit=limit):
        met += (name for name in ids(page) if name in whole)
        if len(met) >= len(wanted):
            break
    found = met[: len(wanted)]
    expect(found == wanted[: len(found)], page, f"pages of {limit} meet the jobs of a long one, {wanted}", found)


@requirement("EXP-LIST-010")
def test_an_offset_sent_again(api: Api, page: Exchange):
    """The offset of a link leads to the same page when it is sent with a limit of its own."""
    token = offset(next_link(document(page)))
    expect(token, page, "link.next carries an offset", next_link(document(page)))
    with prerequisite("EXP-LIST-008"):
        wanted = ids(follow(api, page))
    exchange = status(api.list_jobs(limit=2, offset=token), {200}, "the offset of a link is accepted")
    expect(ids(exchange) == wanted, exchange, f"the offset leads to the jobs {wanted}", ids(exchange))


@requirement("EXP-LIST-011")
def test_the_links_come_to_an_end(api: Api, mine: list[str]):
    """Following the links ends at a page without a next one, and meets no page twice."""
    *_, last = api.walk(limit=100)
    expect(not next_link(document(last)), last, "the last page links to none", next_link(document(last)))
    small = [ids(exchange) for exchange in itertools.islice(api.walk(limit=3), len(mine))]
    expect(len(small) == len(set(map(tuple, small))), last, "no page is met twice", small)


@requirement("EXP-LIST-012")
def test_the_last_link_is_empty(api: Api):
    """The last page's link is an empty text."""
    with prerequisite("EXP-LIST-011"):
        *_, last = api.walk(limit=100)
    expect(
        pick(last, "/link/next") == "", last, "link.next of the last page is an empty text", pick(last, "/link/next")
    )


@requirement("EXP-LIST-013")
def test_the_link_is_relative(page: Exchange):
    """The link to the next page is relative to the service."""
    link = next_link(document(page))
    expect(link.startswith("/export/jobs"), page, "link.next begins with /export/jobs", link)


@requirement("EXP-LIST-014")
def test_the_sort_field(page: Exchange):
    """A page names the field and the direction that it is sorted by."""
    field, direction = pick(page, "/page/sortField"), pick(page, "/page/sort")
    expect(field in ("createdTime", "creationTime"), page, "page.sortField is createdTime or creationTime", field)
    expect(direction in ("asc", "desc"), page, "page.sort is asc or desc", direction)


@requirement("EXP-LIST-015")
def test_the_form_of_the_offset(page: Exchange):
    """A page's offset has the form of a time and an id."""
    found = pick(page, "/page/pageOffset")
    fits = isinstance(found, str) and FORM.fullmatch(found)
    expect(fits, page, "page.pageOffset is two numbers joined by an underscore", found)


@requirement("EXP-LIST-016")
def test_the_offset_of_the_last_record(page: Exchange):
    """A page's offset is that of its last record and of its link."""
    last = records(page)[-1]
    wanted, found = f"{last.get('creationTime')}_{job_key(last.get('id'))}", pick(page, "/page/pageOffset")
    expect(found == wanted, page, f"page.pageOffset is that of the last record, {wanted}", found)
    link = offset(next_link(document(page)))
    expect(link == wanted, page, f"link.next carries the offset {wanted}", link)


@requirement("EXP-LIST-017")
def test_the_size_of_a_page(page: Exchange):
    """A page's size is its number of records, or its limit."""
    size = pick(page, "/page/pageSize")
    fits = isinstance(size, int) and size in (len(records(page)), 2)
    expect(fits, page, f"page.pageSize is the number of records, {len(records(page))}, or the limit, 2", size)


@requirement("EXP-LIST-018")
def test_a_large_limit(api: Api):
    """A limit of a thousand is accepted."""
    status(api.list_jobs(limit=1000), {200}, "limit=1000 is answered with 200")


@requirement("EXP-LIST-019")
@pytest.mark.parametrize(
    "query",
    [{"start": 4}, {"page": 2}, {"sort": "updateTime:asc"}, {"offset": "1538573416687_722"}, {"status": "FAILED"}],
    ids=lambda query: next(iter(query)),
)
def test_every_parameter_is_survived(api: Api, query: dict[str, Any]):
    """No documented parameter causes a server error."""
    name = next(iter(query))
    status(api.list_jobs(**query), range(500), f"the parameter {name} causes no server error")


@pytest.mark.usefixtures("mine")
@requirement("EXP-LIST-020")
def test_a_sort_order(api: Api):
    """A sort order is honoured when everything fits one page."""
    exchange = status(api.list_jobs(sort="updateTime:asc", limit=1000), {200}, "a sort order is accepted")
    if next_link(document(exchange)):
        not_applicable("the jobs do not fit one page, where the parameter sort does not work")
    times = [number(exchange, f"/records/{position}/updateTime") for position in range(len(records(exchange)))]
    expect(times == sorted(times), exchange, "with sort=updateTime:asc the records ascend by updateTime", times)


@pytest.mark.usefixtures("mine")
@requirement("EXP-LIST-021")
def test_a_status_filter(api: Api, finished: Shown):
    """The list is filtered by status."""
    exchange = status(api.list_jobs(status="SUCCEEDED"), {200}, "status=SUCCEEDED is answered with 200")
    others = [record for record in records(exchange) if record.get("status") != "SUCCEEDED"]
    expect(
        not others, exchange, "with status=SUCCEEDED every record has that status", [o.get("status") for o in others]
    )
    wanted = job_key(finished["/id"])
    if next_link(document(exchange)) and wanted not in ids(exchange):
        not_verified("more jobs have succeeded than fit one page")
    expect(wanted in ids(exchange), exchange, f"job {wanted}, which has succeeded, is among them", ids(exchange))


@pytest.mark.usefixtures("mine")
@requirement("EXP-LIST-024")
def test_the_links_keep_the_status(api: Api, finished: Shown):
    """The pages that a page filtered by status links to are filtered by it too."""
    wanted = job_key(finished["/id"])
    for exchange in itertools.islice(api.walk(status="SUCCEEDED", limit=1), MOST_FILTERED):
        others = [record for record in records(exchange) if record.get("status") != "SUCCEEDED"]
        expect(not others, exchange, "every record of every page has the status SUCCEEDED", others)
        if wanted in ids(exchange):
            break


@requirement("EXP-LIST-022")
def test_new_jobs_during_a_walk(api: Api, exports: Exports, mine: list[str]):
    """Jobs that are created between two pages make the walk lose or repeat none of the others."""
    met: list[str] = []
    for turn, exchange in enumerate(api.walk(limit=3)):
        met += ids(exchange)
        if turn < 2:
            api.new_job(exports.spare_job())
        if set(mine) <= set(met):
            break
    twice = sorted({name for name in met if met.count(name) > 1})
    expect(not twice, exchange, "no job is met twice", twice)
    missing = sorted(set(mine) - set(met))
    expect(not missing, exchange, "every job that existed before is met", f"never met {missing}")


@pytest.mark.usefixtures("mine")
@requirement("EXP-LIST-023")
def test_behind_the_last_job(api: Api):
    """The offset of the last page leads behind it, where nothing is."""
    with prerequisite("EXP-LIST-011"):
        *_, last = api.walk(limit=100)
        behind = pick(last, "/page/pageOffset")
    exchange = status(api.list_jobs(offset=behind), {200}, "the offset of the last page is accepted")
    expect(not records(exchange), exchange, "behind the last job there are no records", ids(exchange))
    link = next_link(document(exchange))
    expect(not link, exchange, "behind the last job there is no next page", link)
