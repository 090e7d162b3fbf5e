"""Fragments into profiles: for each leaf the strongest fragment that has a value; for identities and segments, all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pytest_aep_export.exporter.shapes import Tree, chosen_members, has_value, project, structs
from pytest_aep_export.profiles.columns import Array, Flags, encoded, lists, maps, member, numbers, opened, pick
from pytest_aep_export.profiles.randomness import Integers

__all__ = ["Entries", "Groups", "gather", "grouped", "strongest"]

_FAR: Final = 1 << 49
"""Further from the epoch than any time in ms of the years 1 to 9999."""


@dataclass(frozen=True, slots=True)
class Groups:
    """Rows of the fragments table by profile.

    Attributes:
        rows: Row numbers, each profile's together and its strongest first.
        starts: Where each profile's rows start.
        profiles: The profiles' numbers, ascending.
    """

    rows: Integers
    starts: Integers
    profiles: Integers

    @property
    def sizes(self) -> Integers:
        """How many rows each profile has."""
        return np.diff(self.starts, append=len(self.rows))

    @property
    def places(self) -> Integers:
        """For each row, the position of its profile among the profiles."""
        return np.repeat(np.arange(len(self.starts)), self.sizes)

    def only(self, kept: Flags) -> Groups:
        """The groups of the profiles that are kept."""
        sizes = self.sizes[kept]
        return Groups(self.rows[kept[self.places]], np.cumsum(sizes) - sizes, self.profiles[kept])


def grouped(profiles: Integers, ingested: Integers, rank: Integers) -> Groups:
    """Group fragments by profile and order each group by strength; of equals, the later row is the stronger.

    Args:
        profiles: The profile of each fragment.
        ingested: When each was ingested, in ms; a later one is stronger.
        rank: The position of its dataset in the policy's order, which goes before time; negative ones are left out.
    """
    latest_first = np.flatnonzero(rank >= 0)[::-1]
    weakness = rank[latest_first] * (2 * _FAR) + (_FAR - ingested[latest_first])
    rows = latest_first[np.lexsort((weakness, profiles[latest_first]))]
    owners = profiles[rows]
    starts = np.flatnonzero(np.diff(owners, prepend=-1))
    return Groups(rows, starts, owners[starts])


def strongest(values: Array, groups: Groups, chosen: Tree | None) -> Array:
    """What is selected of a column, merged leaf by leaf: one value for each profile."""
    if isinstance(values, pa.StructArray):
        members = {
            name: strongest(member(values, name), groups, below) for name, below in chosen_members(values, chosen)
        }
        return structs(members, list(members.values()))
    return project(_first_value(values, groups), chosen)


def _first_value(values: Array, groups: Groups) -> Array:
    known = has_value(values)[groups.rows]
    if known.all():
        return pick(values, groups.rows[groups.starts])
    none = len(known)
    first = np.minimum.reduceat(np.where(known, np.arange(none), none), groups.starts)
    return pick(values, groups.rows[np.minimum(first, none - 1)], first < none)


@dataclass(frozen=True, slots=True)
class Entries:
    """The entries of a two-level map, merged: each pair of keys once, from the strongest fragment that has it.

    They stand end to end: by profile, then by outer key, then by strength and position in their fragment.

    Attributes:
        profiles: How many profiles there are.
        place: The position of the profile that each entry belongs to.
        outer: The outer key of each entry, as its position in ``spaces``.
        spaces: The outer keys there are (namespaces), in order.
        inner: The inner key of each entry (the id of an identity or a segment).
        items: What the map holds for the two keys.
    """

    profiles: int
    place: Integers
    outer: Integers
    spaces: Array
    inner: Array
    items: Array

    def as_map_of_lists(self) -> Array:
        """The entries as a map of lists of items."""
        return self._as_map(lists(self._sizes(), self.items))

    def as_map_of_maps(self) -> Array:
        """The entries as a map of maps from inner keys to items."""
        return self._as_map(maps(self._sizes(), self.inner, self.items))

    def as_identities(self) -> Array:
        """The entries as a list of identities with their namespaces."""
        code = pa.StructArray.from_arrays([pick(self.spaces, self.outer)], ["code"])
        items = pa.StructArray.from_arrays([self.inner, code], ["id", "namespace"])
        return lists(np.bincount(self.place, minlength=self.profiles), items)

    def profiles_by_key(self) -> dict[str, int]:
        """How many profiles have an entry under each outer key, keys in order."""
        counts = np.bincount(self.outer[self._bounds()], minlength=len(self.spaces))
        return {str(name): int(count) for name, count in zip(self.spaces.to_pylist(), counts, strict=True) if count}

    def _as_map(self, values: Array) -> Array:
        bounds = self._bounds()
        counts = np.bincount(self.place[bounds], minlength=self.profiles)
        return maps(counts, pick(self.spaces, self.outer[bounds]), values)

    def _bounds(self) -> Integers:
        """Where the entries of each profile and outer key start."""
        return np.flatnonzero(np.diff(self.place, prepend=-1) | np.diff(self.outer, prepend=-1))

    def _sizes(self) -> Integers:
        return np.diff(self._bounds(), append=len(self.place))


def gather(values: Array, groups: Groups, key: str | None = None) -> Entries:
    """Merge a column of two-level maps; ``key`` is the member of the items that is the inner key, None for a map's."""
    outer_sizes, outer_keys, inside = opened(pick(values, groups.rows))
    inner_sizes, inner_keys, items = opened(inside)
    inner = inner_keys if key is None else member(items, key)
    parent = np.repeat(np.arange(len(inner_sizes)), inner_sizes)
    place = np.repeat(groups.places, outer_sizes)[parent]
    outer, spaces = _ranked(outer_keys)
    kept = _first_of_each(place * len(spaces) + outer[parent], inner)
    return Entries(
        profiles=len(groups.starts),
        place=place[kept],
        outer=outer[parent[kept]],
        spaces=spaces,
        inner=pick(inner, kept),
        items=pick(items, kept),
    )


def _ranked(keys: Array) -> tuple[Integers, Array]:
    """For each key its position among the distinct keys in order, and those."""
    codes, names = encoded(keys)
    sorting: Any = pc.sort_indices(names)
    order = numbers(sorting)
    return np.argsort(order)[codes], pick(names, order)


def _first_of_each(buckets: Integers, inner: Array) -> Integers:
    """Positions in the order of their buckets; of each inner key in a bucket only the first."""
    codes, names = encoded(inner)
    order = np.argsort(buckets, kind="stable")
    _, first = np.unique((buckets * len(names) + codes)[order], return_index=True)
    kept: Integers = order[np.sort(first)]
    return kept
