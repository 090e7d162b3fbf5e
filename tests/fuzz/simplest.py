"""The simplest value of a strategy: what a failing test would show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import Phase, find, settings
from hypothesis import strategies as st

T = TypeVar("T")

_ONCE = settings(max_examples=50, phases=(Phase.generate,))
_PLAIN = settings(max_examples=500, phases=(Phase.generate, Phase.shrink))


def simplest(strategy: st.SearchStrategy[T], wanted: Callable[[T], Any] = lambda _: True) -> T:
    """The simplest value for which something holds."""
    return find(strategy, wanted, settings=_PLAIN)


def first(strategy: st.SearchStrategy[T]) -> T:
    """The first value that is drawn: the simplest, where nothing is in its way."""
    return find(strategy, lambda _: True, settings=_ONCE)
