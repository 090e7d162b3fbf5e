"""Expressions evaluated on many profiles: as one evaluates them on each, one after the other."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aep_export.pql.language import All, Compare, Either, Exists, Expression, Not, Path, parse
from pytest_aep_export.pql.quickly import matching
from pytest_aep_export.pql.slowly import matches

TEXTS, NUMBERS = ("", "a", "b", 'say "x"', "ä"), (-1, 0, 1, 1.5, 2)
SCHEMA = pa.schema(
    {
        "flag": pa.bool_(),
        "text": pa.string(),
        "whole": pa.int64(),
        "part": pa.struct({"number": pa.float64(), "text": pa.string()}),
        "list": pa.list_(pa.string()),
        "timeSeriesEvents": pa.list_(pa.struct({"text": pa.string(), "part": pa.struct({"whole": pa.int64()})})),
    }
)
PATHS = (("flag",), ("text",), ("whole",), ("part",), ("part", "number"), ("part", "text"), ("list",), ("no", "such"))
EVENT_PATHS = (("text",), ("part", "whole"), ("no",))


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Something or nothing."""
    return st.none() | strategy


texts, wholes = st.sampled_from(TEXTS), st.sampled_from([-1, 0, 1, 2])
events = st.fixed_dictionaries({"text": maybe(texts), "part": maybe(st.fixed_dictionaries({"whole": maybe(wholes)}))})
part = st.fixed_dictionaries({"number": maybe(st.sampled_from([-1.0, 1.0, 1.5])), "text": maybe(texts)})
profiles = st.fixed_dictionaries(
    {
        "flag": maybe(st.booleans()),
        "text": maybe(texts),
        "whole": maybe(wholes),
        "part": maybe(part),
        "list": maybe(st.lists(texts, max_size=2)),
        "timeSeriesEvents": maybe(st.lists(events, max_size=3)),
    }
)


def compares(paths: st.SearchStrategy[Path]) -> st.SearchStrategy[Expression]:
    """Comparisons of what lies at some paths."""
    order = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
    constants = st.sampled_from([*TEXTS, *NUMBERS])
    lists = st.lists(texts, min_size=1, max_size=3) | st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=3)
    return (
        st.builds(Compare, order, paths, st.tuples(constants))
        | st.builds(Compare, st.sampled_from(["=", "!="]), paths, st.tuples(st.booleans()))
        | st.builds(Compare, st.just("in"), paths, (lists | st.lists(st.booleans(), min_size=1)).map(tuple))
    )


def joined(leaves: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    """Expressions put together."""

    def more(parts: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
        several = st.lists(parts, min_size=2, max_size=3).map(tuple)
        return st.builds(Not, parts) | st.builds(All, several) | st.builds(Either, several)

    return st.recursive(leaves, more, max_leaves=6)


of_profiles = st.sampled_from(PATHS).map(Path)
of_events = st.sampled_from(EVENT_PATHS).map(lambda names: Path(names, event=True))
expressions = joined(
    compares(of_profiles) | st.builds(Exists, maybe(joined(compares(of_profiles) | compares(of_events))))
)


def written(expression: Expression) -> str:
    """The text of an expression, with round brackets around every part."""
    match expression:
        case All(parts) | Either(parts):
            return f" {'and' if isinstance(expression, All) else 'or'} ".join(f"({written(each)})" for each in parts)
        case Not(part):
            return f"not ({written(part)})"
        case Exists(part):
            return "exists E from xEvent" + (f" where {written(part)}" if part else "")
        case Compare(how, path, values):
            constants = ", ".join(map(constant, values))
            return (
                f"{'.'.join(['E'] * path.event + [*path.names])} {how} {f'[{constants}]' if how == 'in' else constants}"
            )


def constant(value: object) -> str:
    """A constant as text."""
    if isinstance(value, str):
        return '"' + value.replace("\\", r"\\").replace('"', r"\"") + '"'
    return str(value).lower()


@given(expressions)
def test_an_expression_is_read_as_it_is_written(expression):
    """Its text gives the same tree."""
    assert parse(written(expression)) == expression


@given(expressions, st.lists(profiles, max_size=6))
def test_many_are_judged_as_one_by_one(expression, rows):
    """Arrow and plain Python agree on each profile, whatever it lacks."""
    batch = pa.RecordBatch.from_pylist(rows, SCHEMA)
    assert matching(expression, batch).to_pylist() == [matches(expression, row) for row in rows]


ROWS = [
    {"text": "a", "timeSeriesEvents": [{"text": "b"}, {"text": "a"}]},
    {"text": None, "timeSeriesEvents": []},
    {"text": "b", "timeSeriesEvents": [{"text": "b"}]},
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('text = "a"', [True, False, False]),
        ('text != "a"', [False, False, True]),
        ('not text = "a"', [False, True, True]),
        ('text in ["a", "b"]', [True, False, True]),
        ("text = 1", [False, False, False]),
        ("exists E from xEvent", [True, False, True]),
        ('exists E from xEvent where E.text = "a"', [True, False, False]),
        ('exists E from xEvent where text = "b" and E.text = "b"', [False, False, True]),
        ('not exists E from xEvent where E.text = "a"', [False, True, True]),
    ],
)
def test_what_expressions_mean(text, expected):
    """A value that is not there compares as false, with != too; an event is looked at beside its own profile."""
    assert matching(parse(text), pa.RecordBatch.from_pylist(ROWS, SCHEMA)).to_pylist() == expected
    assert [matches(parse(text), row) for row in ROWS] == expected


def test_profiles_without_events_have_none():
    """Where rows have no column for them."""
    batch = pa.RecordBatch.from_pylist(ROWS, SCHEMA).select(["text"])
    assert matching(parse("exists E from xEvent"), batch).to_pylist() == [False] * 3
