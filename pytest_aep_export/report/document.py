"""The document of a conformance run: frozen values, and the JSON that ``aep-export run --json`` writes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pytest_aep_export.exchange import Exchange
from pytest_aep_export.suite.registry import Level, Registry, Requirement
from pytest_aep_export.suite.verdicts import Outcome, Verdict, combine

__all__ = ["RequirementVerdict", "Run", "judge_run", "run_schema"]

_LEFT_OUT: Final = "left out by the selection"
_BODY: Final = 4_000
"""Characters of a body that a document keeps."""


@dataclass(frozen=True, slots=True)
class RequirementVerdict:
    """The verdict on one requirement.

    Attributes:
        requirement: What was judged.
        verdict: What the run says of it.
        outcomes: What each of its tests found.
        selected: Whether it was meant to be judged.
    """

    requirement: Requirement
    verdict: Verdict
    outcomes: tuple[Outcome, ...] = ()
    selected: bool = True

    @property
    def grounds(self) -> tuple[Outcome, ...]:
        """The outcomes that made it anything else than a pass."""
        if self.verdict in {Verdict.PASS, Verdict.NOT_APPLICABLE}:
            return ()
        return tuple(outcome for outcome in self.outcomes if combine(self.requirement.level, [outcome]) is self.verdict)

    @property
    def reason(self) -> str:
        """Why it was not judged, or not to the end; empty otherwise."""
        if not self.selected:
            return _LEFT_OUT
        if self.verdict not in {Verdict.NOT_VERIFIED, Verdict.NOT_APPLICABLE, Verdict.ERROR}:
            return ""
        return next((o.found for o in (*self.grounds, *self.outcomes) if o.found), "no test of it has run")


@dataclass(frozen=True, slots=True)
class Run:
    """A conformance run.

    Attributes:
        suite: The version of the suite.
        registry: The digest of its requirements.
        target: What was judged.
        verdicts: One for each server requirement, in the registry's order.
        areas: What each area is about.
        documents: What the sources' names stand for.
        seconds: How long it took.
        stopped: Why it ended early; empty when it did not.
    """

    suite: str
    registry: str
    target: str
    verdicts: tuple[RequirementVerdict, ...]
    areas: Mapping[str, str]
    documents: Mapping[str, str]
    seconds: float
    stopped: str = ""

    @property
    def counts(self) -> dict[str, int]:
        """How many requirements have each verdict."""
        found = Counter(str(verdict.verdict) for verdict in self.verdicts)
        return {str(verdict): found[verdict] for verdict in Verdict}

    @property
    def exit_code(self) -> int:
        """0: every selected MUST was judged and holds. 1: something failed. 3: something could not be judged."""
        if any(verdict.verdict is Verdict.FAIL for verdict in self.verdicts):
            return 1
        return 3 if self.stopped or self.undecided else 0

    @property
    def undecided(self) -> tuple[RequirementVerdict, ...]:
        """The selected requirements that keep a run without failures from counting as passed."""
        return tuple(
            v
            for v in self.verdicts
            if v.verdict is Verdict.ERROR
            or (v.selected and v.verdict is Verdict.NOT_VERIFIED and v.requirement.level is Level.MUST)
        )

    def to_json(self) -> dict[str, Any]:
        """The document, as ``run.schema.json`` describes it."""
        return {
            "suite": self.suite,
            "registry": self.registry,
            "target": self.target,
            "seconds": round(self.seconds, 3),
            "stopped": self.stopped,
            "exit_code": self.exit_code,
            "counts": self.counts,
            "requirements": [_verdict_json(verdict, self.documents) for verdict in self.verdicts],
        }


def judge_run(
    registry: Registry, outcomes: Mapping[str, Sequence[Outcome]], selected: frozenset[str]
) -> tuple[RequirementVerdict, ...]:
    """The verdict on each server requirement, from what the tests found."""
    return tuple(
        RequirementVerdict(r, combine(r.level, outcomes.get(r.id, ())), tuple(outcomes.get(r.id, ())), r.id in selected)
        for r in registry.of("server")
    )


def run_schema() -> dict[str, Any]:
    """The JSON Schema of the document."""
    schema: dict[str, Any] = json.loads((Path(__file__).parent / "run.schema.json").read_text("utf-8"))
    return schema


def _verdict_json(verdict: RequirementVerdict, documents: Mapping[str, str]) -> dict[str, Any]:
    requirement = verdict.requirement
    return {
        "id": requirement.id,
        "area": requirement.area,
        "title": requirement.title,
        "level": str(requirement.level),
        "statement": requirement.statement,
        "evidence": requirement.evidence,
        "sources": [
            {"document": documents[s.document], "section": s.section, "divergence": s.divergence}
            for s in requirement.sources
        ],
        "verdict": str(verdict.verdict),
        "reason": verdict.reason,
        "tests": len(verdict.outcomes),
        "grounds": [_outcome_json(outcome) for outcome in verdict.grounds],
    }


def _outcome_json(outcome: Outcome) -> dict[str, Any]:
    exchange = outcome.exchange and _exchange_json(outcome.exchange.redacted())
    return {"test": outcome.test, "required": outcome.required, "found": outcome.found, "exchange": exchange}


def _exchange_json(exchange: Exchange) -> dict[str, Any]:
    request, response = exchange.request, exchange.response
    return {
        "request": {"method": request.method, "url": request.url, "body": _text(request.body)},
        "response": {
            "status": response.status,
            "headers": [list(header) for header in response.headers.raw],
            "body": _text(response.body),
        },
        "curl": request.curl(),
    }


def _text(body: bytes) -> str:
    text = body[: _BODY * 4].decode("utf-8", "replace")
    return text if len(text) <= _BODY else f"{text[:_BODY]}…"
