"""How far a conformance run has come: a bar on a terminal, a line for each area elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from pytest_aep_export.suite.verdicts import Outcome, Result

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Bar", "Lines", "progress_for"]

_DOUBTS: Final = (Result.UNMET, Result.BROKEN, Result.NOT_VERIFIED)


def progress_for(console: Console) -> Bar | Lines:
    """What suits the console."""
    return Bar(console) if console.is_terminal else Lines(console)


class Bar:
    """A progress bar that vanishes at the end."""

    def __init__(self, console: Console) -> None:
        columns = TextColumn("{task.description:14}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
        self._progress = Progress(*columns, console=console, transient=True)
        self._task = self._progress.add_task("starting", total=None)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def started(self, tests: Sequence[tuple[str, str]]) -> None:
        """So many tests will run."""
        self._progress.update(self._task, total=len(tests))

    def judged(self, requirement: str, outcome: Outcome) -> None:  # noqa: ARG002 - the bar only counts
        """One more has ended."""
        self._progress.update(self._task, description=requirement, advance=1)


class Lines:
    """One plain line when all tests of an area have ended."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._left: Counter[str] = Counter()
        self._total: Counter[str] = Counter()
        self._doubts: Counter[str] = Counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is left to be taken away."""

    def started(self, tests: Sequence[tuple[str, str]]) -> None:
        """Count the tests of each area."""
        self._total = Counter(_area(requirement) for _, requirement in tests)
        self._left = self._total.copy()

    def judged(self, requirement: str, outcome: Outcome) -> None:
        """One more has ended, perhaps the area's last."""
        area = _area(requirement)
        self._left[area] -= 1
        self._doubts[area] += outcome.result in _DOUBTS
        if not self._left[area]:
            doubts = f", {self._doubts[area]} not met or not judged" if self._doubts[area] else ""
            self._console.print(f"{area:8}{self._total[area]:4} tests{doubts}", highlight=False)


def _area(requirement: str) -> str:
    return requirement.split("-")[1]
