"""``aep-export cassette``: cassettes from what the suite, a browser or a proxy saw, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from pytest_aep_export.cassettes.har import Har, credentials_in, read_har
from pytest_aep_export.cassettes.har_writing import write_har
from pytest_aep_export.cassettes.library import path_of
from pytest_aep_export.cassettes.persons import told_of_persons
from pytest_aep_export.cassettes.selection import select
from pytest_aep_export.cassettes.storage import check_writable, read
from pytest_aep_export.cli.common import (
    SECONDS,
    dialect_option,
    exit_codes,
    ims_url_option,
    require_writable,
    stoppable,
    write,
)
from pytest_aep_export.cli.project import cassettes_of_project
from pytest_aep_export.contract.dialects import CANONICAL
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.hosts import TOKEN_PATH
from pytest_aep_export.suite.budget import Limits
from pytest_aep_export.suite.targets import EMULATOR

if TYPE_CHECKING:
    from pytest_aep_export.cassettes.recording import Source

__all__ = ["cassette"]

_LARGEST: Final = 512 * 2**20
"""The bytes of a HAR that are read, at most."""


_FOLDER: Final = click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder of cassettes.  [default: the project's]",
)


@click.group()
def cassette() -> None:
    """Make cassettes of the suite's traffic or of a HAR, and HAR of cassettes."""


@cassette.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("name")
@click.option(
    "--source", type=click.Choice(["live", "server"]), help="Who answered.  [default: live, if Adobe's hosts did]"
)
@click.option("--host", default="", help="Whose requests are meant, as it stands in URLs.  [default: Adobe's API]")
@_FOLDER
@click.option("--replace", is_flag=True, help="Replace a cassette of that name.")
@click.option("--personal-data", is_flag=True, help="Keep files of profiles though they are from the live service.")
def import_command(
    file: Path, name: str, source: Source | None, host: str, folder: Path | None, *, replace: bool, personal_data: bool
) -> None:
    """Make a cassette of the requests in FILE, without secrets: it goes through the same hygiene as a recording.

    Requests to other hosts are left out and counted. Delete FILE afterwards: it holds your tokens.
    """
    with exit_codes():
        path = path_of(name, folder or cassettes_of_project())
        if path.exists() and not replace:
            raise ConfigurationError(f"cassette {name} exists already: add --replace, or choose another name")
        check_writable(name, path)
        har = read_har(_bytes(file), host)
        if not har.interactions:
            wanted = f"the host {host}" if host else "Adobe's API; name your server by --host"
            raise ConfigurationError(f"{file} holds no request to {wanted}{_left_out(har.skipped)}")
        origin = source or ("live" if har.adobe else "server")
        _keep(name, path, har, origin, personal_data=personal_data)
    count = len(har.interactions)
    click.echo(f"{path}: {count} interaction{'s' * (count != 1)}, source {origin}{_left_out(har.skipped)}")
    if origin == "live" and (warning := told_of_persons(path.read_text("utf-8"))):
        click.echo(f"warning: {path} {warning}", err=True)


@cassette.command("record", epilog="Credentials of a URL come from the environment, as for 'aep-export run'.")
@click.argument("area")
@click.argument("modules", nargs=-1, metavar="[MODULE]...")
@click.option("--target", default=EMULATOR, show_default=True, help="'emulator', or a gateway's URL.")
@ims_url_option
@dialect_option
@_FOLDER
@click.option("--live", is_flag=True, help="Let the target be Adobe's live service.")
@click.option("--allow-production", is_flag=True, help="Let that be a production sandbox.")
@click.option("--personal-data", is_flag=True, help="Keep files of profiles though they are from the live service.")
@click.option("--deadline", type=SECONDS, help="Seconds that all of it may take.")
@click.option("--max-calls", type=click.IntRange(1), help="How many requests it may make.")
@click.option("--max-jobs", type=click.IntRange(0), help="How many export jobs it may create.")
def record_command(  # noqa: PLR0913, PLR0917 - one parameter for each option
    area: str,
    modules: tuple[str, ...],
    target: str,
    ims_url: str,
    dialect: str,
    folder: Path | None,
    deadline: float | None,
    max_calls: int | None,
    max_jobs: int | None,
    *,
    live: bool,
    allow_production: bool,
    personal_data: bool,
) -> None:
    """Judge a target by the conformance suite, and keep what was exchanged as cassettes AREA/MODULE, without secrets.

    Each module is a run of its own and is written when it has ended. 'aep-export run --target cassette:FOLDER/AREA'
    judges them again without a network.
    """
    from pytest_aep_export.suite.recording import Origin, find_modules, record_modules  # noqa: PLC0415 - loads vcrpy

    with exit_codes(), stoppable():
        if target != EMULATOR and dialect != CANONICAL.name:
            raise ConfigurationError("--dialect is for the emulator only: another target speaks what it speaks")
        home = folder or cassettes_of_project()
        files = find_modules(modules)
        for module in files:
            check_writable(f"{area}/{module}", path_of(f"{area}/{module}", home))
        limits = Limits(max_calls, max_jobs, deadline)
        origin = Origin(target, ims_url, dialect, live, allow_production, personal_data, limits)
        for one, judged in record_modules(area, files, origin, home):
            met, count = len(one.metadata.requirements), len(one.interactions)
            click.echo(f"{path_of(one.name, home)}: {count} interactions, {met} of {judged} requirements hold")


def _keep(name: str, path: Path, har: Har, source: Source, *, personal_data: bool) -> None:
    """Write a cassette as recording does."""
    from pytest_aep_export.cassettes.play import Cassette, Draft, describe  # noqa: PLC0415 - imports vcrpy

    credentials, base_url = credentials_in(har), har.origins[0]
    shown = Cassette(name, base_url, f"{base_url}{TOKEN_PATH}", credentials, tuple, recording=True)
    draft = Draft(shown, path, describe(source, date=har.date), personal_data=personal_data)
    for interaction in har.interactions:
        draft.add(interaction)
    draft.save()


def _left_out(skipped: Mapping[str, int]) -> str:
    """How many entries were left out, and why."""
    return "".join(f", {count} left out {reason}" for reason, count in skipped.items())


def _bytes(file: Path) -> bytes:
    with file.open("rb") as opened:
        content = opened.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise ConfigurationError(f"{file} is larger than {_LARGEST >> 20} MiB: save only the requests that matter")
    return content


@cassette.command("export")
@click.argument("name", metavar="PATH|NAME")
@click.option("-o", "output", metavar="FILE", default="-", help="Where to write to.  [default: standard output]")
def export_command(name: str, output: str) -> None:
    """Make a HAR of a cassette, to be looked at with whatever reads HAR."""
    with exit_codes():
        require_writable(output)
        chosen = select([name], cassettes_of_project())
        if len(chosen) != 1:
            raise ConfigurationError(f"{name} holds {len(chosen)} cassettes: name one of them")
        for found, path in chosen.items():
            write(output, f"{json.dumps(write_har(read(found, path)), indent=2, ensure_ascii=False)}\n")
