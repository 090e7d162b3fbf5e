"""What a record claims, held against what follows from its tests, and against the requirements where they are known.

From the tests follow verdicts, counts and the exit code. What was required follows from the registry that the header
names, if that is the one of this package.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import date
from typing import Any

from pytest_aep_export.report.document import Header, RequirementVerdict, Run
from pytest_aep_export.report.lines import footer_json
from pytest_aep_export.suite.expectations import Expectations
from pytest_aep_export.suite.registry import Registry, Requirement, load
from pytest_aep_export.suite.verdicts import combine

__all__ = ["known_registry", "wrong_footer", "wrong_header", "wrong_verdict"]


def known_registry(header: Header) -> Registry | None:
    """The requirements that a record speaks of; None where they are those of another version."""
    registry = load()
    return registry if registry.digest == header.registry else None


def wrong_header(header: Header, registry: Registry | None) -> Iterator[str]:
    """What the header says of the requirements that is not so, a clause each; nothing where they are not known."""
    if registry is None:
        return
    due = [requirement.id for requirement in registry.of(header.applies_to)]
    for name in due:
        if name not in header.requirements:
            yield f"the header leaves out {name}, which its registry holds"
    for name in header.requirements:
        if name not in due:
            yield f"the header lists {name}, which its registry does not hold"


def wrong_verdict(verdict: RequirementVerdict, header: Header, registry: Registry | None) -> Iterator[str]:
    """What does not follow on the line of a requirement, a clause each; nothing when all does."""
    name = verdict.requirement.id
    if name not in header.requirements:
        yield f"the header does not list {name}"
    elif registry:
        yield from _differences(verdict.requirement, registry[name])
    if verdict.expected and not header.expectations:
        yield f"{name} is said to be expected, but the header knows of no expectations"
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
    for problem in _due_problems(run):
        if problem not in run.problems:
            yield f"the footer leaves out that {problem}"
    if run.problems and not run.header.expectations:
        yield "the footer tells of problems with expectations, but the header knows of none"
    for member in ("verdicts", "exit"):
        if footer[member] != follows[member]:
            yield f"the footer gives {footer[member]} for {member!r}, but the record makes it {follows[member]}"


def _differences(said: Requirement, known: Requirement) -> Iterator[str]:
    for name in (field.name for field in fields(Requirement)):
        if getattr(said, name) != getattr(known, name):
            yield f"{said.id} differs in its {name} from the registry that the header names"


def _due_problems(run: Run) -> Iterator[str]:
    """What is wrong with those expectations that the record knows, because a verdict has met them."""
    met = tuple(dict.fromkeys(verdict.expected for verdict in run.verdicts if verdict.expected))
    reached = {verdict.requirement.id: verdict.verdict for verdict in run.verdicts if verdict.selected}
    yield from Expectations(met).problems(reached, run.header.requirements, date.fromisoformat(run.header.started[:10]))
