"""Clients that read the list of jobs wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import httpx

from pytest_aep_export import AepClient
from pytest_aep_export.errors import UnexpectedAnswerError
from pytest_aep_export.judge.trace import Performance
from tests.judge.defects.bending import Bend, Memory, Send, again, concerns, other, reads, sends, whole
from tests.judge.defects.defect import JOBS, Defect, afterwards, needs, only


def as_a_number(request: httpx.Request) -> httpx.Request:
    """The offset of a link, as far as it is a number."""
    offset = request.url.params.get("offset", "")
    return (
        again(request, url=request.url.copy_merge_params({"offset": offset.partition("_")[0]})) if offset else request
    )


def counts_for_itself(client: AepClient, *_: object) -> Performance:
    """Make the offset of the next page out of how many jobs there were so far."""
    jobs: list[str] = []
    while True:
        page = page_of(client, f"{JOBS}?offset={len(jobs)}" if jobs else JOBS)
        jobs += [str(job["id"]) for job in page["records"]]
        if not (page.get("link") or {}).get("next"):
            return Performance("success", jobs=tuple(jobs))


def ends_with_text(document: Any) -> None:
    """Take the link to the next page for a text."""
    document["link"]["next"].strip()


def starts_over(client: AepClient, *_: object) -> Performance:
    """Begin the list again whenever it leads nowhere."""
    while True:
        try:
            return Performance("success", jobs=tuple(str(job.id) for job in client.list_export_jobs()))
        except UnexpectedAnswerError:
            continue


def follows_for_ever(client: AepClient, *_: object) -> Performance:
    """Follow every link, wherever one has been before."""
    jobs: list[str] = []
    link = "/export/jobs"
    while link:
        page = page_of(client, f"/data/core/ups{link}")
        jobs += [str(job["id"]) for job in page["records"]]
        link = (page.get("link") or {}).get("next") or ""
    return Performance("success", jobs=tuple(dict.fromkeys(jobs)))


def page_of(client: AepClient, path: str) -> Any:
    """A page of the list, as the client itself would ask for it."""
    return client._run(client._session.get(path)).response.json()


def follows_anybody(*, secrets: bool) -> Bend:
    """Follow a link of the list to whichever host, with the token or without."""

    def bend(request: httpx.Request, send: Send, _: Memory) -> httpx.Response:
        response = send(request)
        if not concerns("listExportJobs", request):
            return response
        content = whole(response)
        link = (json.loads(content).get("link") or {}).get("next") or "" if response.status_code == 200 else ""
        if link.startswith("http"):
            headers = request.headers if secrets else {}
            whole(send(httpx.Request("GET", link, headers={k: v for k, v in headers.items() if k != "host"})))
        return other(response, content)

    return bend


def asks_twice(request: httpx.Request, send: Send, _: Memory) -> httpx.Response:
    """Ask for each page of the list twice."""
    if concerns("listExportJobs", request):
        whole(send(request))
    return send(request)


DEFECTS: Final[Mapping[str, Defect]] = {
    "reads the first page of the list": Defect(
        "001 050", "pages-of-jobs", reads("listExportJobs", lambda page: page.update(link={"next": ""}))
    ),
    "asks for each page twice": Defect("002", "pages-of-jobs", asks_twice),
    "shows its token to anybody": Defect("015 049", "links-to-another-host", follows_anybody(secrets=True)),
    "sends an offset as a number": Defect("001 046 050", "pages-of-jobs", sends("listExportJobs", as_a_number)),
    "makes offsets of its own": Defect("001 046", "pages-of-jobs", act=only("list", counts_for_itself)),
    "needs a link at the end": Defect("047", "list-ends-with-null", reads("listExportJobs", ends_with_text)),
    "needs links at the end": Defect(
        "047", "list-ends-without-links list-ends-with-null-links", reads("listExportJobs", needs("link", "next"))
    ),
    "starts a list over": Defect("048", "last-page-links-to-itself", act=only("list", starts_over)),
    "follows a list for ever": Defect("048", "last-page-links-to-itself", act=only("list", follows_for_ever)),
    "follows a link to anybody": Defect("049", "links-to-another-host", follows_anybody(secrets=False)),
    "loses a job": Defect("050", "", act=afterwards(lambda p: replace(p, jobs=p.jobs[:-1]) if p.jobs else p)),
    "reports a job twice": Defect(
        "051", "", act=afterwards(lambda p: replace(p, jobs=(*p.jobs, p.jobs[-1])) if p.jobs else p)
    ),
}
