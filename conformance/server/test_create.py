"""Creating an export job: the documented payloads, and what is optional in them."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_aep_export.contract import Contract
from pytest_aep_export.exchange import Exchange
from pytest_aep_export.suite import payloads
from pytest_aep_export.suite.api import Api
from pytest_aep_export.suite.choices import Segment
from pytest_aep_export.suite.expect import conforms, expect, pick, status
from pytest_aep_export.suite.exports import Exports, Shown
from pytest_aep_export.values import job_key

requirement = pytest.mark.aep_requirement

EVENT_FIELDS = "environment.browserDetails.name"


@pytest.fixture
def created(exports: Exports) -> Exchange:
    """The answer that created a job with profiles and events."""
    return exports.accepted("full")


@pytest.fixture
def profiles(exports: Exports) -> dict[str, Any]:
    """The payload with profiles only, to be changed."""
    return exports.spare_job()


def accepted(exchange: Exchange, what: str) -> Shown:
    """Require that a request created a job."""
    status(exchange, range(200, 300), f"{what} is accepted")
    pick(exchange, "/id")
    return Shown(exchange)


def without_blanks(value: Any) -> Any:
    """The value without the blanks after commas, which one sample's echo has (divergence 53)."""
    if isinstance(value, dict):
        return {name: without_blanks(member) for name, member in value.items()}
    return value.replace(", ", ",") if isinstance(value, str) else value


def expect_job(exchange: Exchange, what: str) -> None:
    """Require that a request created a job, which has an id and a status; others judge what else it holds."""
    job = accepted(exchange, what)
    for name, kinds in (("id", int | float | str), ("status", str)):
        found = job[f"/{name}"]
        there = isinstance(found, kinds) and not isinstance(found, bool) and found != ""
        job.expect(there, f"the answer is a job, which has {name}", found)


@requirement("EXP-CREATE-001")
def test_profiles_and_events(exports: Exports):
    """The payload with profiles and events creates a job."""
    expect_job(exports.created("full"), "the payload with profiles and events")


@requirement("EXP-CREATE-002")
def test_profiles_only(exports: Exports):
    """The payload without events creates a job."""
    expect_job(exports.created("profiles"), "the payload with profiles only")


@requirement("EXP-CREATE-003")
def test_events_only(exports: Exports):
    """The payload with identities and events creates a job."""
    expect_job(exports.created("events"), "the payload with events only")


@requirement("EXP-CREATE-004")
def test_the_status_is_200(created: Exchange):
    """The creation is answered with 200."""
    status(created, {200}, "a job is created with 200")


@requirement("EXP-CREATE-005")
def test_the_job_is_new(created: Exchange):
    """A job that was just created is NEW."""
    found = pick(created, "/status")
    expect(found == "NEW", created, "the status of a new job is NEW", found)


@requirement("EXP-CREATE-006")
def test_the_dataset_is_the_one_asked_for(created: Exchange, exports: Exports):
    """The job's destination names the dataset of the request."""
    destination = [Shown(created).get("destination", key) for key in ("datasetId", "dataSetId")]
    found = [value for value in destination if value is not None]
    fits = found and all(value == exports.dataset for value in found)
    expect(fits, created, f"the target dataset is {exports.dataset}", found)


@requirement("EXP-CREATE-007")
def test_the_policy_is_the_one_asked_for(created: Exchange, exports: Exports):
    """The job names the merge policy of the request, in the version of the request."""
    for name, wanted in exports.payloads["full"]["mergePolicy"].items():
        found = pick(created, f"/mergePolicy/{name}")
        expect(found == wanted, created, f"mergePolicy.{name} is {wanted}", found)


@requirement("EXP-CREATE-008")
def test_the_policy_is_optional(api: Api, profiles: dict[str, Any]):
    """A request without a merge policy creates a job that names one."""
    del profiles["mergePolicy"]
    job = accepted(api.create_job(profiles), "a request without mergePolicy")
    job.expect(job["/mergePolicy/id"], "the job names the merge policy that it applies", job["/mergePolicy/id"])


