"""The job object, field by field, in every answer that shows one."""

from __future__ import annotations

import pytest

from pytest_aep_export.contract import Contract
from pytest_aep_export.suite.answers import agree, batch_ids
from pytest_aep_export.suite.api import Api
from pytest_aep_export.suite.expect import conforms, prerequisite
from pytest_aep_export.suite.exports import Exports, Shown
from pytest_aep_export.values import job_key

requirement = pytest.mark.aep_requirement

STATUSES = ("NEW", "PROCESSING", "SUCCEEDED", "FAILED")
SIBLINGS = ("QUEUED", "CANCELLING", "CANCELLED")
TIMES = pytest.mark.parametrize("name", ["creationTime", "updateTime"])


def whole(value: object) -> bool:
    """Whether a value is a number without a fraction."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value % 1 == 0


def is_integer(value: object) -> bool:
    """Whether a value is a JSON integer."""
    return isinstance(value, int) and not isinstance(value, bool)


@requirement("EXP-JOB-001")
def test_the_contract(shown: Shown, contract: Contract):
    """No member of a job contradicts every documented variant."""
    violations = contract.validate_response(shown.exchange.operation, shown.exchange.response)
    conforms(shown.exchange, violations, shown.pointer)


@requirement("EXP-JOB-002")
def test_the_id_is_a_number(shown: Shown):
    """A job's id is a whole number, or its digits."""
    value = shown["/id"]
    digits = isinstance(value, str) and value.isascii() and value.isdigit()
    shown.expect(whole(value) or digits, "id is a whole number or a text of digits", value)


@requirement("EXP-JOB-003")
def test_the_id_is_an_integer(shown: Shown):
    """A job's id is a JSON integer."""
    shown.expect(is_integer(shown["/id"]), "id is an integer", shown["/id"])


@requirement("EXP-JOB-004")
def test_the_type_is_documented(shown: Shown):
    """A job's type is one of the two that are documented."""
    value = shown["/jobType"]
    shown.expect(value in ("BATCH", "STREAMING"), "jobType is BATCH or STREAMING", value)


@requirement("EXP-JOB-005")
def test_the_type_is_batch(shown: Shown):
    """An export of profiles is a batch job."""
    shown.expect(shown["/jobType"] == "BATCH", "jobType is BATCH", shown["/jobType"])


@requirement("EXP-JOB-006")
def test_the_profile_instance(shown: Shown):
    """A job names its profile instance."""
    value = shown["/profileInstanceId"]
    shown.expect(isinstance(value, str), "profileInstanceId is a string", value)


@requirement("EXP-JOB-007")
def test_the_schema(shown: Shown):
    """A job names the schema of its request."""
    value = shown["/schema/name"]
    shown.expect(value == "_xdm.context.profile", "schema.name is _xdm.context.profile", value)


@requirement("EXP-JOB-008")
def test_the_merge_policy(shown: Shown):
    """A job names its merge policy and the policy's version."""
    name, version = shown["/mergePolicy/id"], shown["/mergePolicy/version"]
    shown.expect(isinstance(name, str) and name, "mergePolicy.id is a non-empty string", name)
    shown.expect(whole(version), "mergePolicy.version is a whole number", version)


@requirement("EXP-JOB-009")
def test_the_status_exists(shown: Shown):
    """A job's status is one that some job of the API shows."""
    value = shown["/status"]
    shown.expect(value in STATUSES + SIBLINGS, f"status is one of {', '.join(STATUSES + SIBLINGS)}", value)


@requirement("EXP-JOB-010")
def test_the_status_is_of_export_jobs(shown: Shown):
    """A job's status is one of the four that export jobs have."""
    shown.expect(shown["/status"] in STATUSES, f"status is one of {', '.join(STATUSES)}", shown["/status"])


@requirement("EXP-JOB-011")
def test_the_request_id(shown: Shown):
    """A job carries the id of the request that created it."""
    value = shown["/requestId"]
    shown.expect(isinstance(value, str) and value, "requestId is a non-empty string", value)


@requirement("EXP-JOB-011")
def test_every_request_has_an_id_of_its_own(exports: Exports):
    """Jobs that different requests have created carry different ids."""
    jobs = [Shown(exports.accepted(kind)) for kind in ("full", "profiles", "events")]
    known = [job.get("requestId") for job in jobs]
    jobs[-1].expect(len(set(map(str, known))) == len(known), "every job has a requestId of its own", known)


@requirement("EXP-JOB-012")
def test_the_compute_jobs(shown: Shown):
    """A job lists its compute jobs in an object of texts."""
    value = shown["/computeGatewayJobId"]
    fits = isinstance(value, dict) and all(isinstance(name, str) for name in value.values())
    shown.expect(fits, "computeGatewayJobId is an object of texts", value)


