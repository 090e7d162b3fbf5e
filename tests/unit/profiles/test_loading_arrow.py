"""Arrow tables: column by column where that is enough, row by row where it is not, and the same either way."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest

from pytest_aep_export.contract.union import load_union
from pytest_aep_export.errors import InvalidRowsError
from pytest_aep_export.profiles import generate, load_profiles
from pytest_aep_export.profiles.fitting import fitted
from pytest_aep_export.profiles.policies import CRM, WEB
from pytest_aep_export.profiles.rows import Shape
from pytest_aep_export.profiles.schema import EVENTS, FRAGMENTS

PROFILE = Shape("a profile record", load_union().profile, FRAGMENTS, CRM)
EVENT = Shape("an event", load_union().event, EVENTS, WEB, ("_id", "timestamp"))
NOON = datetime(2024, 2, 6, 12, tzinfo=UTC)
NOW = pa.array([NOON], pa.timestamp("ms", tz="UTC"))
PLACE = pa.struct({"_schema": pa.struct({"latitude": pa.float32()})})
MAP = pa.map_(pa.string(), pa.list_(pa.struct({"id": pa.string()})))
SEGMENTS = FRAGMENTS.field("segmentMembership").type


def table(*rows: dict[str, Any], **types: pa.DataType) -> pa.Table:
    """Rows of one person, with columns of these types."""
    whole = [{"identityNamespace": "Email", "identityId": "a"} | row for row in rows or ({},)]
    names = dict.fromkeys(name for row in whole for name in row)
    return pa.table({name: pa.array([row.get(name) for row in whole], types.get(name)) for name in names})


def column_of(**values: Any) -> pa.Table:
    """One row of one person, with these columns."""
    origin = {"identityNamespace": pa.array(["Email"]), "identityId": pa.array(["a"])}
    return pa.table(origin | values)


def identities(namespace: str, item: dict[str, Any] | None) -> pa.Table:
    """One row of one person, with an identity map of one item."""
    return column_of(identityMap=pa.array([[(namespace, [item])]], MAP))


def test_generated_tables_fit_as_they_are():
    """They need no look at a row, and stay what they are."""
    data = generate(100, seed=2)

    assert data.fragments.equals(fitted(data.fragments, PROFILE))
    assert data.events.equals(fitted(data.events, EVENT))


@pytest.mark.parametrize(
    "columns",
    [
        {"_id": pa.array(["a"], pa.large_string())},
        {"_id": pa.array(["a"]).dictionary_encode()},
        {"_id": pa.nulls(1)},
        {"ingestTime": pa.array([NOON], pa.timestamp("ns", tz="Asia/Tokyo"))},
        {"ingestTime": pa.array([NOON], pa.timestamp("s", tz="UTC"))},
        {"person": pa.array([{"birthDate": date(1990, 1, 3)}], pa.struct({"birthDate": pa.date64()}))},
        {"person": pa.array([None], pa.struct({"gender": pa.string()}))},
        {"homeAddress": pa.array([{"_schema": {"latitude": 1.5, "longitude": 3}}])},
        {"homeAddress": pa.array([{"_schema": {"latitude": 3}}], PLACE)},
        {"organizations": pa.array([["a", None]], pa.large_list(pa.large_string()))},
        {"identityMap": pa.array([[("Email", [{"id": "a"}])]],
                                 pa.map_(pa.large_string(), pa.large_list(pa.struct({"id": pa.string()}))))},
    ],
)  # fmt: skip
def test_types_that_hold_the_same_are_cast(columns: dict[str, Any]):
    """Wider or narrower numbers, other texts, lists, units and zones, and structs with fewer members."""
    given = column_of(**columns)
    made = fitted(given, PROFILE)

    assert made is not None
    assert made.schema == FRAGMENTS
    assert made.equals(load_profiles(given.to_pylist()).fragments)


def test_members_and_columns_may_come_in_any_order():
    """A table is what its rows are, whichever way Arrow's cast takes it."""
    given = column_of(person=pa.array([{"gender": "x", "name": {"lastName": "b", "firstName": "a"}}]), _id=["1"])
    assert load_profiles(given).fragments.equals(load_profiles(given.to_pylist()).fragments)


def test_a_table_comes_after_the_rows_before_it():
    """Events of an Arrow table follow those that were found among plain rows."""
    first = {"identityNamespace": "Email", "identityId": "a", "_id": "1", "timestamp": NOON}
    data = load_profiles([first], events=table({"_id": "2", "timestamp": NOON}))
    assert data.events["_id"].to_pylist() == ["1", "2"]


def test_what_a_table_leaves_out_is_put_in():
    """Dataset and time of ingestion get the same defaults as those of a record."""
    made = load_profiles(table()).fragments.to_pylist()
    assert made == load_profiles(table().to_pylist()).fragments.to_pylist()
    assert (made[0]["datasetId"], made[0]["ingestTime"]) == (CRM, datetime(2018, 6, 1, tzinfo=UTC))

    events = table({"_id": "e", "timestamp": NOON})
    assert fitted(events, EVENT) is not None
    [event] = load_profiles(events, event_dataset="shop").events.to_pylist()
    assert (event["datasetId"], event["ingestTime"]) == ("shop", NOON)


