"""Dotted paths into the union schemas, as ``fields`` of a job request has them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, Literal, TypeAlias

from hypothesis import strategies as st

from pytest_aep_export.contract.union import Field, Union, load_union
from pytest_aep_export.fuzz.cases import REFUSED, Edit, Mistake, Owed
from pytest_aep_export.fuzz.strategies.near import Chosen, NearMiss, chosen
from pytest_aep_export.fuzz.strategies.texts import TEXTS

__all__ = ["Class", "field_lists", "hostile_paths", "mistakes", "near_paths", "paths_of", "places"]

Class: TypeAlias = Literal["profile", "event"]
"""Which of the two union schemas a path leads into."""

_KEY: Final = "*"
_KEYS: Final = ("Email", "ECID", "ups", "aam")
"""Keys that maps of the default data have."""


def paths_of(union: Union | None, of: Class) -> st.SearchStrategy[str]:
    """Paths that lead somewhere; they shrink to the first field of the schema."""
    tree: Field = getattr(union or load_union(), of)
    keys = st.sampled_from(_KEYS) | st.from_regex(r"[A-Za-z0-9_-]{1,8}", fullmatch=True)
    return st.sampled_from(list(places(tree))).flatmap(lambda place: _keyed(place, keys))


def _keyed(place: str, keys: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """The place with a key wherever it goes through a map."""
    names = place.split(".")
    parts = [keys if name == _KEY else st.just(name) for name in names]
    return st.tuples(*parts).map(".".join) if _KEY in names else st.just(place)


def places(tree: Field, prefix: str = "") -> Iterator[str]:
    """Every path into a tree, with ``*`` for any key of a map; an array is stepped through."""
    while tree.kind == "array" and tree.item is not None:
        tree = tree.item
    below = {_KEY: tree.item} if tree.kind == "map" and tree.item is not None else tree.members
    for name, field in below.items():
        yield f"{prefix}{name}"
        yield from places(field, f"{prefix}{name}.")


def field_lists(paths: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Texts of several paths, with blanks that make no difference."""
    return st.builds(str.join, st.sampled_from((",", ",", ", ")), st.lists(paths, min_size=1, max_size=3))


def near_paths(valid: st.SearchStrategy[str], names: Chosen) -> st.SearchStrategy[NearMiss[str]]:
    """Paths that lead nowhere, made of those that do."""
    wrong = st.sampled_from([mistake.name for mistake in chosen(mistakes(), names)])
    return st.builds(_missed, valid, wrong)


def _missed(path: str, name: str) -> NearMiss[str]:
    value = _SPOILED[name](path)
    return NearMiss(value, Mistake(name, (Edit("/body", value),), _OWED))


def mistakes() -> tuple[Mistake, ...]:
    """Every mistake of a path, as it spoils the first one."""
    return tuple(_missed("_id", name).mistake for name in _SPOILED)


_OWED: Final = Owed(REFUSED, "EXP-ERROR-014", "MAY")
_SPOILED: Final[Mapping[str, Callable[[str], str]]] = {
    "a name that there is not": "noSuchField.{}".format,
    "other letters": str.upper,
    "nothing behind a dot": "{}.".format,
    "nothing before a dot": ".{}".format,
    "nothing between dots": "person..{}".format,
    "a name inside of a text": "_id.{}".format,
    "events by a field": "timeSeriesEvents.{}".format,
}


def hostile_paths() -> st.SearchStrategy[str]:
    """Texts in the place of paths: long, deep, empty between the dots, in any script."""
    names = st.sampled_from(("", "person", "*", "identityMap", *TEXTS)) | st.text(max_size=8)
    built = st.lists(names, min_size=1, max_size=4).map(".".join)
    return built | st.integers(2, 5_000).map(lambda depth: ".".join(["a"] * depth))
