"""Checks of jobs: what one says when it is created, and what it may never say again otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

from pytest_aep_export.contract import DIALECTS
from pytest_aep_export.fuzz.checks.breach import Breach, Judging, Severity
from pytest_aep_export.fuzz.checks.sightings import Sighting, agree, dataset_of, sent, sightings
from pytest_aep_export.fuzz.performing import Performance
from pytest_aep_export.values import job_key

__all__ = ["batches_apart", "created_as_asked", "lives", "own_ids", "succeeds"]

_ENDED: Final = frozenset({"SUCCEEDED", "FAILED", "CANCELLED"})
_ORDER: Final[Mapping[str, int]] = {"NEW": 0, "QUEUED": 0, "PROCESSING": 1}


def own_ids(performance: Performance, _: Judging) -> Iterator[Breach]:
    """No two jobs and no two datasets have one id; a job is shown under the id that it was asked for by."""
    taken = {performance.known.get("job", "")}
    requests: set[str] = set()
    for attempt in performance.of("createExportJob"):
        if attempt.accepted and attempt.step.who == "own":
            key, request = job_key(attempt.at("/id")), str(attempt.at("/requestId"))
            if key in taken:
                yield Breach(attempt, "an id that no other job has", key, "EXP-CREATE-014")
            if request in requests:
                yield Breach(attempt, "a requestId of its own", request, "EXP-JOB-011", "SHOULD", "requestId")
            taken.add(key)
            requests.add(request)
    for attempt in performance.of("getExportJob"):
        wanted = attempt.request.path.rpartition("/")[2]
        if attempt.accepted and attempt.step.who == "own" and attempt.at("/id") is not None:
            shown = job_key(attempt.at("/id"))
            if shown != wanted:
                yield Breach(attempt, f"the job {wanted}", f"the job {shown}", "EXP-WATCH-001")


def created_as_asked(performance: Performance, judging: Judging) -> Iterator[Breach]:
    """A job says what was asked for, when it is created and wherever else it is shown."""
    for seen in sightings(performance).values():
        if seen[0].how != "created" or seen[0].attempt.step.mistakes:
            continue
        body = sent(seen[0].attempt)
        if isinstance(body, Mapping):
            yield from _created(seen[0], body, judging)
            for sighting in seen:
                yield from _repeated(sighting, body)


def _created(new: Sighting, body: Mapping[str, Any], judging: Judging) -> Iterator[Breach]:
    status, location = new.status, new.attempt.response.headers.get("x-location")
    if status != "NEW":
        yield Breach(new.attempt, "the status NEW", status, "EXP-CREATE-005", "SHOULD", "status")
    if location is not None and location.rpartition("/")[2] != new.key:
        yield Breach(
            new.attempt, "an X-Location that ends in the job's id", location, "EXP-CREATE-015", "SHOULD", "location"
        )
    spoken = judging.parties.dialect
    if spoken and DIALECTS[spoken].echo:
        for name in ("fields", "additionalFields"):
            if name in body and name not in new.job:
                yield Breach(new.attempt, f"{name} as in the request", "nothing", "EXP-CREATE-017", "SHOULD", name)


_Wanted = Callable[[Mapping[str, Any]], Any]
_SAME: Final[tuple[tuple[str, tuple[str, ...], _Wanted, str, Severity], ...]] = (
    (
        "mergePolicy.id",
        ("mergePolicy", "id"),
        lambda body: body.get("mergePolicy", {}).get("id"),
        "EXP-CREATE-007",
        "SHOULD",
    ),
    (
        "mergePolicy.version",
        ("mergePolicy", "version"),
        lambda b: b.get("mergePolicy", {}).get("version"),
        "EXP-CREATE-007",
        "SHOULD",
    ),
    ("schema.name", ("schema", "name"), lambda body: body["schema"]["name"], "EXP-JOB-007", "MUST"),
    ("fields", ("fields",), lambda body: body.get("fields"), "EXP-CREATE-016", "MUST"),
    ("events", ("additionalFields",), lambda body: body.get("additionalFields"), "EXP-CREATE-016", "MUST"),
    ("filter", ("filter",), lambda body: body.get("filter"), "EXP-CREATE-021", "SHOULD"),
    (
        "emptyProfiles",
        ("filter", "emptyProfiles"),
        lambda b: b.get("filter", {}).get("emptyProfiles"),
        "EXP-CREATE-021",
        "SHOULD",
    ),
)
"""Members that a job shares with its request: what they are called, where they are in the job and in the request."""


def _repeated(sighting: Sighting, body: Mapping[str, Any]) -> Iterator[Breach]:
    attempt, how = sighting.attempt, sighting.how
    wanted, shown = body["destination"]["datasetId"], dataset_of(sighting.job)
    if shown and shown != wanted:
        yield Breach(attempt, f"the dataset {wanted}", shown, "EXP-CREATE-006", "SHOULD", f"dataset {how}")
    apart = bool(body["destination"].get("segmentPerBatch")) and bool(body.get("filter", {}).get("segments"))
    if sighting.at("destination", "segmentPerBatch") not in {None, apart}:
        yield Breach(
            attempt, f"segmentPerBatch {apart}", repr(not apart), "EXP-CREATE-011", about=f"segmentPerBatch {how}"
        )
    for name, path, of, source, level in _SAME:
        asked, found = of(body), sighting.at(*path)
        if asked is not None and found is not None and not agree(asked, found):
            yield Breach(attempt, f"{name} as in the request", f"{found!r:.120}", source, level, f"{name} {how}")


_KEPT: Final[tuple[tuple[tuple[str, ...], str, Severity], ...]] = (
    (("creationTime",), "EXP-WATCH-005", "MUST"),
    (("schema",), "EXP-WATCH-005", "MUST"),
    (("mergePolicy",), "EXP-WATCH-005", "MUST"),
    (("requestId",), "EXP-WATCH-006", "SHOULD"),
    (("metrics", "totalTime", "startTimeInMs"), "EXP-WATCH-015", "SHOULD"),
    (("jobType",), "EXP-WATCH-018", "SHOULD"),
    (("profileInstanceId",), "EXP-WATCH-018", "SHOULD"),
    (("imsOrgId",), "EXP-WATCH-018", "SHOULD"),
    (("fields",), "EXP-WATCH-018", "SHOULD"),
    (("additionalFields",), "EXP-WATCH-018", "SHOULD"),
    (("filter",), "EXP-WATCH-018", "SHOULD"),
    (("computeGatewayJobId",), "EXP-WATCH-019", "SHOULD"),
)
"""Members that are the same wherever they are shown."""
_KEPT_AT_LAST: Final[tuple[tuple[tuple[str, ...], str, Severity], ...]] = (
    (("status",), "EXP-WATCH-003", "MUST"),
    (("updateTime",), "EXP-WATCH-003", "MUST"),
    (("destination", "batchId"), "EXP-WATCH-003", "MUST"),
    (("destination", "batches"), "EXP-WATCH-003", "MUST"),
    (("metrics",), "EXP-WATCH-016", "SHOULD"),
)
"""Members that are the same from then on when a job has ended."""


def lives(performance: Performance, judging: Judging) -> Iterator[Breach]:
    """From one sight of a job to the next only that changes which may, and in one direction only."""
    for key, seen in sightings(performance).items():
        for before, after in pairwise(seen):
            yield from _change(before, after)
        for sighting in seen:
            yield from _alone(sighting, judging)
        yield from _cancelled(key, seen, performance)


def _alone(sighting: Sighting, judging: Judging) -> Iterator[Breach]:
    organisation = sighting.attempt.request.headers.get("x-gw-ims-org-id")
    if sighting.job.get("imsOrgId", organisation) != organisation:
        found = str(sighting.job.get("imsOrgId"))
        yield Breach(sighting.attempt, "the organisation of the call", found, "EXP-JOB-022", "SHOULD", "imsOrgId")
    total = sighting.at("metrics", "totalTime")
    metrics = sighting.job.get("metrics")
    if sighting.status not in _ENDED or not isinstance(total, Mapping) or not isinstance(metrics, Mapping):
        return
    if sighting.status == "SUCCEEDED":
        yield from _timed(sighting, total, metrics, judging)
    for name, timer in metrics.items():
        if isinstance(timer, Mapping) and name != "totalTime" and not _within(timer, total):
            yield Breach(
                sighting.attempt, f"{name} within totalTime", repr(dict(timer)), "EXP-WATCH-012", "SHOULD", name
            )


def _timed(
    sighting: Sighting, total: Mapping[str, Any], metrics: Mapping[str, Any], judging: Judging
) -> Iterator[Breach]:
    """What the metrics of a success tell."""
    lacking = [name for name in ("startTimeInMs", "endTimeInMs", "totalTimeInMs") if name not in total]
    if lacking:
        yield Breach(
            sighting.attempt,
            f"a totalTime with {', '.join(lacking)}",
            "one without",
            "EXP-WATCH-011",
            about="totalTime",
        )
    spoken = DIALECTS[judging.parties.dialect] if judging.parties.dialect else None
    expected = ["profileExportTime", *(["aCPDatasetWriteTime"] if spoken.write_timer else ())] if spoken else []
    for name in expected:
        if name not in metrics:
            yield Breach(sighting.attempt, f"metrics with {name}", "metrics without", "EXP-WATCH-013", "MAY", name)


def _within(inner: Mapping[str, Any], outer: Mapping[str, Any]) -> bool:
    times = (outer.get("startTimeInMs"), inner.get("startTimeInMs"), inner.get("endTimeInMs"), outer.get("endTimeInMs"))
    known = [time for time in times if isinstance(time, int | float)]
    return known == sorted(known)


def _change(before: Sighting, after: Sighting) -> Iterator[Breach]:
    how = f"{before.how} {after.how}"
    for path, source, level in _KEPT:
        yield from _same(before, after, path, source, level, how)
    if before.status == "PROCESSING":
        yield from _same(before, after, ("destination", "batchId"), "EXP-WATCH-010", "SHOULD", how)
        yield from _same(before, after, ("destination", "batches"), "EXP-FILTER-027", "SHOULD", how)
    gone = (
        (before.at("computeGatewayJobId") or {}).keys() - (after.at("computeGatewayJobId") or {}).keys()
        if isinstance(before.at("computeGatewayJobId"), Mapping)
        and isinstance(after.at("computeGatewayJobId"), Mapping)
        else ()
    )
    if gone:
        yield Breach(
            after.attempt,
            "the compute jobs that were there",
            f"no {', '.join(gone)}",
            "EXP-WATCH-019",
            "SHOULD",
            f"gone {how}",
        )
    if before.status in _ENDED:
        for path, source, level in _KEPT_AT_LAST:
            yield from _same(before, after, path, source, level, f"ended {how}")
    elif after.status in _ORDER and _ORDER.get(before.status, 0) > _ORDER[after.status]:
        found = f"{after.status} after {before.status}"
        yield Breach(after.attempt, "a status that stays or advances", found, "EXP-WATCH-004", "SHOULD", found)
    one, other = before.job.get("updateTime"), after.job.get("updateTime")
    if isinstance(one, int) and isinstance(other, int) and other < one:
        yield Breach(
            after.attempt, "an updateTime that stays or grows", f"{other} after {one}", "EXP-WATCH-007", about=how
        )
    if dataset_of(before.job) and dataset_of(after.job) not in {"", dataset_of(before.job)}:
        yield Breach(
            after.attempt, "the dataset as before", dataset_of(after.job), "EXP-WATCH-005", about=f"dataset {how}"
        )


def _same(
    before: Sighting, after: Sighting, path: tuple[str, ...], source: str, level: Severity, how: str
) -> Iterator[Breach]:
    one, other = before.at(*path), after.at(*path)
    if one is not None and other is not None and not agree(one, other):
        name = ".".join(path)
        yield Breach(after.attempt, f"{name} as before, {one!r:.80}", f"{other!r:.80}", source, level, f"{name} {how}")


def _cancelled(key: str, seen: list[Sighting], performance: Performance) -> Iterator[Breach]:
    """What a cancel does to the job, and to no other one."""
    ordered = performance.attempts
    cancels = [
        place
        for place, attempt in enumerate(ordered)
        if attempt.step.operation == "cancelExportJob"
        and attempt.accepted
        and attempt.step.who == "own"
        and attempt.request.path.rpartition("/")[2] == key
    ]
    for sighting in seen:
        place = ordered.index(sighting.attempt)
        before = [each for each in cancels if each < place]
        if sighting.status == "CANCELLED" and not before and seen[0].how == "created":
            yield Breach(
                sighting.attempt, "a job that nobody has cancelled", "CANCELLED", "EXP-CANCEL-004", about="unasked"
            )
        if not before:
            continue
        known = [each.status for each in seen if ordered.index(each.attempt) < before[0]]
        unfinished = not known or known[-1] not in _ENDED
        if unfinished and sighting.status == "SUCCEEDED":
            yield Breach(
                sighting.attempt, "a job that was cancelled", "SUCCEEDED", "EXP-CANCEL-003", "SHOULD", "succeeds"
            )
        if known and known[-1] == "SUCCEEDED" and sighting.status != "SUCCEEDED":
            yield Breach(
                sighting.attempt, "a success that stays", sighting.status, "EXP-CANCEL-006", "SHOULD", "undone"
            )
        if unfinished and sighting.status == "CANCELLED" and sighting.job.get("errors"):
            yield Breach(sighting.attempt, "no errors", "some", "EXP-CANCEL-011", "SHOULD", "errors")


def batches_apart(performance: Performance, _: Judging) -> Iterator[Breach]:
    """A job with a batch for each segment names one for each, and no batch twice."""
    for seen in sightings(performance).values():
        body = sent(seen[0].attempt) if seen[0].how == "created" else None
        if (
            not isinstance(body, Mapping)
            or not body.get("filter", {}).get("segments")
            or seen[-1].status != "SUCCEEDED"
        ):
            continue
        apart = bool(body["destination"].get("segmentPerBatch"))
        shown = seen[-1].at("destination", "batches")
        listed = [shown] if isinstance(shown, Mapping) else shown if isinstance(shown, list) else []
        if not apart:
            if len(listed) > 1:
                yield Breach(seen[-1].attempt, "exactly one batch", f"{len(listed)}", "EXP-FILTER-017")
            continue
        wanted = sorted(str(segment["segmentId"]) for segment in body["filter"]["segments"])
        named = sorted(str(each.get("segmentId")) for each in listed if isinstance(each, Mapping))
        if named != wanted:
            yield Breach(
                seen[-1].attempt,
                f"a batch for each of {', '.join(wanted)}",
                ", ".join(named),
                "EXP-FILTER-014",
                "SHOULD",
            )
        if len({str(each.get("batchId")) for each in listed if isinstance(each, Mapping)}) != len(listed):
            yield Breach(
                seen[-1].attempt, "batches of their own", "one of them twice", "EXP-FILTER-014", "SHOULD", "twice"
            )


def succeeds(performance: Performance, _: Judging) -> Iterator[Breach]:
    """A job that was accepted ends as a success, unless it is cancelled."""
    for seen in sightings(performance).values():
        if seen[0].how != "created" or seen[0].attempt.step.mistakes or seen[0].attempt.step.owed is None:
            continue
        level: Severity = "SHOULD" if "filter" in (sent(seen[0].attempt) or {}) else "MUST"
        source = "EXP-WATCH-020" if level == "SHOULD" else "EXP-WATCH-002"
        last = seen[-1]
        if last.status == "FAILED":
            yield Breach(
                last.attempt, "an export that succeeds", f"{last.at('errors')!r:.120}", source, level, "FAILED"
            )
