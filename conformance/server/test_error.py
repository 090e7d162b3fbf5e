"""Requests that are wrong: refused with a reason, never half carried out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pytest_aep_export.exchange import Exchange
from pytest_aep_export.suite import payloads
from pytest_aep_export.suite.answers import dataset_id
from pytest_aep_export.suite.api import DATASETS, FILES, JOBS, Api
from pytest_aep_export.suite.choices import Segment
from pytest_aep_export.suite.expect import array, document, expect, not_applicable, prerequisite, refused, status
from pytest_aep_export.suite.exports import Exports, Shown

requirement = pytest.mark.aep_requirement

CALLS: dict[str, Callable[[Api], Exchange]] = {
    "an unknown job": lambda api: api.show_job(2_000_000_000),
    "cancelling an unknown job": lambda api: api.cancel_job(2_000_000_000),
    "an unknown dataset": lambda api: api.show_dataset("0" * 24),
    "an unknown file": lambda api: api.list_file("01HP1Z0A9YZ733QCJN6AXCATHF-DE9"),
    "a malformed job": lambda api: api.target.send("POST", JOBS, body=b"{"),
    "a malformed dataset": lambda api: api.target.send("POST", DATASETS, body=b"{"),
    "a call without a token": lambda api: api.target.send("GET", JOBS, without={"authorization"}),
    "an unknown route": lambda api: api.target.send("GET", f"{FILES}/no-such-thing"),
}
NOBODYS = "00000000-0000-4000-8000-000000000000"
UNION_TYPE = "application/vnd.adobe.xed+json;version=1"
EVERY_ERROR = pytest.mark.parametrize("what", sorted(CALLS))


@pytest.fixture
def payload(exports: Exports) -> dict[str, Any]:
    """The payload with profiles and events, to be spoiled."""
    return payloads.full(exports.spare, exports.policy)


def failing(api: Api, what: str) -> Exchange:
    """An answer to a wrong call."""
    exchange = CALLS[what](api)
    if exchange.response.status < 400:
        not_applicable(f"{what} is answered with {exchange.response.status}")
    return exchange


@requirement("EXP-ERROR-001")
@pytest.mark.parametrize("body", [b"{", b"profiles, please", b"[]", b'"text"'], ids=["cut", "prose", "array", "text"])
def test_a_malformed_body(api: Api, body: bytes):
    """A body that is no JSON object is refused."""
    refused(api.target.send("POST", JOBS, body=body), "a body that is no JSON object is refused")


@requirement("EXP-ERROR-002")
@pytest.mark.parametrize("destination", [None, {}, {"segmentPerBatch": False}], ids=["absent", "empty", "no dataset"])
def test_no_destination(api: Api, payload: dict[str, Any], destination: dict[str, Any] | None):
    """A job without a target dataset is refused."""
    del payload["destination"]
    spoiled = payload if destination is None else payload | {"destination": destination}
    refused(api.create_job(spoiled), "a job without destination.datasetId is refused")


@requirement("EXP-ERROR-003")
@pytest.mark.parametrize("schema", [None, {}], ids=["absent", "empty"])
def test_no_schema(api: Api, payload: dict[str, Any], schema: dict[str, Any] | None):
    """A job without a schema name is refused."""
    del payload["schema"]
    refused(api.create_job(payload if schema is None else payload | {"schema": schema}), "no schema.name is refused")


@requirement("EXP-ERROR-004")
@pytest.mark.parametrize("what", ["fields", "destination", "segmentPerBatch", "additionalFields", "mergePolicy"])
def test_a_wrong_type(api: Api, payload: dict[str, Any], what: str):
    """A value of the wrong type is refused."""
    spoiled: dict[str, Any] = {
        "fields": {"fields": ["identityMap"]},
        "destination": {"destination": payload["destination"]["datasetId"]},
        "segmentPerBatch": {"destination": payload["destination"] | {"segmentPerBatch": "perhaps"}},
        "additionalFields": {"additionalFields": "eventList"},
        "mergePolicy": {"mergePolicy": payload["mergePolicy"]["id"]},
    }[what]
    refused(api.create_job(payload | spoiled), f"{what} of the wrong type is refused")


@requirement("EXP-ERROR-005")
def test_an_unknown_dataset(api: Api, payload: dict[str, Any]):
    """A job for a dataset that does not exist is refused."""
    spoiled = payload | {"destination": {"datasetId": "0" * 24}}
    refused(api.create_job(spoiled), "a dataset that does not exist is refused")


@requirement("EXP-ERROR-006")
@pytest.mark.parametrize("since", ["yesterday", "2018-13-45T99:99:99Z", 1540498924000], ids=["word", "range", "number"])
def test_an_unreadable_time(api: Api, exports: Exports, since: Any):
    """An ingest time that is no time is refused."""
    payload = payloads.full(exports.spare, exports.policy, since=since)
    refused(api.create_job(payload), f"fromIngestTimestamp {since!r} is refused")


@requirement("EXP-ERROR-007")
@pytest.mark.parametrize("spoil", [{"fields": ["identityMap"]}, {"schema": {}}], ids=["wrong type", "missing"])
def test_nothing_is_left_behind(api: Api, exports: Exports, spoil: dict[str, Any]):
    """A refused request leaves no job behind."""
    dataset = api.new_dataset()
    spoiled = payloads.profiles_only(dataset, exports.policy) | spoil
    if api.create_job(spoiled).response.status < 400:
        not_applicable("the request is accepted")
    with prerequisite("EXP-LIST-001"):
        page = status(api.list_jobs(limit=100), {200}, "the list is answered with 200")
        count = len(array(page, "/records"))
    found = [n for n in range(count) if Shown(page, f"/records/{n}").dataset == dataset]
    expect(not found, page, f"no job was created for dataset {dataset}", found)


@EVERY_ERROR
@requirement("EXP-ERROR-008")
def test_errors_are_json(api: Api, what: str):
    """An error is a JSON object with a JSON media type."""
    exchange = failing(api, what)
    expect(isinstance(document(exchange), dict), exchange, "the error is a JSON object", document(exchange))
    media = exchange.response.headers.get("content-type", "").partition(";")[0]
    expect(media.endswith("json"), exchange, "the error's media type is JSON", media or "none")


@EVERY_ERROR
@requirement("EXP-ERROR-009")
def test_the_body_repeats_the_status(api: Api, what: str):
    """The status in an error's body is that of the answer."""
    exchange = failing(api, what)
    with prerequisite("EXP-ERROR-008"):
        body = document(exchange)
    if not isinstance(body, dict) or "status" not in body:
        not_applicable("the error's body has no status")
    expect(
        body["status"] == exchange.response.status, exchange, f"status is {exchange.response.status}", body["status"]
    )


