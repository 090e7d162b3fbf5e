"""``aep-export serve``: how to connect, what is refused, and a clean end."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from pytest_aep_export.cli import main
from pytest_aep_export.cli.serve import connection_schema

COMMAND = [sys.executable, "-c", "from pytest_aep_export.cli import main; main()", "serve"]


@contextmanager
def serving(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The command in a process of its own, which is gone afterwards."""
    process = subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def first_line(process: subprocess.Popen[str]) -> str:
    """What the process says first."""
    assert process.stdout is not None
    return process.stdout.readline()


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_one_line_says_how_to_connect(ending: signal.Signals, tmp_path: Path):
    """With --json one line holds all that a client needs; the server works with it and ends cleanly when told to."""
    options = ["--json", "--sandbox", "dev", "--sandbox", "prod", "--profiles", "0", "--state", str(tmp_path)]
    with serving(*options) as process:
        connection = json.loads(first_line(process))
        Draft202012Validator(connection_schema()).validate(connection)
        assert connection["sandboxes"] == ["dev", "prod"]
        assert connection["pid"] == process.pid
        form = {"grant_type": "client_credentials", "scope": "openid"}
        form |= {name: connection[name] for name in ("client_id", "client_secret")}
        answer = httpx.post(f"{connection['url']}/ims/token/v3", data=form, trust_env=False)
        assert answer.json()["token_type"] == "bearer"
        process.send_signal(ending)
        rest, errors = process.communicate(timeout=20)
    assert (process.returncode, rest, errors) == (0, "", "")


def test_text_says_how_to_connect():
    """Without --json a person reads where the server is, and what to export so that others find it."""
    with serving("--profiles", "0") as process:
        said = first_line(process)
        process.send_signal(signal.SIGTERM)
        assert process.stdout is not None
        rest = process.stdout.read()
    assert said.startswith("The emulator listens on http://127.0.0.1:")
    exported = [line.split()[1].partition("=")[0] for line in rest.splitlines() if line.strip().startswith("export")]
    assert exported == [
        "AEP_TARGET",
        "AEP_BASE_URL",
        "AEP_IMS_URL",
        "AEP_CLIENT_ID",
        "AEP_CLIENT_SECRET",
        "AEP_ORG_ID",
        "AEP_SANDBOX_NAME",
        "AEP_SCOPES",
    ]


def test_a_port_in_use_ends_with_3():
    """A port that is taken is one sentence that says what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = CliRunner().invoke(main, ["serve", "--port", str(taken.getsockname()[1])])
    assert done.exit_code == 3
    assert "choose another port, or 0" in done.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--host", "0.0.0.0"], "0.0.0.0 is not a loopback address: add --allow-remote"),
        (["--host", "example.org"], "example.org is not a loopback address"),
        (["--port", "70000"], "70000 is not in the range"),
        (["--profiles", "-1"], "-1 is not in the range"),
        (["--sandbox", "Not A Name"], "is not a sandbox's name"),
        (["--progression", "sideways"], "'sideways' is not one of"),
    ],
)
def test_wrong_use_ends_with_2(arguments: list[str], said: str):
    """A wrong option ends with 2 and one sentence."""
    done = CliRunner().invoke(main, ["serve", *arguments])
    assert done.exit_code == 2
    assert said in done.output


def test_a_state_folder_that_is_a_file(tmp_path: Path):
    """A state folder that cannot be one is refused."""
    (tmp_path / "file").write_text("")
    done = CliRunner().invoke(main, ["serve", "--state", str(tmp_path / "file")])
    assert done.exit_code == 2
    assert "is a file" in done.output


def test_the_schema_is_published():
    """--schema prints the JSON Schema of the line, which is one."""
    printed = json.loads(CliRunner().invoke(main, ["serve", "--schema"]).output)
    assert printed == connection_schema()
    Draft202012Validator.check_schema(printed)
    assert not Draft202012Validator(printed).is_valid({"url": "http://127.0.0.1", "pid": os.getpid()})
