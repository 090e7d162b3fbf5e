"""A client that a harness drives: what it is asked for in each task, and what is said of one that breaks."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.judge.harness import HarnessSubject, harness_subject
from pytest_aep_export.judge.scenario import Scenario, Task
from pytest_aep_export.judge.subject import Subject, Surroundings
from pytest_aep_export.judge.trace import End, Performance

Miniature = Callable[..., list[str]]

EXPORT = Scenario("export", "a sound server")

RECORDING = """
import json, sys
asked = []
for line in sys.stdin:
    request = json.loads(line)
    asked.append(request["cmd"])
    result = {"id": "7", "name": "n", "language": "l", "version": "v", "jobs": [{"id": 2}, {"id": "1"}], "files": FILES}
    print(json.dumps({"seq": request["seq"], "result": result}), flush=True)
sys.stderr.write(" ".join(asked))
"""


def recording(*files: str) -> HarnessSubject:
    """A harness that does nothing, and writes down what it is asked for."""
    return HarnessSubject([sys.executable, "-I", "-S", "-c", RECORDING.replace("FILES", repr(list(files)))])


def performed(command: list[str], place: Surroundings, task: Task = "export") -> Performance:
    """What a harness showed."""
    return HarnessSubject(command).perform(replace(EXPORT, task=task), place)


@pytest.mark.parametrize(
    ("task", "asked"),
    [
        ("export", "start create_dataset create_job wait_for_job read_rows stop"),
        ("list", "start list_jobs stop"),
        ("cancel", "start create_dataset create_job cancel_job stop"),
    ],
)
def test_a_task_is_a_few_commands(place: Surroundings, task: Task, asked: str):
    """Each task is asked for step by step, and then the harness is told to stop."""
    performance = recording().perform(replace(EXPORT, task=task), place)

    assert performance.output.decode() == asked
    assert performance.end == "success"
    assert performance.said == ""


def test_the_jobs_that_are_listed_are_told_in_their_order(miniature: Miniature, place: Surroundings):
    """Ids are texts, whether the harness gives them as numbers or not."""
    performance = performed(miniature(), place, "list")

    assert performance.jobs == ("2", "1")
    assert performance.rows is None


def test_the_rows_that_are_read_are_told(miniature: Miniature, place: Surroundings):
    """The rows of a harness that reads them are passed on; what it leaves in its folder is kept."""
    (place.folder / "left.txt").write_bytes(b"x")

    performance = performed(miniature(), place)

    assert performance == Performance(
        "success", rows=({"_id": "a"}, {"_id": "b"}), files={"left.txt": b"x"}, output=b""
    )


def test_the_rows_of_downloaded_files_are_read(place: Surroundings):
    """Of files that a harness downloads, the rows are read here; what is cut or no Parquet holds none."""
    pq.write_table(pa.table({"_id": ["a", "b"]}), place.folder / "whole.parquet")
    whole = (place.folder / "whole.parquet").read_bytes()
    (place.folder / "cut.parquet").write_bytes(whole[:-10])

    performance = recording("whole.parquet", "cut.parquet").perform(EXPORT, place)

    assert performance.rows == ({"_id": "a"}, {"_id": "b"})
    assert set(performance.files or ()) == {"whole.parquet", "cut.parquet"}


def test_the_harness_says_what_it_drives(miniature: Miniature, place: Surroundings):
    """The command is the label from the beginning; the client's name is known once the harness was started."""
    subject: Subject = harness_subject(miniature())
    assert isinstance(subject, HarnessSubject)
    assert "miniature.py" in subject.label
    assert subject.virtual is False
    assert subject.implementation == {}

    subject.perform(EXPORT, place)

    assert subject.implementation == {"name": "miniature", "language": "Python", "version": "1"}


@pytest.mark.parametrize(
    ("wrong", "end", "said"),
    [
        ("fails", "failure", "job 24115 ended as FAILED (unknown: Job aborted.)"),
        ("shows-failure", "failure", "job 24115 ended as FAILED (Job aborted.)"),
        ("fails-to-start", "failure", "no"),
        ("skips", "unknown", "the client has no read_rows: it reads no Parquet"),
        ("errors", "crash", "the harness broke at 'create_job': KeyError: 'id'"),
        ("names-no-file", "crash", "the harness says that it downloaded 'part.parquet', which is no file in "),
        ("leaves-the-folder", "crash", "the harness says that it downloaded '../harness-secret', which is no file in "),
        (
            "dies",
            "crash",
            "the harness ended with status 3 before it answered 'create_job'; its standard error ends with: ",
        ),
        ("aborts", "crash", "the harness was ended by signal 9 before it answered 'create_job'"),
        ("falls-silent", "crash", "the harness closed its standard output before it answered 'create_job'"),
        (
            "prints-text",
            "crash",
            "was expected, found no JSON (Expecting value: line 1 column 1 (char 0)); the line is: Creat",
        ),
        ("prints-binary", "crash", "one JSON object in UTF-8 was expected, found no JSON ("),
        ("invalid-json", "crash", 'the line is: {"seq": 3, "result": {'),
        ("deep-json", "crash", "one JSON object in UTF-8 was expected, found no JSON ("),
        ("long-line", "crash", "a line of at most 16777216 bytes was expected, found a longer one"),
        ("wrong-seq", "crash", "at /seq 3 was expected, the number of the request, found 4"),
        ("without-id", "crash", "at /result an object with the 'id' of a job was expected, found nothing under 'id'"),
        (
            "two-outcomes",
            "crash",
            "an object with 'seq' and exactly one of 'result', 'failed', 'skipped' and 'errored'",
        ),
        ("empty-message", "crash", "at /failed/message a text that is not empty was expected"),
    ],
)
def test_what_a_broken_harness_is_said_to_be(
    miniature: Miniature, place: Surroundings, wrong: str, end: End, said: str
):
    """An error of the client is a failure, what it lacks is not known, and a harness that breaks is a crash."""
    (place.folder.parent / "harness-secret").write_text("x")

    performance = performed(miniature(wrong), place)

    assert performance.end == end
    assert said in performance.said
    assert "\n" not in performance.said