@requirement("EXP-ERROR-010")
@pytest.mark.parametrize("limit", ["0", "-1", "ten"])
def test_an_impossible_limit(api: Api, limit: str):
    """A limit that is no positive number causes no server error."""
    status(api.list_jobs(limit=limit), range(500), f"limit={limit} causes no server error")


@requirement("EXP-ERROR-011")
def test_an_unknown_policy(api: Api, exports: Exports):
    """A merge policy that does not exist is refused."""
    spoiled = exports.request(mergePolicy={"id": NOBODYS, "version": 1})
    refused(api.create_job(spoiled), "a merge policy that does not exist is refused")


@requirement("EXP-ERROR-012")
def test_an_unknown_version(api: Api, exports: Exports):
    """A version that the merge policy does not have is refused."""
    spoiled = exports.request(mergePolicy={"id": exports.policy, "version": 1_000_000})
    refused(api.create_job(spoiled), "a version that the merge policy does not have is refused")


@requirement("EXP-ERROR-013")
def test_a_dataset_on_another_schema(api: Api, exports: Exports):
    """A dataset that is not based on the profile union is refused."""
    schema = {"id": "https://ns.adobe.com/xdm/context/experienceevent__union", "contentType": UNION_TYPE}
    with prerequisite("EXP-DATASET-001"):
        dataset = dataset_id(api.create_dataset({"schemaRef": schema}))
    spoiled = payloads.into(exports.request(), dataset)
    refused(api.create_job(spoiled), "a dataset that is not based on the profile union is refused")


@requirement("EXP-ERROR-014")
@pytest.mark.parametrize("where", ["fields", "eventList.fields"])
@pytest.mark.parametrize(
    "path", ["aepExportSuite.noSuchField", "_id,aepExportSuite.noSuchField", "personalemail.address"]
)
def test_an_unknown_field(api: Api, exports: Exports, where: str, path: str):
    """A path that leads to nothing in the union schema is refused, also beside others and in other letters."""
    spoiled = {"fields": path} if where == "fields" else {"additionalFields": {"eventList": {"fields": path}}}
    refused(api.create_job(exports.request(**spoiled)), f"{where} with a path that leads to nothing is refused")


