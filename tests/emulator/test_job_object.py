"""The job object: what a new, a running and a finished job show, and the regularities between its members."""

from __future__ import annotations

import re

import pytest

from pytest_aep_export.emulator import Behaviour
from pytest_aep_export.lifecycle import Progression
from pytest_aep_export.model import JobStatus

JOBS = "/data/core/ups/export/jobs"
POLICY = {"id": "e5bc94de-cd14-4cdf-a2bc-88b6e8cbfac2", "version": 1}
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


def _assert_regular(job: dict) -> None:
    """What holds in all sane samples (export-jobs section 3), at any time of a job's life."""
    metrics, finished = job["metrics"], job["status"] not in {"NEW", "PROCESSING"}
    assert job["creationTime"] == metrics["totalTime"]["startTimeInMs"] >= 10**12
    assert job["creationTime"] <= job["updateTime"]
    assert ("endTimeInMs" in metrics["totalTime"]) == finished
    assert not finished or job["updateTime"] == metrics["totalTime"]["endTimeInMs"]
    for name, timer in metrics.items():
        if name.endswith("Time") and "endTimeInMs" in timer:
            assert timer["totalTimeInMs"] == timer["endTimeInMs"] - timer["startTimeInMs"] >= 0
            assert timer["startTimeInMs"] >= job["creationTime"]
            assert timer["endTimeInMs"] <= job["updateTime"]


def test_a_new_job_shows_what_was_asked_for(api):
    """Dataset, schema and policy are the request's, whatever the seed's collage shows (D-21, D-22)."""
    response = api.send("POST", JOBS, json=api.payload(mergePolicy=POLICY)).response
    assert response.status == 200
    job = response.json()
    assert job["status"] == "NEW"
    assert job["destination"]["datasetId"] == api.dataset()
    assert job["destination"]["segmentPerBatch"] is False
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{26}", job["destination"]["batchId"])
    assert job["schema"] == {"name": "_xdm.context.profile"}
    assert job["mergePolicy"] == POLICY
    assert (job["jobType"], job["profileInstanceId"], job["computeGatewayJobId"]) == ("BATCH", "ups", {})
    assert job["imsOrgId"] == api.tenant.credentials.org_id
    assert set(job["metrics"]) == {"totalTime"}
    assert response.headers["x-location"] == f"{api.url}{JOBS}/{job['id']}"
    assert not {"sandbox", "_links", "errors", "evaluationInfo"} & set(job)
    _assert_regular(job)


def test_the_default_policy_is_used_where_none_is_named(api):
    """The job shows the policy that it was resolved to, with its version (D-57)."""
    assert api.create()["mergePolicy"] == {"id": "0bf16e61-90e9-4204-b8fa-ad250360957b", "version": 1}
    assert api.create(mergePolicy={"id": POLICY["id"]})["mergePolicy"] == POLICY
    assert api.create(mergePolicy=POLICY | {"version": 1.0})["mergePolicy"] == POLICY


def test_a_request_is_echoed_as_far_as_documented(api):
    """``fields``, ``filter`` and ``additionalFields`` come back as they were; nothing else does (D-26)."""
    asked = {
        "fields": "identities.id, personalEmail.address",
        "filter": {"fromIngestTimestamp": "2018-01-01T00:00:00Z", "emptyProfiles": True},
        "additionalFields": {"eventList": {"fields": "", "filter": {"fromIngestTimestamp": "2018-01-01T00:00:00Z"}}},
    }
    job = api.create(**asked, evaluationInfo={"segmentation": True})
    for shown in (job, api.look(job["id"]), api.ask("GET", JOBS)["records"][0]):
        assert {name: shown[name] for name in asked} == asked
        assert "evaluationInfo" not in shown


def test_the_end_of_the_events_window_is_not_echoed(api):
    """As in the documented samples, where a request with both bounds comes back with the first (D-26)."""
    events = {"fields": "_id", "filter": {"fromIngestTimestamp": "2018-01-01T00:00:00Z"}}
    asked = {**events, "filter": events["filter"] | {"toIngestTimestamp": "2019-01-01T00:00:00Z"}}
    created = api.create(additionalFields={"eventList": asked})
    assert created["additionalFields"] == {"eventList": events}
    assert api.look(created["id"])["additionalFields"] == {"eventList": events}


def test_a_job_keeps_the_ids_of_its_request(api):
    """``requestId`` is the request's own id or 32 letters and digits; the instance's id is repeated (D-11, D-12)."""
    headers = {"x-request-id": "mine-1", "x-profile-instance-id": "test_instance"}
    job = api.ask("POST", JOBS, json=api.payload(), headers=headers)
    assert (job["requestId"], job["profileInstanceId"]) == ("mine-1", "test_instance")
    assert api.look(job["id"])["requestId"] == "mine-1"
    assert re.fullmatch(r"[A-Za-z0-9]{32}", api.create()["requestId"])


