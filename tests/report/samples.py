"""Small runs to make reports of: a registry with a requirement of each level, outcomes of each kind, one exchange."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any

from pytest_aep_export.exchange import Exchange, Headers, Request, Response
from pytest_aep_export.report.document import NO_EXPECTATIONS, Header, Run, TargetLabel, verdict_on
from pytest_aep_export.report.findings import Finding
from pytest_aep_export.report.lines import footer_json, header_json, verdict_json
from pytest_aep_export.report.record import Seal
from pytest_aep_export.suite.cleanup import Created
from pytest_aep_export.suite.expectations import Expectation, Expectations
from pytest_aep_export.suite.registry import parse
from pytest_aep_export.suite.verdicts import Outcome, Result

MET, UNMET, BROKEN = Result.MET, Result.UNMET, Result.BROKEN
UNSURE, ABSENT, BLOCKED = Result.NOT_VERIFIED, Result.NOT_APPLICABLE, Result.BLOCKED

TODAY = date(2026, 11, 24)
NAMES = ("EXP-LIST-001", "EXP-LIST-002", "EXP-LIST-003", "EXP-JOB-001")
"""A MUST, a SHOULD, a MAY and another MUST."""
REGISTRY = parse(b"""
[areas]
LIST = "Lists"
JOB = "Jobs"
CLI = "Clients"
[documents]
guide = "The guide"
[[requirement]]
id = "EXP-LIST-001"
area = "LIST"
title = "The list is a list"
level = "MUST"
statement = "Whoever asks for the list is given one."
evidence = "documented"
sources = [{ document = "guide", section = "Lists" }, { document = "guide", section = "Errata", divergence = 16 }]
[[requirement]]
id = "EXP-LIST-002"
area = "LIST"
title = "The list is sorted"
level = "SHOULD"
statement = "The list is sorted by time, the newest first."
evidence = "sampled"
sources = [{ document = "guide", section = "Lists" }]
[[requirement]]
id = "EXP-LIST-003"
area = "LIST"
title = "The list is short"
level = "MAY"
statement = "The list is no longer than a page."
evidence = "inferred"
sources = [{ document = "guide", section = "Lists" }]
[[requirement]]
id = "EXP-JOB-001"
area = "JOB"
title = "A job has an id"
level = "MUST"
statement = "Whoever looks at a job sees its id."
evidence = "documented"
capability = "second-sandbox"
sources = [{ document = "guide", section = "Jobs" }]
""")
HEADER = Header(
    suite="2026.11",
    tool="0.1.0",
    registry=REGISTRY.digest,
    target=TargetLabel("url", "http://127.0.0.1:9", "f" * 64),
    started="2026-11-24T10:00:00Z",
    requirements=NAMES,
    areas=REGISTRY.areas,
    documents=REGISTRY.documents,
)
KNOWN = Expectation("EXP-LIST-*", "pages are numbered", "https://example.org/42", date(2026, 12, 31))
JOBS = "http://127.0.0.1:9/data/core/ups/export/jobs"


def exchange(answer: Any = None, /, *, status: int = 200, media: str = "application/json", **request: Any) -> Exchange:
    """An exchange that holds secrets; the answer is the list of jobs unless another is given."""
    headers = Headers({"Authorization": "Bearer very-secret", "x-api-key": "very-secret", "x-sandbox-name": "prod"})
    page = {"records": [{"id": 7}], "page": {"pageSize": 1}, "link": {"next": ""}}
    content = answer if isinstance(answer, bytes) else json.dumps(page if answer is None else answer).encode()
    asked = replace(Request("GET", f"{JOBS}?limit=2", headers), **request)
    return Exchange(asked, Response(status, Headers({"Content-Type": media}), content), "listExportJobs")


def outcome(result: Result, number: int = 0, *, shown: Exchange | None = None, **more: Any) -> Outcome:
    """An outcome with everything that one of its kind has."""
    judged = result in {MET, UNMET}
    said = {
        "required": "" if result is not UNMET else "a list",
        "found": "" if result is MET else f"reason {number}",
        "cause": "EXP-LIST-001" if result is BLOCKED else "",
    }
    shows = exchange() if judged and shown is None else shown
    made = {"exchange": shows if result is UNMET else None, "exchanges": (shows,) if shows else ()}
    return Outcome(f"test_list::test_{number}", result, **(said | made | more))


def run_of(
    *results: Result | Outcome | Iterable[Outcome] | None,
    selected: Iterable[str] = NAMES,
    expectations: Expectations = NO_EXPECTATIONS,
    header: Header = HEADER,
    **more: Any,
) -> Run:
    """A run from what was found of each requirement; what is missing at the end was met."""
    found = [*results, *[MET] * (len(NAMES) - len(results))]
    verdicts = tuple(
        verdict_on(
            REGISTRY[name],
            [Finding.of(outcome, ["very-secret"]) for outcome in _outcomes(result)],
            selected=name in selected,
            expectations=expectations,
        )
        for name, result in zip(NAMES, found, strict=True)
    )
    return Run(header, verdicts, **({"seconds": 1.25} | more))


def lines_of(run: Run) -> list[bytes]:
    """The lines of the run's record."""
    seal = Seal()
    return [seal.put(line) for line in (header_json(run.header), *map(verdict_json, run.verdicts), footer_json(run))]


def everything() -> Run:
    """A run in which there is something of everything."""
    return run_of(
        [outcome(MET), outcome(UNMET, 1), outcome(UNMET, 2), outcome(UNSURE, 3)],
        [outcome(UNMET, 1)],
        [outcome(BROKEN, found="KeyError: 'id'", shown=exchange(b"PAR1\xff", media="application/parquet"))],
        [outcome(BLOCKED, found="required: a list; found: none", exchange=exchange(status=500))],
        expectations=Expectations((replace(KNOWN, pattern="EXP-LIST-002"),), "e" * 64),
        header=replace(HEADER, dialect="canonical", seed=7, profile="full", expectations="e" * 64),
        stopped="the target no longer answers",
        problems=("expectation EXP-ROWS-* matches no requirement: correct it, or take it out",),
        created=(Created("job", "7", "prod", "cancelled"), Created("dataset", "a<b", "prod", "left")),
    )


def _outcomes(result: Result | Outcome | Iterable[Outcome] | None) -> list[Outcome]:
    if result is None:
        return []
    if isinstance(result, Outcome):
        return [result]
    return [outcome(result)] if isinstance(result, Result) else [*result]
