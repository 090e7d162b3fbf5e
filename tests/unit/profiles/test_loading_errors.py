"""Rows that are refused: each error says which row, where in it, what was expected and what was found."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from pytest_aep_export.errors import ConfigurationError, InvalidRowsError
from pytest_aep_export.profiles import RowError, load_profiles

JANE = {"Email": [{"id": "jane@example.com"}]}
NOON = datetime(2024, 2, 6, 12, tzinfo=UTC)


def errors_of(*rows: Any, **options: Any) -> tuple[RowError, ...]:
    """What is wrong with the rows."""
    with pytest.raises(InvalidRowsError) as caught:
        load_profiles(list(rows), **options)
    return caught.value.errors


def error_of(**fields: Any) -> tuple[str, str, str]:
    """Pointer, expectation and finding of the one thing that is wrong with a record that has these fields."""
    [error] = errors_of({"identityMap": JANE, **fields})
    assert error.place == "rows[0]"
    return error.pointer, error.expected, error.found


TEXT = "a text"
MOMENT = "a time with its zone, such as 2024-02-06T21:00:00Z"


@pytest.mark.parametrize(
    ("fields", "pointer", "expected", "found"),
    [
        ({"_id": 5}, "/_id", TEXT, "5"),
        ({"_id": ["a"]}, "/_id", TEXT, "['a']"),
        ({"_id": "\ud800"}, "/_id", TEXT, r"'\ud800'"),
        ({"personalEmail": {"primary": 1}}, "/personalEmail/primary", "true or false", "1"),
        ({"personalEmail": {"primary": "true"}}, "/personalEmail/primary", "true or false", "'true'"),
        ({"homeAddress": {"_schema": {"latitude": "1"}}}, "/homeAddress/_schema/latitude", "a finite number", "'1'"),
        ({"homeAddress": {"_schema": {"latitude": True}}}, "/homeAddress/_schema/latitude", "a finite number", "True"),
        (
            {"homeAddress": {"_schema": {"latitude": float("nan")}}},
            "/homeAddress/_schema/latitude",
            "a finite number",
            "nan",
        ),
        ({"person": {"birthDate": "1990-1-3"}}, "/person/birthDate", "a date such as 1990-01-31", "'1990-1-3'"),
        ({"person": {"birthDate": "1990-02-30"}}, "/person/birthDate", "a date such as 1990-01-31", "'1990-02-30'"),
        ({"person": {"birthDate": NOON}}, "/person/birthDate", "a date such as 1990-01-31", repr(NOON)),
        ({"ingestTime": "2024-02-06"}, "/ingestTime", MOMENT, "'2024-02-06'"),
        ({"ingestTime": "2024-02-06T12:00:00"}, "/ingestTime", MOMENT, "'2024-02-06T12:00:00'"),
        ({"ingestTime": "2024-02-30T12:00:00Z"}, "/ingestTime", MOMENT, "'2024-02-30T12:00:00Z'"),
        ({"ingestTime": "0001-01-01T00:00:00+01:00"}, "/ingestTime", MOMENT, "'0001-01-01T00:00:00+01:00'"),
        ({"ingestTime": NOON.replace(tzinfo=None)}, "/ingestTime", MOMENT, repr(NOON.replace(tzinfo=None))),
        ({"ingestTime": 1_700_000_000_000}, "/ingestTime", MOMENT, "1700000000000"),
        ({"ingestTime": date(2024, 2, 6)}, "/ingestTime", MOMENT, "datetime.date(2024, 2, 6)"),
        ({"person": "Jane"}, "/person", "an object", "'Jane'"),
        ({"organizations": "Acme"}, "/organizations", "an array", "'Acme'"),
        ({"organizations": ["Acme", 5]}, "/organizations/1", TEXT, "5"),
        ({"segmentMembership": "ups"}, "/segmentMembership", "an object whose names are keys", "'ups'"),
        ({"segmentMembership": ["ups"]}, "/segmentMembership", "an object whose names are keys", "['ups']"),
        ({"segmentMembership": [["ups"]]}, "/segmentMembership", "an object whose names are keys", "[['ups']]"),
        ({"segmentMembership": {5: {}}}, "/segmentMembership/5", TEXT, "5"),
        ({"segmentMembership": {"a/b~": 5}}, "/segmentMembership/a~1b~0", "an object whose names are keys", "5"),
        ({"segmentMembership": [("ups", [("s", None)])]}, "/segmentMembership/ups/s", "a membership", "None"),
        ({"identityMap": {"Email": [{"primary": True}]}}, "/identityMap/Email/0/id", "an id that is not empty",
         "{'primary': True}"),
        ({"identityMap": {"Email": [{"id": ""}]}}, "/identityMap/Email/0/id", "an id that is not empty", "{'id': ''}"),
        ({"identityMap": {"Email": [None]}}, "/identityMap/Email/0/id", "an id that is not empty", "None"),
        ({"identityMap": {"": [{"id": "a"}]}}, "/identityMap/", "a namespace that is not empty", "''"),
        ({"identities": []}, "/identities", "no identities, for they follow from identityMap", "[]"),
        ({"timeSeriesEvents": []}, "/timeSeriesEvents", "no events inside of a record: each is a record of its own",
         "[]"),
    ],
)  # fmt: skip
def test_a_value_that_is_wrong_is_named(fields: dict[str, Any], pointer: str, expected: str, found: str):
    """With its JSON pointer, what the union schema has there, and what it is."""
    assert error_of(**fields) == (pointer, expected, found)


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 1.5, "3", True, float("inf"), float("nan"), [3]])
def test_a_whole_number_has_64_bits(number: Any):
    """More bits, fractions, texts and truth values are none."""
    event = {"identityMap": JANE, "_id": "e", "timestamp": NOON, "productListItems": [{"quantity": number}]}
    [error] = errors_of(event)

    assert (error.pointer, error.expected) == ("/productListItems/0/quantity", "a whole number of 64 bits")
    assert error.found == repr(number)


def test_a_number_beyond_all_floats_is_refused():
    """JSON sets no limit to a number, but columns do."""
    event = {"identityMap": JANE, "_id": "e", "timestamp": NOON, "commerce": {"order": {"priceTotal": 10**400}}}
    [error] = errors_of(event)

    assert (error.pointer, error.expected) == ("/commerce/order/priceTotal", "a finite number")


def test_an_unknown_field_names_the_nearest_known_ones():
    """A slip of the pen is found at a glance; a tenant's field that the union lacks says how to add it."""
    own = "to which Union.extended can add your own"
    assert error_of(persn={}) == ("/persn", "person or personID, or another field of a profile record", "'persn'")
    assert error_of(person={"Name": {}})[1] == "name, or another field of the union schema"
    assert error_of(person={"xyz": 1})[1] == f"one of name, birthDate, gender, {own}"
    assert error_of(_acme={"tier": "gold"}) == ("/_acme", f"a field of a profile record, {own}", "'_acme'")
    assert error_of(homeAddress={"a/b": 1})[0] == "/homeAddress/a~1b"
    [error] = errors_of({"identityMap": JANE, "_id": "e", "timestamp": NOON, "person": {}})
    assert error.expected == f"a field of an event, {own}"


