"""The catalogue of scenarios: what clients are judged in, on the terminal and as a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from rich.table import Table

if TYPE_CHECKING:
    from rich.console import Console

    from pytest_aep_export.judge.scenario import Scenario

__all__ = ["show_scenarios"]

_TASKS: Final = {
    "export": "create a dataset and a job, wait for it, and read every row",
    "list": "list every export job",
    "cancel": "create a dataset and a job, and cancel the job",
}
_HEAD: Final = "| scenario | has to end in | what the server is like |\n|---|---|---|\n"


def show_scenarios(scenarios: Sequence[Scenario], console: Console, *, markdown: bool) -> None:
    """Print the scenarios as a table, or as the page of the documentation."""
    if markdown:
        click.echo(_page(scenarios), nl=False)
        return
    table = Table("scenario", "task", "has to end in", "what the server is like")
    for each in scenarios:
        table.add_row(each.id, each.task, each.ending, each.about)
    console.print(table)


def _page(scenarios: Sequence[Scenario]) -> str:
    head = (Path(__file__).parent / "scenarios.md").read_text("utf-8").replace("COUNT", str(len(scenarios)))
    return head + "".join(_tables(scenarios))


def _tables(scenarios: Sequence[Scenario]) -> Iterator[str]:
    by_task = sorted(scenarios, key=lambda each: list(_TASKS).index(each.task))
    for task, members in groupby(by_task, key=lambda each: each.task):
        yield f"\n## `{task}`: {_TASKS[task]}\n\n{_HEAD}"
        yield from (f"| `{each.id}` | {each.ending} | {each.about} |\n" for each in members)
