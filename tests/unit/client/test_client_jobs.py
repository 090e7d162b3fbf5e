"""Operations: what each sends, and what it makes of every documented answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from pytest_aep_export.client import EventSelection, ProfileSelection, SegmentSelection
from pytest_aep_export.client.payloads import export_job_payload
from pytest_aep_export.errors import AuthenticationError, ConfigurationError, ServerError, UnexpectedAnswerError
from pytest_aep_export.exchange import Headers, Response
from pytest_aep_export.model import UNION_SCHEMA, JobError, JobStatus, MergePolicy

DATASET = "5b020a27e7040801dedba61b"
POLICY = MergePolicy("e5bc94de-cd14-4cdf-a2bc-88b6e8cbfac2", 1)
EVENT_FIELDS = ["environment.browserDetails.name", "environment.browserDetails.version"]
SINCE = "2018-10-25T13:22:04-07:00"

SEED_TARGET = {
    "destination": {"datasetId": DATASET, "segmentPerBatch": False},
    "schema": {"name": "_xdm.context.profile"},
}
SEED_EVENTS = {
    "eventList": {
        "fields": "environment.browserDetails.name,environment.browserDetails.version",
        "filter": {"fromIngestTimestamp": SINCE},
    }
}
SEED_POLICY = {"id": "e5bc94de-cd14-4cdf-a2bc-88b6e8cbfac2", "version": 1}

PAYLOADS = {
    "profiles and events": (
        {
            "fields": ["identities.id", "personalEmail.address"],
            "merge_policy": POLICY,
            "events": EventSelection(EVENT_FIELDS, ingested_after=SINCE),
            "segment_per_batch": False,
        },
        {
            "fields": "identities.id,personalEmail.address",
            "mergePolicy": SEED_POLICY,
            "additionalFields": SEED_EVENTS,
            **SEED_TARGET,
        },
    ),
    "profiles only": (
        {"fields": "identities.id,personalEmail.address", "merge_policy": POLICY, "segment_per_batch": False},
        {"fields": "identities.id,personalEmail.address", "mergePolicy": SEED_POLICY, **SEED_TARGET},
    ),
    "events only": (
        {
            "fields": ["identityMap"],
            "merge_policy": POLICY,
            "events": EventSelection(",".join(EVENT_FIELDS), ingested_after=SINCE),
            "segment_per_batch": False,
        },
        {"fields": "identityMap", "mergePolicy": SEED_POLICY, "additionalFields": SEED_EVENTS, **SEED_TARGET},
    ),
    "the least": ({}, {"destination": {"datasetId": DATASET}, "schema": {"name": "_xdm.context.profile"}}),
    "the least, by None": (
        dict.fromkeys(["fields", "merge_policy", "events", "profiles", "segment_per_batch", "evaluate_segments"]),
        {"destination": {"datasetId": DATASET}, "schema": {"name": "_xdm.context.profile"}},
    ),
    "every event, latest policy": (
        {"events": EventSelection(), "merge_policy": "timestampOrdered-none-mp", "schema_name": "x"},
        {
            "mergePolicy": {"id": "timestampOrdered-none-mp"},
            "additionalFields": {"eventList": {}},
            "destination": {"datasetId": DATASET},
            "schema": {"name": "x"},
        },
    ),
    "segments, as the segmentation guide has it": (
        {
            "profiles": ProfileSelection(
                segments=[SegmentSelection("52c26d0d-45f2-47a2-ab30-ed06abc981ff", "ups", ("realized",))],
                qualified_after="2018-01-01T00:00:00Z",
                qualified_before="2018-02-01T00:00:00Z",
                ingested_after="2018-01-01T00:00:00Z",
                empty_profiles=True,
            ),
            "segment_per_batch": True,
            "evaluate_segments": True,
        },
        {
            "filter": {
                "segments": [
                    {
                        "segmentId": "52c26d0d-45f2-47a2-ab30-ed06abc981ff",
                        "segmentNs": "ups",
                        "status": ["realized"],
                    }
                ],
                "segmentQualificationTime": {"startTime": "2018-01-01T00:00:00Z", "endTime": "2018-02-01T00:00:00Z"},
                "fromIngestTimestamp": "2018-01-01T00:00:00Z",
                "emptyProfiles": True,
            },
            "evaluationInfo": {"segmentation": True},
            "destination": {"datasetId": DATASET, "segmentPerBatch": True},
            "schema": {"name": "_xdm.context.profile"},
        },
    ),
    "a segment alone, false kept": (
        {"profiles": ProfileSelection([SegmentSelection("s")], empty_profiles=False), "evaluate_segments": False},
        {
            "filter": {"segments": [{"segmentId": "s"}], "emptyProfiles": False},
            "evaluationInfo": {"segmentation": False},
            "destination": {"datasetId": DATASET},
            "schema": {"name": "_xdm.context.profile"},
        },
    ),
}


@pytest.mark.parametrize(("options", "payload"), PAYLOADS.values(), ids=PAYLOADS.keys())
def test_a_job_is_asked_for_as_documented(client, api, job_document, options, payload):
    """Typed options become the documented payload; what is left out is absent, and nothing unknown is sent."""
    api.then(api.json(job_document()))
    job = client.create_export_job(DATASET, **options)
    assert (job.id, job.status) == (24115, JobStatus.NEW)
    assert api.asked == ["POST /data/core/ups/export/jobs"]
    assert api.calls[0].json() == payload


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2018, 10, 25, 20, 22, 4, tzinfo=UTC), "2018-10-25T20:22:04Z"),
        (datetime(2018, 10, 25, 13, 22, 4, tzinfo=timezone(timedelta(hours=-7))), "2018-10-25T20:22:04Z"),
        (datetime(2018, 10, 25, 20, 22, 4, 5000, tzinfo=timezone(timedelta(seconds=1))), "2018-10-25T20:22:03.005000Z"),
        (SINCE, SINCE),
    ],
)
def test_a_moment_is_sent_as_rfc_3339(moment, text):
    """A datetime is sent in UTC, and text as it is."""
    payload = export_job_payload(DATASET, events=EventSelection(ingested_after=moment, ingested_before=moment))
    events = payload["additionalFields"]["eventList"]
    assert events == {"filter": {"fromIngestTimestamp": text, "toIngestTimestamp": text}}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"events": EventSelection(ingested_after=datetime(2018, 10, 25))}, "has no time zone"),  # noqa: DTZ001 - the point
        ({"fields": []}, "fields is an empty sequence: name at least one"),
        ({"field": "x"}, "a job has no option field: use some of fields, merge_policy, events"),
    ],
)
def test_an_option_that_cannot_work_is_refused(client, api, options, sentence):
    """An option that would silently mean something else is refused before any request."""
    with pytest.raises(ConfigurationError, match=sentence):
        client.create_export_job(DATASET, **options)
    assert api.requests == []


def test_a_payload_of_ones_own_is_sent_as_it_is(client, api, job_document):
    """A raw payload, right or wrong, reaches the API unchanged."""
    api.then(api.json(job_document()))
    client.create_export_job_from({"unknown": ["é", None, 1.5]})
    assert api.calls[0].body == '{"unknown":["é",null,1.5]}'.encode()


@pytest.mark.parametrize(
    ("destination", "dataset_id", "batch_ids"),
    [
        ({"datasetId": "a", "batchId": "b"}, "a", ("b",)),
        ({"dataSetId": "a", "segmentPerBatch": False, "batchId": "b"}, "a", ("b",)),
        ({"datasetId": "a", "dataSetId": "a", "batchId": ""}, "a", ()),
        ({"datasetId": "a"}, "a", ()),
        ({"dataSetId": "a", "segmentPerBatch": True, "batches": [{"batchId": "b"}, {"batchId": "c"}]}, "a", ("b", "c")),
        ({"dataSetId": "a", "batches": {"segmentId": "s", "batchId": "b"}}, "a", ("b",)),
    ],
)
def test_a_jobs_target_is_read_in_every_documented_form(client, api, job_document, destination, dataset_id, batch_ids):
    """Either spelling of the dataset id, and each shape of the batches, is read."""
    api.then(api.json(job_document(destination=destination)))
    job = client.get_export_job(24115)
    assert (job.dataset_id, job.batch_ids) == (dataset_id, batch_ids)
    assert api.asked == ["GET /data/core/ups/export/jobs/24115"]


def test_unknown_and_absent_members_do_no_harm(client, api):
    """A job with members that nobody documented, and without any optional one, is read; nothing it said is lost."""
    least = {"id": "7", "status": "REPAIRING", "destination": {}, "creationTime": 1, "updateTime": 2, "new": {"x": 1}}
    api.then(api.json(least))
    job = client.get_export_job("7")
    assert (job.id, job.status, job.finished, job.succeeded) == (7, "REPAIRING", False, False)
    assert job.raw == least


def test_a_jobs_errors_are_read(client, api, job_document):
    """A failed job's errors are values with code, message and call stack."""
    errors = [{"code": "0100000003", "msg": "Error in Export Job", "callStack": "x"}, {"msg": "Job aborted."}]
    api.then(api.json(job_document(status="FAILED", errors=errors)))
    assert client.get_export_job(1).errors == (
        JobError("0100000003", "Error in Export Job", "x"),
        JobError("unknown", "Job aborted.", ""),
    )


