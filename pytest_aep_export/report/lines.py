"""The lines of a record as JSON: a header, a verdict for each requirement, a footer; see ``record.schema.json``.

Of a client there is a line for each scenario as well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

from pytest_aep_export.report.document import Header, RequirementVerdict, Run, TargetLabel
from pytest_aep_export.report.findings import Finding
from pytest_aep_export.report.trials import RecordedTrial
from pytest_aep_export.suite.cleanup import Created
from pytest_aep_export.suite.expectations import Expectation
from pytest_aep_export.suite.registry import Level, Requirement, Source
from pytest_aep_export.suite.verdicts import Verdict

__all__ = [
    "FORMAT",
    "footer_json",
    "header_from",
    "header_json",
    "record_schema",
    "run_from",
    "trial_from",
    "trial_json",
    "verdict_from",
    "verdict_json",
]

FORMAT: Final = 1
"""The version of the record's form."""
_TOOL: Final = "pytest-aep-export"
_PLAIN: Final = ("suite", "registry", "started", "profile", "applies_to")
_OPTIONAL: Final = ("dialect", "expectations", "again")
_TEXTS: Final = ("id", "area", "title", "statement", "evidence", "capability")


@cache
def record_schema() -> dict[str, Any]:
    """The JSON Schema of each line of a record."""
    schema: dict[str, Any] = json.loads((Path(__file__).parent / "record.schema.json").read_text("utf-8"))
    return schema


def header_json(header: Header) -> dict[str, Any]:
    """The first line."""
    target = header.target
    return {
        "type": "header",
        "record": FORMAT,
        "tool": {"name": _TOOL, "version": header.tool},
        "target": {"kind": target.kind, "label": target.label, "fingerprint": target.fingerprint},
        "seed": header.seed,
        **{name: getattr(header, name) for name in _PLAIN},
        **{name: getattr(header, name) or None for name in _OPTIONAL},
        "areas": dict(header.areas),
        "documents": dict(header.documents),
        "requirements": list(header.requirements),
    }


def header_from(node: Mapping[str, Any]) -> Header:
    """What the first line says."""
    return Header(
        tool=node["tool"]["version"],
        target=TargetLabel(**node["target"]),
        requirements=tuple(node["requirements"]),
        seed=node["seed"],
        areas=node["areas"],
        documents=node["documents"],
        **{name: node[name] for name in _PLAIN},
        **{name: node[name] or "" for name in _OPTIONAL},
    )


def verdict_json(verdict: RequirementVerdict) -> dict[str, Any]:
    """The line of one requirement."""
    requirement = verdict.requirement
    return {
        "type": "verdict",
        **{name: getattr(requirement, name) for name in _TEXTS},
        "level": str(requirement.level),
        "sources": [_source_json(source) for source in requirement.sources],
        "verdict": str(verdict.verdict),
        "selected": verdict.selected,
        "expected": verdict.expected and _expectation_json(verdict.expected),
        "tests": [finding.to_json() for finding in verdict.findings],
    }


def verdict_from(node: Mapping[str, Any], applies_to: str = "server") -> RequirementVerdict:
    """What the line of one requirement says, in the record of a server or a client."""
    requirement = Requirement(
        applies_to=applies_to,
        level=Level(node["level"]),
        sources=tuple(Source(**source) for source in node["sources"]),
        **{name: node[name] for name in _TEXTS},
    )
    findings = tuple(Finding.from_json(test) for test in node["tests"])
    expected = node["expected"] and _expectation_from(node["expected"])
    return RequirementVerdict(requirement, Verdict(node["verdict"]), findings, node["selected"], expected)


def trial_json(trial: RecordedTrial) -> dict[str, Any]:
    """The line of one scenario."""
    return {"type": "scenario", **trial.to_json()}


def trial_from(node: Mapping[str, Any]) -> RecordedTrial:
    """What the line of one scenario says."""
    return RecordedTrial.from_json(node)


def footer_json(run: Run) -> dict[str, Any]:
    """The last line."""
    return {
        "type": "footer",
        "verdicts": len(run.verdicts),
        "counts": run.counts,
        "seconds": round(run.seconds, 3),
        "stopped": run.stopped,
        "problems": list(run.problems),
        "created": [asdict(created) for created in run.created],
        "exit": run.exit_code,
    }


def run_from(
    node: Mapping[str, Any],
    header: Header,
    verdicts: tuple[RequirementVerdict, ...],
    trials: tuple[RecordedTrial, ...] = (),
) -> Run:
    """The run, from what its last line says and what has been read before."""
    created = tuple(Created(**created) for created in node["created"])
    return Run(header, verdicts, node["seconds"], node["stopped"], tuple(node["problems"]), created, trials)


def _source_json(source: Source) -> dict[str, Any]:
    return {name: getattr(source, name) for name in ("document", "section", "sha256", "divergence")}


def _expectation_json(expected: Expectation) -> dict[str, Any]:
    return {
        "pattern": expected.pattern,
        "verdicts": sorted(expected.verdicts),
        "reason": expected.reason,
        "issue": expected.issue,
        "expires": expected.expires and expected.expires.isoformat(),
    }


def _expectation_from(node: Mapping[str, Any]) -> Expectation:
    return Expectation(
        pattern=node["pattern"],
        reason=node["reason"],
        issue=node["issue"],
        expires=node["expires"] and date.fromisoformat(node["expires"]),
        verdicts=frozenset(map(Verdict, node["verdicts"])),
    )
