"""Arrow tables made into the rows of profile data column by column, where no look at a single row is needed for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from pytest_aep_export.profiles.columns import Array, column, constant, opened
from pytest_aep_export.profiles.converting import SPAN
from pytest_aep_export.profiles.graph import listed, primary
from pytest_aep_export.profiles.rows import INGESTED, Shape
from pytest_aep_export.profiles.schema import ORIGIN

__all__ = ["fitted"]

_DAYS: Final = range(SPAN.start // 86_400_000, SPAN.stop // 86_400_000)
_TIME: Final = pa.timestamp("ms", tz="UTC")


def fitted(table: pa.Table, shape: Shape) -> pa.Table | None:
    """The table that the rows of this one make if each is taken by itself; None if each has to be.

    That is so unless its types are right or can be cast to those that are, primary identities are columns, and nothing
    is wrong.
    """
    names, schema = table.column_names, shape.schema
    if not {"identityNamespace", "identityId"}.issubset(names) or not set(names).issubset(schema.names):
        return None
    if not all(_fits(field.type, schema.field(field.name).type) for field in table.schema):
        return None
    try:
        columns = {name: column(table, name).cast(schema.field(name).type) for name in names}
    except pa.ArrowException:
        return None
    columns = _defaults(columns, table.num_rows, shape.dataset) | columns
    absent = {field.name: pa.nulls(table.num_rows, field.type) for field in schema if field.name not in columns}
    whole = pa.Table.from_arrays([(columns | absent)[name] for name in schema.names], schema=schema)
    return whole if _is_sound(whole, shape.required) else None


def _defaults(columns: Mapping[str, Array], count: int, dataset: str) -> dict[str, Array]:
    moment = constant(pa.scalar(INGESTED, _TIME), count)
    return {"datasetId": constant(dataset, count), "ingestTime": columns.get("timestamp", moment)}


def _fits(given: Any, wanted: Any) -> bool:
    """Whether a cast between two types means the same by each value, or fails."""
    if given == wanted or pa.types.is_null(given):
        return True
    if isinstance(wanted, pa.StructType):
        return isinstance(given, pa.StructType) and _covers(given, wanted)
    if isinstance(wanted, pa.MapType):
        return isinstance(given, pa.MapType) and _is_text(given.key_type) and _fits(given.item_type, wanted.item_type)
    if isinstance(wanted, pa.ListType):
        return isinstance(given, (pa.ListType, pa.LargeListType)) and _fits(given.value_type, wanted.value_type)
    return _SCALARS[wanted](given)


def _covers(given: pa.StructType, wanted: pa.StructType) -> bool:
    known = {field.name: field.type for field in wanted}
    return all(field.name in known and _fits(field.type, known[field.name]) for field in given)


def _is_text(kind: Any) -> bool:
    if isinstance(kind, pa.DictionaryType):
        kind = kind.value_type
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _is_moment(kind: Any) -> bool:
    return pa.types.is_timestamp(kind) and kind.tz is not None


_SCALARS: Final[Mapping[Any, Callable[[Any], bool]]] = {
    pa.string(): _is_text,
    pa.bool_(): pa.types.is_boolean,
    pa.int64(): pa.types.is_integer,
    pa.float64(): lambda kind: pa.types.is_integer(kind) or pa.types.is_floating(kind),
    pa.date32(): pa.types.is_date,
    _TIME: _is_moment,
}


def _is_sound(table: pa.Table, required: tuple[str, ...]) -> bool:
    """Whether nothing is null, empty or out of range that must not be."""
    never_null = [*required, *(field.name for field in ORIGIN)]
    _, identities = listed(column(table, "identityMap"))
    return (
        not any(table[name].null_count for name in never_null)
        and all(_is_filled(values) for values in (*primary(table), *identities))
        and ("segmentMembership" not in table.column_names or _no_null_items(column(table, "segmentMembership")))
        and all(_is_possible(leaf) for name in table.column_names for leaf in _leaves(column(table, name)))
    )


def _is_filled(texts: Array) -> bool:
    return not texts.null_count and not pc.any(pc.equal(texts, pa.scalar(""))).as_py()


def _no_null_items(memberships: Array) -> bool:
    _, _, segments = opened(memberships)
    _, _, items = opened(segments)
    return not items.null_count


def _leaves(values: Any) -> Iterator[Any]:
    """All scalars in a column, as columns of their own."""
    if isinstance(values.type, pa.StructType):
        for part in values.flatten():
            yield from _leaves(part)
    elif isinstance(values.type, (pa.ListType, pa.MapType)):
        yield from _leaves(opened(values)[2])
    else:
        yield values


def _is_possible(values: Any) -> bool:
    """Whether Python, and JSON, have all of the values."""
    if pa.types.is_floating(values.type):
        return pc.all(pc.is_finite(values)).as_py() is not False
    if not pa.types.is_temporal(values.type):
        return True
    span, whole = (_DAYS, pa.int32()) if pa.types.is_date(values.type) else (SPAN, pa.int64())
    ends: Any = pc.min_max(values.cast(whole))
    return all(end is None or end in span for end in ends.as_py().values())
