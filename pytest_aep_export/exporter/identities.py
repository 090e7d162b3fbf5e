"""Which rows make one profile: identities as numbers, and the graph that joins them.

Every identity gets a number by first appearance: the primary identities of the fragments, then those of the events, then
all others. A profile goes by the smallest number among its identities; so the numbers order profiles as they appear.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pytest_aep_export.exporter.plan import IDENTITY_LIMIT
from pytest_aep_export.exporter.shapes import Array, column, opened

__all__ = ["Integers", "Profiles", "find_profiles"]

Integers = NDArray[np.int64]
_Identities = tuple[Array, Array]
"""Namespaces and ids, side by side."""


@dataclass(frozen=True, slots=True)
class Profiles:
    """The profile that each row belongs to.

    Attributes:
        fragments: The profile of each row of the fragments table.
        events: The profile of each row of the events table.
        known: Profiles with a number below this have a fragment; the others have events only.
        crowded: The profiles that have more identities than an export takes.
    """

    fragments: Integers
    events: Integers
    known: int
    crowded: Integers


def find_profiles(fragments: pa.Table, events: pa.Table, graph: Literal["none", "pdg"]) -> Profiles:
    """The profile of every fragment and event under a graph."""
    rows, listed = _listed(column(fragments, "identityMap"))
    primary, theirs, others = _numbered(_primary(fragments), _primary(events), listed)
    known = int(primary.max(initial=-1)) + 1
    own = primary
    if graph == "pdg":
        count = 1 + max(int(numbers.max(initial=-1)) for numbers in (primary, theirs, others))
        smallest = _components(primary[rows], others, count)
        own, theirs = smallest[primary], smallest[theirs]
    crowded = _crowded(np.concatenate([own, own[rows]]), np.concatenate([primary, others]))
    return Profiles(own, theirs, known, crowded)


def _primary(table: pa.Table) -> _Identities:
    return column(table, "identityNamespace"), column(table, "identityId")


def _listed(values: Array) -> tuple[Integers, _Identities]:
    """All identities in a column of identity maps, and the row that each is in."""
    outer, namespaces, items = opened(values)
    inner, _, identities = opened(items)
    rows = np.repeat(np.repeat(np.arange(len(values)), outer), inner)
    spaces = namespaces.take(pa.array(np.repeat(np.arange(len(inner)), inner)))
    return rows, (spaces, pc.struct_field(identities, "id"))


def _numbered(*columns: _Identities) -> list[Integers]:
    """The identities of all columns as numbers, equal ones as equal numbers, from 0 by first appearance."""
    spaces = _codes(pa.concat_arrays([namespaces for namespaces, _ in columns]))
    ids = _codes(pa.concat_arrays([ids for _, ids in columns]))
    both = _codes(pa.array(ids * (spaces.max(initial=0) + 1) + spaces))
    return np.split(both, np.cumsum([len(ids) for _, ids in columns])[:-1])


def _codes(values: Array) -> Integers:
    return pc.dictionary_encode(values).indices.to_numpy().astype(np.int64)


def _components(left: Integers, right: Integers, count: int) -> Integers:
    """For each of ``count`` nodes, the smallest node that edges from ``left`` to ``right`` join it to."""
    smallest = np.arange(count)
    while True:
        lower = np.minimum(smallest[left], smallest[right])
        before = smallest.copy()
        for ends in (left, right):
            np.minimum.at(smallest, smallest[ends], lower)
            np.minimum.at(smallest, ends, lower)
        smallest = smallest[smallest]
        if np.array_equal(before, smallest):
            return smallest


def _crowded(profiles: Integers, identities: Integers) -> Integers:
    """The profiles with too many identities; an identity counts once, however often a profile names it."""
    suspected = np.bincount(profiles) > IDENTITY_LIMIT
    if not suspected.any():
        return np.arange(0)
    among = suspected[profiles]
    count = int(identities.max()) + 1
    pairs = np.unique(profiles[among] * count + identities[among])
    return np.flatnonzero(np.bincount(pairs // count) > IDENTITY_LIMIT)
