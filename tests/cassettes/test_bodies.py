"""Bodies as they are kept: pretty where that changes nothing, untouched everywhere else."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aep_export.cassettes.bodies import is_form, laid_out, pretty

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
DOCUMENTS = st.lists(VALUES, max_size=4) | st.dictionaries(st.text(), VALUES, max_size=4)


def spelled(text: str) -> object:
    """What a JSON text says, its numbers as they are written and objects as their members in order."""
    return json.loads(
        text, parse_int=lambda n: ("n", n), parse_float=lambda n: ("n", n), object_pairs_hook=sorted_pairs
    )


def sorted_pairs(pairs: list) -> tuple:
    """An object as its members, which have no order, but may stand twice."""
    return ("object", *sorted(pairs, key=repr))


@given(DOCUMENTS, st.sampled_from([None, 0, 1, 4]), st.booleans())
def test_what_json_says_is_what_was_said(document, indent, ascii_only):
    """Whatever the layout was, the kept one says the same to the letter of each number, and shows every character."""
    try:
        body = json.dumps(document, indent=indent, ensure_ascii=ascii_only).encode()
    except UnicodeEncodeError:
        body = json.dumps(document).encode()
    kept = pretty(body)
    assert spelled(kept.decode()) == spelled(body.decode())
    assert kept.decode().replace("\n", "").isprintable()
    assert pretty(kept) == kept


@given(DOCUMENTS)
def test_two_layouts_of_the_same_are_kept_alike(document):
    """A diff shows what an API said, not how it was laid out that day: keys are sorted, one member stands on a line."""
    backwards = json.dumps(_reversed(document))
    assert pretty(backwards.encode()) == pretty(json.dumps(document, indent=7).encode())


def _reversed(value: object) -> object:
    if isinstance(value, dict):
        return {key: _reversed(inner) for key, inner in reversed(value.items())}
    return [_reversed(inner) for inner in value] if isinstance(value, list) else value


def test_json_is_laid_out():
    """One member on a line, keys in order; a control character and one that turns the text around can be seen."""
    body = '{"b":[1,{}],"a":"\u00e8\u202e\\u0000"}'.encode()
    assert pretty(body).decode() == '{\n  "a": "è\\u202e\\u0000",\n  "b": [\n    1,\n    {}\n  ]\n}'


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":2}',
        '[{"a":1,"a":1}]',
        "[1E5]",
        "[1.10]",
        "[-0]",
        "[1.00000000000000000001]",
        "[NaN]",
        "[Infinity]",
        "[" * 100_000,
        "{broken",
        "plain text",
        '"a text"',
        " 5 ",
        "a=1&b=2",
        "\ufeff[]",
        "",
    ],
)
def test_what_would_lose_by_it_stays_as_it_is(text):
    """Twice the same key, numbers that Python spells in another way, no JSON, or neither object nor array."""
    assert pretty(text.encode()) == text.encode()
    assert laid_out(text) is None


def test_big_numbers_keep_every_digit():
    """A number beyond 64 bits is no float afterwards."""
    assert pretty(b'{"id":123456789012345678901234567890}') == b'{\n  "id": 123456789012345678901234567890\n}'


def test_bytes_that_are_no_text_stay_as_they_are():
    """A file is not touched."""
    assert pretty(b"PAR1\xff[]") == b"PAR1\xff[]"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a=1", True), ("a=&b=%20", True), ("a", False), ('{"a":"b=c"}', False), ("a=1 2", False), ("=1", False)],
)
def test_a_form_is_told_by_its_looks(text, expected):
    """Fields joined by ampersands, without blanks; what looks like JSON is none."""
    assert is_form(text) is expected
