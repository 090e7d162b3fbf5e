"""What the members of an answer owe each other: the rules that a schema cannot state.

A rule finds its breaches in a document that its schema already holds valid. Rules are checked on every answer of the
emulator, so a document without a breach costs a few microseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from pytest_aep_export.contract.values import Level, Violation

__all__ = ["RULES", "Rule", "breaches"]

Document = Mapping[str, Any]
Breach = tuple[str, str]
"""Where, as a pointer below the document, and what is there instead."""

_ENDED: Final = frozenset({"SUCCEEDED", "FAILED"})


@dataclass(frozen=True, slots=True)
class Rule:
    """One obligation.

    Attributes:
        expected: What should be so, as a clause.
        source: Where that comes from.
        find: The breaches of a document.
        level: ``MUST`` holds always; ``SHOULD`` only where a dialect is asked for.
        exempt: Dialects whose own samples break the rule.
    """

    expected: str
    source: str
    find: Callable[[Document], Iterable[Breach]]
    level: Level = "MUST"
    exempt: frozenset[str] = frozenset()


def breaches(kind: str, document: Document, dialect: str | None = None) -> list[Violation]:
    """What a document of that kind (the name of a schema) breaks; nothing for a kind that has no rules."""
    found: list[Violation] = []
    for rule in _applicable(kind, dialect):
        for pointer, what in rule.find(document):
            found.append(Violation(pointer, rule.expected, what, rule.source, rule.level))
    if kind == "JobPage":
        for number, job in enumerate(document["records"]):
            for breach in breaches("ListedJob", job, dialect):
                pointer = f"/records/{number}{breach.pointer}"
                found.append(Violation(pointer, breach.expected, breach.found, breach.source, breach.level))
    return found


@cache
def _applicable(kind: str, dialect: str | None) -> tuple[Rule, ...]:
    rules = RULES.get(kind, ())
    if dialect is None:
        return tuple(rule for rule in rules if rule.level == "MUST")
    return tuple(rule for rule in rules if dialect not in rule.exempt)


# --- jobs


def _updated_early(job: Document) -> Iterable[Breach]:
    if job["updateTime"] < job["creationTime"]:
        return [("/updateTime", f"{job['updateTime']}, with a creationTime of {job['creationTime']}")]
    return ()


def _no_batch(job: Document) -> Iterable[Breach]:
    if job["status"] != "SUCCEEDED":
        return ()
    destination = job["destination"]
    batches = destination.get("batches")
    if not batches:
        return () if destination.get("batchId") else [("/destination/batchId", "none")]
    listed = batches if isinstance(batches, list) else [batches]
    return () if all(batch["batchId"] for batch in listed) else [("/destination/batches", "one without a batchId")]


def _no_total(job: Document) -> Iterable[Breach]:
    if job["status"] in _ENDED and "endTimeInMs" not in job["metrics"].get("totalTime", ()):
        return [("/metrics/totalTime", "none that has ended")]
    return ()


def _no_length(job: Document) -> Iterable[Breach]:
    total = job["metrics"].get("totalTime", {})
    if job["status"] == "SUCCEEDED" and "endTimeInMs" in total and "totalTimeInMs" not in total:
        return [("/metrics/totalTime/totalTimeInMs", "none")]
    return ()


def _wrong_span(job: Document) -> Iterable[Breach]:
    found: list[Breach] = []
    for name, timer in job["metrics"].items():
        if isinstance(timer, dict) and "endTimeInMs" in timer and "startTimeInMs" in timer:
            span = timer["endTimeInMs"] - timer["startTimeInMs"]
            if span < 0 or timer.get("totalTimeInMs", span) != span:
                found.append((f"/metrics/{name}", f"{timer.get('totalTimeInMs')} for a span of {span}"))
    return found


def _two_datasets(job: Document) -> Iterable[Breach]:
    destination = job["destination"]
    one, other = destination.get("datasetId"), destination.get("dataSetId")
    if one is not None and other is not None and one != other:
        return [("/destination/dataSetId", f"{other} beside {one}")]
    return ()


def _created_apart(job: Document) -> Iterable[Breach]:
    start = job["metrics"].get("totalTime", {}).get("startTimeInMs", job["creationTime"])
    return () if start == job["creationTime"] else [("/creationTime", f"{job['creationTime']} and a start at {start}")]


def _updated_apart(job: Document) -> Iterable[Breach]:
    end = job["metrics"].get("totalTime", {}).get("endTimeInMs", job["updateTime"])
    if job["status"] in _ENDED and end != job["updateTime"]:
        return [("/updateTime", f"{job['updateTime']} and an end at {end}")]
    return ()


def _ended_early(job: Document) -> Iterable[Breach]:
    if job["status"] in {"NEW", "PROCESSING"} and "endTimeInMs" in job["metrics"].get("totalTime", ()):
        return [("/metrics/totalTime/endTimeInMs", f"one on a job that is {job['status']}")]
    return ()


def _failed_silently(job: Document) -> Iterable[Breach]:
    return [("/errors", "none")] if job["status"] == "FAILED" and not job.get("errors") else ()


def _failed_wrongly(job: Document) -> Iterable[Breach]:
    if job.get("errors") and job["status"] != "FAILED":
        return [("/errors", f"some on a job that is {job['status']}")]
    return ()


def _batches_unasked(job: Document) -> Iterable[Breach]:
    destination = job["destination"]
    if "batches" in destination and not destination.get("segmentPerBatch"):
        return [("/destination/batches", "some, without segmentPerBatch")]
    return ()


def _batches_beside_batch(job: Document) -> Iterable[Breach]:
    if "batches" in job["destination"] and job["destination"].get("batchId"):
        return [("/destination/batchId", "one beside batches")]
    return ()


# --- pages of jobs


def _out_of_order(page: Document) -> Iterable[Breach]:
    if page["page"]["sortField"] not in {"createdTime", "creationTime"}:
        return ()
    times = [job["creationTime"] for job in page["records"]]
    if times == sorted(times, reverse=page["page"]["sort"] == "desc"):
        return ()
    return [("/records", f"creation times that are not {page['page']['sort']}ending")]


def _twice(page: Document) -> Iterable[Breach]:
    numbers = [job["id"] for job in page["records"]]
    return () if len(numbers) == len(set(numbers)) else [("/records", "a job more than once")]


def _overfull(page: Document) -> Iterable[Breach]:
    size, count = page["page"]["pageSize"], len(page["records"])
    return [("/page/pageSize", f"{size} for {count} jobs")] if size < count else ()


def _miscounted(page: Document) -> Iterable[Breach]:
    size, count = page["page"]["pageSize"], len(page["records"])
    return [("/page/pageSize", f"{size} for {count} jobs")] if size > count else ()


def _other_offset(page: Document) -> Iterable[Breach]:
    if not page["records"]:
        return ()
    last = page["records"][-1]
    offset, expected = page["page"].get("pageOffset"), f"{last['creationTime']}_{last['id']}"
    return () if offset == expected else [("/page/pageOffset", f"{offset}, and the last job is {expected}")]


def _next(page: Document) -> str:
    link = page.get("link", {}).get("next")
    return link if isinstance(link, str) else ""


def _no_offset(page: Document) -> Iterable[Breach]:
    link = _next(page)
    return [("/link/next", "a link without one")] if link and "offset=" not in link else ()


def _offset_apart(page: Document) -> Iterable[Breach]:
    offset = parse_qs(urlsplit(_next(page)).query).get("offset", [""])[0]
    shown = page["page"].get("pageOffset")
    return [("/link/next", f"{offset}, and a pageOffset of {shown}")] if offset and offset != shown else ()


# --- files


def _undercounted(page: Document) -> Iterable[Breach]:
    count, items = page.get("_page", {}).get("count"), len(page["data"])
    return [("/_page/count", f"{count} for {items} entries")] if count is not None and count < items else ()


_JOB: Final = (
    Rule("an updateTime not before creationTime", "D-20", _updated_early),
    Rule("a batch id once the job has SUCCEEDED", "D-24", _no_batch),
    Rule("a totalTime with its end once the job has ended", "D-43", _no_total),
    Rule("a totalTime with its length once the job has SUCCEEDED", "facts, export-jobs section 6", _no_length),
    Rule("a totalTimeInMs that is end minus start", "facts, export-jobs section 3", _wrong_span),
    Rule("one dataset, however its id is spelled", "D-31", _two_datasets),
    Rule(
        "a creationTime equal to the start of totalTime", "D-20", _created_apart, "SHOULD", frozenset({"profile-guide"})
    ),
    Rule("an updateTime equal to the end of totalTime", "D-20", _updated_apart, "SHOULD", frozenset({"profile-guide"})),
    Rule("no end of totalTime while the job runs", "facts, export-jobs section 6", _ended_early, "SHOULD"),
    Rule("errors on a job that FAILED", "D-27", _failed_silently, "SHOULD"),
    Rule(
        "errors only on a job that FAILED",
        "D-27",
        _failed_wrongly,
        "SHOULD",
        frozenset({"segmentation-guide", "openapi"}),
    ),
    Rule("batches only with segmentPerBatch", "D-47", _batches_unasked, "SHOULD"),
    Rule("either batchId or batches", "D-47", _batches_beside_batch, "SHOULD"),
)
_PAGE: Final = (
    Rule("jobs in the order that the page names", "facts, export-jobs section 8", _out_of_order),
    Rule("every job once", "facts, export-jobs section 8", _twice),
    Rule("a pageSize of at least the jobs shown", "D-67", _overfull),
    Rule("a pageSize equal to the jobs shown", "D-67", _miscounted, "SHOULD"),
    Rule("a pageOffset of the last job's creationTime and id", "D-29", _other_offset, "SHOULD"),
    Rule("an offset in the link to the next page", "D-62", _no_offset, "SHOULD"),
    Rule("the page's own offset in the link", "D-29", _offset_apart, "SHOULD", frozenset({"segmentation-guide"})),
)
_FILES: Final = (Rule("a count of at least the entries shown", "D-79", _undercounted, "SHOULD"),)

RULES: Final[Mapping[str, tuple[Rule, ...]]] = {
    "ShownJob": _JOB,
    "ListedJob": _JOB,
    "JobPage": _PAGE,
    "BatchFiles": _FILES,
    "FileEntries": _FILES,
}
"""The rules of each schema that has some."""
