"""Rows as plain values: what makes two of them the same, and what of them is known."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aep_export.suite import records as module
from pytest_aep_export.suite.records import Membership, below, counted, difference, events, milliseconds, read

Skipped = pytest.skip.Exception

IDENTITY = pa.struct({"id": pa.string(), "primary": pa.bool_()})
MEMBER = pa.struct({"status": pa.string(), "lastQualificationTime": pa.timestamp("ms", tz="UTC")})
SCHEMA = pa.schema(
    {
        "identityMap": pa.map_(pa.string(), pa.list_(IDENTITY)),
        "segmentMembership": pa.map_(pa.string(), pa.map_(pa.string(), MEMBER)),
        "person": pa.struct({"name": pa.struct({"firstName": pa.string()}), "age": pa.float64()}),
        "organizations": pa.list_(pa.string()),
        "timeSeriesEvents": pa.list_(pa.struct({"_id": pa.string(), "timestamp": pa.timestamp("ms", tz="UTC")})),
    }
)
NOON = datetime(2018, 7, 1, 12, tzinfo=UTC)
NOON_MS = 1_530_446_400_000


def rows(*found: dict[str, Any], schema: pa.Schema = SCHEMA) -> tuple[module.Record, ...]:
    """Exported rows."""
    return read(pa.Table.from_pylist([dict.fromkeys(schema.names) | row for row in found], schema=schema))


def test_what_a_row_holds():
    """A row's values have dotted paths, in which a map's key is a name and an array is nothing."""
    [record] = rows(
        {
            "identityMap": [("ECID", [{"id": "1", "primary": True}, {"id": "2"}])],
            "person": {"name": {"firstName": "Jane"}},
            "organizations": ["A", "B", "A"],
        }
    )
    assert record.identities == {("ECID", "1"), ("ECID", "2")}
    assert record.values == {
        ("identityMap.ECID.id", "'1'", 1),
        ("identityMap.ECID.id", "'2'", 1),
        ("identityMap.ECID.primary", "True", 1),
        ("person.name.firstName", "'Jane'", 1),
        ("organizations", "'A'", 2),
        ("organizations", "'B'", 1),
    }


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {"person": {}}),
        ({}, {"identityMap": [], "organizations": [], "segmentMembership": [("ups", [])]}),
        ({"organizations": ["A", "B"]}, {"organizations": ["B", None, "A"]}),
        ({"identityMap": [("a", [{"id": "1"}]), ("b", [])]}, {"identityMap": [("a", [{"id": "1"}])]}),
        ({}, {"timeSeriesEvents": [{"_id": "1"}]}),
        ({"person": {"age": float("nan")}}, {"person": {"age": float("nan")}}),
    ],
)
def test_rows_that_are_the_same(one: dict[str, Any], other: dict[str, Any]):
    """What is null, empty or absent is the same; so is every order, and a row with other events."""
    assert rows(one) == rows(other)


@pytest.mark.parametrize(
    "other",
    [
        {"organizations": ["A", "A"]},
        {"organizations": ["B"]},
        {"organizations": ["A"], "person": {"age": 0.0}},
        {"organizations": [""]},
    ],
)
def test_rows_that_differ(other: dict[str, Any]):
    """Other values, more of the same and values elsewhere make another row; an empty text is a value."""
    assert rows({"organizations": ["A"]}) != rows(other)


def test_columns_that_are_missing():
    """A row of fewer columns is the row whose other columns are null."""
    narrow = pa.schema([SCHEMA.field("organizations")])
    assert rows({"organizations": ["A"]}, schema=narrow) == rows({"organizations": ["A"]})


def test_maps_as_objects():
    """Identities and memberships are found where the maps are objects, as some services write them."""
    status = pa.struct({"status": pa.string(), "timestamp": pa.string()})
    schema = pa.schema(
        {
            "identityMap": pa.struct({"ECID": pa.list_(IDENTITY)}),
            "segmentMembership": pa.struct({"UPS": pa.struct({"s1": status})}),
        }
    )
    moment = {"status": None, "timestamp": "2018-07-01T12:00:00Z"}
    row = {"identityMap": {"ECID": [{"id": "1"}]}, "segmentMembership": {"UPS": {"s1": moment}}}
    [record] = rows(row, schema=schema)
    assert record.identities == {("ECID", "1")}
    assert record.memberships == (Membership("UPS", "s1", "realized", NOON_MS),)


def test_what_is_no_map_at_all():
    """Columns that have the names of maps and are none hold no identities and no memberships."""
    schema = pa.schema({"identityMap": pa.string(), "segmentMembership": pa.list_(pa.string())})
    [record] = rows({"identityMap": "1", "segmentMembership": ["s1"]}, schema=schema)
    assert (record.identities, record.memberships) == (frozenset(), ())
    [record] = rows({"identityMap": [("ECID", [{"primary": True}, None])]})
    assert record.identities == frozenset()


def test_memberships():
    """Each item of each namespace is a membership; without a status it is a realized one."""
    items = [("s1", {"status": "exited", "lastQualificationTime": NOON}), ("s2", {}), ("s3", None)]
    [record] = rows({"segmentMembership": [("ups", items)]})
    assert record.memberships == (Membership("ups", "s1", "exited", NOON_MS), Membership("ups", "s2", "realized", None))


def test_events_of_profiles():
    """Each event is known with its profile, its values and its time; a null is no event."""
    [record] = rows(
        {
            "identityMap": [("ECID", [{"id": "1"}])],
            "timeSeriesEvents": [{"_id": "a", "timestamp": NOON}, None, {"_id": "a", "timestamp": NOON}, {"_id": "b"}],
        }
    )
    assert [event.moment for event in record.events] == [NOON_MS, NOON_MS, None]
    counts = events([record], lambda values: below(values, "_id"))
    whose = frozenset({("ECID", "1")})
    assert counts == {
        (whose, frozenset({("_id", "'a'", 1)})): 2,
        (whose, frozenset({("_id", "'b'", 1)})): 1,
    }
    assert len(events([record])) == 2


def test_values_below_a_path():
    """A path stands for itself and all below it, and not for another name that begins like it."""
    values = frozenset((path, "1", 1) for path in ("a", "a.b", "a.b.c", "ab", "b.a"))
    assert {path for path, *_ in below(values, "a.b")} == {"a.b", "a.b.c"}
    assert {path for path, *_ in below(values, "a", "b")} == {"a", "a.b", "a.b.c", "b.a"}
    assert below(values) == frozenset()


def test_profiles_are_counted_by_what_is_seen_of_them():
    """Rows count by identities and by the values at some paths; of whom nothing is known does not count."""
    anne = {"identityMap": [("ECID", [{"id": "1"}])]}
    found = rows(anne | {"organizations": ["A"]}, anne | {"organizations": ["B"]}, {}, {"organizations": ["A"]})
    whose = frozenset({("ECID", "1")})
    assert counted(found, "person") == {(whose, frozenset()): 2}
    assert counted(found, "organizations").total() == 3


def test_a_difference_shows_no_values():
    """A difference is told by numbers only: the values may be somebody's personal data."""
    found, wanted = Counter({"jane@example.com": 2}), Counter({"jane@example.com": 1, "john@example.com": 3})
    assert difference(found, wanted) == "2: 1 that are not among the 4, and 3 of those are missing"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (NOON, NOON_MS),
        (NOON.replace(tzinfo=None), NOON_MS),
        ("2018-07-01T12:00:00Z", NOON_MS),
        ("2018-07-01T05:00:00-07:00", NOON_MS),
        ("noon", None),
        (1_530_446_400, None),
        (None, None),
    ],
)
def test_times(value: object, expected: int | None):
    """A time is read from a timestamp and from a text, in UTC where it says nothing else; anything else is none."""
    assert milliseconds(value) == expected


