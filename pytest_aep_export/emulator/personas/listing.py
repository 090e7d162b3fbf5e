"""Personas that get the list of jobs wrong: its pages, their order, and what leads from one to the next."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import orjson

from pytest_aep_export.emulator.personas.answers import LISTED, When, answered, body, on, redirected, repeated
from pytest_aep_export.emulator.personas.edits import Edit, at, drop, put
from pytest_aep_export.emulator.personas.requests import instead, without
from pytest_aep_export.emulator.personas.tables import (
    Draft,
    delayed,
    missing,
    reordered,
    stale,
    strict,
    table,
    truncated,
    wrong,
)
from pytest_aep_export.emulator.problems import profile

if TYPE_CHECKING:
    from starlette.responses import Response as HttpResponse

    from pytest_aep_export.emulator.journal import Journal
    from pytest_aep_export.emulator.personas.persona import Answering, Around, Handler
    from pytest_aep_export.emulator.state import Call
    from pytest_aep_export.exchange import Exchange, Response

__all__ = ["LIST"]


_PARAMETERS: Final = ("start", "page", "sort", "status", "offset")
_FEW: Final = 2
_MANY: Final = 100
_REFUSAL: Final = profile(HTTPStatus.BAD_REQUEST, "UPLIB-101206-500", "There is a problem with the query.").body
_NOT_FOUND: Final = profile(HTTPStatus.NOT_FOUND, "UPAPI-113000-404", "There is no such path.").body
_FAILURE: Final = profile(HTTPStatus.INTERNAL_SERVER_ERROR, "UPAPI-113000-500", "Internal server error.").body


def _page(edit: Edit, when: When = lambda _: True) -> Answering:
    return on(LISTED, body(edit), when)


def _records(edit: Edit, when: When = lambda _: True) -> Answering:
    return _page(at("records", edit), when)


def _asks(name: str) -> When:
    return lambda exchange: name in exchange.request.query


def _asks_for_many(exchange: Exchange) -> bool:
    return int(exchange.request.query.get("limit", 0)) > _MANY


def _has_slash(exchange: Exchange) -> bool:
    return exchange.request.path.endswith("/")


def _next(edit: Edit) -> Answering:
    """Edits the link to the next page where there is one."""
    return _page(at("link/next", lambda link: edit(link) if link else link))


def _sized(page: Any) -> Any:
    """The page with the number of its records as its size."""
    return put("page/pageSize", len(page["records"]))(page)


def _kept(keep: Edit, when: When = lambda _: True) -> Answering:
    """Shows other records than there are, and counts those."""
    return _page(lambda page: _sized(at("records", keep)(page)), when)


def _limited(change: Any) -> Around:
    """Understands another limit than was asked for."""

    async def apply(call: Call, handle: Handler) -> HttpResponse:
        if "limit" not in call.query:
            return await handle(call)
        limit = str(change(int(call.query["limit"])))
        return await handle(replace(call, query={**call.query, "limit": limit}))

    return instead(LISTED, apply)


def _carried_over(exchange: Exchange, earlier: Journal) -> Response:
    """Begins a page with the record that the page before has ended with."""
    pages = [e.response for e in earlier.of(LISTED) if e.response.status == HTTPStatus.OK]
    last = orjson.loads(pages[-1].body)["records"][-1:] if pages else []
    return _kept(lambda records: [*last, *records], _asks("offset"))(exchange, earlier)


def _by_count(exchange: Exchange, earlier: Journal) -> Response:
    offset = exchange.request.query.get("offset", "")
    before = int(offset) if offset.isdecimal() else 0

    def count(page: Any) -> Any:
        reached = str(before + len(page["records"]))
        return at("link/next", lambda link: link and f"/export/jobs?limit={len(page['records'])}&offset={reached}")(
            page
        )

    return _page(count)(exchange, earlier)


def _used_up(exchange: Exchange, earlier: Journal) -> Response:
    """Refuses an offset that was used before."""
    offset = exchange.request.query.get("offset")
    used = offset and any(e.request.query.get("offset") == offset for e in earlier.of(LISTED))
    return answered(400, _REFUSAL)(exchange, earlier) if used else exchange.response


def _failing() -> Mapping[str, Draft]:
    """A persona for each parameter of the query that makes the list fail."""
    return {
        f"list-fails-with-{name}": wrong(
            f"The parameter {name} of the list is answered with 500.", on(LISTED, answered(500, _FAILURE), _asks(name))
        )
        for name in _PARAMETERS
    }


def _circle(exchange: Exchange, earlier: Journal) -> Response:
    path = exchange.request.url.partition("/data/core/ups")[2]
    return _next(lambda _: path)(exchange, earlier)


def _endless(exchange: Exchange, earlier: Journal) -> Response:
    path = exchange.request.url.partition("/data/core/ups")[2]
    return _page(at("link/next", lambda link: link or path))(exchange, earlier)


def _absolute(exchange: Exchange, earlier: Journal) -> Response:
    gateway = exchange.request.url.partition("/export/jobs")[0]
    return _next(lambda link: f"{gateway}{link}")(exchange, earlier)


def _first_offset(page: Any) -> Any:
    first = next(iter(page["records"]), None)
    return put("page/pageOffset", f"{first['creationTime']}_{first['id']}")(page) if first else page


LIST: Final = table(
    "LIST",
    {
        "list-is-an-array": wrong("The list is an array of jobs.", _page(lambda page: page["records"])),
        "list-without-records": missing("The list has no records.", _page(drop("records"))),
        "list-with-null-records": wrong("The records of the list are null.", _page(put("records", None))),
        "list-is-empty": missing("The list shows no job.", _kept(lambda _: [])),
        "list-without-page": missing("The list does not tell of its page.", _page(drop("page"))),
        "list-without-link": missing("The list has no link.", _page(drop("link"))),
        "drops-next-page": missing("A page that another one follows does not link to it.", _next(lambda _: "")),
        "list-ends-early": truncated("No page follows the second one.", _page(put("link/next", ""), _asks("offset"))),
        "last-link-is-null": wrong(
            "The link of the last page is null.", _page(at("link/next", lambda link: link or None))
        ),
        "last-link-is-missing": missing(
            "The last page has no link.", _page(lambda page: page if page["link"]["next"] else drop("link/next")(page))
        ),
        "list-never-ends": wrong("The last page links to itself.", on(LISTED, _endless)),
        "pages-link-in-a-circle": wrong("Every page links to itself.", on(LISTED, _circle)),
        "next-link-is-absolute": wrong("The link to the next page is absolute.", on(LISTED, _absolute)),
        "next-link-without-offset": missing(
            "The link to the next page carries no offset.", _next(lambda link: link.partition("&offset=")[0])
        ),
        "next-link-without-status": missing(
            "The link to the next page of a list that is filtered by status is one to all jobs.",
            _next(lambda link: re.sub(r"(?<=[?&])status=[^&]*&?", "", link).rstrip("?&")),
        ),
        "skips-between-pages": missing(
            "A job between two pages is on neither.", _kept(lambda records: records[1:], _asks("offset"))
        ),
        "repeats-between-pages": wrong(
            "The last job of a page is the first of the next one as well.", on(LISTED, _carried_over)
        ),
        "long-pages-lose-their-second": missing(
            "A page behind the first one that has three jobs or more lacks the second of them.",
            _kept(lambda records: [*records[:1], *records[2:]] if len(records) > _FEW else records, _asks("offset")),
        ),
        "newest-job-listed-late": delayed(
            "A new job is not listed before there is a newer one.",
            _kept(lambda records: records[1:], lambda exchange: not _asks("offset")(exchange)),
        ),
        "forgets-last-of-a-page": truncated("Every page lacks its last job.", _kept(lambda records: records[:-1])),
        "hides-finished-jobs": missing(
            "Jobs that have succeeded are not listed.",
            _kept(lambda records: [job for job in records if job["status"] != "SUCCEEDED"]),
        ),
        "hides-unfinished-jobs": missing(
            "Jobs that have not ended are not listed.",
            _kept(lambda records: [job for job in records if job["status"] not in {"NEW", "PROCESSING"}]),
        ),
        "lists-jobs-twice": wrong(
            "Every page shows its first job twice.", _kept(lambda records: [*records[:1], *records])
        ),
        "oldest-first": reordered("Every page shows its oldest job first.", _records(lambda records: records[::-1])),
        "first-two-swapped": reordered(
            "The first two jobs of a page are swapped.", _records(lambda records: [*records[1::-1], *records[2:]])
        ),
        "by-status-first": reordered(
            "Jobs that have succeeded come before all others.",
            _records(lambda records: sorted(records, key=lambda job: job["status"] != "SUCCEEDED")),
        ),
        "claims-to-ascend": wrong("A page says that it ascends, and descends.", _page(put("page/sort", "asc"))),
        "ignores-limit": wrong("The limit of a page is ignored.", around=without(LISTED, "limit")),
        "limit-off-by-one": wrong("A page has one job more than its limit.", around=_limited(lambda limit: limit + 1)),
        "pages-of-two": truncated(
            "A page has two jobs at most, whatever its limit.", around=_limited(lambda limit: min(limit, 2))
        ),
        "ignores-offset": stale("Every page is the first one.", around=without(LISTED, "offset")),
        "offsets-are-used-up": strict("An offset that was used before is refused.", on(LISTED, _used_up)),
        "pages-by-count": wrong(
            "An offset counts the jobs before it, so that new ones move all pages.", on(LISTED, _by_count)
        ),
        "list-never-changes": stale("The same page is shown again as it was the first time.", on(LISTED, repeated())),
        "no-trailing-slash-of-jobs": strict(
            "The path of the list with a trailing slash is not found.",
            on(LISTED, answered(404, _NOT_FOUND), _has_slash),
        ),
        "redirects-list": wrong(
            "The path of the list with a trailing slash is redirected to the one without.",
            on(LISTED, redirected, _has_slash),
        ),
        "sorted-by-update": wrong(
            "A page says that it is sorted by the time of the update.", _page(put("page/sortField", "updateTime"))
        ),
        "page-without-sort": missing("A page does not say in which direction it is sorted.", _page(drop("page/sort"))),
        "page-without-sort-field": missing("A page does not say by what it is sorted.", _page(drop("page/sortField"))),
        "page-without-offset": missing("A page does not tell its offset.", _page(drop("page/pageOffset"))),
        "page-without-size": missing("A page does not tell its size.", _page(drop("page/pageSize"))),
        "opaque-offset": wrong(
            "A page's offset has another form.", _page(at("page/pageOffset", lambda offset: offset.encode().hex()))
        ),
        "offset-of-first-job": wrong("A page's offset is that of its first job.", _page(_first_offset)),
        "size-is-zero": wrong("The size of every page is zero.", _page(put("page/pageSize", 0))),
        "size-of-whole-list": wrong("The size of every page is a thousand.", _page(put("page/pageSize", 1000))),
        "refuses-large-limit": strict(
            "A limit above a hundred is refused.",
            on(LISTED, answered(400, _REFUSAL), _asks_for_many),
        ),
        **_failing(),
        "ignores-sort": wrong("A sort order is ignored.", around=without(LISTED, "sort")),
        "ignores-status": wrong("A status to filter by is ignored.", around=without(LISTED, "status")),
        "status-finds-nothing": missing(
            "Whatever the status to filter by, no job has it.", _kept(lambda _: [], _asks("status"))
        ),
        "status-finds-another": wrong(
            "A status to filter by finds the jobs of another one.", around=without(LISTED, status="FAILED")
        ),
    },
)
