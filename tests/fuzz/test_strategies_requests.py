"""Strategies for what clients send: the right is accepted, a near miss is refused for what it is, nothing crashes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_aep_export import Emulator, Request
from pytest_aep_export.contract import load
from pytest_aep_export.contract.schemas import Schemas
from pytest_aep_export.contract.union import UnknownFieldError, load_union
from pytest_aep_export.exporter.plan import InvalidExportError, plan
from pytest_aep_export.fuzz.strategies import (
    Known,
    NearMiss,
    export_job_requests,
    field_paths,
    mistakes_of,
    segments_filters,
)
from pytest_aep_export.model import MergePolicy
from tests.fuzz.emulated import JOBS, Emulated
from tests.fuzz.simplest import first, simplest

SCHEMA = Schemas(load().document).named("ExportJobRequest")
LEAST = {"destination": {"datasetId": "5b020a27e7040801dedba61b"}, "schema": {"name": "_xdm.context.profile"}}
POLICY = MergePolicy("by-time")


@pytest.fixture(scope="module")
def emulated() -> Iterator[Emulated]:
    """A tenant whose exports are as small as they get."""
    with Emulator(profiles=2) as emulator:
        yield Emulated(emulator)


def asked(emulated: Emulated, body: Any) -> Any:
    """The body with the dataset that there is, where it names the one that strategies name by themselves."""
    target = body.get("destination")
    if not isinstance(target, dict) or target.get("datasetId") != LEAST["destination"]["datasetId"]:
        return body
    return {**body, "destination": {**target, "datasetId": emulated.dataset_id}}


@given(export_job_requests())
@settings(max_examples=25)
def test_a_request_is_valid_and_its_export_succeeds(emulated: Emulated, body: dict[str, Any]):
    """The contract finds nothing, the emulator takes it, and the job that comes of it ends well."""
    assert SCHEMA.violations(body) == []
    created = emulated.create(asked(emulated, body))
    assert created.status == 200, created.body
    number = created.json()["id"]
    assert [emulated.tenant.step(number).status for _ in range(2)] == ["PROCESSING", "SUCCEEDED"]
    assert emulated.emulator.defects == ()


NEAR = export_job_requests(mistakes="*")


@given(NEAR)
@settings(max_examples=50)
def test_a_near_miss_is_refused_for_its_mistake(emulated: Emulated, miss: NearMiss[dict[str, Any]]):
    """The refusal names the place of the mistake, or what holds it, and no other."""
    found = {violation.pointer for violation in SCHEMA.violations(miss.value)}
    assert found in ({miss.place}, set())
    refused = emulated.create(asked(emulated, miss.value))
    assert refused.status == 400, miss
    problem = refused.json()
    title, *details = (each["message"] for each in problem["errors"]["400"])
    assert details, title
    assert all(told.startswith((f"{miss.place}:", f"{miss.place}/", *_parents(miss.place))) for told in details)


def _parents(place: str) -> list[str]:
    """How a message begins that names what holds the place: a window is refused as a whole."""
    names = place.split("/")[1:]
    return [f"/{'/'.join(names[:count])}:" for count in range(1, len(names))]


@pytest.mark.parametrize("name", mistakes_of(export_job_requests)[::45])
def test_a_mistake_is_drawn_by_its_name(name: str):
    """Whoever names a mistake gets it, in the simplest request that has it."""
    miss = first(export_job_requests(mistakes=name))
    assert miss.mistake.name == name


@given(export_job_requests(mistakes="/mergePolicy/version *"))
@settings(max_examples=15)
def test_a_mistake_is_made_where_it_is_the_only_one(miss: NearMiss[dict[str, Any]]):
    """A policy's version is wrong in a request that names a policy: without one, the id would be missing too."""
    assert {violation.pointer for violation in SCHEMA.violations(miss.value)} == {"/mergePolicy/version"}


def test_every_mistake_of_a_body_that_is_refused_is_known():
    """The mistakes are those that fuzzing knows, of the schema and of what it refers to; each has a name of its own."""
    names = mistakes_of(export_job_requests)
    assert len(names) == len(set(names)) > 200
    assert {"/schema is missing", "/fields is 5", "a field that leads to nothing", "a policy that does not exist"} <= {
        *names
    }
    assert not any("odd text 1" in name for name in names if name.startswith("/fields"))


@given(export_job_requests(hostile=True))
@settings(max_examples=40)
def test_a_hostile_request_crashes_nothing(emulated: Emulated, request_: Request):
    """Whatever is sent, the answer is one of the contract's; who calls is left to the caller."""
    assert not {"authorization", "x-api-key", "x-gw-ims-org-id", "x-sandbox-name"} & {*request_.headers}
    answer = emulated.send(request_)
    assert 200 <= answer.status < 500
    assert not [v for v in load().validate_response("createExportJob", answer) if v.pointer != "/header/content-type"]
    assert emulated.emulator.defects == ()


