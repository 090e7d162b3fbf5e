"""``aep-export judge``: options, output, records and exit codes."""

from __future__ import annotations

import json
import shlex
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from pytest_aep_export.cli import main
from pytest_aep_export.judge import harness, judging
from pytest_aep_export.judge.scenarios import SCENARIOS
from pytest_aep_export.judge.trace import Performance
from pytest_aep_export.report.reading import read
from pytest_aep_export.suite.registry import load
from pytest_aep_export.suite.verdicts import Verdict
from tests.judge.subjects import LISTS, LISTS_ONE_PAGE, Does, lists_once, python

PAGE = Path(__file__).parents[2] / "docs" / "scenarios.md"
PAGES = ("--scenario", "list", "--scenario", "pages-of-jobs")
FOLLOWS = "EXP-CLI-001"


def judged(*arguments: str) -> Result:
    """The command, called."""
    return CliRunner().invoke(main, ["judge", *arguments], env={"COLUMNS": None})


def test_the_page_is_of_today():
    """docs/scenarios.md is what the command writes: whoever adds a scenario writes it anew."""
    assert judged("--list", "--markdown").stdout == PAGE.read_text("utf-8")


def test_scenarios_are_listed():
    """The list has a line for each scenario that fits, and tells what it is about."""
    done = CliRunner().invoke(main, ["judge", "--list", "-k", "cancel and not late"], env={"COLUMNS": "250"})
    names = [line.split("│")[1].strip() for line in done.stdout.splitlines() if "│" in line]
    assert names == [name for name, s in SCENARIOS.items() if "cancel" in f"{s.task} {name}" and "late" not in name]
    assert SCENARIOS["cancel-is-lost"].about in done.stdout


def test_a_client_that_does_well(tmp_path: Path):
    """A client that keeps every requirement in some scenarios ends with 0; the record is sound and says so."""
    path = tmp_path / "client.ndjson"
    done = judged(*PAGES, "--record", str(path), "--", *python(LISTS))
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-1].endswith("nothing failed")
    validator = Draft202012Validator(json.loads(judged("--schema").output))
    for line in path.read_text("utf-8").splitlines():
        validator.validate(json.loads(line))
    run = read(str(path))
    assert {v.verdict for v in run.verdicts if v.selected} == {Verdict.PASS}
    assert [v.requirement.id for v in run.verdicts] == [r.id for r in load().of("client")]
    assert {v.requirement.applies_to for v in run.verdicts} == {run.header.applies_to} == {"client"}
    assert (run.header.target.kind, run.header.target.label) == ("program", shlex.join(python(LISTS)))
    assert run.header.profile == f"2 of {len(SCENARIOS)} scenarios"
    assert [(t.scenario, t.end, t.said, t.output) for t in run.trials] == [
        ("list", "success", "exit status 0", ""),
        ("pages-of-jobs", "success", "exit status 0", ""),
    ]


def test_a_client_that_fails(tmp_path: Path):
    """What does not hold explains itself, with the exchange, the client's words and the command that shows it again."""
    path = tmp_path / "client.ndjson"
    command = python(LISTS_ONE_PAGE)
    done = judged(*PAGES, "--seed", "3", "--timeout", "20", "--record", str(path), "--", *command)
    assert done.exit_code == 1, done.output
    again = f"aep-export judge --timeout 20 --seed 3 --scenario pages-of-jobs -- {shlex.join(command)}"
    for text in (
        f"fail {FOLLOWS} MUST: A client follows the list to its end",
        "  scenario: pages-of-jobs: Seven jobs are on pages of three, unless more are asked for.\n",
        "  ended: success, exit status 0\n",
        "  printed: my token is REDACTED\n",
        "  sent: GET http://127.0.0.1:",
    ):
        assert text in done.output
    assert again.partition("\n")[0] in done.output
    run = read(str(path))
    assert run.exit_code == 1
    assert run.trials[1].output == "my token is REDACTED\n"
    assert "eyJ" not in path.read_text("utf-8")
    assert run.header.again.replace("WHICH", "--scenario pages-of-jobs", 1) == again


def test_every_reader_tells_of_a_client(tmp_path: Path):
    """The record of a client is read by all that read records of servers."""
    path = tmp_path / "client.ndjson"
    judged(*PAGES, "--record", str(path), "--", *python(LISTS_ONE_PAGE))
    found = {name: _report(name, str(path)) for name in ("summary", "markdown", "junit", "html", "verify", "badge")}
    for name in ("summary", "markdown", "junit", "html"):
        assert "--scenario pages-of-jobs --" in found[name] or name == "html", name
        assert "my token is REDACTED" in found[name]
    assert f"aep-export judge -k {FOLLOWS} -- " in found["html"]
    assert "is sound" in found["verify"]
    assert "no change" in _report("diff", str(path), str(path))


