"""Clients that insist on Adobe's hosts reach the emulator, unmodified, by what is in their environment alone.

Each makes the same journey: a token of the IMS host, the list of jobs of the gateway, and a host of somebody else's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from pytest_aep_export import Credentials, EmulatorServer, Tenant
from pytest_aep_export.proxy import Proxy, Refusal

CLIENTS = Path(__file__).parent / "clients"

Travel = Callable[[Sequence[str]], list[str]]


def _undici() -> Path | None:
    """Where the package undici is: Debian's, or the one that npm brings for itself."""
    npm = shutil.which("npm")
    places = [
        Path("/usr/share/nodejs/undici"),
        *([Path(npm).resolve().parents[1] / "node_modules/undici"] if npm else []),
    ]
    return next((place for place in places if (place / "package.json").is_file()), None)


def _node_knows_proxies() -> bool:
    """Whether Node has a setting that makes ``fetch`` use the proxy of the environment."""
    script = "process.exit(process.allowedNodeEnvironmentFlags.has('--use-env-proxy') ? 0 : 1)"
    return shutil.which("node") is not None and subprocess.run(["node", "-e", script], check=False).returncode == 0


@pytest.fixture
def travel(
    aep_server: EmulatorServer, aep_proxy: Proxy, aep_credentials: Credentials, aep_emulator: Tenant, tmp_path: Path
) -> Travel:
    """Runs a client, checks where its requests arrived, and returns the lines that it printed."""

    def run(command: Sequence[str]) -> list[str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("COV", "PYTEST"))}
        environ = {**inherited, **aep_server.env(aep_credentials), **aep_proxy.env()}
        for name in ("AEP_TARGET", "AEP_BASE_URL", "AEP_IMS_URL"):
            del environ[name]
        before = len(aep_proxy.refusals)
        ran = subprocess.run(
            command, env=environ, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
        )
        assert ran.returncode == 0, ran.stderr
        operations = [exchange.operation for exchange in aep_emulator.journal]
        assert operations == ["requestToken", "listExportJobs"]
        hosts = [exchange.request.headers["host"] for exchange in aep_emulator.journal]
        assert hosts == ["ims-na1.adobelogin.com", "platform.adobe.io"]
        refused = set(aep_proxy.refusals[before:])
        assert refused == {Refusal("example.org", "CONNECT to port 443")}
        return ran.stdout.split()

    return run


@pytest.mark.parametrize("client", ["requests", "httpx", "httpx2", "urllib", "aiohttp", "AepClient", "aepp"])
def test_python(travel: Travel, client: str):
    """Clients in Python take proxy and authority from the environment, aiohttp with ``trust_env=True``."""
    assert travel([sys.executable, str(CLIENTS / "journey.py"), client]) == ["200", "refused"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl(travel: Travel):
    """Without a single option, curl reaches the emulator."""
    assert travel(["sh", str(CLIENTS / "curl.sh")]) == ["200", "refused"]


@pytest.mark.skipif(shutil.which("java") is None, reason="no JDK is installed")
def test_java(travel: Travel):
    """Java's ``HttpClient`` reads system properties, which JAVA_TOOL_OPTIONS gives to every virtual machine."""
    assert travel(["java", str(CLIENTS / "Journey.java")]) == ["200", "refused"]


@pytest.mark.skipif(_undici() is None, reason="undici is not installed")
def test_node_with_a_dispatcher(travel: Travel):
    """Node's ``fetch`` uses the proxy once undici's dispatcher says so, and trusts the authority of the environment."""
    assert travel(["node", str(CLIENTS / "journey.mjs"), str(_undici())]) == ["200", "refused"]


@pytest.mark.skipif(not _node_knows_proxies(), reason="this Node does not know NODE_USE_ENV_PROXY")
def test_node_that_knows_proxies(travel: Travel):
    """A newer Node's ``fetch`` needs nothing but the environment."""
    assert travel(["node", str(CLIENTS / "journey.mjs"), "environment"]) == ["200", "refused"]


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
def test_node_with_a_tunnel_of_its_own(travel: Travel):
    """Without any package, Node's ``https`` works on a tunnel that the program asks for itself."""
    assert travel(["node", str(CLIENTS / "tunnel.mjs")]) == ["200", "refused"]


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
def test_nodes_fetch_needs_no_proxy_where_it_takes_an_address(
    aep_server: EmulatorServer, aep_proxy: Proxy, aep_credentials: Credentials
):
    """What the docs say instead: ``AEP_BASE_URL`` leads ``fetch`` to the emulator's own port, proxy or not."""
    script = "const a = await fetch(process.env.AEP_IMS_URL, {method: 'POST'}); console.log(a.status)"
    environ = {**os.environ, **aep_server.env(aep_credentials), **aep_proxy.env()}
    ran = subprocess.run(
        ["node", "--input-type=module", "-e", script],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert ran.stdout == "400\n"
