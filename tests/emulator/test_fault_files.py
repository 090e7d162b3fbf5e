"""Faults as JSON: written, read, and refused with the place of what is wrong."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pytest_aep_export.emulator.effects import EFFECTS, LONGEST_WAIT
from pytest_aep_export.emulator.fault_files import faults_schema, read_faults, write_faults
from pytest_aep_export.emulator.faults import (
    AddJob,
    Answer,
    Delay,
    Dribble,
    Effect,
    Empty,
    ExpireToken,
    Fault,
    Garbage,
    Malformed,
    Reset,
    Skew,
    Truncate,
)
from pytest_aep_export.emulator.services import GUARDED, UNGUARDED
from pytest_aep_export.errors import ConfigurationError

NUMBERS = st.floats(0, 1e9, allow_nan=False)
TEXT = st.text(st.characters(codec="utf-8"))
LATIN = st.text(st.characters(codec="latin-1", categories=["L", "N", "P", "Zs"]))
HEADERS = st.lists(st.tuples(st.from_regex(r"\Ax-[A-Za-z0-9-]{1,9}\Z"), LATIN), max_size=3).map(tuple)
ONES: dict[type[Effect], st.SearchStrategy[Any]] = {
    AddJob: st.builds(AddJob),
    Answer: st.one_of(
        st.builds(Answer, st.integers(205, 303), HEADERS, st.none() | TEXT, st.booleans()),
        st.builds(Answer, st.sampled_from([204, 304, 599]), HEADERS),
    ),
    Delay: st.builds(Delay, NUMBERS | st.integers(0, 10**9), st.floats(0, LONGEST_WAIT)),
    Dribble: st.builds(Dribble, st.integers(1, 1 << 60)),
    Empty: st.builds(Empty, st.booleans()),
    ExpireToken: st.builds(ExpireToken),
    Garbage: st.builds(Garbage, st.integers(1, 1 << 20)),
    Malformed: st.builds(Malformed),
    Reset: st.builds(Reset, st.none() | st.integers(0, 1 << 60)) | st.just(Reset(served=False)),
    Skew: st.builds(Skew, NUMBERS.map(lambda number: -number)),
    Truncate: st.builds(Truncate, st.floats(0, 1, exclude_max=True)),
}
OPERATIONS = st.lists(st.sampled_from(["*", *GUARDED, *UNGUARDED]), min_size=1).map(" ".join)
FAULTS = st.builds(
    Fault,
    OPERATIONS,
    st.one_of(*ONES.values()),
    skip=st.integers(0, 1 << 60),
    times=st.none() | st.integers(1, 1 << 60),
    seed=st.integers(0, 1 << 60),
)


@given(st.lists(FAULTS))
def test_what_is_written_is_read_again(faults: list[Fault]):
    """Every fault that there can be is allowed by the schema, and is itself after it was written and read."""
    text = write_faults(faults)
    assert list(Draft202012Validator(faults_schema()).iter_errors(json.loads(text))) == []
    assert read_faults(text) == tuple(faults)
    assert [Fault.from_json(fault.to_json()) for fault in faults] == faults


def test_the_schema_is_one_and_knows_every_effect():
    """What is published is a JSON Schema, and has an entry of each kind with the members of its class."""
    schema = faults_schema()
    Draft202012Validator.check_schema(schema)
    kinds = schema["$defs"]["fault"]["properties"]["effect"]["properties"]["kind"]["enum"]
    assert kinds == list(EFFECTS)
    assert set(ONES) == set(EFFECTS.values())
    for name, kind in EFFECTS.items():
        assert set(schema["$defs"][name]["properties"]) == {"kind", *kind.__dataclass_fields__}


def test_what_can_be_left_out_is_what_it_is_in_python():
    """The least that a file has to say means the same as the least that Python has to."""
    text = '[{"on": "getFile", "effect": {"kind": "answer", "status": 503}}, {"on": "*", "effect": {"kind": "reset"}}]'
    assert read_faults(text) == (Fault("getFile", Answer(503)), Fault("*", Reset()))


def test_a_file_is_read(tmp_path: Path):
    """A path is a file of what could stand in a text."""
    path = tmp_path / "faults.json"
    path.write_text(write_faults([Fault("getFile")]), "utf-8")
    assert read_faults(path) == (Fault("getFile"),)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({}, '0: "on" is a required property'),
        ({"on": "getFile"}, '0: "effect" is a required property'),
        ({"on": "getFile", "effect": {}}, '0/effect: "kind" is a required property'),
        ({"on": "getFile", "effect": {"kind": "rest"}}, '0/effect/kind: "rest" is not one of "add-job"'),
        ({"on": "getFile", "effect": {"kind": "answer"}}, '0/effect: "status" is a required property'),
        ({"on": "getFile", "effect": {"kind": "answer", "status": "503"}}, '0/effect/status: "503" is not of type'),
        ({"on": "getFile", "effect": {"kind": "empty", "after": 1}}, "0/effect: Additional properties are not allowed"),
        ({"on": "getFile", "effect": {"kind": "reset", "after": 1, "served": False}}, "0: Reset.after: a request that"),
        (
            {"on": "getFiles", "effect": {"kind": "reset"}},
            "0: Fault.on: 'getFiles' is no operation: did you mean getFile",
        ),
        ({"on": "getFile", "effect": {"kind": "reset"}, "skip": 1.0}, "0: Fault.skip: 1.0 cannot be used"),
        ({"on": "getFile", "effect": {"kind": "reset"}, "often": 1}, "0: Additional properties are not allowed"),
        (7, '0: 7 is not of type "object"'),
    ],
)
def test_a_fault_that_is_none_is_named_by_its_place(entry: object, said: str):
    """The sentence says where in the document it is wrong, and what is."""
    with pytest.raises(ConfigurationError, match=re.escape(f"the text holds no faults: {said}")):
        read_faults(json.dumps([entry]))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{}", 'the document: {} is not of type "array"'),
        ("", "it is not JSON"),
        ("[", "it is not JSON"),
        ("[" * 100_000, "it is not JSON"),
        ("[NaN]", "it is not JSON"),
    ],
)
def test_what_is_no_list_of_faults(text: str, said: str, tmp_path: Path):
    """A text that is no JSON or no list is refused, and so is a file, by its name."""
    with pytest.raises(ConfigurationError, match=re.escape(f"the text holds no faults: {said}")):
        read_faults(text)
    path = tmp_path / "faults.json"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=re.escape(f"{path} holds no faults: {said}")):
        read_faults(path)


def test_a_file_that_cannot_be_read(tmp_path: Path):
    """A file that is not there, or is a folder, is named."""
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(ConfigurationError, match=re.escape(f"{path} cannot be read (")):
            read_faults(path)


def test_bounds_are_the_same_in_schema_and_class():
    """What the schema allows at its bounds the classes take as well; beyond them neither does."""
    defs = faults_schema()["$defs"]
    wait, share = defs["delay"]["properties"]["wait"], defs["truncate"]["properties"]["share"]
    assert Delay(0, wait=wait["maximum"]).wait == LONGEST_WAIT
    assert Truncate(math.nextafter(share["exclusiveMaximum"], 0)).share < 1
    status = defs["answer"]["properties"]["status"]
    assert [Answer(status[name]).status for name in ("minimum", "maximum")] == [200, 599]


def test_the_page_shows_what_can_be_read():
    """The example of a file in docs/faults.md is one, and its table names every effect with its members."""
    page = (Path(__file__).parents[2] / "docs" / "faults.md").read_text("utf-8")
    shown = page.split("```json\n")[1].split("```")[0]
    assert [type(fault.effect) for fault in read_faults(shown)] == [Reset, Answer]
    for name, kind in EFFECTS.items():
        members = ", ".join(kind.__dataclass_fields__)
        assert f"| `{kind.__name__}({members})` | `{name}` |" in page