@requirement("EXP-CREATE-009")
def test_the_version_is_optional(api: Api, exports: Exports, profiles: dict[str, Any]):
    """A request without the policy's version creates a job that names one."""
    job = accepted(
        api.create_job(profiles | {"mergePolicy": {"id": exports.policy}}), "a merge policy without a version"
    )
    job.number("/mergePolicy/version")


@requirement("EXP-CREATE-010")
def test_the_fields_are_optional(exports: Exports):
    """A request without fields creates a job."""
    accepted(exports.created("everything"), "a request without fields")


@requirement("EXP-CREATE-011")
def test_one_batch_is_the_default(api: Api, exports: Exports, profiles: dict[str, Any]):
    """A request that does not say so gets no batch per segment."""
    job = accepted(
        api.create_job(profiles | {"destination": {"datasetId": exports.spare}}), "a request without segmentPerBatch"
    )
    found = job.get("destination", "segmentPerBatch")
    job.expect(found is None or found is False, "segmentPerBatch is false or absent", found)


@requirement("EXP-CREATE-012")
@pytest.mark.parametrize("since", ["2018-10-25T13:22:04-07:00", "2018-10-25T20:22:04Z"], ids=["offset", "utc"])
def test_the_forms_of_a_time(api: Api, exports: Exports, since: str):
    """An ingest time is accepted with an offset and in UTC."""
    payload = payloads.full(exports.spare, exports.policy, since=since)
    accepted(api.create_job(payload), f"fromIngestTimestamp {since}")


@requirement("EXP-CREATE-013")
@pytest.mark.parametrize(
    "events",
    [{"fields": EVENT_FIELDS}, {"filter": {"fromIngestTimestamp": payloads.FROM_INGEST}}],
    ids=["fields", "filter"],
)
def test_the_settings_of_events_are_optional(api: Api, profiles: dict[str, Any], events: dict[str, Any]):
    """An event list is accepted with its fields alone and with its filter alone."""
    payload = profiles | {"additionalFields": {"eventList": events}}
    accepted(api.create_job(payload), f"an event list with only its {next(iter(events))}")


@requirement("EXP-CREATE-014")
def test_ids_are_unique(api: Api, exports: Exports, profiles: dict[str, Any]):
    """The same request twice creates two jobs."""
    first, second = (accepted(api.create_job(profiles), "the payload with profiles only") for _ in range(2))
    known = {job_key(number) for number in (*exports.ids, first["/id"])}
    second.expect(job_key(second["/id"]) not in known, "a new job has an id of its own", second["/id"])


@requirement("EXP-CREATE-015")
def test_the_location(created: Exchange):
    """The answer's X-Location ends in the id of the job."""
    location = created.response.headers.get("x-location", "")
    found = location.rstrip("/").rpartition("/")[2]
    expect(found == job_key(pick(created, "/id")), created, "X-Location ends in the job's id", location or "none")


@requirement("EXP-CREATE-016")
@pytest.mark.parametrize("name", ["fields", "additionalFields"])
def test_what_is_repeated_is_what_was_asked(shown: Shown, exports: Exports, name: str):
    """Where a job repeats a member of its request, it is unchanged."""
    asked, found = exports.payloads["full"][name], shown.get(name)
    same = found is None or without_blanks(found) == asked
    shown.expect(same, f"{name}, where it is repeated, is that of the request", found)


@requirement("EXP-CREATE-017")
@pytest.mark.parametrize("name", ["fields", "additionalFields"])
def test_the_request_is_repeated(created: Exchange, name: str):
    """The job repeats its request."""
    expect(Shown(created).get(name) is not None, created, f"the job repeats {name}", "no such member")


@requirement("EXP-CREATE-018")
@pytest.mark.parametrize("evaluated", [{"segmentation": False}, {"segmentation": True}], ids=["false", "true"])
def test_the_newer_options_are_accepted(api: Api, exports: Exports, evaluated: dict[str, bool]):
    """The options that only the newer guide has are accepted."""
    payload = payloads.full(exports.spare, exports.policy) | {"evaluationInfo": evaluated}
    payload["additionalFields"]["eventList"]["filter"]["toIngestTimestamp"] = "2030-01-01T00:00:00Z"
    accepted(api.create_job(payload), "a request with toIngestTimestamp and evaluationInfo")


