"""Making a case small: whatever can be left out while it still shows what it showed. No chance is in it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from pytest_aep_export.fuzz.cases import ABSENT, Case, Edit, Mistake, Step

__all__ = ["minimised"]

_MOST: Final = 200
"""How many smaller cases are tried."""


async def minimised(case: Case, is_right: Callable[[Step], bool], shows: Callable[[Case], Awaitable[bool]]) -> Case:
    """The smallest case that was met.

    Args:
        case: What to begin with.
        is_right: Whether a step without its mistakes is a request that the contract allows; what is not is not tried,
            as it would be another mistake.
        shows: Tries a case and tells whether it shows the same.
    """
    tried: set[str] = set()
    smaller: Case | None = case
    while smaller is not None:
        case, smaller = smaller, None
        for candidate in _smaller(case, is_right):
            key = repr(candidate)
            if key not in tried and len(tried) < _MOST:
                tried.add(key)
                if await shows(candidate):
                    smaller = candidate
                    break
    return case


def _smaller(case: Case, is_right: Callable[[Step], bool]) -> Iterator[Case]:
    """Cases with something left out, the larger things first."""
    steps, size = case.steps, len(case.steps) // 2
    while size:
        for start in range(0, len(steps), size):
            kept = (*steps[:start], *steps[start + size :])
            if kept:
                yield replace(case, steps=kept)
        size //= 2
    for place, step in enumerate(steps):
        for smaller in _smaller_steps(step):
            if is_right(smaller):
                yield replace(case, steps=(*steps[:place], smaller, *steps[place + 1 :]))


def _smaller_steps(step: Step) -> Iterator[Step]:
    for place, mistake in enumerate(step.mistakes):
        around = step.mistakes[:place], step.mistakes[place + 1 :]
        if len(step.mistakes) > 1:
            yield replace(step, mistakes=(*around[0], *around[1]))
        for smaller in _smaller_mistakes(mistake):
            yield replace(step, mistakes=(*around[0], smaller, *around[1]))
    for name in step.query:
        yield replace(step, query=_without(step.query, name))
    for name in step.headers:
        yield replace(step, headers=_without(step.headers, name))
    if isinstance(step.body, dict):
        for body in _smaller_bodies(step.body):
            yield replace(step, body=body)


def _smaller_bodies(body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The body without one of its members, wherever it is."""
    for name, value in body.items():
        yield _without(body, name)
        if isinstance(value, dict):
            for smaller in _smaller_bodies(value):
                yield {**body, name: smaller}


def _smaller_mistakes(mistake: Mistake) -> Iterator[Mistake]:
    """The mistake with less in it, where nothing is owed to it that would be owed to less as well."""
    if mistake.owed is not None:
        return
    for place, edit in enumerate(mistake.edits):
        for put in _smaller_values(edit.put):
            edits = (*mistake.edits[:place], Edit(edit.at, put), *mistake.edits[place + 1 :])
            yield replace(mistake, edits=edits)


def _smaller_values(value: Any) -> Iterator[Any]:
    """Less of a text, a list or a number."""
    if value is ABSENT or isinstance(value, bool | float):
        return
    if isinstance(value, str | list) and len(value) > 1:
        half = len(value) // 2
        yield value[:half]
        yield value[half:]
        yield value[1:]
        yield value[:-1]
    elif isinstance(value, int) and value not in {0, 1, -1}:
        yield value // 2 if value > 0 else -(-value // 2)


def _without(known: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {each: value for each, value in known.items() if each != name}
