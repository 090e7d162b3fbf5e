"""Choosing and ordering documents of a list by what the query asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pytest_aep_export.values import member

__all__ = ["dotted", "one_of", "ordered"]


def dotted(document: Mapping[str, Any], path: str) -> Any:
    """What lies at a dotted path; None where there is nothing."""
    return member(document, *path.split("."))


def one_of(text: str) -> Callable[[object], bool]:
    """Whether a value is one of those that a comma-separated filter names, or with ``!`` in front none of them."""
    wanted = text.removeprefix("!").split(",")
    return lambda value: (str(value) in wanted) is not text.startswith("!")


def ordered(documents: list[dict[str, Any]], path: str, *, descending: bool) -> list[dict[str, Any]]:
    """The documents by what lies at a path; those that have nothing there come last."""
    there = [d for d in documents if dotted(d, path) is not None]
    rest = [d for d in documents if dotted(d, path) is None]
    there.sort(key=lambda d: _comparable(dotted(d, path)), reverse=descending)
    return there + rest


def _comparable(value: object) -> tuple[bool, float, str]:
    if isinstance(value, int | float):
        return False, float(value), ""
    return True, 0.0, str(value)
