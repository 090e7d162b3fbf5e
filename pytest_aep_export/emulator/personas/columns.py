"""Personas that get the columns of exported rows wrong: of which types they are, and what they are called."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from pytest_aep_export.emulator.personas.exports import each_row
from pytest_aep_export.emulator.personas.tables import missing, table, wrong

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

    from pytest_aep_export.emulator.personas.persona import Writing
    from pytest_aep_export.exporter.plan import ExportPlan

__all__ = ["COLUMNS"]


def _as_text(column: str) -> Writing:
    """Writes a column as JSON in texts, where it is exported."""

    def write(rows: pa.Table, _: ExportPlan) -> pa.Table:
        import pyarrow as pa  # noqa: PLC0415 - heavy, and loaded by whoever has a table

        if column not in rows.column_names:
            return rows
        values = [None if value is None else json.dumps(value, default=str) for value in rows[column].to_pylist()]
        return rows.set_column(rows.column_names.index(column), column, pa.array(values, pa.string()))

    return write


def _times(change: Callable[[pa.TimestampType], pa.DataType]) -> Writing:
    """Writes timestamps as another type, wherever they are."""

    def write(rows: pa.Table, _: ExportPlan) -> pa.Table:
        import pyarrow as pa  # noqa: PLC0415 - heavy, and loaded by whoever has a table

        return rows.cast(pa.schema([field.with_type(_changed(field.type, change)) for field in rows.schema]))

    return write


def _naive(kind: pa.TimestampType) -> pa.DataType:
    import pyarrow as pa  # noqa: PLC0415 - heavy, and loaded by whoever has a table

    return pa.timestamp(kind.unit)


def _text(_: pa.TimestampType) -> pa.DataType:
    import pyarrow as pa  # noqa: PLC0415 - heavy, and loaded by whoever has a table

    return pa.string()


def _changed(kind: Any, change: Callable[[Any], Any]) -> Any:
    """A type with other types for its timestamps."""
    import pyarrow as pa  # noqa: PLC0415 - heavy, and loaded by whoever has a table

    if pa.types.is_timestamp(kind):
        return change(kind)
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_changed(field.type, change)) for field in kind])
    if pa.types.is_map(kind):
        return pa.map_(kind.key_type, _changed(kind.item_type, change))
    return pa.list_(_changed(kind.value_type, change)) if pa.types.is_list(kind) else kind


def _lost(column: str, when: Callable[[ExportPlan], object] = lambda _: True) -> Writing:
    """Writes nothing into a column, where it is exported."""
    return each_row(lambda row: row.update({column: None}) if column in row else None, when)


COLUMNS: Final = table(
    "ROWS",
    {
        "identities-as-text": wrong("The identities of a profile are JSON in a text.", write=_as_text("identityMap")),
        "memberships-as-text": wrong(
            "The memberships of a profile are JSON in a text.", write=_as_text("segmentMembership")
        ),
        "events-as-text": wrong("The events of a profile are JSON in a text.", write=_as_text("timeSeriesEvents")),
        "identities-are-lost": missing("No profile has its identities.", write=_lost("identityMap")),
        "memberships-of-members-are-lost": missing(
            "The members of a segment are exported without their memberships.",
            also=("FILTER",),
            write=_lost("segmentMembership", lambda plan: bool(plan.segments)),
        ),
        "memberships-are-lost": missing(
            "No profile has its memberships.", also=("FILTER", "MERGE"), write=_lost("segmentMembership")
        ),
        "naive-times": wrong("Times are exported without their offset from UTC.", write=_times(_naive)),
        "times-are-texts": wrong("Times are exported as texts.", write=_times(_text)),
        "members-are-columns": wrong(
            "Each member of an object is a column, which has a dotted path for its name.",
            write=lambda rows, _: rows.flatten(),
        ),
    },
)
