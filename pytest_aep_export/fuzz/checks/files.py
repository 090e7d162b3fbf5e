"""Checks of batches and files: what is listed is there, as long as it is said to be, and read in pieces like in one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from pytest_aep_export.fuzz.checks.breach import Breach, Judging
from pytest_aep_export.fuzz.checks.sightings import dataset_of
from pytest_aep_export.fuzz.performing import Attempt, Performance, found_at

__all__ = ["batches", "bytes_of_files", "hosts", "listings", "sizes"]

_RANGE: Final = re.compile(r"bytes=(\d*)-(\d*)")
_NAMED: Final = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
_MARK: Final = b"PAR1"


def _own(performance: Performance, *operations: str) -> list[Attempt]:
    return [a for a in performance.of(*operations) if a.accepted and a.step.who == "own"]


def hosts(performance: Performance, _: Judging) -> Iterator[Breach]:
    """The links of files all lead to one host."""
    known = ""
    for attempt in _own(performance, "listBatchFiles", "getFile"):
        data = attempt.at("/data")
        for item in data if isinstance(data, list) else ():
            href = found_at(item, "/_links/self/href")
            host = str(href).partition("://")[2].partition("/")[0] if isinstance(href, str) else ""
            known = known or host
            if host not in {"", known}:
                yield Breach(attempt, f"a link to {known}", host, "EXP-FILES-014", "SHOULD")


def sizes(performance: Performance, _: Judging) -> Iterator[Breach]:
    """A listed file is as long as all that its id stands for."""
    told: dict[str, Any] = {}
    for attempt in _own(performance, "listBatchFiles"):
        data = attempt.at("/data")
        items = [item for item in data if isinstance(item, dict)] if isinstance(data, list) else []
        told |= {str(item.get("dataSetFileId")): item.get("size") for item in items}
    for attempt in _own(performance, "getFile"):
        key, data = attempt.request.path.rpartition("/")[2], attempt.at("/data")
        if "path" in attempt.request.query or not isinstance(data, list) or attempt.step.target:
            continue
        lengths = [str(item.get("length")) for item in data if isinstance(item, dict)]
        size = told.get(key)
        if isinstance(size, str) and all(map(str.isdecimal, lengths)) and size != str(sum(map(int, lengths))):
            yield Breach(
                attempt, f"parts of {size} bytes", f"{', '.join(lengths) or 'none'}", "EXP-FILES-030", "SHOULD", "size"
            )


def listings(performance: Performance, _: Judging) -> Iterator[Breach]:
    """Pages of a batch's files are pieces of the whole list, and a file's link leads to what its id stands for."""
    whole: dict[str, list[Any]] = {}
    met: dict[str, list[Any]] = {}
    names: dict[str, Any] = {}
    for attempt in _own(performance, "listBatchFiles", "getFile"):
        query, path = attempt.request.query, attempt.request.path
        data = attempt.at("/data")
        if "path" in query or not isinstance(data, list):
            continue
        if attempt.step.operation == "getFile":
            names.setdefault(path, data)
            if data != names[path]:
                yield Breach(
                    attempt, "the same entries as before", f"{data!r:.100}", "EXP-FILES-027", "SHOULD", "entries"
                )
            continue
        shown = [item.get("dataSetFileId") for item in data if isinstance(item, dict)]
        if not query:
            whole[path] = shown
        elif path in whole:
            yield from _piece(attempt, shown, whole[path], met.setdefault(path, []))


def _piece(attempt: Attempt, shown: list[Any], whole: list[Any], met: list[Any]) -> Iterator[Breach]:
    query = attempt.request.query
    start, limit = int(query.get("start", 0)), int(query.get("limit", 100))
    if shown != whole[start : start + limit] and not attempt.step.target:
        wanted = f"the files {whole[start : start + limit]!r:.100}"
        yield Breach(attempt, wanted, f"{shown!r:.100}", "EXP-FILES-011", about="piece")
    if attempt.step.target and set(shown) & set(met):
        yield Breach(
            attempt, "files that no page before has shown", f"{shown!r:.100}", "EXP-FILES-028", "SHOULD", "again"
        )
    met += shown
    if attempt.at("/_page/count") not in {None, len(whole)}:
        yield Breach(
            attempt, f"the count {len(whole)}", f"{attempt.at('/_page/count')}", "EXP-FILES-029", "SHOULD", "count"
        )
    if attempt.at("/_page/limit") not in {None, limit}:
        yield Breach(attempt, f"the limit {limit}", f"{attempt.at('/_page/limit')}", "EXP-FILES-029", "SHOULD", "limit")
    more, link = start + limit < len(whole), attempt.at("/_links/next/href")
    if more and not link:
        yield Breach(attempt, "a link to the next page", "none", "EXP-FILES-028", "SHOULD", "no link")
    if not more and link:
        yield Breach(attempt, "no link behind the last page", str(link), "EXP-FILES-028", "SHOULD", "a link")


def bytes_of_files(performance: Performance, _: Judging) -> Iterator[Breach]:
    """A file's bytes are as many as its entry says, the same at each reading, and a range of them is a slice."""
    lengths: dict[tuple[str, str], str] = {}
    whole: dict[tuple[str, str], bytes] = {}
    for attempt in _own(performance, "getFile", "headFile"):
        path, name, data = attempt.request.path, attempt.request.query.get("path"), attempt.at("/data")
        if attempt.step.target and "path" in attempt.step.query:
            name = performance.names.get("part")
        if name is None:
            for entry in data if isinstance(data, list) else ():
                if isinstance(entry, dict):
                    lengths[path, str(entry.get("name"))] = str(entry.get("length"))
        elif attempt.step.operation == "headFile":
            yield from _head(attempt, lengths.get((path, name)))
        elif attempt.response.status == 206:  # noqa: PLR2004 - partial content
            if (path, name) in whole:
                yield from _slice(attempt, whole[path, name])
        else:
            yield from _whole(attempt, lengths.get((path, name)), whole.get((path, name)))
            whole.setdefault((path, name), attempt.response.body)


