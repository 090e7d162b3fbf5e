"""Which rows make one profile: identities as numbers, and the graph that joins them.

Every identity gets a number by first appearance: the primary identities of the fragments, then those of the events,
then all others. A profile goes by the smallest of its identities; so the numbers order profiles as they appear.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa

from pytest_aep_export.exporter.plan import IDENTITY_LIMIT
from pytest_aep_export.exporter.shapes import column, member, opened
from pytest_aep_export.profiles.columns import Array, encoded, pick
from pytest_aep_export.profiles.randomness import Integers

__all__ = ["Profiles", "find_profiles"]

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
    crowded = _crowded(np.append(own, own[rows]), np.append(primary, others))
    return Profiles(own, theirs, known, crowded)


def _primary(table: pa.Table) -> _Identities:
    return column(table, "identityNamespace"), column(table, "identityId")


def _listed(values: Array) -> tuple[Integers, _Identities]:
    """All identities in a column of identity maps, and the row that each is in."""
    outer, namespaces, items = opened(values)
    inner, _, identities = opened(items)
    rows = np.repeat(np.repeat(np.arange(len(values)), outer), inner)
    return rows, (pick(namespaces, np.repeat(np.arange(len(inner)), inner)), member(identities, "id"))


def _numbered(*columns: _Identities) -> list[Integers]:
    """The identities of all columns as numbers, equal ones as equal numbers, from 0 by first appearance."""
    spaces, names = encoded(pa.concat_arrays([namespaces for namespaces, _ in columns]))
    ids, _ = encoded(pa.concat_arrays([ids for _, ids in columns]))
    both, _ = encoded(pa.array(ids * len(names) + spaces))
    return np.split(both, np.cumsum([len(ids) for _, ids in columns])[:-1])


def _components(left: Integers, right: Integers, count: int) -> Integers:
    """For each of ``count`` nodes, the smallest node that edges from ``left`` to ``right`` join it to."""
    smallest = np.arange(count)
    while True:
        before = smallest.copy()
        lower = np.minimum(smallest[left], smallest[right])
        for ends in (left, right):
            np.minimum.at(smallest, before[ends], lower)
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
