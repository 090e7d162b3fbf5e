"""Rows, targets, and the ways of measuring that the benchmarks share. Imports the standard library only.

A row's ratio is always ours divided by the peer's, in the row's unit. The peer is another program that does the same
work, measured in the same run, or a limit that we set ourselves.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

__all__ = ["Benchmark", "Row", "Target", "Tick", "interleave", "processor_time", "repeat", "run_python"]

Tick = Callable[[], None]
"""Called after each round, to move a progress bar."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a ratio must keep to, such as ``>= 30``."""

    relation: Literal["<", "<=", ">="]
    ratio: float

    def met_by(self, ratio: float) -> bool:
        """Whether a ratio keeps to it."""
        if self.relation == ">=":
            return ratio >= self.ratio
        return ratio < self.ratio or (self.relation == "<=" and ratio == self.ratio)

    def __str__(self) -> str:
        return f"{self.relation} {self.ratio:g}"


@dataclass(frozen=True, slots=True)
class Row:
    """One result: what ours and the peer reached, in the same unit, and what their ratio must keep to."""

    name: str
    ours: float
    peer: float
    unit: str
    target: Target

    @property
    def ratio(self) -> float:
        """Ours divided by the peer's."""
        return self.ours / self.peer

    @property
    def holds(self) -> bool:
        """Whether the target is met."""
        return self.target.met_by(self.ratio)

    def to_json(self) -> dict[str, Any]:
        """The row as JSON."""
        return {
            "name": self.name,
            "ours": self.ours,
            "peer": self.peer,
            "unit": self.unit,
            "ratio": self.ratio,
            "target": str(self.target),
            "holds": self.holds,
        }


class Benchmark(Protocol):
    """A module that measures."""

    ROUNDS: int
    """How often ``measure`` ticks."""

    def measure(self, tick: Tick) -> list[Row]:
        """Measure and give the rows."""
        ...


def repeat(ours: Callable[[], float], *, rounds: int, tick: Tick) -> float:
    """The median of several rounds."""
    figures = []
    for _ in range(rounds):
        figures.append(ours())
        tick()
    return statistics.median(figures)


def interleave(ours: Callable[[], float], peer: Callable[[], float], *, rounds: int, tick: Tick) -> tuple[float, float]:
    """The medians of both, measured in turn, so that whatever else the machine does falls on both alike.

    Who goes first changes with every round. An additional round before the first warms both up and does not count.
    """
    ours()
    peer()
    figures: dict[Callable[[], float], list[float]] = {ours: [], peer: []}
    for number in range(rounds):
        for one in (ours, peer) if number % 2 else (peer, ours):
            figures[one].append(one())
        tick()
    return statistics.median(figures[ours]), statistics.median(figures[peer])


def run_python(code: str, *arguments: str, cwd: os.PathLike[str] | None = None) -> str:
    """What a fresh interpreter prints that runs this code."""
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=cwd).stdout


def processor_time(command: Sequence[str], *, cwd: os.PathLike[str]) -> float:
    """The seconds of processor time, user and system, that a command takes; other programs hardly disturb it.

    Raises:
        RuntimeError: The command failed.
    """
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    with process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{output}")
    return usage.ru_utime + usage.ru_stime
