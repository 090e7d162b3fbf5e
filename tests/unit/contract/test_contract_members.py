"""What the contract documents of answers: which members, which types, and what is a map."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aep_export.contract import load
from pytest_aep_export.contract.members import BYTES, Shape, answers, type_of


def _shape(schema: dict[str, Any], media: str = "application/json", **others: dict[str, Any]) -> Shape:
    """The shape of a schema, as that of the only answer of a document."""
    answer = {"content": {media: {"schema": schema}}}
    operation = {"operationId": "look", "tags": ["x"], "x-source": "test", "responses": {"200": answer}}
    document = {"paths": {"/x": {"get": operation}}, "components": {"schemas": {"Named": schema, **others}}}
    return answers(document)["look"][200].shape


def _walked(schema: dict[str, Any], value: Any) -> dict[str, str]:
    return dict(_shape(schema).walk(value))


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "null"),
        (True, "boolean"),
        (1, "integer"),
        (1.0, "integer"),
        (1.5, "number"),
        ("", "string"),
        ([], "array"),
        ({}, "object"),
    ],
)
def test_the_type_of_a_value(value, kind):
    """As JSON Schema has it: true is no number, and 1.0 is an integer."""
    assert type_of(value) == kind


def test_members_and_items_are_places():
    """A named member is a place, an item of an array is one for all; what is not named is shown and not entered."""
    schema = {"properties": {"a": {"type": "array", "items": {"properties": {"b": {}, "x/y~z": {}}}}}}
    value = {"a": [{"b": 1}, {"x/y~z": True}], "new": {"inner": 1}}
    assert _walked(schema, value) == {
        "": "object",
        "/a": "array",
        "/a/*": "object",
        "/a/*/b": "integer",
        "/a/*/x~1y~0z": "boolean",
        "/new": "object",
    }


@pytest.mark.parametrize("keyword", ["additionalProperties", "patternProperties"])
def test_keys_of_a_map_are_no_members(keyword):
    """Ids and namespaces stand for each other: what is said of one value holds for all of them."""
    each = {"type": "object", "properties": {"n": {"type": "number"}}}
    schema = {keyword: each if keyword == "additionalProperties" else {"^[a-z]+$": each}}
    assert _walked(schema, {"ecid": {"n": 1}, "email": {"n": 2.5, "m": ""}}) == {
        "": "object",
        "/*": "object",
        "/*/n": "number",
        "/*/m": "string",
    }


def test_free_forms_are_not_entered():
    """Of an object whose members nobody names, and of an array whose items nobody describes, only they are places."""
    schema = {"properties": {"any": {"type": "object"}, "some": {"type": "array"}}}
    assert _walked(schema, {"any": {"x": 1}, "some": [{"x": 1}]}) == {"": "object", "/any": "object", "/some": "array"}


def test_dialects_add_members_and_no_types():
    """A member that one dialect alone names is documented; where the union names types, no fragment changes them."""
    schema = {
        "properties": {"id": {"type": ["integer", "string"]}},
        "x-dialects": {
            "every": {"properties": {"id": {"type": "integer"}, "gone": {"not": {}}}},
            "openapi": {"properties": {"more": {"const": 1}}},
        },
    }
    shape = _shape(schema)
    assert shape.members.keys() == {"id", "more"}
    assert shape.members["id"].types == {"integer", "string"}
    assert shape.members["more"].types == {"integer"}


def test_alternatives_are_united_and_conditions_hold_for_some():
    """Of several forms every member is documented; where a form holds on a condition alone, others may have any."""
    schema = {"anyOf": [{"type": "object", "properties": {"a": {}}}, {"type": "string"}]}
    assert _shape(schema).types == {"object", "string"}
    assert _walked(schema, {"a": 1, "b": 1}).keys() == {"", "/a", "/b"}
    partly = {"if": {"required": ["a"]}, "then": schema}
    assert _walked(partly, {"a": 1, "b": 1}).keys() == {"", "/a"}
    added = {"allOf": [{"properties": {"c": {}}}], "oneOf": [{"properties": {"d": {}}}]}
    assert _shape(added).members.keys() == {"c", "d"}


def test_references_are_followed_and_not_for_ever():
    """What a schema refers to counts with what it says itself; one that holds itself ends where it begins again."""
    tree = {"properties": {"name": {}, "below": {"$ref": "#/components/schemas/Tree"}}}
    shape = _shape({"$ref": "#/components/schemas/Tree", "properties": {"top": {}}}, Tree=tree)
    assert shape.members.keys() == {"top", "name", "below"}
    assert shape.members["below"].free


def test_bodies_that_are_no_json():
    """Another media type is bytes; an answer without content says nothing."""
    assert _shape({}, "application/parquet").types == {BYTES}
    contract = answers(load().document)
    assert contract["getFile"][200].shape.types == {"object", BYTES}
    assert contract["headFile"][200].shape == Shape()


def test_what_is_tolerated_is_no_dialects_way():
    """A status that no dialect answers is told from one that is expected."""
    contract = answers(load().document)
    assert contract["createExportJob"][201].tolerated
    assert not contract["createExportJob"][200].tolerated


@pytest.mark.parametrize(
    ("operation", "status", "pointer"),
    [
        ("listDatasets", 200, "/*/tags/*/*"),
        ("getExportJob", 200, "/metrics/exportedProfileByNamespaceCounter/*"),
        ("getExportJob", 200, "/computeGatewayJobId/*"),
        ("getExportJob", 404, "/errors/*/*/code"),
        ("listExportJobs", 200, "/records/*/destination/batches/*/segmentId"),
        ("requestToken", 400, "/error_description"),
    ],
)
def test_the_contracts_own_maps(operation, status, pointer):
    """Dataset ids, namespaces, statuses and tags are keys; members stand where they are documented."""
    assert pointer in dict(answers(load().document)[operation][status].shape.places())


def test_every_example_of_the_contract_is_documented():
    """No example that the contract gives has a member that it does not name, or a type that it does not allow."""
    document = load().document
    for operation, statuses in answers(document).items():
        for status, answer in statuses.items():
            places = dict(answer.shape.places())
            for value in _examples(document, operation, status):
                for pointer, kind in answer.shape.walk(value):
                    assert pointer in places, (operation, status, pointer)
                    assert places[pointer].allows(kind), (operation, status, pointer)


def _examples(document: Any, operation: str, status: int) -> list[Any]:
    for path in document["paths"].values():
        for node in path.values():
            if isinstance(node, dict) and node.get("operationId") == operation:
                answer = node["responses"][str(status)]
                while "$ref" in answer:
                    answer = document["components"]["responses"][answer["$ref"].rpartition("/")[2]]
                content = answer.get("content", {}).get("application/json", {})
                return [example["value"] for example in content.get("examples", {}).values()]
    raise AssertionError(operation)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


@pytest.fixture(scope="module")
def shapes() -> list[Shape]:
    """What each operation answers when all is well."""
    return [statuses[min(statuses)].shape for statuses in answers(load().document).values()]


@given(value=JSON)
def test_any_value_can_be_walked(shapes, value):
    """Whatever an answer holds, its walk begins with the whole and needs no more than the contract knows of."""
    for shape in shapes:
        walked = list(shape.walk(value))
        assert walked[0] == ("", type_of(value))
        assert all(pointer == "" or pointer.startswith("/") for pointer, _ in walked)
