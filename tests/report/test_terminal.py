"""A run on the terminal, and as a picture."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from pytest_aep_export.report.document import Run, TargetLabel
from pytest_aep_export.report.markup import printable
from pytest_aep_export.report.terminal import export_svg, print_run
from pytest_aep_export.suite.expectations import Expectations
from tests.report.samples import BLOCKED, HEADER, KNOWN, MET, UNMET, UNSURE, everything, exchange, outcome, run_of


def printed(run: Run) -> str:
    """The run as plain text."""
    stream = io.StringIO()
    print_run(run, Console(file=stream, width=120))
    return stream.getvalue()


def test_the_table():
    """The table has a row for each area that was judged, and one for all."""
    text = printed(run_of(MET, UNMET, UNMET, selected=["EXP-LIST-001", "EXP-LIST-002", "EXP-LIST-003"]))
    assert "http://127.0.0.1:9, suite 2026.11" in text
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in text.splitlines() if line.startswith("│")]
    assert rows == [
        ["LIST     Lists", "1", "", "1", "1", "", "", "", ""],
        ["all", "1", "", "1", "1", "", "", "", ""],
    ]
    assert text.rstrip().endswith("4 of 4 requirements judged in 1.2 s: nothing failed")


def test_a_failure_explains_itself():
    """What was required and where, what was sent, what came back, what was expected, and one line to repeat it."""
    shown = exchange(b"<html>", status=500, media="text/html")
    text = printed(run_of(outcome(UNMET, required="the list", found="a page", shown=shown)))
    lines = [
        "fail EXP-LIST-001 MUST: The list is a list",
        "  required: Whoever asks for the list is given one.",
        "  source: The guide, Lists",
        "  source: The guide, Errata (divergence 16)",
        "  test: test_list::test_0",
        "  expected: the list",
        "  found: a page",
        "  sent: GET http://127.0.0.1:9/data/core/ups/export/jobs?limit=2",
        "  answer: 500, text/html, <html>",
        "  reproduce with: curl -i -X GET 'http://127.0.0.1:9/data/core/ups/export/jobs?limit=2' -H ",
    ]
    assert "\n".join(lines) in text
    assert "-H 'Authorization: Bearer REDACTED' -H 'x-api-key: REDACTED' -H 'x-sandbox-name: prod'\n" in text
    assert "1 MUST requirement does not hold" in text


def test_further_grounds_are_counted():
    """Only the first ground is shown in full, the others are counted."""
    text = printed(run_of([outcome(UNMET, number) for number in range(3)]))
    assert "reason 0" in text
    assert "reason 1" not in text
    assert "also: in 2 more of its 3 tests" in text


def test_the_gravest_first():
    """Failures come before the suite's faults, these before warnings."""
    text = printed(everything())
    places = [text.index(f"{kind} EXP-") for kind in ("fail", "error", "warn", "blocked")]
    assert places == sorted(places)


def test_what_was_not_judged_shares_its_reason():
    """Requirements that were not verified for the same reason share one entry, and keep the run from being well."""
    text = printed(run_of(UNSURE, UNSURE, MET))
    assert "not verified EXP-LIST-001, EXP-LIST-002\n  why: reason 0\n" in text
    assert "nothing failed, but 1 could not be judged" in text
    assert "not verified EXP-LIST-001\n  why: no test of it has run\n" in printed(run_of(None))


def test_a_root_cause_is_told_once():
    """What one thing has blocked is one entry, with the exchange that shows it."""
    shown = outcome(BLOCKED, exchange=exchange(status=500))
    text = printed(run_of(MET, shown, shown, shown))
    assert text.count("blocked EXP-") == 1
    assert "blocked EXP-LIST-002, EXP-LIST-003, EXP-JOB-001\n  by: EXP-LIST-001\n  why: reason 0\n  sent: GET" in text
    assert text.count("reproduce with: curl") == 1


def test_a_cause_that_is_its_own_reason():
    """Nothing is said twice."""
    text = printed(run_of(MET, MET, MET, outcome(BLOCKED, cause="no calls are left", found="no calls are left")))
    assert text.count("no calls are left") == 1


def test_what_somebody_knew():
    """A known failure says why, where it is worked on and until when, and how many were known."""
    text = printed(run_of(UNMET, MET, MET, UNMET, expectations=Expectations((KNOWN,))))
    assert "  known: pages are numbered, https://example.org/42, until 2026-12-31" in text
    assert "2 MUST requirements do not hold, 1 of which was known" in text
    assert "of which were known" in printed(
        run_of(UNMET, MET, MET, UNMET, expectations=Expectations((replace(KNOWN, pattern="*"),)))
    )


def test_what_else_there_is_to_say():
    """Problems of the expectations, what was left at the target, and why the run was stopped."""
    text = printed(everything())
    assert "expectations\n  expectation EXP-ROWS-* matches no requirement" in text
    assert "left at the target\n  1 job in sandbox prod, cancelled: 7\n  1 dataset in sandbox prod, left: a<b\n" in text
    assert text.rstrip().endswith("the target no longer answers")


def test_a_server_cannot_steer_the_terminal():
    """Escape sequences, other controls and changes of direction are made visible; lines of a server are set in."""
    said = "\x1b[2J\x07\x9b31m\u202egood\nall is well"
    text = printed(run_of(outcome(UNMET, found=said, shown=exchange(said.encode()))))
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(text)
    assert r"found: \x1b[2J\x07\x9b31m\u202egood" in text
    assert "\n    all is well" in text
    assert printable("plain\ttext\n") == "plain\ttext\n"


def test_a_target_may_be_called_anything():
    """The name of a target is no markup."""
    header = replace(HEADER, target=TargetLabel("url", "http://[red]x[/red]", "0"))
    assert "http://[red]x[/red], suite" in printed(run_of(header=header))


def test_the_picture():
    """The summary is exported as an SVG that holds the table and the conclusion."""
    svg = export_svg(run_of())
    assert svg.startswith("<svg")
    assert "http://127.0.0.1:9,&#160;suite&#160;2026.11" in svg
    assert "nothing&#160;failed" in svg


@pytest.mark.parametrize("run", [everything(), run_of()])
def test_nothing_secret_is_printed(run: Run):
    """No credential is on the terminal."""
    assert "very-secret" not in printed(run)
