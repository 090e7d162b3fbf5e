"""What a tenant is asked for, by what its exports hold."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aep_export.suite.choices import SHAPES, Segment, cuts, member, segments, shapes
from pytest_aep_export.suite.records import Membership, Record

NAME = pa.struct({"firstName": pa.string(), "lastName": pa.string()})
SCHEMA = pa.schema(
    {
        "identityMap": pa.map_(pa.string(), pa.list_(pa.struct({"id": pa.string()}))),
        "_id": pa.string(),
        "personID": pa.string(),
        "person": pa.struct({"birthDate": pa.string(), "name": NAME}),
        "email": pa.struct({"address": pa.string(), "type": pa.string()}),
        "identities": pa.list_(pa.struct({"id": pa.string(), "namespace": pa.struct({"code": pa.string()})})),
        "organizations": pa.list_(pa.string()),
        "labels": pa.map_(pa.string(), pa.string()),
        "timeSeriesEvents": pa.list_(pa.struct({"_id": pa.string(), "web": pa.struct({"page": pa.string()})})),
    }
)
WHOLE: dict[str, Any] = {
    "identityMap": [("ECID", [{"id": "1"}])],
    "_id": "1",
    "personID": "2",
    "person": {"birthDate": "1990-01-03", "name": {"firstName": "Jane", "lastName": "Doe"}},
    "email": {"address": "jane@example.com"},
    "identities": [{"id": "1", "namespace": {"code": "ECID"}}],
    "organizations": ["A"],
    "labels": [("a", "b")],
    "timeSeriesEvents": [{"_id": "1", "web": {"page": "home"}}],
}


def table(**changes: Any) -> pa.Table:
    """A row of everything, but for the changes."""
    return pa.Table.from_pylist([WHOLE | changes], schema=SCHEMA)


def test_a_path_of_each_shape():
    """Each shape is shown by a column of its own; identities and events are asked for anyway."""
    assert shapes(table()) == {
        "a value": "_id",
        "a member of an object": "person.name.firstName",
        "an object": "email",
        "a member in an array": "identities.id",
        "an array": "organizations",
        "a map": "labels",
    }
    assert set(shapes(table())) == set(SHAPES)


@pytest.mark.parametrize(
    ("changes", "shape", "expected"),
    [
        ({"_id": None}, "a value", "personID"),
        ({"_id": None, "personID": None}, "a value", None),
        ({"person": {"birthDate": "1990-01-03"}}, "a member of an object", "person.birthDate"),
        ({"person": None}, "a member of an object", "email.address"),
        ({"person": None}, "an object", None),
        ({"labels": []}, "a map", None),
        ({"organizations": []}, "an array", None),
        ({"identities": [{"namespace": {"code": "ECID"}}]}, "a member in an array", "identities.namespace.code"),
    ],
)
def test_only_what_holds_values_is_chosen(changes: dict[str, Any], shape: str, expected: str | None):
    """A column without a value shows no shape; another of its kind takes its place."""
    assert shapes(table(**changes)).get(shape) == expected


def test_a_member_of_the_events():
    """Of the events the deepest field that holds a value is chosen."""
    assert member(table()) == "web.page"
    assert member(table(timeSeriesEvents=[{"_id": "1"}])) == "_id"
    assert member(table(timeSeriesEvents=[])) is None


def people(*statuses: str) -> list[Record]:
    """Profiles with these memberships: ``a+`` is realized in segment a, ``a-`` has left it, ``A`` is of aam."""
    return [Record(frozenset(), frozenset(), memberships=tuple(map(membership, text.split()))) for text in statuses]


def membership(text: str) -> Membership:
    """One membership."""
    return Membership("aam" if text[0].isupper() else "ups", text[0], "realized" if text[1] == "+" else "exited")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([], ""),
        (["a+", "a+"], ""),
        (["a-", ""], ""),
        (["a+", ""], "a"),
        (["a+", "b+", "", ""], "ab"),
        (["a+ b+", "b-", ""], "ba"),
        (["a+ b+ A+", "a+ b+", "", ""], "aA"),
        (["b+ a+", "b+", "", ""], "ba"),
        (["c+", "a+", "b+", ""], "ab"),
    ],
)
def test_two_telling_segments(found: list[str], expected: str):
    """Two segments with some in them and some not: first who has been left too, and then one of another namespace."""
    chosen = segments(people(*found))
    assert "".join(segment.id for segment in chosen) == expected


def test_the_status_in_a_segment():
    """A profile's status is that in the segment of that id and namespace, in whatever case."""
    [record] = people("a- b+")
    assert Segment("UPS", "a").status(record) == "exited"
    assert Segment("ups", "b").status(record) == "realized"
    assert Segment("aam", "a").status(record) is None
    assert Segment("ups", "A").status(record) is None


def test_the_entry_of_a_segment():
    """A segment's members are asked for by its id and namespace, unless something else is said."""
    segment = Segment("ups", "a")
    assert segment.entry() == {"segmentId": "a", "segmentNs": "ups", "status": ["realized"]}
    assert segment.entry(segmentNs="UPS") == {"segmentId": "a", "segmentNs": "UPS", "status": ["realized"]}


def test_two_cuts():
    """Two whole seconds are found between times that are far enough apart, the same for the same times."""
    assert cuts([0, 10_000, 20_000, 5_000]) == ("1970-01-01T00:00:01Z", "1970-01-01T00:00:11Z")


@pytest.mark.parametrize("moments", [[], [0], [0, 10_000], [0, 2_000, 4_000], [0, 0, 10_000], range(100)])
def test_no_two_cuts(moments: list[int]):
    """Times that are too few or too close cannot be shared out in three."""
    assert cuts(moments) is None


@given(st.lists(st.integers(0, 10**12), max_size=40))
def test_cuts_share_out(moments: list[int]):
    """Each of the three parts has some of the times, and none is on a cut."""
    found = cuts(moments)
    if found is None:
        return
    first, second = (int(datetime.fromisoformat(text).timestamp() * 1000) for text in found)
    assert any(moment < first for moment in moments)
    assert any(first < moment < second for moment in moments)
    assert any(moment > second for moment in moments)
    assert not {first, second} & set(moments)
