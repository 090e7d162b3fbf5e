"""Checks of lists: every job is on its page, once, in order, and the next page goes on where this one ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pytest_aep_export.fuzz.checks.breach import Breach, Judging
from pytest_aep_export.fuzz.checks.sightings import next_link, records
from pytest_aep_export.fuzz.performing import Attempt, Performance, found_at
from pytest_aep_export.values import job_key

__all__ = ["follows", "keeps_to_query", "lists_created"]


_SORTED_BY: Final = frozenset({"createdTime", "creationTime"})


def _keys(attempt: Attempt) -> list[str]:
    return [job_key(job.get("id")) for job in records(attempt) if isinstance(job, dict)]


def _pages(performance: Performance) -> list[Attempt]:
    return [attempt for attempt in performance.of("listExportJobs") if attempt.accepted]


def lists_created(performance: Performance, _: Judging) -> Iterator[Breach]:
    """A job that was created is on the next page that reaches back to its creation."""
    created: dict[str, Any] = {}
    for attempt in performance.attempts:
        if attempt.step.who != "own" or attempt.step.mistakes or not attempt.accepted:
            continue
        if attempt.step.operation == "createExportJob":
            created[job_key(attempt.at("/id"))] = attempt.at("/creationTime")
        elif attempt.step.operation == "listExportJobs" and not attempt.request.query.keys() - {"limit"}:
            jobs, listed = records(attempt), _keys(attempt)
            times = [job.get("creationTime") for job in jobs if isinstance(job, dict)]
            reaches = not next_link(attempt) or not times
            for key, time in created.items():
                older = isinstance(time, int) and any(isinstance(t, int) and t < time for t in times)
                if key not in listed and (reaches or older):
                    yield Breach(attempt, f"the job {key} on the page", "others", "EXP-LIST-005")


def keeps_to_query(performance: Performance, _: Judging) -> Iterator[Breach]:
    """A page has as many jobs as its limit allows, and only those that were asked for."""
    status = ""
    for attempt in _pages(performance):
        query, jobs = attempt.request.query, records(attempt)
        status = status if attempt.step.target else query.get("status", "")
        limit = int(query["limit"]) if query.get("limit", "").isascii() and query.get("limit", "").isdecimal() else None
        if limit is not None and len(jobs) > limit:
            yield Breach(attempt, f"at most {limit} jobs", f"{len(jobs)}", "EXP-LIST-006", about="too many")
        if limit is not None and len(jobs) < limit and next_link(attempt):
            yield Breach(attempt, f"{limit} jobs before another page", f"{len(jobs)}", "EXP-LIST-006", about="too few")
        if status:
            other = {str(job.get("status")) for job in jobs if isinstance(job, dict)} - {status}
            source = "EXP-LIST-024" if attempt.step.target else "EXP-LIST-021"
            if other:
                yield Breach(attempt, f"jobs that are {status}", ", ".join(sorted(other)), source, "SHOULD", "status")
        field = attempt.at("/page/sortField")
        if isinstance(field, str) and "sort" not in query and field not in _SORTED_BY:
            yield Breach(attempt, "a page sorted by creation", field, "EXP-LIST-014", "SHOULD", "sortField")
        if query.get("sort") == "updateTime:asc" and not next_link(attempt):
            times = [time for job in jobs if isinstance(time := found_at(job, "/updateTime"), int)]
            if times != sorted(times):
                yield Breach(
                    attempt, "jobs that ascend by updateTime", "another order", "EXP-LIST-020", "SHOULD", "sort"
                )
    yield from _of_status(performance)


def _of_status(performance: Performance) -> Iterator[Breach]:
    """A job that was shown in a status a moment ago is among the jobs of that status."""
    last: dict[str, str] = {}
    for attempt in performance.attempts:
        if attempt.step.who != "own" or not attempt.accepted or attempt.step.mistakes:
            continue
        if attempt.step.operation in {"createExportJob", "getExportJob"}:
            last[job_key(attempt.at("/id"))] = str(attempt.at("/status"))
        elif attempt.step.operation == "listExportJobs" and not attempt.request.query.keys() - {"limit", "status"}:
            for key, status in last.items():
                if attempt.request.query.get("status") == status == "SUCCEEDED" and key not in _keys(attempt):
                    if not next_link(attempt):
                        yield Breach(attempt, f"the job {key} among them", "others", "EXP-LIST-021", "SHOULD", "lost")
                    elif key == max(last, key=int, default=""):
                        yield Breach(attempt, f"the newest job {key} first", "others", "EXP-LIST-021", "SHOULD", "lost")


def follows(performance: Performance, _: Judging) -> Iterator[Breach]:
    """Pages by their links meet the jobs in the order of one long page, none twice and none left out."""
    pages = _pages(performance)
    longest: list[str] = []
    chain: list[str] = []
    last: Attempt | None = None
    for attempt in pages:
        query = attempt.request.query
        if not attempt.step.target:
            if len(records(attempt)) > len(longest) and not query.keys() - {"limit"}:
                longest = _keys(attempt)
            chain, last = _keys(attempt), attempt
            continue
        found = _keys(attempt)
        again = sorted(set(found) & set(chain))
        if again:
            yield Breach(
                attempt, "jobs that no page before has shown", ", ".join(again[:3]), "EXP-LIST-009", about="again"
            )
        elif _is_older(found, last) is False:
            yield Breach(
                attempt, "older jobs than on the page before", ", ".join(found[:3]), "EXP-LIST-007", about="order"
            )
        chain += found
        last = attempt
        if longest and not query.keys() - {"limit", "offset"} and _misses(longest, chain):
            yield Breach(
                attempt, f"the jobs {', '.join(longest[:8])}", ", ".join(chain[:8]), "EXP-LIST-009", about="order"
            )
    yield from _ends(pages, longest, chain)


def _is_older(found: list[str], before: Attempt | None) -> bool | None:
    """Whether jobs come behind those of the page before, by their numbers, where these are the order of both."""
    earlier = _keys(before) if before else []
    every = [*earlier, *found]
    if not earlier or not found or not all(key.isdecimal() for key in every):
        return None
    return int(found[0]) < int(earlier[-1]) or int(earlier[0]) < int(earlier[-1])


def _misses(longest: list[str], chain: list[str]) -> bool:
    """Whether the chain lacks a job of the long page between two that it has, or has them in another order."""
    places = [longest.index(key) for key in chain if key in longest]
    return places != list(range(places[0], places[0] + len(places))) if places else False


def _ends(pages: list[Attempt], longest: list[str], chain: list[str]) -> Iterator[Breach]:
    """While more jobs exist there is a link."""
    if not pages or not chain or next_link(pages[-1]) or pages[-1].request.query.keys() - {"limit", "offset"}:
        return
    behind = longest[longest.index(chain[-1]) + 1 :] if chain[-1] in longest else []
    if behind:
        yield Breach(pages[-1], "a link to the next page", "none", "EXP-LIST-008")
