"""``aep-export mutants``: try the suite on the emulator's personas, and see which requirement notices which."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table
from rich.text import Text

from pytest_aep_export.cli.common import (
    INTERRUPTED,
    CouldNotRunError,
    UsedWronglyError,
    console_for,
    exit_codes,
    schema_option,
)
from pytest_aep_export.cli.counting import counted

if TYPE_CHECKING:
    from rich.console import Console

    from pytest_aep_export.emulator.personas import Persona
    from pytest_aep_export.suite.matrix import Matrix
    from pytest_aep_export.suite.mutants import Trial

__all__ = ["mutants"]


def _schema() -> dict[str, Any]:
    from pytest_aep_export.suite.matrix import matrix_schema  # noqa: PLC0415 - heavy, and not for --help

    return matrix_schema()


@click.command()
@click.option("-k", "words", metavar="WORD", multiple=True, help="Only mutants of this area or name.")
@click.option("--processes", type=click.IntRange(1), help="How many are tried at a time.  [default: one a processor]")
@click.option("--update", is_flag=True, help="Keep in kills.json what a whole run has found.")
@click.option("--json", "as_json", is_flag=True, help="Print the matrix as JSON.")
@schema_option(_schema)
def mutants(words: tuple[str, ...], processes: int | None, *, update: bool, as_json: bool) -> None:
    """Try the suite on wrong servers: each persona of the emulator has to be noticed, and each requirement to notice.

    Ends with 1 when a mutant survives, a MUST or SHOULD kills none, or kills.json says something else than was found;
    with 130 when it was interrupted.
    """
    chosen = _chosen(words)
    console = console_for(stderr=as_json)
    with exit_codes():
        found, interrupted = _tried(chosen, processes or os.cpu_count() or 1, console)
    if update:
        _keep(found)
    if as_json:
        click.echo(json.dumps(found.to_json(), indent=2))
    else:
        _print(found, console)
    if interrupted:
        console.print("interrupted: the mutants that were not tried are not in it")
    click.get_current_context().exit(INTERRUPTED if interrupted else found.exit_code)


def _chosen(words: Sequence[str]) -> list[Persona]:
    from pytest_aep_export.emulator.personas import PERSONAS  # noqa: PLC0415 - heavy, and not for --help

    chosen = [p for p in PERSONAS.values() if not words or any(word == p.area or word in p.id for word in words)]
    if not chosen:
        raise UsedWronglyError(
            f"-k {' -k '.join(words)} names no mutant: use an area or part of a name of docs/personas.md"
        )
    return chosen


def _tried(chosen: Sequence[Persona], processes: int, console: Console) -> tuple[Matrix, bool]:
    """The matrix, and whether it was interrupted before its end."""
    from pytest_aep_export.suite.matrix import Matrix  # noqa: PLC0415 - heavy, and not for --help
    from pytest_aep_export.suite.mutants import try_mutants  # noqa: PLC0415 - the same
    from pytest_aep_export.suite.registry import load  # noqa: PLC0415 - the same

    trials: list[Trial] = []
    begun, interrupted = time.perf_counter(), False
    try:
        trials.extend(_told(try_mutants(chosen, processes), len(chosen), console))
    except KeyboardInterrupt:
        interrupted = True
    return Matrix.of(load(), trials, time.perf_counter() - begun), interrupted


def _told(trials: Iterator[Trial], total: int, console: Console) -> Iterator[Trial]:
    """The trials; each that has ended is counted, and a survivor named at once."""
    with counted(console, "tried", total, "mutants") as tell:
        for number, trial in enumerate(trials):
            tell(min(number, total))
            if trial.mutant and not trial.killers:
                console.print(f"{trial.mutant} survives", highlight=False)
            yield trial


def _keep(found: Matrix) -> None:
    from pytest_aep_export.suite.kills import keep_kills  # noqa: PLC0415 - heavy, and not for --help

    if not found.whole:
        raise UsedWronglyError("--update keeps what a whole run has found: leave -k out")
    try:
        keep_kills(found.killers)
    except OSError as error:
        raise CouldNotRunError(f"kills.json cannot be written ({error}): update it in a checkout") from error


def _print(found: Matrix, console: Console) -> None:
    console.print(_matrix(found))
    console.print(_by_area(found))
    for title, names in (
        ("no requirement kills", found.survivors),
        ("kills no mutant", [f"{each.id} {each.level}: {each.title}" for each in found.idle]),
        ("the emulator itself breaks, or cannot be judged by", found.unsound),
        ("went wrong by itself", found.defects),
    ):
        for name in names:
            console.print(Text.assemble((f"{title}: ", "bold red"), name), soft_wrap=True)
    if found.outdated:
        console.print("conformance/kills.json says something else: run 'aep-export mutants --update'", style="bold red")
    killed = len(found.trials) - len(found.survivors)
    console.print(f"{killed} of {len(found.trials)} mutants killed in {found.seconds:.0f} s", highlight=False)


def _matrix(found: Matrix) -> Table:
    table = Table("mutant", "killed by", title="which requirement kills which mutant", title_justify="left")
    for trial in found.trials:
        killers = ", ".join(name.removeprefix("EXP-") for name in trial.killers)
        table.add_row(trial.mutant, killers or Text("nothing", "bold red"))
    return table


def _by_area(found: Matrix) -> Table:
    table = Table("area", title="by area", title_justify="left")
    for heading in ("mutants", "killed", "requirements", "that kill"):
        table.add_column(heading, justify="right")
    from pytest_aep_export.emulator.personas import PERSONAS  # noqa: PLC0415 - heavy, and not for --help

    for area in dict.fromkeys(PERSONAS[trial.mutant].area for trial in found.trials):
        trials = [trial for trial in found.trials if PERSONAS[trial.mutant].area == area]
        asked = [each.id for each in found.registry.of("server") if each.area == area]
        killed, killing = sum(bool(trial.killers) for trial in trials), sum(name in found.kills for name in asked)
        table.add_row(area, *map(str, (len(trials), killed, len(asked), killing)))
    return table
