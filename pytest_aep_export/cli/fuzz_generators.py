"""Who makes the cases of ``aep-export fuzz``, how many each, and what all of them have come to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from pytest_aep_export.cli.counting import counted
from pytest_aep_export.cli.fuzzed import Progress
from pytest_aep_export.errors import AepError, ConfigurationError

if TYPE_CHECKING:
    from rich.console import Console

    from pytest_aep_export.cli.fuzz_asked import Asked
    from pytest_aep_export.fuzz.fuzzing import Tally
    from pytest_aep_export.suite.fuzzing import Ground

__all__ = ["STOPPED", "patience", "tried"]

STOPPED: Final = "interrupted"
"""Why it ended that somebody did not want any more."""

_BROAD: Final = 5
"""Of both generators, the slower one makes every fifth case."""
_WALKS: Final = 27
"""As many walks as there are of look, list and cancel, three of them."""


def tried(asked: Asked, ground: Ground, console: Console) -> tuple[Tally, BaseException | None]:
    """What the generators have come to, and what has ended them before their time."""
    from pytest_aep_export.fuzz.fuzzing import Tally  # noqa: PLC0415 - heavy, and not for --help

    whole, error = Tally(asked.seed), None
    shares = _shares(asked)
    with counted(console, "tried", sum(cases for _, cases, _ in shares), "cases") as tell:
        for name, cases, seconds in shares:
            progress = _progress(name, cases, asked, ground, tell, whole.cases)
            try:
                part: Tally | None = _run(name, cases, seconds, asked, ground, progress)
            except (AepError, KeyboardInterrupt) as caught:
                if isinstance(caught, ConfigurationError):
                    raise
                part, error = progress[0].tally, caught
            whole = _sum(whole, part)
            if error:
                whole.ended = str(error) or STOPPED
                break
    return whole, error


def _shares(asked: Asked) -> list[tuple[str, int, float | None]]:
    """Each generator, with its cases and its time."""
    if asked.generator == "walks":
        return [("walks", min(asked.cases, _WALKS), asked.seconds)]
    if asked.generator != "both":
        return [(asked.generator, asked.cases, asked.seconds)]
    broad, half = max(1, asked.cases // _BROAD), asked.seconds and asked.seconds / 2
    return [("stream", max(1, asked.cases - broad), half), ("breadth", broad, half)]


def _progress(
    name: str, cases: int, asked: Asked, ground: Ground, tell: Callable[[int], None], before: int
) -> tuple[Progress, Any]:
    """Who listens, and what is tried; None for the stream of the seed."""
    if name == "stream":
        return Progress(tell, before), None
    if name == "walks":
        from pytest_aep_export.fuzz.walks import cases_within  # noqa: PLC0415 - not for --help

        return Progress(tell, before), cases_within(lambda: ground.room, cases)
    from pytest_aep_export.fuzz.breadth import Breadth  # noqa: PLC0415 - an extra

    breadth = Breadth(asked.seed, cases, asked.operations)
    return Progress(tell, before, breadth.tried), breadth


def _run(
    name: str, cases: int, seconds: float | None, asked: Asked, ground: Ground, progress: tuple[Progress, Any]
) -> Tally:
    from pytest_aep_export.fuzz.fuzzing import Bounds, fuzz as run  # noqa: I001, PLC0415 - heavy, and not for --help

    bounds = Bounds(cases=cases, seconds=seconds, patience=patience(asked))
    if name != "stream" or not ground.renewed:
        bounds = replace(bounds, renew=cases + 1)
    listener, tried = progress
    return run(
        ground.send, ground.parties, seed=asked.seed, bounds=bounds, operations=asked.operations, cases=tried,
        listener=listener,
    )  # fmt: skip


def patience(asked: Asked) -> float:
    """Seconds that a request may take, where a server may ask to be waited for."""
    return 300.0 if asked.live else 30.0


def _sum(whole: Tally, part: Tally | None) -> Tally:
    """Two generators' findings as those of one; what both have found is kept once."""
    if part is None:
        return whole
    known = {finding.cause for finding in whole.findings}
    return replace(
        part,
        cases=whole.cases + part.cases,
        requests=whole.requests + part.requests,
        seconds=whole.seconds + part.seconds,
        findings=[*whole.findings, *(each for each in part.findings if each.cause not in known)],
        judged=whole.judged + part.judged,
    )
