"""Two validators, one opinion: jsonschema-rs gives the verdict, jsonschema the reasons, and they may never disagree."""

import json
import subprocess
import sys
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pytest_aep_export.contract import DIALECTS, load
from pytest_aep_export.contract.explain import explain, reference
from pytest_aep_export.contract.formats import FORMATS, is_date_time
from pytest_aep_export.contract.schemas import Checker

CONTRACT = load()


def valid_documents() -> list[tuple[dict[str, Any], Any]]:
    """Every example of a JSON body in the contract, with its schema."""
    found = []
    for item in CONTRACT.document["paths"].values():
        for method in set(item) & {"get", "post", "delete"}:
            node = item[method]
            for part in (node.get("requestBody", {}), *node["responses"].values()):
                media = part.get("content", {}).get("application/json", {})
                found += [(media["schema"], e["value"]) for e in media.get("examples", {}).values()]
    return found


DOCUMENTS = valid_documents()
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 10**13),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        ["", "NEW", "SUCCESSEDED", "2018-10-25T13:22:04-07:00", "2018-13-25T13:22:04Z", "@/datasets/a", "7", "é\n"]
    ),
    st.sampled_from([[], {}, [1], [{}], {"a": None}, {"name": "_xdm.context.profile"}]).map(deepcopy),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value inside a document, the document itself first."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, part in parts for place in places(part, (*path, key)))]


@st.composite
def mutated(draw: st.DrawFn) -> tuple[dict[str, Any], Any]:
    """A valid document and its schema, after some members were replaced, taken out or added."""
    schema, document = draw(st.sampled_from(DOCUMENTS))
    holder = [deepcopy(document)]
    for _ in range(draw(st.integers(0, 3))):
        path = (0, *draw(st.sampled_from(places(holder[0]))))
        node: Any = holder
        for step in path[:-1]:
            node = node[step]
        action = draw(st.sampled_from(["replace", "remove", "add"]))
        if action == "add" and isinstance(node[path[-1]], dict):
            node[path[-1]][draw(st.sampled_from(["surprise", "dataSetId", "batches", "errors"]))] = draw(VALUES)
        elif action == "remove" and isinstance(node, dict):
            del node[path[-1]]
        else:
            node[path[-1]] = draw(VALUES)
    return schema, holder[0]


@settings(max_examples=400, derandomize=True, deadline=None)
@given(mutated(), st.sampled_from([None, *DIALECTS]))
def test_both_validators_agree(case: tuple[dict[str, Any], Any], dialect: str | None):
    """On valid and mutated documents the verdicts are equal, and reasons are given exactly where it is no."""
    schema, document = case
    checker = CONTRACT._schemas.checker(schema, dialect)
    assert checker.is_valid(document) == reference(checker.schema).is_valid(document)
    reasons = checker.violations(document)
    assert bool(reasons) != checker.is_valid(document)
    assert all(r.expected and r.found and r.source and r.pointer.count("\n") == 0 for r in reasons)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(mutated(), st.sampled_from(sorted(DIALECTS)))
def test_a_dialect_only_adds_warnings(case: tuple[dict[str, Any], Any], dialect: str):
    """What is wrong without a dialect is wrong with each, at the same places; whatever a dialect adds is a SHOULD."""
    schema, document = case
    plain = CONTRACT._schemas.checker(schema).violations(document)
    spoken = CONTRACT._schemas.checker(schema, dialect).violations(document)
    assert {v.level for v in plain} <= {"MUST"}
    assert [v for v in spoken if v.level == "MUST"] == plain


def test_a_pattern_ends_where_the_text_ends():
    """A newline behind a number is seen by both, though Python's `$` would let it pass."""
    job = next(d for s, d in DOCUMENTS if s.get("$ref", "").endswith("/ShownJob"))
    [violation] = CONTRACT.validate_job(json.dumps(job | {"id": "7\n"}).encode())
    assert (violation.pointer, violation.expected, violation.found) == ("/id", "a number", '"7\\n"')


