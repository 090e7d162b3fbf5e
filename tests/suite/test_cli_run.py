"""``aep-export run``: options, output and exit codes."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator
from rich.console import Console

from pytest_aep_export.cli import main
from pytest_aep_export.cli import run as run_module
from pytest_aep_export.cli.progress import Bar, Lines, progress_for
from pytest_aep_export.emulator import Behaviour
from pytest_aep_export.lifecycle import Progression
from pytest_aep_export.report.reading import read, read_lines
from pytest_aep_export.suite.registry import load
from pytest_aep_export.suite.runner import SuiteError
from pytest_aep_export.suite.targets import Target
from pytest_aep_export.suite.verdicts import Outcome, Verdict
from pytest_aep_export.suite.verdicts import Result as Found
from pytest_aep_export.version import SUITE_VERSION

CREDENTIALS = ("AEP_CLIENT_ID", "AEP_CLIENT_SECRET", "AEP_ORG_ID", "AEP_SANDBOX_NAME", "AEP_SCOPES", "AEP_IMS_URL")


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch):
    """Nothing in the environment decides."""
    for name in (*CREDENTIALS, "AEP_TARGET", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


def called(*arguments: str, **variables: str) -> Result:
    """The command, called."""
    return CliRunner().invoke(main, ["run", *arguments], env=variables)


def variables_of(target: Target) -> dict[str, str]:
    """The environment in which a target's credentials are found."""
    who = target.credentials
    return {"AEP_CLIENT_ID": who.client_id, "AEP_CLIENT_SECRET": who.client_secret, "AEP_ORG_ID": who.org_id}


def lines(text: str) -> list[dict[str, Any]]:
    """The lines of a record."""
    return [json.loads(line) for line in text.splitlines()]


def test_an_area_of_the_emulator(tmp_path: Path):
    """A selection is judged against the emulator: lines of progress, the table, 0, and a record that is valid."""
    path = tmp_path / "run.ndjson"
    done = called("-k", "EXP-AUTH", "--record", str(path))
    assert done.exit_code == 0, done.output
    printed = done.output.splitlines()
    assert printed[0].split()[::2] == ["AUTH", "tests"]
    assert printed[1].strip() == f"the embedded emulator, dialect canonical, suite {SUITE_VERSION}"
    assert printed[-1].endswith("nothing failed")
    validator = Draft202012Validator(json.loads(called("--schema").output))
    for line in lines(path.read_text("utf-8")):
        validator.validate(line)
    run = read(str(path))
    auth = run.of("AUTH")
    assert {verdict.verdict for verdict in auth} == {Verdict.PASS}
    assert (run.counts["pass"], run.judged, run.exit_code) == (len(auth), len(auth), 0)
    assert (run.header.dialect, run.header.seed, run.header.profile) == ("canonical", 0, "full")
    assert all(finding.exchanges for verdict in auth for finding in verdict.findings)


def test_the_record_on_standard_output():
    """With --record - the record is all that standard output holds; the rest goes to standard error."""
    done = called("-k", "EXP-AUTH-001", "--record", "-")
    assert read_lines(done.stdout_bytes.splitlines(keepends=True)).counts["pass"] == 1
    assert "1 of " in done.stderr


def test_a_profile():
    """A profile narrows the run."""
    done = called("--profile", "smoke", "--record", "-")
    run = read_lines(done.stdout_bytes.splitlines(keepends=True))
    assert run.header.profile == "smoke"
    assert {v.requirement.id for v in run.verdicts if v.selected} == {*load().profile("smoke")}
    assert run.exit_code == done.exit_code == 0


def test_what_is_known_not_to_hold(served: Callable[..., Any], tmp_path: Path):
    """A failure that was expected does not fail the run; the day on which that ends does."""
    path = tmp_path / "expectations.toml"
    options = ("-k", "EXP-AUTH-007", "--expect", str(path), "--record", str(tmp_path / "run.ndjson"))
    with served(lenient) as target:
        found = []
        for day in ("9999-12-31", "2001-01-01"):
            reason = f'reason = "no keys"\nissue = "https://example.org/1"\nexpires = {day}'
            path.write_text(f'[[expect]]\npattern = "EXP-AUTH-007"\n{reason}\n')
            found.append(called("--target", target.base_url, *options, **variables_of(target)))
    assert [done.exit_code for done in found] == [0, 1]
    assert "known: no keys, https://example.org/1, until 9999-12-31" in found[0].output
    assert "expectation EXP-AUTH-007 has expired on 2001-01-01" in found[1].output
    run = read(str(tmp_path / "run.ndjson"))
    assert run.problems
    assert run.header.expectations == hashlib.sha256(path.read_bytes()).hexdigest()


