"""Rows shown to people: a table for the terminal, one in Markdown, and the README's, between its markers."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.measure import Row

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["machine", "markdown", "readme", "table"]

BEGIN: Final = "<!-- benchmarks start -->"
END: Final = "<!-- benchmarks end -->"
_COLUMNS: Final = ("what", "ours", "peer or limit", "unit", "ratio", "target", "")


def table(rows: Sequence[Row]) -> Table:
    """The rows for the terminal."""
    from rich.table import Table  # noqa: PLC0415 - only who looks at a terminal needs it

    result = Table(*_COLUMNS, box=None, header_style="bold")
    for row in rows:
        result.add_row(*_cells(row), style=None if row.holds else "red")
    return result


def markdown(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table, and a line that says on what machine they were measured."""
    lines = ["| what | ours | peer or limit | unit | ratio | target | |", "| --- | --: | --: | --- | --: | --: | --- |"]
    lines += [f"| {' | '.join(_cells(row))} |" for row in rows]
    return "\n".join([*lines, "", f"Measured on {machine()}."])


def readme(text: str, rows: Sequence[Row]) -> str:
    """The README with its table replaced.

    Raises:
        ValueError: The README has no place for a table.
    """
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"README.md has no lines {BEGIN!r} and {END!r} to put the table between")
    return f"{head}{BEGIN}\n{markdown(rows)}\n{END}{tail}"


def machine() -> str:
    """The machine in a few words: processor, cores, system, Python."""
    cores = os.process_cpu_count() if hasattr(os, "process_cpu_count") else os.cpu_count()
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{cores} cores of {_processor()}, {platform.system()}, {python}"


def _processor() -> str:
    try:
        found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()


def _cells(row: Row) -> tuple[str, ...]:
    verdict = "holds" if row.holds else "missed"
    return (row.name, _number(row.ours), _number(row.peer), row.unit, f"{row.ratio:,.2f}", str(row.target), verdict)


def _number(value: float) -> str:
    """Three significant digits at least, and no exponent."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
