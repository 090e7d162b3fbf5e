"""Reading a batch: all of its files, all of their parts, all of their bytes.

It takes batches of several files and parts, on several pages; downloads that are cut once and always; entries whose
length is wrong. The rows that a client reports and the files that it leaves are judged where they are known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from pytest_aep_export.exchange import Exchange
from pytest_aep_export.judge.rules.findings import Rule, charge, finding, how_it_ended, owns_up
from pytest_aep_export.judge.rules.polling import batches
from pytest_aep_export.judge.rules.reading import (
    ENTRIES,
    FILES,
    accepted,
    after,
    answered,
    batch_of,
    document,
    items,
    last_name,
    lost,
    of,
    own_sightings,
    parameter,
    task,
)
from pytest_aep_export.judge.trace import Trace
from pytest_aep_export.suite.verdicts import Outcome
from pytest_aep_export.values import member

__all__ = ["RULES"]

_RANGE: Final = re.compile(r"bytes=(\d+-\d*|-\d+)", re.IGNORECASE)
_CONTENT_RANGE: Final = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
_OK: Final = 200
_PARTIAL: Final = 206


@dataclass(frozen=True, slots=True)
class _Entry:
    """A part, as the listing of its file shows it: its name, the length that is announced, and where that stands."""

    file: str
    name: str
    length: int | None
    exchange: Exchange


def _follows_the_files(trace: Trace) -> Iterator[Outcome]:
    """A page is asked for by its link or by arithmetic; either way its first item has to be reached."""
    for page in _listings(trace, FILES) + _listings(trace, ENTRIES):
        answer = document(page)
        link = _next(answer)
        if not link:
            continue
        start = _start(link)
        path = page.request.path.rstrip("/")
        later = [each for each in after(trace, page) if each.request.path.rstrip("/") == path]
        met = any(_start(each.request.url) == start for each in later) or _is_complete(trace, path, answer)
        if met or trace.performance.end in {"success", "unknown"}:
            found = f"those from {start} on never were"
            yield charge(trace, page, "every page of files and parts is asked for", found, met=met)


def _next(answer: Any) -> str:
    link = member(answer, "_links", "next")
    href = member(link, "href") if isinstance(link, Mapping) else link
    return href if isinstance(href, str) else ""


def _start(url: str) -> str:
    return parameter(url, "start") or "0"


def _is_complete(trace: Trace, path: str, answer: Any) -> bool:
    """Whether as many items of a list were given as it says that it has, however its pages were cut."""
    pages = [each for each in _listings(trace, FILES, ENTRIES) if each.request.path.rstrip("/") == path]
    names = {str(item.get("dataSetFileId") or item.get("name")) for each in pages for item in _data(each)}
    count = member(answer, "_page", "count")
    return isinstance(count, int) and len(names) >= count


def _opens_every_file(trace: Trace) -> Iterator[Outcome]:
    opened = {last_name(each.request.url) for each in of(trace, ENTRIES)}
    for page in _listings(trace, FILES):
        names = [str(file["dataSetFileId"]) for file in _data(page) if "dataSetFileId" in file]
        yield from _all(trace, page, names, opened, "opened")


def _downloads_every_part(trace: Trace) -> Iterator[Outcome]:
    asked = set(_downloads(trace))
    for page in _listings(trace, ENTRIES):
        file = last_name(page.request.url)
        names = [str(part["name"]) for part in _data(page) if "name" in part]
        yield from _all(trace, page, names, {name for of_file, name in asked if of_file == file}, "downloaded")


def _all(trace: Trace, page: Exchange, names: list[str], done: set[str], what: str) -> Iterator[Outcome]:
    """Whether everything on a page was dealt with; a client that reports a failure does not say that it was."""
    missing = [name for name in names if name not in done]
    if names and (not missing or trace.performance.end in {"success", "unknown"}):
        required = f"all {len(names)} on this page are {what}"
        yield charge(trace, page, required, f"{len(missing)} are not: {missing[:1]}", met=not missing)


def _reads_its_own_batch(trace: Trace) -> Iterator[Outcome]:
    own = {batch for each in own_sightings(trace) for batch in batches(each.job)}
    if own:
        for exchange in of(trace, FILES):
            found = batch_of(exchange)
            required = f"the batch is {' or '.join(sorted(own))}"
            yield charge(trace, exchange, required, f"it is {found!r:.80}", met=found in own)


def _takes_no_cut_for_whole(trace: Trace) -> Iterator[Outcome]:
    for attempts in _downloads(trace).values():
        if any(map(lost, attempts)):
            if lost(attempts[-1]):
                yield from owns_up(trace, attempts[-1], "a download that was cut")
            else:
                yield finding(trace, attempts[-1], "", "", met=True)


def _goes_on_after_a_cut(trace: Trace) -> Iterator[Outcome]:
    """Once is enough: who has asked again and was cut again may give up. Who took it for whole breaks another rule."""
    for attempts in _downloads(trace).values():
        cut = next((n for n, each in enumerate(attempts) if lost(each)), None)
        met = cut is not None and cut + 1 < len(attempts)
        if cut is not None and (met or trace.performance.end not in {"success", "timeout"}):
            yield charge(trace, attempts[cut], "what was cut is asked for again", "it was not", met=met)


def _resumes_without_a_gap(trace: Trace) -> Iterator[Outcome]:
    for attempts in _downloads(trace).values():
        ranged = [each for each in attempts if "range" in each.request.headers]
        for exchange in ranged:
            header = exchange.request.headers["range"]
            if not _RANGE.fullmatch(header.strip()):
                yield finding(trace, exchange, "a range is bytes=first-last", f"{header!r:.80}", met=False)
        if ranged and trace.performance.end == "success":
            gap = _gap(attempts)
            found = f"nobody asked for byte {gap}"
            yield finding(trace, ranged[-1], "the ranges cover the file", found, met=gap is None)


def _gap(attempts: list[Exchange]) -> int | None:
    """The first byte of a file that no attempt was given; None when all were."""
    spans = sorted(span for each in attempts if (span := _span(each)))
    total = max((total for _, _, total in spans), default=0)
    reached = 0
    for first, last, _ in spans:
        if first > reached:
            return reached
        reached = max(reached, last)
    return reached if reached < total else None


def _span(exchange: Exchange) -> tuple[int, int, int] | None:
    """From which byte to before which an attempt was given a file, and how long that is."""
    response = exchange.response
    length = response.headers.get("content-length", "")
    if response.status == _OK and length.isdecimal():
        return 0, len(response.body) if response.cut else int(length), int(length)
    if response.status == _OK and response.cut:  # it came in chunks, which do not tell its length
        return 0, len(response.body), len(response.body)
    told = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", "").strip())
    if response.status != _PARTIAL or not told:
        return None
    first, last = int(told[1]), int(told[2]) + 1
    end = first + len(response.body) if response.cut else last
    return first, end, int(told[3]) if told[3] != "*" else last


def _holds_to_the_length(trace: Trace) -> Iterator[Outcome]:
    if trace.scenario is None or trace.scenario.ending != "failure":
        return
    downloads = _downloads(trace)
    for entry in _entries(trace):
        spans = [s for each in downloads.get((entry.file, entry.name), []) if not lost(each) and (s := _span(each))]
        if entry.length is not None and spans and spans[-1][2] != entry.length:
            what = f"a part of {spans[-1][2]} bytes that is announced with {entry.length}"
            yield from owns_up(trace, entry.exchange, what)


def _leaves_nothing_truncated(trace: Trace) -> Iterator[Outcome]:
    for name, content in _left(trace).items():
        if name.lower().endswith(".parquet"):
            whole = [k for k, v in trace.truth.files.items() if len(content) < len(v) and v.startswith(content)]
            found = f"{name} has {len(content)} bytes of it" if content else f"{name} is empty"
            required = (
                f"{name} is whole" if not whole else f"all {len(trace.truth.files[whole[0]])} bytes of {whole[0]}"
            )
            yield finding(trace, _download_of(trace, whole), required, found, met=not whole)


def _leaves_the_same_bytes(trace: Trace) -> Iterator[Outcome]:
    served = {PurePosixPath(name).name: (name, content) for name, content in trace.truth.files.items()}
    for path, content in _left(trace).items():
        if PurePosixPath(path).name in served:
            name, whole = served[PurePosixPath(path).name]
            if content == whole or not whole.startswith(content):
                found = f"{path} has {len(content)} others"
                required = f"the {len(whole)} bytes of {name}"
                yield finding(trace, _download_of(trace, [name]), required, found, met=content == whole)


def _left(trace: Trace) -> Mapping[str, bytes]:
    return (trace.performance.files or {}) if trace.truth.files else {}


def _download_of(trace: Trace, names: list[str]) -> Exchange | None:
    wanted = {PurePosixPath(name).name for name in names}
    return next((d[-1] for (_, name), d in _downloads(trace).items() if PurePosixPath(name).name in wanted), None)


def _reads_every_row(trace: Trace) -> Iterator[Outcome]:
    rows = trace.performance.rows
    due = _rows_due(trace)
    if task(trace) == "export" and rows is not None and due and trace.performance.end == "success":
        pages = of(trace, FILES)
        shown = pages[-1] if pages else None
        yield finding(trace, shown, f"{due} rows", f"{len(rows)}, and {how_it_ended(trace)}", met=len(rows) == due)


def _rows_due(trace: Trace) -> int:
    """How many rows the batches hold that were read; where none was, those of every job that was the client's."""
    read = {batch_of(page) for page in of(trace, FILES)}
    chosen = {str(job.get("id")) for job in trace.truth.jobs if batches(job) & read}
    return sum(len(rows) for name, rows in trace.truth.rows.items() if not chosen or name in chosen)


