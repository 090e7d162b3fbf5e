"""Lists: every item once and in order, however the pages are cut and linked."""

from __future__ import annotations

import json
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aep_export.client.core import NoAnswer, Send
from pytest_aep_export.client.operations import export_jobs
from pytest_aep_export.client.retry import RetryPolicy
from pytest_aep_export.client.session import Session
from pytest_aep_export.errors import UnexpectedAnswerError
from pytest_aep_export.exchange import Headers, Response
from pytest_aep_export.model import Credentials, JobStatus

JOBS = "/data/core/ups/export/jobs"
JOB = {"status": "NEW", "destination": {}, "creationTime": 1, "updateTime": 1}
ENDS = {
    "empty text": {"link": {"next": ""}},
    "blank": {"link": {"next": " "}},
    "null": {"link": {"next": None}},
    "no next": {"link": {}},
    "no link": {},
    "null link": {"link": None},
    "empty object": {"link": {"next": {}}},
    "empty href": {"link": {"next": {"href": ""}}},
    "null href": {"link": {"next": {"href": None}}},
    "page without next": {"page": {"sort": "desc", "pageOffset": "1538573416687_722", "pageSize": 1}},
}


def ids(jobs):
    """The ids of jobs."""
    return [job.id for job in jobs]


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_every_documented_end_ends_the_list(client, api, job_document, end):
    """Each documented way to say that there is no next page is understood: no further page is asked for."""
    api.then(
        api.json({"records": [job_document(2)], "link": {"next": "/export/jobs/?limit=1&offset=5_2"}}),
        api.json({"records": [job_document(1)], **end}),
    )
    assert ids(client.list_export_jobs(limit=1)) == [2, 1]
    assert api.asked == [f"GET {JOBS}?limit=1", f"GET {JOBS}?limit=1&offset=5_2"]


LINKS = {
    "relative to the service, as documented": "/export/jobs/?limit=1&offset=5_2",
    "the whole path": "/data/core/ups/export/jobs?limit=1&offset=5_2",
    "query alone": "?offset=5_2",
    "absolute": "{url}/data/core/ups/export/jobs?limit=1&offset=5_2",
    "an object": {"href": "/export/jobs?offset=5_2"},
    "the offset alone": "5_2",
    "padded": " ?offset=5_2 ",
}


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS.keys())
@pytest.mark.parametrize("where", ["link", "page"])
def test_every_form_of_link_is_followed(client, api, job_document, link, where):
    """A link is followed in every form, and the filter that it forgets is kept."""
    link = link.format(url=api.url) if isinstance(link, str) else link
    api.then(api.json({"records": [job_document(2)], where: {"next": link}}), api.json({"records": [job_document(1)]}))
    assert ids(client.list_export_jobs(limit=1, status=JobStatus.NEW)) == [2, 1]
    assert api.calls[1].path == JOBS
    assert api.calls[1].query == {"limit": "1", "status": "NEW", "offset": "5_2"}


def test_pages_are_read_when_they_are_needed(client, api, job_document):
    """No page is asked for before an item of it is."""
    api.answer = lambda _: api.json(
        {"records": [job_document(9 - len(api.calls))], "link": {"next": f"?offset={len(api.calls)}"}}
    )
    jobs = client.list_export_jobs()
    assert api.calls == []
    assert [next(jobs).id, next(jobs).id] == [8, 7]
    assert api.asked == [f"GET {JOBS}", f"GET {JOBS}?offset=1"]


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/data/core/ups/export/jobs?offset=1",
        "//evil.example/export/jobs?offset=1",
        "ftp://127.0.0.1/export/jobs?offset=1",
        "http://user@evil.example/?offset=1",
        "//[?offset=1",
    ],
)
def test_a_link_to_a_foreign_host_is_refused(client, api, job_document, link):
    """The items before a link that leads away are delivered; the link is not followed, and the error shows it."""
    api.answer = lambda _: api.json({"records": [job_document(2)], "link": {"next": link}})
    jobs = client.list_export_jobs()
    assert next(jobs).id == 2
    with pytest.raises(UnexpectedAnswerError, match=r"leads away from http://127\.0\.0\.1") as caught:
        next(jobs)
    assert link in str(caught.value)
    assert len(api.calls) == 1


@pytest.mark.parametrize("link", [5, ["x"], True, {"href": 5}])
def test_a_link_that_is_none_is_unexpected(client, api, link):
    """A next link of a type that no source shows is an error, not an end."""
    api.answer = lambda _: api.json({"records": [], "link": {"next": link}})
    with pytest.raises(UnexpectedAnswerError, match="a link was expected, not"):
        list(client.list_export_jobs())


