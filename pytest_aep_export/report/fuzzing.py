"""What fuzzing has found, as a run that every report tells of, and the commands that show it again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from pytest_aep_export.exchange import Exchange, Headers, Request
from pytest_aep_export.fuzz.cases import ABSENT, Step
from pytest_aep_export.report.document import Header, Run, verdict_on
from pytest_aep_export.report.exchanges import RecordedExchange
from pytest_aep_export.report.findings import Finding as Shown
from pytest_aep_export.report.lines import footer_json, header_json, verdict_json
from pytest_aep_export.report.recorder import header_of
from pytest_aep_export.report.reproduce import curl
from pytest_aep_export.suite.registry import Level, Registry
from pytest_aep_export.suite.verdicts import Outcome, Result

if TYPE_CHECKING:
    from pytest_aep_export.fuzz.findings import Finding
    from pytest_aep_export.fuzz.fuzzing import Tally
    from pytest_aep_export.suite.cleanup import Created
    from pytest_aep_export.suite.sending import Target

__all__ = ["commands", "fuzz_header", "fuzz_run", "record_lines", "requirement_of"]

_BREACHES: Final[Mapping[str, str]] = {
    "requestToken": "EXP-AUTH-001",
    "requestTokenV2": "EXP-AUTH-001",
    "createDataset": "EXP-DATASET-001",
    "getDataset": "EXP-DATASET-012",
    "listDatasets": "EXP-DATASET-012",
    "createExportJob": "EXP-JOB-001",
    "getExportJob": "EXP-JOB-001",
    "listExportJobs": "EXP-LIST-002",
    "cancelExportJob": "EXP-CANCEL-001",
    "listMergePolicies": "EXP-MERGE-010",
    "createMergePolicy": "EXP-MERGE-010",
    "getMergePolicies": "EXP-MERGE-010",
    "getMergePolicy": "EXP-MERGE-010",
    "replaceMergePolicy": "EXP-MERGE-010",
    "patchMergePolicy": "EXP-MERGE-010",
    "deleteMergePolicy": "EXP-MERGE-010",
    "getBatch": "EXP-FILES-025",
    "listBatchFiles": "EXP-FILES-002",
    "getFile": "EXP-FILES-026",
    "headFile": "EXP-FILES-007",
    "listFailedFiles": "EXP-FILES-020",
    "listMetaFiles": "EXP-FILES-021",
    "previewDataset": "EXP-FILES-017",
    "listSegmentDefinitions": "EXP-SEGMENT-014",
    "createSegmentDefinition": "EXP-SEGMENT-001",
    "getSegmentDefinition": "EXP-SEGMENT-003",
    "listSandboxes": "EXP-SANDBOX-001",
    "getSandbox": "EXP-SANDBOX-001",
}
"""The MUST that an answer of an operation breaks by contradicting the contract, which names no requirement."""
_ANY: Final = "EXP-LIST-019"
"""The same for an operation that is not among them: that documented requests cause no server error comes closest."""

_ADDRESS: Final = "http://target-of-yours.invalid"
_TOKEN: Final = "token-of-yours"  # noqa: S105 - stands for one in a command
_KEY: Final = "key-of-yours"
_VARIABLES: Final = {_ADDRESS: "AEP_TARGET", _TOKEN: "AEP_TOKEN", _KEY: "AEP_CLIENT_ID"}
_SECRETS: Final = {"authorization": f"Bearer {_TOKEN}", "x-api-key": _KEY}


def fuzz_header(
    target: Target, registry: Registry, *, started: str, seed: int, dialect: str = "", again: str = ""
) -> Header:
    """What is known before a target is fuzzed.

    Args:
        target: What will be fuzzed.
        registry: The requirements.
        started: When, as RFC 3339 has it.
        seed: What the cases follow from.
        dialect: What the embedded emulator speaks.
        again: The command line that tries the same again.
    """
    header = header_of(target, registry, started=started, dialect=dialect, profile="fuzz")
    return replace(header, seed=seed, again=again)


def fuzz_run(
    header: Header,
    tally: Tally,
    registry: Registry,
    target: Target,
    *,
    stopped: str = "",
    created: tuple[Created, ...] = (),
) -> Run:
    """The run in which a target was fuzzed: a verdict on each requirement that something was held against.

    What no requirement speaks of stands in the findings only, unless it is a MUST.
    """
    found: dict[str, list[Finding]] = defaultdict(list)
    for finding in tally.findings:
        if name := requirement_of(finding, registry):
            found[name].append(finding)
    judged = {name for name, count in tally.judged.items() if count}
    verdicts = tuple(
        verdict_on(
            registry[name],
            [_shown(finding, target) for finding in found[name]] or ([_held(tally)] if name in judged else []),
            selected=bool(found[name]) or name in judged,
        )
        for name in header.requirements
    )
    return Run(header, verdicts, round(tally.seconds, 3), stopped, created=created)


def record_lines(run: Run) -> Iterator[Mapping[str, Any]]:
    """The lines of a record."""
    yield header_json(run.header)
    yield from map(verdict_json, run.verdicts)
    yield footer_json(run)


def requirement_of(finding: Finding, registry: Registry) -> str:
    """The id of the requirement that a finding speaks of; empty where none does."""
    if finding.source in registry.requirements:
        return finding.source
    return _BREACHES.get(finding.operation, _ANY) if finding.level == Level.MUST else ""


def commands(finding: Finding) -> list[str]:
    """Shell lines that repeat a case, with variables for the address, the token and the key."""
    steps: Iterable[Step | None] = finding.case.steps
    if len(finding.case.steps) != len(finding.exchanges):
        steps = [None] * len(finding.exchanges)  # a step was repeated, or never reached
    lines = [_command(exchange.request, step) for exchange, step in zip(finding.exchanges, steps, strict=True)]
    return [line for number, line in enumerate(lines) if not number or line != lines[number - 1]]


def _command(request: Request, step: Step | None) -> str:
    """One line; a header that is a secret is the caller's own, unless the case is about another one."""
    puts = (
        {edit.at.removeprefix("/header/"): edit.put for mistake in step.mistakes for edit in mistake.edits}
        if step
        else {}
    )
    headers = []
    for name, value in request.headers.raw:
        put = puts.get(name.lower(), _SECRETS.get(name.lower(), value))
        told = value if put is ABSENT or not isinstance(put, str) or "${" in put else put
        headers.append((name, told if name.lower() in _SECRETS else value))
    return curl(replace(request, url=_ADDRESS + request.url, headers=Headers(headers)), _VARIABLES)


def _shown(finding: Finding, target: Target) -> Shown:
    """A finding as reports have it."""
    outcome = Outcome(finding.id, Result.UNMET, required=finding.required, found=finding.found).without(target.secrets)
    exchanges = tuple(RecordedExchange.of(each, line) for each, line in _paired(finding))
    return Shown(outcome, exchanges, min(finding.shown, len(exchanges) - 1) if exchanges else None)


def _paired(finding: Finding) -> Iterator[tuple[Exchange, str]]:
    steps: Sequence[Step | None] = finding.case.steps
    for place, exchange in enumerate(finding.exchanges):
        step = steps[place] if len(steps) == len(finding.exchanges) else None
        absolute = replace(exchange.request, url=_ADDRESS + exchange.request.url)
        yield replace(exchange, request=absolute), _command(exchange.request, step)


def _held(tally: Tally) -> Shown:
    return Shown(Outcome(f"fuzzing with seed {tally.seed}", Result.MET))
