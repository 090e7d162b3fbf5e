"""How much memory it takes to write fake profiles to Parquet, whatever their number.

Ours is the highest resident memory of a fresh interpreter that writes a million profiles with five events each,
libraries included; a second row compares it with an interpreter that writes a tenth of them, which is work for two
threads too. The limits are our own, for two processors: each is a thread.
"""

from __future__ import annotations

import tempfile
from typing import Final

from benchmarks.measure import Row, Target, Tick, run_python

ROUNDS: Final = 2
LIMIT: Final = 300
MANY: Final = 1_000_000

_WRITE: Final = """
import re, resource, sys
from pathlib import Path
from pytest_aep_export.profiles import write_parquet

write_parquet(Path(sys.argv[1]), int(sys.argv[2]), seed=7, events_per_profile=5)
try:
    peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
except OSError:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
print(peak)
"""


def peak(profiles: int) -> float:
    """The highest resident memory, in MiB, of an interpreter that writes so many profiles.

    Linux keeps the figure apart from the parent's, which ``getrusage`` does not; elsewhere ``getrusage`` has to do.
    """
    with tempfile.TemporaryDirectory() as folder:
        return float(run_python(_WRITE, folder, str(profiles)))


def measure(tick: Tick) -> list[Row]:
    """Two rows: the peak against the limit, and against the peak for a tenth of the profiles."""
    few = peak(MANY // 10)
    tick()
    many = peak(MANY)
    tick()
    return [
        Row(f"memory to write {MANY:,} profiles", many, LIMIT, "MiB", Target("<", 1)),
        Row("the same, against a tenth of them", many, few, "MiB", Target("<", 1.2)),
    ]
