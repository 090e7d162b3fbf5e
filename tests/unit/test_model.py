"""The API's nouns, read from every documented variant of their documents."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aep_export.model import (
    Credentials,
    ExportJob,
    JobError,
    JobStatus,
    MergePolicy,
    Timer,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def _document(**changes: Any) -> dict[str, Any]:
    """The job of the seed's POST sample, with changes."""
    document = {
        "profileInstanceId": "ups",
        "jobType": "BATCH",
        "id": 24115,
        "schema": {"name": "_xdm.context.profile"},
        "mergePolicy": {"id": "0bf16e61-90e9-4204-b8fa-ad250360957b", "version": 1},
        "status": "NEW",
        "requestId": "IwkVcD4RupdSmX376OBVORvcvTdA4ypN",
        "computeGatewayJobId": {},
        "metrics": {"totalTime": {"startTimeInMs": 1559674261657}},
        "destination": {"datasetId": "5cf6", "segmentPerBatch": False, "batchId": "da5c"},
        "updateTime": 1559674261868,
        "imsOrgId": "X@AdobeOrg",
        "creationTime": 1559674261657,
    }
    return document | changes


def test_a_job_is_read_from_the_seeds_sample():
    """Every member that has an attribute is read, and the document is kept."""
    document = _document()
    job = ExportJob.from_json(document)
    assert job == ExportJob(24115, JobStatus.NEW, "5cf6", ("da5c",), 1559674261657, 1559674261868)
    assert job.raw is document
    assert not job.finished
    assert not job.succeeded


@pytest.mark.parametrize(
    ("destination", "dataset", "batches"),
    [
        ({"dataSetId": "a", "batchId": "b"}, "a", ("b",)),
        ({"datasetId": "a", "dataSetId": "a", "batchId": "b"}, "a", ("b",)),
        ({"datasetId": "a"}, "a", ()),
        ({"datasetId": "a", "batchId": ""}, "a", ()),
        ({"datasetId": "a", "batchId": None}, "a", ()),
        ({"datasetId": "a", "batches": [{"batchId": "b"}, {"batchId": "c", "status": "exited"}]}, "a", ("b", "c")),
        ({"datasetId": "a", "batches": {"batchId": "b"}, "batchId": "z"}, "a", ("b",)),
        ({"datasetId": "a", "batches": [], "batchId": "b"}, "a", ("b",)),
        ({"datasetId": "a", "batches": [{"segmentId": "s"}]}, "a", ()),
        ({}, "", ()),
    ],
)
def test_a_destination_is_read_in_every_documented_shape(destination, dataset, batches):
    """Either spelling of the dataset (D-31); a batch, an array of batches or one batch as an object (D-47)."""
    job = ExportJob.from_json(_document(destination=destination))
    assert (job.dataset_id, job.batch_ids) == (dataset, batches)


@pytest.mark.parametrize("number", [100, 100.0, "100"])
def test_a_jobs_number_is_read_in_every_documented_form(number):
    """An integer, a number without a fraction or a text of digits (D-39)."""
    assert ExportJob.from_json(_document(id=number)).id == 100


@pytest.mark.parametrize("number", [100.5, float("inf"), float("nan"), "abc"])
def test_a_number_that_no_variant_allows_is_refused(number):
    """A fraction, an infinity and a word are a ValueError, never a job with another number."""
    with pytest.raises(ValueError, match=r"expected a whole number|invalid literal"):
        ExportJob.from_json(_document(id=number))


@pytest.mark.parametrize("name", ["id", "status", "destination", "creationTime", "updateTime"])
def test_a_job_without_what_every_variant_has_is_refused(name):
    """An absent member is a KeyError that names it."""
    document = _document()
    del document[name]
    with pytest.raises(KeyError, match=name):
        ExportJob.from_json(document)


@given(st.dictionaries(st.sampled_from(sorted(_document())), JSON))
def test_a_hostile_job_never_surprises(changes):
    """Whatever stands in a document, reading it gives a job or one of the errors that a client turns into its own."""
    try:
        job = ExportJob.from_json(_document(**changes))
    except (AttributeError, KeyError, TypeError, ValueError):
        return
    assert isinstance(job.id, int)


def test_errors_are_read_whatever_they_leave_out():
    """An error's code is ``unknown`` and its texts are empty where it does not give them."""
    errors = [{"code": "0090000009", "msg": "m", "callStack": "c"}, {"msg": "m"}, {}]
    job = ExportJob.from_json(_document(status="FAILED", errors=errors))
    assert job.errors == (JobError("0090000009", "m", "c"), JobError("unknown", "m"), JobError("unknown", ""))
    assert ExportJob.from_json(_document(errors=None)).errors == ()


@pytest.mark.parametrize("status", list(JobStatus))
def test_a_known_status_is_one_of_the_enumeration(status):
    """Exactly SUCCEEDED, FAILED and CANCELLED are the end; exactly SUCCEEDED is success."""
    job = ExportJob.from_json(_document(status=str(status)))
    assert job.status is status
    assert job.finished == (status in {"SUCCEEDED", "FAILED", "CANCELLED"})
    assert job.succeeded == (status == "SUCCEEDED")


@pytest.mark.parametrize("status", ["QUEUED", "CANCELLING", "SUCCESSEDED", "succeeded", ""])
def test_an_unknown_status_is_kept_and_never_taken_for_the_end(status):
    """A status that no variant of the API lists stays the text that it was (D-33, D-34)."""
    job = ExportJob.from_json(_document(status=status))
    assert job.status == status
    assert not job.finished
    assert not job.succeeded


def test_credentials_keep_their_secrets_out_of_sight():
    """The repr of credentials shows the organisation and the sandbox only."""
    shown = repr(Credentials("the-id", "the-secret", "X@AdobeOrg"))
    assert "the-id" not in shown
    assert "the-secret" not in shown
    assert "X@AdobeOrg" in shown
    assert "prod" in shown


def test_a_timer_has_a_length_once_it_has_ended():
    """The length is the difference, and None while the timer runs."""
    assert Timer(1559674261657).total is None
    assert Timer(1538615973895, 1538616233239).total == 259344


def test_a_merge_policy_is_read_from_its_document():
    """The documented policy is read; what it may leave out has the documented default."""
    document = {
        "id": "e5bc94de",
        "name": "Loyalty members ordered by ID",
        "version": 3,
        "identityGraph": {"type": "pdg"},
        "attributeMerge": {"type": "dataSetPrecedence", "order": ["a", "b"]},
        "default": True,
    }
    policy = MergePolicy.from_json(document)
    assert policy == MergePolicy(
        "e5bc94de", 3, "Loyalty members ordered by ID", "pdg", "dataSetPrecedence", ("a", "b"), default=True
    )
    assert policy.raw is document
    least = {"id": "x", "version": 1, "identityGraph": {"type": "none"}, "attributeMerge": {"type": "timestampOrdered"}}
    assert MergePolicy.from_json(least) == MergePolicy("x")
