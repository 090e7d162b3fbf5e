"""The oracle's projection: what dotted paths choose of a record, and the form in which a row shows it.

Half of `pytest_aep_export.exporter.reference`, written as independently of the engine; rows are as described there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pytest_aep_export.contract.union import Field

__all__ = ["Projection", "Row", "exact", "is_absent", "pairs"]

Row = dict[str, Any]

_Choice = dict[str, Any]
"""What paths choose of a field: a choice for each name below it, where an empty one takes everything."""


@dataclass(frozen=True, slots=True)
class Projection:
    """What an export shows of its records.

    Attributes:
        tree: The fields that a record has.
        choice: What is chosen of them.
        shape: The fields that are left, in the order of ``tree``.
    """

    tree: Field
    choice: _Choice
    shape: Field

    @classmethod
    def of(cls, tree: Field, paths: tuple[str, ...]) -> Projection:
        """The projection to dotted paths, where none at all means everything."""
        choice = _chosen(paths)
        return cls(tree, choice, _narrowed(tree, choice))

    def row(self, record: Row) -> Row:
        """The record as a row: a value for each chosen column, None where there is none."""
        return _members(self.shape, _picked(self.tree, self.choice, record))


def is_absent(field: Field, value: Any) -> bool:
    """Whether a field that is no object has no value: an empty list or map is none, an empty text is one."""
    return value is None or (field.item is not None and not value)


def pairs(entries: Any) -> list[tuple[str, Any]]:
    """The entries of a map in either form, or of none."""
    return list(entries.items()) if isinstance(entries, Mapping) else list(entries or ())


def _chosen(paths: tuple[str, ...]) -> _Choice:
    """The choice that paths make; one that lies below another adds nothing."""
    names = {tuple(path.split(".")) for path in paths}
    choice: _Choice = {}
    for path in names:
        if not any(path[:length] in names for length in range(1, len(path))):
            node = choice
            for name in path:
                node = node.setdefault(name, {})
    return choice


def _narrowed(tree: Field, choice: _Choice) -> Field:
    """The field with what was chosen of it; all entries of a map get the members chosen for any (our choice)."""
    if not choice:
        return tree
    if tree.item is None:
        members = {name: _narrowed(tree.members[name], choice[name]) for name in tree.members if name in choice}
        return replace(tree, members=members)
    below = _together(choice.values()) if tree.kind == "map" else choice
    return replace(tree, item=_narrowed(tree.item, below))


def _together(choices: Iterable[_Choice]) -> _Choice:
    """What any of the choices takes."""
    every = list(choices)
    if not all(every):
        return {}
    names = {name for choice in every for name in choice}
    return {name: _together(choice[name] for choice in every if name in choice) for name in names}


def _picked(tree: Field, choice: _Choice, value: Any) -> Any:
    """The value without the map entries that were not chosen, and without the maps that this leaves empty."""
    if not choice or value is None:
        return value
    if tree.kind == "object":
        return value | {name: _picked(tree.members[name], below, value.get(name)) for name, below in choice.items()}
    if tree.item is None or tree.kind == "array":
        return value
    item = tree.item
    entries = [(key, _picked(item, choice[key], entry)) for key, entry in pairs(value) if key in choice]
    return [(key, entry) for key, entry in entries if item.kind != "map" or entry]


def _members(tree: Field, value: Row) -> Row:
    return {name: _settled(part, value.get(name)) for name, part in tree.members.items()}


def _settled(tree: Field, value: Any) -> Any:
    """The value outside of lists and maps, where empty ones and structs without a value are absent (our choice)."""
    if tree.kind != "object":
        return None if is_absent(tree, value) else exact(tree, value)
    row = _members(tree, value or {})
    return row if any(part is not None for part in row.values()) else None


def exact(tree: Field, value: Any) -> Any:
    """The value with just the members that the tree has; nothing else of it changes, as inside of lists and maps."""
    if value is None:
        return None
    if tree.kind == "map" and tree.item:
        return [(key, exact(tree.item, entry)) for key, entry in pairs(value)]
    if tree.item:
        return [exact(tree.item, entry) for entry in value]
    return {name: exact(part, value.get(name)) for name, part in tree.members.items()} if tree.members else value