@pytest.mark.parametrize(
    "given",
    [
        pa.table({"_id": ["a"], "identityMap": pa.array([{"Email": [{"id": "a"}]}])}),
        column_of(ingestTime=["2024-02-06T12:00:00Z"]),
        column_of(ingestTime=pa.array([NOON.replace(microsecond=1)], pa.timestamp("us", tz="UTC"))),
        column_of(person=pa.array([{"birthDate": "1990-01-03"}])),
        column_of(segmentMembership=pa.array([{"ups": {"s": {"status": "exited"}, "t": None}}])),
        column_of(datasetId=pa.array([None], pa.string())),
    ],
)  # fmt: skip
def test_what_columns_do_not_tell_rows_do(given: pa.Table):
    """Times and dates as text, structs for maps, origins to be derived: the rows are looked at, and are right."""
    assert fitted(given, PROFILE) is None
    assert load_profiles(given).fragments.equals(load_profiles(given.to_pylist()).fragments)


def test_a_struct_in_place_of_a_map_has_no_null_entries():
    """Arrow infers structs from Python's dicts, with the keys of all rows in each: what is null was not there."""
    rows = [{"identityMap": {"Email": [{"id": "a"}]}}, {"identityMap": {"ECID": [{"id": "b"}]}}]
    data = load_profiles(pa.Table.from_pylist(rows))

    assert [[key for key, _ in row] for row in data.fragments["identityMap"].to_pylist()] == [["Email"], ["ECID"]]
    assert data.fragments.equals(load_profiles(rows).fragments)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (column_of(identityId=[None]), "rows[0] /identityId: expected a text that is not empty"),
        (column_of(identityId=[""]), "rows[0] /identityId: expected a text that is not empty"),
        (column_of(identityNamespace=[""]), "rows[0] /identityNamespace: expected a text that is not empty"),
        (column_of(surname=["a"]), "rows[0] /surname: expected a field of a profile record"),
        (column_of(person=pa.array([{"surname": 1}])), "rows[0] /person/surname: expected name, or another"),
        (column_of(_id=[5]), "rows[0] /_id: expected a text, found 5"),
        (column_of(_id=[b"a"]), "rows[0] /_id: expected a text, found b'a'"),
        (column_of(person=["a"]), "rows[0] /person: expected an object"),
        (column_of(organizations=["a"]), "rows[0] /organizations: expected an array"),
        (column_of(ingestTime=pa.array([NOON.replace(tzinfo=None)])), "rows[0] /ingestTime: expected a time with its"),
        (column_of(homeAddress=pa.array([{"_schema": {"latitude": float("nan")}}])), "expected a finite number"),
        (column_of(homeAddress=pa.array([{"_schema": {"latitude": True}}])), "expected a finite number, found True"),
        (column_of(personalEmail=pa.array([{"primary": 1}])), "expected true or false, found 1"),
        (identities("Email", {"id": None}), "/identityMap/Email/0/id: expected an id that is not empty"),
        (identities("Email", None), "/identityMap/Email/0/id: expected an id that is not empty"),
        (identities("Email", {"id": ""}), "/identityMap/Email/0/id: expected an id that is not empty"),
        (identities("", {"id": "a"}), "/identityMap/: expected a namespace that is not empty"),
        (column_of(segmentMembership=pa.array([[("ups", [("s", None)])]], SEGMENTS)), "/ups/s: expected a membership"),
        (column_of(_id=["a"], timestamp=pa.array([None], NOW.type)), "/timestamp: expected a value"),
        (column_of(_id=pa.nulls(1), timestamp=NOW), "/_id: expected a value, as an event always has one"),
        (column_of(timestamp=NOW), "/_id: expected a value, as an event always has one"),
    ],
)  # fmt: skip
def test_a_table_with_a_bad_row_is_refused(given: pa.Table, message: str):
    """Whatever the columns, the error is that of the row."""
    with pytest.raises(InvalidRowsError) as caught:
        load_profiles(given)
    assert message in str(caught.value)


def test_integers_that_do_not_fit_are_refused():
    """An unsigned number of 64 bits may be one too large."""
    items = pa.array([[{"quantity": 2**63}]], pa.list_(pa.struct({"quantity": pa.uint64()})))
    given = column_of(_id=["e"], timestamp=NOW, productListItems=items)
    with pytest.raises(InvalidRowsError, match="/productListItems/0/quantity: expected a whole number of 64 bits"):
        load_profiles(given)


def test_what_is_hidden_below_a_null_is_not_looked_at():
    """A null list or struct may have anything beneath it in memory."""
    hidden = pa.ListArray.from_arrays(
        pa.array([0, 1], pa.int32()), pa.array([{"id": None}], MAP.item_type.value_type), mask=pa.array([True])
    )
    identities = pa.MapArray.from_arrays(pa.array([0, 1], pa.int32()), pa.array(["Email"]), hidden)
    given = column_of(identityMap=identities)

    assert fitted(given, PROFILE) is not None
    assert load_profiles(given).fragments["identityMap"].to_pylist() == [[("Email", None)]]
