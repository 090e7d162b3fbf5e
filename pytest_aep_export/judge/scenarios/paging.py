"""Lists of jobs in pages: of every length, with every link and every end, and one that grows while it is read."""

from __future__ import annotations

from typing import Final

from pytest_aep_export.emulator import Behaviour
from pytest_aep_export.emulator.faults import AddJob, Answer, ExpireToken, Fault
from pytest_aep_export.emulator.personas import Persona
from pytest_aep_export.emulator.personas.edits import drop, put
from pytest_aep_export.judge.scenario import Ending, Scenario
from pytest_aep_export.judge.scenarios.odd import FOREIGN_PAGES, answering, links, without_last_link

__all__ = ["PAGING"]

_LIST: Final = "listExportJobs"
_JOBS: Final = 7
_PAGE: Final = 3


def _pages(
    name: str,
    about: str,
    persona: Persona | str | None = None,
    *faults: Fault,
    ending: Ending = "success",
    jobs: int = _JOBS,
    page: int = _PAGE,
) -> Scenario:
    behaviour = Behaviour(page_limit=page, persona=persona)
    return Scenario(name, about, "list", ending, behaviour, faults, jobs)


def _ends(name: str, about: str, persona: str | Persona) -> Scenario:
    return _pages(f"list-ends-{name}", f"Three pages of jobs; {about}", persona)


def _links(name: str, about: str, persona: Persona) -> Scenario:
    return _pages(f"links-{name}", f"Three pages of jobs; {about}", persona)


PAGING: Final = (
    _pages("no-job", "There is no job yet.", jobs=0),
    _pages("pages-of-jobs", "Seven jobs are on pages of three, unless more are asked for."),
    _pages("many-pages", "250 jobs are on pages of ten, unless more are asked for.", jobs=250, page=10),
    _pages("pages-shorter-than-asked-for", "A page holds two jobs, whatever is asked for.", "pages-of-two"),
    _pages(
        "list-grows-while-it-is-read",
        "Somebody creates a job between the first page and the second.",
        None,
        Fault(_LIST, AddJob(), skip=1),
    ),
    _ends("with-null", "the last link is null.", "last-link-is-null"),
    _ends("without-next", "the last page has no next link.", "last-link-is-missing"),
    _ends(
        "without-links",
        "the last page has no links at all.",
        answering("last-page-without-links", "The last page has no links.", without_last_link(drop("link"))),
    ),
    _ends(
        "with-null-links",
        "the links of the last page are null.",
        answering("last-links-are-null", "The links of the last page are null.", without_last_link(put("link", None))),
    ),
    _links(
        "without-slash",
        "the links have no slash before the question mark.",
        answering("links-without-slash", "Links have no slash.", links(lambda link, _: link.replace("/?", "?"))),
    ),
    _pages("last-page-links-to-itself", "The last page links to itself.", "list-never-ends", ending="either"),
    _pages(
        "links-to-another-host",
        "The link to the next page leads to another host.",
        answering("links-to-another-host", "Links lead to another host.", FOREIGN_PAGES),
        ending="either",
    ),
    _pages("pages-without-links", "No page links to the next.", "drops-next-page", ending="either"),
    _pages(
        "token-expires-between-pages",
        "The token expires after the first page.",
        None,
        Fault(_LIST, ExpireToken(), skip=1),
    ),
    _pages(
        "list-is-busy",
        "The second page is answered with 429, and is there a second later.",
        None,
        Fault(_LIST, Answer(429, (("Retry-After", "1"),)), skip=1),
    ),
    _pages(
        "list-is-down-for-a-moment",
        "The second page is answered with 503 once.",
        None,
        Fault(_LIST, Answer(503), skip=1),
    ),
)
