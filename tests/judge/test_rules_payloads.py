"""What is sent to create datasets and jobs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.judge.traces import ASKED, DATASET, UNION, Wire, breaks, export, keeps, silent

TIME = "2018-10-25T13:22:04-07:00"


def events(time: Any) -> dict[str, Any]:
    """A request for a job with the events that were ingested after some time."""
    return ASKED | {"additionalFields": {"eventList": {"filter": {"fromIngestTimestamp": time}}}}


def test_an_export_shows_most_rules():
    """An export that is right in everything keeps what its bodies are held to; times it has none."""
    for requirement in ("018", "019", "021", "022", "023", "024"):
        keeps(requirement, export().own())
    silent("020", export().own())


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        (ASKED | {"fields": ["personID"]}, "/fields"),
        (ASKED | {"mergePolicy": {"id": "a", "version": "1"}}, "/mergePolicy/version"),
        (ASKED | {"mergePolicy": {}}, "/mergePolicy/id"),
        (ASKED | {"destination": {"datasetId": DATASET, "segmentPerBatch": "false"}}, "/destination/segmentPerBatch"),
        (b'{"destination": ', "the body"),
        (b"[]", "the body"),
        (b"", "the body"),
    ],
)
def test_a_member_of_another_type(sent: Any, found: str):
    """A member of another type, and what is no JSON object, is told by its place."""
    wire = export()
    wrong = wire.create({"title": "no"}, status=400, sent=sent, headers={"content-type": "application/json"})
    breaks("018", wrong, wire.own(), found)


@pytest.mark.parametrize(
    "sent",
    [ASKED | {"colour": "red"}, ASKED | {"destination": {"datasetId": DATASET, "dataSetId": DATASET}}],
)
def test_a_member_that_no_source_lists(sent: Any):
    """A member that is unknown is told, wherever it stands."""
    wire = export()
    breaks("019", wire.create(sent=sent), wire.own(), "only the members")


@pytest.mark.parametrize("time", ["2018-10-25", "2018-10-25 13:22:04", "2018-10-25T13:22:04", 1540498924000])
def test_a_time_in_another_form(time: Any):
    """A time without an offset, a date and a number are no times of RFC 3339."""
    wire = export()
    breaks("020", wire.create(sent=events(time)), wire.own(), "/fromIngestTimestamp")


@pytest.mark.parametrize("time", [TIME, "2018-10-25T20:22:04Z", "2018-10-25T20:22:04.123Z"])
def test_times_of_rfc_3339(time: str):
    """Any offset will do."""
    wire = Wire()
    wire.create(sent=events(time))
    keeps("020", wire.own())


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ({"schema": ASKED["schema"]}, "/destination"),
        ({"destination": {}, "schema": ASKED["schema"]}, "/destination/datasetId"),
        ({"destination": ASKED["destination"]}, "/schema"),
        ({"destination": ASKED["destination"], "schema": {}}, "/schema/name"),
    ],
)
def test_what_a_job_cannot_do_without(sent: Any, found: str):
    """A job names its dataset and its schema."""
    wire = export()
    breaks("021", wire.create(sent=sent), wire.own(), f"{found}: expected")


def test_another_class():
    """A job exports individual profiles."""
    wire = export()
    wrong = wire.create(sent=ASKED | {"schema": {"name": "_xdm.context.profile__union"}})
    breaks("022", wrong, wire.own(), "_xdm.context.profile__union")


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ({"name": "A name"}, "/schemaRef"),
        ({"schemaRef": UNION["schemaRef"]}, "/name"),
        (UNION | {"name": 7}, "/name"),
        (b"no JSON", "the body"),
    ],
)
def test_a_dataset_that_lacks_something(sent: Any, found: str):
    """A dataset has a name and refers to a schema."""
    wire = export()
    wrong = wire.dataset("@/dataSets/1", sent=sent, headers={"content-type": "application/json"})
    breaks("023", wrong, wire.own(), found)


def test_a_dataset_on_another_schema():
    """The dataset that a job exports into is on the union; what else a client creates is its own affair."""
    other = {"name": "A name", "schemaRef": {"id": "https://ns.adobe.com/acme/schemas/1", "contentType": "*"}}
    other["schemaRef"] = UNION["schemaRef"] | {"id": "https://ns.adobe.com/acme/schemas/1"}
    wire = export()
    wire.dataset("@/dataSets/0000000000000000deadbeef", sent=other)
    keeps("024", wire.own())
    wire = Wire()
    wire.token()
    wrong = wire.dataset(sent=other)
    wire.create()
    breaks("024", wrong, wire.own(), "acme")


def test_a_job_whose_dataset_was_there_before():
    """Of a dataset that was not created here nothing is known."""
    wire = Wire()
    wire.create()
    wire.create(sent={"destination": []})
    silent("024", wire.own())
