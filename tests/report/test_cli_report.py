"""``aep-export report``: every reader on the command line, and the exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from pytest_aep_export.cli import main
from pytest_aep_export.report.badge import badge_schema
from pytest_aep_export.report.document import Run
from pytest_aep_export.report.lines import record_schema
from tests.report.samples import UNMET, everything, lines_of, run_of

READERS = ("summary", "html", "junit", "markdown", "badge")


def called(*arguments: str, given: bytes | None = None) -> Result:
    """The command, called."""
    return CliRunner().invoke(main, ["report", *arguments], input=given)


@pytest.fixture
def record(tmp_path: Path) -> str:
    """A record of everything."""
    return written(tmp_path / "run.ndjson", everything())


def written(path: Path, run: Run) -> str:
    """The record of a run."""
    path.write_bytes(b"".join(lines_of(run)))
    return str(path)


def test_the_summary(record: str):
    """The terminal's summary is that of the run itself."""
    done = called("summary", record)
    assert done.exit_code == 0
    assert "fail EXP-LIST-001 MUST: The list is a list" in done.output


def test_a_page(record: str, tmp_path: Path):
    """The page goes to a file or to standard output."""
    done = called("html", record, "-o", str(tmp_path / "report.html"))
    assert (done.exit_code, done.output) == (0, "")
    page = (tmp_path / "report.html").read_text("utf-8")
    assert page.startswith("<!doctype html>")
    assert called("html", record).output == page


def test_other_documents(record: str):
    """JUnit is XML, Markdown Markdown, and a badge follows its schema, which the command prints."""
    assert ET.fromstring(called("junit", record).output).tag == "testsuites"
    assert called("markdown", record).output.startswith("## Conformance of ")
    Draft202012Validator(badge_schema()).validate(json.loads(called("badge", record).output))
    assert json.loads(called("badge", "--schema").output) == badge_schema()


def test_a_record_from_standard_input(record: str):
    """A dash reads from standard input."""
    done = called("badge", "-", given=Path(record).read_bytes())
    assert json.loads(done.output) == json.loads(called("badge", record).output)


def test_the_schema():
    """The schema of a record's lines is printed."""
    assert json.loads(called("schema").output) == record_schema()


def test_a_sound_record(record: str):
    """A record that is sound is said to be so, with its counts, and whether the requirements are known."""
    done = called("verify", record)
    counts = "1 fail, 1 warn, 1 blocked, 1 error"
    sound, unknown = done.output.splitlines()
    assert (done.exit_code, sound) == (0, f"{record} is sound: 4 verdicts ({counts}), exit code 1")
    assert unknown.startswith("Its requirements are those of another version")


def test_an_unsound_record(record: str):
    """One that is not ends with 1 and a sentence that names the line."""
    path = Path(record)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], *lines[3:]]))
    done = called("verify", record)
    assert done.exit_code == 1
    assert done.output.startswith(f"Error: {record}, line 3: the digest does not fit")


@pytest.mark.parametrize("reader", READERS)
def test_no_reader_believes_it(reader: str, record: str, tmp_path: Path):
    """Every reader refuses what is not sound with 3, and writes nothing."""
    path = Path(record)
    path.write_bytes(path.read_bytes()[:-10])
    output = tmp_path / "out"
    done = called(reader, record, *([] if reader == "summary" else ["-o", str(output)]))
    assert done.exit_code == 3
    assert "line 6: this is not JSON" in done.output
    assert not output.exists()


@pytest.mark.parametrize("arguments", [*([reader, "missing"] for reader in (*READERS, "verify")), ["diff", "a", "b"]])
def test_a_file_that_is_not_there(arguments: list[str]):
    """A name that is no file's is wrong use."""
    done = called(*arguments)
    assert done.exit_code == 2
    assert "does not exist" in done.output


@pytest.mark.parametrize("reader", READERS[1:])
def test_a_full_disk(reader: str, record: str):
    """What cannot be written is one sentence and 3."""
    done = called(reader, record, "-o", "/dev/full")
    assert done.exit_code == 3
    assert done.output == "Error: /dev/full cannot be written (No space left on device): name another file\n"


def test_a_file_that_cannot_be_written_whole_keeps_what_it_held(
    record: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A report takes the place of an older one when it is whole, and leaves nothing behind when it is not."""
    path = tmp_path / "report.md"
    path.write_text("an older report")

    def full(self: Path, text: str, **_options: object) -> None:
        self.write_bytes(text[:9].encode())
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_text", full)
        done = called("markdown", record, "-o", str(path))
    assert done.exit_code == 3
    assert f"{path} cannot be written (No space left on device): name another file" in done.output
    assert path.read_text() == "an older report"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["report.md", "run.ndjson"]
    assert called("markdown", record, "-o", str(path)).exit_code == 0
    assert path.read_text("utf-8").startswith("## Conformance")


def test_two_records(tmp_path: Path):
    """A comparison ends with 1 when the second is worse, with 0 otherwise, with 3 where one is not to be believed."""
    well, ill = written(tmp_path / "a", run_of()), written(tmp_path / "b", run_of(UNMET))
    worse, better, same = called("diff", well, ill), called("diff", "--markdown", ill, well), called("diff", ill, ill)
    assert [done.exit_code for done in (worse, better, same)] == [1, 0, 0]
    assert worse.output.endswith("1 newly failing\n")
    assert better.output.startswith("## Conformance: 1 newly passing\n")
    Path(ill).write_bytes(b"")
    assert called("diff", well, ill).exit_code == 3


def test_a_page_without_the_extra(record: str, monkeypatch: pytest.MonkeyPatch):
    """Without jinja2 the page is refused, and nothing else is."""
    monkeypatch.setitem(__import__("sys").modules, "jinja2", None)
    done = called("html", record)
    assert done.exit_code == 2
    assert "pip install 'pytest-aep-export[report]'" in done.output
    assert called("markdown", record).exit_code == 0


def test_the_help_names_every_reader():
    """The help of the group lists what can be made of a record."""
    text = called("--help").output
    for reader in (*READERS, "diff", "verify", "schema"):
        assert f"  {reader} " in text
