"""How fast fuzzing is, and what it finds of the defects that are planted in the emulator.

Ours is the case stream in process, with every answer held against the contract and every check; tenants are made anew
as a run does. The peer for its rate is a limit of our own; for the breadth, which is schemathesis in process, it is
schemathesis' command line, over loopback, on the same contract.

Planted are the personas of the emulator: every one of them, none is left out for being hard to see. Measured is every
eighth, in the order of docs/personas.md, which takes a minute; ``share(1)`` is the whole. A defect is found when any
check is broken within 2,000 cases of one seed. Plain schemathesis, with those of its own checks that find nothing in
the emulator as it is, gets a smaller sample of the same: it takes half a minute for each defect that it does not find.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.measure import Row, Target, Tick, run_python
from pytest_aep_export.contract import load
from pytest_aep_export.emulator import Behaviour, Emulator, EmulatorServer
from pytest_aep_export.emulator.journal import Journal
from pytest_aep_export.emulator.personas import PERSONAS
from pytest_aep_export.fuzz.breadth import Breadth
from pytest_aep_export.fuzz.fuzzing import Bounds, Silent, Tally, fuzz
from pytest_aep_export.fuzz.parties import Parties
from pytest_aep_export.fuzz.performing import Performance
from pytest_aep_export.fuzz.sending import in_process
from pytest_aep_export.profiles.policies import DEFAULT_SEGMENTS
from pytest_aep_export.suite.fuzzing import at_emulator

ROUNDS: Final = 5
_CASES: Final = 10_000
_TRIED: Final = 2_000
"""Within so many cases a planted defect has to be found."""
_EVERY: Final = 8
"""One of so many personas is planted."""
_FEW: Final = 60
"""One of so many personas is tried on schemathesis."""
_SHARE: Final = 60
"""Percent of the planted defects that have to be found."""
_SECONDS: Final = 30
"""How long schemathesis may look for one defect."""
_CHECKS: Final = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_headers_conformance,response_schema_conformance"
)
_FIRST: Final = """
import time
begin = time.perf_counter()
from benchmarks.fuzz import planted
found = planted("jobs-without-type").findings
print(time.perf_counter() - begin if found else "nothing")
"""


def measure(tick: Tick) -> list[Row]:
    """Rates in cases a second, the time to a first finding, and shares of planted defects in percent."""
    rows = [
        Row("fuzzing, every answer validated, against our own limit", stream_rate(), 1_000, "cases/s", Target(">=", 1))
    ]
    tick()
    peer = command_line_rate()
    rows.append(
        Row(
            "breadth of the contract, against schemathesis' own command",
            breadth_rate(),
            peer,
            "cases/s",
            Target(">=", 2),
        )
    )
    tick()
    rows.append(Row("start to first finding", float(run_python(_FIRST)), 5, "s", Target("<", 1)))
    tick()
    rows.append(Row("planted defects found, against our own limit", share(_EVERY), _SHARE, "%", Target(">=", 1)))
    tick()
    few = list(PERSONAS)[::_FEW]
    theirs = 100 * sum(map(schemathesis_finds, few)) / len(few)
    rows.append(Row("planted defects found, against schemathesis", found_of(few), max(theirs, 1), "%", Target(">=", 1)))
    tick()
    return rows


def stream_rate() -> float:
    """Cases a second of the stream."""
    with at_emulator() as ground:
        fuzz(ground.send, ground.parties, bounds=Bounds(cases=1))
        tally = fuzz(ground.send, ground.parties, seed=1, bounds=Bounds(cases=_CASES))
    return tally.cases / tally.seconds


def breadth_rate() -> float:
    """Cases a second that schemathesis draws for us, in process."""
    with at_emulator() as ground:
        breadth = Breadth(1, _TRIED)
        tally = fuzz(ground.send, ground.parties, cases=breadth, listener=_Heard(breadth), bounds=Bounds(cases=_TRIED))
    return tally.cases / tally.seconds


class _Heard(Silent):
    """Tells the breadth of each case that was tried."""

    def __init__(self, breadth: Breadth) -> None:
        self._breadth = breadth

    def tried(self, tally: Tally, performance: Performance) -> None:
        """Pass it on."""
        self._breadth.tried(tally, performance)


def share(every: int) -> float:
    """Percent of the planted defects that the stream finds, of one in so many."""
    return found_of(list(PERSONAS)[::every])


def found_of(personas: Sequence[str]) -> float:
    """Percent of some planted defects that the stream finds."""
    return 100 * sum(bool(planted(persona).findings) for persona in personas) / len(personas)


def planted(persona: str) -> Tally:
    """What the stream finds in an emulator with a defect, until it has found something."""
    behaviour = Behaviour(persona=persona, part_rows=10)
    segments = tuple((segment.namespace, segment.id) for segment in DEFAULT_SEGMENTS)
    with Emulator(profiles=20, journal=lambda: Journal(capacity=500)) as emulator:

        def parties() -> Parties:
            tenant = emulator.create_tenant(("prod", "second"), behaviour=behaviour)
            other = emulator.create_tenant(behaviour=behaviour)
            who = {
                "own": tenant.credentials,
                "sibling": tenant.sandbox("second").credentials,
                "other": other.credentials,
            }
            return Parties(who, expected=tenant.expected, segments=segments, dialect="canonical")  # type: ignore[arg-type] # keys are literals

        return fuzz(in_process(emulator.app), parties, seed=1, bounds=Bounds(cases=_TRIED, findings=1))


def command_line_rate() -> float:
    """Cases a second of schemathesis' own command, over loopback."""
    begin = time.perf_counter()
    output = _run_schemathesis(None, "--max-time", str(_SECONDS))
    made = re.search(r"([\d,]+) generated", output)
    assert made, output[-2_000:]
    return int(made[1].replace(",", "")) / (time.perf_counter() - begin)


def schemathesis_finds(persona: str) -> bool:
    """Whether schemathesis' own checks find a planted defect."""
    output = _run_schemathesis(persona, "--max-time", str(_SECONDS), "--max-failures", "1", "-c", _CHECKS)
    return bool(re.search(r"unique failure", output))


def _run_schemathesis(persona: str | None, *options: str) -> str:
    """What the command prints."""
    document = {**load().document, "servers": [{"url": "/"}]}
    document["paths"] = {
        path: {n: v for n, v in item.items() if n != "servers"} for path, item in document["paths"].items()
    }
    with EmulatorServer(Emulator(profiles=20)) as server, tempfile.TemporaryDirectory() as folder:
        tenant = server.emulator.create_tenant(behaviour=Behaviour(persona=persona))
        who = tenant.credentials
        token = server.emulator.state.tokens.issue(who.client_id, who.scopes, tenant.clock.now())
        headers = {
            "Authorization": f"Bearer {token}",
            "x-api-key": who.client_id,
            "x-gw-ims-org-id": who.org_id,
            "x-sandbox-name": who.sandbox,
        }
        path = Path(folder) / "openapi.json"
        path.write_text(json.dumps(document))
        command = [
            sys.executable,
            "-m",
            "schemathesis.cli",
            "run",
            str(path),
            "--url",
            server.url,
            "--no-color",
            *options,
        ]
        command += [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
        return subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder, check=False
        ).stdout
