"""Nested Arrow columns: which values count as absent, and what a projection leaves of them.

Outside of lists and maps, null, empty and "a struct without any value" all mean absent and come out as null: the lake
takes no empty values in (facts, union-schema-and-xdm section 4). Inside lists and maps everything stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pytest_aep_export.profiles.columns import Array, Flags, flags, lists, maps, member, opened, pick

__all__ = ["Tree", "chosen_members", "has_value", "project", "structs", "tree"]

Tree: TypeAlias = "dict[str, Tree | None]"
"""Selected members by name; None selects all that is below."""


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


def chosen_members(values: Array, chosen: Tree | None) -> list[tuple[str, Tree | None]]:
    """The selected members of a struct column in the order of its type, and what is selected below each."""
    names = [field.name for field in values.type]
    return [(name, chosen and chosen[name]) for name in names if chosen is None or name in chosen]


def has_value(values: Any) -> Flags:
    """Where a column that is no struct has a value: neither null nor an empty list or map."""
    known = flags(values.is_valid())
    if isinstance(values, pa.ListArray | pa.MapArray):
        return known & (np.diff(values.offsets.to_numpy()) > 0)
    return known


def structs(names: Iterable[str], members: list[Array]) -> Array:
    """A struct column that is null where no member has a value."""
    known = np.logical_or.reduce([flags(values.is_valid()) for values in members])
    return pa.StructArray.from_arrays(members, list(names), mask=pa.array(~known))


def project(values: Array, chosen: Tree | None) -> Array:
    """What is selected of a column, with absent values as null."""
    if isinstance(values, pa.StructArray):
        members = {name: project(member(values, name), below) for name, below in chosen_members(values, chosen)}
        return structs(members, list(members.values()))
    pruned = _prune(values, chosen)
    if has_value(pruned).all():
        return pruned
    return pick(pruned, np.arange(len(pruned)), has_value(pruned))


def _prune(values: Any, chosen: Tree | None) -> Array:
    """What is selected of a column inside a list or map: values stay as they are."""
    if chosen is None:
        return values  # type: ignore[no-any-return]
    if isinstance(values, pa.MapArray):
        return _prune_map(values, chosen)
    if isinstance(values, pa.ListArray):
        lengths, _, items = opened(values)
        return lists(lengths, _prune(items, chosen), flags(values.is_null()))
    members = {name: _prune(member(values, name), below) for name, below in chosen_members(values, chosen)}
    return pa.StructArray.from_arrays(list(members.values()), list(members), mask=values.is_null())


def _prune_map(values: Array, chosen: Tree) -> Array:
    """The entries with a chosen key; of the items that they hold, what is chosen below any key."""
    lengths, keys, items = opened(values)
    kept = np.flatnonzero(_among(keys, chosen))
    owners = np.repeat(np.arange(len(lengths)), lengths)[kept]
    keys, items = pick(keys, kept), pick(items, kept)
    if isinstance(items, pa.MapArray):
        items = _prune_inner(keys, items, chosen)
        filled = np.flatnonzero(has_value(items))
        owners, keys, items = owners[filled], pick(keys, filled), pick(items, filled)
    else:
        items = _prune(items, _united(chosen.values()))
    return maps(np.bincount(owners, minlength=len(lengths)), keys, items, flags(values.is_null()))


def _prune_inner(outer: Array, values: Array, chosen: Tree) -> Array:
    """Of maps that stand under these outer keys, the entries with a key that is chosen below their own outer key."""
    lengths, keys, items = opened(values)
    owners = np.repeat(np.arange(len(lengths)), lengths)
    wanted = np.zeros(len(keys), dtype=bool)
    for name, below in chosen.items():
        wanted |= _among(outer, [name])[owners] & (True if below is None else _among(keys, below))
    kept = np.flatnonzero(wanted)
    united = _united(chosen.values())
    items = _prune(pick(items, kept), united and _united(united.values()))
    return maps(np.bincount(owners[kept], minlength=len(lengths)), pick(keys, kept), items)


def _among(keys: Array, wanted: Iterable[str]) -> Flags:
    return flags(pc.is_in(keys, value_set=pa.array(list(wanted))))


def _united(trees: Iterable[Tree | None]) -> Tree | None:
    united: Tree = {}
    for one in trees:
        if one is None:
            return None
        for name, below in one.items():
            united[name] = _united([united[name], below]) if name in united else below
    return united
