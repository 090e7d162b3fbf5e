"""How far something that is counted has come: a bar on a terminal, a line for each tenth elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["counted"]


@contextmanager
def counted(console: Console, what: str, total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """What is told how many of the total are done; it shows that in the way that suits the console.

    Args:
        console: Where to show it.
        what: What is being done, such as "writing".
        total: How many there are.
        unit: What they are, such as "profiles".
    """
    if not console.is_terminal:
        yield _lines(console, what, total, unit)
        return
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(f"{what} {unit}", total=total)
        yield lambda done: progress.update(task, completed=done)


def _lines(console: Console, what: str, total: int, unit: str) -> Callable[[int], None]:
    shown = 0

    def tell(done: int) -> None:
        nonlocal shown
        tenths = 10 * done // max(total, 1)
        if tenths > shown:
            shown = tenths
            console.print(f"{what}: {done:,} of {total:,} {unit}", highlight=False)

    return tell