def test_jobs_are_numbered_in_order(api):
    """Ids are integers that grow, and batches, requests and computations have ids of their own."""
    made = [api.create() for _ in range(4)]
    numbers = [job["id"] for job in made]
    assert numbers == list(range(numbers[0], numbers[0] + 4))
    for member in (lambda job: job["requestId"], lambda job: job["destination"]["batchId"]):
        assert len({member(job) for job in made}) == 4


def test_a_finished_job_shows_its_work(api):
    """Times and counters are consistent, and what was shown before stays true (D-20, D-42)."""
    new = api.create()
    running = api.look(new["id"])
    done = api.look(new["id"])
    assert [job["status"] for job in (new, running, done)] == ["NEW", "PROCESSING", "SUCCEEDED"]
    for job in (new, running, done):
        _assert_regular(job)
        assert job["requestId"] == new["requestId"]
        assert job["destination"] == new["destination"]
        assert job["creationTime"] == new["creationTime"]
    assert set(running["computeGatewayJobId"]) == {"exportJob"}
    assert set(done["computeGatewayJobId"]) == {"exportJob", "pushJob"}
    assert running["computeGatewayJobId"]["exportJob"] == done["computeGatewayJobId"]["exportJob"]
    assert all(re.fullmatch(UUID, key) for key in done["computeGatewayJobId"].values())
    assert new["updateTime"] <= running["updateTime"] <= done["updateTime"]
    assert set(done["metrics"]) >= {"totalTime", "profileExportTime", "aCPDatasetWriteTime"}
    counters = done["metrics"]["exportedProfileByNamespaceCounter"]
    assert done["metrics"]["totalExportedProfileCounter"] >= max(counters.values()) > 0
    assert api.look(new["id"]) == done


@pytest.mark.parametrize("mode", ["per-poll", "immediate", "elapsed", "manual"])
@pytest.mark.parametrize("place", [None, JobStatus.NEW, JobStatus.PROCESSING])
@pytest.mark.parametrize("what", ["hold", "stuck", "fail"])
def test_every_progression_through_the_api(make_api, mode, place, what):
    """Each mode, and each place to be held, stuck or to fail, shows over HTTP what the lifecycle says."""
    api = make_api(progression=Progression(mode, **{what: place}, queue=1_000_000, work=1_000_000))
    number = api.create()["id"]
    seen = []
    for _ in range(3):
        if mode == "manual":
            api.tenant.step(number)
        elif mode == "elapsed":
            api.tenant.clock.advance(milliseconds=1_000_000)
        seen.append(api.look(number))
        _assert_regular(seen[-1])
    last = seen[-1]["status"]
    if place is None:
        assert last == "SUCCEEDED"
    elif what == "fail":
        assert last == "FAILED"
        assert bool(seen[-1]["destination"]["batchId"]) == (place is JobStatus.PROCESSING)
        assert ("profileExportTime" in seen[-1]["metrics"]) == (place is JobStatus.PROCESSING)
        assert [e["code"] for e in seen[-1]["errors"]] == ["0100000003", "unknown"]
    elif what == "hold" and mode == "manual":
        assert last == "SUCCEEDED"
    else:
        assert last == place
        stepped = api.tenant.step(number).status
        assert (stepped == place) == (what == "stuck")


def test_a_progression_is_a_jobs_for_life(make_api):
    """A job goes on as it was created, whatever its organisation does with newer ones."""
    api = make_api(progression=Progression("manual"))
    number = api.create()["id"]
    api.tenant.behaviour = Behaviour(progression=Progression("immediate"))
    assert api.look(number)["status"] == "NEW"
    assert api.look(api.create()["id"])["status"] == "SUCCEEDED"


def test_elapsed_jobs_end_when_their_time_has_come(make_api):
    """Whoever looks late finds the times of the durations, not the time of the look; the list settles them too."""
    api = make_api(progression=Progression("elapsed", queue=60_000, work=199_344))
    created = api.create()
    api.tenant.clock.advance(hours=6)
    [job] = api.ask("GET", JOBS)["records"]
    assert job["status"] == "SUCCEEDED"
    assert job["metrics"]["totalTime"]["totalTimeInMs"] == 259_344
    assert job["updateTime"] == created["creationTime"] + 259_344
    assert job["metrics"]["profileExportTime"]["startTimeInMs"] == created["creationTime"] + 60_000


def test_a_look_at_another_job_moves_nothing(api):
    """Listing jobs and looking at others leaves a job of the default progression as it is."""
    first, second = api.create()["id"], api.create()["id"]
    api.finish(second)
    api.numbers()
    assert {r["id"]: r["status"] for r in api.ask("GET", JOBS)["records"]} == {first: "NEW", second: "SUCCEEDED"}