@pytest.mark.parametrize(
    "answer",
    [
        Response(204),
        Response(200),
        Response(202),
        Response(200, Headers(), b'{"status":true,"message":"Export job has been marked for cancelling"}'),
    ],
    ids=["204 empty", "200 empty", "202 empty", "200 with a message"],
)
def test_every_documented_answer_to_a_cancel_is_a_success(client, api, answer):
    """A cancel is a DELETE; it has worked when the answer is empty or says so."""
    api.then(answer)
    assert client.cancel_export_job(24115) is None
    assert api.asked == ["DELETE /data/core/ups/export/jobs/24115"]
    assert api.calls[0].body == b""


@pytest.mark.parametrize("body", [b'{"status": false, "message": "no"}', b"[]", b"OK"])
def test_a_cancel_that_did_not_work_is_not_a_success(client, api, body):
    """A message that says no, or is none, is an error."""
    api.then(Response(200, Headers(), body))
    with pytest.raises(UnexpectedAnswerError, match="answered with 200, but"):
        client.cancel_export_job(24115)


@pytest.mark.parametrize("prefix", ["@/dataSets/", "@/datasets/"])
@pytest.mark.parametrize("status", [200, 201])
def test_a_dataset_is_created_on_the_union_schema(client, api, prefix, status):
    """Creating a dataset sends the documented body and understands either spelling of the reference."""
    api.then(api.json([f"{prefix}{DATASET}"], status))
    dataset = client.create_dataset("Profile Data Export")
    assert (dataset.id, dataset.name, dataset.schema_id) == (DATASET, "Profile Data Export", UNION_SCHEMA)
    assert api.asked == ["POST /data/foundation/catalog/dataSets"]
    assert api.calls[0].json() == {
        "name": "Profile Data Export",
        "schemaRef": {
            "id": "https://ns.adobe.com/xdm/context/profile__union",
            "contentType": "application/vnd.adobe.xed+json;version=1",
        },
    }


