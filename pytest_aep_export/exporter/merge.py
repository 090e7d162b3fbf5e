"""Fragments into profiles: for each leaf the strongest fragment that has a value, for identities and segments all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pytest_aep_export.exporter.identities import Integers
from pytest_aep_export.exporter.shapes import Array, Flags, Tree, has_value, lists, maps, opened, project, structs

__all__ = ["Entries", "Groups", "gather", "grouped", "strongest"]

_FAR: Final = 1 << 49
"""More than any time in ms can be."""


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
    """Group fragments by profile and order each group by strength.

    Args:
        profiles: The profile of each fragment.
        ingested: When each was ingested, in ms; a later one is stronger.
        rank: The position of its dataset in the order of the policy, which goes before time; negative ones are left out.
    """
    latest_first = np.flatnonzero(rank >= 0)[::-1]
    weakness = rank[latest_first] * (2 * _FAR) + (_FAR - ingested[latest_first])
    rows = latest_first[np.lexsort((weakness, profiles[latest_first]))]
    numbers = profiles[rows]
    starts = np.flatnonzero(np.diff(numbers, prepend=-1))
    return Groups(rows, starts, numbers[starts])


def strongest(values: Array, groups: Groups, chosen: Tree | None) -> Array:
    """What is selected of a values, merged leaf by leaf: one value for each profile."""
    if isinstance(values, pa.StructArray):
        names = [field.name for field in values.type if chosen is None or field.name in chosen]
        members = [strongest(pc.struct_field(values, name), groups, chosen and chosen[name]) for name in names]
        return structs(names, members)
    return project(_first_value(values, groups), chosen)


def _first_value(values: Array, groups: Groups) -> Array:
    known = has_value(values)[groups.rows]
    if known.all():
        return values.take(pa.array(groups.rows[groups.starts]))
    if not known.any():
        return pa.nulls(len(groups.starts), values.type)
    none = len(known)
    first = np.minimum.reduceat(np.where(known, np.arange(none), none), groups.starts)
    return values.take(pa.array(groups.rows[np.minimum(first, none - 1)], mask=first == none))


@dataclass(frozen=True, slots=True)
class Entries:
    """The entries of a two-level map, merged: each key pair once, from the strongest fragment that has it.

    They stand end to end: by profile, then by outer key, then by strength and position in their fragment.

    Attributes:
        profiles: How many profiles there are.
        place: The position of the profile that each entry belongs to.
        outer: The outer key of each entry (a namespace).
        inner: The inner key of each entry (the id of an identity or of a segment).
        items: What the map holds for the two keys.
    """

    profiles: int
    place: Integers
    outer: pa.DictionaryArray[Any, Any]
    inner: Array
    items: Array

    def as_map(self) -> Array:
        """The entries as a map of lists of items."""
        sizes, bounds = self._buckets()
        return maps(self._offsets(self.place[bounds]), self._keys(bounds), lists(sizes, self.items))

    def as_maps(self) -> Array:
        """The entries as a map of maps from inner keys to items."""
        sizes, bounds = self._buckets()
        return maps(self._offsets(self.place[bounds]), self._keys(bounds), maps(sizes, self.inner, self.items))

    def as_identities(self) -> Array:
        """The entries as a list of identities with their namespaces."""
        code = pa.StructArray.from_arrays([self.outer.dictionary_decode()], ["code"])
        return lists(self._offsets(self.place), pa.StructArray.from_arrays([self.inner, code], ["id", "namespace"]))

    def profiles_by_key(self) -> dict[str, int]:
        """How many profiles have an entry under each outer key, keys in order."""
        _, bounds = self._buckets()
        counts = pc.value_counts(self._keys(bounds)).to_pylist()
        return dict(sorted((entry["values"], entry["counts"]) for entry in counts))

    def _buckets(self) -> tuple[Integers, Integers]:
        """The entries by profile and outer key: all offsets, and where each of them starts."""
        keys = self.outer.indices.to_numpy()
        first = (np.diff(self.place, prepend=-1) != 0) | (np.diff(keys, prepend=-1) != 0)
        bounds = np.flatnonzero(first)
        return np.append(bounds, len(keys)), bounds

    def _keys(self, bounds: Integers) -> Array:
        return self.outer.dictionary.take(self.outer.indices.take(pa.array(bounds)))

    def _offsets(self, places: Integers) -> Integers:
        return np.concatenate([[0], np.cumsum(np.bincount(places, minlength=self.profiles))])


def gather(values: Array, groups: Groups, inner_key: str | None) -> Entries:
    """Merge a column of two-level maps; ``inner_key`` is the member of the items that is the key, None for a map's own."""
    outer_sizes, outer_keys, inside = opened(values.take(pa.array(groups.rows)))
    inner_sizes, inner_keys, items = opened(inside)
    inner = inner_keys if inner_key is None else pc.struct_field(items, inner_key)
    bucket = np.repeat(np.arange(len(inner_sizes)), inner_sizes)
    place = np.repeat(groups.places, outer_sizes)[bucket]
    spaces, rank = _ranked(outer_keys)
    kept = _first_of_each(place * len(spaces) + rank[bucket], inner)
    return Entries(
        profiles=len(groups.starts),
        place=place[kept],
        outer=pa.DictionaryArray.from_arrays(pa.array(rank[bucket[kept]]), spaces),
        inner=inner.take(pa.array(kept)),
        items=items.take(pa.array(kept)),
    )


def _ranked(keys: Array) -> tuple[Array, Integers]:
    """The distinct keys in order, and for each key its position among them."""
    encoded = pc.dictionary_encode(keys)
    order = pc.sort_indices(encoded.dictionary).to_numpy()
    return encoded.dictionary.take(pa.array(order)), np.argsort(order)[encoded.indices.to_numpy()]


def _first_of_each(buckets: Integers, inner: Array) -> Integers:
    """Positions ordered by bucket, of each inner key in a bucket only the first."""
    encoded = pc.dictionary_encode(inner)
    order = np.argsort(buckets, kind="stable")
    pairs = buckets * len(encoded.dictionary) + encoded.indices.to_numpy()
    _, first = np.unique(pairs[order], return_index=True)
    return order[np.sort(first)]
