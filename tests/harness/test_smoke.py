"""Smoke says of a harness whether it keeps to the protocol, and shows what does not."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import jsonschema
import pytest
from click.testing import CliRunner

from pytest_aep_export.cli.commands import main
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.judge.harness.protocol import COMMANDS, protocol_schema
from pytest_aep_export.judge.harness.smoke import CHECKS, Check, Smoke, smoke_schema

Miniature = Callable[..., list[str]]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A harness that does not end is not waited for as long as usual."""
    monkeypatch.setattr("pytest_aep_export.judge.harness.smoke._FAREWELL", 0.5)


def tried(command: list[str], seconds: float = 30) -> tuple[Smoke, dict[str, Check]]:
    """A harness that was tried, and what came of each check."""
    smoke = Smoke(command, seconds)
    return smoke, {check.name: check for check in smoke.run()}


def test_a_sound_harness_passes_every_check(miniature: Miniature):
    """Every command is answered, and every rule of the protocol kept."""
    smoke, checks = tried(miniature())

    assert {check.status for check in checks.values()} == {"pass"}
    assert list(checks) == list(CHECKS)
    assert set(COMMANDS) <= set(checks)
    assert smoke.fit
    assert checks["start"].message == "the client is miniature 1 in Python"
    assert checks["read_rows"].message == "answered with 2 rows"


@pytest.mark.parametrize(
    ("wrong", "check", "message"),
    [
        ("fails", "wait_for_job", "answered with 'failed': job 24115 ended as FAILED (unknown: Job aborted.)"),
        ("skips", "read_rows", "answered with 'skipped': it reads no Parquet"),
        ("empty", "list_jobs", "answered with a result"),
    ],
)
def test_an_error_of_the_client_is_none_of_its_harness(miniature: Miniature, wrong: str, check: str, message: str):
    """The harness is tried here, and not what it drives."""
    smoke, checks = tried(miniature(wrong))

    assert checks[check] == Check(check, "pass", message)
    assert smoke.fit


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("wrong", "check", "message"),
    [
        ("errors", "create_job", "the harness itself broke: KeyError: 'id'"),
        ("fails-to-start", "start", "a result was expected, since nothing is to be sent yet; found 'failed': no"),
        ("names-no-file", "read_rows", "the file 'part.parquet' that it names is not in the output folder"),
        ("strict", "unknown member", "the harness itself broke: there is a member too many"),
        ("knows-everything", "unknown command", "should be answered with 'errored', found 'result'"),
        ("breaks-in-stop", "stop", "the harness itself broke: it cannot"),
        ("never-ends", "stop", "the harness still ran 0.5 s after it was told to stop"),
        ("never-ends", "end of input", "the harness still ran 0.5 s after its input ended"),
        ("ends-badly", "stop", "the harness ended with status 7 when it was told to stop, and 0 was expected"),
        ("leaves-a-child", "stop", "the harness left processes behind when it was told to stop: 1"),
        ("says-goodbye", "stop", "the harness wrote a line that nobody had asked for: bye"),
    ],
)
def test_what_is_wrong_fails_its_check_and_no_other(miniature: Miniature, wrong: str, check: str, message: str):
    """The conversation goes on, and only what has to do with it fails."""
    smoke, checks = tried(miniature(wrong))

    assert checks[check].status == "fail"
    assert message in checks[check].message
    failed = {name for name, each in checks.items() if each.status == "fail"}
    assert failed <= {check, "stop", "end of input"}
    assert {each.status for each in checks.values()} == {"pass", "fail"}
    assert not smoke.fit