def test_too_many_rows(monkeypatch: pytest.MonkeyPatch):
    """An export that does not fit into memory as objects is not compared."""
    monkeypatch.setattr(module, "_MOST", 2)
    assert len(rows({}, {})) == 2
    with pytest.raises(Skipped, match="not verified: 3 rows are more than are compared, 2"):
        rows({}, {}, {})


def test_times_that_python_has_none_for():
    """Rows with a time far beyond the year 9999 are not compared, and break nothing."""
    table = pa.table({"at": pa.array([1 << 60], pa.timestamp("ms", tz="UTC"))})
    with pytest.raises(Skipped, match="not verified: the rows hold what cannot be compared"):
        read(table)


LEAVES = st.none() | st.text(max_size=2) | st.integers(0, 3)
VALUES = st.recursive(LEAVES, lambda below: st.dictionaries(st.sampled_from("abc"), below, max_size=3), max_leaves=8)


@given(st.dictionaries(st.sampled_from("xyz"), VALUES, max_size=3), st.randoms(use_true_random=False))
def test_the_order_of_members_makes_no_difference(row: dict[str, Any], lots: random.Random):
    """However the members of objects are ordered, the values are the same; those of a path are among them."""

    def shuffled(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {name: shuffled(value[name]) for name in lots.sample(sorted(value), len(value))}

    values = module._values(row)
    assert module._values(shuffled(row)) == values
    assert below(values, *row) == values
