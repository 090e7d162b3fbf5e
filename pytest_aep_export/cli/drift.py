"""``aep-export drift``: has the API moved on from what is written down of it?"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
from rich.table import Table
from rich.text import Text

from pytest_aep_export.cassettes.drift import Drift, compare
from pytest_aep_export.cassettes.observed import Observed, Take, observe, take_of
from pytest_aep_export.cassettes.recording import Recording
from pytest_aep_export.cassettes.selection import select
from pytest_aep_export.cassettes.storage import read
from pytest_aep_export.cli.common import (
    CouldNotRunError,
    console_for,
    exit_codes,
    ims_url_option,
    require_writable,
    schema_option,
    stoppable,
    write,
)
from pytest_aep_export.cli.project import cassettes_of_project
from pytest_aep_export.contract import DIALECTS, load
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.report.drift import (
    DRIFTED,
    LABELS,
    contract_side,
    drift_json,
    drift_lines,
    drift_markdown,
    drift_schema,
    shown,
    where,
)
from pytest_aep_export.report.markup import printable
from pytest_aep_export.suite.budget import Limits
from pytest_aep_export.suite.journey import JOBS_ASKED_FOR, travel
from pytest_aep_export.suite.targets import EMULATOR, probe, resolve

__all__ = ["drift"]

_NONE: Final = "none"
_STANDARD: Final = "-"


@click.command(epilog="Credentials of a URL come from the environment, as for 'aep-export run'.")
@click.argument("cassettes", nargs=-1, metavar="[PATH|NAME]...")
@click.option(
    "--target", default=EMULATOR, show_default=True, help="'emulator', in every dialect; a gateway's URL; or 'none'."
)
@ims_url_option
@click.option("--live", is_flag=True, help="Let the target be Adobe's live service.")
@click.option("--write", "may_write", is_flag=True, help="Let a dataset and two export jobs be created at a URL.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--markdown", "as_markdown", is_flag=True, help="For a comment on a pull request.")
@click.option("-o", "output", metavar="FILE", default=_STANDARD, help="Where to write to.  [default: standard output]")
@schema_option(drift_schema)
def drift(  # noqa: PLR0913 - one parameter for each option
    cassettes: tuple[str, ...],
    target: str,
    ims_url: str,
    output: str,
    *,
    live: bool,
    may_write: bool,
    as_json: bool,
    as_markdown: bool,
) -> None:
    """Hold the contract, cassettes and a target against each other.

    Cassettes are files, folders or names; by default the project's own, or else those that this package ships. The
    target is asked along a fixed journey; at a URL it only reads, unless --write lets it create something.

    Ends with 0 when there is no drift, 1 when a status or a member is undocumented or a type has changed, 2 when it was
    used wrongly and 3 when nothing could be compared.
    """
    with exit_codes(), stoppable():
        if as_json and as_markdown:
            raise ConfigurationError("--json and --markdown exclude each other: choose one")
        require_writable(None if output == _STANDARD else output)
        contract, chosen = load(), select(cassettes, cassettes_of_project())
        recorded = observe([take_of(_whole(name, path)) for name, path in chosen.items()], contract)
        seen = None if target == _NONE else _asked(target, ims_url, live=live, may_write=may_write)
        found = compare(contract, recorded, seen)
        if as_json:
            write(output, f"{json.dumps(drift_json(found), indent=2, ensure_ascii=False)}\n")
        elif as_markdown:
            write(output, drift_markdown(found))
        else:
            _tell(found, output)
    click.get_current_context().exit(int(found.drifted))


def _whole(name: str, path: Path) -> Recording:
    """A cassette that is there; one that cannot be used is no mistake of whoever called."""
    try:
        return read(name, path)
    except ConfigurationError as error:
        raise CouldNotRunError(printable(str(error))) from error


def _asked(target: str, ims_url: str, *, live: bool, may_write: bool) -> Observed:
    """What a target shows on the journey."""
    return observe(_takes(target, ims_url, live=live, may_write=may_write), load())


def _takes(target: str, ims_url: str, *, live: bool, may_write: bool) -> Iterator[Take]:
    emulated = target == EMULATOR
    for dialect in DIALECTS if emulated else ("",):
        settings = {"dialect": dialect} if emulated else {"ims_url": ims_url}
        limits = Limits(jobs=JOBS_ASKED_FOR)
        with resolve(target, credentials=os.environ, live=live, limits=limits, **settings) as opened:
            if opened.kind == "live":
                probe(opened, allow_production=not may_write)
            made = travel(opened, write=emulated or may_write)
            name = f"emulator, {dialect}" if emulated else opened.label
            yield Take(name, "", tuple((exchange.request, exchange.response) for exchange in made))


def _tell(found: Drift, output: str) -> None:
    console = console_for()
    if output != _STANDARD or not console.is_terminal:
        write(output, "".join(f"{line}\n" for line in drift_lines(found)))
        return
    one_by_one = [finding for kind in DRIFTED for finding in found.of(kind)]
    if one_by_one:
        table = Table("drift", "where", "contract", "cassettes", "target")
        for finding in one_by_one:
            sides = shown(finding.cassettes, finding.in_cassettes), shown(finding.target, finding.at_target)
            cells = (LABELS[finding.kind], where(finding), contract_side(finding), *sides)
            table.add_row(*(Text(printable(cell)) for cell in cells))
        console.print(table)
    for line in list(drift_lines(found))[len(one_by_one) :]:
        console.print(Text(line), soft_wrap=True)
