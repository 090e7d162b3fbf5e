"""How long the first test that uses the emulator waits for it.

From an interpreter that has loaded pytest and nothing else, to the first authenticated answer: import, contract, server
on loopback, tenant, client, token, one list of export jobs. Each round is a fresh interpreter. The limit is our own.
"""

from __future__ import annotations

from typing import Final

from benchmarks.measure import Row, Target, Tick, repeat, run_python

ROUNDS: Final = 9
LIMIT: Final = 0.4

_USE: Final = """
import time
import pytest

begin = time.perf_counter()
from pytest_aep_export import AepClient, Emulator, EmulatorServer

emulator = Emulator()
with EmulatorServer(emulator) as server, AepClient(emulator.create_tenant().credentials, base_url=server.url) as client:
    jobs = list(client.list_export_jobs())
    elapsed = time.perf_counter() - begin
assert jobs == []
print(elapsed)
"""


def measure(tick: Tick) -> list[Row]:
    """One row: seconds until the first answer."""
    ours = repeat(lambda: float(run_python(_USE)), rounds=ROUNDS, tick=tick)
    return [Row("first use of the embedded emulator", ours, LIMIT, "s", Target("<", 1))]
