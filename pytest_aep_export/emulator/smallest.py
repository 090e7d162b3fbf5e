"""Making a plan small: delta debugging (Zeller and Hildebrandt, Simplifying failure-inducing input, 2002)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeVar

__all__ = ["smallest"]

_T = TypeVar("_T")


def smallest(every: Sequence[_T], breaks: Callable[[tuple[_T, ...]], bool]) -> tuple[_T, ...]:
    """As few of the items as still break something, in their order; nothing more can be left out of them.

    Args:
        every: Items that break it together.
        breaks: Whether some of them do.
    """
    kept, parts = tuple(every), 2
    while len(kept) > 1:
        found = next(filter(breaks, _candidates(kept, parts)), None)
        if found is not None:
            parts = 2 if len(found) <= -(-len(kept) // parts) else max(parts - 1, 2)
            kept = found
        elif parts >= len(kept):
            break
        else:
            parts = min(parts * 2, len(kept))
    return kept


def _candidates(kept: tuple[_T, ...], parts: int) -> list[tuple[_T, ...]]:
    """Each part of the items, and then the items without each part; halves are one another's rest."""
    cuts = [len(kept) * number // parts for number in range(parts + 1)]
    spans = list(pairwise(cuts))
    alone = [kept[start:end] for start, end in spans]
    return alone if parts == 2 else [*alone, *(kept[:start] + kept[end:] for start, end in spans)]  # noqa: PLR2004
