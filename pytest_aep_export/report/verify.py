"""What a record claims, held against what follows from its tests: verdicts, counts, and the exit code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_aep_export.report.document import RequirementVerdict, Run
from pytest_aep_export.report.lines import footer_json
from pytest_aep_export.suite.verdicts import combine

__all__ = ["wrong_footer", "wrong_verdict"]


def wrong_verdict(verdict: RequirementVerdict) -> Iterator[str]:
    """What does not follow on the line of a requirement, a clause each; nothing when all does."""
    name = verdict.requirement.id
    follows = combine(verdict.requirement.level, [finding.outcome for finding in verdict.findings])
    if follows is not verdict.verdict:
        yield f"the verdict on {name} is given as {verdict.verdict}, but its tests make it {follows}"
    expected = verdict.expected
    if expected and not (expected.matches(name) and verdict.verdict in expected.verdicts):
        yield f"expectation {expected.pattern} does not speak of a {verdict.verdict} of {name}"
    if verdict.findings and not verdict.selected:
        yield f"{name} is said to have been left out, but it has tests"
    if any(f.shows is not None and f.shows >= len(f.exchanges) for f in verdict.findings):
        yield f"a test of {name} points to an exchange that is not there"


def wrong_footer(run: Run, footer: Mapping[str, Any]) -> Iterator[str]:
    """What does not follow in the footer, a clause each; nothing when all does."""
    follows = footer_json(run)
    for verdict, count in follows["counts"].items():
        if footer["counts"][verdict] != count:
            yield f"the footer counts {footer['counts'][verdict]} {verdict}, but the record holds {count}"
    for member in ("verdicts", "exit"):
        if footer[member] != follows[member]:
            yield f"the footer gives {footer[member]} for {member!r}, but the record makes it {follows[member]}"
