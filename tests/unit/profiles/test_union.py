"""The union schemas: what they hold and what paths point at."""

from __future__ import annotations

import pytest

from pytest_aep_export.contract.union import UnknownFieldError, _read, load_union


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


def test_an_unknown_type_in_the_schema_file_is_refused():
    """A slip in ``xdm.yaml`` is named, not carried along."""
    with pytest.raises(ValueError, match=r"the type 'text' of 'note' is unknown"):
        _read("", {"note": "text"})
