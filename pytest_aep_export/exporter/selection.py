"""Which profiles an export takes: those whose segment membership is asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pytest_aep_export.exporter.merge import Entries
from pytest_aep_export.exporter.plan import ExportPlan, Segment
from pytest_aep_export.profiles.columns import Array, Flags, flags, member, numbers

__all__ = ["qualified"]


def qualified(memberships: Entries, plan: ExportPlan) -> Flags:
    """The profiles with a membership that the plan asks for; without segments, a realized one in its window."""
    status: Any = member(memberships.items, "status")
    known: Any = pc.fill_null(status, "realized")
    counting = _in_window(memberships, plan)
    if plan.segments:
        counting &= np.logical_or.reduce([_in_segment(memberships, segment, known) for segment in plan.segments])
    else:
        counting &= _among(known, {"realized", "existing"})
    result = np.zeros(memberships.profiles, dtype=bool)
    result[memberships.place[counting]] = True
    return result


def _in_segment(memberships: Entries, segment: Segment, status: Array) -> Flags:
    statuses = {*segment.statuses, *({"existing"} if "realized" in segment.statuses else ())}
    names = memberships.spaces.to_pylist()
    spaces = [place for place, name in enumerate(names) if str(name).lower() == segment.namespace]
    in_namespace = np.isin(memberships.outer, spaces)
    return in_namespace & _among(memberships.inner, {segment.id}) & _among(status, statuses)


def _in_window(memberships: Entries, plan: ExportPlan) -> Flags:
    times = member(memberships.items, "lastQualificationTime")
    inside = np.ones(len(times), dtype=bool)
    if plan.qualified_from is not None:
        inside &= numbers(times, np.iinfo(np.int64).min) >= plan.qualified_from
    if plan.qualified_until is not None:
        inside &= numbers(times, np.iinfo(np.int64).max) < plan.qualified_until
    return inside


def _among(values: Array, wanted: set[str]) -> Flags:
    return flags(pc.is_in(values, value_set=pa.array(sorted(wanted))))
