"""``aep-export personas``: the ways in which the emulator can be wrong on purpose."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from rich.table import Table

from pytest_aep_export.cli.common import console_for

if TYPE_CHECKING:
    from pytest_aep_export.emulator.personas import Persona

__all__ = ["catalogue", "personas"]

_KINDS: Final = {
    "wrong": "something is there and is not as it should be",
    "missing": "something is not there",
    "stale": "something is as it was before",
    "foreign": "something belongs to somebody else",
    "reordered": "something comes too early or too late among others",
    "truncated": "something ends too early",
    "lenient": "something is accepted that should be refused",
    "strict": "something is refused that should be accepted",
    "delayed": "something comes true only when it is asked for again",
}


@click.command()
@click.option(
    "-k", "word", default="", metavar="WORD", help="Only those of this area or kind, or with this in the name."
)
@click.option("--markdown", is_flag=True, help="As a page: this is how docs/personas.md is written.")
def personas(word: str, *, markdown: bool) -> None:
    """List the ways in which the emulator can be wrong on purpose: see serve --persona."""
    from pytest_aep_export.emulator.personas import PERSONAS  # noqa: PLC0415 - heavy, and not for --help

    chosen = [each for each in PERSONAS.values() if word in {each.area, each.kind} or word in each.id]
    if markdown:
        click.echo(catalogue(chosen), nl=False)
        return
    table = Table("persona", "area", "kind", "what is wrong")
    for each in chosen:
        table.add_row(each.id, each.area, each.kind, each.about)
    console_for().print(table)


def catalogue(chosen: list[Persona]) -> str:
    """The page of the documentation that lists personas, in the order that they have."""
    kinds = "".join(f"| {kind} | {meaning} |\n" for kind, meaning in _KINDS.items())
    head = (Path(__file__).parent / "personas.md").read_text("utf-8").replace("COUNT", str(len(chosen)))
    return head + kinds + "".join(_tables(chosen))


def _tables(chosen: list[Persona]) -> Iterator[str]:
    from pytest_aep_export.suite.registry import load  # noqa: PLC0415 - not for --help

    for area, members in groupby(chosen, key=lambda each: each.area):
        yield f"\n## {area}: {load().areas[area]}\n\n| persona | kind | what is wrong |\n|---|---|---|\n"
        yield from (f"| `{each.id}` | {each.kind} | {each.about} |\n" for each in members)