@requirement("EXP-ERROR-015")
def test_a_segment_without_an_id(api: Api, exports: Exports):
    """A filter for a segment without an id is refused."""
    chosen = {"segments": [{"segmentNs": "ups", "status": ["realized"]}]}
    refused(api.create_job(exports.request(filter=chosen)), "a segment without a segmentId is refused")


@requirement("EXP-ERROR-016")
def test_an_unknown_segment(api: Api, exports: Exports):
    """A segment that does not exist is refused."""
    refused(
        api.create_job(exports.request(filter={"segments": [Segment("ups", NOBODYS).entry()]})),
        "a segment that does not exist is refused",
    )


@requirement("EXP-ERROR-017")
def test_an_unknown_status(api: Api, exports: Exports, segments: list[Segment]):
    """A status that no membership has is refused."""
    chosen = {"segments": [segments[0].entry(status=["undecided"])]}
    refused(api.create_job(exports.request(filter=chosen)), "the status undecided is refused")


@requirement("EXP-ERROR-018")
@pytest.mark.parametrize("what", ["of qualification", "of ingestion"])
def test_an_inverted_window(api: Api, exports: Exports, segments: list[Segment], what: str):
    """A window that ends before it starts is refused."""
    late, early = "2018-06-01T00:00:00Z", "2018-05-01T00:00:00Z"
    window = {"startTime": late, "endTime": early}
    spoiled = {
        "of qualification": {"filter": {"segments": [segments[0].entry()], "segmentQualificationTime": window}},
        "of ingestion": {"additionalFields": payloads.timeline(fromIngestTimestamp=late, toIngestTimestamp=early)},
    }[what]
    refused(api.create_job(exports.request(**spoiled)), f"a window {what} that ends before it starts is refused")


@requirement("EXP-ERROR-019")
@pytest.mark.parametrize("where", ["fromIngestTimestamp", "startTime", "endTime", "toIngestTimestamp"])
def test_an_unreadable_time_of_a_filter(api: Api, exports: Exports, segments: list[Segment], where: str):
    """A time that is none is refused wherever a filter has one."""
    chosen = {"segments": [segments[0].entry()]}
    spoiled: dict[str, Any] = {
        "fromIngestTimestamp": {"filter": {where: "yesterday"}},
        "startTime": {"filter": chosen | {"segmentQualificationTime": {where: "yesterday"}}},
        "endTime": {"filter": chosen | {"segmentQualificationTime": {where: "yesterday"}}},
        "toIngestTimestamp": {"additionalFields": payloads.timeline(toIngestTimestamp="yesterday")},
    }[where]
    refused(api.create_job(exports.request(**spoiled)), f"{where} of yesterday is refused")


@requirement("EXP-ERROR-020")
@pytest.mark.parametrize(
    "chosen",
    [[], {"segments": NOBODYS}, {"emptyProfiles": "perhaps"}, {"segmentQualificationTime": "2018-01-01T00:00:00Z"}],
    ids=["filter", "segments", "emptyProfiles", "segmentQualificationTime"],
)
def test_a_filter_of_the_wrong_type(api: Api, exports: Exports, chosen: Any):
    """A filter or a part of it that is of the wrong type is refused."""
    refused(api.create_job(exports.request(filter=chosen)), f"the filter {chosen!r} is refused")


@requirement("EXP-ERROR-021")
@pytest.mark.parametrize("media", ["text/plain", "application/octet-stream"])
def test_a_body_of_another_type(api: Api, exports: Exports, media: str):
    """A body that is said not to be JSON is refused."""
    exchange = api.target.send("POST", JOBS, json=exports.spare_job(), headers={"Content-Type": media})
    refused(exchange, f"a body of the type {media} is refused")


@requirement("EXP-ERROR-022")
@pytest.mark.parametrize("name", ["_xdm.context.experienceevent", "_xdm.context.nosuchclass"], ids=["another", "none"])
def test_another_schema(api: Api, exports: Exports, name: str):
    """A schema that is not that of the target dataset is refused."""
    refused(api.create_job(exports.request(schema={"name": name})), f"the schema {name} is refused")
