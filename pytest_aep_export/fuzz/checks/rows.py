"""Checks of what an export holds: the rows that follow from the tenant's data, where these are known."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pytest_aep_export.fuzz.checks.breach import Breach, Judging, Severity
from pytest_aep_export.fuzz.checks.sightings import Sighting, sent, sightings
from pytest_aep_export.fuzz.parties import Expected
from pytest_aep_export.fuzz.performing import Attempt, Performance

__all__ = ["previews", "rows"]


def rows(performance: Performance, judging: Judging) -> Iterator[Breach]:
    """The files of a job that was read to its end hold the rows that an oracle expects, and as many as it counts."""
    expected = judging.parties.expected
    jobs = [seen for seen in sightings(performance).values() if seen[0].how == "created"]
    files = [a for a in performance.of("getFile") if a.accepted and "path" in a.request.query and not a.step.headers]
    if len(jobs) != 1 or not files or not _is_complete(performance, files):
        return
    try:
        held = [row for attempt in files for row in _read(attempt)]
    except ValueError as error:
        yield Breach(files[0], "a file that is read as Parquet", str(error), "EXP-FILES-013", "SHOULD", "unreadable")
        return
    body = sent(jobs[0][0].attempt)
    yield from _counted(jobs[0][-1], held, whole=_holds_identities(body))
    if expected is not None and isinstance(body, Mapping):
        yield from _compared(files[0], held, expected(body), body)
        yield from _of_segments(performance, jobs[0][-1], expected, body)


def previews(performance: Performance, judging: Judging) -> Iterator[Breach]:
    """The preview of a dataset that one job has filled shows rows of its export, none more often than it has it."""
    jobs = [
        seen for seen in sightings(performance).values() if seen[0].how == "created" and seen[-1].status == "SUCCEEDED"
    ]
    shown = [a for a in performance.of("previewDataset") if a.accepted and isinstance(a.at("/data"), list)]
    body = sent(jobs[0][0].attempt) if len(jobs) == 1 and shown and judging.parties.expected else None
    if not isinstance(body, Mapping) or judging.parties.expected is None:
        return
    rest = [_texts(row) for row in judging.parties.expected(body)]
    for attempt in shown:
        if body["destination"]["datasetId"] not in attempt.request.path:
            continue
        if rest and not attempt.at("/data"):
            yield Breach(attempt, "rows of the export", "none", "EXP-FILES-018", "SHOULD", "empty")
        for row in attempt.at("/data"):
            mine = next((texts for texts in rest if texts <= _texts(row)), None)
            if mine is None:
                yield Breach(
                    attempt, "rows of the export, each once", f"{row!r:.200}", "EXP-FILES-018", "SHOULD", "rows"
                )
                return
            rest.remove(mine)


def _texts(value: Any) -> frozenset[str]:
    """Every text in a value, whatever holds it."""
    if isinstance(value, str):
        return frozenset({value})
    if isinstance(value, tuple):
        return _texts(value[1])  # an entry of a map, whose keys are names elsewhere
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return frozenset(text for item in items for text in _texts(item))


def _is_complete(performance: Performance, files: list[Attempt]) -> bool:
    """Whether all files of a batch, or of all batches of a job, were read."""
    listed = [item for a in performance.of("listBatchFiles") if a.accepted for item in a.at("/data") or ()]
    entries = [a for a in performance.of("getFile") if a.accepted and "path" not in a.request.query]
    parts = [entry for a in entries for entry in a.at("/data") or ()]
    return len(listed) == len(entries) and len(parts) == len({a.request.url for a in files}) == len(files)


def _read(attempt: Attempt) -> list[dict[str, Any]]:
    import pyarrow as pa  # noqa: PLC0415 - heavy, and only needed once there are rows
    from pyarrow import parquet  # noqa: PLC0415

    try:
        return parquet.read_table(io.BytesIO(attempt.response.body)).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise ValueError(str(error)) from error


def _of_segments(
    performance: Performance, job: Sighting, expected: Expected, body: Mapping[str, Any]
) -> Iterator[Breach]:
    """With a batch for each segment, each holds the members of its own."""
    batches = job.at("destination", "batches")
    for batch in batches if isinstance(batches, list) else ():
        key = str(batch.get("batchId"))
        files = [
            a
            for a in performance.of("getFile")
            if a.accepted and "path" in a.request.query and f"/{key}-" in a.request.path
        ]
        mine = [s for s in body["filter"]["segments"] if s["segmentId"] == batch.get("segmentId")]
        if files and len(mine) == 1:
            alone = {**body, "filter": {**body["filter"], "segments": mine}}
            yield from _compared(files[0], [row for a in files for row in _read(a)], expected(alone), body)


def _holds_identities(body: Any) -> bool:
    """Whether an export holds all identities of its profiles."""
    fields = body.get("fields", "") if isinstance(body, Mapping) else "none"
    return not fields.strip() or "identityMap" in [path.strip() for path in fields.split(",")]


def _counted(job: Sighting, held: list[dict[str, Any]], *, whole: bool) -> Iterator[Breach]:
    counter = job.at("metrics", "totalExportedProfileCounter")
    if isinstance(counter, int) and counter != len(held):
        yield Breach(job.attempt, f"a counter of {len(held)}", f"{counter}", "EXP-ROWS-009", "SHOULD", "counter")
    by_namespace = job.at("metrics", "exportedProfileByNamespaceCounter")
    if isinstance(by_namespace, Mapping) and whole:
        found: Counter[str] = Counter()
        for row in held:
            identities = row.get("identityMap")
            if isinstance(identities, list):
                found.update(each[0] for each in identities if isinstance(each, tuple))
        if found and dict(by_namespace) != dict(found):
            yield Breach(
                job.attempt, f"the counters {dict(found)}", f"{dict(by_namespace)}", "EXP-ROWS-022", "MAY", "namespaces"
            )


def _compared(
    attempt: Attempt, held: Sequence[Mapping[str, Any]], wanted: Sequence[Mapping[str, Any]], body: Mapping[str, Any]
) -> Iterator[Breach]:
    source, level = _rule(body)
    if len(held) != len(wanted):
        yield Breach(attempt, f"{len(wanted)} rows", f"{len(held)}", source, level, "count")
        return
    one, other = sorted(map(repr, held)), sorted(map(repr, wanted))
    for mine, theirs in zip(one, other, strict=True):
        if mine != theirs:
            place = next(p for p, (a, b) in enumerate(zip(f"{mine}\0", f"{theirs}\0", strict=False)) if a != b)
            start = max(0, place - 40)
            yield Breach(
                attempt,
                f"a row with …{theirs[start : place + 80]}…",
                f"…{mine[start : place + 80]}…",
                source,
                level,
                "rows",
            )
            return


def _rule(body: Mapping[str, Any]) -> tuple[str, Severity]:
    if body.get("filter"):
        return "EXP-FILTER-026", "SHOULD"
    return ("EXP-ROWS-023", "SHOULD") if body.get("additionalFields") else ("EXP-MERGE-009", "MUST")