def lenient(_: str, answer: Any) -> Any:
    """Refuse nobody."""
    status, *rest = answer
    return (200 if status in {401, 403} else status, *rest)


def test_a_url_from_options_and_environment(served: Callable[..., Any]):
    """A URL is judged with the credentials of the environment, and its name is the report's."""
    with served() as target:
        done = called("--target", target.base_url, "-k", "EXP-AUTH-001", **variables_of(target))
        again = called("-k", "EXP-AUTH-001", AEP_TARGET=target.base_url, **variables_of(target))
    assert (done.exit_code, again.exit_code) == (0, 0), done.output
    assert f"{target.base_url}, suite" in done.output
    assert f"{target.base_url}, suite" in again.output


def test_a_token_endpoint_of_its_own(served: Callable[..., Any]):
    """The token endpoint is the target's own unless another one is named."""
    with served() as target, served() as other:
        done = called("--target", target.base_url, "--ims-url", other.ims_url, **variables_of(target))
    assert done.exit_code == 3
    assert f"{other.ims_url} gives no token" in done.output


def test_a_failure_ends_with_1(served: Callable[..., Any]):
    """A server that breaks a MUST is named in the report, with a command that shows it, and ends the run with 1."""
    with served(lenient) as target:
        done = called("--target", target.base_url, "-k", "EXP-AUTH-007", **variables_of(target))
    assert done.exit_code == 1
    assert "fail EXP-AUTH-007 MUST: A call without an API key is refused with code 403000" in done.output
    assert f"reproduce with: curl -i -X GET {target.base_url}/data/core/ups/export/jobs" in done.output
    assert '-H "authorization: Bearer $AEP_TOKEN"' in done.output
    assert target.credentials.client_id not in done.output


def test_a_server_that_repeats_secrets(served: Callable[..., Any], tmp_path: Path):
    """What a server repeats of the credentials is neither printed nor written."""
    echo: list[bytes] = []

    def change(_: str, answer: Any) -> Any:
        return (200, {"content-type": "application/json"}, echo[0]) if answer[0] in {401, 403} else answer

    with served(change) as target:
        secrets = target.credentials.client_id, target.credentials.client_secret
        echo.append(json.dumps({"error_code": secrets, "token": target.token()}).encode())
        document = tmp_path / "run.ndjson"
        done = called("--target", target.base_url, "-k", "EXP-AUTH", "--record", str(document), **variables_of(target))
    assert done.exit_code == 1
    for secret in (*secrets, "eyJ"):
        assert secret not in done.output + document.read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--no-such-option"], "No such option"),
        (["--dialect", "klingon"], "'klingon' is not one of"),
        (["--profile", "all"], "'all' is not one of"),
        (["--expect", "missing.toml"], "the expectations missing.toml cannot be read"),
        (["--deadline", "0"], "0.0 is not in the range"),
        (["--deadline", "nan"], "nan is no number of seconds"),
        (["--target", "nowhere"], "is no URL"),
        (["--target", "http://127.0.0.1:1"], "set AEP_CLIENT_ID, AEP_CLIENT_SECRET, AEP_ORG_ID"),
        (["--target", "https://platform.adobe.io"], "add --live if you mean it"),
        (["--target", "http://127.0.0.1:1", "--dialect", "openapi"], "--dialect is for the emulator only"),
        (["-k", "nothing_like_it"], "selects no test"),
        (["-k", "list("], "Wrong expression"),
    ],
)
def test_wrong_use_ends_with_2(arguments: list[str], said: str):
    """A wrong call ends with 2 and one sentence, before anything is judged."""
    done = called(*arguments)
    assert done.exit_code == 2
    assert said in done.output
    assert "suite" not in done.stdout


def test_a_wrong_call_leaves_an_older_record_alone(tmp_path: Path):
    """Nothing is written where the call itself is wrong, which shows before the run begins."""
    path = tmp_path / "run.ndjson"
    path.write_text("an older record")
    assert called("--target", "nowhere", "--record", str(path)).exit_code == 2
    assert path.read_text() == "an older record"


