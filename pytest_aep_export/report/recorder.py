"""Follows a run, and settles the verdict on each requirement as soon as the last of its tests has ended."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from typing import Final

from pytest_aep_export.exchange import Exchange
from pytest_aep_export.report.document import NO_EXPECTATIONS, Header, RequirementVerdict, Run, TargetLabel, verdict_on
from pytest_aep_export.report.findings import Finding
from pytest_aep_export.report.lines import footer_json, header_json, verdict_json
from pytest_aep_export.report.record import RecordWriter
from pytest_aep_export.suite.cleanup import Created
from pytest_aep_export.suite.expectations import Expectations
from pytest_aep_export.suite.hooks import ENDED, Observer
from pytest_aep_export.suite.registry import Registry
from pytest_aep_export.suite.targets import EMULATOR, Target
from pytest_aep_export.suite.verdicts import Outcome, Result
from pytest_aep_export.version import SUITE_VERSION

__all__ = ["Recorder", "header_of"]

_PACKAGE: Final = "pytest-aep-export"


def header_of(
    target: Target,
    registry: Registry,
    *,
    started: str,
    dialect: str = "",
    profile: str = "full",
    expectations: str = "",
) -> Header:
    """What is known of a run before it begins.

    Args:
        target: What will be judged.
        registry: By which requirements.
        started: When, as RFC 3339 has it.
        dialect: What the embedded emulator speaks.
        profile: What the run is narrowed to.
        expectations: The digest of the expectations.
    """
    embedded = target.kind == EMULATOR
    return Header(
        suite=SUITE_VERSION,
        tool=version(_PACKAGE),
        registry=registry.digest,
        target=TargetLabel(target.kind, target.label, _fingerprint(target)),
        started=started,
        requirements=tuple(requirement.id for requirement in registry.of("server")),
        areas=registry.areas,
        documents=registry.documents,
        dialect=dialect if embedded else "",
        seed=0 if embedded else None,  # the emulator's own default
        profile=profile,
        expectations=expectations,
    )


class Recorder:
    """An observer of a run that judges, keeps and, where there is a writer, writes down.

    Args:
        header: What is known of the run.
        registry: The requirements.
        target: What is judged; its secrets are kept out.
        observer: Is told of the progress as well.
        writer: Where to; None keeps no record.
        expectations: What is known not to hold.
    """

    def __init__(
        self,
        header: Header,
        registry: Registry,
        target: Target,
        observer: Observer,
        *,
        writer: RecordWriter | None = None,
        expectations: Expectations = NO_EXPECTATIONS,
    ) -> None:
        self._header = header
        self._registry = registry
        self._target = target
        self._writer = writer
        self._observer = observer
        self._expectations = expectations
        self._open: dict[str, _Open] = {}
        self._settled: dict[str, RequirementVerdict] = {}
        self._originals: dict[Exchange, Exchange] = {}
        self._begun = False

    def begin(self) -> None:
        """Begin the record: what its file told of another run is gone, whatever becomes of this one."""
        if not self._begun:
            self._begun = True
            self._write(header_json(self._header))

    def started(self, tests: Sequence[tuple[str, str]]) -> None:
        """These tests will run: each with the id of its requirement."""
        for test, requirement in tests:
            self._open.setdefault(requirement, _Open()).awaited[test] = None
        self.begin()
        with suppress(OSError):  # nobody may see how far a run has come, and it goes on
            self._observer.started(tests)

    def judged(self, requirement: str, outcome: Outcome) -> None:
        """A test has ended."""
        found = self._open[requirement]
        found.findings.append(self._finding(outcome))
        found.awaited.pop(outcome.test, None)
        if not found.awaited:
            self._settle(requirement, found.findings)
        with suppress(OSError):
            self._observer.judged(requirement, outcome)

    def finish(self, seconds: float, today: date, *, stopped: str = "", created: tuple[Created, ...] = ()) -> Run:
        """Settle what is left, and end the record.

        Args:
            seconds: How long the run took.
            today: Is compared with the days on which expectations end.
            stopped: Why it ended early, perhaps before any test was chosen; empty when it did not.
            created: What it has left at the target.
        """
        if not self._open:
            self.started([("the run", name) for name in self._header.requirements])
        for name in self._header.requirements:
            if name not in self._settled:
                left = self._open.get(name)
                missing = [_never(test, stopped) for test in left.awaited] if left else []
                self._settle(name, [*left.findings, *missing] if left else [], selected=left is not None)
        verdicts = tuple(self._settled[name] for name in self._header.requirements)
        reached = {v.requirement.id: v.verdict for v in verdicts if v.selected}
        problems = tuple(self._expectations.problems(reached, self._registry.requirements, today))
        run = Run(self._header, verdicts, seconds, stopped, problems, created)
        self._write(footer_json(run))
        return run

    def _finding(self, outcome: Outcome) -> Finding:
        if outcome.exchange and outcome.exchange not in self._originals:
            self._originals |= {exchange.redacted(): exchange for exchange in self._target.exchanges}
        return Finding.of(outcome, self._target.secrets, _variables(self._target), self._originals)

    def _settle(self, requirement: str, findings: Sequence[Finding], *, selected: bool = True) -> None:
        verdict = verdict_on(self._registry[requirement], findings, selected=selected, expectations=self._expectations)
        self._settled[requirement] = verdict
        self._write(verdict_json(verdict))

    def _write(self, line: Mapping[str, object]) -> None:
        if self._writer:
            self._writer.write(line)


@dataclass(slots=True)
class _Open:
    """A requirement that is being judged: the tests that have not ended, and what the others found."""

    awaited: dict[str, None] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def _never(test: str, stopped: str) -> Finding:
    """What is said of a test that the run did not come to."""
    return Finding(Outcome(test, Result.BLOCKED, found=stopped, cause=ENDED))


def _fingerprint(target: Target) -> str:
    """Tells two targets apart: by address and tenant, or for the emulator by what it is."""
    who = target.credentials
    where = (target.base_url, target.ims_url, who.org_id, who.sandbox)
    what = (target.label, version(_PACKAGE)) if target.kind == EMULATOR else where
    return hashlib.sha256("\n".join([target.kind, *what]).encode()).hexdigest()


def _variables(target: Target) -> dict[str, str]:
    """What the shell variables of a command line stand for; the emulator's address is another one in each run."""
    who = target.credentials
    known = {
        target.held_token: "AEP_TOKEN",
        who.client_id: "AEP_CLIENT_ID",
        who.client_secret: "AEP_CLIENT_SECRET",
        **({target.base_url: "AEP_TARGET"} if target.kind == EMULATOR else {}),
    }
    return {text: name for text, name in known.items() if text in target.secrets or text == target.base_url}