@pytest.mark.parametrize("dialect", [None, *DIALECTS])
def test_every_schema_is_a_schema(dialect: str | None):
    """Each named schema, put into each dialect, is a valid JSON Schema on its own."""
    for name in CONTRACT.document["components"]["schemas"]:
        Draft202012Validator.check_schema(CONTRACT.schema(name, dialect))


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("2018-10-25T13:22:04-07:00", True),
        ("2018-10-25t13:22:04z", True),
        ("2018-10-25T13:22:04.123456789Z", True),
        ("2024-02-29T00:00:00Z", True),
        ("2023-02-29T00:00:00Z", False),
        ("2018-10-25T24:00:00Z", False),
        ("2018-10-25T13:22:60Z", False),
        ("2018-10-25T13:22:04", False),
        ("2018-10-25 13:22:04Z", False),
        ("2018-10-25T13:22:04Z\n", False),
        ("2018-10-25T13:22:04+0700", False),
        ("0000-10-25T13:22:04Z", False),
        ("\uff12018-10-25T13:22:04Z", False),
        ("", False),
    ],
)
def test_a_date_time_is_what_rfc_3339_says(text: str, valid: bool):  # noqa: FBT001 - a parameter
    """Offset required, dates that exist, ASCII digits, no leap second (our choice)."""
    assert is_date_time(text) == valid


@pytest.mark.parametrize(
    ("name", "text", "valid"),
    [
        ("uri", "https://ns.adobe.com/xdm/context/profile__union", True),
        ("uri", "urn:x:1", True),
        ("uri", "/relative", False),
        ("uri", "https://a b", False),
        ("uri-reference", "/relative?x=1#y", True),
        ("uri-reference", "a b", False),
    ],
)
@pytest.mark.parametrize("engine", ["verdict", "reasons"])
def test_formats_are_asserted_by_both(engine: str, name: str, text: str, valid: bool):  # noqa: FBT001 - a parameter
    """Either validator asserts a format, and only of strings."""
    schema = {"format": name, "x-source": "here"}
    for value, expected in ((text, valid), (7, True)):
        found = Checker(schema).is_valid(value) if engine == "verdict" else not explain(schema, value)
        assert found == expected
    assert FORMATS[name](text) == valid


def test_a_verdict_without_reasons_still_tells_something():
    """Should the two ever disagree, the answer is a violation, not silence."""
    checker = Checker({})
    checker.is_valid = lambda _: False
    [violation] = checker.violations({"a": 1})
    assert (violation.expected, violation.found) == ("a value that the schema allows", "an object with 1 members")


def test_a_value_too_deep_to_explain_is_told():
    """A value that breaks the explanation is a violation of its own."""
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    checker = Checker({"type": "string", "x-source": "here"})
    checker.is_valid = lambda _: False
    [violation] = checker.violations(deep)
    assert violation.found == "values nested too deeply"
    while deep:  # taken apart from outside, or Python's own clean-up recurses
        deep = deep[0]


def test_long_values_are_cut_and_secrets_taken_out():
    """What was found is short, and never a token."""
    schema = {"enum": ["x"], "x-source": "here"}
    assert len(explain(schema, "y" * 500)[0].found) == 80
    assert explain(schema, "eyJhbGciOiJI.eyJzdWIiOiIx.c2ln")[0].found == '"REDACTED"'


def test_clauses_are_made_from_keywords():
    """Where a schema brings no words, its keyword does."""
    said = [
        ({"type": ["string", "null"]}, 1, "a string or null"),
        ({"const": True}, 1, "true"),
        ({"enum": ["a", 2]}, 1, "one of a, 2"),
        ({"minLength": 2}, "a", "at least 2 characters"),
        ({"required": ["a"], "properties": {"a": {}}}, {}, "a value"),
        ({"required": ["a"], "properties": {"a": {"const": "b"}}}, {}, "b"),
    ]
    assert [explain(schema | {"x-source": "here"}, value)[0].expected for schema, value, _ in said] == [
        s[2] for s in said
    ]


def test_the_document_is_read_once():
    """Whoever asks gets the same contract."""
    assert load() is load()


def test_nothing_heavy_is_imported_before_it_is_needed():
    """The package costs the standard library; a verdict needs yaml and jsonschema-rs; only reasons need jsonschema."""
    program = """
import json, sys
heavy = lambda: sorted({"yaml", "jsonschema_rs", "jsonschema", "referencing"} & sys.modules.keys())
import pytest_aep_export.contract as contract
seen = [heavy()]
loaded = contract.load()
seen.append(heavy())
loaded.validate_job(json.dumps(json.loads(sys.argv[1])).encode())
seen.append(heavy())
loaded.validate_job(b"{}")
seen.append(heavy())
print(json.dumps(seen))
"""
    _, example = next((s, d) for s, d in DOCUMENTS if s.get("$ref", "").endswith("/ShownJob"))
    out = subprocess.run(
        [sys.executable, "-c", program, json.dumps(example)], capture_output=True, check=True, text=True
    )
    assert json.loads(out.stdout) == [
        [],
        ["yaml"],
        ["jsonschema_rs", "yaml"],
        ["jsonschema", "jsonschema_rs", "referencing", "yaml"],
    ]
