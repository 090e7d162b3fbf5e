"""Lists: read to their end, nothing lost, nothing repeated, and no link followed to somewhere else.

It takes lists of several pages, to which a job is added meanwhile, and which end in each documented way, lead back or
lead away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from pytest_aep_export.exchange import Exchange
from pytest_aep_export.judge.rules.findings import Rule, charge, copes, finding, how_it_ended, unsure
from pytest_aep_export.judge.rules.polling import is_plain
from pytest_aep_export.judge.rules.reading import (
    LIST,
    accepted,
    after,
    again,
    answered,
    away,
    document,
    foreign,
    items,
    key,
    of,
    parameter,
    sightings,
    task,
)
from pytest_aep_export.judge.trace import Trace
from pytest_aep_export.suite.verdicts import Outcome
from pytest_aep_export.values import member

__all__ = ["RULES"]

_ASKED: Final = 10
"""So often may a page be asked for whose link leads back."""


def _follows_to_the_end(trace: Trace) -> Iterator[Outcome]:
    """Every link to a next page is asked for later; the token in it is what identifies the page.

    A client that set a limit itself, that was asked for something else than the list or that reports a failure may
    have wanted no more: its stopping proves nothing. Nobody has to follow a link that leads away or back. Of answers to
    the same request the last counts.
    """
    asked: set[str] = set()
    for page in _pages(trace):
        asked.add(_offset(page))
        offset = _in(_link(page))
        if not offset or offset in asked or again(trace, page):
            continue
        if any(each.operation == LIST and _offset(each) == offset for each in after(trace, page)):
            yield finding(trace, page, "", "", met=True)
        elif reason := _may_stop(trace, page):
            yield unsure(trace, f"the client stopped after a page, but {reason}")
        else:
            yield finding(trace, page, "the next page is asked for", "it never was", met=False)


def _may_stop(trace: Trace, page: Exchange) -> str:
    if "limit" in page.request.query:
        return "it had chosen its size"
    if any({"page", "start"} & {*each.request.query} for each in of(trace, LIST)):
        return "it pages in another way that is documented"
    if task(trace) in {"export", "cancel"}:
        return "nobody asked for the list"
    return how_it_ended(trace) if trace.performance.end not in {"success", "unknown"} else ""


def _asks_in_steps(trace: Trace) -> Iterator[Outcome]:
    """A page that was given is asked for again within one walk only as often as the walk's links lead to it."""
    given: Counter[str] = Counter()
    offered: Counter[str] = Counter()
    for page in _pages(trace):
        offset = _offset(page)
        if not offset:
            given.clear()
            offered.clear()
        else:
            again = given[offset] and given[offset] >= offered[offset]
            yield finding(trace, page, "each page is asked for once", f"offset {offset} again", met=not again)
        given[offset] += 1
        offered[_in(_link(page))] += 1


def _hands_offsets_back(trace: Trace) -> Iterator[Outcome]:
    known = {"", "0"}
    for exchange in of(trace, LIST):
        offset = _offset(exchange)
        if offset:
            yield charge(trace, exchange, "an offset that a page has given", f"{offset!r:.80}", met=offset in known)
        known |= _offsets(exchange)


def _offsets(page: Exchange) -> set[str]:
    """Every offset that a page gives: in its link, by name, or made of one of its jobs as documented."""
    answer = document(page) if accepted(page) else None
    jobs = {f"{job.get('creationTime')}_{key(job.get('id'))}" for job in items(member(answer, "records"))}
    return {_in(_next(answer)), str(member(answer, "page", "pageOffset") or ""), *jobs}


def _understands_the_end(trace: Trace) -> Iterator[Outcome]:
    for page in _pages(trace):
        link = member(document(page), "link", "next")
        if not isinstance(link, str):
            yield from copes(trace, page, f"a list whose last page has {link!r:.40} for its next link")


def _leaves_a_circle(trace: Trace) -> Iterator[Outcome]:
    """A client may ask for a page again, to see that it is the same; it may not do so for ever."""
    asked: Counter[str] = Counter()
    circle: list[Exchange] = []
    for page in _pages(trace):
        asked[_offset(page)] += 1
        link = _link(page)
        if link and _in(link) in asked:
            circle.append(page)
    if circle:
        most = asked.most_common(1)[0][1]
        met = most <= _ASKED and trace.performance.end != "timeout"
        found = f"a page was asked for {most} times, and {how_it_ended(trace)}"
        yield charge(trace, circle[-1], "a list that leads back is left", found, met=met)


def _stays_on_its_host(trace: Trace) -> Iterator[Outcome]:
    if trace.scenario is None:
        return
    for host, exchange in foreign(trace).items():
        called = [attempt.how for attempt in trace.attempts if attempt.host == host]
        found = f"{host} was called: {', '.join(called[:1])}"
        yield finding(trace, exchange, "no link to another host is followed", found, met=not called)


def _loses_nothing(trace: Trace) -> Iterator[Outcome]:
    """What was on a page has to be reported, and what was there before, unless the server itself is at fault."""
    pages, told = _pages(trace), trace.performance.jobs
    if task(trace) != "list" or told is None or not pages or trace.performance.end != "success":
        return
    shown = {each.id for each in sightings(trace) if each.exchange.operation == LIST}
    if is_plain(trace):
        shown |= {key(job["id"]) for job in trace.truth.jobs if job["creationTime"] < pages[0].at}
    missing = sorted(shown - {key(each) for each in told})
    found = f"{len(missing)} are not: {', '.join(missing[:5])}"
    yield finding(trace, pages[-1], f"all {len(shown)} jobs are reported", found, met=not missing)


def _repeats_nothing(trace: Trace) -> Iterator[Outcome]:
    pages, told = _pages(trace), trace.performance.jobs
    if told and pages:
        twice = sorted(name for name, count in Counter(map(key, told)).items() if count > 1)
        found = f"these are not: {', '.join(twice[:5])}"
        yield finding(trace, pages[-1], "each job is reported once", found, met=not twice)


def _pages(trace: Trace) -> list[Exchange]:
    """The pages that arrived and can be read."""
    return [each for each in of(trace, LIST) if answered(each)]


def _link(page: Exchange) -> str:
    """The link to the next page, if it leads to where the page came from."""
    link = _next(document(page))
    return "" if away(page, link) else link


def _next(answer: object) -> str:
    link = member(answer, "link", "next")
    return link if isinstance(link, str) else ""


def _offset(page: Exchange) -> str:
    return _in(page.request.url)


def _in(url: str) -> str:
    """The offset in an address or a link; the first page has none."""
    return parameter(url, "offset")


RULES: Final[Mapping[str, Rule]] = {
    "EXP-CLI-001": _follows_to_the_end,
    "EXP-CLI-002": _asks_in_steps,
    "EXP-CLI-046": _hands_offsets_back,
    "EXP-CLI-047": _understands_the_end,
    "EXP-CLI-048": _leaves_a_circle,
    "EXP-CLI-049": _stays_on_its_host,
    "EXP-CLI-050": _loses_nothing,
    "EXP-CLI-051": _repeats_nothing,
}
