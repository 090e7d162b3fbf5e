"""An expression evaluated on one profile at a time, in plain Python: slow, and easy to see through.

It is what `quickly` is held against, and shares nothing with it but the tree.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from pytest_aep_export.pql.language import All, Compare, Constant, Either, Exists, Expression, Not

__all__ = ["matches"]

_WAYS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "in": operator.eq,
}  # fmt: skip


def matches(expression: Expression, profile: Mapping[str, Any], event: Mapping[str, Any] | None = None) -> bool:
    """Whether an expression holds of a profile, whose events lie in ``timeSeriesEvents``.

    Args:
        expression: The expression.
        profile: The merged profile, as a row of an export has it.
        event: The event that is looked at, inside of ``exists``.
    """
    match expression:
        case All(parts):
            return all(matches(part, profile, event) for part in parts)
        case Either(parts):
            return any(matches(part, profile, event) for part in parts)
        case Not(part):
            return not matches(part, profile, event)
        case Exists(part):
            events: Sequence[Mapping[str, Any]] = profile.get("timeSeriesEvents") or ()
            return any(part is None or matches(part, profile, each) for each in events)
        case Compare(how, path, values):
            found = _value(event or {} if path.event else profile, path.names)
            return any(_alike(found, value) and _WAYS[how](found, value) for value in values)


def _value(here: Any, names: Sequence[str]) -> Any:
    for name in names:
        here = here.get(name) if isinstance(here, Mapping) else None
    return here


def _alike(found: Any, value: Constant) -> bool:
    """Whether a value and a constant are both texts, both booleans or both numbers."""
    if isinstance(found, bool) or isinstance(value, bool):
        return isinstance(found, bool) and isinstance(value, bool)
    if isinstance(found, str) or isinstance(value, str):
        return isinstance(found, str) and isinstance(value, str)
    return isinstance(found, int | float)
