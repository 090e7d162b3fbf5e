"""Near misses: values that are right but for one named mistake."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final, Generic, TypeAlias, TypeVar

from hypothesis import strategies as st

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.fuzz.cases import Edit, Mistake
from pytest_aep_export.fuzz.composing import edited

__all__ = ["Chosen", "NearMiss", "chosen", "filled", "near_misses", "spoiled"]

T = TypeVar("T")

_NAME: Final = re.compile(r"\$\{([a-z0-9_.-]+)\}")

Chosen: TypeAlias = str | Iterable[str]
"""Which mistakes may be drawn: a name, in which ``*`` stands for anything, or several."""


@dataclass(frozen=True, slots=True)
class NearMiss(Generic[T]):
    """A value that is right but for one thing.

    Attributes:
        value: The value, with its mistake.
        mistake: What is wrong with it.
    """

    value: T
    mistake: Mistake

    @property
    def place(self) -> str:
        """Where the mistake is: a JSON pointer into the body."""
        return self.mistake.edits[-1].at.removeprefix("/body")


def chosen(known: Sequence[Mistake], names: Chosen) -> list[Mistake]:
    """The mistakes that are asked for, in the order in which they are known.

    Raises:
        ConfigurationError: One of the names is no mistake's.
    """
    patterns = [names] if isinstance(names, str) else list(names)
    for pattern in patterns:
        if not any(_is(mistake, pattern) for mistake in known):
            few = ", ".join(repr(mistake.name) for mistake in known[:5])
            raise ConfigurationError(f"there is no mistake {pattern!r}: use '*' for any, or some of {few}, …")
    return [mistake for mistake in known if any(_is(mistake, pattern) for pattern in patterns)]


def _is(mistake: Mistake, pattern: str) -> bool:
    return mistake.name == pattern or fnmatchcase(mistake.name, pattern)


def spoiled(value: Any, mistake: Mistake) -> Any:
    """A JSON value with a mistake."""
    return edited(value, {edit.at: edit for edit in mistake.edits})


def near_misses(
    valid: st.SearchStrategy[Any],
    mistakes: Sequence[Mistake],
    alone: Callable[[NearMiss[Any]], bool] = lambda _: True,
) -> st.SearchStrategy[NearMiss[Any]]:
    """Near misses of what is valid; they shrink to the first mistake in the simplest value.

    Args:
        valid: Draws what is right, as JSON.
        mistakes: What may be wrong.
        alone: Whether a mistake is the only one: what it is made in may not have what it needs.
    """
    return st.builds(_missed, valid, st.sampled_from(mistakes)).filter(alone)


def _missed(value: Any, mistake: Mistake) -> NearMiss[Any]:
    return NearMiss(spoiled(value, mistake), mistake)


def filled(mistake: Mistake, names: Mapping[str, str]) -> Mistake | None:
    """The mistake with values for the names in it; None where one of them is not known."""
    try:
        edits = tuple(Edit(edit.at, _filled(edit.put, names)) for edit in mistake.edits)
    except KeyError:
        return None
    return Mistake(mistake.name, edits, mistake.owed)


def _filled(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _NAME.sub(lambda found: names[found[1]], value)
    if isinstance(value, Mapping):
        return {name: _filled(each, names) for name, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, names) for each in value]
    return value
