"""What our plugin costs a pytest run that does not use it.

Ours is a run of one trivial test with the plugin installed; the peer is the same run with ``-p no:aep_export``. Every
other plugin that happens to be installed is blocked in both, since its cost would hide ours. The figure is processor
time, which the machine's other work hardly disturbs.
"""

from __future__ import annotations

import sys
import tempfile
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final

from benchmarks.measure import Row, Target, Tick, interleave, processor_time

ROUNDS: Final = 25

TRIVIAL: Final = "def test_trivial():\n    assert True\n"
"""A test that uses nothing."""


def command(*options: str) -> list[str]:
    """A run of pytest without any plugin but its own and ours."""
    others = {plugin.name for plugin in entry_points(group="pytest11")} - {"aep_export"}
    blocked = [word for name in sorted(others) for word in ("-p", f"no:{name}")]
    return [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *blocked, *options]


def measure(tick: Tick) -> list[Row]:
    """One row: seconds of processor time with the plugin, and without it."""
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        (here / "test_trivial.py").write_text(TRIVIAL)
        ours, peer = interleave(
            lambda: processor_time(command(), cwd=here),
            lambda: processor_time(command("-p", "no:aep_export"), cwd=here),
            rounds=ROUNDS,
            tick=tick,
        )
    return [Row("start-up of a run that does not use us", ours, peer, "s", Target("<", 1.05))]
