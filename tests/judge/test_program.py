"""Programs as clients: what they find, how they end, and what is left of them."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.judge import judging
from pytest_aep_export.judge.contents import contents
from pytest_aep_export.judge.judging import Trial, try_subject
from pytest_aep_export.judge.processes import end_all
from pytest_aep_export.judge.program import Program, surrounded
from pytest_aep_export.judge.scenario import Scenario
from pytest_aep_export.judge.subject import Surroundings
from pytest_aep_export.judge.trace import Performance
from pytest_aep_export.lifecycle import Clock
from pytest_aep_export.model import Credentials
from tests.judge.subjects import LISTS, python

LIST = Scenario("a-list", "There are jobs.", "list", jobs=3)


@pytest.fixture
def surroundings(tmp_path: Path) -> Surroundings:
    """Surroundings without a server."""
    folder = tmp_path / "own"
    folder.mkdir()
    environ = {"AEP_TASK": "list", "AEP_OUTPUT_DIR": str(folder)}
    return Surroundings("http://127.0.0.1:9", Credentials("k", "s", "o@AdobeOrg"), Clock(), folder, environ, 20)


def performed(surroundings: Surroundings, *command: str, deadline: float = 20) -> Performance:
    """What came of a command."""
    where = Surroundings(
        surroundings.url,
        surroundings.credentials,
        surroundings.clock,
        surroundings.folder,
        surroundings.environ,
        deadline,
    )
    return Program.of(command).perform(LIST, where)


def sh(surroundings: Surroundings, script: str, deadline: float = 20) -> Performance:
    """What came of a script of the shell."""
    return performed(surroundings, "sh", "-c", script, deadline=deadline)


@pytest.mark.parametrize(
    ("script", "end", "said"),
    [
        ("exit 0", "success", "exit status 0"),
        ("exit 3", "failure", "exit status 3"),
        ("kill -9 $$", "crash", "it was ended by SIGKILL"),
        ("kill -40 $$", "crash", "it was ended by signal 40"),
    ],
    ids=["success", "failure", "a signal", "a signal without a name"],
)
def test_how_it_ends(surroundings: Surroundings, script: str, end: str, said: str):
    """The exit status says whether it succeeded, and a signal that it broke down."""
    did = sh(surroundings, script)
    assert (did.end, did.said, did.jobs, did.rows) == (end, said, None, None)


def test_one_that_hangs(surroundings: Surroundings):
    """A program whose time is up is ended, with its children, and what it printed before is there."""
    did = sh(surroundings, "echo begun; sleep 600 & echo $!; wait", deadline=0.5)
    begun, child = did.output.split()
    assert (did.end, did.said, begun) == ("timeout", "it still ran after 0.5 s, and was ended", b"begun")
    assert not _runs(int(child))


def test_one_that_leaves_children_behind(surroundings: Surroundings):
    """A child that outlives its program is ended, and counted."""
    did = sh(surroundings, "sleep 600 >/dev/null 2>&1 & echo $!; exit 0")
    assert (did.end, did.leftovers) == ("success", 1)
    assert not _runs(int(did.output))


def test_one_that_floods(surroundings: Surroundings):
    """Of endless output the beginning and the end are kept, and the program is ended all the same."""
    did = sh(surroundings, "echo begun; exec cat /dev/zero", deadline=0.5)
    assert did.end == "timeout"
    assert did.output.startswith(b"begun\n\0")
    assert len(did.output) < 300_000


def test_binary_output(surroundings: Surroundings):
    """What is printed is kept byte by byte, from either stream."""
    source = "import os; os.write(1, bytes(range(256))); os.write(2, b'\\xff')"
    assert performed(surroundings, *python(source)).output == bytes(range(256)) + b"\xff"


def test_where_it_works(surroundings: Surroundings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """It starts in the caller's folder, so that a relative command works, and reads nothing."""
    monkeypatch.chdir(tmp_path)
    script = tmp_path / "client"
    script.write_text("#!/bin/sh\npwd; wc -c\n")
    script.chmod(0o755)
    folder, count = performed(surroundings, "./client").output.split()
    assert (folder.decode(), int(count)) == (str(tmp_path), 0)


def test_what_it_finds_in_its_environment(surroundings: Surroundings):
    """It inherits everything but what leads to another server, and finds ours."""
    inherited = {"PATH": "/bin", "AEP_CLIENT_SECRET": "live", "https_proxy": "http://p", "NO_PROXY": "x", "LANG": "C"}
    assert surrounded(inherited, surroundings) == {"PATH": "/bin", "LANG": "C", **surroundings.environ}