def _listings(trace: Trace, *operations: str) -> list[Exchange]:
    """The pages that list the files of a batch, or the parts of a file."""
    return [each for each in of(trace, *operations) if answered(each) and "path" not in each.request.query]


def _data(page: Exchange) -> list[Mapping[str, Any]]:
    return items(member(document(page), "data"))


def _entries(trace: Trace) -> Iterator[_Entry]:
    for page in _listings(trace, ENTRIES):
        for part in _data(page):
            length = str(part.get("length", ""))
            if "name" in part:
                number = int(length) if length.isdecimal() else None
                yield _Entry(last_name(page.request.url), str(part["name"]), number, page)


def _downloads(trace: Trace) -> dict[tuple[str, str], list[Exchange]]:
    """The attempts at each part, by its file and name."""
    found: dict[tuple[str, str], list[Exchange]] = {}
    for exchange in of(trace, ENTRIES):
        name = exchange.request.query.get("path")
        if name is not None and (accepted(exchange) or not exchange.response.status):
            found.setdefault((last_name(exchange.request.url), name), []).append(exchange)
    return found


RULES: Final[Mapping[str, Rule]] = {
    "EXP-CLI-052": _follows_the_files,
    "EXP-CLI-069": _opens_every_file,
    "EXP-CLI-070": _downloads_every_part,
    "EXP-CLI-071": _reads_its_own_batch,
    "EXP-CLI-072": _takes_no_cut_for_whole,
    "EXP-CLI-073": _goes_on_after_a_cut,
    "EXP-CLI-074": _resumes_without_a_gap,
    "EXP-CLI-075": _holds_to_the_length,
    "EXP-CLI-076": _leaves_nothing_truncated,
    "EXP-CLI-077": _leaves_the_same_bytes,
    "EXP-CLI-078": _reads_every_row,
}
