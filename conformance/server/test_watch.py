"""Monitoring a job until it has ended."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from pytest_aep_export.exchange import Exchange
from pytest_aep_export.suite.answers import agree, batch_ids
from pytest_aep_export.suite.api import JOBS, Api
from pytest_aep_export.suite.expect import expect, not_applicable, number, pick, prerequisite, status
from pytest_aep_export.suite.exports import Exports, Shown
from pytest_aep_export.values import job_key

requirement = pytest.mark.aep_requirement

KINDS = pytest.mark.parametrize("kind", ["full", "profiles", "events"])
CONSTANTS = ("jobType", "profileInstanceId", "imsOrgId", "fields", "additionalFields", "filter")
LATER_LOOKS = 5
ORDER = {"NEW": 0, "QUEUED": 0, "PROCESSING": 1, "CANCELLING": 1}


@pytest.fixture
def looks(exports: Exports) -> list[Exchange]:
    """The creation of a job and every look at it."""
    return [exports.accepted("full"), *exports.looks("full")]


@requirement("EXP-WATCH-001")
def test_a_job_is_found(api: Api, exports: Exports):
    """Each job is found under its own id; the first is left to those who watch it from its creation on."""
    for wanted in map(job_key, exports.ids[1:]):
        exchange = status(api.show_job(wanted), {200}, "a job that exists is answered with 200")
        found = pick(exchange, "/id")
        expect(job_key(found) == wanted, exchange, f"the job has the id {wanted}", found)
        pick(exchange, "/status")


@KINDS
@requirement("EXP-WATCH-002")
def test_every_export_succeeds(exports: Exports, kind: str):
    """A job of each documented payload reaches SUCCEEDED."""
    last = exports.looks(kind)[-1]
    found = pick(last, "/status")
    expect(found == "SUCCEEDED", last, "a job of a documented payload ends as SUCCEEDED", found)


@requirement("EXP-WATCH-003")
def test_a_success_lasts(api: Api, finished: Shown):
    """A job that has succeeded stays as it is, look after look."""
    for _ in range(LATER_LOOKS):
        exchange = status(api.show_job(finished["/id"]), {200}, "a finished job is answered with 200")
        for pointer in ("/status", "/creationTime", "/updateTime", "/destination"):
            found = pick(exchange, pointer)
            expect(found == finished[pointer], exchange, f"{pointer} stays {finished[pointer]!r}", found)


@requirement("EXP-WATCH-004")
def test_the_status_never_goes_back(looks: list[Exchange]):
    """A job's status stays or advances from look to look."""
    for before, after in pairwise(looks):
        old, new = (str(pick(exchange, "/status")) for exchange in (before, after))
        expect(ORDER.get(old, 2) <= ORDER.get(new, 2), after, f"the status does not go back from {old}", new)


@requirement("EXP-WATCH-005")
def test_the_identity_never_changes(looks: list[Exchange]):
    """A job's identity is the same at every look."""
    first = Shown(looks[0])
    for exchange in looks[1:]:
        found = job_key(pick(exchange, "/id"))
        expect(found == job_key(first["/id"]), exchange, f"id stays {first['/id']}", found)
        for name in ("creationTime", "schema", "mergePolicy"):
            found = pick(exchange, f"/{name}")
            expect(agree(found, first[f"/{name}"]), exchange, f"{name} stays {first[f'/{name}']!r}", found)
        found = Shown(exchange).dataset
        expect(found == first.dataset, exchange, f"the target dataset stays {first.dataset}", found)


@requirement("EXP-WATCH-006")
def test_the_request_id_stays(looks: list[Exchange]):
    """A job keeps the id of the request that created it."""
    wanted = pick(looks[0], "/requestId")
    for exchange in looks[1:]:
        found = pick(exchange, "/requestId")
        expect(found == wanted, exchange, f"requestId stays {wanted!r}", found)


@requirement("EXP-WATCH-007")
def test_the_update_never_goes_back(looks: list[Exchange]):
    """A job's time of update stays or grows."""
    for before, after in pairwise(looks):
        old, new = (number(exchange, "/updateTime") for exchange in (before, after))
        expect(new >= old, after, f"updateTime does not go back from {old}", new)


@requirement("EXP-WATCH-008")
def test_the_update_is_the_end(exports: Exports, finished: Shown):
    """A finished job was updated at its end, after its creation."""
    end, updated = finished.number("/metrics/totalTime/endTimeInMs"), finished.number("/updateTime")
    finished.expect(updated == end, f"updateTime is metrics.totalTime.endTimeInMs, {end}", updated)
    created = number(exports.accepted("full"), "/creationTime")
    finished.expect(updated > created, f"updateTime has advanced beyond creationTime, {created}", updated)


@KINDS
@requirement("EXP-WATCH-009")
def test_a_success_names_its_batch(exports: Exports, kind: str):
    """A job that has succeeded names its batch."""
    last = exports.finished(kind)
    for batch in batch_ids(last):
        expect(re.fullmatch("[A-Za-z0-9-]+", batch), last, "batchId has letters, digits and dashes", batch)