def test_a_dataset_can_be_on_another_schema(client, api):
    """The schema of a new dataset can be named."""
    api.then(api.json([f"@/dataSets/{DATASET}"], 201))
    assert client.create_dataset("x", schema_id="https://s").schema_id == "https://s"
    assert api.calls[0].json()["schemaRef"]["id"] == "https://s"


@pytest.mark.parametrize("body", [[], ["x"], [5], ["@/dataSets/a", "@/dataSets/b"], {"id": "a"}, ["@/dataSets/a/b"]])
def test_a_reference_that_is_none_is_unexpected(client, api, body):
    """A created dataset whose id cannot be read is an error, not a guess."""
    api.then(api.json(body, 201))
    with pytest.raises(UnexpectedAnswerError, match="not a reference to a dataset"):
        client.create_dataset("x")


def test_a_dataset_is_looked_up(client, api):
    """A dataset is read from the answer that is keyed by its id."""
    document = {"name": "n", "schemaRef": {"id": UNION_SCHEMA, "contentType": "c"}, "tags": {}}
    api.then(api.json({DATASET: document}), api.json({DATASET: {}}), api.json({"other": document}))
    dataset = client.get_dataset(DATASET)
    assert (dataset.id, dataset.name, dataset.schema_id, dataset.raw) == (DATASET, "n", UNION_SCHEMA, document)
    assert (client.get_dataset(DATASET).name, api.asked[0]) == ("", f"GET /data/foundation/catalog/dataSets/{DATASET}")
    with pytest.raises(UnexpectedAnswerError, match=f"it has no member '{DATASET}'"):
        client.get_dataset(DATASET)


