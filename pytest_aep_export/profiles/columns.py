"""Building blocks of Arrow columns: texts of one width from random bits, draws from pools, ragged lists and maps."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pytest_aep_export.profiles.randomness import Integers

__all__ = ["decimal_text", "fixed", "hex_text", "list_of", "map_of", "offsets", "pick", "struct", "uuid_text"]

Flags = NDArray[np.bool_]

_HEX: Final = np.frombuffer(b"".join(b"%04x" % i for i in range(1 << 16)), dtype="S4")
_DECIMAL: Final = np.frombuffer(b"".join(b"%04d" % i for i in range(10_000)), dtype="S4")
_GROUPS: Final = (16, 12, 8, 4, 0)
_MAP: Final[Any] = pa.MapArray.from_arrays  # its stub knows no 32-bit offsets


def fixed(letters: NDArray[np.uint8]) -> pa.StringArray:
    """A text column from a matrix of ASCII codes: one row for each text, all of one width."""
    rows, width = letters.shape
    ends = np.arange(rows + 1, dtype=np.int32) * np.int32(width)
    data = np.ascontiguousarray(letters)
    return pa.StringArray.from_buffers(rows, pa.py_buffer(ends.data), pa.py_buffer(data.data))


def _hex_letters(*words: NDArray[np.uint64]) -> NDArray[np.uint8]:
    halves = np.stack(words, axis=1).astype("<u8").view("<u2")
    letters: NDArray[np.uint8] = _HEX[halves].view(np.uint8).reshape(len(halves), -1)
    return letters


def hex_text(*words: NDArray[np.uint64], width: int = 16) -> pa.StringArray:
    """The first ``width`` of 16 hexadecimal digits for each word."""
    return fixed(_hex_letters(*words)[:, :width])


def decimal_text(*words: NDArray[np.uint64], width: int) -> pa.StringArray:
    """The last ``width`` of 20 decimal digits for each word."""
    groups = [(word // np.uint64(10**power)) % np.uint64(10_000) for word in words for power in _GROUPS]
    letters = _DECIMAL[np.stack(groups, axis=1)].view(np.uint8).reshape(len(groups[0]), -1)
    return fixed(letters[:, -width:])


def uuid_text(high: NDArray[np.uint64], low: NDArray[np.uint64]) -> pa.StringArray:
    """Texts of the form 8-4-4-4-12 from 128 bits each."""
    letters = _hex_letters(high, low)
    return fixed(np.insert(letters, (8, 12, 16, 20), ord("-"), axis=1))


def pick(pool: pa.Array[Any], index: Integers, where: Flags | None = None) -> pa.Array[Any]:
    """The pool's values at the indices; null where ``where`` is false."""
    places: pa.Array[Any] = pa.array(index, mask=None if where is None else ~where)
    return pool.take(places)


def struct(where: Flags | None = None, **members: pa.Array[Any]) -> pa.StructArray:
    """A struct column; null where ``where`` is false."""
    mask = None if where is None else pa.array(~where)
    return pa.StructArray.from_arrays(list(members.values()), list(members), mask=mask)


def offsets(counts: NDArray[Any], where: Flags | None = None) -> pa.Array[Any]:
    """The offsets of lists of these lengths; a list is null where ``where`` is false, and has to be empty there."""
    ends = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    if where is None:
        return pa.array(ends)
    return pa.array(ends, mask=np.append(~where, False))


def list_of(counts: NDArray[Any], values: pa.Array[Any]) -> pa.ListArray[Any]:
    """A list column from the lengths and all values end to end; null where a length is 0."""
    return pa.ListArray.from_arrays(offsets(counts, counts > 0), values)


def map_of(counts: NDArray[Any], keys: pa.Array[Any], values: pa.Array[Any]) -> pa.MapArray[Any, Any]:
    """A map column from the numbers of entries and all entries end to end; null where a number is 0."""
    made: pa.MapArray[Any, Any] = _MAP(offsets(counts, counts > 0), keys, values)
    return made
