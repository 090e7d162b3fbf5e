"""Random rows: however they come in, they are the same tables, and nothing bad gets past the columns."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_aep_export.contract.union import load_union
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.fuzz.strategies import rows
from pytest_aep_export.fuzz.strategies.pools import HOSTILE
from pytest_aep_export.profiles import ProfileData, load_profiles
from pytest_aep_export.profiles.converting import SPAN
from pytest_aep_export.profiles.fitting import fitted
from pytest_aep_export.profiles.rows import Shape
from pytest_aep_export.profiles.schema import EVENTS, FRAGMENTS
from tests.exporter.plain_rows import Row

PROFILE = Shape("a profile record", load_union().profile, FRAGMENTS, "crm")
EVENT = Shape("an event", load_union().event, EVENTS, "web", ("_id", "timestamp"))


def sound(row: Row) -> bool:
    """Whether a random row is more than the loader lets pass: the engine copes with empty identities."""
    if not (row["identityNamespace"] and row["identityId"]):
        return False
    return all(space and item["id"] for space, items in row.get("identityMap") or () for item in items or ())


FRAGMENT: Final = rows.fragments(load_union()).filter(sound)
fragments = st.lists(FRAGMENT, max_size=4)
events = st.lists(
    st.builds(
        lambda row, name, time: row | {"_id": name, "timestamp": time},
        rows.events(load_union()).filter(sound),
        HOSTILE.scalars["string"],
        HOSTILE.times,
    ),
    max_size=4,
)


def directly(profiles: list[Row], happenings: list[Row]) -> ProfileData:
    """The tables that Arrow makes of plain rows by itself."""
    return ProfileData.of(pa.Table.from_pylist(profiles, FRAGMENTS), pa.Table.from_pylist(happenings, EVENTS))


def assert_same(one: ProfileData, other: ProfileData) -> None:
    """Both tables are equal, and so is what Python sees of them."""
    for left, right in ((one.fragments, other.fragments), (one.events, other.events)):
        assert left.to_pylist() == right.to_pylist()
        assert left.equals(right)


@given(fragments, events)
def test_plain_rows_make_the_tables_that_arrow_makes(profiles: list[Row], happenings: list[Row]):
    """In two sources or mixed in one, checked rows are what they are unchecked."""
    right = directly(profiles, happenings)
    mixed = [row for pair in zip(profiles, happenings, strict=False) for row in pair]
    rest = [*profiles[len(mixed) // 2 :], *happenings[len(mixed) // 2 :]]

    assert_same(load_profiles(profiles, happenings), right)
    assert_same(load_profiles([*mixed, *rest]), right)


@given(fragments, events)
def test_rows_go_round(profiles: list[Row], happenings: list[Row]):
    """What Arrow says of loaded rows loads again, as rows and as tables, to the same."""
    data = load_profiles(profiles, happenings)

    assert_same(load_profiles(data.fragments.to_pylist(), data.events.to_pylist()), data)
    assert_same(load_profiles(data.fragments, data.events), data)


def as_json(value: Any) -> Any:
    """A value of a row as JSON has it: a key of a map once, and no null but in arrays."""
    if isinstance(value, dict):
        return {name: as_json(part) for name, part in value.items() if part is not None}
    if isinstance(value, list) and value and isinstance(value[0], tuple):
        return as_json(dict(value))
    if isinstance(value, list):
        return [as_json(part) for part in value]
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value


def once(value: Any) -> Any:
    """A value of a row as it comes back from JSON."""
    if isinstance(value, dict):
        return {name: once(part) for name, part in value.items() if part is not None}
    if isinstance(value, list) and value and isinstance(value[0], tuple):
        return [(key, once(part)) for key, part in dict(value).items() if part is not None]
    return [once(part) for part in value] if isinstance(value, list) else value


@given(fragments, events)
@settings(max_examples=50)
def test_rows_go_through_a_file_of_json_lines(profiles: list[Row], happenings: list[Row]):
    """Texts of all kinds, times at both ends and numbers at their limits survive being written as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rows.jsonl")
        path.write_text("".join(json.dumps(as_json(row)) + "\n" for row in (*profiles, *happenings)), "utf-8")
        data = load_profiles(path)

    assert_same(data, directly(list(map(once, profiles)), list(map(once, happenings))))


Spoil = Callable[[Row], Any]
SPOILS: Final[dict[str, Spoil]] = {
    "identityId": lambda _: None,
    "identityNamespace": lambda _: "",
    "identityMap": lambda row: [*(row.get("identityMap") or ()), ("Email", [{"id": ""}])],
    "segmentMembership": lambda row: [*(row.get("segmentMembership") or ()), ("ups", [("s", None)])],
    "homeAddress": lambda _: {"_schema": {"latitude": float("nan")}},
    "datasetId": lambda _: None,
    "mobilePhone": lambda _: {"number": "1"},
    "ingestTime": lambda _: SPAN.stop,
    "person": lambda _: {"birthDate": 3_000_000},
}


def outcome(source: Any) -> Any:
    """The rows that a source makes, or that it makes none."""
    try:
        return load_profiles(source).fragments.to_pylist()
    except ConfigurationError:
        return None


@given(FRAGMENT, st.lists(st.sampled_from(list(SPOILS)), max_size=2, unique=True))
def test_columns_are_taken_only_if_every_row_would_be(row: Row, names: list[str]):
    """A table that fits column by column is what its rows make; one with a bad row never fits."""
    for name in names:
        row |= {name: SPOILS[name](row)}
    free = pa.schema([field.with_nullable(nullable=True) for field in FRAGMENTS])
    table = pa.Table.from_pylist([row], free)
    made = fitted(table, PROFILE)

    if made is not None:
        assert made.to_pylist() == outcome(table.to_pylist())
    assert (made is None) == bool(set(names) - {"mobilePhone"})
    assert outcome(table) == (None if set(names) - {"mobilePhone", "datasetId"} else outcome(table.to_pylist()))


@given(events)
def test_columns_of_events_are_taken_too(happenings: list[Row]):
    """Events with all that their class requires fit column by column."""
    table = pa.Table.from_pylist(happenings, EVENTS)
    assert (made := fitted(table, EVENT)) is not None
    assert made.equals(table)
