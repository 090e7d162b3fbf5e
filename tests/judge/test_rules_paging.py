"""Lists: read to their end, nothing lost, nothing repeated, nobody else called."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_aep_export.emulator.faults import AddJob, Fault
from pytest_aep_export.judge.trace import Attempt, Truth
from pytest_aep_export.lifecycle import EPOCH
from tests.judge.traces import Wire, breaks, job, keeps, persona, silent, unsure

LINK = "/export/jobs/?limit=2&offset=15_7"
ELSEWHERE = "http://elsewhere.example/data/core/ups/export/jobs?offset=15_7"


def walk(**second: Any) -> Wire:
    """Two pages of a list."""
    wire = Wire()
    wire.token()
    wire.page(9, 8, link=LINK)
    wire.page(7, query="?offset=15_7", **second)
    return wire


def test_a_list_that_is_read_to_its_end():
    """A list of two pages keeps what lists are held to."""
    for requirement in ("001", "002", "046"):
        keeps(requirement, walk().own())
        keeps(requirement, walk().trace(task="list"))
    keeps("050", walk().trace(task="list", jobs=("9", "8", "7")))
    keeps("051", walk().trace(task="list", jobs=("9", "8", "7")))
    for requirement in ("047", "048", "049"):
        silent(requirement, walk().trace(task="list"))


@pytest.mark.parametrize("link", [LINK, "/data/core/ups" + LINK, "http://127.0.0.1:8080/data/core/ups" + LINK])
def test_a_link_that_nobody_follows(link: str):
    """A client that stops at a link, relative or absolute, is caught in its own test as well."""
    wire = Wire()
    wire.token()
    page = wire.page(9, link=link)
    breaks("001", page, wire.own(), "it never was")
    breaks("001", page, wire.trace(task="list"), "it never was")
    wire.page(query="?offset=99_9")
    wire.page(query="?limit=100&offset=15_7", status=500, answer={})
    keeps("001", wire.own())


@pytest.mark.parametrize(
    ("query", "options", "reason"),
    [
        ("?limit=1", {"task": "list"}, "it had chosen its size"),
        ("", {"task": "export"}, "nobody asked for the list"),
        ("", {"task": "list", "ending": "either", "end": "failure"}, "it reported a failure"),
        ("", {"task": "list", "ending": "either", "end": "crash"}, "it broke down"),
    ],
)
def test_a_client_that_may_have_wanted_no_more(query: str, options: dict[str, Any], reason: str):
    """Where a client has a reason to stop, its stopping proves nothing."""
    wire = Wire()
    wire.page(9, query=query, link=LINK)
    unsure("001", wire.trace(**options), reason)


@pytest.mark.parametrize("link", [None, "", {}, 7, "http://[", ELSEWHERE])
def test_links_that_nobody_has_to_follow(link: Any):
    """What is no link, or leads away, need not be followed; nor what cannot be read."""
    wire = Wire()
    wire.page(9, link=link)
    wire.page(answer=b"<html>")
    wire.page(answer=[])
    silent("001", wire.own())


@pytest.mark.parametrize("query", ["?page=1", "?start=1"])
def test_pages_that_are_counted(query: str):
    """The guide's table has page and start, so whoever pages by them proves nothing by not following links."""
    wire = Wire()
    wire.page(9, link=LINK)
    wire.page(8, query=query)
    unsure("001", wire.own(), "another way")


def test_a_page_that_is_asked_for_twice():
    """A page that was given is not asked for again in one walk, but after a failure and in another walk it may be."""
    wire = walk()
    again = wire.page(7, query="?offset=15_7")
    breaks("002", again, wire.own(), "offset 15_7 again")
    wire = Wire()
    wire.page(9, link=LINK)
    wire.page(query="?offset=15_7", status=503, answer={})
    wire.page(query="?offset=15_7", answer=b"{")
    wire.page(7, query="?offset=15_7")
    wire.page(9, link=LINK)
    wire.page(7, query="?offset=15_7")
    keeps("002", wire.own())


def test_an_offset_that_nobody_gave():
    """An offset comes from a link, from page.pageOffset or, as documented, from the last job of a page."""
    wire = walk()
    wrong = wire.page(query="?offset=20")
    breaks("046", wrong, wire.trace(task="list"), "'20'")
    unsure("046", wire.own(), "'20'")
    wire = Wire()
    wire.page(query="?offset=0", answer={"records": [job(number=9)], "page": {"pageOffset": "3_3"}})
    wire.page(query="?offset=3_3")
    wire.page(query=f"?offset={EPOCH - 9}_9", answer=[])
    keeps("046", wire.trace(task="list"))