def test_a_harness_that_answers_late_is_ended(miniature: Miniature, place: Surroundings):
    """When the time of a scenario is up, the harness is killed, and the sentence says what it was asked."""
    performance = performed(miniature("late"), replace(place, deadline=0.5))

    assert performance.end == "timeout"
    assert performance.said == "the harness did not answer 'start' in time"


def test_the_last_words_of_a_harness_are_shown(miniature: Miniature, place: Surroundings):
    """What a harness wrote to its standard error says why it went away."""
    performance = performed(miniature("dies"), place)

    assert performance.said.endswith("its standard error ends with: Traceback: cannot go on")
    assert performance.output == b"Traceback:\n  cannot go on\n"


def test_a_harness_may_flood_its_standard_error(miniature: Miniature, place: Surroundings):
    """However much it writes there, it is answered, and the two ends of it are kept."""
    performance = performed(miniature("floods-stderr"), place)

    assert performance.end == "success"
    assert performance.output.startswith(b"first")
    assert performance.output.endswith(b"last")
    assert len(performance.output) < 140_000


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("leaves-a-child", "processes that the harness left behind were ended: 1"),
        ("breaks-in-stop", ""),
        ("ends-badly", ""),
    ],
)
def test_how_a_harness_stops_does_not_change_how_its_client_ended(
    miniature: Miniature, place: Surroundings, wrong: str, said: str
):
    """A harness that does not end well is spoken of, and its client judged as it is."""
    performance = performed(miniature(wrong), place)

    assert (performance.end, performance.said) == ("success", said)
    assert performance.leftovers == (wrong == "leaves-a-child")


def test_a_harness_that_does_not_end_is_ended(
    miniature: Miniature, place: Surroundings, monkeypatch: pytest.MonkeyPatch
):
    """After a while, a harness that was told to stop is killed."""
    monkeypatch.setattr("pytest_aep_export.judge.harness.subject._FAREWELL", 0.5)

    performance = performed(miniature("never-ends"), place)

    assert performance.end == "success"
    assert performance.said == "the harness did not end when it was told to stop"
    assert [child for child in psutil.Process().children(recursive=True) if "never-ends" in child.cmdline()] == []


def test_a_harness_that_dies_when_it_is_told_to_stop_is_spoken_of(place: Surroundings):
    """No answer to the last command is no crash of the client, but a fault of the harness."""
    code = RECORDING.replace("    asked.append", "    if request['cmd'] == 'stop': break\n    asked.append")
    subject = HarnessSubject([sys.executable, "-I", "-S", "-c", code.replace("FILES", "[]")])

    performance = subject.perform(EXPORT, place)

    assert performance.end == "success"
    assert performance.said.startswith("the harness ended with status 0 before it answered 'stop'")


def test_a_harness_finds_in_its_environment_what_a_program_finds(place: Surroundings, monkeypatch: pytest.MonkeyPatch):
    """Its own variables and those of the scenario, and none of ours that lead elsewhere."""
    for name in ("AEP_CONFIG_FILE", "HTTPS_PROXY", "MY_SETTING"):
        monkeypatch.setenv(name, "here")
    code = (
        f"import os, sys; sys.stderr.write(' '.join(sorted(os.environ)) + ' -- '); {RECORDING.replace('FILES', '[]')}"
    )

    performance = HarnessSubject([sys.executable, "-I", "-S", "-c", code]).perform(EXPORT, place)

    found = set(performance.output.decode().partition(" -- ")[0].split())
    assert found >= {"MY_SETTING", *place.environ}
    assert not found & {"AEP_CONFIG_FILE", "HTTPS_PROXY"}


def test_a_label_holds_no_secret():
    """A command that was given a secret does not get it into a report."""
    assert "s3cr3t" not in HarnessSubject(["./harness", "--url", "http://x/?client_secret=s3cr3t"]).label


def test_a_harness_starts_where_its_command_was_given(place: Surroundings, elsewhere: Path):
    """A command may name its files from the folder that we are in."""
    (elsewhere / "harness.py").write_text(RECORDING.replace("FILES", "[]"))

    assert HarnessSubject([sys.executable, "-I", "-S", "harness.py"]).perform(EXPORT, place).end == "success"


def test_a_harness_that_is_not_there_is_a_mistake_of_who_named_it():
    """A name that leads to no program is refused before anything is judged."""
    with pytest.raises(ConfigurationError, match="no-such-program"):
        harness_subject(["no-such-program"])
    with pytest.raises(ConfigurationError, match="name its command"):
        harness_subject([])