@pytest.fixture(scope="module")
def filtered(exports: Exports, segments: list[Segment]) -> Exchange:
    """The answer that created a job with every option of a filter, in segments that the tenant has."""
    chosen = {
        "segments": [segment.entry() for segment in segments],
        "segmentQualificationTime": {"startTime": "2018-01-01T00:00:00Z", "endTime": "2999-01-01T00:00:00Z"},
        "fromIngestTimestamp": "2018-01-01T00:00:00Z",
        "emptyProfiles": True,
    }
    exports.ask({"filtered": exports.request(filter=chosen, evaluationInfo={"segmentation": False})})
    return exports.created("filtered")


@requirement("EXP-CREATE-019")
def test_the_options_of_a_filter_are_accepted(filtered: Exchange):
    """All options of the segmentation guide are accepted together."""
    accepted(filtered, "a request with every option of a filter")


@requirement("EXP-CREATE-019")
def test_a_filter_without_segments_is_accepted(api: Api, exports: Exports):
    """A filter needs no segments."""
    accepted(api.create_job(exports.request(filter={"emptyProfiles": False})), "a filter without segments")


@requirement("EXP-CREATE-020")
@pytest.mark.usefixtures("filtered")
def test_the_segments_are_those_asked_for(exports: Exports, segments: list[Segment]):
    """Where a job repeats its filter, it names the segments of the request."""
    for exchange in (exports.accepted("filtered"), *exports.looks("filtered")):
        repeated = Shown(exchange).get("filter", "segments")
        entries = repeated if isinstance(repeated, list) else []
        found = sorted(str(entry.get("segmentId")) for entry in entries if isinstance(entry, dict))
        wanted = sorted(segment.id for segment in segments)
        expect(repeated is None or found == wanted, exchange, f"filter.segments names {wanted}", found)


@requirement("EXP-WATCH-020")
@pytest.mark.usefixtures("filtered")
def test_a_filtered_job_succeeds(exports: Exports):
    """A job with every option of a filter ends as SUCCEEDED."""
    assert exports.accepted("filtered")
    last = exports.looks("filtered")[-1]
    found = pick(last, "/status")
    expect(found == "SUCCEEDED", last, "a job with every option of a filter ends as SUCCEEDED", found)


@requirement("EXP-CREATE-021")
@pytest.mark.usefixtures("filtered")
def test_the_filter_is_the_one_asked_for(exports: Exports):
    """Where a job repeats members of its filter, they are unchanged."""
    asked = exports.payloads["filtered"]["filter"]
    shown = [*map(Shown, (exports.accepted("filtered"), *exports.looks("filtered"))), exports.listed("filtered")]
    for job in shown:
        repeated = job.get("filter")
        found = repeated if isinstance(repeated, dict) else {}
        for name in found.keys() & asked.keys() - {"segments"}:
            job.expect(found[name] == asked[name], f"filter.{name} is {asked[name]!r}", found[name])
        entries = {entry["segmentId"]: entry for entry in asked["segments"]}
        for entry in found.get("segments") or ():
            wanted = entries.get(entry.get("segmentId"), {})
            other = {name: entry[name] for name in entry.keys() & wanted.keys() if entry[name] != wanted[name]}
            job.expect(not other, f"the segment is asked for as {wanted}", other)


@requirement("EXP-JOB-001")
@pytest.mark.usefixtures("filtered")
def test_the_contract_of_a_filtered_job(exports: Exports, contract: Contract):
    """No member of a job with a filter contradicts every documented variant."""
    for exchange in (exports.accepted("filtered"), *exports.looks("filtered")):
        conforms(exchange, contract.validate_response(exchange.operation, exchange.response))


@requirement("EXP-JOB-025")
@pytest.mark.usefixtures("filtered")
def test_the_list_shows_a_filtered_job_alike(exports: Exports):
    """Whatever the list and the look-up both show of a job with a filter is the same."""
    exports.listed("filtered").agrees(Shown(exports.finished("filtered")))
