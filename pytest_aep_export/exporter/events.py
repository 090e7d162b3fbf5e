"""The events that go along with the profiles: selected by the time of their ingestion, in order of the time they happened."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pytest_aep_export.exporter.identities import Integers
from pytest_aep_export.exporter.plan import EventPlan
from pytest_aep_export.exporter.shapes import Array, Flags, lists, project, tree

__all__ = ["column", "instants", "time_series"]


def column(table: pa.Table, name: str) -> Array:
    """A column of a table in one piece."""
    return table[name].combine_chunks()


def instants(values: Array) -> Integers:
    """Timestamps as ms since the epoch; null as the last of all."""
    return pc.fill_null(values.view(pa.int64()), np.iinfo(np.int64).max).to_numpy()


def time_series(plan: EventPlan, events: pa.Table, owners: Integers, profiles: Integers) -> Array:
    """The column ``timeSeriesEvents``: for each of the profiles, ascending numbers, the list of its events.

    Args:
        plan: Which events, and what of them.
        events: The events table.
        owners: The profile of each event.
        profiles: The profiles of the export.
    """
    rows = np.flatnonzero(_ingested(plan, events) & np.isin(owners, profiles))
    happened = instants(column(events, "timestamp"))[rows]
    rows = rows[np.lexsort((happened, owners[rows]))]
    counts = np.bincount(np.searchsorted(profiles, owners[rows]), minlength=len(profiles))
    chosen = tree(plan.fields)
    names = [name for name in events.schema.names[_ORIGINS:] if chosen is None or name in chosen]
    taken = [project(column(events, name).take(pa.array(rows)), chosen and chosen[name]) for name in names]
    return lists(np.concatenate([[0], np.cumsum(counts)]), pa.StructArray.from_arrays(taken, names))
