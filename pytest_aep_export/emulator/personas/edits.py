"""Edits of JSON documents: what a persona changes in an answer, or in a request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

__all__ = ["Edit", "at", "drop", "put", "then"]

Edit: TypeAlias = Callable[[Any], Any]
"""Makes another JSON value of one, which it may change in place."""


def at(path: str, edit: Edit) -> Edit:
    """Edits what lies at a path, such as ``records/*/status``; nothing where the path does not lead."""
    step, _, rest = path.partition("/")
    inner = at(rest, edit) if rest else edit

    def apply(value: Any) -> Any:
        for key in _keys(value, step):
            value[key] = inner(value[key])
        return value

    return apply


def _keys(value: Any, step: str) -> list[Any]:
    if isinstance(value, list):
        every = range(len(value))
        return list(every) if step == "*" else [int(step)] if int(step) in every else []
    if isinstance(value, dict):
        return list(value) if step == "*" else [step] if step in value else []
    return []


def drop(path: str) -> Edit:
    """Takes away what lies at a path."""
    parent, _, name = path.rpartition("/")

    def take(value: Any) -> Any:
        if isinstance(value, dict):
            value.pop(name, None)
        return value

    return at(parent, take) if parent else take


def put(path: str, found: Any) -> Edit:
    """Puts a value at a path, whether there was one or not."""
    parent, _, name = path.rpartition("/")

    def add(value: Any) -> Any:
        if isinstance(value, dict):
            value[name] = found
        return value

    return at(parent, add) if parent else add


def then(*edits: Edit) -> Edit:
    """One edit after the other."""

    def apply(value: Any) -> Any:
        for edit in edits:
            value = edit(value)
        return value

    return apply
