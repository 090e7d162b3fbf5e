"""Text columns of fake data: of one width from random bits, drawn from a pool, or one text everywhere.

What comes from a pool is dictionary-encoded, each row a number: that takes a fraction of the time and the memory that
the texts themselves would take, and Parquet stores it as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from pytest_aep_export.profiles.columns import Array, Flags, encoded
from pytest_aep_export.profiles.randomness import Integers

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Pool", "decimal_text", "everywhere", "hex_text", "tagged", "uuid_text"]

_HEX: Final = np.frombuffer(b"".join(b"%04x" % i for i in range(1 << 16)), dtype="<u4")
_DECIMAL: Final = np.frombuffer(b"".join(b"%04d" % i for i in range(10_000)), dtype="<u4")
_GROUPS: Final = (16, 12, 8, 4)
_DASH: Final = np.uint32(ord("-"))


def _fixed(letters: NDArray[Any]) -> pa.StringArray:
    """A text column from a matrix of ASCII codes: one row for each text, all of one width."""
    data = np.ascontiguousarray(letters)
    ends = np.arange(len(data) + 1, dtype=np.int32) * np.int32(data.shape[1] * data.itemsize)
    return pa.StringArray.from_buffers(len(data), pa.py_buffer(ends.data), pa.py_buffer(data.data))


def _hex_digits(*words: NDArray[np.uint64]) -> NDArray[np.uint32]:
    """The hexadecimal digits of these words side by side, four in each number: the first in its lowest byte."""
    return _HEX.take(np.stack(words, axis=1).astype("<u8", copy=False).view("<u2"))


def hex_text(*words: NDArray[np.uint64]) -> pa.StringArray:
    """16 hexadecimal digits for each word."""
    return _fixed(_hex_digits(*words))


def tagged(words: NDArray[np.uint64], tags: Sequence[str]) -> pa.StringArray:
    """Twelve hexadecimal digits of each word, followed by one of the tags, which are all of one length."""
    letters = np.array([list(tag.encode()) for tag in tags], dtype=np.uint8)
    which = (words >> np.uint64(48)) % np.uint64(len(tags))
    return _fixed(np.concatenate([_hex_digits(words).view(np.uint8)[:, :12], letters[which]], axis=1))


def uuid_text(high: NDArray[np.uint64], low: NDArray[np.uint64]) -> pa.StringArray:
    """Texts of the form 8-4-4-4-12 from 128 bits each."""
    digits = _hex_digits(high, low).T
    groups = [
        *digits[:2],
        _DASH | digits[2] << 8,
        digits[2] >> 24 | _DASH << 8 | digits[3] << 16,
        digits[3] >> 16 | _DASH << 16 | digits[4] << 24,
        digits[4] >> 8 | _DASH << 24,
        *digits[5:],
    ]
    return _fixed(np.stack(groups, axis=1))


def decimal_text(high: NDArray[np.uint64], low: NDArray[np.uint64]) -> pa.StringArray:
    """The last 38 of the 40 decimal digits of two words."""
    groups = [group for word in (high, low) for group in _decimal_groups(word)]
    return _fixed(_DECIMAL.take(np.stack(groups, axis=1)).view(np.uint8)[:, 2:])


def _decimal_groups(word: NDArray[np.uint64]) -> list[Integers]:
    """The 20 decimal digits of each word, in groups of four."""
    groups = []
    for power in _GROUPS:
        group = word // np.uint64(10**power)
        word = word - group * np.uint64(10**power)
        groups.append(group.astype(np.int64))
    return [*groups, word.astype(np.int64)]


@dataclass(frozen=True, slots=True)
class Pool:
    """Texts to draw from.

    Attributes:
        codes: For each place of the pool, which of the texts stands there; -1 where none does.
        texts: The texts, each once.
    """

    codes: NDArray[np.int32]
    texts: Array

    @classmethod
    def of(cls, texts: Sequence[str | None]) -> Pool:
        """A pool of these; the same text may stand at several places."""
        codes, distinct = encoded(pa.array(texts, pa.string()))
        return cls(codes.astype(np.int32), distinct)

    def __len__(self) -> int:
        return len(self.codes)

    def at(self, places: NDArray[Any], where: Flags | None = None) -> Array:
        """The texts at these places; null where ``where`` is false, or where the pool has none."""
        drawn = self.codes.take(places)
        if self.codes.min() < 0:
            where = drawn >= 0 if where is None else where & (drawn >= 0)
        codes: Any = pa.array(drawn, mask=None if where is None else ~where)
        return pa.DictionaryArray.from_arrays(codes, self.texts, safe=False)  # a check would find nothing


def everywhere(text: str, count: int, where: Flags | None = None) -> Array:
    """A column that holds one text everywhere; null where ``where`` is false."""
    return _pool_of(text).at(np.zeros(count, dtype=np.int32), where)


@lru_cache(maxsize=32)
def _pool_of(text: str) -> Pool:
    return Pool.of([text])