@given(st.data())
@settings(max_examples=25)
def test_requests_refer_to_what_is_known(data: st.DataObject):
    """Dataset, policies, segments and fields are those that the caller names."""
    union = load_union().extended(profile={"_acme": {"tier": "string"}})
    known = Known("mine", (POLICY,), (("own", "members"),), union)
    body = data.draw(export_job_requests(known))
    assert body["destination"]["datasetId"] == "mine"
    assert body.get("mergePolicy", {"id": "by-time"})["id"] == "by-time"
    for segment in body.get("filter", {}).get("segments", ()):
        assert (segment["segmentNs"], segment["segmentId"]) == ("own", "members")
    plan(body, POLICY, union)


@pytest.mark.parametrize(
    ("wanted", "members"),
    [
        (lambda _: True, {}),
        (lambda body: "fields" in body, {"fields": "_id"}),
        (lambda body: "mergePolicy" in body, {"mergePolicy": {"id": "0bf16e61-90e9-4204-b8fa-ad250360957b"}}),
        (
            lambda body: "segments" in body.get("filter", {}),
            {"filter": {"segments": [{"segmentId": "52c26d0d-45f2-47a2-ab30-ed06abc981ff"}]}},
        ),
        (
            lambda body: len(body.get("filter", {}).get("segmentQualificationTime", {})) == 2,
            {
                "filter": {
                    "segmentQualificationTime": {"startTime": "2024-05-01T00:00:00Z", "endTime": "2024-05-01T00:00:01Z"}
                }
            },
        ),
    ],
    ids=["anything", "fields", "a policy", "a segment", "a window"],
)
def test_requests_shrink_to_what_a_person_would_write(wanted: Any, members: dict[str, Any]):
    """The simplest request with a member has that member and what no request goes without."""
    assert simplest(export_job_requests(), wanted) == members | LEAST


@given(segments_filters())
@settings(max_examples=30)
def test_a_filter_is_valid_and_has_segments(filter_: dict[str, Any]):
    """It fits into a request, and an export can be planned with it."""
    assert SCHEMA.violations({**LEAST, "filter": filter_}) == []
    assert plan({**LEAST, "filter": filter_}, POLICY).segments


@given(segments_filters(mistakes="*"))
@settings(max_examples=40)
def test_a_near_miss_of_a_filter_is_refused_for_its_mistake(emulated: Emulated, miss: NearMiss[dict[str, Any]]):
    """In a request that is right otherwise, the filter is what is wrong."""
    body = asked(emulated, {**LEAST, "filter": miss.value})
    found = {violation.pointer for violation in SCHEMA.violations(body)}
    assert found in ({f"/filter{miss.place}"}, set())
    assert emulated.create(body).status == 400


@given(segments_filters(hostile=True))
@settings(max_examples=30)
def test_a_hostile_filter_crashes_nothing(emulated: Emulated, filter_: Any):
    """Any JSON in the place of a filter gets an answer."""
    assert emulated.create(asked(emulated, {**LEAST, "filter": filter_})).status in {200, 400, 413}
    assert emulated.emulator.defects == ()


def test_filters_shrink_to_one_segment():
    """The simplest filter names the first segment."""
    assert simplest(segments_filters()) == {"segments": [{"segmentId": "52c26d0d-45f2-47a2-ab30-ed06abc981ff"}]}


@given(field_paths(), field_paths("event"))
@settings(max_examples=40)
def test_a_path_leads_somewhere(profile: str, event: str):
    """Every path is one of its class's schema."""
    union = load_union()
    union.profile.resolve(profile)
    union.event.resolve(event)
    assert "," not in profile + event


def test_paths_lead_everywhere_and_shrink_to_the_first():
    """All fields can be drawn, with keys of maps; the simplest is the first of the schema."""
    assert simplest(field_paths()) == "_id"
    assert (
        simplest(field_paths("event"), lambda path: path.startswith("commerce.order.")) == "commerce.order.purchaseID"
    )
    assert simplest(field_paths(), lambda path: path.startswith("identityMap.")) == "identityMap.Email"
    union = load_union().extended(profile={"_acme": {"tier": "string"}})
    assert simplest(field_paths(union=union), lambda path: "_acme." in path) == "_acme.tier"


@given(field_paths(mistakes="*"))
@settings(max_examples=40)
def test_a_near_miss_of_a_path_leads_nowhere(emulated: Emulated, miss: NearMiss[str]):
    """The union schema has no such field, and a request for it is refused."""
    with pytest.raises((InvalidExportError, UnknownFieldError)):
        plan({**LEAST, "fields": miss.value}, POLICY)
    assert emulated.create(asked(emulated, {**LEAST, "fields": miss.value})).status == 400


@given(field_paths(hostile=True))
@settings(max_examples=30)
def test_a_hostile_path_crashes_nothing(emulated: Emulated, path: str):
    """Any text in the place of a path gets an answer."""
    assert emulated.create(asked(emulated, {**LEAST, "fields": path})).status in {200, 400, 413}
    assert emulated.emulator.defects == ()


def test_what_is_refused_leaves_no_job(emulated: Emulated):
    """After near misses, as many jobs are there as before."""
    url = f"{JOBS}?limit=100000"
    before = len(emulated.send(Request("GET", url)).json()["records"])
    for name in mistakes_of(export_job_requests)[::20]:
        miss = first(export_job_requests(mistakes=name))
        assert emulated.create(asked(emulated, miss.value)).status == 400
    assert len(emulated.send(Request("GET", url)).json()["records"]) == before
