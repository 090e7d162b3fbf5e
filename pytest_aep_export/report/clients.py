"""A client that was judged, as a run that every report tells of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from pytest_aep_export.report.document import NO_EXPECTATIONS, Header, Run, TargetLabel, verdict_on
from pytest_aep_export.report.findings import Finding
from pytest_aep_export.report.lines import footer_json, trial_json, verdict_json
from pytest_aep_export.report.trials import RecordedTrial
from pytest_aep_export.suite.expectations import Expectations
from pytest_aep_export.suite.registry import Registry
from pytest_aep_export.version import SUITE_VERSION

if TYPE_CHECKING:
    from pytest_aep_export.judge.judging import Judgement

__all__ = ["client_header", "client_run", "record_lines"]

_PACKAGE: Final = "pytest-aep-export"
_ADDRESS: Final = "AEP_TARGET"


def client_header(  # noqa: PLR0913 - what is known of a run before it begins, by keyword
    label: str,
    registry: Registry,
    *,
    kind: str,
    started: str,
    profile: str = "full",
    seed: int = 0,
    expectations: str = "",
    again: str = "",
) -> Header:
    """What is known before a client is judged.

    Args:
        label: What reports call it.
        registry: By which requirements.
        kind: In which way it is reached.
        started: When, as RFC 3339 has it.
        profile: Into which scenarios it is put.
        seed: What data and ids are derived from.
        expectations: The digest of the expectations.
        again: The command line that judges it again, with ``WHICH`` where it says by what.
    """
    return Header(
        suite=SUITE_VERSION,
        tool=version(_PACKAGE),
        registry=registry.digest,
        target=TargetLabel(kind, label, hashlib.sha256(f"{kind}\n{label}".encode()).hexdigest()),
        started=started,
        requirements=tuple(requirement.id for requirement in registry.of("client")),
        areas=registry.areas,
        documents=registry.documents,
        seed=seed,
        profile=profile,
        expectations=expectations,
        applies_to="client",
        again=again,
    )


def client_run(
    header: Header,
    judgement: Judgement,
    registry: Registry,
    *,
    seconds: float,
    today: date,
    chosen: frozenset[str] | None = None,
    expectations: Expectations = NO_EXPECTATIONS,
) -> Run:
    """The run in which a client was judged.

    Args:
        header: What was known before.
        judgement: What was found.
        registry: The requirements.
        seconds: How long it took.
        today: Is compared with the days on which expectations end.
        chosen: The requirements that it was to be judged by; None for all that anything was said of.
        expectations: What is known not to hold.
    """
    findings = _findings(judgement)
    verdicts = tuple(
        verdict_on(
            registry[name],
            findings[name] if (chosen is None or name in chosen) else (),
            selected=bool(findings[name]) and (chosen is None or name in chosen),
            expectations=expectations,
        )
        for name in header.requirements
    )
    reached = {v.requirement.id: v.verdict for v in verdicts if v.selected}
    problems = tuple(expectations.problems(reached, registry.requirements, today))
    trials = tuple(RecordedTrial.of(trial, _secrets(trial.known)) for trial in judgement.trials)
    return Run(header, verdicts, seconds, judgement.stopped, problems, trials=trials)


def record_lines(run: Run) -> Iterator[Mapping[str, Any]]:
    """The lines of a record that come after its header."""
    yield from map(verdict_json, run.verdicts)
    yield from map(trial_json, run.trials)
    yield footer_json(run)


def _findings(judgement: Judgement) -> dict[str, Sequence[Finding]]:
    """What each scenario shows of each requirement, without the secrets that the client had in that scenario."""
    known = {trial.scenario.id: trial.known for trial in judgement.trials}
    return {
        name: [Finding.of(each, _secrets(known.get(each.test, {})), known.get(each.test)) for each in outcomes]
        for name, outcomes in judgement.outcomes.items()
    }


def _secrets(known: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(text for text, name in known.items() if name != _ADDRESS)
