"""Segment definitions: what each operation sends, and what it makes of every documented answer."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from pytest_aep_export.errors import ServerError
from pytest_aep_export.exchange import Headers, Response
from pytest_aep_export.model import SegmentDefinition

SEGMENTS = "/data/core/ups/segment/definitions"
WOMEN = SegmentDefinition("", name="Women", expression='person.gender = "female"', policy_id="p")
SENT = {
    "name": "Women",
    "description": "",
    "expression": {"type": "PQL", "format": "pql/text", "value": 'person.gender = "female"'},
    "schema": {"name": "_xdm.context.profile"},
}


def definition(identifier: str, **members: Any) -> dict[str, Any]:
    """A segment definition as the guide shows it."""
    expression = {"type": "PQL", "format": "pql/text", "value": 'workAddress.country = "US"'}
    least = {"id": identifier, "name": identifier.upper(), "schema": {"name": "_xdm.context.profile"}}
    return least | {"expression": expression} | members


def test_a_segment_definition_is_looked_up(client, api):
    """It is read with its expression, its merge policy and its class."""
    shown = definition("a", mergePolicyId="p", description="Americans")
    api.then(api.json(shown))
    found = client.get_segment_definition("a")
    assert found == SegmentDefinition("a", "A", 'workAddress.country = "US"', "Americans", "pql/text", "p")
    assert (found.schema, found.raw) == ("_xdm.context.profile", shown)
    assert api.asked == [f"GET {SEGMENTS}/a"]


def test_segment_definitions_are_listed_to_the_end(client, api):
    """By how many there are, since no link leads on; a page without any is the last, whatever the number says."""
    page = {"page": {"totalCount": 3, "totalPages": 1}, "link": {}}
    pages = [[definition("a")], [definition("b")], []]
    api.then(*(api.json({"segments": found, **page}) for found in pages))
    assert [found.id for found in client.list_segment_definitions()] == ["a", "b"]
    assert [dict(call.query) for call in api.calls] == [
        {"limit": "100"}, {"limit": "100", "start": "1"}, {"limit": "100", "start": "2"}
    ]  # fmt: skip


def test_a_full_list_needs_no_second_page(client, api):
    """When as many came as there are, or nothing tells how many there are, nothing more is asked for."""
    api.then(api.json({"segments": [definition("a")], "page": {"totalCount": 1, "totalPages": 1}}))
    assert [found.id for found in client.list_segment_definitions()] == ["a"]
    api.then(api.json({"segments": [definition("a")]}))
    assert [found.id for found in client.list_segment_definitions()] == ["a"]


def test_a_segment_is_defined(client, api):
    """All that the API does not give itself is sent, the merge policy only where there is one."""
    api.then(*[api.json(definition("a"))] * 2)
    assert client.create_segment_definition(WOMEN).id == "a"
    client.create_segment_definition(replace(WOMEN, policy_id=""))
    assert [json.loads(call.body) for call in api.calls] == [SENT | {"mergePolicyId": "p"}, SENT]
    assert api.asked == [f"POST {SEGMENTS}"] * 2


def test_the_creation_of_a_segment_is_not_repeated(client, api):
    """When nobody knows whether there is a new segment, no second one is asked for."""
    api.then(Response(502, Headers(), b""))
    with pytest.raises(ServerError):
        client.create_segment_definition(WOMEN)
    assert len(api.calls) == 1


def test_a_segment_definition_is_changed(client, api):
    """The change is sent as it is."""
    api.then(api.json(definition("a")))
    assert client.patch_segment_definition("a", {"name": "Ladies"}).id == "a"
    assert api.asked == [f"PATCH {SEGMENTS}/a"]
    assert json.loads(api.calls[0].body) == {"name": "Ladies"}


@pytest.mark.parametrize("message", [b"", b'{"status": true, "message": "gone"}'])
def test_a_segment_definition_is_deleted(client, api, message):
    """Whether a message says so or nothing does."""
    api.then(Response(200, Headers({"content-type": "application/json"}), message))
    assert client.delete_segment_definition("a") is None
    assert api.asked == [f"DELETE {SEGMENTS}/a"]


def test_several_segment_definitions_are_looked_up_at_once(client, api):
    """By id; those that are not there are missing from the result."""
    api.then(api.json({"results": {"a": definition("a")}}, 207))
    assert {key: found.id for key, found in client.get_segment_definitions(["a", "b"]).items()} == {"a": "a"}
    assert json.loads(api.calls[0].body) == {"ids": [{"id": "a"}, {"id": "b"}]}
