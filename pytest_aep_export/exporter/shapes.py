"""Nested Arrow columns: which values count as absent, and what a projection leaves of them.

Outside of lists and maps, null, empty and "a struct without any value" all mean absent and come out as null: the lake takes
no empty values in (facts, union-schema-and-xdm section 4). Inside lists and maps everything stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

__all__ = ["Array", "Flags", "Tree", "flags", "has_value", "lists", "maps", "opened", "project", "structs", "tree"]

Array: TypeAlias = pa.Array[Any]
Flags: TypeAlias = NDArray[np.bool_]
Tree: TypeAlias = "dict[str, Tree | None]"
"""Selected members by name; None selects all that is below."""

# The stubs of these know no 32-bit offsets of unknown origin.
_LIST: Final[Any] = pa.ListArray.from_arrays
_MAP: Final[Any] = pa.MapArray.from_arrays


def tree(paths: Iterable[str]) -> Tree | None:
    """Dotted paths as a tree; no path at all selects everything."""
    root: Tree = {}
    for path in paths:
        _plant(root, path.split("."))
    return root or None


def _plant(node: Tree, names: list[str]) -> None:
    first, *rest = names
    below = node.setdefault(first, {})
    if below is None or not rest:
        node[first] = None
    else:
        _plant(below, rest)


def flags(column: Array) -> Flags:
    """A boolean column without nulls as numpy sees it."""
    result: Flags = column.to_numpy(zero_copy_only=False)
    return result


def opened(column: Array) -> tuple[NDArray[np.int64], Array, Array]:
    """A list or map column taken apart: the length of each value, and all keys and values end to end.

    The keys of a list are its values.
    """
    starts = column.offsets.to_numpy().astype(np.int64)
    lengths = np.where(flags(column.is_valid()), np.diff(starts), 0)
    if lengths.sum() != starts[-1] - starts[0]:
        return opened(column.take(pa.array(np.arange(len(column)))))
    span = (int(starts[0]), int(lengths.sum()))
    if isinstance(column, pa.MapArray):
        return lengths, column.keys.slice(*span), column.items.slice(*span)
    return lengths, column.values.slice(*span), column.values.slice(*span)


def has_value(column: Array) -> Flags:
    """Where a column that is no struct has a value: neither null nor an empty list or map."""
    known = flags(column.is_valid())
    if isinstance(column, pa.ListArray | pa.MapArray):
        return known & (np.diff(column.offsets.to_numpy()) > 0)
    return known


def structs(names: Iterable[str], members: list[Array]) -> Array:
    """A struct column that is null where no member has a value."""
    known = np.logical_or.reduce([flags(member.is_valid()) for member in members])
    return pa.StructArray.from_arrays(members, list(names), mask=pa.array(~known))


def lists(offsets: NDArray[Any], values: Array, absent: Flags | None = None) -> Array:
    """A list column from offsets into values; null where ``absent``, by default where a list is empty."""
    made: Array = _LIST(_int32(offsets), values, mask=_mask(offsets, absent))
    return made


def maps(offsets: NDArray[Any], keys: Array, values: Array, absent: Flags | None = None) -> Array:
    """A map column from offsets into entries; null where ``absent``, by default where a map is empty."""
    made: Array = _MAP(_int32(offsets), keys, values, mask=_mask(offsets, absent))
    return made


def _int32(offsets: NDArray[Any]) -> Array:
    return pa.array(offsets.astype(np.int32, copy=False))


def _mask(offsets: NDArray[Any], absent: Flags | None) -> Array:
    return pa.array(np.diff(offsets) == 0 if absent is None else absent)


def project(column: Array, chosen: Tree | None) -> Array:
    """What is selected of a column, with absent values as null."""
    if isinstance(column, pa.StructArray):
        names = [field.name for field in column.type if chosen is None or field.name in chosen]
        members = [project(pc.struct_field(column, name), chosen and chosen[name]) for name in names]
        return structs(names, members)
    pruned = _prune(column, chosen)
    if isinstance(pruned, pa.ListArray | pa.MapArray):
        return pc.if_else(pa.array(has_value(pruned)), pruned, pa.scalar(None, pruned.type))
    return pruned


def _prune(column: Array, chosen: Tree | None) -> Array:
    """What is selected of a column inside a list or map: values stay as they are."""
    if chosen is None:
        return column
    if isinstance(column, pa.MapArray):
        return _prune_map(column, chosen)
    if isinstance(column, pa.ListArray):
        absent = flags(column.is_null())
        return lists(column.offsets.to_numpy(), _prune(column.values, chosen), absent)
    names = [field.name for field in column.type if field.name in chosen]
    members = [_prune(pc.struct_field(column, name), chosen[name]) for name in names]
    return pa.StructArray.from_arrays(members, names, mask=column.is_null())


def _prune_map(column: pa.MapArray[Any, Any], chosen: Tree) -> Array:
    """The entries with a chosen key; of their values, what is chosen below any key."""
    below: Tree | None = _united(chosen.values())
    kept = flags(pc.is_in(column.keys, value_set=pa.array(list(chosen))))
    items = _prune(column.items.filter(pa.array(kept)), below)
    if below is not None and isinstance(items, pa.MapArray):
        filled = has_value(items)
        items = items.filter(pa.array(filled))
        kept = kept.copy()
        kept[np.flatnonzero(kept)[~filled]] = False
    before = np.concatenate([[0], np.cumsum(kept)])
    offsets = before[column.offsets.to_numpy()]
    return maps(offsets, column.keys.filter(pa.array(kept)), items, flags(column.is_null()))


def _united(trees: Iterable[Tree | None]) -> Tree | None:
    united: Tree = {}
    for one in trees:
        if one is None:
            return None
        for name, below in one.items():
            known = united.get(name, {})
            united[name] = None if below is None or known is None else _united([known, below])
    return united
