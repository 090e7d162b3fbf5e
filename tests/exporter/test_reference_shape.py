"""The oracle's projection: what paths choose, on records whose rows were worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_aep_export.contract.union import Field, load_union
from pytest_aep_export.exporter.plan import EventPlan, ExportPlan
from pytest_aep_export.exporter.reference import rows_of, shape
from pytest_aep_export.exporter.reference_shape import Projection
from tests.exporter.plain_rows import at, fragment

ECID, EMAIL = {"id": "1", "authenticatedState": "ambiguous", "primary": True}, {"id": "e", "primary": False}


def row(record: dict[str, Any], *paths: str) -> dict[str, Any]:
    """The row of a profile record under these paths."""
    return Projection.of(load_union().profile, paths).row(record)


def names(field: Field) -> Any:
    """The names in a field, as nested dicts."""
    if field.item is not None:
        return names(field.item)
    return {name: names(member) for name, member in field.members.items()}


def test_no_path_takes_every_column_in_the_order_of_the_union() -> None:
    """A record without values is a row of nulls, one for each column of the profile union."""
    persons = ["_id", "personID", "identityMap", "identities", "person", "personalEmail", "homeAddress", "mobilePhone"]
    assert list(row({}).items()) == [(name, None) for name in [*persons, "organizations", "segmentMembership"]]


def test_columns_and_members_come_in_the_order_of_the_union() -> None:
    """Whatever the order of the paths; what was not chosen is not there."""
    record = {"person": {"name": {"firstName": "F", "lastName": "L"}, "gender": "g"}, "_id": "i", "personID": "p"}
    chosen = row(record, "person.gender", "person.name.lastName", "person.name.firstName", "_id")
    assert list(chosen) == ["_id", "person"]
    assert list(chosen["person"]) == ["name", "gender"]
    assert list(chosen["person"]["name"].items()) == [("firstName", "F"), ("lastName", "L")]


@pytest.mark.parametrize("paths", [("person", "person.name.lastName"), ("person.name.lastName", "person")])
def test_a_path_covers_all_that_is_below_it(paths: tuple[str, ...]) -> None:
    """A longer path below a chosen one takes nothing away, in either order."""
    chosen = row({"person": {"gender": "g"}}, *paths)
    assert list(chosen["person"]) == ["name", "birthDate", "gender"]
    assert chosen["person"] == {"name": None, "birthDate": None, "gender": "g"}


def test_a_path_into_a_list_takes_the_member_of_each_entry() -> None:
    """``identities.namespace.code`` leaves entries of one struct of one member."""
    record = {"identities": [{"id": "1", "namespace": {"code": "ECID"}}, {"id": "2", "namespace": None}]}
    chosen = row(record, "identities.namespace.code")
    assert chosen == {"identities": [{"namespace": {"code": "ECID"}}, {"namespace": None}]}


def test_a_path_into_a_map_keeps_that_key_only() -> None:
    """Keys are matched exactly, and a map that is left without an entry is null."""
    record = {"identityMap": {"ECID": [ECID], "Email": [EMAIL]}}
    assert row(record, "identityMap.ECID") == {"identityMap": [("ECID", [ECID])]}
    assert row(record, "identityMap.ECID.id") == {"identityMap": [("ECID", [{"id": "1"}])]}
    assert row(record, "identityMap.ecid") == {"identityMap": None}


def test_paths_into_one_map_share_their_members() -> None:
    """Entries of a map have one type: what is chosen of the items of any key is chosen of all chosen keys."""
    record = {"identityMap": {"ECID": [ECID], "Email": [EMAIL], "Phone": [EMAIL]}}
    whole = EMAIL | {"authenticatedState": None}
    assert row(record, "identityMap.ECID.id", "identityMap.Email") == {
        "identityMap": [("ECID", [ECID]), ("Email", [whole])]
    }
    assert row(record, "identityMap.ECID.id", "identityMap.Email.primary") == {
        "identityMap": [("ECID", [{"id": "1", "primary": True}]), ("Email", [{"id": "e", "primary": False}])]
    }


def test_paths_into_a_map_of_maps_choose_their_own_keys() -> None:
    """Each path keeps its own inner key; a namespace that keeps none is gone."""
    item = {"lastQualificationTime": None, "status": "realized"}
    record = {"segmentMembership": {"aam": {"s": item, "t": item}, "ups": {"s": item, "t": item}, "x": {"s": item}}}
    chosen = row(record, "segmentMembership.aam.s", "segmentMembership.ups.t.status", "segmentMembership.x.t")
    assert chosen == {"segmentMembership": [("aam", [("s", item)]), ("ups", [("t", item)])]}
    assert row(record, "segmentMembership.ups.t.status") == {
        "segmentMembership": [("ups", [("t", {"status": "realized"})])]
    }
    assert row(record, "segmentMembership.ups.none") == {"segmentMembership": None}


def test_paths_into_a_map_of_maps_share_their_members() -> None:
    """An entry asked for by one member has those asked for of the others too, as in any map."""
    item = {"lastQualificationTime": at(1), "status": "realized"}
    record = {"segmentMembership": {"aam": {"s": item}, "ups": {"s": item, "t": item}}}
    assert row(record, "segmentMembership.ups.s.status", "segmentMembership.aam.s") == {
        "segmentMembership": [("aam", [("s", item)]), ("ups", [("s", item)])]
    }


def test_a_struct_of_which_no_chosen_member_has_a_value_is_absent() -> None:
    """An empty struct, a struct of nulls and one whose values were not chosen are all null; the row itself is not."""
    paths = ("person.name.lastName", "mobilePhone", "homeAddress", "organizations")
    record = {"person": {"name": {"firstName": "F"}}, "mobilePhone": {"number": None}, "homeAddress": {"_schema": {}}}
    assert row(record, *paths) == {"person": None, "homeAddress": None, "mobilePhone": None, "organizations": None}


def test_false_zero_and_empty_text_are_values() -> None:
    """Only null and emptiness of lists, maps and structs count as absent."""
    record = {"personID": "", "homeAddress": {"primary": False, "_schema": {"latitude": 0.0}}}
    assert row(record, "personID", "homeAddress.primary", "homeAddress._schema.latitude") == {
        "personID": "",
        "homeAddress": {"primary": False, "_schema": {"latitude": 0.0}},
    }


def test_values_inside_of_lists_and_maps_stay_as_they_are() -> None:
    """Null entries, entries of nulls, and empty lists under a key are not tidied away."""
    event: dict[str, Any] = {
        "identityMap": {"ECID": [], "Email": None, "Phone": [None]},
        "productListItems": [None, {}],
    }
    projection = Projection.of(load_union().event, ("identityMap", "productListItems.SKU"))
    assert projection.row(event) == {
        "identityMap": [("ECID", []), ("Email", None), ("Phone", [None])],
        "productListItems": [None, {"SKU": None}],
    }


def test_unselected_fields_can_be_null_instead_of_gone() -> None:
    """Every column is there; what was not chosen is null, also inside of structs and entries; maps get no keys."""
    plan = ExportPlan(("person.gender", "identityMap.ECID.id"), events=EventPlan(("_id",)), unselected="null")
    record = fragment("a", personID="p", person={"gender": "g"}, identityMap={"ECID": [ECID], "Email": [EMAIL]})
    known, unknown = rows_of(plan, [record, fragment("b")], [fragment("a", _id="e", eventType="t")])
    whole = load_union()
    assert list(known) == list(unknown) == list(names(shape(plan))) == [*whole.profile.members, "timeSeriesEvents"]
    assert known == dict.fromkeys(known) | {
        "person": {"name": None, "birthDate": None, "gender": "g"},
        "identityMap": [("ECID", [{"id": "1", "authenticatedState": None, "primary": None}])],
        "timeSeriesEvents": [dict.fromkeys(whole.event.members) | {"_id": "e"}],
    }
    assert unknown == dict.fromkeys(known)
    assert names(shape(plan)) == names(whole.profile) | {"timeSeriesEvents": names(whole.event)}


def test_the_shape_of_an_export_is_what_its_rows_show() -> None:
    """Columns of the plan by name, the events last, without any data being looked at."""
    events = EventPlan(("web.webReferrer.URL", "_id"))
    plan = ExportPlan(("segmentMembership.ups.s.status", "identities.id", "personID"), events=events)
    columns: dict[str, Any] = {"personID": {}, "identities": {"id": {}}, "segmentMembership": {"status": {}}}
    event_columns: dict[str, Any] = {"_id": {}, "web": {"webReferrer": {"URL": {}}}}
    assert names(shape(plan)) == columns | {"timeSeriesEvents": event_columns}
    assert list(names(shape(plan))) == ["personID", "identities", "segmentMembership", "timeSeriesEvents"]
    assert [list(row) for row in rows_of(plan, [fragment("a")])] == [list(names(shape(plan)))]
    assert names(shape(ExportPlan(("personID",)))) == {"personID": {}}
