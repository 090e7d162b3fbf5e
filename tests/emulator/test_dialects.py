"""Dialects: each answers in its own documented way, and every answer validates under its own dialect."""

from __future__ import annotations

import pytest

from pytest_aep_export.contract import DIALECTS, load
from pytest_aep_export.lifecycle import Progression
from pytest_aep_export.model import JobStatus

JOBS = "/data/core/ups/export/jobs"
SEGMENTS = [
    {"segmentId": "52c26d0d-45f2-47a2-ab30-ed06abc981ff"},
    {"segmentId": "7a93d2ff-a220-4bae-9a4e-5f3c35032be3", "segmentNs": "ups", "status": ["exited"]},
]


@pytest.fixture(params=DIALECTS.values(), ids=DIALECTS)
def spoken(request):
    """Each dialect in turn."""
    return request.param


def _walk(api) -> None:
    """A whole workflow: datasets, jobs that succeed, fail and are cancelled, lists, batches, files and policies."""
    api.numbers()
    job = api.create(fields="personalEmail.address", filter={"emptyProfiles": True})
    batch = api.finish(job["id"])["destination"]["batchId"]
    destination = {"datasetId": api.dataset(), "segmentPerBatch": True}
    api.finish(api.create(destination=destination, filter={"segments": SEGMENTS})["id"])
    api.finish(api.create(destination=destination, filter={"segments": SEGMENTS[:1]})["id"])
    cancelled = api.create()["id"]
    api.look(cancelled)
    api.cancel(cancelled)
    api.look(cancelled)
    for place in (JobStatus.NEW, JobStatus.PROCESSING):
        before = api.tenant.behaviour
        api.tenant.behaviour = type(before)(dialect=before.dialect, progression=Progression(fail=place))
        api.finish(api.create()["id"])
        api.tenant.behaviour = before
    api.ask("GET", f"{JOBS}?limit=2")
    api.numbers()
    api.ask("GET", f"/data/foundation/catalog/batches/{batch}")
    [file] = api.files(batch)
    for method in ("GET", "HEAD"):
        api.send(method, file["_links"]["self"]["href"])
    api.ask("GET", f"/data/foundation/export/datasets/{api.dataset()}/preview")
    for path in ("failed", "meta", "meta?path=input_files", "meta?path=input_files/fileMetaData1.json"):
        api.ask("GET", f"/data/foundation/export/batches/{batch}/{path}")
    for path in ("/data/foundation/catalog/dataSets", "/data/core/ups/config/mergePolicies", f"{JOBS}/1"):
        api.send("GET", path)
    api.send("GET", JOBS, without={"authorization"})
    _change_policies(api)
    _change_segments(api)
    for path in ("", "/prod", "/unknown"):
        api.send("GET", f"/data/foundation/sandbox-management/sandboxes{path}")


def _change_segments(api) -> None:
    """A segment definition from its creation to its deletion, and the list."""
    segments = "/data/core/ups/segment/definitions"
    expression = {"type": "PQL", "format": "pql/text", "value": 'person.gender = "female"'}
    body = {"name": "mine", "expression": expression, "schema": {"name": "_xdm.context.profile"}}
    key = api.ask("POST", segments, json=body)["id"]
    api.ask("POST", segments, 422, json=body)
    api.ask("PATCH", f"{segments}/{key}", json={"name": "yours"})
    for path in (segments, f"{segments}/{key}"):
        api.ask("GET", path)
    api.ask("POST", f"{segments}/bulk-get", 207, json={"ids": [{"id": key}]})
    for _ in range(2):
        api.send("DELETE", f"{segments}/{key}")


def _change_policies(api) -> None:
    """A merge policy from its creation to its deletion."""
    policies = "/data/core/ups/config/mergePolicies"
    body = {"schema": {"name": "_xdm.context.profile"}, "identityGraph": {"type": "pdg"}}
    body |= {"name": "mine", "attributeMerge": {"type": "timestampOrdered"}}
    key = api.ask("POST", policies, json=body)["id"]
    api.ask("PUT", f"{policies}/{key}", json=body)
    api.ask("PATCH", f"{policies}/{key}", json={"op": "add", "path": "/default", "value": "true"})
    api.ask("POST", f"{policies}/bulk-get", 207, json={"ids": [{"id": key}]})
    for _ in range(2):
        api.send("DELETE", f"{policies}/{key}")


def test_every_answer_validates_under_its_own_dialect(make_api, spoken):
    """Neither a MUST nor a deviation from the dialect, in a workflow that meets every kind of answer."""
    api = make_api(dialect=spoken)
    _walk(api)
    contract = load()
    found = [
        (exchange.operation, violation)
        for exchange in api.target.exchanges
        for violation in contract.validate_response(exchange.operation, exchange.response, spoken.name)
    ]
    assert found == []
    operations = {exchange.operation for exchange in api.target.exchanges}
    assert operations >= set(contract.operations) - {"requestTokenV2", "getDataset", "getMergePolicy"}


def test_the_target_is_spelt_as_the_dialect_does(make_api, spoken):
    """``datasetId`` or ``dataSetId``, alone and in the list (D-31)."""
    api = make_api(dialect=spoken)
    job = api.create()
    for shown, key in (
        (job, spoken.dataset_key),
        (api.look(job["id"]), spoken.dataset_key),
        (api.ask("GET", JOBS)["records"][0], spoken.dataset_key_in_list),
    ):
        [spelling] = {"datasetId", "dataSetId"} & set(shown["destination"])
        assert spelling == key
        assert shown["destination"][spelling] == api.dataset()


def test_a_cancel_is_answered_as_the_dialect_does(make_api, spoken):
    """204 and nothing, not even a length, or 200 and a message (D-7)."""
    api = make_api(dialect=spoken)
    response = api.cancel(api.create()["id"]).response
    if spoken.cancel == "empty":
        assert (response.status, response.body) == (204, b"")
        assert not {"content-length", "content-type"} & set(response.headers)
    else:
        assert response.status == 200
        assert response.json()["status"] is True
        assert "cancel" in response.json()["message"]


def test_metrics_and_echo_are_the_dialects(make_api, spoken):
    """Counters, the write timer and the echo of the request are there or not (D-26, D-43)."""
    api = make_api(dialect=spoken)
    done = api.finish(api.create(fields="personID")["id"])
    assert ("totalExportedProfileCounter" in done["metrics"]) == spoken.counters
    assert ("aCPDatasetWriteTime" in done["metrics"]) == spoken.write_timer
    assert ("fields" in done) == spoken.echo
    assert len(done["destination"]["batchId"]) == {"ulid": 26, "hex": 32}[spoken.batch_id]


def test_a_reference_to_a_dataset_is_the_dialects(make_api, spoken):
    """``@/dataSets/`` or ``@/datasets/`` (D-73)."""
    api = make_api(dialect=spoken)
    body = {"name": "x", "schemaRef": {"id": "https://ns.adobe.com/xdm/context/profile__union"}}
    [reference] = api.ask("POST", "/data/foundation/catalog/dataSets", 201, json=body)
    assert reference.startswith(spoken.dataset_path)


def test_one_batch_is_an_object_where_the_dialect_says_so(make_api, spoken):
    """``batches`` is an array, or with a single segment an object; ``batchId`` is never beside it (D-47)."""
    api = make_api(dialect=spoken)
    destination = {"datasetId": api.dataset(), "segmentPerBatch": True}
    for count in (1, 2):
        shown = api.create(destination=destination, filter={"segments": SEGMENTS[:count]})["destination"]
        assert "batchId" not in shown
        assert isinstance(shown["batches"], dict) == (spoken.batches == "object" and count == 1)
