"""Which fields of exported rows hold values, and of which types they are."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aep_export.suite.rows import attributes, events, filled, holds_members, lists_objects, times

EVENT = pa.struct({"_id": pa.string(), "environment": pa.struct({"browserDetails": pa.struct({"name": pa.string()})})})
SCHEMA = pa.schema(
    {
        "_id": pa.string(),
        "person": pa.struct({"name": pa.struct({"firstName": pa.string(), "lastName": pa.string()})}),
        "identities": pa.list_(pa.struct({"id": pa.string(), "xid": pa.string()})),
        "identityMap": pa.map_(pa.string(), pa.list_(pa.struct({"id": pa.string()}))),
        "timeSeriesEvents": pa.list_(EVENT),
    }
)


def rows(*found: dict) -> pa.Table:
    """Exported rows."""
    return pa.Table.from_pylist([dict.fromkeys(SCHEMA.names) | row for row in found], schema=SCHEMA)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({}, set()),
        ({"_id": "a"}, {"_id"}),
        ({"person": {}}, set()),
        ({"person": {"name": {"firstName": "Jane"}}}, {"person.name.firstName"}),
        ({"identities": []}, set()),
        ({"identities": [{"id": None}]}, set()),
        ({"identities": [{"id": None}, {"id": "x"}]}, {"identities.id"}),
        ({"identityMap": []}, set()),
        ({"identityMap": [("ECID", [{"id": "1"}])]}, {"identityMap"}),
        (
            {"timeSeriesEvents": [{"_id": "1", "environment": {"browserDetails": {"name": "Chrome"}}}]},
            {"timeSeriesEvents._id", "timeSeriesEvents.environment.browserDetails.name"},
        ),
    ],
)
def test_a_field_is_filled_when_some_row_has_a_value(row: dict, expected: set[str]):
    """A field is filled by one value anywhere; empty structs, lists and maps fill nothing."""
    assert filled(rows(row)) == expected
    assert filled(rows({}, row, {})) == expected


def test_a_table_without_rows_fills_nothing():
    """Nothing is filled where there are no rows."""
    assert filled(SCHEMA.empty_table()) == frozenset()


def test_events_and_attributes_are_told_apart():
    """Events are named as within an event, attributes as within the profile."""
    table = rows({"_id": "a", "timeSeriesEvents": [{"_id": "1"}]})
    assert (attributes(table), events(table)) == ({"_id"}, {"_id"})


def plain(value: object, path: str) -> set[str]:
    """The filled fields of a plain value: the second computation."""
    if isinstance(value, dict):
        return set().union(*(plain(child, f"{path}.{name}") for name, child in value.items()))
    if isinstance(value, list):
        return set().union(*(plain(child, path) for child in value))
    return set() if value is None else {path}


NAMES = st.one_of(st.none(), st.text(max_size=2))
PERSONS = st.fixed_dictionaries({"name": st.fixed_dictionaries({"firstName": NAMES, "lastName": NAMES})})
IDENTITIES = st.lists(st.one_of(st.none(), st.fixed_dictionaries({"id": NAMES, "xid": NAMES})), max_size=3)


@given(
    st.lists(
        st.fixed_dictionaries({"person": st.one_of(st.none(), PERSONS), "identities": st.none() | IDENTITIES}),
        max_size=4,
    )
)
def test_columns_and_rows_agree(found: list[dict]):
    """Column by column and row by row the same fields are filled."""
    expected = set().union(*(plain(value, name) for row in found for name, value in row.items()))
    assert filled(rows(*found)) == expected


@pytest.mark.parametrize(
    ("kind", "members", "objects"),
    [
        (pa.map_(pa.string(), pa.string()), True, False),
        (pa.struct({"a": pa.string()}), True, False),
        (pa.string(), False, False),
        (pa.list_(pa.string()), False, False),
        (pa.list_(EVENT), False, True),
        (pa.large_list(EVENT), False, True),
    ],
    ids=str,
)
def test_what_a_type_holds(kind: pa.DataType, members: bool, objects: bool):  # noqa: FBT001 - parameters
    """A map and an object have members; a list of either is one of objects."""
    assert (holds_members(kind), lists_objects(kind)) == (members, objects)


def test_times_are_known_by_their_type_and_by_the_schema():
    """A timestamp is a time wherever it stands, and what the schema has as a time is one of whichever type."""
    utc = pa.timestamp("ms", "UTC")
    membership = pa.map_(pa.string(), pa.map_(pa.string(), pa.struct({"lastQualificationTime": pa.string()})))
    event = pa.struct({"_id": pa.string(), "timestamp": pa.string(), "ours": pa.struct({"seen": utc})})
    schema = pa.schema({"segmentMembership": membership, "timeSeriesEvents": pa.list_(event), "never": utc})
    row = {
        "segmentMembership": [("ups", [("1", {"lastQualificationTime": "2020-01-01T00:00:00Z"})])],
        "timeSeriesEvents": [{"_id": "a"}],
        "never": None,
    }
    assert times(pa.Table.from_pylist([row], schema=schema)) == {
        "segmentMembership.*.*.lastQualificationTime": pa.string(),
        "timeSeriesEvents.timestamp": pa.string(),
        "timeSeriesEvents.ours.seen": utc,
    }
