"""Own rows: what a record may look like, and what is put in where it says nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from pytest_aep_export.contract.union import load_union
from pytest_aep_export.profiles import load_profiles
from pytest_aep_export.profiles.policies import CRM, WEB

JANE = {"Email": [{"id": "jane@example.com"}]}
NOON = datetime(2024, 2, 6, 12, tzinfo=UTC)


def record(**fields: Any) -> dict[str, Any]:
    """A profile record of somebody, or with a ``timestamp`` an event."""
    return {"identityMap": JANE, **fields}


def loaded(**fields: Any) -> dict[str, Any]:
    """The row that a profile record with these fields makes, without what it does not have."""
    [row] = load_profiles([record(**fields)]).fragments.to_pylist()
    return {name: value for name, value in row.items() if value is not None}


def test_a_record_in_json_becomes_a_row():
    """Objects, arrays, maps and scalars of the documented sample are read as what the union schema says."""
    row = loaded(
        _id="a",
        person={"name": {"firstName": "Jane", "lastName": "Doe"}, "birthDate": "1990-01-03"},
        personalEmail={"primary": True, "address": "jane@example.com"},
        homeAddress={"_schema": {"latitude": 37.33, "longitude": -121}},
        organizations=["Acme", "Umbrella"],
        segmentMembership={"ups": {"s": {"lastQualificationTime": "2024-04-26T15:52:25Z", "status": "realized"}}},
    )

    assert row["person"]["name"] == {"firstName": "Jane", "middleName": None, "lastName": "Doe", "fullName": None}
    assert row["person"]["birthDate"] == date(1990, 1, 3)
    assert row["personalEmail"] == {"primary": True, "address": "jane@example.com", "type": None, "status": None}
    assert row["homeAddress"]["_schema"] == {"latitude": 37.33, "longitude": -121.0}
    assert row["organizations"] == ["Acme", "Umbrella"]
    when = datetime(2024, 4, 26, 15, 52, 25, tzinfo=UTC)
    assert row["segmentMembership"] == [("ups", [("s", {"lastQualificationTime": when, "status": "realized"})])]
    assert row["identityMap"] == [
        ("Email", [{"id": "jane@example.com", "authenticatedState": None, "primary": None}])
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["2024-02-06T12:00:00Z", "2024-02-06T13:00:00.000+01:00", "2024-02-06t12:00:00z", "2024-02-06T12:00:00.000999Z"],
)
def test_a_time_is_text_with_a_zone(text: str):
    """RFC 3339 in any zone, down to the millisecond; what is finer is dropped."""
    assert loaded(ingestTime=text)["ingestTime"] == NOON


@pytest.mark.parametrize(
    "moment", [NOON, NOON.astimezone(timezone(timedelta(hours=-7))), NOON + timedelta(microseconds=999)]
)
def test_a_time_is_a_datetime_with_a_zone(moment: datetime):
    """So do datetimes that know their zone."""
    assert loaded(ingestTime=moment)["ingestTime"] == NOON


def test_a_time_before_the_epoch_is_cut_downwards():
    """Fractions of a millisecond are dropped towards the past, as in the bounds of a request."""
    moment = datetime(1969, 12, 31, 23, 59, 59, 999_500, tzinfo=UTC)
    assert loaded(ingestTime=moment)["ingestTime"] == moment.replace(microsecond=999_000)


def test_the_first_and_the_last_moment_are_times():
    """The years 1 to 9999 can be loaded, and read back."""
    for text in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z"):
        assert loaded(ingestTime=text)["ingestTime"] == datetime.fromisoformat(text)


def test_a_date_is_a_date():
    """Dates are taken as dates too."""
    assert loaded(person={"birthDate": date(1990, 1, 3)})["person"]["birthDate"] == date(1990, 1, 3)


def test_whole_numbers_may_be_written_as_fractions():
    """JSON tells 3 from 3.0 nowhere; the ends of 64 bits are kept to the last digit."""
    event = record(_id="e", timestamp=NOON, environment={"browserDetails": {"viewportWidth": 3.0}})
    items = [{"quantity": 2**63 - 1, "priceTotal": 5}, {"quantity": -(2**63), "priceTotal": 10**20}]
    [row] = load_profiles([event | {"productListItems": items}]).events.to_pylist()

    assert row["environment"]["browserDetails"]["viewportWidth"] == 3
    assert [item["quantity"] for item in row["productListItems"]] == [2**63 - 1, -(2**63)]
    assert [item["priceTotal"] for item in row["productListItems"]] == [5.0, 1e20]


def test_null_is_the_same_as_left_out():
    """Members and map entries that are null are not there; in a list null stays, for it has a place."""
    row = loaded(
        _id=None,
        person={"name": None, "gender": "female"},
        segmentMembership={"ups": {"s": None, "t": {"status": "exited"}}, "aam": None},
        organizations=["a", None],
        datasetId=None,
    )

    assert "_id" not in row
    assert row["person"] == {"name": None, "birthDate": None, "gender": "female"}
    assert [(space, [key for key, _ in items]) for space, items in row["segmentMembership"]] == [("ups", ["t"])]
    assert row["organizations"] == ["a", None]
    assert row["datasetId"] == CRM


def test_a_map_may_be_a_list_of_pairs():
    """That is how Arrow gives maps to Python, and a key may even occur twice."""
    pairs = [("ups", [("s", {"status": "exited"})]), ("ups", [])]
    row = loaded(segmentMembership=pairs)

    assert row["segmentMembership"] == [
        ("ups", [("s", {"lastQualificationTime": None, "status": "exited"})]), ("ups", []),
    ]  # fmt: skip


def test_a_record_with_a_timestamp_is_an_event():
    """Both classes may come in one list; each keeps its order."""
    rows = [record(_id="1"), record(_id="2", timestamp="2024-02-06T12:00:00Z", eventType="x"), record(_id="3")]
    data = load_profiles(rows)

    assert data.fragments["_id"].to_pylist() == ["1", "3"]
    assert data.events["_id"].to_pylist() == ["2"]
    assert data.events["timestamp"].to_pylist() == [NOON]


def test_events_may_come_apart():
    """What is given as events comes after what was found among the rows."""
    rows = [record(_id="1", timestamp=NOON), record(_id="2")]
    data = load_profiles(rows, events=[record(_id="3", timestamp=NOON)])

    assert data.fragments["_id"].to_pylist() == ["2"]
    assert data.events["_id"].to_pylist() == ["1", "3"]


def test_many_rows_keep_their_order():
    """However many rows are made at once, none is lost or moved."""
    rows = [record(_id=str(n), **({"timestamp": NOON} if n % 3 else {})) for n in range(2000)]
    data = load_profiles(iter(rows))

    assert data.fragments["_id"].to_pylist() == [str(n) for n in range(2000) if not n % 3]
    assert data.events["_id"].to_pylist() == [str(n) for n in range(2000) if n % 3]


def test_no_rows_are_data_too():
    """An empty source makes two empty tables."""
    data = load_profiles([])
    assert (data.fragments.num_rows, data.events.num_rows) == (0, 0)


def test_the_primary_identity_is_that_of_the_identity_map():
    """The one that is marked, or the only one there is, however often."""
    marked = {"ECID": [{"id": "1"}, {"id": "2", "primary": True}], "Email": [{"id": "3", "primary": False}]}
    assert (identity := loaded(identityMap=marked))["identityNamespace"] == "ECID"
    assert identity["identityId"] == "2"

    twice = [("Email", [{"id": "3"}]), ("ECID", []), ("Email", [{"id": "3", "primary": False}])]
    assert (identity := loaded(identityMap=twice))["identityNamespace"] == "Email"
    assert identity["identityId"] == "3"


def test_the_columns_of_the_identity_come_first():
    """A record that names its primary identity needs no identity map, and is not overruled by one."""
    named = {"identityNamespace": "CRMID", "identityId": "7"}
    assert loaded(**named)["identityId"] == "7"
    [row] = load_profiles([named]).fragments.to_pylist()
    assert (row["identityNamespace"], row["identityId"], row["identityMap"]) == ("CRMID", "7", None)


def test_origins_have_defaults_and_no_clock():
    """Dataset and time of ingestion are made up from nothing but the record; an event arrives when it happens."""
    data = load_profiles([record(), record(_id="e", timestamp=NOON)])
    [profile], [event] = data.fragments.to_pylist(), data.events.to_pylist()

    assert (profile["datasetId"], profile["ingestTime"]) == (CRM, datetime(2018, 6, 1, tzinfo=UTC))
    assert (event["datasetId"], event["ingestTime"]) == (WEB, NOON)


def test_origins_can_be_said():
    """A record's own word counts, then that of the call."""
    early = "2001-01-01T00:00:00Z"
    rows = [record(datasetId="mine", ingestTime=early), record(), record(_id="e", timestamp=NOON, ingestTime=early)]
    data = load_profiles(rows, dataset="crm", event_dataset="shop")

    assert data.fragments["datasetId"].to_pylist() == ["mine", "crm"]
    assert data.fragments["ingestTime"].to_pylist()[0] == datetime.fromisoformat(early)
    assert data.events["datasetId"].to_pylist() == ["shop"]
    assert data.events["ingestTime"].to_pylist() == [datetime.fromisoformat(early)]


def test_fields_of_a_tenant_are_loaded():
    """What the union was extended with is a column like any other, and the data knows its union."""
    union = load_union().extended(
        profile={"_acme": {"tier": "string", "scores": {"*": "number"}}}, event={"_acme": {"visit": "integer"}}
    )
    rows = [record(_acme={"tier": "gold", "scores": {"a": 1}}), record(_id="e", timestamp=NOON, _acme={"visit": 3})]
    data = load_profiles(rows, union=union)

    assert data.union is union
    assert data.fragments["_acme"].to_pylist() == [{"tier": "gold", "scores": [("a", 1.0)]}]
    assert data.events["_acme"].to_pylist() == [{"visit": 3}]
