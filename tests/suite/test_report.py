"""The document of a run and its two readers."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator
from rich.console import Console

from pytest_aep_export.exchange import Exchange, Response
from pytest_aep_export.report.document import Run, judge_run, run_schema
from pytest_aep_export.report.terminal import export_svg, print_run
from pytest_aep_export.suite.registry import Registry
from pytest_aep_export.suite.verdicts import Outcome, Result, Verdict

NAMES = ("EXP-LIST-001", "EXP-LIST-002", "EXP-LIST-003")
Make = Callable[..., Run]


@pytest.fixture
def run_of(small_registry: Registry) -> Make:
    """Makes a run from one result for each requirement: a MUST, a SHOULD and a MAY."""

    def make(*results: Result | Outcome | None, stopped: str = "", selected: frozenset[str] = frozenset(NAMES)) -> Run:
        outcomes = {
            name: [result if isinstance(result, Outcome) else Outcome("a test", result, found="a reason")]
            for name, result in zip(NAMES, results, strict=True)
            if result is not None
        }
        registry = small_registry
        verdicts = judge_run(registry, outcomes, selected)
        return Run(
            "2026.11", registry.digest, "the target", verdicts, registry.areas, registry.documents, 1.25, stopped
        )

    return make


def printed(run: Run) -> str:
    """The run as plain text."""
    stream = io.StringIO()
    print_run(run, Console(file=stream, width=120))
    return stream.getvalue()


MET, UNMET, BROKEN = Result.MET, Result.UNMET, Result.BROKEN
UNSURE, ABSENT = Result.NOT_VERIFIED, Result.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("results", "code"),
    [
        ((MET, MET, MET), 0),
        ((MET, UNMET, UNMET), 0),
        ((ABSENT, MET, MET), 0),
        ((MET, UNSURE, UNSURE), 0),
        ((UNMET, MET, MET), 1),
        ((UNMET, BROKEN, UNSURE), 1),
        ((UNSURE, MET, MET), 3),
        ((None, MET, MET), 3),
        ((MET, MET, BROKEN), 3),
    ],
)
def test_the_exit_code(run_of: Make, results: tuple[Result, ...], code: int):
    """Only a failed MUST is 1; a MUST that was not judged, or a broken test, is never 0."""
    assert run_of(*results).exit_code == code


def test_what_was_left_out_is_not_missed(run_of: Make):
    """A requirement that was not selected is not verified, but does not change the exit code."""
    run = run_of(None, MET, None, selected=frozenset({"EXP-LIST-002"}))
    assert run.exit_code == 0
    assert run.counts["not-verified"] == 2
    assert run.verdicts[0].reason == "left out by the selection"


def test_a_run_that_was_stopped_is_never_well(run_of: Make):
    """A run that ended early ends with 3, or with 1 when something had failed before."""
    assert run_of(MET, MET, MET, stopped="no answer").exit_code == 3
    assert run_of(UNMET, MET, MET, stopped="no answer").exit_code == 1


def test_the_counts_add_up(run_of: Make):
    """Every requirement is counted once, and every verdict is listed."""
    counts = run_of(UNMET, UNMET, UNMET).counts
    assert counts == {str(v): int(v in {Verdict.FAIL, Verdict.WARN, Verdict.INFO}) for v in Verdict}


@pytest.mark.parametrize("results", [(MET, UNMET, BROKEN), (UNMET, ABSENT, UNSURE), (None, MET, MET)])
def test_the_document_follows_its_schema(run_of: Make, exchange: Exchange, results: tuple[Result, ...]):
    """Whatever was found, the document is valid and survives JSON."""
    shown = [r and Outcome("a test", r, "a list", "none", exchange) for r in results]
    written = json.loads(json.dumps(run_of(*shown).to_json()))
    Draft202012Validator(run_schema()).validate(written)
    assert [entry["id"] for entry in written["requirements"]] == list(NAMES)


def test_the_schema_is_strict(run_of: Make):
    """A document with a foreign member or an unknown verdict is not valid."""
    validator = Draft202012Validator(run_schema())
    Draft202012Validator.check_schema(run_schema())
    document = run_of(MET, MET, MET).to_json()
    assert not validator.is_valid(document | {"extra": 1})
    document["requirements"][0]["verdict"] = "perhaps"
    assert not validator.is_valid(document)


def test_the_document_holds_the_evidence_without_secrets(run_of: Make, exchange: Exchange):
    """A failure keeps the exchange that shows it, redacted, and the sources by their full names."""
    document = run_of(Outcome("a test", UNMET, "a list", "none", exchange), MET, MET).to_json()
    failed, passed = document["requirements"][:2]
    assert failed["sources"] == [{"document": "The guide", "section": "A section", "divergence": None}]
    [ground] = failed["grounds"]
    assert (ground["required"], ground["found"]) == ("a list", "none")
    assert ground["exchange"]["response"]["status"] == 200
    assert ground["exchange"]["curl"].startswith("curl -X GET 'http://127.0.0.1:9/data")
    assert passed["grounds"] == []
    assert "very-secret" not in json.dumps(document)


def test_only_what_decided_is_a_ground(small_registry: Registry):
    """Of several outcomes only those are kept that made the verdict."""
    outcomes = {"EXP-LIST-001": [Outcome("good", MET), Outcome("bad", UNMET), Outcome("unsure", UNSURE)]}
    verdict = judge_run(small_registry, outcomes, frozenset(NAMES))[0]
    assert [outcome.test for outcome in verdict.grounds] == ["bad"]


def test_long_bodies_are_cut(run_of: Make, exchange: Exchange):
    """A body is kept up to a bound, and binary ones as well as they can be."""
    long = replace(exchange, response=Response(200, exchange.response.headers, b"\xff" * 100_000))
    document = run_of(Outcome("a test", UNMET, "a list", "none", long), MET, MET).to_json()
    body = document["requirements"][0]["grounds"][0]["exchange"]["response"]["body"]
    assert len(body) == 4001
    assert body.endswith("…")


def test_the_terminal_shows_the_table(run_of: Make):
    """The table has a row for each area that was judged, and one for all."""
    text = printed(run_of(MET, UNMET, UNMET))
    assert "the target, suite 2026.11" in text
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in text.splitlines() if line.startswith("│")]
    assert rows == [
        ["LIST     Lists", "1", "", "1", "1", "", "", ""],
        ["all", "1", "", "1", "1", "", "", ""],
    ]
    assert text.rstrip().endswith("3 of 3 requirements judged in 1.2 s: nothing failed")


def test_the_terminal_explains_a_failure(run_of: Make, exchange: Exchange):
    """A failure shows its requirement, statement and source, what came back, and how to repeat it."""
    text = printed(run_of(Outcome("a test", UNMET, "a list", "none at all", exchange), MET, MET))
    for part in (
        "fail EXP-LIST-001 MUST: The list is a list",
        "A statement that is long enough.",
        "source: guide, A section",
        "required: a list",
        "found: none at all",
        "answer: 200, application/json",
        f"reproduce with: {exchange.request.curl()}",
        "1 that every documented variant has do not hold",
    ):
        assert part in text


def test_the_terminal_counts_further_grounds(small_registry: Registry, run_of: Make):
    """Only the first ground is shown in full, the others are counted."""
    outcomes = {"EXP-LIST-001": [Outcome(f"test {n}", UNMET, "a list", f"reason {n}") for n in range(3)]}
    run = replace(run_of(MET, MET, MET), verdicts=judge_run(small_registry, outcomes, frozenset(NAMES)))
    text = printed(run)
    assert "reason 0" in text
    assert "reason 1" not in text
    assert "and in 2 more of its 3 tests" in text


def test_the_terminal_groups_what_was_not_judged(run_of: Make):
    """Requirements that were not verified for the same reason share one entry, and keep the run from being well."""
    text = printed(run_of(UNSURE, UNSURE, MET))
    assert "not verified EXP-LIST-001, EXP-LIST-002\n  why: a reason" in text
    assert "nothing failed, but 1 could not be judged" in text


def test_the_terminal_says_why_a_run_was_stopped(run_of: Make):
    """A run that ended early says why in its last line."""
    text = printed(run_of(MET, MET, MET, stopped="the target no longer answers"))
    assert text.rstrip().endswith("the target no longer answers")


def test_the_picture_shows_the_summary(run_of: Make):
    """The summary is exported as an SVG that holds the table and the conclusion."""
    svg = export_svg(run_of(MET, MET, MET))
    assert svg.startswith("<svg")
    assert "the&#160;target,&#160;suite&#160;2026.11" in svg
    assert "nothing&#160;failed" in svg