def _head(attempt: Attempt, length: str | None) -> Iterator[Breach]:
    told, ranges = attempt.response.headers.get("content-length"), attempt.response.headers.get("accept-ranges")
    if told is None or length not in {None, told}:
        yield Breach(attempt, f"a Content-Length of {length or 'the file'}", str(told), "EXP-FILES-007", about="length")
    if ranges != "bytes":
        yield Breach(attempt, "Accept-Ranges: bytes", str(ranges), "EXP-FILES-007", about="ranges")


def _whole(attempt: Attempt, length: str | None, before: bytes | None) -> Iterator[Breach]:
    body, media = attempt.response.body, attempt.response.headers.get("content-type", "")
    if length is not None and length != str(len(body)):
        source = "EXP-FILES-006" if attempt.step.target else "EXP-FILES-005"
        yield Breach(attempt, f"{length} bytes", f"{len(body)}", source, about="length")
    if before is not None and before != body:
        yield Breach(attempt, "the same bytes as before", f"{len(body)} others", "EXP-FILES-006", about="bytes")
    if not body.startswith(_MARK) or not body.endswith(_MARK):
        yield Breach(attempt, "a file of Parquet", f"{body[:8]!r}…{body[-8:]!r}", "EXP-FILES-013", "SHOULD", "parquet")
    if not media.startswith("application/parquet"):
        yield Breach(attempt, "application/parquet", media, "EXP-FILES-012", "SHOULD", "media")


def _slice(attempt: Attempt, whole: bytes) -> Iterator[Breach]:
    named = _NAMED.fullmatch(attempt.response.headers.get("content-range", ""))
    asked = _RANGE.fullmatch(attempt.request.headers.get("range", ""))
    if named is None or asked is None:
        return
    first, last, body = int(named[1]), int(named[2]), attempt.response.body
    if body != whole[first : last + 1] or named[3] not in {"*", str(len(whole))}:
        yield Breach(
            attempt,
            f"the bytes {first} to {last} of {len(whole)}",
            f"{len(body)} others",
            "EXP-FILES-008",
            about="bytes",
        )
    wanted = _span(asked[1], asked[2], len(whole))
    if (first, last) != wanted:
        both = bool(asked[1] and asked[2])
        source = "EXP-FILES-016" if both else "EXP-FILES-024"
        yield Breach(attempt, f"the bytes {wanted[0]} to {wanted[1]}", f"{first} to {last}", source, "SHOULD", "span")
    if named[3] == "*":
        yield Breach(attempt, "the whole length in Content-Range", "*", "EXP-FILES-008", about="whole")


