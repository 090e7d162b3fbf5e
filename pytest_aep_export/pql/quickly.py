"""An expression evaluated on many profiles at once, by Arrow."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from pytest_aep_export.pql.language import All, Compare, Constant, Either, Exists, Expression, Not, Path

__all__ = ["matching"]

_EVENTS: Final = "timeSeriesEvents"
_WAYS: Final = {
    "=": "equal", "!=": "not_equal", "<": "less", "<=": "less_equal", ">": "greater", ">=": "greater_equal",
}  # fmt: skip


def matching(expression: Expression, profiles: pa.RecordBatch) -> pa.BooleanArray:
    """Of which profiles an expression holds; none of the answers is null.

    Args:
        expression: The expression.
        profiles: Merged profiles, as the rows of an export, their events in ``timeSeriesEvents``.
    """
    return _Rows(profiles, None).matching(expression)


class _Rows:
    """Profiles, or events each with its profile.

    Args:
        profiles: The profiles, one for each row.
        events: The events, one for each row, as a struct.
    """

    def __init__(self, profiles: pa.RecordBatch, events: pa.Array[Any] | None) -> None:
        self._profiles = profiles
        self._events = events
        self._nobody = pa.repeat(pa.scalar(value=False), profiles.num_rows)

    def matching(self, expression: Expression) -> pa.BooleanArray:
        """Of which rows an expression holds."""
        match expression:
            case All(parts):
                return self._joined("and", parts)
            case Either(parts):
                return self._joined("or", parts)
            case Not(part):
                return pc.invert(self.matching(part))
            case Exists(part):
                return self._exists(part)
            case Compare():
                return self._compare(expression)

    def _joined(self, function: str, parts: tuple[Expression, ...]) -> pa.BooleanArray:
        found = self.matching(parts[0])
        for part in parts[1:]:
            found = pc.call_function(function, [found, self.matching(part)])
        return found

    def _exists(self, part: Expression | None) -> pa.BooleanArray:
        if _EVENTS not in self._profiles.schema.names:
            return self._nobody
        lists = self._profiles.column(_EVENTS)
        whose = pc.list_parent_indices(lists)
        if part is not None:
            events: pa.Array[Any] = pc.list_flatten(lists)
            needed = _profile_fields(part) & set(self._profiles.schema.names)
            profiles = self._profiles.select(sorted(needed)).take(whose) if needed else _rows(len(whose))
            whose = whose.filter(_Rows(profiles, events).matching(part))
        rows = pa.array(range(self._profiles.num_rows), pa.int64())
        return pc.is_in(rows, pc.unique(whose.cast(pa.int64())))

    def _compare(self, expression: Compare) -> pa.BooleanArray:
        found = self._column(expression.path)
        if found is None or not _alike(found.type, expression.values[0]):
            return self._nobody
        if expression.operator == "in":
            kind = found.type if _same(found.type) else pa.float64()
            listed: pa.BooleanArray = pc.is_in(found.cast(kind), pa.array(expression.values, kind))
            return listed
        compared = pc.call_function(_WAYS[expression.operator], [found, pa.scalar(expression.values[0])])
        whole: pa.BooleanArray = compared.fill_null(False)  # noqa: FBT003 - what stands for nothing
        return whole

    def _column(self, path: Path) -> Any:
        """What lies at a path, one value for each row; None where the schema has nothing there."""
        here: Any = self._events if path.event else self._profiles.to_struct_array()
        for name in path.names:
            if not pa.types.is_struct(here.type) or here.type.get_field_index(name) < 0:
                return None
            here = pc.struct_field(here, name)
        return here


def _rows(count: int) -> pa.RecordBatch:
    return pa.record_batch([pa.nulls(count)], names=[""])


def _profile_fields(expression: Expression) -> set[str]:
    """The columns of the profile that an expression inside of ``exists`` looks at."""
    match expression:
        case All(parts) | Either(parts):
            return set().union(*map(_profile_fields, parts))
        case Not(part):
            return _profile_fields(part)
        case Compare(path=path):
            return set() if path.event else {path.names[0]}
    return set()


def _same(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_boolean(kind))


def _alike(kind: pa.DataType, value: Constant) -> bool:
    if isinstance(value, str):
        return bool(pa.types.is_string(kind))
    if isinstance(value, bool):
        return bool(pa.types.is_boolean(kind))
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))
