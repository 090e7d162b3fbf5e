"""Tables of personas: each row has an id and, by a function for its kind, what is wrong and what makes it so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, Protocol, TypeAlias

from pytest_aep_export.emulator.personas.persona import (
    Answering,
    Around,
    Hearing,
    Kind,
    Persona,
    Planning,
    Reading,
    Writing,
)

__all__ = [
    "Draft",
    "delayed",
    "foreign",
    "lenient",
    "missing",
    "reordered",
    "stale",
    "strict",
    "table",
    "truncated",
    "wrong",
]

Draft: TypeAlias = Callable[[str, str], Persona]
"""Makes a persona, given its area and its id."""


class _Drafting(Protocol):
    """Drafts a persona of one kind: see `Persona` for what the arguments are."""

    def __call__(  # noqa: PLR0913 - one for each thing that a persona does
        self,
        about: str,
        answer: Answering | None = None,
        /,
        *,
        also: tuple[str, ...] = (),
        hear: Hearing | None = None,
        around: Around | None = None,
        plan: Planning | None = None,
        read: Reading | None = None,
        write: Writing | None = None,
    ) -> Draft: ...


def _draft(kind: Kind, about: str, answer: Answering | None = None, /, **others: object) -> Draft:
    return lambda area, name: Persona(area, name, kind, about, answer=answer, **others)  # type: ignore[arg-type]


def _of(kind: Kind) -> _Drafting:
    return partial(_draft, kind)


wrong: Final = _of("wrong")
missing: Final = _of("missing")
stale: Final = _of("stale")
foreign: Final = _of("foreign")
reordered: Final = _of("reordered")
truncated: Final = _of("truncated")
lenient: Final = _of("lenient")
strict: Final = _of("strict")
delayed: Final = _of("delayed")


def table(area: str, rows: Mapping[str, Draft]) -> tuple[Persona, ...]:
    """The personas of an area."""
    return tuple(draft(area, name) for name, draft in rows.items())
