"""``aep-export proxy``: a program that is run, exports that are printed, and how it ends."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-c", "from pytest_aep_export.cli import main; main()", "proxy"]
ASK = """
import json, sys, urllib.error, urllib.request
for url in sys.argv[1:]:
    try:
        urllib.request.urlopen(url)
    except urllib.error.HTTPError as error:
        print(error.code, error.headers["x-aep-emulator"])
    except OSError as error:
        print(error)
sys.exit(7)
"""
QUICK = ("--profiles", "0")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment whose temporary files are in a folder of this test's."""
    return {**os.environ, "TMPDIR": str(tmp_path)}


def test_a_program_is_run_with_adobes_hosts_emulated(environ: dict[str, str], tmp_path: Path):
    """The program reaches the emulator at Adobe's host and at its own address, and nobody else; its status is ours."""
    script = f"import os; import sys; sys.argv.append(os.environ['AEP_BASE_URL'] + '/x')\n{ASK}"
    words = [
        sys.executable,
        "-c",
        script,
        "https://platform.adobe.io/x",
        "https://example.org/",
        "https://example.org/",
    ]
    ran = subprocess.run(
        [*COMMAND, *QUICK, "--", *words], env=environ, capture_output=True, text=True, check=False, timeout=60
    )

    refused = "<urlopen error Tunnel connection failed: 403 Only hosts of Adobe's that are emulated>"
    assert ran.stdout.splitlines() == ["404 not-emulated", refused, refused, "404 not-emulated"]
    assert (ran.returncode, ran.stderr) == (7, "refused: example.org (CONNECT to port 443)\n")
    assert list(tmp_path.iterdir()) == []


def test_options_of_the_program_are_its_own(environ: dict[str, str]):
    """What follows the program's name belongs to it, even if it looks like an option of ours."""
    words = [sys.executable, "-c", "import sys; print(sys.argv[1:])", "--profiles", "many", "--help"]
    ran = subprocess.run(
        [*COMMAND, *QUICK, *words], env=environ, capture_output=True, text=True, check=True, timeout=60
    )

    assert ran.stdout == "['--profiles', 'many', '--help']\n"


def test_a_program_that_a_signal_ends_is_told_as_a_shell_tells_it(environ: dict[str, str]):
    """128 and the signal's number."""
    words = [sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"]
    ran = subprocess.run([*COMMAND, *QUICK, *words], env=environ, capture_output=True, check=False, timeout=60)

    assert ran.returncode == 128 + signal.SIGKILL


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_a_program_that_runs_is_let_end_as_it_likes(ending: signal.Signals, environ: dict[str, str], tmp_path: Path):
    """SIGTERM is passed on, and Ctrl-C is the program's to answer; either way nothing is left behind."""
    script = (
        "import signal, sys; [signal.signal(n, lambda *_: sys.exit(5)) for n in (signal.SIGTERM, signal.SIGINT)];"
        "print('ready', flush=True); signal.pause()"
    )
    words = [*COMMAND, *QUICK, sys.executable, "-c", script]
    with subprocess.Popen(words, env=environ, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        if ending == signal.SIGINT:
            os.killpg(process.pid, ending)  # as a terminal does
        else:
            process.send_signal(ending)
        assert process.wait(30) == 5
    assert list(tmp_path.iterdir()) == []


def test_a_program_that_is_not_there_is_one_clear_sentence(environ: dict[str, str]):
    """The message names the program, and the exit code is that of every command that was called wrongly."""
    ran = subprocess.run(
        [*COMMAND, *QUICK, "no-such-program"], env=environ, capture_output=True, text=True, check=False, timeout=60
    )

    assert ran.returncode == 2
    assert ran.stderr.startswith("Error: the program 'no-such-program' cannot be started (there is none on the PATH)")


def test_a_program_that_the_system_refuses_is_one_clear_sentence(environ: dict[str, str], tmp_path: Path):
    """A script whose interpreter is not there looks like a program, until it is started."""
    script = tmp_path / "client"
    script.write_text("#!/no/such/shell\n")
    script.chmod(0o755)
    ran = subprocess.run(
        [*COMMAND, *QUICK, str(script)], env=environ, capture_output=True, text=True, check=False, timeout=60
    )

    assert ran.returncode == 2
    assert "(No such file or directory): look whether its first line is #!" in ran.stderr


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_without_a_program_it_says_what_to_export(ending: signal.Signals, environ: dict[str, str], tmp_path: Path):
    """What is printed for a shell makes another program use the proxy, until the command is told to stop."""
    with subprocess.Popen([*COMMAND, *QUICK], env=environ, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        exported: dict[str, str] = {}
        for line in process.stdout:
            if line.startswith("  export "):
                name, _, value = shlex.split(line)[1].partition("=")
                exported[name] = value
            if "JAVA_TOOL_OPTIONS" in exported:
                break
        words = [sys.executable, "-c", ASK, "https://ims-na1.adobelogin.com/x"]
        asked = subprocess.run(
            words, env={**environ, **exported}, capture_output=True, text=True, check=False, timeout=60
        )
        process.send_signal(ending)
        assert process.wait(30) == 0

    assert said.startswith(f"The proxy listens on {exported['HTTPS_PROXY']} (process ")
    assert asked.stdout == "404 not-emulated\n"
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_is_taken_ends_with_3(environ: dict[str, str]):
    """A port of somebody else's is one clear sentence."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        words = [*COMMAND, *QUICK, "--port", str(taken.getsockname()[1])]
        ran = subprocess.run(words, env=environ, capture_output=True, text=True, check=False, timeout=60)

    assert ran.returncode == 3
    assert "choose another port" in ran.stderr


def test_without_the_extra_it_ends_with_2(environ: dict[str, str]):
    """Where trustme is not installed, the message says what to install."""
    command = [sys.executable, "-c", f"import sys; sys.modules['trustme'] = None; {COMMAND[2]}", "proxy", *QUICK]
    ran = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=60)

    assert ran.returncode == 2
    assert "install pytest-aep-export[tls] as well" in ran.stderr
