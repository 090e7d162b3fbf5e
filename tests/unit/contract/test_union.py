"""The union schemas: what they hold and what paths point at."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from pytest_aep_export.contract.union import UnknownFieldError, load_union
from pytest_aep_export.errors import ConfigurationError


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("personID", "string"),
        ("person", "object"),
        ("person.birthDate", "date"),
        ("homeAddress._schema.latitude", "number"),
        ("identities", "array"),
        ("identities.namespace.code", "string"),
        ("identityMap", "map"),
        ("identityMap.ECID", "array"),
        ("identityMap.ECID.primary", "boolean"),
        ("segmentMembership.ups.52c26d0d-45f2-47a2-ab30-ed06abc981ff.lastQualificationTime", "date-time"),
    ],
)
def test_a_path_leads_through_objects_arrays_and_maps(path: str, kind: str):
    """Names step into objects and through arrays; after a map any name is a key."""
    assert load_union().profile.resolve(path).kind == kind


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("persona", "it has no 'persona'"),
        ("person.name.nick", "'name' has no 'nick', only firstName, middleName, lastName, fullName"),
        ("personID.value", "'value' would be inside 'personID', which holds a string"),
        ("identities.0", "it has no '0'"),
        ("organizations.name", "which holds a string"),
        ("identityMap.ECID.id.x", "'x' would be inside 'id'"),
        ("person..name", "a name between its dots is empty"),
        (".person", "a name between its dots is empty"),
        ("eventType", "it has no 'eventType'"),
    ],
)
def test_a_path_that_leads_nowhere_says_where_it_goes_wrong(path: str, reason: str):
    """The error names the path, the name that is wrong and what there is instead."""
    with pytest.raises(UnknownFieldError) as caught:
        load_union().profile.resolve(path)

    assert caught.value.path == path
    assert reason in caught.value.reason
    assert repr(path) in str(caught.value)


def test_the_union_is_read_once():
    """The trees are the same objects each time."""
    assert load_union() is load_union()


def test_an_event_has_what_the_documented_request_asks_for():
    """The event fields of the seed's sample exist."""
    for name in ("name", "version"):
        assert load_union().event.resolve(f"environment.browserDetails.{name}").kind == "string"


def test_a_union_is_extended_with_the_fields_of_a_tenant():
    """Every form of the notation becomes the field that it stands for, in the class that it is given for."""
    more = {
        "_acme": {
            "loyalty": {"tier": "string", "points": "integer", "since": "date"},
            "scores": {"*": "number"},
            "visits": [{"at": "date-time", "paid": "boolean"}],
        }
    }
    union = load_union().extended(profile=more, event={"_acme": {"campaign": "string"}})

    kinds = {path: union.profile.resolve(f"_acme.{path}").kind for path in (
        "loyalty", "loyalty.tier", "loyalty.points", "loyalty.since", "scores", "scores.x", "visits", "visits.at",
        "visits.paid",
    )}  # fmt: skip
    assert list(kinds.values()) == [
        "object", "string", "integer", "date", "map", "number", "array", "date-time", "boolean",
    ]  # fmt: skip
    assert union.event.resolve("_acme.campaign").kind == "string"
    assert list(union.profile.members) == [*load_union().profile.members, "_acme"]
    with pytest.raises(UnknownFieldError, match="'_acme' has no 'loyalty', only campaign"):
        union.event.resolve("_acme.loyalty")


def test_a_union_is_extended_anywhere_below_what_it_has():
    """New members join those of objects, also inside of arrays and maps; what was there stays, first and unchanged."""
    union = load_union().extended(
        profile={
            "person": {"name": {"courtesyTitle": "string", "lastName": "string"}},
            "segmentMembership": {"*": {"*": {"validUntil": "date-time"}}},
            "workEmail": {"address": "string"},
        },
        event={"productListItems": [{"color": "string"}]},
    )

    name = union.profile.resolve("person.name")
    assert list(name.members) == ["firstName", "middleName", "lastName", "fullName", "courtesyTitle"]
    assert list(union.profile.resolve("segmentMembership.ups.x").members)[-1] == "validUntil"
    assert union.event.resolve("productListItems.color").kind == "string"
    assert union.event.resolve("productListItems.SKU") == load_union().event.resolve("productListItems.SKU")
    assert union.profile.resolve("workEmail.address").kind == "string"


