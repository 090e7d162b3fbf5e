"""The events that go along with the profiles: by the time of their ingestion, in order of the time they happened."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from pytest_aep_export.exporter.plan import EventPlan
from pytest_aep_export.exporter.shapes import project, tree
from pytest_aep_export.profiles.columns import Array, Flags, column, lists, numbers, pick
from pytest_aep_export.profiles.randomness import Integers
from pytest_aep_export.profiles.schema import ORIGIN

__all__ = ["time_series"]


def time_series(plan: EventPlan, events: pa.Table, owners: Integers, profiles: Integers) -> Array:
    """The column ``timeSeriesEvents``: for each profile the list of its events.

    Args:
        plan: Which events, and what of them.
        events: The events table.
        owners: The profile of each event.
        profiles: The profiles of the export, ascending.
    """
    rows = np.flatnonzero(_in_window(plan, events) & np.isin(owners, profiles))
    happened = numbers(column(events, "timestamp"), absent=np.iinfo(np.int64).max)
    rows = rows[np.lexsort((happened[rows], owners[rows]))]
    counts = np.bincount(np.searchsorted(profiles, owners[rows]), minlength=len(profiles))
    chosen = tree(plan.fields)
    names = [name for name in events.schema.names[len(ORIGIN) :] if chosen is None or name in chosen]
    members = [project(pick(column(events, name), rows), chosen and chosen[name]) for name in names]
    return lists(counts, pa.StructArray.from_arrays(members, names))


def _in_window(plan: EventPlan, events: pa.Table) -> Flags:
    ingested = numbers(column(events, "ingestTime"))
    inside = np.ones(len(ingested), dtype=bool)
    if plan.after is not None:
        inside &= ingested > plan.after
    if plan.before is not None:
        inside &= ingested < plan.before
    return inside
