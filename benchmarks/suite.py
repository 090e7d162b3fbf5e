"""How long the whole conformance suite takes against the embedded emulator.

Ours is the wall time of ``aep-export run`` from start to end, start-up included. The limit is our own.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from benchmarks.measure import Row, Target, Tick, repeat

ROUNDS: Final = 3
LIMIT: Final = 10.0


def run(folder: Path) -> float:
    """The seconds of one run; a run in which a requirement fails is an error.

    Raises:
        subprocess.CalledProcessError: The suite did not pass.
    """
    command = [str(Path(sys.executable).with_name("aep-export")), "run"]
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder)
    return time.perf_counter() - begin


def measure(tick: Tick) -> list[Row]:
    """One row: seconds for the whole suite."""
    with tempfile.TemporaryDirectory() as folder:
        ours = repeat(lambda: run(Path(folder)), rounds=ROUNDS, tick=tick)
    return [Row("the whole conformance suite", ours, LIMIT, "s", Target("<", 1))]
