"""Which fields hold a value somewhere in exported rows, by dotted path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["EVENTS", "attributes", "events", "filled"]

EVENTS: Final = "timeSeriesEvents"
"""The column of the profile union that holds events (facts, union-schema section 2)."""


def filled(table: pa.Table) -> frozenset[str]:
    """The paths of all fields that hold a value in some row; a map counts as one field."""
    columns = zip(table.column_names, table.columns, strict=True)
    return frozenset(path for name, column in columns for path in _paths(column.combine_chunks(), name))


def attributes(table: pa.Table) -> frozenset[str]:
    """The filled fields of the profiles."""
    return frozenset(path for path in filled(table) if path.partition(".")[0] != EVENTS)


def events(table: pa.Table) -> frozenset[str]:
    """The filled fields of the events, named as within an event."""
    return frozenset(path.removeprefix(f"{EVENTS}.") for path in filled(table) if path.startswith(f"{EVENTS}."))


def _paths(array: Any, path: str) -> Iterator[str]:
    import pyarrow as pa  # noqa: PLC0415 - heavy

    if array.null_count == len(array):
        return
    kind = array.type
    if pa.types.is_struct(kind):
        for field, child in zip(kind, array.flatten(), strict=True):
            yield from _paths(child, f"{path}.{field.name}")
    elif pa.types.is_map(kind):
        if any(array.to_pylist()):
            yield path
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        yield from _paths(array.flatten(), path)
    else:
        yield path
