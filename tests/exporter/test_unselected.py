"""Files with every column: what was not selected is there and null, and what was selected is as it was."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings

from pytest_aep_export.contract.union import Field, Union, load_union
from pytest_aep_export.exporter.engine import compute
from pytest_aep_export.exporter.plan import EventPlan, ExportPlan
from pytest_aep_export.exporter.reference import rows, rows_of, shape
from pytest_aep_export.exporter.unselected import widened
from pytest_aep_export.profiles.partitions import Tables
from pytest_aep_export.profiles.schema import arrow_type
from tests.exporter.agreement import Case
from tests.exporter.plain_rows import event, fragment, ids
from tests.exporter.profile_graphs import cases

WHOLE = pa.schema([(name, arrow_type(field)) for name, field in shape(ExportPlan(unselected="null")).members.items()])


def narrow(case: Case) -> pa.Table:
    """The engine's rows of a case, with the columns that were selected."""
    return compute(case.plan, Tables(case.data.fragments, case.data.events))[0]


def wide(case: Case) -> pa.Table:
    """The same with every column."""
    return widened(narrow(case), load_union())


@settings(max_examples=150, derandomize=True, deadline=None)
@given(cases())
def test_what_was_not_selected_is_null(case: Case) -> None:
    """Whatever was selected, the rows are the oracle's, and the schema is the whole union's with its events."""
    table = wide(case)
    table.validate(full=True)
    assert table.schema.equals(WHOLE)
    assert table.to_pylist() == rows(replace(case.plan, unselected="null"), case.data)


PATHS = ("personID", "person.name.lastName", "identities.namespace.code", "identityMap.Email.id")
EVERY_KIND = Case(
    ExportPlan(PATHS, events=EventPlan(("web.webReferrer.URL", "productListItems.SKU"))),
    [
        fragment("a", 1, personID="A", person={"name": {"firstName": "F", "lastName": "L"}}, identityMap=ids("a", "b")),
        fragment("b", 1, identityMap=ids("c", namespace="ECID")),
        fragment("c", 1, person={"name": {"lastName": "M"}}),
    ],
    [
        event("a", web={"webReferrer": {"URL": "u"}}, productListItems=[{"SKU": "1", "quantity": 2}, None]),
        event("c", productListItems=[{"quantity": 2}]),
    ],
)


def test_structs_get_their_members_and_maps_no_keys() -> None:
    """Worked out by hand: null members in structs, lists and map entries; no key that was not selected; no struct."""
    first, second, third = wide(EVERY_KIND).to_pylist()
    assert list(first) == WHOLE.names
    assert first["person"] == {
        "name": {"firstName": None, "middleName": None, "lastName": "L", "fullName": None},
        "birthDate": None,
        "gender": None,
    }
    item = {"authenticatedState": None, "primary": None}
    assert first["identityMap"] == [("Email", [{"id": "a", **item}, {"id": "b", **item}])]
    assert first["identities"] == [{"id": None, "namespace": {"code": "Email"}}] * 2
    [happened] = first["timeSeriesEvents"]
    assert happened["web"] == {"webPageDetails": None, "webReferrer": {"URL": "u"}}
    assert happened["environment"] is None
    product = dict.fromkeys(("SKU", "name", "quantity", "priceTotal", "currencyCode"))
    assert happened["productListItems"] == [product | {"SKU": "1"}, None]
    assert first["personalEmail"] is first["segmentMembership"] is None
    assert second["identityMap"] is second["person"] is second["timeSeriesEvents"] is None
    assert third["timeSeriesEvents"][0]["productListItems"] == [product]


def test_without_events_their_column_is_null() -> None:
    """Also an export without ``additionalFields`` has the column, as any on the union schema would."""
    plan = ExportPlan(("personID",), unselected="null")
    assert wide(Case(plan, [fragment("a")]))["timeSeriesEvents"].null_count == 1
    [row] = rows_of(plan, [fragment("a")])
    assert row["timeSeriesEvents"] is None


@pytest.mark.parametrize(("start", "length"), [(0, 3), (1, 2), (2, 1), (1, 0)])
def test_a_slice_is_widened_to_its_own_rows(start: int, length: int) -> None:
    """Tables cut from others, as parts and partitions are, keep to their rows."""
    sliced = widened(narrow(EVERY_KIND).slice(start, length), load_union())
    sliced.validate(full=True)
    assert sliced.to_pylist() == wide(EVERY_KIND).to_pylist()[start : start + length]


def test_chunks_stay_chunks() -> None:
    """A table in pieces is widened piece by piece."""
    table = narrow(EVERY_KIND)
    pieces = widened(pa.concat_tables([table.slice(1), table.slice(0, 1)]), load_union())
    first, *rest = wide(EVERY_KIND).to_pylist()
    assert pieces["person"].num_chunks == 2
    assert pieces.to_pylist() == [*rest, first]


def test_what_a_null_hides_stays_hidden() -> None:
    """A null list, map or struct over values, as Arrow allows it, is null, and widening makes nothing of it."""
    hidden: Any = [False, True]
    items = pa.array([{"id": "a"}, {"id": "b"}])
    lists: Any = pa.ListArray.from_arrays(pa.array([0, 1, 2], pa.int32()), items, mask=pa.array(hidden))
    names = pa.array([{"lastName": "L"}, {"lastName": "M"}])
    structs: Any = pa.StructArray.from_arrays([names], ["name"], mask=pa.array(hidden))
    offsets = pa.array([0, 1, 2], pa.int32())
    keyed: Any = pa.MapArray.from_arrays(
        offsets, pa.array(["E", "E"]), pa.array([[{"id": "a"}]] * 2), mask=pa.array(hidden)
    )
    table = widened(pa.table({"identities": lists, "person": structs, "identityMap": keyed}), load_union())
    table.validate(full=True)
    assert [table[name].null_count for name in ("identities", "person", "identityMap")] == [1, 1, 1]
    assert table["person"][0].as_py()["name"]["lastName"] == "L"


def test_a_tenants_own_fields_are_columns_too() -> None:
    """The union decides what there is: fields of its own come with the others, in its order."""
    own = Field("_acme", "object", members={"tier": Field("tier", "string")})
    union = load_union()
    profile = replace(union.profile, members={**union.profile.members, "_acme": own})
    mine = Union(profile=profile, event=union.event)
    table = widened(pa.table({"personID": ["A"]}), mine)
    assert table.schema.names[-2:] == ["_acme", "timeSeriesEvents"]
    assert table.schema.names == list(shape(ExportPlan(unselected="null"), mine).members)
    [row] = rows_of(ExportPlan(("_acme",)), [fragment("a", _acme={"tier": "gold"})], union=mine)
    assert row == {"_acme": {"tier": "gold"}}
