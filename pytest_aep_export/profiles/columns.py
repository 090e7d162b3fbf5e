"""Building blocks of Arrow columns: picking, encoding, opening and making lists, maps and structs.

What pyarrow's stubs cannot express is kept in here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pytest_aep_export.profiles.randomness import Integers

__all__ = [
    "Array",
    "Flags",
    "column",
    "constant",
    "encoded",
    "entries",
    "flags",
    "lists",
    "maps",
    "member",
    "numbers",
    "opened",
    "pick",
    "record",
    "spread",
    "struct",
]

Array: TypeAlias = "pa.Array[Any]"
Flags: TypeAlias = NDArray[np.bool_]

_LIST: Final[Any] = pa.ListArray.from_arrays
_MAP: Final[Any] = pa.MapArray.from_arrays
_STRUCT_FIELD: Final[Any] = pc.struct_field  # its stub knows no array of unknown type


def pick(values: Array, places: NDArray[Any], where: Flags | None = None) -> Array:
    """The values at these places; null where ``where`` is false."""
    index: Any = pa.array(places, mask=None if where is None else ~where)
    taken: Array = values.take(index)
    return taken


def constant(value: Any, count: int) -> Array:
    """A column that holds one value everywhere."""
    column: Array = pa.repeat(value, count)
    return column


def encoded(values: Array) -> tuple[Integers, Array]:
    """Values as numbers, from 0 by first appearance, and the distinct values by number."""
    result: Any = pc.dictionary_encode(values)
    return numbers(result.indices), result.dictionary


def numbers(values: Array, absent: int = -1) -> Integers:
    """Whole numbers or times as numpy sees them, null as ``absent``."""
    whole: Any = values.view(pa.int64()) if pa.types.is_timestamp(values.type) else values.cast(pa.int64())
    result: Integers = pc.fill_null(whole, absent).to_numpy().astype(np.int64)
    return result


def flags(values: Array) -> Flags:
    """A boolean column without nulls as numpy sees it."""
    result: Flags = values.to_numpy(zero_copy_only=False)
    return result


def record(schema: pa.Schema, columns: Mapping[str, Array]) -> pa.RecordBatch:
    """Columns in the order of a schema, which need not have all of it; texts may be dictionary-encoded."""
    fields = [schema.field(name).with_type(values.type) for name, values in columns.items()]
    return pa.RecordBatch.from_arrays(list(columns.values()), schema=pa.schema(fields))


def column(table: pa.Table, name: str) -> Array:
    """A column of a table in one piece."""
    return table[name].combine_chunks()


def member(values: Array, name: str) -> Array:
    """A member of a struct column; null where the struct is."""
    result: Array = _STRUCT_FIELD(values, name)
    return result


def opened(values: Any) -> tuple[Integers, Array, Array]:
    """A list or map column taken apart: the length of each value, and all keys and all values end to end.

    What a list holds stands for both.
    """
    starts = values.offsets.to_numpy().astype(np.int64)
    lengths = np.where(flags(values.is_valid()), np.diff(starts), 0)
    if lengths.sum() != starts[-1] - starts[0]:  # a null hides entries: a copy has none
        return opened(pick(values, np.arange(len(values))))
    span = (int(starts[0]), int(lengths.sum()))
    if isinstance(values, pa.MapArray):
        return lengths, values.keys.slice(*span), values.items.slice(*span)
    return lengths, values.values.slice(*span), values.values.slice(*span)


def struct(where: Flags | None = None, /, **members: Array) -> Array:
    """A struct column; null where ``where`` is false."""
    mask = None if where is None else pa.array(~where)
    return pa.StructArray.from_arrays(list(members.values()), list(members), mask=mask)


def lists(lengths: NDArray[Any], values: Array, absent: Flags | None = None) -> Array:
    """A list column from the lengths and all values end to end; null where ``absent``, by default where empty."""
    made: Array = _LIST(_offsets(lengths), values, mask=pa.array(lengths == 0 if absent is None else absent))
    return made


def maps(lengths: NDArray[Any], keys: Array, values: Array, absent: Flags | None = None) -> Array:
    """A map column from the numbers of entries and all of them end to end; null as in `lists`."""
    made: Array = _MAP(_offsets(lengths), keys, values, mask=pa.array(lengths == 0 if absent is None else absent))
    return made


def spread(lengths: Integers) -> tuple[Integers, Integers]:
    """For each entry of lists of these lengths, end to end: which list it is in, and its position there."""
    places = np.repeat(np.arange(len(lengths)), lengths)
    return places, np.arange(len(places)) - (np.cumsum(lengths) - lengths).take(places)


def entries(present: Flags) -> tuple[Integers, Integers]:
    """The rows and the columns at which a matrix is true, row by row: a faster ``np.nonzero``."""
    places = np.flatnonzero(present)
    rows = places // present.shape[1]
    return rows, places - rows * present.shape[1]


def _offsets(lengths: NDArray[Any]) -> Array:
    return pa.array(np.append(0, np.cumsum(lengths)).astype(np.int32))