@pytest.mark.parametrize("row", [5, None, "text", ["a"]])
def test_a_row_that_is_no_object_is_refused(row: Any):
    """Such a row is wrong as a whole: there is no pointer."""
    [error] = errors_of(row)
    assert (error.pointer, error.expected, error.found) == ("", "an object", repr(row))
    assert str(error) == f"rows[0]: expected an object, found {row!r}"


@pytest.mark.parametrize(
    ("identities", "found"),
    [
        ({}, "0 identities, 0 of them primary"),
        ({"Email": []}, "0 identities, 0 of them primary"),
        ({"Email": [{"id": "1"}, {"id": "2"}]}, "2 identities, 0 of them primary"),
        (
            {"Email": [{"id": "1", "primary": True}], "ECID": [{"id": "1", "primary": True}]},
            "2 identities, 2 of them primary",
        ),
    ],
)
def test_a_primary_identity_must_be_clear(identities: dict[str, Any], found: str):
    """Where none stands out the error says what to add."""
    expected = "one identity that is primary, or the columns identityNamespace and identityId"
    assert error_of(identityMap=identities) == ("/identityMap", expected, found)


def test_an_identity_has_two_columns():
    """Half an identity, or an empty one, is none."""
    expected = "a text that is not empty, in both columns of the identity"
    assert error_of(identityId="7") == ("/identityNamespace", expected, "None")
    assert error_of(identityNamespace="CRMID", identityId="") == ("/identityId", expected, "''")


def test_an_event_has_an_id_and_a_time():
    """The class requires both; one that is null is not there."""
    [error] = errors_of({"identityMap": JANE, "timestamp": NOON})
    assert str(error) == "rows[0] /_id: expected a value, as an event always has one, found nothing"
    [error] = errors_of({"identityMap": JANE, "_id": "e", "timestamp": None})
    assert error.pointer == "/timestamp"
    with pytest.raises(InvalidRowsError, match=r"events\[1\] /timestamp: expected a value"):
        load_profiles(
            [], events=[{"identityMap": JANE, "_id": "e", "timestamp": NOON}, {"identityMap": JANE, "_id": "f"}]
        )


def test_everything_that_is_wrong_is_said_at_once():
    """The errors of all rows come together, in the order of the rows."""
    found = errors_of({"identityMap": JANE, "_id": 1, "person": {"gender": 2}}, {"identityMap": JANE}, {"_id": "x"})
    assert [(error.place, error.pointer) for error in found] == [
        ("rows[0]", "/_id"), ("rows[0]", "/person/gender"), ("rows[2]", "/identityMap"),
    ]  # fmt: skip


def test_a_flood_of_errors_is_cut():
    """The first twenty are shown and the rest is counted; nothing is loaded, and the message is short."""
    rows = [{"identityMap": JANE, "_id": n, "person": 5} for n in range(500)]
    with pytest.raises(InvalidRowsError) as caught:
        load_profiles(rows)

    assert caught.value.count == 1000
    assert len(caught.value.errors) == 20
    lines = str(caught.value).splitlines()
    assert lines[0] == "no row was loaded, because of 1000 errors:"
    assert lines[1] == "  rows[0] /_id: expected a text, found 0"
    assert lines[-1] == "  and 980 more"
    assert len(lines) == 22


def test_one_error_is_counted_as_one():
    """The message is a sentence and the error; whoever catches configuration errors catches it."""
    with pytest.raises(ConfigurationError) as caught:
        load_profiles([{"identityMap": JANE, "_id": 5}])
    assert str(caught.value) == (
        "no row was loaded, because of 1 error:\n  rows[0] /_id: expected a text, found 5"
    )  # fmt: skip


def test_what_was_found_is_shortened():
    """A value of a megabyte does not fill the screen."""
    assert len(error_of(person="x" * 1_000_000)[2]) == 80
