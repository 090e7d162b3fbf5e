"""Chance from a seed: the same on any machine and any Python."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

__all__ = ["Dice"]

_T = TypeVar("_T")


class Dice:
    """Chance from a seed, by the one method of `random.Random` whose numbers no version of Python changes."""

    def __init__(self, seed: int) -> None:
        self._next = random.Random(seed).random  # noqa: S311 - nothing here is secret

    def below(self, count: int) -> int:
        """A whole number from 0 on, less than the count."""
        return int(self._next() * count)

    def chance(self, share: float) -> bool:
        """True in this share of all throws."""
        return self._next() < share

    def one(self, of: Sequence[_T]) -> _T:
        """One of several."""
        return of[self.below(len(of))]

    def shuffled(self, items: Sequence[_T]) -> list[_T]:
        """All of them, in another order."""
        found = list(items)
        for place in range(len(found) - 1, 0, -1):
            other = self.below(place + 1)
            found[place], found[other] = found[other], found[place]
        return found
