"""Building blocks of Arrow columns: texts of one width from random bits, draws from pools, lists, maps and structs.

What pyarrow's stubs cannot express is kept in here.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    "decimal_text",
    "encoded",
    "fixed",
    "flags",
    "hex_text",
    "interleaved",
    "lists",
    "maps",
    "member",
    "numbers",
    "opened",
    "pick",
    "struct",
    "tagged",
    "uuid_text",
]

Array: TypeAlias = "pa.Array[Any]"
Flags: TypeAlias = NDArray[np.bool_]

_HEX: Final = np.frombuffer(b"".join(b"%04x" % i for i in range(1 << 16)), dtype=np.uint32)
_DECIMAL: Final = np.frombuffer(b"".join(b"%04d" % i for i in range(10_000)), dtype=np.uint32)
_GROUPS: Final = (16, 12, 8, 4, 0)
_LIST: Final[Any] = pa.ListArray.from_arrays
_MAP: Final[Any] = pa.MapArray.from_arrays
_STRUCT_FIELD: Final[Any] = pc.struct_field  # its stub knows no array of unknown type


def fixed(letters: NDArray[np.uint8]) -> pa.StringArray:
    """A text column from a matrix of ASCII codes: one row for each text, all of one width."""
    rows, width = letters.shape
    ends = np.arange(rows + 1, dtype=np.int32) * np.int32(width)
    data = np.ascontiguousarray(letters)
    return pa.StringArray.from_buffers(rows, pa.py_buffer(ends.data), pa.py_buffer(data.data))


def _hex_letters(*words: NDArray[np.uint64]) -> NDArray[np.uint8]:
    halves = np.stack(words, axis=1).astype("<u8").view("<u2")
    letters: NDArray[np.uint8] = _HEX[halves].view(np.uint8).reshape(len(halves), 16 * len(words))
    return letters


def hex_text(*words: NDArray[np.uint64]) -> pa.StringArray:
    """16 hexadecimal digits for each word."""
    return fixed(_hex_letters(*words))


def tagged(words: NDArray[np.uint64], tags: Sequence[str]) -> pa.StringArray:
    """Twelve hexadecimal digits of each word, followed by one of the tags, which are all of one length."""
    which = words >> np.uint64(48)
    letters = np.array([list(tag.encode()) for tag in tags], dtype=np.uint8)[which % np.uint64(len(tags))]
    return fixed(np.concatenate([_hex_letters(words)[:, :12], letters], axis=1))


def decimal_text(*words: NDArray[np.uint64], width: int) -> pa.StringArray:
    """The last ``width`` of 20 decimal digits for each word."""
    groups = [(word // np.uint64(10**power)) % np.uint64(10_000) for word in words for power in _GROUPS]
    letters = _DECIMAL[np.stack(groups, axis=1)].view(np.uint8).reshape(len(groups[0]), 4 * len(groups))
    return fixed(letters[:, -width:])


def uuid_text(high: NDArray[np.uint64], low: NDArray[np.uint64]) -> pa.StringArray:
    """Texts of the form 8-4-4-4-12 from 128 bits each."""
    letters = _hex_letters(high, low)
    return fixed(np.insert(letters, (8, 12, 16, 20), ord("-"), axis=1))


def pick(values: Array, places: NDArray[Any], where: Flags | None = None) -> Array:
    """The values at these places; null where ``where`` is false."""
    index: Any = pa.array(places, mask=None if where is None else ~where)
    taken: Array = values.take(index)
    return taken


def constant(value: Any, count: int) -> Array:
    """A column that holds one value everywhere."""
    column: Array = pa.repeat(value, count)
    return column


def interleaved(choice: Integers, columns: Sequence[Array]) -> Array:
    """One column from several: each row takes the next value of the column of that number."""
    places = np.empty(len(choice), dtype=np.int64)
    start = 0
    for number, values in enumerate(columns):
        places[choice == number] = np.arange(start, start + len(values))
        start += len(values)
    return pick(pa.concat_arrays(columns), places)


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


def _offsets(lengths: NDArray[Any]) -> Array:
    return pa.array(np.append(0, np.cumsum(lengths)).astype(np.int32))