def test_a_list_that_stands_still_is_an_error(client, api, job_document):
    """A server that ignores the offset is noticed on its second page, before anything is repeated."""
    api.answer = lambda _: api.json({"records": [job_document(2)], "link": {"next": "?offset=5_2"}})
    seen = []
    with pytest.raises(UnexpectedAnswerError, match="does not advance"):
        seen.extend(job.id for job in client.list_export_jobs())
    assert (seen, len(api.calls)) == ([2], 2)


def test_a_list_that_goes_in_a_circle_is_an_error(client, api, job_document):
    """A link back to a page that was read already is noticed."""
    pages = {"": ("a", 3), "a": ("b", 2), "b": ("a", 1)}

    def answer(request) -> Response:
        following, job_id = pages[request.query.get("offset", "")]
        return api.json({"records": [job_document(job_id)], "link": {"next": f"?offset={following}"}})

    api.answer = answer
    jobs = client.list_export_jobs()
    assert [next(jobs).id for _ in range(3)] == [3, 2, 1]
    with pytest.raises(UnexpectedAnswerError, match=r"does not advance: .* leads to nothing new"):
        next(jobs)
    assert len(api.calls) == 3


def test_a_list_that_never_brings_anything_new_is_given_up(client, api, job_document):
    """Ever new links to nothing new are followed ten times in a row, and no further."""
    api.answer = lambda _: api.json({"records": [job_document(2)], "link": {"next": f"?offset={len(api.calls)}"}})
    jobs = client.list_export_jobs()
    assert next(jobs).id == 2
    with pytest.raises(UnexpectedAnswerError, match="does not advance"):
        next(jobs)
    assert len(api.calls) == 11


def test_an_item_that_moved_is_listed_once(client, api, job_document):
    """A job created while pages are read pushes one over a page's end: it is not listed twice, and nothing is lost."""
    jobs = list(range(5, 0, -1))

    def answer(request) -> Response:
        start = int(request.query.get("offset", 0))
        records = [job_document(job) for job in jobs[start : start + 2]]
        if start == 0:
            jobs.insert(0, 6)
        return api.json({"records": records, "link": {"next": f"?offset={start + 2}" if start + 2 < len(jobs) else ""}})

    api.answer = answer
    assert ids(client.list_export_jobs(limit=2)) == [5, 4, 3, 2, 1]


def test_a_page_may_be_empty(client, api, job_document):
    """An empty page with a link to a further one is no end: a filter may leave nothing of a page."""
    api.then(
        api.json({"records": [], "link": {"next": "?offset=1"}}),
        api.json({"records": [job_document(1), job_document(1)], "link": {"next": ""}}),
    )
    assert ids(client.list_export_jobs(status="FAILED")) == [1]


def drive(listing, answer):
    """All items of a listing: a third driver, the smallest, without any I/O."""
    found = []
    while listing.more:
        flow, outcome = listing.page(), None
        try:
            while True:
                effect = flow.send(outcome)
                outcome = answer(effect.request) if isinstance(effect, Send) else None
        except StopIteration as end:
            found += end.value
    return found


@given(
    sizes=st.lists(st.integers(0, 4), max_size=8),
    form=st.sampled_from(
        ["/export/jobs/?offset={}", "?offset={}", "http://h/data/core/ups/export/jobs?offset={}", "{}"]
    ),
    end=st.sampled_from(list(ENDS.values())),
    broken=st.sets(st.integers(0, 12)),
)
def test_any_split_into_pages_lists_each_job_once_and_in_order(sizes, form, end, broken):
    """However jobs are split into pages, linked, ended and interrupted, each is listed once and in order."""
    session = Session(Credentials("a", "b", "c"), "http://h", None, RetryPolicy(attempts=20), lambda: 0)
    session._tokens.keep({"access_token": "t"}, 0)
    numbers = iter(range(sum(sizes)))
    pages = [[{**JOB, "id": next(numbers)} for _ in range(size)] for size in sizes] or [[]]
    attempts = count()

    def answer(request) -> Response:
        if next(attempts) in broken:
            return NoAnswer("cut", sent=True)
        page = int(request.query.get("offset", 0))
        rest = end if page + 1 == len(pages) else {"link": {"next": form.format(page + 1)}}
        return Response(200, Headers(), json.dumps({"records": pages[page], **rest}).encode())

    assert [job.id for job in drive(export_jobs(session), answer)] == list(range(sum(sizes)))
