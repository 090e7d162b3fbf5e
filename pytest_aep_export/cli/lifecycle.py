"""``aep-export lifecycle``: the state diagram of an export job, and what takes each of its edges."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from rich.table import Table

from pytest_aep_export.cli.common import console_for

if TYPE_CHECKING:
    from pytest_aep_export.fuzz.walks import Edge
    from pytest_aep_export.model import JobStatus

__all__ = ["diagram", "lifecycle", "page"]

_ACTIONS: Final = {
    "look": "the job is looked up by its id",
    "list": "the jobs are listed",
    "cancel": "the job is cancelled",
    "step": "the emulator is told to move the job one step",
    "wait": "as much time passes as a job of the progression `elapsed` spends in a status",
}


@click.command()
@click.option("--markdown", is_flag=True, help="As a page: this is how docs/lifecycle.md is written.")
def lifecycle(*, markdown: bool) -> None:
    """Show the states of an export job, and what moves it from one to the next."""
    if markdown:
        click.echo(page(), nl=False)
        return
    table = Table("from", "to", "progression", "by")
    for (source, target), progression, actions in _edges():
        table.add_row(source, target, progression, actions)
    console_for().print(table)


def page() -> str:
    """The page of the documentation."""
    rows = "".join(f"| {s} | {t} | `{progression}` | {actions} |\n" for (s, t), progression, actions in _edges())
    edges = f"| from | to | progression | shortest walk |\n|---|---|---|---|\n{rows}"
    actions = "".join(f"| {name} | {about} |\n" for name, about in _ACTIONS.items())
    return (
        f"{_text('lifecycle.md')}```mermaid\n{diagram()}```\n\n{edges}\n{_about_walks()}"
        f"| action | what it is |\n|---|---|\n{actions}"
    )


def _about_walks() -> str:
    from pytest_aep_export.fuzz.walks import DEPTH, PROGRESSIONS, REQUESTS, number_of_walks  # noqa: PLC0415 - as below

    return _text("walks.md").format(
        depth=DEPTH,
        walks=f"{number_of_walks():,}",
        progressions=len(PROGRESSIONS),
        actions=len(_ACTIONS),
        requests=number_of_walks(actions=len(REQUESTS), progressions=1),
    )


def _text(name: str) -> str:
    return (Path(__file__).parent / name).read_text("utf-8")


def diagram() -> str:
    """The state diagram in the notation of Mermaid."""
    from pytest_aep_export.lifecycle import TRANSITIONS  # noqa: PLC0415 - not for --help

    return "".join(f"{line}\n" for line in ["stateDiagram-v2", "    [*] --> NEW", *_arrows(TRANSITIONS)])


def _arrows(transitions: Mapping[JobStatus, Collection[JobStatus]]) -> Iterator[str]:
    """An arrow for each edge, in the order of the statuses, and the end of those that lead nowhere."""
    for source, targets in transitions.items():
        yield from (f"    {source} --> {target}" for target in transitions if target in targets)
        if not targets:
            yield f"    {source} --> [*]"


def _edges() -> Iterator[tuple[Edge, str, str]]:
    """Every edge with the progression and the actions of the shortest walk that takes it."""
    from pytest_aep_export.fuzz.walks import example  # noqa: PLC0415 - not for --help
    from pytest_aep_export.lifecycle import TRANSITIONS  # noqa: PLC0415 - the same

    for source, targets in TRANSITIONS.items():
        for target in (each for each in TRANSITIONS if each in targets):
            walk = example((source, target))
            yield (source, target), walk.progression, ", ".join(walk.actions)