def test_a_union_that_is_not_extended_stays_as_it_is():
    """Nothing more is the same again, and the union that was extended does not change."""
    before = pickle.dumps(load_union())
    load_union().extended(profile={"person": {"nick": "string"}})

    assert load_union().extended() == load_union().extended({}, None) == load_union()
    assert pickle.dumps(load_union()) == before


def test_an_extended_union_travels_to_another_process():
    """Pickled and read again, it is equal."""
    union = load_union().extended(profile={"_acme": {"tier": "string"}})

    assert pickle.loads(pickle.dumps(union)) == union != load_union()


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"person": "string"}, "profile.person is of kind object and cannot be extended as string"),
        ({"personID": {"value": "string"}}, "profile.personID is of kind string and cannot be extended as object"),
        (
            {"person": {"birthDate": "date-time"}},
            "profile.person.birthDate is of kind date and cannot be extended as d",
        ),
        (
            {"organizations": ["integer"]},
            r"profile.organizations.\* is of kind string and cannot be extended as integer",
        ),
        ({"segmentMembership": ["string"]}, "profile.segmentMembership is of kind map and cannot be extended as array"),
        ({"*": "string"}, "profile is of kind object and cannot be extended as map"),
    ],
)
def test_a_field_keeps_its_kind(more: dict[str, Any], reason: str):
    """An extension that would change one is refused, with the path and both kinds."""
    with pytest.raises(ConfigurationError, match=reason):
        load_union().extended(profile=more)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("timeSeriesEvents", "an export makes it of the events"),
        ("identities", "an export derives it from identityMap"),
        ("identityMap", "its form is fixed"),
        ("timestamp", "it is what tells an event from a profile record"),
        ("datasetId", "it says where a row comes from"),
        ("identityId", "it says where a row comes from"),
    ],
)
def test_some_names_are_taken(name: str, reason: str):
    """An extension under a name that means something else is refused in both classes, and says why."""
    with pytest.raises(ConfigurationError, match=f"^profile.{name} cannot be extended: {reason}$"):
        load_union().extended(profile={name: "string"})
    with pytest.raises(ConfigurationError, match=f"^event.{name} cannot be extended: {reason}$"):
        load_union().extended(event={name: "string"})


@pytest.mark.parametrize(
    ("node", "reason"),
    [
        (
            "text",
            "profile._acme has the unknown type 'text': use one of string, boolean, integer, number, date, date-time",
        ),
        ("object", "profile._acme has the unknown type 'object'"),
        (None, "profile._acme is None: write a type's name, an object with members, or a list of one"),
        (5, "profile._acme is 5: write"),
        ({}, "profile._acme is {}: write"),
        ([], "profile._acme is a list of 0: an array is written as a list of its one item"),
        (["string", "string"], "profile._acme is a list of 2"),
        ([None], r"profile._acme.\* is None: write"),
        ({"*": "string", "a": "string"}, r"profile._acme mixes '\*' with other names"),
        ({"a.b": "string"}, "profile._acme has a member 'a.b': names are of letters, digits, dashes and _"),
        ({"": "string"}, "profile._acme has a member ''"),
        ({1: "string"}, "profile._acme has a member 1"),
        ({"a": {"b": "text"}}, "profile._acme.a.b has the unknown type 'text'"),
    ],
)
def test_an_extension_that_is_written_wrong_is_refused(node: Any, reason: str):
    """A slip is named in one sentence, with its path."""
    with pytest.raises(ConfigurationError, match=f"^{reason}"):
        load_union().extended(profile={"_acme": node})


def test_an_extension_that_is_no_mapping_is_refused():
    """Fields have names."""
    with pytest.raises(ConfigurationError, match=r"^event is \['_acme'\]: write"):
        load_union().extended(event=["_acme"])  # type: ignore[arg-type]
