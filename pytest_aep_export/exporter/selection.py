"""Which profiles an export takes: those that are in its segments."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pytest_aep_export.exporter.merge import Entries
from pytest_aep_export.exporter.plan import ExportPlan, Segment
from pytest_aep_export.exporter.shapes import Array, Flags, flags

__all__ = ["qualified"]


def qualified(memberships: Entries, plan: ExportPlan) -> Flags:
    """The profiles with a membership that the plan asks for; without segments, any in its window that is realized."""
    status = pc.fill_null(pc.struct_field(memberships.items, "status"), "realized")
    counting = _in_window(memberships, plan)
    if plan.segments:
        counting &= np.logical_or.reduce([_in_segment(memberships, segment, status) for segment in plan.segments])
    else:
        counting &= _among(status, {"realized", "existing"})
    result = np.zeros(memberships.profiles, dtype=bool)
    result[memberships.place[counting]] = True
    return result


def _in_segment(memberships: Entries, segment: Segment, status: Array) -> Flags:
    statuses = {*segment.statuses, *({"existing"} if "realized" in segment.statuses else ())}
    spaces = memberships.outer.dictionary
    wanted = [place for place, name in enumerate(spaces.to_pylist()) if name.lower() == segment.namespace]
    return (
        np.isin(memberships.outer.indices.to_numpy(), wanted)
        & _among(memberships.inner, {segment.id})
        & _among(status, statuses)
    )


def _in_window(memberships: Entries, plan: ExportPlan) -> Flags:
    inside = np.ones(len(memberships.place), dtype=bool)
    times = pc.struct_field(memberships.items, "lastQualificationTime")
    known = flags(times.is_valid())
    since = pc.fill_null(times.view(pa.int64()), 0).to_numpy()
    if plan.qualified_from is not None:
        inside &= known & (since >= plan.qualified_from)
    if plan.qualified_until is not None:
        inside &= known & (since < plan.qualified_until)
    return inside


def _among(values: Array, wanted: set[str]) -> Flags:
    return flags(pc.is_in(values, value_set=pa.array(sorted(wanted))))
