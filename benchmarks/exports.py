"""How fast a million profiles are exported, against DuckDB copying the finished result from memory to Parquet.

Ours reads the stored fragments and events, joins, merges, filters, projects, gathers the events and writes snappy
Parquet, in an interpreter of its own, whose peak memory is measured too. The peer has nothing left to compute: it
holds the very rows of that export in memory and writes them as snappy Parquet, on as many threads. Both have two
fragments and five events for each profile, stitched by the private graph, so that there is one row for each person.
"""

from __future__ import annotations

import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb

from benchmarks.measure import Row, Target, Tick, interleave, run_python
from pytest_aep_export.profiles import DEFAULT_SEGMENTS, write_parquet

PROFILES: Final = 1_000_000
EVENTS: Final = 5
MOST_MEMORY: Final = 1536
"""In MiB."""

_INTERLEAVED: Final = 2
_MORE: Final = 5
ROUNDS: Final = 2 * _INTERLEAVED + 3

_EXPORT: Final = """
import json, re, resource, sys, time
from pathlib import Path
from pytest_aep_export.exporter.plan import EventPlan, ExportPlan, Segment
from pytest_aep_export.exporter.running import run
from pytest_aep_export.profiles import ProfileData

source, target, *segments = sys.argv[1:]
plan = ExportPlan(graph="pdg", events=EventPlan(), segments=tuple(map(Segment, segments)))
begin = time.perf_counter()
result = run(plan, ProfileData.read(Path(source)), Path(target), name_seed="benchmark")
elapsed = time.perf_counter() - begin
try:
    peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
except OSError:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
print(json.dumps([elapsed, peak, result.profiles]))
"""


@dataclass(frozen=True, slots=True)
class Export:
    """Exports of one folder of profiles, each into a folder of its own."""

    source: Path
    segments: tuple[str, ...] = ()

    def run(self, target: Path | None = None) -> tuple[float, float, int]:
        """The seconds that an export takes, its peak memory in MiB, and how many profiles it wrote."""
        if target is None:
            with tempfile.TemporaryDirectory() as folder:
                return self.run(Path(folder, "batch"))
        elapsed, peak, profiles = json.loads(run_python(_EXPORT, str(self.source), str(target), *self.segments))
        return elapsed, peak, profiles


def copy(connection: duckdb.DuckDBPyConnection) -> float:
    """The seconds that DuckDB takes to write its table ``result``."""
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        connection.execute(f"COPY result TO '{folder}/result.parquet' (FORMAT parquet, COMPRESSION snappy)")
        return time.perf_counter() - begin


def against_copy(export: Export, tick: Tick) -> tuple[float, float, float]:
    """Seconds of ours and of the copy of its result, and the highest memory that ours took, in MiB."""
    peaks: list[float] = []

    def ours() -> float:
        elapsed, peak, _ = export.run()
        peaks.append(peak)
        return elapsed

    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        target = Path(folder, "batch")
        export.run(target)
        connection.execute(f"CREATE TABLE result AS SELECT * FROM read_parquet('{target}/*.parquet')")
        seconds, peer = interleave(ours, lambda: copy(connection), rounds=_INTERLEAVED, tick=tick)
    return seconds, peer, max(peaks)


def measure(tick: Tick) -> list[Row]:
    """Five rows: both exports against the copy, memory against its limit, and five times as many profiles."""
    options: dict[str, Any] = {"seed": 7, "events_per_profile": EVENTS}
    with tempfile.TemporaryDirectory() as name:
        source = Path(name, "profiles")
        write_parquet(source, PROFILES, **options)
        tick()
        full, whole_copy, peak = against_copy(Export(source), tick)
        half, half_copy, _ = against_copy(Export(source, (DEFAULT_SEGMENTS[0].id,)), tick)
    with tempfile.TemporaryDirectory() as name:
        source = Path(name, "profiles")
        write_parquet(source, _MORE * PROFILES, **options)
        tick()
        more, more_peak, _ = Export(source).run()
        tick()
    return [
        Row(f"export of {PROFILES:,} profiles, against DuckDB's copy of the result", full, whole_copy, "s", _most(2)),
        Row("export of half of them by segment, against the same", half, half_copy, "s", _most(4)),
        Row(f"memory to export {PROFILES:,} profiles", peak, MOST_MEMORY, "MiB", Target("<", 1)),
        Row(f"export of {_MORE * PROFILES:,} profiles, against {PROFILES:,}", more, full, "s", _most(5.5)),
        Row("memory to export them, against the same", more_peak, peak, "MiB", Target("<", 1.1)),
    ]


def _most(ratio: float) -> Target:
    return Target("<=", ratio)
