"""A conformance run on the terminal: a table by area, what did not hold and why, and one line that sums it up."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pytest_aep_export.report.document import RequirementVerdict, Run
from pytest_aep_export.suite.expect import describe
from pytest_aep_export.suite.verdicts import Outcome, Verdict

__all__ = ["export_svg", "print_run"]

_COLUMNS: Final = {
    Verdict.PASS: ("pass", "green"),
    Verdict.FAIL: ("fail", "bold red"),
    Verdict.WARN: ("warn", "yellow"),
    Verdict.INFO: ("info", "cyan"),
    Verdict.NOT_APPLICABLE: ("n/a", "dim"),
    Verdict.NOT_VERIFIED: ("not verified", "magenta"),
    Verdict.ERROR: ("error", "bold magenta"),
}
_EXPLAINED: Final = (Verdict.FAIL, Verdict.ERROR, Verdict.WARN, Verdict.INFO)


def print_run(run: Run, console: Console) -> None:
    """Print the run. Long lines are left to the terminal to wrap, so that commands can be copied whole."""
    console.print(_table(run))
    console.print()
    for line in (*_findings(run), _conclusion(run)):
        console.print(line, soft_wrap=True)


def export_svg(run: Run, *, width: int = 106) -> str:
    """The summary as a picture, for a page that shows what it looks like."""
    console = Console(record=True, width=width, force_terminal=True, file=io.StringIO())
    console.print(_table(run), _conclusion(run))
    return console.export_svg(title="aep-export run", unique_id="aep-export")


def _table(run: Run) -> Table:
    table = Table(title=f"{run.target}, suite {run.suite}", title_justify="left", title_style="bold")
    table.add_column("area")
    for name, style in _COLUMNS.values():
        table.add_column(name, justify="right", style=style)
    selected = [verdict for verdict in run.verdicts if verdict.selected]
    for area in run.areas:
        found = Counter(v.verdict for v in selected if v.requirement.area == area)
        if found:
            table.add_row(f"{area:8} {run.areas[area]}", *_cells(found))
    table.add_section()
    table.add_row("all", *_cells(Counter(v.verdict for v in selected)), style="bold")
    return table


def _cells(found: Counter[Verdict]) -> Iterator[str]:
    return (str(found[verdict] or "") for verdict in _COLUMNS)


def _findings(run: Run) -> Iterator[Text]:
    """What did not hold, the gravest first, and then what was not judged, by its reason."""
    for kind in _EXPLAINED:
        for verdict in run.verdicts:
            if verdict.verdict is kind:
                yield from _finding(verdict)
                yield Text()
    unjudged: dict[str, list[str]] = {}
    for verdict in run.verdicts:
        if verdict.verdict is Verdict.NOT_VERIFIED and verdict.selected:
            unjudged.setdefault(verdict.reason, []).append(verdict.requirement.id)
    for reason, names in unjudged.items():
        yield Text.assemble(_COLUMNS[Verdict.NOT_VERIFIED], f" {', '.join(names)}")
        yield Text(f"  why: {reason}\n")


def _finding(verdict: RequirementVerdict) -> Iterator[Text]:
    requirement = verdict.requirement
    head = (requirement.id, "bold"), f" {requirement.level}: {requirement.title}"
    yield Text.assemble(_COLUMNS[verdict.verdict], " ", *head)
    yield Text(f"  {requirement.statement}", style="dim")
    yield from (Text(f"  source: {source}", style="dim") for source in requirement.sources)
    yield from _ground(verdict.grounds[0])
    if len(verdict.grounds) > 1:
        yield Text(f"  and in {len(verdict.grounds) - 1} more of its {len(verdict.outcomes)} tests", style="dim")


def _ground(outcome: Outcome) -> Iterator[Text]:
    if outcome.required:
        yield Text(f"  required: {outcome.required}")
    yield Text(f"  found: {outcome.found}")
    if outcome.exchange:
        yield Text(f"  answer: {describe(outcome.exchange)}")
        yield Text(f"  reproduce with: {outcome.exchange.request.curl()}")


def _conclusion(run: Run) -> Text:
    counts = run.counts
    judged = sum(counts[kind] for kind in (Verdict.PASS, Verdict.FAIL, Verdict.WARN, Verdict.INFO))
    text = f"{judged} of {len(run.verdicts)} requirements judged in {run.seconds:.1f} s: "
    if run.stopped:
        return Text(f"{text}{run.stopped}", style="bold magenta")
    if counts[Verdict.FAIL]:
        return Text(f"{text}{counts[Verdict.FAIL]} that every documented variant has do not hold", style="bold red")
    if run.undecided:
        return Text(f"{text}nothing failed, but {len(run.undecided)} could not be judged", style="bold magenta")
    return Text(f"{text}nothing failed", style="bold green")
