"""The truth about a tenant's exports: what the oracle expects is what a client reads, of fake profiles and own rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pytest_aep_export.client import AepClient
from pytest_aep_export.client.payloads import EventSelection, ProfileSelection, SegmentSelection, export_job_payload
from pytest_aep_export.contract.union import load_union
from pytest_aep_export.emulator import Tenant
from pytest_aep_export.emulator.truth import LoadedProfiles
from pytest_aep_export.errors import BadRequestError, ConfigurationError
from pytest_aep_export.exporter.plan import InvalidExportError
from pytest_aep_export.model import Dataset, ExportJob
from pytest_aep_export.profiles import DEFAULT_POLICIES, DEFAULT_SEGMENTS, ProfileData, generate

Rows = list[dict[str, Any]]
SEGMENTS = [SegmentSelection(segment.id, segment.namespace) for segment in DEFAULT_SEGMENTS]


@pytest.fixture
def exported(aep_client: AepClient, aep_dataset: Dataset) -> Callable[..., tuple[Rows, ExportJob]]:
    """Exports with these options, and gives the rows that a client reads and the job that wrote them."""

    def export(**options: Any) -> tuple[Rows, ExportJob]:
        job = aep_client.wait_for_export_job(aep_client.create_export_job(aep_dataset.id, **options))
        return aep_client.read_table(job).to_pylist(), job

    return export


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"fields": "personalEmail.address,identityMap.Email"},
        {"merge_policy": DEFAULT_POLICIES[2]},
        {"events": EventSelection(fields=["timestamp", "eventType"], ingested_after="2018-10-25T13:22:04-07:00")},
        {"profiles": ProfileSelection(segments=SEGMENTS[1:2])},
        {"profiles": ProfileSelection(segments=SEGMENTS), "segment_per_batch": True, "fields": "personID"},
        {"profiles": ProfileSelection(empty_profiles=True), "segment_per_batch": True},
    ],
    ids=["all", "fields", "policy", "events", "segment", "batch per segment", "empty"],
)
def test_what_is_expected_of_a_job_is_what_it_exports(aep_profiles, aep_dataset, exported, options: dict[str, Any]):
    """Asked about the job or about the request that made it, the rows are the ones that were read, in their order."""
    profiles = aep_profiles(60, seed=11)
    rows, job = exported(**options)

    assert rows
    assert profiles.expected(job) == rows
    assert profiles.expected(export_job_payload(aep_dataset.id, **options)) == rows


@pytest.mark.parametrize("segment", DEFAULT_SEGMENTS, ids=lambda segment: segment.name)
def test_a_segment_brings_its_merge_policy_along(aep_emulator: Tenant, aep_profiles, segment):
    """A request for one segment and no policy is expected to be merged by the segment's."""
    aep_profiles(60, seed=11)
    asked = {"schema": {"name": "_xdm.context.profile"}, "filter": {"segments": [
        {"segmentId": segment.id, "segmentNs": segment.namespace}
    ]}}  # fmt: skip

    assert aep_emulator.expected(asked) == aep_emulator.expected(asked | {"mergePolicy": {"id": segment.policy}})


def test_what_is_expected_keeps_the_order_of_partitions(aep_emulator: Tenant, exported):
    """Batch by batch, and in each piece by piece of the data; with profiles that have events only."""
    made = generate(80, seed=2)
    data = ProfileData.of(made.fragments, made.events, rows=50)
    aep_emulator.load(data)
    rows, job = exported(profiles=ProfileSelection(empty_profiles=True), merge_policy=DEFAULT_POLICIES[2])

    assert len(data.partitions) > 1
    assert aep_emulator.expected(job) == rows

    rows, job = exported(profiles=ProfileSelection(segments=SEGMENTS), segment_per_batch=True)
    assert aep_emulator.expected(job) == rows


@pytest.mark.aep_emulator(row_order="shuffled", unselected="null")
def test_what_is_expected_of_a_shuffled_export_has_another_order(aep_profiles, exported):
    """The rows are the same; columns that were not selected are there, as the tenant writes them."""
    profiles = aep_profiles(60, seed=11)
    rows, job = exported(fields="personID")
    expected = profiles.expected(job)

    assert "person" in expected[0]
    assert rows != expected
    assert sorted(rows, key=repr) == sorted(expected, key=repr)


def test_what_is_expected_goes_by_the_policy_that_the_job_has(aep_emulator: Tenant, aep_profiles, exported):
    """A policy that changes later changes nothing for a job that there is."""
    profiles = aep_profiles(60, seed=11)
    rows, job = exported(merge_policy=DEFAULT_POLICIES[0])
    aep_emulator.add_merge_policy(replace(DEFAULT_POLICIES[0], graph="pdg"))

    assert profiles.expected(job) == rows
    assert len(profiles.expected({"schema": {"name": "_xdm.context.profile"}})) < len(rows)


def test_nothing_is_expected_of_what_cannot_be(aep_emulator: Tenant, aep_profiles, exported):
    """A job of another tenant, a policy that is not there and a field that is not there are named."""
    profiles = aep_profiles(3)
    _, job = exported()
    asked: dict[str, Any] = {"schema": {"name": "_xdm.context.profile"}}

    with pytest.raises(ConfigurationError, match=f"of export job {job.id}: this tenant has no such job"):
        aep_emulator.sandbox("dev").expected(job)
    with pytest.raises(ConfigurationError, match="this sandbox has no merge policy for it"):
        profiles.expected(asked | {"mergePolicy": {"id": "none", "version": 1}})
    with pytest.raises(InvalidExportError, match="/fields: 'nick' is no field"):
        profiles.expected(asked | {"fields": "nick"})


