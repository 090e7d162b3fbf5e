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

__all__ = [
    "Array",
    "Flags",
    "Tree",
    "column",
    "flags",
    "has_value",
    "lists",
    "maps",
    "opened",
    "project",
    "structs",
    "tree",
]

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


def column(table: pa.Table, name: str) -> Array:
    """A column of a table in one piece."""
    return table[name].combine_chunks()


def flags(values: Array) -> Flags:
    """A boolean column without nulls as numpy sees it."""
    result: Flags = values.to_numpy(zero_copy_only=False)
    return result


def opened(values: Array) -> tuple[NDArray[np.int64], Array, Array]:
    """A list or map column taken apart: the length of each value, and all keys and values end to end.

    The keys of a list are its values.
    """
    starts = values.offsets.to_numpy().astype(np.int64)
    lengths = np.where(flags(values.is_valid()), np.diff(starts), 0)
    if lengths.sum() != starts[-1] - starts[0]:
        return opened(values.take(pa.array(np.arange(len(values)))))
    span = (int(starts[0]), int(lengths.sum()))
    if isinstance(values, pa.MapArray):
        return lengths, values.keys.slice(*span), values.items.slice(*span)
    return lengths, values.values.slice(*span), values.values.slice(*span)


def has_value(values: Array) -> Flags:
    """Where a column that is no struct has a value: neither null nor an empty list or map."""
    known = flags(values.is_valid())
    if isinstance(values, pa.ListArray | pa.MapArray):
        return known & (np.diff(values.offsets.to_numpy()) > 0)
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


def project(values: Array, chosen: Tree | None) -> Array:
    """What is selected of a values, with absent values as null."""
    if isinstance(values, pa.StructArray):
        names = [field.name for field in values.type if chosen is None or field.name in chosen]
        members = [project(pc.struct_field(values, name), chosen and chosen[name]) for name in names]
        return structs(names, members)
    pruned = _prune(values, chosen)
    if isinstance(pruned, pa.ListArray | pa.MapArray):
        return pc.if_else(pa.array(has_value(pruned)), pruned, pa.scalar(None, pruned.type))
    return pruned


def _prune(values: Array, chosen: Tree | None) -> Array:
    """What is selected of a column inside a list or map: values stay as they are."""
    if chosen is None:
        return values
    if isinstance(values, pa.MapArray):
        return _prune_map(values, chosen)
    if isinstance(values, pa.ListArray):
        absent = flags(values.is_null())
        return lists(values.offsets.to_numpy(), _prune(values.values, chosen), absent)
    names = [field.name for field in values.type if field.name in chosen]
    members = [_prune(pc.struct_field(values, name), chosen[name]) for name in names]
    return pa.StructArray.from_arrays(members, names, mask=values.is_null())


def _prune_map(values: pa.MapArray[Any, Any], chosen: Tree) -> Array:
    """The entries with a chosen key; of their values, what is chosen below any key."""
    below: Tree | None = _united(chosen.values())
    kept = flags(pc.is_in(values.keys, value_set=pa.array(list(chosen))))
    items = _prune(values.items.filter(pa.array(kept)), below)
    if below is not None and isinstance(items, pa.MapArray):
        filled = has_value(items)
        items = items.filter(pa.array(filled))
        kept = kept.copy()
        kept[np.flatnonzero(kept)[~filled]] = False
    before = np.concatenate([[0], np.cumsum(kept)])
    offsets = before[values.offsets.to_numpy()]
    return maps(offsets, values.keys.filter(pa.array(kept)), items, flags(values.is_null()))


def _united(trees: Iterable[Tree | None]) -> Tree | None:
    united: Tree = {}
    for one in trees:
        if one is None:
            return None
        for name, below in one.items():
            known = united.get(name, {})
            united[name] = None if below is None or known is None else _united([known, below])
    return united