@requirement("EXP-WATCH-010")
def test_an_announced_batch_stays(exports: Exports, looks: list[Exchange]):
    """A batch that was announced is the one that is written."""
    with prerequisite("EXP-WATCH-009"):
        written = batch_ids(exports.finished("full"))
    announced = [(exchange, Shown(exchange).get("destination", "batchId")) for exchange in looks[:-1]]
    named = [(exchange, batch) for exchange, batch in announced if batch]
    if not named:
        not_applicable("no batch is named before the job has ended")
    for exchange, batch in named:
        expect(batch in written, exchange, f"the announced batch is the written one, {written}", batch)


@KINDS
@requirement("EXP-WATCH-011")
def test_a_success_tells_its_duration(exports: Exports, kind: str):
    """A job that has succeeded tells its start, its end and its duration."""
    last = exports.finished(kind)
    for member in ("startTimeInMs", "endTimeInMs", "totalTimeInMs"):
        number(last, f"/metrics/totalTime/{member}")


@requirement("EXP-WATCH-012")
def test_the_steps_lie_within(finished: Shown):
    """The steps of a finished job lie within its total time."""
    start, end = (finished.number(f"/metrics/totalTime/{member}") for member in ("startTimeInMs", "endTimeInMs"))
    for name, (first, last) in finished.timers.items():
        within = start <= first <= last <= end
        finished.expect(within, f"metrics.{name} lies between {start} and {end}", f"{first} to {last}")


@requirement("EXP-WATCH-013")
@pytest.mark.parametrize("name", ["profileExportTime", "aCPDatasetWriteTime"])
def test_the_steps_are_timed(finished: Shown, name: str):
    """A finished job tells how long a step took."""
    found = finished.get("metrics", name)
    finished.expect(isinstance(found, dict), f"metrics has {name}", found)


@requirement("EXP-WATCH-015")
def test_the_start_stays(looks: list[Exchange]):
    """A job keeps the time at which it started."""
    wanted = pick(looks[0], "/metrics/totalTime/startTimeInMs")
    for exchange in looks[1:]:
        found = pick(exchange, "/metrics/totalTime/startTimeInMs")
        expect(found == wanted, exchange, f"metrics.totalTime.startTimeInMs stays {wanted}", found)


@requirement("EXP-WATCH-016")
def test_the_metrics_of_a_success_stay(api: Api, finished: Shown):
    """Once a job has succeeded its metrics are final."""
    exchange = status(api.show_job(finished["/id"]), {200}, "a finished job is answered with 200")
    found = pick(exchange, "/metrics")
    expect(found == finished["/metrics"], exchange, f"metrics stay {finished['/metrics']}", found)


@requirement("EXP-WATCH-017")
def test_no_end_before_the_end(looks: list[Exchange]):
    """A job that has not ended does not tell when it has."""
    for exchange in looks:
        if pick(exchange, "/status") in ("NEW", "PROCESSING"):
            end = Shown(exchange).get("metrics", "totalTime", "endTimeInMs")
            expect(end is None, exchange, "metrics.totalTime of a job that runs has no endTimeInMs", end)


@requirement("EXP-WATCH-018")
@pytest.mark.parametrize("name", CONSTANTS)
def test_what_is_repeated_stays(looks: list[Exchange], name: str):
    """What a job has said of itself it says at every look that shows it."""
    said = [(exchange, Shown(exchange).get(name)) for exchange in looks]
    shown = [(exchange, value) for exchange, value in said if value is not None]
    for exchange, found in shown[1:]:
        expect(found == shown[0][1], exchange, f"{name} stays {shown[0][1]!r}", found)


@requirement("EXP-WATCH-019")
def test_compute_jobs_stay(looks: list[Exchange]):
    """A compute job that was listed once is listed under the same id from then on."""
    for before, after in pairwise(looks):
        old, new = (Shown(exchange).get("computeGatewayJobId") or {} for exchange in (before, after))
        both = isinstance(old, dict) and isinstance(new, dict)
        expect(both and old.items() <= new.items(), after, f"computeGatewayJobId still has {old}", new)


@requirement("EXP-WATCH-021")
def test_each_export_has_a_batch_of_its_own(exports: Exports):
    """No two jobs into different datasets name the same batch."""
    owners: dict[str, str] = {}
    for kind in ("full", "profiles", "events"):
        job = exports.finished(kind)
        with prerequisite("EXP-WATCH-009"):
            batches = batch_ids(job)
        for batch in batches:
            owner = owners.setdefault(batch, kind)
            expect(owner == kind, job, "the batch is none of a job into another dataset", f"{batch}, that of {owner!r}")


@requirement("EXP-WATCH-022")
@pytest.mark.parametrize("more", ["0000", "x", "-1"], ids=["digits", "a letter", "a dash"])
def test_an_id_with_something_appended(api: Api, exports: Exports, more: str):
    """What begins with a job's id is not that id."""
    exchange = api.target.send("GET", f"{JOBS}/{job_key(exports.id('full'))}{more}")
    status(exchange, range(400, 500), "an id that begins with that of a job is refused or not found")


@requirement("EXP-WATCH-014")
def test_an_unknown_job(api: Api):
    """An id that no job has is answered with 404."""
    status(api.show_job(2_000_000_000), {404}, "an unknown job is answered with 404")
