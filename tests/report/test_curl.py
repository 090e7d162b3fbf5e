"""The command lines of a record, run by a shell with the real curl against the server that was judged."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_aep_export.emulator import Emulator, EmulatorServer
from pytest_aep_export.exchange import Exchange
from pytest_aep_export.report.recorder import Recorder
from pytest_aep_export.suite.hooks import Silent
from pytest_aep_export.suite.sending import Target
from pytest_aep_export.suite.verdicts import Outcome
from tests.report.samples import HEADER, MET, REGISTRY, TODAY

JOBS = "/data/core/ups/export/jobs"
DATASETS = "/data/foundation/catalog/dataSets"
TOKEN = (Path(__file__).parents[2] / "docs" / "reports.md").read_text("utf-8").split("```shell\n")[1].split("```")[0]
"""How the guide gets a token."""

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Target, dict[str, str]]]:
    """The emulator as it is embedded, and the variables that a user has set."""
    with Emulator(profiles=5) as emulator, EmulatorServer(emulator) as server:
        who = emulator.create_tenant().credentials
        target = Target(server.url, who, kind="emulator")
        yield target, os.environ | server.env(who)
        target.close()


def line_of(target: Target, exchange: Exchange) -> str:
    """The command line that a record has of an exchange."""
    following = Recorder(HEADER, REGISTRY, target, Silent())
    following.started([("a", "EXP-LIST-001")])
    following.judged("EXP-LIST-001", Outcome("a", MET, exchanges=(exchange,)))
    return following.finish(1, TODAY).verdicts[0].findings[0].exchanges[0].curl


def status_of(line: str, variables: dict[str, str]) -> int:
    """The status that the line shows."""
    script = f"set -euo pipefail\n{TOKEN}\n{line.replace('curl ', 'curl -sS ', 1)}"
    done = subprocess.run(["bash", "-c", script], env=variables, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[1])


@pytest.mark.parametrize(
    ("method", "path", "options"),
    [
        ("GET", JOBS, {"query": {"limit": 2, "q": "[a] & 'b' $HOME `c` \\ !"}}),
        ("POST", JOBS, {"json": {"schema": {"name": 'it\'s "$HOME" `ls` \\ ! \u00e9'}}}),
        ("POST", JOBS, {"body": b"{not json"}),
        ("POST", DATASETS, {"json": {"name": "x"}, "without": {"content-type"}}),
        ("HEAD", JOBS, {}),
        ("DELETE", f"{JOBS}/2000000000", {}),
        ("GET", f"{JOBS}/../jobs", {}),
        ("GET", JOBS, {"headers": {"authorization": "Bearer wrong"}}),
        ("GET", JOBS, {"headers": {"authorization": ""}}),
        ("GET", JOBS, {"without": {"x-api-key"}}),
        ("GET", JOBS, {"headers": {"x-sandbox-name": "nowhere"}}),
    ],
)
def test_a_line_repeats_its_request(served: tuple[Target, dict[str, str]], method: str, path: str, options: Any):
    """Whatever was sent, the line gets the same status."""
    target, variables = served
    exchange = target.send(method, path, **options)
    assert status_of(line_of(target, exchange), variables) == exchange.response.status


@pytest.mark.parametrize("secret", ["", "wrong"])
def test_a_line_asks_for_a_token(served: tuple[Target, dict[str, str]], secret: str):
    """The token endpoint is asked again with the user's credentials, or with wrong ones where those were wrong."""
    target, variables = served
    exchange = target.request_token(**({"client_secret": secret} if secret else {}))
    assert status_of(line_of(target, exchange), variables) == exchange.response.status
