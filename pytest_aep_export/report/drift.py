"""Drift in words, as Markdown and as JSON. What needs to be done something about comes first and one by one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from pytest_aep_export.cassettes.drift import KINDS, Drift, Finding, Kind
from pytest_aep_export.cassettes.observed import Sighting
from pytest_aep_export.report.markdown import fitted
from pytest_aep_export.report.markup import code, plain, printable

__all__ = [
    "DRIFTED",
    "LABELS",
    "contract_side",
    "drift_json",
    "drift_lines",
    "drift_markdown",
    "drift_schema",
    "drift_summary",
    "shown",
    "where",
]

LABELS: Final[dict[Kind, str]] = {
    "undocumented": "undocumented",
    "changed": "changed type",
    "unseen": "never seen",
    "only-cassettes": "not seen at the target",
    "only-target": "not in any cassette",
    "outside": "outside the contract",
}
"""What the kinds of findings are called."""

DRIFTED: Final[tuple[Kind, ...]] = ("undocumented", "changed")
"""The kinds that are told one by one."""
_MOST: Final = 3
"""How many cassettes are named in words; JSON names all."""


def drift_json(drift: Drift) -> dict[str, Any]:
    """As ``drift.schema.json`` describes it."""
    return {
        "drifted": drift.drifted,
        "cassettes": drift.cassettes,
        "target": drift.target,
        "counts": {kind: len(drift.of(kind)) for kind in KINDS},
        "findings": [_finding(finding) for finding in drift.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "operation": finding.operation,
        "status": finding.status,
        "pointer": finding.pointer,
        "documented": list(finding.documented),
        "cassettes": _side(finding.cassettes, finding.in_cassettes),
        "target": _side(finding.target, finding.at_target),
    }


def _side(sighting: Sighting | None, types: tuple[str, ...]) -> dict[str, Any] | None:
    if sighting is None:
        return None
    return {"types": list(types), "names": list(sighting.names), "first_seen": sighting.first}


def drift_schema() -> dict[str, Any]:
    """The JSON Schema of `drift_json`."""
    schema: dict[str, Any] = json.loads((Path(__file__).parent / "drift.schema.json").read_text("utf-8"))
    return schema


def drift_lines(drift: Drift) -> Iterator[str]:
    """The drift as lines of plain text, the summary last."""
    for kind in DRIFTED:
        for finding in drift.of(kind):
            yield printable(f"{LABELS[kind]}: {where(finding)}: {'; '.join(_sides(finding, drift))}")
    for kind, whole, rest in _others(drift):
        yield printable(f"{LABELS[kind]}: {whole}{f': {rest}' if rest else ''}")
    yield drift_summary(drift)


def drift_summary(drift: Drift) -> str:
    """What was compared, and how much of each kind was found."""
    counts = [f"{len(drift.of(kind))} {LABELS[kind]}" for kind in KINDS if kind in DRIFTED or drift.of(kind)]
    against = "" if drift.target is None else f" and {drift.target} journey{'s' * (drift.target != 1)} at the target"
    one = f"{drift.cassettes} cassette{'s' * (drift.cassettes != 1)}"
    return f"{'drift' if drift.drifted else 'no drift'} between the contract, {one}{against}: {', '.join(counts)}"


def drift_markdown(drift: Drift) -> str:
    """The drift as Markdown, fit for the summary of a build or for a comment."""
    head = [f"## API drift: {plain(drift_summary(drift))}", ""]
    return fitted(head, _sections(drift))


def _sections(drift: Drift) -> Iterator[str]:
    for kind in DRIFTED:
        rows = [f"- {code(where(f))}: {plain('; '.join(_sides(f, drift)))}" for f in drift.of(kind)]
        if rows:
            yield "\n".join([f"**{LABELS[kind].capitalize()}**", "", *rows])
    others = list(_others(drift))
    for kind, label in LABELS.items():
        rows = [
            f"- {code(whole)}{f': {plain(rest)}' if rest else ''}" for other, whole, rest in others if other == kind
        ]
        if rows:
            yield "\n".join([f"<details><summary>{label}</summary>", "", *rows, "", "</details>"])


def where(finding: Finding) -> str:
    """The place, such as ``getExportJob 200 /status``."""
    parts = (finding.operation, "" if finding.status is None else str(finding.status), finding.pointer)
    return " ".join(filter(None, parts))


def contract_side(finding: Finding) -> str:
    """What the contract says."""
    known = finding.kind != "undocumented"
    return (" or ".join(finding.documented) or "anything") if known else "nothing"


def shown(sighting: Sighting | None, types: tuple[str, ...]) -> str:
    """What one of the other sides shows: types, where, and since when."""
    if sighting is None:
        return "nothing"
    names = ", ".join(sighting.names[:_MOST])
    more = len(sighting.names) - _MOST
    since = f", first seen {sighting.first}" if sighting.first else ""
    return f"{' or '.join(types) or 'no body'} in {names}{f' and {more} more' if more > 0 else ''}{since}"


def _sides(finding: Finding, drift: Drift) -> Iterator[str]:
    yield f"the contract has {contract_side(finding)}"
    yield f"cassettes have {shown(finding.cassettes, finding.in_cassettes)}"
    if drift.target is not None:
        yield f"the target has {shown(finding.target, finding.at_target)}"


def _others(drift: Drift) -> Iterator[tuple[Kind, str, str]]:
    """The other findings, those of one operation or answer together: kind, which one, and what of it."""
    rest = [finding for finding in drift.findings if finding.kind not in DRIFTED]
    for (kind, whole), members in groupby(rest, key=lambda finding: (finding.kind, _whole(finding))):
        yield kind, whole, ", ".join(filter(None, map(_part, members)))


def _whole(finding: Finding) -> str:
    return f"{finding.operation} {finding.status}" if finding.pointer else finding.operation


def _part(finding: Finding) -> str:
    return finding.pointer or ("" if finding.status is None else str(finding.status))
