"""Records of clients: what is kept of each scenario, and what is refused of a record."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from pytest_aep_export.emulator import Behaviour
from pytest_aep_export.exchange import Exchange, Headers, Request, Response
from pytest_aep_export.judge.judging import Judgement, Trial
from pytest_aep_export.judge.scenario import Scenario
from pytest_aep_export.judge.trace import Attempt, Performance, Trace
from pytest_aep_export.report.account import account, again, conclusion
from pytest_aep_export.report.clients import client_header, client_run, record_lines
from pytest_aep_export.report.diff import compare
from pytest_aep_export.report.document import Run
from pytest_aep_export.report.lines import header_json, trial_json
from pytest_aep_export.report.reading import BadLineError, read_lines
from pytest_aep_export.report.record import Seal
from pytest_aep_export.report.trials import RecordedTrial
from pytest_aep_export.suite.registry import load
from pytest_aep_export.suite.verdicts import Outcome, Result
from tests.report import samples

TODAY = date(2026, 11, 24)
SCENARIO = Scenario("down", "It is down.", "list", "either", Behaviour())
NAME, OTHER = "EXP-CLI-001", "EXP-CLI-003"
TOKEN = "the-very-token-of-the-client"
URL = "http://127.0.0.1:9"
CALL = Exchange(
    Request("GET", f"{URL}/data/core/ups/export/jobs", Headers({"Authorization": f"Bearer {TOKEN}"})),
    Response(0),
    "listExportJobs",
)


def trial(*outcomes: Outcome, did: Performance | None = None, **more: Any) -> Trial:
    """A trial in which a rule said so."""
    trace = Trace((CALL,), SCENARIO, did or Performance("failure", "no way"), **more)
    return Trial(
        SCENARIO, trace, {NAME: outcomes} if outcomes else {}, 1.23456, {TOKEN: "AEP_TOKEN", URL: "AEP_TARGET"}
    )


def run_of(*trials: Trial, command: str = "./mine", **options: Any) -> Run:
    """The run in which a client was judged."""
    again = f"aep-export judge WHICH -- {command}" if command else ""
    header = client_header(command or "mine", load(), kind="program", started="2026-11-24T10:00:00Z", again=again)
    judged = Judgement(trials, whole=False)
    return client_run(header, judged, load(), seconds=2, today=TODAY, **options)


UNMET = Outcome("down", Result.UNMET, "a page", "none", CALL.redacted())


def lines_of(run: Run) -> list[dict[str, Any]]:
    """The lines of a record, not yet sealed."""
    return [dict(line) for line in (header_json(run.header), *record_lines(run))]


def sealed(lines: list[dict[str, Any]]) -> list[bytes]:
    """The lines of a record with their digests."""
    seal = Seal()
    return [seal.put(line) for line in lines]


def test_a_record_says_what_the_run_was():
    """What is read from a client's record is the run that was written."""
    run = run_of(trial(UNMET, attempts=(Attempt("example.com", "GET /", secrets=True),)))
    assert read_lines(sealed(lines_of(run))) == run
    assert run.trials[0].attempts == ("example.com: GET /",)
    assert (run.trials[0].calls, run.trials[0].seconds, run.trials[0].due) == (1, 1.235, "either")


def test_what_does_not_hold_is_told_with_the_scenario():
    """An account names scenario, exchange, end and output, and last the command that plays the scenario again."""
    run = run_of(trial(UNMET, did=Performance("crash", "it was ended by SIGSEGV", b"one\ntwo\n")))
    found = next(verdict for verdict in run.verdicts if verdict.failed)
    told = list(account(found, run))
    assert told[-8:] == [
        ("scenario", "down: It is down."),
        ("expected", "a page"),
        ("found", "none"),
        ("sent", f"GET {URL}/data/core/ups/export/jobs"),
        ("answer", "none: the connection ended before, or what came was no HTTP"),
        ("ended", "crash, it was ended by SIGSEGV"),
        ("printed", "one\ntwo"),
        ("reproduce with", "aep-export judge --scenario down -- ./mine"),
    ]
    count = len(load().of("client"))
    text = f"1 of {count} requirements judged in 1 scenario and 2.0 s: 1 MUST requirement does not hold"
    assert conclusion(run) == text
    assert again(run, "-k x") == "aep-export judge -k x -- ./mine"


def test_a_client_without_a_command():
    """Of a client in a test's own process no command line is told."""
    run = run_of(trial(UNMET), command="")
    found = next(verdict for verdict in run.verdicts if verdict.failed)
    assert [label for label, _ in account(found, run)][-2:] == ["answer", "ended"]
    assert again(run, "-k x") == ""


