"""Texts that others chose, made to show and to do nothing else: as Markdown no markup, no mention and no link."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

__all__ = ["code", "fence", "plain", "printable", "table"]

_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>|#~&])")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_TICKS: Final = re.compile(r"`+")


def printable(text: str) -> str:
    """The text with what would steer a terminal made visible: a server chooses much of what is printed."""
    return _CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)


def plain(text: str) -> str:
    """Running text."""
    return _SPECIAL.sub(r"\\\1", printable(" ".join(text.split())))


def code(text: str) -> str:
    """A span of code, on one line."""
    line = printable(" ".join(text.split())) or " "
    ticks = "`" * (_longest(line) + 1)
    pad = " " if line[0] == "`" or line[-1] == "`" else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def fence(text: str, language: str = "") -> str:
    """A block of code."""
    ticks = "`" * max(3, _longest(text) + 1)
    return f"{ticks}{language}\n{printable(text)}\n{ticks}"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """The lines of a table whose first column holds text, the others numbers."""
    names = list(head)
    rule = ["---", *["--:"] * (len(names) - 1)]
    return [f"| {' | '.join(row)} |" for row in [names, rule, *rows]]


def _longest(text: str) -> int:
    return max((len(ticks) for ticks in _TICKS.findall(text)), default=0)
