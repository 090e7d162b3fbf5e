"""The list of jobs: newest first, page by page, whatever happens in between."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pytest_aep_export.lifecycle import Progression

JOBS = "/data/core/ups/export/jobs"


@pytest.fixture
def crowd(api):
    """A tenant with 12 jobs, some created at the same instant, every third one cancelled."""
    clock = api.tenant.clock
    clock.tick = lambda: None
    for number in range(12):
        if number % 4 == 0:
            clock.advance(milliseconds=1)
        job = api.create()["id"]
        if number % 3 == 0:
            api.cancel(job)
    return api


def _page(api, query: str) -> dict:
    return api.ask("GET", f"{JOBS}?{query}")


def _pages(api, query: str, between=lambda: None) -> list[dict]:
    """Every page, following ``link.next`` as a client does, with something happening between one and the next."""
    pages = [_page(api, query)]
    while link := pages[-1]["link"]["next"]:
        assert link.startswith("/export/jobs/?")
        between()
        pages.append(api.ask("GET", f"/data/core/ups{link}"))
        assert len(pages) < 50
    return pages


def _ids(*pages: dict) -> list[int]:
    return [record["id"] for page in pages for record in page["records"]]


def test_jobs_are_listed_newest_first(crowd):
    """By creation time, and among those of one instant by number, both descending."""
    records = _page(crowd, "")["records"]
    keys = [(record["creationTime"], record["id"]) for record in records]
    assert len(keys) == 12
    assert keys == sorted(keys, reverse=True)
    assert len({time for time, _ in keys}) == 3


@pytest.mark.parametrize("limit", range(1, 15))
@pytest.mark.parametrize("status", ["", "&status=NEW", "&status=CANCELLED"])
def test_following_the_links_loses_and_repeats_nothing(crowd, limit, status):
    """With any limit and any filter, the pages are the whole list cut into pieces, each but the last one full."""
    whole = _ids(_page(crowd, f"limit=1000{status}"))
    pages = _pages(crowd, f"limit={limit}{status}")
    assert _ids(*pages) == whole
    assert [len(page["records"]) for page in pages[:-1]] == [limit] * (len(pages) - 1)
    assert len(pages) == -(-len(whole) // limit)


def test_a_page_describes_itself(crowd):
    """Sort, size and offset are those of its own records, and the link leads to the offset (D-29, D-37, D-64, D-67)."""
    for page in _pages(crowd, "limit=5&status=NEW"):
        last = page["records"][-1]
        offset = f"{last['creationTime']}_{last['id']}"
        expected = {"sortField": "createdTime", "sort": "desc", "pageOffset": offset, "pageSize": len(page["records"])}
        assert page["page"] == expected
        query = dict(parse_qsl(urlsplit(page["link"]["next"]).query))
        assert query in ({"limit": "5", "offset": offset, "status": "NEW"}, {})
    assert page["link"] == {"next": ""}


@hypothesis_settings(max_examples=20)
@given(limit=st.integers(1, 4), bursts=st.lists(st.integers(0, 3), min_size=1, max_size=4), tick=st.booleans())
def test_jobs_created_while_paging_neither_hide_nor_repeat_others(make_api, limit, bursts, tick):
    """Whoever follows the links sees each job that was there at the start exactly once, newer ones or not."""
    api = make_api()
    if not tick:
        api.tenant.clock.tick = lambda: None
    for _ in range(6):
        api.create()
    before, waiting = api.numbers(), iter(bursts)
    pages = _pages(api, f"limit={limit}", lambda: [api.create() for _ in range(next(waiting, 0))])
    assert _ids(*pages) == before


@pytest.mark.parametrize("form", ["lead", "cut"])
def test_the_offset_can_be_sent_alone(crowd, form):
    """A client may cut ``offset`` out of the link and send it with a limit of its own, as aepp does."""
    whole, first = _ids(_page(crowd, "limit=1000")), _page(crowd, "limit=5")
    offset = first["link"]["next"].split("offset=")[1].split("&")[0] if form == "cut" else first["page"]["pageOffset"]
    assert _ids(_page(crowd, f"offset={offset}&limit=100")) == whole[5:]


@pytest.mark.parametrize(
    ("query", "start", "stop"),
    [
        ("offset=0", 0, 12),
        ("offset=4&limit=3", 4, 7),
        ("offset=12", 12, 12),
        ("start=4", 4, 12),
        ("start=4&limit=3", 4, 7),
        ("page=0&limit=5", 0, 5),
        ("page=2&limit=5", 10, 12),
        ("page=1&limit=5&start=1", 6, 11),
        ("page=1", 12, 12),
    ],
)
def test_records_and_pages_can_be_counted(crowd, query, start, stop):
    """``offset`` as a plain number and ``start`` count records, ``page`` counts pages, all from zero (D-63 to D-70)."""
    whole = _ids(_page(crowd, "limit=1000"))
    assert _ids(_page(crowd, query)) == whole[start:stop]


def test_a_mark_of_any_time_is_a_place(crowd):
    """An offset need not be of a job that exists: the jobs after it in the list follow."""
    records = _page(crowd, "")["records"]
    time = records[4]["creationTime"]
    assert _ids(_page(crowd, f"offset={time}_999999999")) == [r["id"] for r in records if r["creationTime"] <= time]
    assert _page(crowd, "offset=0_0")["records"] == []


def test_the_default_page_holds_a_hundred(make_api):
    """Without a limit 100 jobs are listed, or as many as the behaviour says (D-66); aepp's thousand is fine (D-71)."""
    api = make_api(page_limit=3)
    for _ in range(5):
        api.create()
    assert [len(page["records"]) for page in _pages(api, "")] == [3, 2]
    assert len(_page(api, "limit=1000")["records"]) == 5


def test_an_empty_list_has_no_next_page(api):
    """No jobs: no records, an empty offset and the empty link."""
    page = _page(api, "")
    assert page["records"] == []
    assert page["page"] == {"sortField": "createdTime", "sort": "desc", "pageOffset": "", "pageSize": 0}
    assert page["link"] == {"next": ""}


@pytest.mark.parametrize("field", ["creationTime", "createdTime", "updateTime", "id", "status"])
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_one_page_can_be_sorted(crowd, field, order):
    """Where everything fits on one page, ``sort`` sorts it."""
    page = _page(crowd, f"sort={field}:{order}")
    records = page["records"]
    assert (page["page"]["sortField"], page["page"]["sort"]) == (field, order)
    member = "creationTime" if field == "createdTime" else field
    values = [record[member] for record in records]
    assert values == sorted(values, reverse=order == "desc")
    assert len(set(values)) > 1
    assert sorted(_ids({"records": records})) == sorted(_ids(_page(crowd, "")))


def test_several_pages_are_not_sorted(crowd):
    """``sort`` does not work when there are several pages: the order of the list holds (D-68)."""
    whole = _ids(_page(crowd, "limit=1000"))
    assert _ids(_page(crowd, "limit=5&sort=id:asc")) == whole[:5]
    assert _ids(_page(crowd, "start=5&sort=id:asc")) == whole[5:]


def test_the_filter_sees_jobs_as_they_are_now(make_api):
    """A job whose time has come is listed under its new status, not under the one it had."""
    api = make_api(progression=Progression("elapsed", queue=0, work=1_000_000))
    job = api.create()["id"]
    assert _ids(_page(api, "status=PROCESSING")) == [job]
    api.tenant.clock.advance(milliseconds=1_000_000)
    assert _ids(_page(api, "status=PROCESSING")) == []
    assert _ids(_page(api, "status=SUCCEEDED")) == [job]