@pytest.mark.parametrize(
    ("wrong", "check", "message"),
    [
        ("prints-text", "create_job", "the line is: Creating a job..."),
        ("wrong-seq", "create_job", "at /seq 3 was expected, the number of the request, found 4"),
        ("counts", "seq", "at /seq 4711 was expected, the number of the request, found 9"),
        ("without-id", "create_job", "an object with the 'id' of a job was expected, found nothing under 'id'"),
        ("dies", "create_job", "the harness ended with status 3 before it answered 'create_job'"),
    ],
)
def test_a_breach_ends_the_conversation(miniature: Miniature, wrong: str, check: str, message: str):
    """What comes before it is judged, and of what comes after it is said that it was not reached."""
    _, checks = tried(miniature(wrong))

    assert checks[check].status == "fail"
    assert message in checks[check].message
    at = list(CHECKS).index(check)
    assert [each.status for each in checks.values()] == ["pass"] * at + ["fail"] + ["not-reached"] * (
        len(CHECKS) - at - 1
    )


def test_a_harness_that_answers_late_is_told_so(miniature: Miniature):
    """An answer is waited for as long as was agreed."""
    _, checks = tried(miniature("late"), seconds=0.5)

    assert checks["start"].message == "the harness did not answer 'start' in time"


def test_a_program_that_is_no_harness_is_none():
    """A program that reads nothing and ends is said to have ended."""
    _, checks = tried([sys.executable, "-c", "print('usage: export')"])

    assert "the line is: usage: export" in checks["start"].message


def test_a_command_that_cannot_be_started_is_not_tried():
    """That is the mistake of whoever named it, and not the harness's."""
    with pytest.raises(ConfigurationError, match="no-such-harness"):
        tried(["no-such-harness"])


def test_the_command_line_tells_a_line_for_each_check(miniature: Miniature):
    """A sound harness ends with 0, and each check is a line."""
    done = CliRunner().invoke(main, ["harness", "smoke", "--", *miniature()])

    assert done.exit_code == 0, done.output
    assert len(done.stdout.splitlines()) == len(CHECKS) + 1
    assert "pass        list_jobs       answered with a result" in done.stdout
    assert done.stdout.endswith(f"the harness keeps to the protocol: {len(CHECKS)} of {len(CHECKS)} checks passed\n")


def test_the_command_line_ends_with_1_for_a_broken_harness(miniature: Miniature):
    """What is wrong stands in its line, and the last one gives the count."""
    done = CliRunner().invoke(main, ["harness", "smoke", *miniature("prints-text")])

    assert done.exit_code == 1
    assert (
        "fail        create_job      the harness cannot be understood: its answer to 'create_job' breaks" in done.stdout
    )
    assert f"the harness breaks the protocol: 2 of {len(CHECKS)} checks passed" in done.stdout


@pytest.mark.parametrize("wrong", ["", "without-id", "fails-to-start"])
def test_the_command_line_tells_json_by_its_schema(miniature: Miniature, wrong: str):
    """With ``--json`` the lines go to standard error, and the document is what ``--schema`` promises."""
    done = CliRunner().invoke(main, ["harness", "smoke", "--json", "--", *miniature(wrong)])
    schema = json.loads(CliRunner().invoke(main, ["harness", "smoke", "--schema"]).stdout)

    document = json.loads(done.stdout)
    assert schema == smoke_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema, jsonschema.Draft202012Validator)
    assert document["fit"] is (done.exit_code == 0) is (not wrong)
    assert document["command"] == miniature(wrong)
    assert (document["implementation"] is None) is (wrong == "fails-to-start")
    assert [check["check"] for check in document["checks"]] == list(CHECKS)
    assert "list_jobs" in done.stderr


@pytest.mark.parametrize("arguments", [[], ["--", "no-such-harness"], ["--timeout", "inf", "--", "x"], ["--nonsense"]])
def test_the_command_line_ends_with_2_when_it_was_called_wrongly(arguments: list[str]):
    """Nothing is tried without a harness that can be started."""
    assert CliRunner().invoke(main, ["harness", "smoke", *arguments]).exit_code == 2


def test_the_command_line_prints_the_schema_of_the_protocol():
    """Whoever writes a harness gets what it is held to."""
    done = CliRunner().invoke(main, ["harness", "schema"])

    assert json.loads(done.stdout) == protocol_schema()
