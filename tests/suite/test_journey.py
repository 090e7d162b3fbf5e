"""The journey that shows what a target answers with."""

from __future__ import annotations

from itertools import product

import httpx
import pytest

from pytest_aep_export.contract import load
from pytest_aep_export.model import Credentials
from pytest_aep_export.suite.journey import travel
from pytest_aep_export.suite.sending import Patience, Target
from pytest_aep_export.suite.targets import resolve

CHANGES = {
    f"{change}{what}"
    for change, what in product(("create", "replace", "patch", "delete"), ("MergePolicy", "SegmentDefinition"))
}


@pytest.mark.parametrize("dialect", ["canonical", "openapi"])
def test_with_writing_it_shows_the_whole_workflow(dialect):
    """Every operation but the older way to a token is asked for, but nobody's policies and segments are changed."""
    with resolve(dialect=dialect) as target:
        made = travel(target, write=True)
    succeeded = {one.operation for one in made if one.response.status < 400}
    assert succeeded == load().operations.keys() - {"requestTokenV2"} - CHANGES
    refused = {one.operation for one in made if one.response.status >= 400}
    assert {"createDataset", "createExportJob", "cancelExportJob", "listExportJobs", "getFile"} <= refused


def test_without_writing_it_changes_nothing():
    """It asks for a token and otherwise only reads, also where there is something to read."""
    with resolve() as target:
        travel(target, write=True)
        made = travel(target, write=False)
    assert {one.request.method for one in made} <= {"GET", "HEAD"}
    assert {"getFile", "headFile", "getExportJob", "getBatch", "previewDataset"} <= {one.operation for one in made}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'{"records": 1}',
        b'{"records": [1, {}]}',
        b"x",
        b'{"records": [{"id": 1, "status": "SUCCEEDED"}]}',
    ],
)
def test_whatever_is_answered_the_journey_ends(body):
    """A step that has nothing to go on with is left out; strange answers are shown as they are."""

    def answer(request: httpx.Request) -> httpx.Response:
        token = {"access_token": "x", "token_type": "bearer", "expires_in": 9}
        return httpx.Response(200, json=token) if "/ims/" in request.url.path else httpx.Response(200, content=body)

    who = Credentials("key", "secret", f"{'0' * 24}@AdobeOrg")
    patience = Patience(poll=0, deadline=0)
    target = Target("http://t.invalid", who, patience=patience, transport=httpx.MockTransport(answer))
    made = travel(target, write=True)
    assert {"createDataset", "listExportJobs", "cancelExportJob"} <= {one.operation for one in made}