@pytest.mark.parametrize("answer", [{"records": [], "link": {"next": None}}, {"records": [], "link": {}}, {}])
def test_the_end_in_another_form(answer: Any):
    """A client that fails because a last page has no text for its next link is caught."""
    wire = Wire()
    wire.token()
    page = wire.page(answer=answer)
    breaks("047", page, wire.trace(task="list", end="failure", behaviour=persona()), "it reported a failure")
    keeps("047", wire.trace(task="list"))
    silent("047", wire.own())


def circle(times: int) -> Wire:
    """A list whose second page links to itself, so often asked for."""
    wire = Wire()
    wire.token()
    wire.page(9, link=LINK)
    for _ in range(times):
        wire.page(8, query="?offset=15_7", link=LINK)
    return wire


def test_a_list_that_leads_back():
    """A client that goes round and round is caught; one that stops, whatever it reports, is not."""
    wire = circle(11)
    breaks("048", wire.exchanges[-1], wire.trace("either", task="list"), "asked for 11 times")
    unsure("048", wire.own(), "asked for 11 times")
    breaks("048", circle(2).exchanges[-1], circle(2).trace("either", task="list", end="timeout"), "not end in time")
    for times in (1, 2, 10):
        for end in ("success", "failure"):
            keeps("048", circle(times).trace("either", task="list", end=end))
    wire = Wire()
    wire.page(9, link="/export/jobs/")
    keeps("048", wire.trace("either", task="list"))


def test_a_link_to_another_host():
    """A host that a page links to is not called, with secrets or without."""
    wire = Wire()
    wire.token()
    page = wire.page(9, link=ELSEWHERE)
    called = Attempt("elsewhere.example", "GET /data/core/ups/export/jobs")
    breaks("049", page, wire.trace("either", task="list", attempts=(called,)), "elsewhere.example was called")
    keeps("049", wire.trace("either", task="list"))
    keeps("049", wire.trace("either", task="list", attempts=(Attempt("another.example", "GET /"),)))
    silent("049", wire.own())


def test_links_to_the_same_host():
    """The port of the scheme says nothing, and a link to a file is one as well."""
    wire = Wire()
    wire.files("F1", links={"next": {"href": "http://127.0.0.1:8080/data"}, "page": {"href": "x"}})
    silent("049", wire.trace())
    away = wire.parts("p.parquet")
    answer = {"data": [{"name": "p", "_links": {"self": {"href": "https://elsewhere.example:443/f"}}}]}
    away = wire.call("GET", "/data/foundation/export/files/F2", "getFile", answer)
    called = Attempt("elsewhere.example:443", "GET /f")
    breaks("049", away, wire.trace("either", attempts=(called,), end="failure"))


ADDED = (Fault("listExportJobs", AddJob()),)


def test_a_job_that_is_lost():
    """Whatever was on a page, or there before, is reported; a server that is wrong may keep jobs back."""
    pages = walk()
    last = pages.exchanges[-1]
    breaks("050", last, pages.trace(task="list", jobs=("9", "8")), "1 are not: 7")
    before = Truth(jobs=tuple(job(number=n) for n in (9, 8, 7, 6)))
    breaks("050", last, pages.trace(task="list", jobs=("9", "8", "7"), truth=before), "1 are not: 6")
    keeps("050", pages.trace(task="list", jobs=("9", "8", "7"), truth=before, faults=ADDED))
    late = Truth(jobs=(job(number=10, creationTime=pages.exchanges[1].at),))
    keeps("050", pages.trace(task="list", jobs=("9", "8", "7"), truth=late))
    for other in (pages.trace(task="list"), pages.trace(jobs=()), pages.own(jobs=())):
        silent("050", other)
    silent("050", pages.trace("either", task="list", jobs=(), end="failure"))


def test_a_job_that_is_repeated():
    """Each job is reported once, even if two pages have it."""
    wire = Wire()
    wire.token()
    wire.page(9, 8, link=LINK)
    last = wire.page(8, 7, query="?offset=15_7")
    breaks("051", last, wire.trace(task="list", jobs=("9", "8", "8", "7")), "these are not: 8")
    keeps("051", wire.trace(task="list", jobs=("9", "8", "7")))
    silent("051", Wire().trace(task="list", jobs=("1", "1")))


def test_a_page_that_is_asked_for_once_more():
    """Of two answers to the same request the last counts: the link of the first may have led elsewhere."""
    wire = Wire()
    wire.token()
    wire.page(1, 2, link="/export/jobs?offset=1_2")
    wire.page(9, 1, 2, link="/export/jobs?offset=1_9")
    wire.page(3, query="?offset=1_9")
    keeps("001", wire.trace(task="list"))