def _report(*arguments: str) -> str:
    done = CliRunner().invoke(main, ["report", *arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_what_is_known_not_to_hold(tmp_path: Path):
    """A failure that was expected fails no run."""
    path = tmp_path / "expectations.toml"
    known = 'reason = "no pages"\nissue = "https://example.org/1"\nexpires = 9999-12-31'
    path.write_text(f'[[expect]]\npattern = "EXP-CLI-*"\n{known}\n')
    done = judged("--scenario", "pages-of-jobs", "-k", FOLLOWS, "--expect", str(path), "--", *python(LISTS_ONE_PAGE))
    assert done.exit_code == 0, done.output
    assert "known: no pages, https://example.org/1, until 9999-12-31" in done.output


def test_a_requirement_alone(tmp_path: Path):
    """A requirement's id chooses that requirement in every scenario that is left."""
    path = tmp_path / "client.ndjson"
    done = judged(*PAGES, "-k", FOLLOWS, "--record", str(path), "--", *python(LISTS))
    assert done.exit_code == 0, done.output
    run = read(str(path))
    assert [v.requirement.id for v in run.verdicts if v.selected] == [FOLLOWS]
    assert len(run.trials) == 2


def test_a_task_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """A client that is made for one task is put into the scenarios of that task, and judged by what they show."""
    path = tmp_path / "client.ndjson"
    monkeypatch.setattr(harness, "harness_subject", lambda _: Does(lists_once))
    done = judged("--task", "list", "--harness", "--record", str(path), "--", "any")
    run = read(str(path))
    assert {trial.task for trial in run.trials} == {"list"}
    assert len(run.trials) == sum(scenario.task == "list" for scenario in SCENARIOS.values())
    cancels = next(v for v in run.verdicts if v.requirement.id == "EXP-CLI-053")
    assert (cancels.selected, cancels.reason) == (False, "left out by the selection")
    assert run.header.target.kind == "harness"
    assert f"{len(run.trials)} scenarios" in done.output


def test_a_client_that_never_calls(tmp_path: Path):
    """A client that never calls the server is verified in nothing; it is told why, and what it printed."""
    path = tmp_path / "client.ndjson"
    done = judged("--scenario", "list", "--record", str(path), "--", "sh", "-c", "echo no idea; exit 4")
    assert done.exit_code == 3
    assert {v.verdict for v in read(str(path)).verdicts} == {Verdict.NOT_VERIFIED}
    assert "why: the client never called the server: its address is in AEP_BASE_URL" in done.output
    assert "  ended: failure, exit status 4\n  printed: no idea\n" in done.output


def test_processes_that_are_left_behind(tmp_path: Path):
    """Processes that a client leaves behind are told of, by every reader that has notes."""
    path = tmp_path / "client.ndjson"
    done = judged("--scenario", "list", "--record", str(path), "--", "sh", "-c", "sleep 600 >/dev/null 2>&1 & exit 0")
    note = "1 of the client's processes, which were ended: in list"
    assert f"left behind\n  {note}\n" in done.output
    assert note in _report("markdown", str(path))
    assert "Left behind: 1 of the client" in _report("html", str(path))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "told to stop"])
def test_an_interruption(number: signal.Signals, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Whoever interrupts it or tells it to stop gets a 3, and a sound record of what was found until then."""
    path = tmp_path / "client.ndjson"

    def act(scenario: Any, surroundings: Any) -> Performance | None:
        if scenario.id == "pages-of-jobs":
            signal.raise_signal(number)
        return lists_once(scenario, surroundings)

    monkeypatch.setattr(harness, "harness_subject", lambda _: Does(act))
    before = signal.getsignal(signal.SIGTERM)
    done = judged(*PAGES, "--harness", "--processes", "1", "--record", str(path), "--", "any")
    assert done.exit_code == 3, done.output
    assert signal.getsignal(signal.SIGTERM) is before
    run = read(str(path))
    assert run.stopped == "it was interrupted"
    assert [trial.scenario for trial in run.trials] == ["list"]


def test_the_record_on_standard_output(tmp_path: Path):
    """With --record - standard output holds the record alone, and a picture can be drawn beside it."""
    picture = tmp_path / "summary.svg"
    done = judged("--scenario", "no-job", "--record", "-", "--svg", str(picture), "--", *python(LISTS))
    kinds = [json.loads(line)["type"] for line in done.stdout.splitlines()]
    assert kinds == ["header", *["verdict"] * len(load().of("client")), "scenario", "footer"]
    assert "judged in 1 scenario and" in done.stderr
    assert "<svg" in picture.read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--scenario", "list"], "there is no client to judge: name its command"),
        (["--", "./no-such-client"], "the program './no-such-client' cannot be started, for there is no such file"),
        (["--", "/"], "the program '/' cannot be started, for it is a folder: name a program in it"),
        (["--scenario", "lists", "--", "true"], "scenario 'lists' is unknown: did you mean list"),
        (["--scenario", "???", "--", "true"], "scenario '???' is unknown: 'aep-export judge --list' has them all"),
        (["--scenario", "nope", "--", "true"], "scenario 'nope' is unknown: 'aep-export judge --list' has them all"),
        (
            ["--scenario", "no-job", "--task", "export", "--task", "cancel", "--", "true"],
            "scenario 'no-job' is of the task list and not of export or cancel: leave one of --scenario and --task out",
        ),
        *((["--timeout", number, "--", "true"], f"{number} is no number of seconds") for number in ("nan", "inf")),
        (["--timeout", "0", "--", "true"], "'--timeout': 0.0 is not in the range x>0"),
        (["-k", "nothing-like-it", "--", "true"], "no scenario is left of what was asked for"),
        (["-k", "list and", "--", "true"], "the expression of -k cannot be read at its end"),
        (["--record", "no/such/folder", "--", "true"], "no/such/folder cannot be written"),
        (["--expect", "no-such-file", "--", "true"], "the expectations no-such-file cannot be read"),
    ],
    ids=[
        "no command",
        "no program",
        "a folder",
        "alike",
        "unlike",
        "not alike enough",
        "of another task",
        "no number",
        "no end",
        "no time",
        "nothing fits",
        "no expression",
        "no folder",
        "no expectations",
    ],
)
def test_wrong_calls(arguments: Sequence[str], problem: str, monkeypatch: pytest.MonkeyPatch):
    """What was called wrongly ends with 2 and a sentence, before anything is tried."""
    monkeypatch.setattr(judging, "try_subject", None)
    done = CliRunner().invoke(main, ["judge", *arguments], env={"COLUMNS": "250"})
    assert done.exit_code == 2
    assert problem in done.output