def test_no_secret_is_written():
    """The client's own secrets are nowhere in a record, whether it printed, said or sent them."""
    did = Performance("failure", f"bad {TOKEN}", f"token={TOKEN}".encode())
    unmet = replace(UNMET, found=f"sent {TOKEN}", exchanges=(CALL,))
    run = run_of(trial(unmet, did=did))
    assert TOKEN not in str(lines_of(run))
    assert run.trials[0].output == "token=REDACTED"
    (finding,) = next(verdict for verdict in run.verdicts if verdict.failed).findings
    assert finding.outcome.found == "sent REDACTED"
    assert finding.exchange
    assert finding.exchange.curl.endswith(
        '$AEP_TARGET/data/core/ups/export/jobs" -H "Authorization: Bearer $AEP_TOKEN"'
    )


@pytest.mark.parametrize(
    ("outcomes", "end", "kept"),
    [((UNMET,), "success", True), ((), "timeout", True), ((Outcome("down", Result.MET),), "failure", False)],
    ids=["something unmet", "not as due", "all well"],
)
def test_output_is_kept_where_it_is_of_use(outcomes: tuple[Outcome, ...], end: Any, kept: bool):  # noqa: FBT001 - a case
    """What a client printed is kept of a scenario in which something does not hold, or that did not end as due."""
    (recorded,) = run_of(trial(*outcomes, did=Performance(end, "", b"words"))).trials
    assert recorded.output == ("words" if kept else "")


def test_output_is_cut_between_words():
    """Of a long output the beginning and the end are kept, and no half of a word, which may be a secret's."""
    output = b"x" * 30 + b" first " + b"y " * 20_000 + b"z" * 13_000 + b" last"
    (recorded,) = run_of(trial(UNMET, did=Performance("failure", "", output))).trials
    head, gap, tail = recorded.output.split("\n")
    assert head.startswith("x" * 30 + " first y y")
    assert gap == f"[{len(output) - len(head) - len(tail)} characters are left out here]"
    assert tail == " last"


def test_words_beside_a_gap():
    """What stands right beside a gap that the capture has left may be half of a secret, and is left out."""
    output = b"begin eyJsecret\n[77 bytes are left out here]\nsecret.end go on"
    (recorded,) = run_of(trial(UNMET, did=Performance("failure", "", output))).trials
    assert recorded.output == "begin \n[77 bytes are left out here]\n go on"


def test_binary_output():
    """What is no text is kept as far as it is text."""
    (recorded,) = run_of(trial(UNMET, did=Performance("failure", "", b"a\xff\0b"))).trials
    assert recorded.output == "a\ufffd\0b"


def test_last_words():
    """Of what a client printed the last lines are shown, none of them endless."""
    shown = RecordedTrial(
        "s", "", "list", "either", "crash", "", 0, (), 0, 0, "".join(f"line {n}\n" for n in range(12))
    )
    assert shown.last_words == "…\n" + "\n".join(f"line {n}" for n in range(4, 12))
    assert replace(shown, output="x" * 300).last_words == "x" * 200 + "…"
    assert (shown.ended, replace(shown, output="").last_words) == ("crash", "")


def test_only_what_was_chosen_is_judged():
    """A requirement that was not chosen is left out, whatever was found."""
    run = run_of(trial(UNMET), chosen=frozenset({OTHER}))
    assert not any(verdict.selected or verdict.findings for verdict in run.verdicts)


def test_a_second_account_of_a_scenario():
    """A record that tells of a scenario twice is refused."""
    lines = lines_of(run_of(trial(UNMET)))
    with pytest.raises(BadLineError, match="there is a second account of down"):
        read_lines(sealed([*lines[:-1], lines[-2], lines[-1]]))


def test_a_scenario_in_the_record_of_a_server():
    """No server is put into scenarios: such a line is refused."""
    (recorded,) = run_of(trial(UNMET)).trials
    lines = [header_json(samples.HEADER), trial_json(recorded)]
    with pytest.raises(BadLineError, match="line 2: a scenario stands where a verdict or the footer should be"):
        read_lines(sealed(lines))


def test_a_client_is_no_server():
    """Whoever compares a client with a server is told."""
    client = run_of(trial(UNMET))
    server = replace(client, header=replace(client.header, applies_to="server"))
    assert "what is judged: client → server" in list(compare(client, server).caveats)
