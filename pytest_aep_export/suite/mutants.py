"""The suite tried on mutants: the emulator with one defect after the other, and which requirements notice each.

A mutant is a persona of the emulator's. It is killed by every requirement that it breaks, whatever the level; one that
could not be judged kills nothing. Each mutant is a pair of tenants of an emulator that all mutants of a process share,
and is judged by the requirements of the areas that its persona names.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from pytest_aep_export.emulator import Behaviour, Emulator, EmulatorServer
from pytest_aep_export.emulator.personas import Persona
from pytest_aep_export.suite.budget import Budget, Limits
from pytest_aep_export.suite.embedded import embedded
from pytest_aep_export.suite.hooks import Silent
from pytest_aep_export.suite.registry import conformance_path, load
from pytest_aep_export.suite.runner import run_suite
from pytest_aep_export.suite.sending import Patience
from pytest_aep_export.suite.verdicts import Verdict, combine

__all__ = ["FAST", "Trial", "attempt", "files_of", "try_mutants"]

_BROKEN: Final = frozenset({Verdict.FAIL, Verdict.WARN, Verdict.INFO})
_JUDGED: Final = _BROKEN | {Verdict.PASS, Verdict.NOT_APPLICABLE}
_PATIENCE: Final = Patience(poll=0, deadline=4, answer=30, busy=0.1)
"""A mutant that keeps the suite waiting is not waited for long."""
_SECONDS: Final = 120
"""How long a mutant may take before it is given up."""
_PART_ROWS: Final = 40
"""Few enough rows for a batch to have several files."""
FAST: Final = ("--assert=plain",)
"""The suite says what it expects: to have its assertions rewritten would be half of what a small run costs."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What the suite made of one mutant, or of the emulator itself.

    Attributes:
        mutant: The persona's id; empty for the emulator itself.
        killers: The requirements that it breaks.
        unjudged: Those that could not be judged.
        seconds: How long it took.
        defects: What went wrong that is no persona's doing: none, or this package has a bug.
    """

    mutant: str
    killers: tuple[str, ...]
    unjudged: tuple[str, ...]
    seconds: float
    defects: tuple[str, ...] = ()


def try_mutants(personas: Sequence[Persona], processes: int) -> Iterator[Trial]:
    """Try the emulator itself and then each mutant; the trials come as they end.

    Whoever stops listening stops the rest: what has begun is ended, and nothing else is begun.

    Args:
        personas: The mutants.
        processes: How many are tried at the same time, each in a process of its own; 1 for this one.
    """
    areas = tuple(dict.fromkeys(area for persona in personas for area in persona.areas))
    jobs = [("", areas), *((persona.id, persona.areas) for persona in personas)]
    if processes == 1:
        yield from (attempt(name, judges) for name, judges in jobs)
        return
    context = multiprocessing.get_context("spawn")  # a fork would share locks and connections
    pool = ProcessPoolExecutor(processes, context, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN))
    try:
        yield from _finished([pool.submit(attempt, name, judges) for name, judges in jobs])
    finally:
        pool.shutdown(cancel_futures=True)


def _finished(futures: Iterable[Future[Trial]]) -> Iterator[Trial]:
    return (future.result() for future in as_completed(futures))


def attempt(name: str, areas: tuple[str, ...]) -> Trial:
    """Try the suite on a mutant, or on the emulator itself, by the requirements of some areas."""
    begun, server = time.perf_counter(), _bench()
    known = len(server.emulator.defects)
    behaviour = Behaviour(persona=name or None, part_rows=_PART_ROWS)
    with embedded(server, behaviour, label=name or "the emulator itself", patience=_PATIENCE) as target:
        target.budget = Budget(Limits(seconds=_SECONDS))
        select = " or ".join(f"EXP-{area}-" for area in areas)
        run = run_suite(target, Silent(), select=select, files=files_of(areas), options=FAST)
    verdicts = {each: combine(load()[each].level, found) for each, found in run.outcomes.items()}
    return Trial(
        name,
        killers=tuple(sorted(each for each, verdict in verdicts.items() if verdict in _BROKEN)),
        unjudged=tuple(sorted(each for each, verdict in verdicts.items() if verdict not in _JUDGED)),
        seconds=time.perf_counter() - begun,
        defects=server.emulator.defects[known:],
    )


@cache
def _bench() -> EmulatorServer:
    """The emulator that all mutants of this process are tenants of; it ends with the process."""
    import pytest_aep_export.exporter.running  # noqa: F401, PLC0415 - heavy, and not to be waited for by a mutant

    return EmulatorServer(Emulator()).start()


@cache
def files_of(areas: tuple[str, ...]) -> tuple[Path, ...]:
    """The files of the suite that judge some areas: to look into the others costs more than most mutants."""
    every = sorted((conformance_path() / "server").glob("test_*.py"))
    return tuple(file for file in every if any(f'"EXP-{area}-' in file.read_text("utf-8") for area in areas))
