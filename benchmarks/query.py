"""What SQL through the wire costs: an aggregate of a million exported rows, against DuckDB on the same files.

The emulator exports a million profiles and serves them in a process of its own. psycopg asks there; the peer asks
DuckDB in this process, by a view of the same Parquet files on as many threads, and has no protocol, no translation of
the statement, no check of it, and no limits. Both keep their connection and answer with the same rows.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any, Final

import duckdb
import psycopg

from benchmarks.measure import Row, Target, Tick, interleave
from benchmarks.serving import started

PROFILES: Final = 1_000_000
ROUNDS: Final = 7
_STATEMENTS: Final = 10
"""Statements in a round."""

_STATEMENT: Final = """
SELECT homeAddress.stateProvince, count(*), min(person.birthDate), max(person.birthDate)
FROM people WHERE person.gender IS NOT NULL GROUP BY 1 ORDER BY 1
"""

_SERVER: Final = f"""
import json, signal
from pytest_aep_export import AepClient, Behaviour, Emulator, EmulatorServer, Progression
from pytest_aep_export.emulator.query import QueryServer
from pytest_aep_export.emulator.query.tables import published

behaviour = Behaviour(progression=Progression("immediate"))
with Emulator(profiles={PROFILES}, behaviour=behaviour) as emulator, EmulatorServer(emulator) as server:
    tenant = emulator.create_tenant()
    with AepClient(tenant.credentials, base_url=server.url) as client:
        client.wait_for_export_job(client.create_export_job(dataset_id=client.create_dataset("People").id))
    with QueryServer(emulator) as query:
        (table,) = published(emulator.state, tenant._sandbox)
        print(json.dumps({{"login": query.login(tenant).parameters, "files": table.files}}), flush=True)
        signal.sigwait({{signal.SIGTERM}})
"""


def timed(ask: Callable[[], list[Any]]) -> float:
    """The seconds until a statement's rows are there, over several in a row."""
    begin = time.perf_counter()
    for _ in range(_STATEMENTS):
        ask()
    return (time.perf_counter() - begin) / _STATEMENTS


def measure(tick: Tick) -> list[Row]:
    """One row: milliseconds per statement."""
    with started([sys.executable, "-c", _SERVER]) as line:
        ready: dict[str, Any] = json.loads(line)
        with psycopg.connect(**ready["login"], autocommit=True) as wire, duckdb.connect() as direct:
            direct.from_parquet(ready["files"]).create_view("people")

            def ours() -> list[Any]:
                return wire.execute(_STATEMENT.encode()).fetchall()

            def peer() -> list[Any]:
                return direct.execute(_STATEMENT).fetchall()

            assert sum(row[1] for row in ours()) == sum(row[1] for row in peer()) > PROFILES // 2
            seconds, bare = interleave(lambda: timed(ours), lambda: timed(peer), rounds=ROUNDS, tick=tick)
    name = f"an aggregate of {PROFILES:,} rows through the wire, against DuckDB"
    return [Row(name, seconds * 1e3, bare * 1e3, "ms", Target("<=", 1.5))]