@requirement("EXP-JOB-013")
def test_the_metrics(shown: Shown):
    """A job's metrics hold the time at which it started."""
    value = shown["/metrics"]
    shown.expect(isinstance(value, dict), "metrics is an object", value)
    if "totalTime" in value:
        shown.number("/metrics/totalTime/startTimeInMs")


@requirement("EXP-JOB-014")
def test_the_timers_add_up(shown: Shown):
    """A timer's total is the difference of its ends."""
    for name, (start, end) in shown.timers.items():
        total = shown.get("metrics", name, "totalTimeInMs")
        fits = total is None or total == end - start >= 0
        shown.expect(fits, f"metrics.{name}.totalTimeInMs is end minus start, {end - start}", total)


@requirement("EXP-JOB-015")
def test_the_destination(shown: Shown):
    """A job has a destination."""
    shown.expect(isinstance(shown["/destination"], dict), "destination is an object", shown["/destination"])


@requirement("EXP-JOB-016")
def test_the_dataset(shown: Shown):
    """A job's destination names one dataset, in either spelling."""
    found = {str(shown.get("destination", key) or "") for key in ("datasetId", "dataSetId")} - {""}
    shown.expect(len(found) == 1, "destination names one dataset as datasetId or dataSetId", sorted(found))


@TIMES
@requirement("EXP-JOB-017")
def test_times_are_integers(shown: Shown, name: str):
    """A job's times are integers."""
    shown.expect(is_integer(shown[f"/{name}"]), f"{name} is an integer", shown[f"/{name}"])


@TIMES
@requirement("EXP-JOB-018")
def test_times_are_in_milliseconds(shown: Shown, name: str):
    """A job's times are in milliseconds."""
    shown.expect(len(str(shown[f"/{name}"])) == 13, f"{name} has 13 digits", shown[f"/{name}"])


@requirement("EXP-JOB-019")
def test_the_update_follows_the_creation(shown: Shown):
    """A job is never updated before it was created."""
    created, updated = shown.number("/creationTime"), shown.number("/updateTime")
    shown.expect(updated >= created, f"updateTime is not less than creationTime, {created}", updated)


@requirement("EXP-JOB-020")
def test_the_work_starts_at_the_creation(shown: Shown):
    """A job's work starts when it is created."""
    created, start = shown.number("/creationTime"), shown.number("/metrics/totalTime/startTimeInMs")
    shown.expect(start == created, f"metrics.totalTime.startTimeInMs equals creationTime, {created}", start)


@requirement("EXP-JOB-021")
def test_the_organisation(shown: Shown):
    """A job names an organisation."""
    value = shown["/imsOrgId"]
    shown.expect(isinstance(value, str) and value, "imsOrgId is a non-empty string", value)


@requirement("EXP-JOB-022")
def test_the_organisation_is_the_callers(shown: Shown, api: Api):
    """A job belongs to the organisation of the call."""
    mine = api.target.credentials.org_id
    shown.expect(shown["/imsOrgId"] == mine, f"imsOrgId is {mine}", shown["/imsOrgId"])


@requirement("EXP-JOB-023")
def test_a_success_has_no_errors(finished: Shown):
    """A job that has succeeded reports no errors."""
    finished.expect(not finished.get("errors"), "a job that has SUCCEEDED has no errors", finished.get("errors"))


@requirement("EXP-JOB-025")
def test_what_both_show_is_the_same(exports: Exports, finished: Shown):
    """Whatever the list and the look-up both show of a job is the same."""
    exports.listed("full").agrees(finished)


@requirement("EXP-JOB-024")
def test_the_list_shows_the_same_job(exports: Exports, finished: Shown):
    """The list and the look-up show the same job."""
    listed = exports.listed("full")
    looked_up, found = job_key(finished["/id"]), job_key(listed["/id"])
    listed.expect(found == looked_up, f"id is {looked_up} as when looked up", found)
    for name in ("status", "creationTime", "updateTime", "schema", "mergePolicy"):
        looked_up, found = finished[f"/{name}"], listed[f"/{name}"]
        listed.expect(agree(found, looked_up), f"{name} is {looked_up!r} as when looked up", found)
    with prerequisite("EXP-WATCH-009"):
        batches = batch_ids(finished.exchange)
    looked_up = finished.dataset
    listed.expect(listed.dataset == looked_up, f"the target dataset is {looked_up} as when looked up", listed.dataset)
    batch = listed.get("destination", "batchId")
    listed.expect(batch is None or batch in batches, f"the batch is one of {batches}", batch)
