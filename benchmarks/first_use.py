"""How long the first test that uses the emulator waits for it.

From an interpreter that has loaded pytest and nothing else, to the first authenticated answer over HTTP: imports,
contract, server on loopback, tenant, token, one list of export jobs. Each round is a fresh interpreter. The client is
the standard library's, so that the figure is the emulator's alone: the processor time of all threads, which the
machine's other work hardly disturbs, and which the wall clock of an idle machine does not exceed. The limit is our own.
"""

from __future__ import annotations

from typing import Final

from benchmarks.measure import Row, Target, Tick, repeat, run_python

ROUNDS: Final = 9
LIMIT: Final = 0.4

_USE: Final = """
import time
import pytest

begin = time.process_time()
from http.client import HTTPConnection
from json import load
from urllib.parse import urlencode

from pytest_aep_export import Emulator, EmulatorServer

with Emulator() as emulator, EmulatorServer(emulator) as server:
    known = emulator.create_tenant().credentials
    identity = {"client_id": known.client_id, "client_secret": known.client_secret, "scope": known.scopes}
    form = urlencode({"grant_type": "client_credentials", **identity})
    connection = HTTPConnection("127.0.0.1", server.port)
    connection.request("POST", "/ims/token/v3", form, {"Content-Type": "application/x-www-form-urlencoded"})
    token = load(connection.getresponse())["access_token"]
    tenant = {"x-api-key": known.client_id, "x-gw-ims-org-id": known.org_id, "x-sandbox-name": known.sandbox}
    headers = {"Authorization": f"Bearer {token}", **tenant}
    connection.request("GET", "/data/core/ups/export/jobs", headers=headers)
    answer = connection.getresponse()
    page = load(answer)
    elapsed = time.process_time() - begin
    connection.close()
assert answer.status == 200, page
print(elapsed)
"""


def measure(tick: Tick) -> list[Row]:
    """One row: seconds until the first answer."""
    ours = repeat(lambda: float(run_python(_USE)), rounds=ROUNDS, tick=tick)
    return [Row("first use of the embedded emulator", ours, LIMIT, "s", Target("<", 1))]