def test_no_older_record_outlives_the_beginning_of_a_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Whatever becomes of a run that has begun, its record is not mistaken for that of another one."""
    path = tmp_path / "run.ndjson"
    path.write_text("an older record")
    kept: list[str] = []
    monkeypatch.setattr(run_module, "probe", lambda *_, **__: kept.append(path.read_text()))
    assert called("-k", "nothing_like_it", "--record", str(path)).exit_code == 2
    assert [json.loads(line)["type"] for line in kept] == ["header"]
    assert "selects no test" in read(str(path)).stopped


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_before_the_first_test(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, number: int):
    """Who stops a run early gets one code for it, and a sound record that says so."""
    path = tmp_path / "run.ndjson"
    monkeypatch.setattr(run_module, "probe", lambda *_, **__: os.kill(os.getpid(), number))
    before = signal.getsignal(signal.SIGTERM)
    done = called("--record", str(path))
    assert (done.exit_code, done.output) == (130, "Error: interrupted\n")
    run = read(str(path))
    assert run.stopped == "the run was interrupted"
    assert {verdict.verdict for verdict in run.verdicts} == {Verdict.BLOCKED}
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_between_tests_cleans_up(served: Callable[..., Any], tmp_path: Path, number: int):
    """Who stops a run later gets what was found until then, and what the run has created is taken back and listed."""
    asked: list[str] = []

    def interrupting(call: str, answer: Any) -> Any:
        asked.append(call)
        if re.match(r"GET .*/export/jobs/\d+", call) and "interrupted" not in asked:
            asked.append("interrupted")
            os.kill(os.getpid(), number)
        return answer

    path = tmp_path / "run.ndjson"
    with served(interrupting, behaviour=Behaviour(progression=Progression("manual"))) as target:
        done = called("--target", target.base_url, "-k", "EXP-JOB", "--record", str(path), **variables_of(target))
    assert done.exit_code == 130
    run = read(str(path))
    assert run.stopped == "the run was interrupted"
    assert "the run was interrupted" in done.output.splitlines()[-1]
    assert {created.state for created in run.created if created.kind == "job"} == {"cancelled"}
    assert [call for call in asked if call.startswith("DELETE")]


def test_a_reader_that_goes_away_is_no_failure(tmp_path: Path):
    """Whoever reads only the beginning of the output ends nothing: the run goes on, and its code is its verdicts'."""
    path = tmp_path / "run.ndjson"
    with subprocess.Popen(
        [sys.executable, "-m", "pytest_aep_export", "run", "-k", "EXP-AUTH", "--record", str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (0, b"")
    assert read(str(path)).exit_code == 0


@pytest.mark.parametrize("arguments", [["run", "-k", "EXP-AUTH-001"], ["run", "--schema"], ["personas"]])
def test_an_output_that_cannot_be_written(arguments: list[str]):
    """A full disk is told in one sentence, whichever command it is that has something to say."""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "pytest_aep_export", *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    sentence = "Error: the output cannot be written (No space left on device): write to another place\n"
    assert (done.returncode, done.stderr) == (3, sentence)


def could_not_run(path: Path, done: Result, sentence: str) -> None:
    """Assert that a target could not be judged: one sentence, 3, and a sound record in which everything is blocked."""
    assert done.exit_code == 3
    assert done.output.startswith("Error: ")
    assert len(done.output.strip().splitlines()) == 1
    assert sentence in done.output
    run = read(str(path))
    assert {verdict.verdict for verdict in run.verdicts} == {Verdict.BLOCKED}
    assert sentence in run.stopped
    assert run.exit_code == 3


def test_wrong_credentials_end_with_3(served: Callable[..., Any], tmp_path: Path):
    """Credentials that the target refuses end the run with 3 and what to do."""
    path = tmp_path / "run.ndjson"
    with served() as target:
        wrong = variables_of(target) | {"AEP_CLIENT_SECRET": "wrong"}
        done = called("--target", target.base_url, "--record", str(path), **wrong)
    could_not_run(path, done, "check AEP_CLIENT_ID, AEP_CLIENT_SECRET")


def test_an_unreachable_target_ends_with_3(tmp_path: Path):
    """A target that nothing listens at ends the run with 3 and one sentence."""
    path = tmp_path / "run.ndjson"
    credentials = {"AEP_CLIENT_ID": "i", "AEP_CLIENT_SECRET": "s", "AEP_ORG_ID": "o"}
    done = called("--target", "http://127.0.0.1:1", "--record", str(path), **credentials)
    could_not_run(path, done, "is the server up")


def test_html_ends_with_3(served: Callable[..., Any], tmp_path: Path):
    """A target that speaks HTML ends the run with 3."""
    path = tmp_path / "run.ndjson"
    page = 200, {"content-type": "text/html"}, b"<html>Welcome</html>"
    with served(lambda *_: page) as target:
        done = called("--target", target.base_url, "--record", str(path), **variables_of(target))
    could_not_run(path, done, "answers with text/html instead of JSON")


def test_a_run_that_may_cost_nothing_ends_with_3(tmp_path: Path):
    """A budget that does not even suffice to begin ends the run with 3."""
    path = tmp_path / "run.ndjson"
    could_not_run(path, called("--max-calls", "1", "--record", str(path)), "allow more with --max-calls")


def test_a_suite_that_breaks_down_ends_with_3(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """A bug of the suite's own ends the run with 3, and with a sound record."""

    def broken(*_arguments: object, **_options: object) -> None:
        raise SuiteError("the suite broke down, which is a bug of pytest-aep-export")

    monkeypatch.setattr(run_module, "run_suite", broken)
    path = tmp_path / "run.ndjson"
    could_not_run(path, called("--record", str(path)), "which is a bug of pytest-aep-export")


def test_a_target_that_dies_ends_with_3(served: Callable[..., Any], tmp_path: Path):
    """A target that stops answering in the middle ends the run in bounded time, with what was found before."""
    asked: list[str] = []

    def dying(call: str, answer: Any) -> Any:
        asked.append(call)
        return answer if len(asked) <= 12 else (200, {"content-length": "1000000"}, b"%d" % len(asked))

    path = tmp_path / "run.ndjson"
    with served(dying) as target:
        done = called("--target", target.base_url, "-k", "EXP-AUTH", "--record", str(path), **variables_of(target))
    run = read(str(path))
    assert done.exit_code == run.exit_code == 3
    assert "3 tests in a row had no answer" in run.stopped
    assert run.counts["pass"] > 0
    assert run.counts["blocked"] > 0
    assert run.counts["fail"] == run.counts["error"] == 0


@pytest.mark.parametrize("option", ["--record", "--svg"])
@pytest.mark.parametrize("name", ["missing/run", "."])
def test_a_file_that_cannot_be_written_is_found_out_before_the_run(tmp_path: Path, option: str, name: str):
    """Nothing is judged where the verdicts could not be kept."""
    done = called("-k", "EXP-AUTH-001", option, str(tmp_path / name))
    assert done.exit_code == 2
    assert "cannot be written: name a file in a folder that exists and is yours" in done.output
    assert "judged" not in done.output


def test_a_disk_that_fills_up_ends_with_3():
    """Verdicts that cannot be kept after all end the run with 3; they were printed nevertheless."""
    done = called("-k", "EXP-AUTH-001", "--record", "/dev/full")
    assert done.exit_code == 3
    assert "/dev/full cannot be written (No space left on device): name another file" in done.output
    assert "1 of " in done.output


def test_the_summary_as_a_picture(tmp_path: Path):
    """--svg draws the table of the run."""
    done = called("-k", "EXP-AUTH-001", "--svg", str(tmp_path / "summary.svg"))
    assert done.exit_code == 0
    assert "&#160;requirements&#160;judged" in (tmp_path / "summary.svg").read_text("utf-8")


def test_the_width_of_plain_output():
    """Without a terminal the table is wide enough to be read, or as wide as COLUMNS says."""
    wide = called("-k", "EXP-AUTH-001").output.splitlines()
    narrow = called("-k", "EXP-AUTH-001", COLUMNS="70").output.splitlines()
    assert 100 <= max(map(len, wide)) <= 120
    assert max(len(line) for line in narrow if line.startswith("│")) <= 70


def test_the_version_names_package_and_suite():
    """--version gives the package's version and the suite's."""
    done = CliRunner().invoke(main, ["--version"])
    assert done.output.startswith("pytest-aep-export ")
    assert done.output.rstrip().endswith(f"suite {SUITE_VERSION}")


def test_help_says_how_credentials_are_given():
    """--help names the variables and the exit codes."""
    text = called("--help").output
    assert "AEP_CLIENT_SECRET" in text
    assert "3 when the target could not be judged" in " ".join(text.split())


def test_lines_count_by_area():
    """Without a terminal each area is one line, once all of its tests have ended, with what was not met."""
    stream = io.StringIO()
    progress = progress_for(Console(file=stream))
    assert isinstance(progress, Lines)
    with progress:
        progress.started([("a", "EXP-LIST-001"), ("b", "EXP-JOB-001"), ("c", "EXP-LIST-002")])
        progress.judged("EXP-LIST-001", Outcome("a", Found.UNMET))
        progress.judged("EXP-JOB-001", Outcome("b", Found.MET))
        assert stream.getvalue() == "JOB        1 tests\n"
        progress.judged("EXP-LIST-002", Outcome("c", Found.NOT_APPLICABLE))
    assert stream.getvalue().splitlines()[1:] == ["LIST       2 tests, 1 not met or not judged"]


def test_a_bar_on_a_terminal():
    """On a terminal a bar counts the tests and leaves nothing behind."""
    stream = io.StringIO()
    progress = progress_for(Console(file=stream, force_terminal=True, width=80))
    assert isinstance(progress, Bar)
    with progress:
        progress.started([("a", "EXP-LIST-001"), ("b", "EXP-JOB-001")])
        progress.judged("EXP-LIST-001", Outcome("a", Found.MET))
    assert "EXP-LIST-001" in stream.getvalue()
    assert "1/2" in stream.getvalue()