ROWS: Rows = [
    {
        "identityMap": {"Email": [{"id": "jane@example.com"}]},
        "person": {"name": {"firstName": "Jane"}},
        "_acme": {"loyaltyTier": "gold", "points": 250},
    },
    {"identityMap": {"Email": [{"id": "zoë@example.com"}]}, "_acme": {"loyaltyTier": "silver"}},
    {"identityMap": {"Email": [{"id": "zoë@example.com"}]}, "_acme": {"points": 7}},
    {
        "_id": "visit-1",
        "timestamp": "2024-02-06T12:00:00Z",
        "identityMap": {"Email": [{"id": "jane@example.com"}]},
        "_acme": {"campaign": "spring"},
    },
]
UNION = load_union().extended(
    profile={"_acme": {"loyaltyTier": "string", "points": "integer", "scores": {"*": "number"}, "pets": ["string"]}},
    event={"_acme": {"campaign": "string"}},
)


@pytest.fixture
def own(aep_profiles) -> LoadedProfiles:
    """Rows of our own, with fields of a tenant."""
    loaded: LoadedProfiles = aep_profiles(ROWS, union=UNION)
    return loaded


def test_fields_of_a_tenant_are_exported_by_their_path(own: LoadedProfiles, exported):
    """Alone, they are all there is in the file, merged like any other."""
    rows, job = exported(fields="_acme.loyaltyTier,_acme.points")

    assert rows == [
        {"_acme": {"loyaltyTier": "gold", "points": 250}},
        {"_acme": {"loyaltyTier": "silver", "points": 7}},
    ]
    assert own.expected(job) == rows


def test_fields_of_a_tenant_are_exported_with_everything(own: LoadedProfiles, exported):
    """They come after the fields of the contract and before the events, which have them too."""
    rows, job = exported(events=EventSelection())

    assert list(rows[0])[-2:] == ["_acme", "timeSeriesEvents"]
    assert rows[0]["_acme"] == {"loyaltyTier": "gold", "points": 250, "scores": None, "pets": None}
    assert [event["_acme"] for event in rows[0]["timeSeriesEvents"]] == [{"campaign": "spring"}]
    assert rows[1]["timeSeriesEvents"] is None
    assert own.expected(job) == rows


def test_events_are_exported_by_the_path_of_a_tenant(own: LoadedProfiles, exported):
    """The union of events was extended by itself."""
    rows, job = exported(fields="personID", events=EventSelection(fields="_acme.campaign"))

    assert rows[0]["timeSeriesEvents"] == [{"_acme": {"campaign": "spring"}}]
    assert own.expected(job) == rows


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize("path", ["_acme.tier", "_acme.loyaltyTier.x", "_umbrella"])
def test_an_unknown_field_of_a_tenant_is_refused(aep_client: AepClient, aep_dataset: Dataset, path: str):
    """The union of the loaded data is what a request is held against: 400, and no job."""
    with pytest.raises(BadRequestError, match=f"/fields: '{path}' is no field of the union schema"):
        aep_client.create_export_job(aep_dataset.id, fields=path)
    assert list(aep_client.list_export_jobs()) == []


def test_a_tenant_without_own_rows_knows_no_fields_of_others(aep_client: AepClient, aep_dataset: Dataset):
    """An extension belongs to the data that it was loaded with."""
    with pytest.raises(BadRequestError, match="'_acme' is no field"):
        aep_client.create_export_job(aep_dataset.id, fields="_acme")


def test_all_that_a_union_can_be_extended_with_is_exported(aep_profiles, exported):
    """Objects, arrays and maps of every scalar, of one level and of more, also below fields that there were."""
    scalars = {kind: kind for kind in ("string", "boolean", "integer", "number", "date", "date-time")}
    union = load_union().extended(
        profile={
            "_acme": scalars | {
                "list": ["integer"], "items": [scalars], "map": {"*": "date-time"}, "deep": {"*": [{"*": "number"}]}
            },
            "segmentMembership": {"*": {"*": {"validUntil": "date-time"}}},
            "person": {"name": {"suffix": "string"}},
        }
    )  # fmt: skip
    values = {
        "string": "é", "boolean": True, "integer": 1, "number": 1.5, "date": "1990-01-03",
        "date-time": "2024-02-06T12:00:00Z",
    }  # fmt: skip
    acme = values | {
        "list": [1, 2],
        "items": [values, {}],
        "map": {"a": values["date-time"]},
        "deep": {"a": [{"b": 1}]},
    }
    item = {"status": "realized", "validUntil": "2024-02-06T12:00:00Z"}
    row = {"identityMap": {"Email": [{"id": "a"}]}, "person": {"name": {"suffix": "Jr"}}}
    rows = [row | {"_acme": acme}, row | {"_acme": {"string": "b"}, "segmentMembership": {"ups": {"s": item}}}]
    profiles = aep_profiles(rows, union=union)
    [exported_row], job = exported()

    assert profiles.expected(job) == [exported_row]
    assert exported_row["person"]["name"]["suffix"] == "Jr"
    assert exported_row["_acme"]["string"] == "b"
    assert exported_row["_acme"]["deep"] == [("a", [[("b", 1.0)]])]
    assert exported_row["segmentMembership"][0][1][0][1]["validUntil"].year == 2024
    paths = "_acme.deep.a,_acme.items.date,_acme.map,segmentMembership.ups.s.validUntil,person.name.suffix"
    [part], job = exported(fields=paths)
    assert profiles.expected(job) == [part]
    assert part["_acme"]["items"][1] == {"date": None}
