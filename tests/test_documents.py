"""Every snippet of the README and of the guides does what it says."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser

from pytest_aep_export import Credentials, Emulator, EmulatorServer

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
BOOTSTRAP = "python3 -m pip install -qq --target .tools uv && .tools/bin/uv run --frozen"
MAKE = "aep-export profiles generate people --profiles 1000000"
RUN = "aep-export run --target http://127.0.0.1:8080 --record run.ndjson"
SOME = ["--profile", "smoke"]
"""What narrows a run of the suite: that all of it passes is what its own tests are about."""
TIMEOUT = 120


def _environment(credentials: Credentials | None = None) -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AEP_")}
    if credentials is None:
        return environment
    return environment | {
        "AEP_CLIENT_ID": credentials.client_id,
        "AEP_CLIENT_SECRET": credentials.client_secret,
        "AEP_ORG_ID": credentials.org_id,
        "AEP_SANDBOX_NAME": credentials.sandbox,
    }


def _run(words: list[str], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [str(BIN / words[0]), *words[1:]]
    return subprocess.run(
        command, cwd=folder, env=_environment() | environment, capture_output=True, text=True, timeout=TIMEOUT,
        check=False,
    )  # fmt: skip


def _run_as_tests(snippets: Sequence[str], folder: Path) -> None:
    """Each Python snippet is a test module: it holds tests, and they pass."""
    names = [f"test_snippet_{number}.py" for number in range(len(snippets))]
    for name, snippet in zip(names, snippets, strict=True):
        (folder / name).write_text(snippet)
    done = _run(["pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", *names], folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{sum(snippet.count('def test_') for snippet in snippets)} passed" in done.stdout


def _run_conformance(_line: str, folder: Path) -> None:
    """The first of the two commands, after its set-up, which the CI script runs as it stands; some of it will do."""
    done = _run(["aep-export", "run", *SOME], folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "fail" in done.stdout


def _is_what_ci_runs(line: str, _folder: Path) -> None:
    """The second command is what runs this test; the CI script says so to the letter."""
    assert line in (ROOT / ".ci" / "run").read_text()


def _names_this_project(line: str, _folder: Path) -> None:
    assert f'name = "{line.rsplit(maxsplit=1)[-1]}"' in (ROOT / "pyproject.toml").read_text()


def _serve(line: str, folder: Path) -> None:
    assert _served(line, folder) == ["prod", "dev"]


def _serve_many(lines: str, folder: Path) -> None:
    """What is made, of which a hundred will do here, is served."""
    make, serve = lines.splitlines()
    done = _run(shlex.split(make.replace("1000000", "100")), folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "people holds 100 persons. Exports of them must contain:" in done.stdout
    assert _served(serve, folder) == ["prod"]


def _served(line: str, folder: Path) -> list[str]:
    """The server says where it is and who may call, for which sandboxes, and ends cleanly when it is told to."""
    words = shlex.split(line)
    process = subprocess.Popen(
        [str(BIN / words[0]), *words[1:]], cwd=folder, env=_environment(), stdout=subprocess.PIPE, text=True
    )
    watchdog = threading.Timer(TIMEOUT, process.kill)
    watchdog.start()
    with process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
    watchdog.cancel()
    assert set(ready) == {"url", "client_id", "client_secret", "org_id", "sandboxes", "pid"}
    assert process.returncode == 0
    sandboxes: list[str] = ready["sandboxes"]
    return sandboxes


def _judge(lines: str, folder: Path) -> None:
    """The suite, of which some will do, judges a server that is already running; a page is made of its record."""
    with Emulator() as emulator, EmulatorServer(emulator) as server:
        tenant = emulator.create_tenant()
        for line in lines.splitlines():
            words = [word.replace("http://127.0.0.1:8080", server.url) for word in shlex.split(line)]
            some = SOME if words[1] == "run" else []
            done = _run([*words, *some], folder, **_environment(tenant.credentials))
            assert done.returncode == 0, done.stdout + done.stderr
    assert (folder / "report.html").read_text("utf-8").startswith("<!doctype html>")


def _fuzz(line: str, folder: Path) -> None:
    """Nothing is found at the emulator, so no file is written."""
    done = _run(shlex.split(line), folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing found in 500 cases of seed 7" in done.stdout
    assert not (folder / "found").exists()


SHELL = {
    "aep-export fuzz --cases 500 --seed 7 --findings found": _fuzz,
    f"{BOOTSTRAP} --no-dev aep-export run": _run_conformance,
    f"{BOOTSTRAP} --all-extras pytest": _is_what_ci_runs,
    "pip install pytest-aep-export": _names_this_project,
    "aep-export serve --profiles 1000 --seed 7 --sandbox prod --sandbox dev --json": _serve,
    f"{MAKE}\naep-export serve --load people --progression elapsed --json": _serve_many,
    f"{RUN}\naep-export report html run.ndjson -o report.html": _judge,
}


def _evaluate_python(example: Example) -> None:
    _run_as_tests([str(example.parsed)], example.namespace["folder"])


def _evaluate_shell(example: Example) -> None:
    line = str(example.parsed).strip()
    SHELL[line](line, example.namespace["folder"])


DOCUMENT = Sybil(
    parsers=[CodeBlockParser("python", _evaluate_python), CodeBlockParser("shell", _evaluate_shell)]
).parse(ROOT / "README.md")
EXAMPLES = list(DOCUMENT.examples())


@pytest.mark.parametrize("example", EXAMPLES, ids=[f"line-{example.line}" for example in EXAMPLES])
def test_every_snippet_of_the_readme_works(example: Example, tmp_path: Path):
    """A reader who copies a snippet gets what the README promises."""
    example.namespace["folder"] = tmp_path
    example.evaluate()


GUIDES = sorted((ROOT / "docs").glob("*.md"))


@pytest.mark.parametrize("guide", GUIDES, ids=[guide.stem for guide in GUIDES])
def test_every_snippet_of_a_guide_works(guide: Path, tmp_path: Path):
    """The snippets of a page run in their order, as one program; those that are tests run as tests, together."""
    tests: list[str] = []
    for example in Sybil(parsers=[PythonCodeBlockParser()]).parse(guide).examples():
        if "def test_" in str(example.parsed):
            tests.append(str(example.parsed))
        else:
            example.evaluate()
    if tests:
        _run_as_tests(tests, tmp_path)


def test_the_workflow_in_a_shell_exports_a_file(tmp_path: Path):
    """The walk with curl needs nothing but the variables that the server prints, and ends with a Parquet file."""
    script = (
        "set -euo pipefail\n" + (ROOT / "docs" / "any-client.md").read_text().split("```shell\n")[1].split("```")[0]
    )
    with Emulator(profiles=5) as emulator, EmulatorServer(emulator) as server:
        environment = _environment() | server.env(emulator.create_tenant().credentials)
        script = f"sleep() {{ :; }}\n{script}"  # each look moves the job: there is nothing to wait for
        done = subprocess.run(
            ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=TIMEOUT,
            check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert pq.read_table(tmp_path / "export.parquet").num_rows >= 5


def test_every_command_of_the_readme_has_been_thought_of():
    """No shell snippet is left out, and none is kept that the README no longer has."""
    shown = {str(example.parsed).strip() for example in EXAMPLES if str(example.parsed).strip() in SHELL}
    assert set(SHELL) == shown
    assert (ROOT / "README.md").read_text().count("```shell") == len(SHELL)
