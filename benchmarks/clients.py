"""How long it takes to put a client in this process into every scenario that there is.

Ours is the wall time for `AepClient`, two scenarios at a time, with the emulators that serve them. The limit is our
own.
"""

from __future__ import annotations

import time
from typing import Final

from benchmarks.measure import Row, Target, Tick, repeat
from pytest_aep_export.judge import SCENARIOS, assert_conforms, try_subject
from pytest_aep_export.judge.own import SYNCHRONOUS

ROUNDS: Final = 3
LIMIT: Final = 15.0


def run() -> float:
    """The seconds of one run; a run in which a requirement does not hold is an error.

    Raises:
        AssertionError: One does not.
    """
    begin = time.perf_counter()
    assert_conforms(try_subject(SYNCHRONOUS, SCENARIOS.values(), lanes=2))
    return time.perf_counter() - begin


def measure(tick: Tick) -> list[Row]:
    """One row: seconds for all scenarios."""
    ours = repeat(run, rounds=ROUNDS, tick=tick)
    return [Row("all scenarios for one client", ours, LIMIT, "s", Target("<", 1))]
