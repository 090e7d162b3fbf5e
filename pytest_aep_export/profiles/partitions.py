"""Partitions: profile data in pieces that can be exported apart from each other, in any order and in any process."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from pytest_aep_export.profiles.columns import column
from pytest_aep_export.profiles.graph import components, listed, numbered, primary
from pytest_aep_export.profiles.randomness import Integers

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["PARTITION_ROWS", "Partition", "Tables", "split"]

PARTITION_ROWS: Final = 250_000
"""About how many rows of both tables a partition holds: so few that one fits into memory several times over."""


class Partition(Protocol):
    """Fragments and events of profiles that no other partition knows anything of; can be pickled."""

    def read(self, fragments: Collection[str] | None = None, events: Collection[str] | None = None) -> Tables:
        """The two tables, with those of their columns that are named here, or with all."""
        ...


@dataclass(frozen=True, slots=True)
class Tables:
    """The two tables that `pytest_aep_export.profiles.schema` describes; in memory they are a partition themselves."""

    fragments: pa.Table
    events: pa.Table

    def read(self, fragments: Collection[str] | None = None, events: Collection[str] | None = None) -> Tables:
        """See `Partition.read`."""
        return Tables(_columns(self.fragments, fragments), _columns(self.events, events))


def _columns(table: pa.Table, names: Collection[str] | None) -> pa.Table:
    return table if names is None else table.select([name for name in table.column_names if name in names])


@dataclass(frozen=True, slots=True)
class _Share:
    """Some rows of two tables."""

    tables: Tables
    fragments: Integers
    events: Integers

    def read(self, fragments: Collection[str] | None = None, events: Collection[str] | None = None) -> Tables:
        """See `Partition.read`."""
        tables = self.tables.read(fragments, events)
        return Tables(tables.fragments.take(self.fragments), tables.events.take(self.events))

    def __reduce__(self) -> tuple[type[Tables], tuple[pa.Table, pa.Table]]:
        """What travels to another process is these rows alone."""
        tables = self.read()
        return Tables, (tables.fragments, tables.events)


def split(tables: Tables, rows: int = PARTITION_ROWS) -> tuple[Partition, ...]:
    """Tables in partitions of about so many rows: whatever identities join, directly or not, stays together."""
    if tables.fragments.num_rows + tables.events.num_rows <= rows:
        return (tables,)
    of_fragments, of_events = _families(tables)
    sizes = np.bincount(np.append(of_fragments, of_events))
    number = (np.cumsum(sizes) - sizes) // rows
    return tuple(_shares(tables, number[of_fragments], number[of_events]))


def _families(tables: Tables) -> tuple[Integers, Integers]:
    """For each fragment and each event, the number of all that belongs together, in the order of first appearance."""
    rows, in_maps = listed(column(tables.fragments, "identityMap"))
    own, theirs, others = numbered(primary(tables.fragments), primary(tables.events), in_maps)
    count = 1 + max(int(numbers.max(initial=-1)) for numbers in (own, theirs, others))
    smallest = components(own[rows], others, count)
    return smallest[own], smallest[theirs]


def _shares(tables: Tables, of_fragments: Integers, of_events: Integers) -> list[_Share]:
    numbers = np.unique(np.append(of_fragments, of_events))
    return [_Share(tables, np.flatnonzero(of_fragments == n), np.flatnonzero(of_events == n)) for n in numbers]
