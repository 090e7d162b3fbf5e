"""A conformance run as reports tell it: frozen values without secrets, the same before and after a record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from pytest_aep_export.report.findings import Finding
from pytest_aep_export.report.trials import RecordedTrial
from pytest_aep_export.suite.cleanup import Created
from pytest_aep_export.suite.expectations import Expectation, Expectations
from pytest_aep_export.suite.registry import Level, Requirement
from pytest_aep_export.suite.verdicts import Verdict, combine

__all__ = ["NO_EXPECTATIONS", "Header", "RequirementVerdict", "Run", "TargetLabel", "verdict_on"]

NO_EXPECTATIONS: Final = Expectations()
_LEFT_OUT: Final = "left out by the selection"
_NEVER_RUN: Final = "no test of it has run"
_JUDGED: Final = frozenset({Verdict.PASS, Verdict.FAIL, Verdict.WARN, Verdict.INFO})


@dataclass(frozen=True, slots=True)
class RequirementVerdict:
    """The verdict on one requirement.

    Attributes:
        requirement: What was judged.
        verdict: What the run says of it.
        findings: What each of its tests found.
        selected: Whether it was meant to be judged.
        expected: The expectation that the verdict meets, where somebody knew of it before.
    """

    requirement: Requirement
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    selected: bool = True
    expected: Expectation | None = None

    @property
    def grounds(self) -> tuple[Finding, ...]:
        """The findings that made it anything else than a pass."""
        if self.verdict in {Verdict.PASS, Verdict.NOT_APPLICABLE}:
            return ()
        return tuple(f for f in self.findings if combine(self.requirement.level, [f.outcome]) is self.verdict)

    @property
    def reason(self) -> str:
        """Why it was not judged, or not to the end; empty otherwise."""
        if not self.selected:
            return _LEFT_OUT
        if self.verdict in _JUDGED:
            return ""
        return next((f.outcome.found for f in (*self.grounds, *self.findings) if f.outcome.found), _NEVER_RUN)

    @property
    def cause(self) -> str:
        """What has blocked it; empty where nothing has."""
        return next((f.outcome.cause for f in self.grounds if f.outcome.cause), "")

    @property
    def failed(self) -> bool:
        """Whether it fails a run: a MUST that does not hold, and nobody knew."""
        return self.verdict is Verdict.FAIL and self.expected is None

    @property
    def undecided(self) -> bool:
        """Whether it keeps a run without failures from counting as well: a MUST without a verdict, or our own fault."""
        unjudged = self.verdict in {Verdict.NOT_VERIFIED, Verdict.BLOCKED} and self.expected is None
        return self.verdict is Verdict.ERROR or (self.selected and unjudged and self.requirement.level is Level.MUST)


@dataclass(frozen=True, slots=True)
class TargetLabel:
    """What was judged: of which kind, under which name, and a digest that tells two targets apart."""

    kind: str
    label: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Header:
    """What is known of a run before it begins.

    Attributes:
        suite: The version of the suite.
        tool: The version of this package.
        registry: The digest of the requirements.
        target: What is judged.
        started: When, as RFC 3339 has it.
        requirements: The ids of all requirements for what is judged, in the registry's order.
        areas: What each area is about.
        documents: What the sources' names stand for.
        dialect: Which documented variant the embedded emulator speaks; empty for any other target.
        seed: What the emulator's data and ids are derived from.
        profile: What the run was narrowed to.
        expectations: The digest of the expectations; empty where there are none.
        applies_to: Whether a ``server`` is judged or a ``client``.
        again: The command line that judges a client again, with ``WHICH`` where it says by what, or fuzzes a server
            again; empty where there is none.
    """

    suite: str
    tool: str
    registry: str
    target: TargetLabel
    started: str
    requirements: tuple[str, ...]
    areas: Mapping[str, str]
    documents: Mapping[str, str]
    dialect: str = ""
    seed: int | None = None
    profile: str = "full"
    expectations: str = ""
    applies_to: str = "server"
    again: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """A conformance run.

    Attributes:
        header: What was known before it began.
        verdicts: One for each requirement of the header, in the registry's order.
        seconds: How long it took.
        stopped: Why it ended early; empty when it did not.
        problems: What is wrong with the expectations, a sentence each.
        created: What the run has left at the target.
        trials: What a client did in each scenario that it was put into.
    """

    header: Header
    verdicts: tuple[RequirementVerdict, ...]
    seconds: float
    stopped: str = ""
    problems: tuple[str, ...] = ()
    created: tuple[Created, ...] = ()
    trials: tuple[RecordedTrial, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many requirements have each verdict."""
        found = Counter(verdict.verdict for verdict in self.verdicts)
        return {str(verdict): found[verdict] for verdict in Verdict}

    @property
    def judged(self) -> int:
        """How many requirements were judged."""
        return sum(verdict.verdict in _JUDGED for verdict in self.verdicts)

    @property
    def undecided(self) -> tuple[RequirementVerdict, ...]:
        """The requirements that keep a run without failures from counting as passed."""
        return tuple(verdict for verdict in self.verdicts if verdict.undecided)

    @property
    def exit_code(self) -> int:
        """0: every selected MUST was judged and holds. 1: something failed. 3: something could not be judged."""
        if self.problems or any(verdict.failed for verdict in self.verdicts):
            return 1
        return 3 if self.stopped or self.undecided else 0

    def trial(self, scenario: str) -> RecordedTrial | None:
        """What a client did in the scenario of that id."""
        return next((trial for trial in self.trials if trial.scenario == scenario), None)

    def of(self, area: str) -> tuple[RequirementVerdict, ...]:
        """The verdicts of an area that were meant to be judged."""
        return tuple(v for v in self.verdicts if v.selected and v.requirement.area == area)


def verdict_on(
    requirement: Requirement,
    findings: Iterable[Finding],
    *,
    selected: bool = True,
    expectations: Expectations = NO_EXPECTATIONS,
) -> RequirementVerdict:
    """The verdict on a requirement, from what its tests found, and whether somebody knew."""
    kept = tuple(findings)
    verdict = combine(requirement.level, [finding.outcome for finding in kept])
    return RequirementVerdict(requirement, verdict, kept, selected, expectations.excuse(requirement.id, verdict))