def _span(first: str, last: str, length: int) -> tuple[int, int]:
    if not first:
        return max(0, length - int(last)), length - 1
    return int(first), min(int(last), length - 1) if last else length - 1


def batches(performance: Performance, _: Judging) -> Iterator[Breach]:
    """What Catalog says of a batch agrees with its job and its files."""
    owners = {
        attempt.at("/destination/batchId"): attempt
        for attempt in _own(performance, "getExportJob")
        if attempt.at("/status") == "SUCCEEDED"
    }
    files = {a.request.path.split("/")[-2]: a for a in _own(performance, "listBatchFiles") if not a.request.query}
    for attempt in _own(performance, "getBatch"):
        wanted = attempt.request.path.rpartition("/")[2]
        document = attempt.document if isinstance(attempt.document, dict) else {}
        batch = document.get(wanted)
        if not isinstance(batch, dict) or batch.get("id", wanted) != wanted:
            yield Breach(attempt, f"the batch {wanted}", ", ".join(document), "EXP-FILES-015", "SHOULD", "key")
            continue
        if wanted in owners:
            yield from _of_job(attempt, batch, owners[wanted])
        if wanted in files:
            yield from _of_files(attempt, batch, files[wanted])
            yield from _file_count(performance, attempt, batch, files[wanted])


def _file_count(
    performance: Performance, attempt: Attempt, batch: dict[str, Any], listing: Attempt
) -> Iterator[Breach]:
    """What Catalog counts as files is all that the ids of a batch stand for, where every one was opened."""
    keys = [str(item.get("dataSetFileId")) for item in listing.at("/data") or () if isinstance(item, dict)]
    opened: dict[str, Any] = {
        a.request.path.rpartition("/")[2]: a.at("/data")
        for a in _own(performance, "getFile")
        if "path" not in a.request.query
    }
    told = found_at(batch, "/metrics/outputFileCount")
    if isinstance(told, int) and all(isinstance(opened.get(key), list) for key in keys):
        count: int = sum(len(opened[key]) for key in keys)
        if told != count:
            yield Breach(attempt, f"{count} files", f"{told}", "EXP-FILES-031", "SHOULD", "files")


def _of_job(attempt: Attempt, batch: dict[str, Any], job: Attempt) -> Iterator[Breach]:
    if batch.get("status") not in {"success", "active"}:
        yield Breach(
            attempt, "the status success or active", str(batch.get("status")), "EXP-FILES-015", "SHOULD", "status"
        )
    related = batch.get("relatedObjects")
    ids = {str(each.get("id")) for each in related if isinstance(each, dict)} if isinstance(related, list) else set()
    if dataset_of(job.document) not in ids:
        yield Breach(
            attempt, f"the dataset {dataset_of(job.document)}", ", ".join(ids), "EXP-FILES-015", "SHOULD", "dataset"
        )
    created, completed = batch.get("created"), batch.get("completed")
    if isinstance(created, int) and isinstance(completed, int) and completed < created:
        yield Breach(attempt, "a completion behind the creation", f"{completed}", "EXP-FILES-034", "SHOULD", "times")
    counted, rows = job.at("/metrics/totalExportedProfileCounter"), batch.get("recordCount")
    if isinstance(counted, int) and isinstance(rows, int) and counted != rows:
        yield Breach(attempt, f"{counted} records", f"{rows}", "EXP-FILES-031", "SHOULD", "records")


def _of_files(attempt: Attempt, batch: dict[str, Any], listing: Attempt) -> Iterator[Breach]:
    items = [item for item in listing.at("/data") or () if isinstance(item, dict)]
    wanted, begun = "files that are younger than their batch", batch.get("created")
    for created in (str(item.get("created")) for item in items):
        if created.isdecimal() and isinstance(begun, int) and int(created) < begun:
            yield Breach(listing, wanted, created, "EXP-FILES-034", "SHOULD", "files")
    for name, told in (
        ("records", (batch.get("recordCount"), found_at(batch, "/metrics/outputRecordCount"))),
        ("size", (batch.get("size"), found_at(batch, "/metrics/outputByteSize"))),
    ):
        texts = [str(item.get(name, "")) for item in items]
        if items and all(text.isdecimal() for text in texts):
            whole = sum(map(int, texts))
            if any(isinstance(each, int) and each != whole for each in told):
                yield Breach(attempt, f"{name} that add up to {whole}", f"{told}", "EXP-FILES-031", "SHOULD", name)
