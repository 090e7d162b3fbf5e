"""The record: what was written is read back, and whatever else a file may hold is refused by a sentence."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pytest_aep_export.report import verify
from pytest_aep_export.report.document import Run
from pytest_aep_export.report.lines import record_schema
from pytest_aep_export.report.reading import BadLineError, EmptyRecordError, MissingFooterError, read, read_lines
from pytest_aep_export.report.record import RecordError, RecordWriter, Seal
from pytest_aep_export.suite.verdicts import Result, Verdict
from tests.report.samples import MET, NAMES, REGISTRY, UNMET, everything, lines_of, outcome, run_of

LINES = lines_of(everything())
FOOTER = len(LINES)


def resealed(lines: list[bytes]) -> list[bytes]:
    """The lines with digests that fit, as somebody makes them who knows how."""
    seal = Seal()
    return [seal.put({k: v for k, v in json.loads(line).items() if k != "digest"}) for line in lines]


def edited(number: int, change: Callable[[Any], object]) -> list[bytes]:
    """The record with one line changed, under digests that fit."""
    node = json.loads(LINES[number - 1])
    change(node)
    return resealed([*LINES[: number - 1], json.dumps(node).encode(), *LINES[number:]])


# What is well


def test_everything_is_read_back():
    """The run that is read is the run that was written."""
    assert read_lines(LINES) == everything()


@given(st.lists(st.lists(st.sampled_from(Result), max_size=3), min_size=len(NAMES), max_size=len(NAMES)))
def test_any_run_is_read_back(results: list[list[Result]]):
    """Whatever the tests have found, the record says all of it."""
    run = run_of(*([outcome(result, number) for number, result in enumerate(several)] for several in results))
    assert read_lines(lines_of(run)) == run


@given(text=st.text(st.characters(exclude_categories=[]), max_size=20))
def test_any_text_is_read_back(text: str):
    """Whatever characters a server sends, the record is sound, and says what can be said in a file."""
    run = run_of(outcome(UNMET, found=text), stopped=text.encode("utf-8", "replace").decode())
    lines = lines_of(run)
    assert [line.count(b"\n") for line in lines] == [1] * len(lines)
    assert read_lines(lines) == run


def test_each_line_follows_the_schema():
    """A line with a foreign member, an unknown verdict or another shape is not valid; those of a record are."""
    validator = Draft202012Validator(record_schema())
    Draft202012Validator.check_schema(record_schema())
    nodes = [json.loads(line) for line in LINES]
    for node in nodes:
        validator.validate(node)
        assert not validator.is_valid(node | {"extra": 1})
    assert not validator.is_valid(nodes[1] | {"verdict": "perhaps"})
    assert not validator.is_valid({"type": "verdict", "digest": "0" * 64})


def test_the_digest_is_that_of_all_before_it():
    """Anybody can compute the digests: SHA-256 of what stands before each."""
    text = b"".join(LINES)
    before, _, digest = text.rpartition(b'"digest":"')
    assert hashlib.sha256(before + b'"digest":"').hexdigest().encode() == digest[:64]


def test_the_order_is_the_registrys(tmp_path: Path):
    """Requirements come in the order of the header, whichever was judged first."""
    lines = resealed([LINES[0], *reversed(LINES[1:-1]), LINES[-1]])
    assert read_lines(lines) == everything()
    (tmp_path / "run.ndjson").write_bytes(b"".join(lines))
    assert [verdict.requirement.id for verdict in read(str(tmp_path / "run.ndjson")).verdicts] == list(NAMES)


# What is cut off, edited or moved


def test_nothing_at_all():
    """An empty file is no record."""
    with pytest.raises(EmptyRecordError, match="the record is empty"):
        read_lines([])


@pytest.mark.parametrize("kept", range(1, FOOTER))
def test_a_run_that_died_between_two_lines(kept: int):
    """Without its footer a record is refused, naming the line that it ends with."""
    with pytest.raises(MissingFooterError, match=f"ends with line {kept} and has no footer"):
        read_lines(LINES[:kept])


@pytest.mark.parametrize("number", range(1, FOOTER + 1))
def test_a_run_that_died_within_a_line(number: int):
    """A line that breaks off is named."""
    with pytest.raises(BadLineError, match=f"line {number}: this is not JSON"):
        read_lines([*LINES[: number - 1], LINES[number - 1][:-30]])


@pytest.mark.parametrize("number", range(1, FOOTER))
def test_a_line_that_is_taken_out(number: int):
    """The line that follows a gap is named."""
    with pytest.raises(BadLineError, match=f"^line {number}: ") as refused:
        read_lines([*LINES[: number - 1], *LINES[number:]])
    assert refused.value.line == number


@pytest.mark.parametrize("number", range(1, FOOTER + 1))
def test_a_line_that_is_edited(number: int):
    """Each line that was edited is named, even if it still says what is possible."""
    line = LINES[number - 1].replace(b"http://127.0.0.1:9", b"http://127.0.0.1:8").replace(b"1.25", b"1.26")
    line = line.replace(b"Whoever", b"whoever").replace(b"newest", b"oldest").replace(b"no longer", b"not longer")
    assert line != LINES[number - 1]
    with pytest.raises(BadLineError, match=f"^line {number}: the digest does not fit"):
        read_lines([*LINES[: number - 1], line, *LINES[number:]])


@given(st.data())
def test_any_byte_that_is_changed(data: st.DataObject):
    """No byte can be changed without the record being refused at that line."""
    number = data.draw(st.integers(1, FOOTER))
    line = LINES[number - 1]
    place = data.draw(st.integers(0, len(line) - 2))
    byte = data.draw(st.integers(32, 126).filter(lambda byte: byte != line[place]))
    with pytest.raises(BadLineError, match=f"^line {number}: "):
        read_lines([*LINES[: number - 1], line[:place] + bytes([byte]) + line[place + 1 :], *LINES[number:]])


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (LINES[1:], "line 1: a verdict stands where the header should be"),
        (LINES[-1:], "line 1: a footer stands where the header should be"),
        ([LINES[0], *LINES], "line 2: a header stands where a verdict or the footer should be"),
        ([*LINES, LINES[1]], "line 7: there is more after the footer"),
        ([*LINES[:2], *LINES[1:]], "line 3: there is a second verdict on EXP-LIST-001"),
        ([*LINES[:3], LINES[-1]], "line 4: the footer comes before a verdict on EXP-LIST-003, EXP-JOB-001"),
    ],
)
def test_lines_in_the_wrong_places(lines: list[bytes], sentence: str):
    """The header is first, the footer last, and each requirement there once, even where all digests fit."""
    with pytest.raises(BadLineError) as refused:
        read_lines(resealed(lines))
    assert str(refused.value) == sentence


def test_many_missing_verdicts_are_not_all_listed():
    """Only the first few of the missing requirements are named."""
    with pytest.raises(BadLineError, match="EXP-LIST-001, EXP-LIST-002, EXP-LIST-003…"):
        read_lines(resealed([LINES[0], LINES[-1]]))


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (b"\n", "this is not JSON"),
        (b"<html>\n", "this is not JSON"),
        (b"[]\n", r"the line: \[\] is not of type"),
        (b'{"type": "verdict"}\n', "the line: .* is a required property"),
        (b'{"type": "header", "record": 2}\n', "the record has the format 2, but this version reads 1"),
    ],
)
def test_what_is_no_record(line: bytes, sentence: str):
    """Other files are refused at their first line."""
    with pytest.raises(BadLineError, match=f"^line 1: .*{sentence}"):
        read_lines([line])


# What does not follow


@pytest.mark.parametrize(
    ("number", "change", "sentence"),
    [
        (
            2,
            lambda n: n.update(verdict="pass"),
            "the verdict on EXP-LIST-001 is given as pass, but its tests make it fail",
        ),
        (
            2,
            lambda n: n.update(level="SHOULD"),
            "the verdict on EXP-LIST-001 is given as fail, but its tests make it warn",
        ),
        (2, lambda n: n.update(tests=[]), "given as fail, but its tests make it not-verified"),
        (2, lambda n: n.update(selected=False), "EXP-LIST-001 is said to have been left out, but it has tests"),
        (2, lambda n: n["tests"][1].update(shows=9), "a test of EXP-LIST-001 points to an exchange that is not there"),
        (2, lambda n: n.update(id="EXP-LIST-009"), "the header does not list EXP-LIST-009"),
        (3, lambda n: n["expected"].update(pattern="EXP-JOB-*"), "does not speak of a warn of EXP-LIST-002"),
        (3, lambda n: n["expected"].update(verdicts=["fail"]), "does not speak of a warn of EXP-LIST-002"),
        (FOOTER, lambda n: n["counts"].update(fail=0), "the footer counts 0 fail, but the record holds 1"),
        (FOOTER, lambda n: n.update(exit=0), "the footer gives 0 for 'exit', but the record makes it 1"),
        (FOOTER, lambda n: n.update(verdicts=3), "the footer gives 3 for 'verdicts', but the record makes it 4"),
    ],
)
def test_what_does_not_follow_from_the_tests(number: int, change: Callable[[Any], object], sentence: str):
    """Whoever edits a verdict, a count or the exit code is refused, even if all digests fit."""
    with pytest.raises(BadLineError, match=sentence) as refused:
        read_lines(edited(number, change))
    assert refused.value.line == number


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            lambda n: n[1].update(statement="Anything."),
            "line 2: EXP-LIST-001 differs in its statement from the registry",
        ),
        (lambda n: n[3].update(level="SHOULD", verdict="error"), "line 4: EXP-LIST-003 differs in its level from"),
        (
            lambda n: n[1]["sources"][0].update(section="x"),
            "line 2: EXP-LIST-001 differs in its sources from the registry",
        ),
        (lambda n: n[0]["requirements"].remove("EXP-JOB-001"), "line 1: the header leaves out EXP-JOB-001"),
        (lambda n: n[0]["requirements"].append("EXP-JOB-009"), "line 1: the header lists EXP-JOB-009"),
    ],
)
def test_requirements_that_are_known(monkeypatch: pytest.MonkeyPatch, change: Callable[[Any], object], sentence: str):
    """A record of the requirements that this package has says of them what they are; of others nobody can tell."""
    nodes = [json.loads(line) for line in LINES]
    change(nodes)
    lines = resealed([json.dumps(node).encode() for node in nodes])
    monkeypatch.setattr(verify, "load", lambda: REGISTRY)
    assert read_lines(LINES) == everything()
    with pytest.raises(BadLineError, match=f"^{sentence}"):
        read_lines(lines)


def test_expectations_that_nobody_had():
    """A verdict that is excused, or a problem, needs expectations that the header knows of."""
    with pytest.raises(BadLineError, match="line 3: EXP-LIST-002 is said to be expected, but the header knows of no"):
        read_lines(edited(1, lambda n: n.update(expectations=None)))
    nodes = [json.loads(line) for line in LINES]
    nodes[0]["expectations"] = nodes[2]["expected"] = None
    with pytest.raises(BadLineError, match=f"line {FOOTER}: the footer tells of problems with expectations"):
        read_lines(resealed([json.dumps(node).encode() for node in nodes]))


def test_a_problem_that_is_left_out():
    """That an expectation had expired on the day of the run can be seen, and so whether the footer says it."""
    with pytest.raises(BadLineError, match=f"line {FOOTER}: the footer leaves out that expectation .* has expired on"):
        read_lines(edited(3, lambda n: n["expected"].update(expires="2001-01-01")))


# Files


def written(path: Path, run: Run) -> RecordWriter:
    """The writer that has written a record of the run."""
    writer = RecordWriter(str(path))
    for line in lines_of(run):
        writer.write({k: v for k, v in json.loads(line).items() if k != "digest"})
    return writer


def test_a_file_is_written_line_by_line(tmp_path: Path):
    """Nothing is touched before the first line, what was there is replaced, and each line is there at once."""
    path = tmp_path / "run.ndjson"
    path.write_text("an older record")
    writer = RecordWriter(str(path))
    assert path.read_text() == "an older record"
    for count, line in enumerate(lines_of(run_of(MET)), 1):
        writer.write({k: v for k, v in json.loads(line).items() if k != "digest"})
        assert path.read_bytes().count(b"\n") == count
    writer.require_whole()
    assert read(str(path)) == run_of(MET)


def test_a_full_disk_is_told_at_the_end(tmp_path: Path):
    """What cannot be written is one sentence, and only when somebody asks."""
    writer = written(Path("/dev/full"), everything())
    with pytest.raises(
        RecordError, match=r"^/dev/full cannot be written \(No space left on device\): name another file$"
    ):
        writer.require_whole()
    with pytest.raises(RecordError, match="No such file or directory"):
        written(tmp_path / "missing" / "run", everything()).require_whole()


def test_nothing_follows_what_could_not_be_written(tmp_path: Path):
    """A record with a hole in it would be worse than one that breaks off."""
    path = tmp_path / "folder" / "run.ndjson"
    path.parent.mkdir()
    writer = RecordWriter(str(path))
    first, second, *_ = (json.loads(line) for line in LINES)
    writer.write({"type": first["type"]})
    path.parent.rename(tmp_path / "away")
    writer.write({"type": second["type"]})
    (tmp_path / "away").rename(path.parent)
    writer.write({"type": second["type"]})
    assert path.read_bytes().count(b"\n") == 1
    with pytest.raises(RecordError, match="No such file or directory"):
        writer.require_whole()


def test_standard_streams(monkeypatch: pytest.MonkeyPatch):
    """A dash is standard output and standard input."""
    stream = io.BytesIO()
    monkeypatch.setattr("sys.stdout", SimpleNamespace(buffer=stream))
    written(Path("-"), everything()).require_whole()
    monkeypatch.undo()
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(stream.getvalue())))
    assert read("-") == everything()


def test_a_file_is_named(tmp_path: Path):
    """Whoever reads several files is told which of them is wrong."""
    path = tmp_path / "run.ndjson"
    path.write_bytes(b"".join(LINES[:-1]))
    with pytest.raises(RecordError, match=r"run\.ndjson, the record ends with line 5"):
        read(str(path))
    with pytest.raises(RecordError, match="cannot be read"):
        read(str(tmp_path))


def test_no_secret_is_written():
    """A record holds no credential, whatever the exchanges held."""
    assert b"very-secret" not in b"".join(LINES)


def test_the_counts_add_up():
    """Every requirement is counted once, and every verdict is listed."""
    counts = json.loads(LINES[-1])["counts"]
    assert counts.keys() == {str(verdict) for verdict in Verdict}
    assert sum(counts.values()) == len(NAMES)
    assert replace(everything(), seconds=0.0).counts == counts