def test_a_dataset_is_previewed(client, api):
    """The rows are given as they come, whether nested values are written with dotted names or not."""
    rows = [{"person.name.firstName": "Ada", "identityMap": {"Email": []}}, {"person": {"name": None}}, {}]
    api.then(api.json({"data": rows}), api.json({"data": []}))
    assert client.preview_dataset(DATASET) == rows
    assert client.preview_dataset(DATASET) == []
    assert api.asked[0] == f"GET /data/foundation/export/datasets/{DATASET}/preview"


@pytest.mark.parametrize("body", [{}, [], {"data": None}, {"data": 5}, {"data": ["a,b"]}, {"data": [None]}])
def test_a_preview_that_makes_no_sense_is_unexpected(client, api, body):
    """What is no list of rows is refused."""
    api.then(api.json(body))
    with pytest.raises(UnexpectedAnswerError, match="its body is not a preview"):
        client.preview_dataset(DATASET)


def test_datasets_are_listed_to_the_end(client, api):
    """Full pages lead on by offset; the first page that is not full is the last one asked for."""
    documents = {f"{number:024x}": {"name": str(number)} for number in range(230)}

    def answer(request) -> Response:
        start, limit = int(request.query.get("start", 0)), int(request.query["limit"])
        return api.json(dict(list(documents.items())[start : start + limit]))

    api.answer = answer
    assert [dataset.name for dataset in client.list_datasets()] == [str(number) for number in range(230)]
    assert [call.query for call in api.calls] == [
        {"limit": "100"},
        {"limit": "100", "start": "100"},
        {"limit": "100", "start": "200"},
    ]


def test_a_batch_is_looked_up(client, api):
    """A batch is read with its status and the dataset that it belongs to, if it says so."""
    related = [{"type": "batch", "id": "x"}, {"type": "dataSet", "id": DATASET}]
    api.then(api.json({"B": {"status": "success", "relatedObjects": related}}), api.json({"B": {"status": "failed"}}))
    batch = client.get_batch("B")
    assert (batch.id, batch.status, batch.dataset_id) == ("B", "success", DATASET)
    assert (client.get_batch("B").dataset_id, api.asked[0]) == ("", "GET /data/foundation/catalog/batches/B")


def policy(name, **members: object):
    """A merge policy as the guide shows it."""
    document = {
        "id": name,
        "name": f"the {name}",
        "version": 2,
        "identityGraph": {"type": "none"},
        "attributeMerge": {"type": "timestampOrdered"},
        "default": False,
    }
    return document | members


def test_a_merge_policy_is_looked_up(client, api):
    """A merge policy is read with its order."""
    merge = {"type": "dataSetPrecedence", "order": ["a", "b"]}
    api.then(api.json(policy("p", attributeMerge=merge, default=True)))
    found = client.get_merge_policy("p")
    assert (found.id, found.version, found.name, found.graph) == ("p", 2, "the p", "none")
    assert (found.method, found.order, found.default) == ("dataSetPrecedence", ("a", "b"), True)
    assert api.asked == ["GET /data/core/ups/config/mergePolicies/p"]


@pytest.mark.parametrize(
    "rest",
    [
        {"_links": {"next": {"href": "@/mergePolicies?start=K1JJRDpF%3D%3D&orderBy=&limit=1"}}},
        {"_page": {"count": 1, "next": "K1JJRDpF=="}, "_links": {"next": {}}},
    ],
    ids=["as the guide links", "as OpenAPI links"],
)
@pytest.mark.parametrize("end", [{"_links": {"next": {"href": ""}}}, {"_links": {"next": {}}}, {}, {"_page": {}}])
def test_merge_policies_are_listed_to_the_end(client, api, rest, end):
    """Merge policies are followed by either of the two documented links, to each documented end."""
    api.then(api.json({"children": [policy("a")], **rest}), api.json({"children": [policy("b")], **end}))
    assert [found.id for found in client.list_merge_policies()] == ["a", "b"]
    assert api.calls[0].url == "/data/core/ups/config/mergePolicies"
    assert api.calls[1].query["start"] == "K1JJRDpF=="


SENT = {
    "name": "mine",
    "schema": {"name": "_xdm.context.profile"},
    "identityGraph": {"type": "pdg"},
    "attributeMerge": {"type": "dataSetPrecedence", "order": ["a", "b"]},
    "isActiveOnEdge": True,
    "default": False,
}


