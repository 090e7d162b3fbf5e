"""A conformance run on the terminal: a table by area, what did not hold and why, and one line that sums it up."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pytest_aep_export.report.account import EXPLAINED, REPRODUCE, account, conclusion, leftovers, orphans, unjudged
from pytest_aep_export.report.document import RequirementVerdict, Run
from pytest_aep_export.report.markup import printable
from pytest_aep_export.suite.verdicts import Verdict

__all__ = ["export_svg", "print_run"]

_COLUMNS: Final = {
    Verdict.PASS: ("pass", "green"),
    Verdict.FAIL: ("fail", "bold red"),
    Verdict.WARN: ("warn", "yellow"),
    Verdict.INFO: ("info", "cyan"),
    Verdict.NOT_APPLICABLE: ("n/a", "dim"),
    Verdict.NOT_VERIFIED: ("not verified", "magenta"),
    Verdict.BLOCKED: ("blocked", "magenta"),
    Verdict.ERROR: ("error", "bold magenta"),
}
_DIM: Final = frozenset({"required", "source", "test", "scenario", "also", "known"})


def print_run(run: Run, console: Console) -> None:
    """Print the run. Long lines are left to the terminal to wrap, so that commands can be copied whole."""
    console.print(_table(run))
    console.print()
    for line in (*_findings(run), _conclusion(run)):
        console.print(line, soft_wrap=True)


def export_svg(run: Run, *, width: int = 116) -> str:
    """The summary as a picture, for a page that shows what it looks like."""
    console = Console(record=True, width=width, force_terminal=True, file=io.StringIO())
    console.print(_table(run), _conclusion(run))
    return console.export_svg(title="aep-export run", unique_id="aep-export")


def _table(run: Run) -> Table:
    title = f"{printable(run.header.target.label)}, suite {run.header.suite}"
    table = Table(title=Text(title), title_justify="left", title_style="bold")
    table.add_column("area")
    for name, style in _COLUMNS.values():
        table.add_column(name, justify="right", style=style)
    for area, about in run.header.areas.items():
        found = Counter(verdict.verdict for verdict in run.of(area))
        if found:
            table.add_row(f"{area:8} {about}", *_cells(found))
    table.add_section()
    table.add_row("all", *_cells(Counter(v.verdict for v in run.verdicts if v.selected)), style="bold")
    return table


def _cells(found: Counter[Verdict]) -> Iterator[str]:
    return (str(found[verdict] or "") for verdict in _COLUMNS)


def _findings(run: Run) -> Iterator[Text]:
    """What did not hold, the gravest first, and then what was not judged, by its reason."""
    for kind in EXPLAINED:
        for verdict in run.verdicts:
            if verdict.verdict is kind:
                yield from _finding(verdict, run)
    for verdicts, why in unjudged(run):
        names = ", ".join(verdict.requirement.id for verdict in verdicts)
        yield Text.assemble(_COLUMNS[verdicts[0].verdict], f" {names}")
        yield from _lines(why)
    notes = {
        "expectations": run.problems,
        "left at the target": [*leftovers(run)],
        "left behind": [*orphans(run)],
    }
    for label, sentences in notes.items():
        if sentences:
            yield Text(label, style="bold")
            yield from (Text(f"  {printable(sentence)}") for sentence in sentences)
            yield Text()


def _finding(verdict: RequirementVerdict, run: Run) -> Iterator[Text]:
    requirement = verdict.requirement
    head = (requirement.id, "bold"), f" {requirement.level}: {requirement.title}"
    yield Text.assemble(_COLUMNS[verdict.verdict], " ", *head)
    yield from _lines(account(verdict, run))


def _lines(told: Iterable[tuple[str, str]]) -> Iterator[Text]:
    for label, text in told:
        shown = printable(text) if label == REPRODUCE else printable(text).replace("\n", "\n    ")
        yield Text(f"  {label}: {shown}", style="dim" if label in _DIM else "")
    yield Text()


def _conclusion(run: Run) -> Text:
    style = {0: "bold green", 1: "bold red", 3: "bold magenta"}[run.exit_code]
    return Text(printable(conclusion(run)), style=style)
