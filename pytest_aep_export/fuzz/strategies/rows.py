"""Rows of the two tables as Arrow has them, in every way of having no value, which nobody checks before an export."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from hypothesis import strategies as st

from pytest_aep_export.contract.union import Field, Union
from pytest_aep_export.fuzz.strategies.pools import HOSTILE, Values

__all__ = ["IDENTITY_CROWD", "Row", "events", "fragments", "memberships", "mostly", "row_lists", "seldom"]

Row: TypeAlias = dict[str, Any]

IDENTITY_CROWD: Final = (0, 0, 0, 0, 0, 0, 0, 0, 48, 49, 50)
"""How many identities a record has more: a profile of more than 50 is left out of exports."""


@st.composite
def mostly(draw: st.DrawFn, strategy: Values, otherwise: Any = None) -> Any:
    """Four times in five."""
    return draw(strategy) if draw(st.sampled_from((True, True, True, True, False))) else otherwise


@st.composite
def seldom(draw: st.DrawFn, strategy: Values, otherwise: Any = None) -> Any:
    """One time in five."""
    return draw(strategy) if draw(st.sampled_from((False, False, False, False, True))) else otherwise


def row_lists(union: Union, most: tuple[int, int]) -> st.SearchStrategy[tuple[list[Row], list[Row]]]:
    """Rows of the fragments table and of the events table, so many of each at most."""
    one, other = st.none() | fragments(union), st.none() | events(union)
    return _both(st.tuples(*[one] * most[0]), st.tuples(*[other] * most[1]))


def fragments(union: Union) -> st.SearchStrategy[Row]:
    """Rows of the fragments table."""
    return _records(HOSTILE.datasets, _columns(union.profile), ("identityMap", "segmentMembership", "person"))


def events(union: Union) -> st.SearchStrategy[Row]:
    """Rows of the events table."""
    return _records(HOSTILE.origins, _columns(union.event), ("timestamp", "_id", "timestamp"))


@st.composite
def _both(draw: st.DrawFn, profiles: Values, happened: Values) -> tuple[list[Row], list[Row]]:
    records = [row for row in draw(profiles) if row is not None]
    crowd = draw(st.sampled_from(IDENTITY_CROWD))
    if records and crowd:
        known = records[0].get("identityMap") or []
        records[0]["identityMap"] = [*known, ("crowd", [{"id": str(number)} for number in range(crowd)])]
    return records, [row for row in draw(happened) if row is not None]


@st.composite
def _records(draw: st.DrawFn, datasets: Sequence[str], known: dict[str, Values], main: tuple[str, ...]) -> Row:
    """Rows of one of the two tables, with values in a few of the columns."""
    dataset, (namespace, key) = draw(st.sampled_from(datasets)), draw(st.sampled_from(HOSTILE.identities))
    row: Row = {"datasetId": dataset, "ingestTime": draw(HOSTILE.times)}
    row |= {"identityNamespace": namespace, "identityId": key}
    return row | draw(_some_of(st.sampled_from((*main * 3, *known)), known, 4))


@st.composite
def _some_of(draw: st.DrawFn, names: Values, known: dict[str, Values], number: int) -> Row:
    """A struct or row of up to so many of the known members."""
    return {name: draw(known[name]) for name in draw(st.lists(names, max_size=number, unique=True))}


def _columns(tree: Field) -> dict[str, Values]:
    """A strategy for each column of the table of this class."""
    special = {"identityMap": _identity_maps(), "segmentMembership": memberships()}
    found = {name: _values(field) for name, field in tree.members.items() if name != "identities"}
    return found | {name: strategy for name, strategy in special.items() if name in found}


def _values(field: Field) -> Values:
    """Values of a field, in every way of having none: null, members left out, empty lists, nulls inside."""
    if field.kind == "object":
        members = {name: _values(member) for name, member in field.members.items()}
        return mostly(_some_of(st.sampled_from(list(members)), members, 3))
    if field.item is None:
        return mostly(HOSTILE.scalars[field.kind])
    if field.kind == "map":
        return _maps(("a", "b", "a"), _values(field.item))
    return mostly(st.lists(_values(field.item), max_size=2))


def _maps(keys: Sequence[str], entries: Values) -> Values:
    """Maps as lists of pairs; nothing keeps a producer from writing a key twice."""
    return mostly(st.lists(st.tuples(st.sampled_from(keys), entries), min_size=1, max_size=3), [])


def _identity_maps() -> Values:
    """Identity maps over the known identities, some with namespaces that have nothing in them."""
    states = st.sampled_from((None, "ambiguous", "authenticated"))
    flags: dict[str, Values] = {"authenticatedState": states, "primary": st.none() | st.booleans()}

    def entry(namespace: str) -> Values:
        known = st.sampled_from([key for name, key in HOSTILE.identities if name == namespace])
        items = st.lists(st.fixed_dictionaries({"id": known}, optional=flags), max_size=2)
        return st.tuples(st.just(namespace), mostly(items))

    entries = [entry(namespace) for namespace, _ in HOSTILE.identities]
    return st.lists(st.sampled_from(range(len(entries))).flatmap(entries.__getitem__), max_size=3)


def memberships() -> Values:
    """Segment memberships in all statuses."""
    times, statuses = mostly(HOSTILE.times), st.sampled_from(HOSTILE.statuses)
    item = st.fixed_dictionaries({"lastQualificationTime": times}, optional={"status": statuses})
    return _maps(HOSTILE.owners, mostly(_maps(HOSTILE.segments, item)))
