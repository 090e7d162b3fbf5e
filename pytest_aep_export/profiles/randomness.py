"""Random numbers by position: the number at a place never depends on which other places are asked for.

Each number is a pure function of the seed, the name of a column and an index, so that profile #n is the same on any
machine and in any partitioning. The mixing is SplitMix64's finaliser over a counter (Steele, Lea, Flood, "Fast
Splittable Pseudorandom Number Generators", 2014): ten operations in numpy for a whole column.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Integers", "Stream"]

Integers = NDArray[np.int64]

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_FIRST: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND: Final = np.uint64(0x94D049BB133111EB)


@lru_cache(maxsize=1024)
def _key(seed: int, kind: str, column: str) -> np.uint64:
    digest = hashlib.blake2b(f"{seed}/{kind}/{column}".encode(), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little"))


def _limit(share: float) -> np.uint64:
    return np.uint64(math.ceil(share * 2.0**53))


@dataclass(frozen=True, slots=True)
class Stream:
    """The random numbers of one seed at some indices; each method answers with one value for each index.

    Attributes:
        seed: Another seed, other numbers.
        kind: What the indices number: persons, fragments or events.
        index: The indices.
    """

    seed: int
    kind: str
    index: NDArray[np.uint64]

    def bits(self, column: str) -> NDArray[np.uint64]:
        """64 random bits, never twice the same in one column."""
        mixed = self.index * _GOLDEN
        mixed += _key(self.seed, self.kind, column)
        mixed ^= mixed >> np.uint64(30)
        mixed *= _FIRST
        mixed ^= mixed >> np.uint64(27)
        mixed *= _SECOND
        mixed ^= mixed >> np.uint64(31)
        return mixed

    def below(self, column: str, count: int) -> Integers:
        """Whole numbers from 0 to ``count - 1``."""
        bits = self.bits(column)
        bits -= bits // np.uint64(count) * np.uint64(count)  # the remainder, several times as fast as by %
        return bits.view(np.int64)

    def between(self, column: str, low: int, high: int) -> Integers:
        """Whole numbers from ``low`` to ``high - 1``."""
        return low + self.below(column, high - low)

    def unit(self, column: str) -> NDArray[np.float64]:
        """Numbers from 0 up to, but not including, 1."""
        return (self.bits(column) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def chance(self, column: str, share: float) -> NDArray[np.bool_]:
        """True for about that share of the indices: where `unit` is below it."""
        return self.bits(column) >> np.uint64(11) < _limit(share)

    def chances(self, column: str, shares: Sequence[float], which: Integers) -> NDArray[np.bool_]:
        """The same with a share for each index: the one at the place ``which``."""
        limits = np.array([_limit(share) for share in shares], dtype=np.uint64)
        return self.bits(column) >> np.uint64(11) < limits.take(which)

    def at(self, index: NDArray[Any], kind: str | None = None) -> Stream:
        """The same seed at other indices, of another kind if one is given."""
        return Stream(self.seed, kind or self.kind, index.astype(np.uint64))