def test_what_it_finds_in_a_scenario():
    """A scenario's program is told of the server, its credentials, its task, its times and its folder."""
    source = "import os\nfor name in sorted(os.environ):\n  if name.startswith('AEP_'): print(name)"
    (trial,) = try_subject(Program.of(python(source)), [LIST], rules={}).trials
    assert trial.trace.performance.output.decode().split() == [
        "AEP_BASE_URL",
        "AEP_CLIENT_ID",
        "AEP_CLIENT_SECRET",
        "AEP_IMS_URL",
        "AEP_ORG_ID",
        "AEP_OUTPUT_DIR",
        "AEP_POLL_SECONDS",
        "AEP_SANDBOX_NAME",
        "AEP_SCOPES",
        "AEP_TARGET",
        "AEP_TASK",
        "AEP_TIMEOUT_SECONDS",
    ]


def test_the_files_that_it_leaves(surroundings: Surroundings):
    """What lies in its own folder is told by relative path; links, pipes and what cannot be read are no files."""
    script = 'cd "$AEP_OUTPUT_DIR"; mkdir a; printf x >a/b; printf y >c; ln -s /etc/passwd d; mkfifo e'
    assert sh(surroundings, script).files == {"a/b": b"x", "c": b"y"}


def test_files_beyond_all_measure(tmp_path: Path):
    """A file that there is no room for is left out, and what comes after it is not."""
    with (tmp_path / "a").open("wb") as file:
        file.truncate(1 << 27)
    (tmp_path / "b").write_bytes(b"x")
    assert contents(tmp_path) == {"b": b"x"}


@pytest.mark.parametrize(
    ("command", "problem"),
    [((), "there is no client to judge"), (("./no-such-client",), "the program './no-such-client' cannot be started")],
    ids=["none", "unknown"],
)
def test_no_program(command: tuple[str, ...], problem: str):
    """A command that cannot be run is a sentence before anything is tried."""
    with pytest.raises(ConfigurationError, match=problem):
        Program.of(command)


def test_what_reports_call_it():
    """It is called by its command line, without secrets."""
    program = Program.of(["sh", "-c", "two words", "client_secret=hush"])
    assert (program.label, program.virtual) == ("sh -c 'two words' client_secret=REDACTED", False)


def test_it_is_judged_by_what_it_sends():
    """A program that lists every job is put into scenarios whose clock follows the wall."""
    (trial,) = try_subject(Program.of(python(LISTS)), [LIST], rules={}).trials
    assert [exchange.operation for exchange in trial.trace.exchanges] == ["requestToken", "listExportJobs"]
    assert trial.trace.as_due, trial.trace.performance.output


class Interrupts:
    """A listener that interrupts as soon as something has ended."""

    def started(self, scenarios: object) -> None:
        """Let it begin."""

    def ended(self, trial: Trial) -> None:  # noqa: ARG002 - whatever it was
        """Interrupt."""
        raise KeyboardInterrupt


def test_ctrl_c_ends_what_runs_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """An interruption ends the programs of all other scenarios at once, and not when their time is up."""
    ended: list[None] = []
    monkeypatch.setattr(judging, "end_all", lambda: ended.append(end_all()))
    note = tmp_path / "pids"
    script = f'[ "$AEP_TASK" = list ] && until [ -s {note} ]; do :; done && exit; echo $$ >{note}; exec sleep 600'
    judged = try_subject(
        Program.of(["sh", "-c", script]), [LIST, Scenario("an-export", "All is well.")], Interrupts(), lanes=2, rules={}
    )
    assert [trial.scenario for trial in judged.trials] == [LIST]
    assert judged.stopped
    assert ended
    assert not _runs(int(note.read_text()))


def _runs(pid: int) -> bool:
    """Whether a process runs; one that has ended and that nobody has asked for does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


INSISTS = """
import json, os, ssl, urllib.parse, urllib.request
ssl._create_default_https_context = lambda: ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
names = {"client_id": "AEP_CLIENT_ID", "client_secret": "AEP_CLIENT_SECRET", "scope": "AEP_SCOPES"}
form = {"grant_type": "client_credentials", **{name: os.environ[at] for name, at in names.items()}}
url = "https://ims-na1.adobelogin.com/ims/token/v3"
token = json.load(urllib.request.urlopen(url, urllib.parse.urlencode(form).encode()))["access_token"]
headers = {"Authorization": "Bearer " + token, "x-api-key": form["client_id"],
           "x-gw-ims-org-id": os.environ["AEP_ORG_ID"], "x-sandbox-name": "prod"}
for host in ("platform.adobe.io", "tracking.example.com"):
    urllib.request.urlopen(urllib.request.Request(f"https://{host}/data/core/ups/export/jobs", headers=headers))
"""


def test_one_that_insists_on_adobes_hosts():
    """A program that knows no other address is led here by the proxy, and what it tries elsewhere is an attempt."""
    (trial,) = try_subject(Program.of(python(INSISTS)), [LIST], rules={}).trials
    asked = [exchange.request.url.partition("?")[0] for exchange in trial.trace.exchanges]
    assert asked == [
        "https://ims-na1.adobelogin.com/ims/token/v3",
        "https://platform.adobe.io/data/core/ups/export/jobs",
    ], trial.trace.performance.output
    assert [attempt.host for attempt in trial.trace.attempts] == ["tracking.example.com"]
