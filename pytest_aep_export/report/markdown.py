"""A run as Markdown, fit for the summary of a build or for a comment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from pytest_aep_export.report.account import EXPLAINED, REPRODUCE, account, conclusion, leftovers, orphans, unjudged
from pytest_aep_export.report.document import RequirementVerdict, Run
from pytest_aep_export.report.markup import code, fence, plain, printable, table

__all__ = ["FITTING", "finding", "fitted", "markdown"]

FITTING: Final = 60_000
"""Characters that fit into a comment on GitHub, with some to spare."""
_OURS: Final = frozenset({"required", "source", "known", "also"})
"""The labels whose texts no server has a part in."""


def markdown(run: Run) -> str:
    """The document."""
    header = run.header
    head = [
        f"## Conformance of {code(header.target.label)}",
        "",
        f"**{plain(conclusion(run))}** Suite {plain(header.suite)}, registry {code(header.registry[:12])}.",
        "",
        *_by_area(run),
        "",
    ]
    explained = [verdict for kind in EXPLAINED for verdict in run.verdicts if verdict.verdict is kind]
    parts = [*(finding(verdict, run) for verdict in explained), *_unjudged(run), *_notes(run)]
    return fitted(head, parts)


def finding(verdict: RequirementVerdict, run: Run) -> str:
    """Why one requirement does not hold, folded up."""
    requirement = verdict.requirement
    title = f"<b>{verdict.verdict}</b> {requirement.id} {requirement.level}: {_html(requirement.title)}"
    return _folded(title, account(verdict, run))


def fitted(head: list[str], parts: Iterable[str]) -> str:
    """The document, without the parts at its end that would make it too long."""
    text, left = "\n".join(head), 0
    for part in parts:
        if left or len(text) + len(part) > FITTING:
            left += 1
        else:
            text += f"\n{part}\n"
    return f"{text}\n{left} more are left out here; the record has them.\n" if left else f"{text.rstrip()}\n"


def _by_area(run: Run) -> list[str]:
    shown = [verdict for verdict, count in run.counts.items() if count]
    rows = []
    for area, about in run.header.areas.items():
        found = [str(verdict.verdict) for verdict in run.verdicts if verdict.requirement.area == area]
        if found:
            rows.append([f"{area} {plain(about)}", *(str(found.count(name) or "") for name in shown)])
    totals = ["**all**", *(f"**{run.counts[name]}**" for name in shown)]
    return table(["area", *shown], [*rows, totals])


def _unjudged(run: Run) -> Iterator[str]:
    for verdicts, why in unjudged(run):
        names = ", ".join(verdict.requirement.id for verdict in verdicts)
        yield _folded(f"<b>{verdicts[0].verdict}</b> {names}", why)


def _notes(run: Run) -> Iterator[str]:
    yield from (f"- {plain(problem)}" for problem in run.problems)
    yield from (f"- Left at the target: {code(sentence)}" for sentence in leftovers(run))
    yield from (f"- Left behind: {code(sentence)}" for sentence in orphans(run))


def _folded(title: str, told: Iterable[tuple[str, str]]) -> str:
    lines = [f"<details><summary>{title}</summary>", ""]
    for label, text in told:
        if label == REPRODUCE:
            lines += ["", fence(text, "shell")]
        else:
            lines.append(f"- {label}: {plain(text) if label in _OURS else code(text)}")
    return "\n".join([*lines, "", "</details>"])


def _html(text: str) -> str:
    return printable(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
