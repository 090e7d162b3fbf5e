"""Wrong exports: plans that are not what was asked for, and rows that are not what was planned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import pyarrow as pa

    from pytest_aep_export.emulator.personas.persona import Planning, Writing
    from pytest_aep_export.exporter.plan import ExportPlan

__all__ = ["Row", "Rows", "each_event", "each_row", "events", "planned", "rows"]

Row: TypeAlias = dict[str, Any]
Rows: TypeAlias = list[Row]
"""Rows in the form of ``pyarrow.Table.to_pylist()``."""


def planned(when: Callable[[ExportPlan], object] = lambda _: True, **changes: Any) -> Planning:
    """Changes members of a plan."""
    return lambda plan: replace(plan, **changes) if when(plan) else plan


def events(when: Callable[[ExportPlan], object] = lambda _: True, **changes: Any) -> Planning:
    """Changes members of what a plan says of events, where it says something."""
    return lambda plan: replace(plan, events=replace(plan.events, **changes)) if plan.events and when(plan) else plan


def rows(change: Callable[[Rows], Rows], when: Callable[[ExportPlan], object] = lambda _: True) -> Writing:
    """Writes other rows."""

    def write(table: pa.Table, plan: ExportPlan) -> pa.Table:
        if not when(plan):
            return table
        import pyarrow as pa  # noqa: PLC0415 - heavy, and loaded by whoever has a table

        return pa.Table.from_pylist(change(table.to_pylist()), schema=table.schema)

    return write


def each_row(change: Callable[[Row], object], when: Callable[[ExportPlan], object] = lambda _: True) -> Writing:
    """Changes every row in place."""

    def apply(found: Rows) -> Rows:
        for row in found:
            change(row)
        return found

    return rows(apply, when)


def each_event(change: Callable[[Row], object], when: Callable[[ExportPlan], object] = lambda _: True) -> Writing:
    """Changes every event in place."""
    return each_row(lambda row: [change(event) for event in row.get("timeSeriesEvents") or []], when)
