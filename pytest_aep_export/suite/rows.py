"""Which fields hold a value somewhere in exported rows, by dotted path, and of which types they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from pytest_aep_export.contract.union import UnknownFieldError, load_union

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["EVENTS", "attributes", "events", "filled", "holds_members", "lists_objects", "times"]

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


def holds_members(kind: pa.DataType) -> bool:
    """Whether a type is that of a map or of an object."""
    import pyarrow as pa  # noqa: PLC0415 - heavy

    return bool(pa.types.is_map(kind) or pa.types.is_struct(kind))


def lists_objects(kind: pa.DataType) -> bool:
    """Whether a type is that of a list of objects."""
    return _is_list(kind) and holds_members(kind.value_type)  # type: ignore[attr-defined]  # what lists have


def times(table: pa.Table) -> dict[str, pa.DataType]:
    """The type of every time by its path, within a map ``*``: what the schema says is one, and what is a timestamp.

    Columns without a value are left out.
    """
    import pyarrow as pa  # noqa: PLC0415 - heavy

    there = [column for column in table.schema if table[column.name].null_count < table.num_rows]
    every = (leaf for column in there for leaf in _leaves(column.type, column.name))
    return {path: kind for path, kind in every if pa.types.is_timestamp(kind) or _is_time(path)}


def _leaves(kind: Any, path: str) -> Iterator[tuple[str, Any]]:
    """The types of what a type is made of in the end, by their paths."""
    import pyarrow as pa  # noqa: PLC0415 - heavy

    if pa.types.is_struct(kind):
        for field in kind:
            yield from _leaves(field.type, f"{path}.{field.name}")
    elif pa.types.is_map(kind):
        yield from _leaves(kind.item_type, f"{path}.*")
    elif _is_list(kind):
        yield from _leaves(kind.value_type, path)
    else:
        yield path, kind


def _is_time(path: str) -> bool:
    """Whether the union schema says that there are times at a path."""
    union = load_union()
    first, _, rest = path.partition(".")
    try:
        return (union.event.resolve(rest) if first == EVENTS else union.profile.resolve(path)).kind == "date-time"
    except UnknownFieldError:
        return False


def _is_list(kind: Any) -> bool:
    import pyarrow as pa  # noqa: PLC0415 - heavy

    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind))


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
    elif _is_list(kind):
        yield from _paths(array.flatten(), path)
    else:
        yield path
