"""Identities as numbers, and which of them fragments join.

Equal identities get equal numbers, by first appearance; so the numbers order profiles as they appear.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from pytest_aep_export.profiles.columns import Array, column, encoded, member, opened, pick
from pytest_aep_export.profiles.randomness import Integers

__all__ = ["Identities", "components", "listed", "numbered", "primary"]

Identities = tuple[Array, Array]
"""Namespaces and ids, side by side."""


def primary(table: pa.Table) -> Identities:
    """The primary identity of each row of either table."""
    return column(table, "identityNamespace"), column(table, "identityId")


def listed(values: Array) -> tuple[Integers, Identities]:
    """All identities in a column of identity maps, and the row that each is in."""
    outer, namespaces, items = opened(values)
    inner, _, identities = opened(items)
    rows = np.repeat(np.repeat(np.arange(len(values)), outer), inner)
    return rows, (pick(namespaces, np.repeat(np.arange(len(inner)), inner)), member(identities, "id"))


def numbered(*columns: Identities) -> list[Integers]:
    """The identities of all columns as numbers from 0 on."""
    spaces, names = encoded(pa.concat_arrays([namespaces for namespaces, _ in columns]))
    ids, _ = encoded(pa.concat_arrays([ids for _, ids in columns]))
    both, _ = encoded(pa.array(ids * len(names) + spaces))
    return np.split(both, np.cumsum([len(ids) for _, ids in columns])[:-1])


def components(left: Integers, right: Integers, count: int) -> Integers:
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