def test_a_merge_policy_is_created_and_replaced(client, api):
    """All that the API does not give itself is sent, and its answer is the policy, on the edge or not (D-90)."""
    mine = MergePolicy("p", 7, "mine", "pdg", "dataSetPrecedence", ("a", "b"), active_on_edge=True)
    api.then(api.json(policy("new", isActiveOnEdge="true")), api.json(policy("p", isActiveOnEdge=False)))
    created, replaced = client.create_merge_policy(mine), client.replace_merge_policy(mine)
    assert (created.id, created.version, created.active_on_edge) == ("new", 2, True)
    assert (replaced.id, replaced.active_on_edge) == ("p", False)
    assert [json.loads(call.body) for call in api.calls] == [SENT, SENT]
    assert api.asked == [
        "POST /data/core/ups/config/mergePolicies", "PUT /data/core/ups/config/mergePolicies/p"
    ]  # fmt: skip


def test_the_creation_of_a_merge_policy_is_not_repeated(client, api):
    """When nobody knows whether there is a new policy, no second one is asked for."""
    api.then(Response(502, Headers(), b""))
    with pytest.raises(ServerError):
        client.create_merge_policy(MergePolicy("", name="mine"))
    assert len(api.calls) == 1


def test_members_of_a_merge_policy_are_changed(client, api):
    """Changes are sent in an array, in their order."""
    api.then(api.json(policy("p")))
    assert client.patch_merge_policy("p", {"default": True, "identityGraph.type": "pdg"}).version == 2
    assert api.asked == ["PATCH /data/core/ups/config/mergePolicies/p"]
    assert json.loads(api.calls[0].body) == [
        {"op": "add", "path": "/default", "value": True},
        {"op": "add", "path": "/identityGraph.type", "value": "pdg"},
    ]


def test_a_merge_policy_is_deleted(client, api):
    """The answer is empty; a refusal is raised."""
    api.then(Response(200, Headers(), b""), api.json({"error_code": "403003", "message": "no"}, 403))
    assert client.delete_merge_policy("p") is None
    assert api.asked == ["DELETE /data/core/ups/config/mergePolicies/p"]
    with pytest.raises(AuthenticationError):
        client.delete_merge_policy("p")


def test_several_merge_policies_are_looked_up_at_once(client, api):
    """By id; those that are not there are missing from the result."""
    api.then(api.json({"results": {"a": policy("a")}}, 207))
    assert {key: found.id for key, found in client.get_merge_policies(["a", "b"]).items()} == {"a": "a"}
    assert json.loads(api.calls[0].body) == {"ids": [{"id": "a"}, {"id": "b"}]}


def sandbox(name: str, **members: Any) -> dict[str, Any]:
    """A sandbox as the API shows it."""
    return {"name": name, "title": name.title(), "state": "active", "type": "development", "isDefault": False} | members


def test_a_sandbox_is_looked_up(client, api):
    """A sandbox is read with its type; what is not for development is taken for production."""
    api.then(api.json(sandbox("prod", type="production", isDefault=True)), api.json(sandbox("a b")))
    found = client.get_sandbox("prod")
    assert (found.name, found.title, found.state, found.type) == ("prod", "Prod", "active", "production")
    assert found.default
    assert found.is_production
    assert not client.get_sandbox("a b").is_production
    assert [call.url.rpartition("/")[2] for call in api.calls] == ["prod", "a%20b"]


def test_sandboxes_are_listed_to_the_end(client, api):
    """Page by page, by offsets of our own: the link is a template, and there however many sandboxes there are."""
    link = {"_links": {"next": {"href": "https://elsewhere/?limit={limit}&offset={offset}", "templated": True}}}
    pages = [[sandbox(f"s{number}") for number in range(50)], [sandbox("last")]]
    api.then(*(api.json({"sandboxes": page, **link}) for page in pages))
    assert [found.name for found in client.list_sandboxes()] == [f"s{number}" for number in range(50)] + ["last"]
    assert [dict(call.query) for call in api.calls] == [
        {"limit": "50", "offset": "0"}, {"limit": "50", "offset": "50"}
    ]  # fmt: skip


def test_a_cancel_answered_with_an_impossible_body_spoils_nothing(client, api, job_document):
    """A 204 with a body, as one guide shows, is a success, and the next call is not read out of its remains."""
    api.then(Response(204, Headers(), b'{"status":true,"message":"marked"}'), api.json(job_document()))
    client.cancel_export_job(24115)
    assert client.create_export_job(DATASET).id == 24115
