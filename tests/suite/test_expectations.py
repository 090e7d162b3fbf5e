"""Expectations: what is excused, and what is wrong with an expectation itself."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.suite.expectations import Expectations, parse_expectations, read_expectations
from pytest_aep_export.suite.verdicts import Verdict

KNOWN = ("EXP-LIST-001", "EXP-LIST-002", "EXP-JOB-001")
TODAY = date(2026, 6, 15)
SOUND = """
[[expect]]
pattern = "EXP-LIST-*"
reason = "pages are numbered"
issue = "https://example.org/42"
expires = 2026-06-15
"""


def changed(old: str, new: str) -> Expectations:
    """A sound expectation with one line changed."""
    assert old in SOUND
    return parse_expectations(SOUND.replace(old, new).encode())


def problems(expectations: Expectations, **verdicts: Verdict) -> list[str]:
    """What is wrong when the run has reached these verdicts."""
    reached = {name.replace("_", "-"): verdict for name, verdict in verdicts.items()}
    return expectations.problems(reached, KNOWN, TODAY)


@pytest.mark.parametrize("verdict", [Verdict.FAIL, Verdict.WARN, Verdict.INFO])
def test_what_was_expected_is_excused(verdict: Verdict):
    """What does not hold is excused, by default whatever its level, as long as the pattern speaks of it."""
    expectations = parse_expectations(SOUND.encode())
    excuse = expectations.excuse("EXP-LIST-002", verdict)
    assert excuse is not None
    assert excuse.reason == "pages are numbered"
    assert expectations.excuse("EXP-JOB-001", verdict) is None


@pytest.mark.parametrize(
    "verdict", [Verdict.PASS, Verdict.ERROR, Verdict.NOT_APPLICABLE, Verdict.BLOCKED, Verdict.NOT_VERIFIED]
)
def test_what_was_not_judged_is_no_failure_that_was_expected(verdict: Verdict):
    """A failure that was expected excuses nothing else, least of all the suite's own fault."""
    assert parse_expectations(SOUND.encode()).excuse("EXP-LIST-001", verdict) is None


def test_a_verdict_may_be_named():
    """With a verdict only that one is excused; being blocked can be expected as well."""
    expectations = changed('reason = "pages', 'verdict = "blocked"\nreason = "pages')
    assert expectations.excuse("EXP-LIST-001", Verdict.BLOCKED)
    assert expectations.excuse("EXP-LIST-001", Verdict.FAIL) is None


def test_as_expected_nothing_is_wrong():
    """A failure that was expected, on the last day on which it may be, is no problem; nor is what was not judged."""
    expectations = parse_expectations(SOUND.encode())
    assert problems(expectations, EXP_LIST_001=Verdict.FAIL) == []
    assert problems(expectations, EXP_LIST_001=Verdict.NOT_APPLICABLE, EXP_JOB_001=Verdict.PASS) == []
    assert problems(expectations, EXP_JOB_001=Verdict.PASS) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("2026-06-15", "2026-06-14", "expectation EXP-LIST-* has expired on 2026-06-14: mend"),
        ("EXP-LIST-*", "EXP-LISTS-*", "expectation EXP-LISTS-* matches no requirement: correct it"),
        ('reason = "pages are numbered"', "", "expectation EXP-LIST-* has no reason: say why"),
        ('"pages are numbered"', '""', "expectation EXP-LIST-* has no reason: say why"),
        ('issue = "https://example.org/42"', "", "expectation EXP-LIST-* has no issue: say why"),
        ("expires = 2026-06-15", "", "expectation EXP-LIST-* has no expires: say why"),
    ],
)
def test_an_expectation_that_is_not_sound_is_a_problem(old: str, new: str, said: str):
    """One that has expired, matches nothing or does not explain itself is told in one sentence."""
    (problem,) = problems(changed(old, new), EXP_LIST_001=Verdict.FAIL)
    assert problem.startswith(said)


def test_an_unexpected_pass_is_a_problem():
    """What passes although it was expected not to is named, each requirement for itself."""
    found = problems(parse_expectations(SOUND.encode()), EXP_LIST_001=Verdict.PASS, EXP_LIST_002=Verdict.FAIL)
    assert found == ["EXP-LIST-001 passes, although expectation EXP-LIST-* says that it does not: take it out"]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"[[expect", "not valid TOML"),
        (b"\xff", "not valid TOML"),
        (b"", "are tables [[expect]] and nothing else"),
        (b"expect = [7]", "are tables [[expect]] and nothing else"),
        (b"expect = 7", "are tables [[expect]] and nothing else"),
        (SOUND.encode() + b"[more]", "are tables [[expect]] and nothing else"),
        (b"[[expect]]\nreason = 'why'", "has a pattern, a reason and an issue, all texts"),
        (SOUND.replace('"pages are numbered"', "7").encode(), "has a pattern, a reason and an issue, all texts"),
        (SOUND.encode() + b"colour = 'red'", "EXP-LIST-*: colour is unknown: use pattern, verdict"),
        (SOUND.replace("2026-06-15", '"2026-06-15"').encode(), "expires is a day, such as 2026-12-31 without quotes"),
        (SOUND.replace("2026-06-15", "2026-06-15T00:00:00").encode(), "expires is a day"),
        (SOUND.encode() + b"verdict = 'pass'", "'pass' cannot be expected: use one of blocked, fail, info"),
        (SOUND.encode() + b"verdict = ['fail']", "cannot be expected"),
    ],
)
def test_what_is_no_list_of_expectations_is_refused(raw: bytes, said: str):
    """A file that cannot be read as expectations is refused before anything is judged."""
    with pytest.raises(ConfigurationError) as caught:
        parse_expectations(raw)
    assert said in str(caught.value)


def test_a_file_of_expectations(tmp_path: Path):
    """A file is read with its digest; one that is not there is one sentence."""
    path = tmp_path / "known.toml"
    with pytest.raises(ConfigurationError, match=r"known.toml cannot be read \(No such file or directory\): name"):
        read_expectations(path)
    path.write_text(SOUND)
    found = read_expectations(path)
    assert len(found.entries) == 1
    assert found.digest == parse_expectations(SOUND.encode()).digest != changed("42", "43").digest
