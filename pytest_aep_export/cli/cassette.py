"""``aep-export cassette``: cassettes from what a browser or a proxy saw, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from pytest_aep_export.cassettes.har import Har, credentials_in, read_har
from pytest_aep_export.cassettes.har_writing import write_har
from pytest_aep_export.cassettes.library import path_of
from pytest_aep_export.cassettes.selection import FOLDER, select
from pytest_aep_export.cassettes.storage import check_writable, read
from pytest_aep_export.cli.common import exit_codes, require_writable, write
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.hosts import TOKEN_PATH

if TYPE_CHECKING:
    from pytest_aep_export.cassettes.recording import Source

__all__ = ["cassette"]

_LARGEST: Final = 512 * 2**20
"""The bytes of a HAR that are read, at most."""


@click.group()
def cassette() -> None:
    """Make cassettes from what a browser or a proxy has recorded as HAR, and HAR from cassettes."""


@cassette.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("name")
@click.option(
    "--source", type=click.Choice(["live", "server"]), help="Who answered.  [default: live, if Adobe's hosts did]"
)
@click.option("--host", default="", help="Whose requests are meant, as it stands in URLs.  [default: Adobe's API]")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=FOLDER,
    show_default=True,
    help="The folder of cassettes.",
)
@click.option("--replace", is_flag=True, help="Replace a cassette of that name.")
@click.option("--personal-data", is_flag=True, help="Keep files of profiles though they are from the live service.")
def import_command(
    file: Path, name: str, source: Source | None, host: str, folder: Path, *, replace: bool, personal_data: bool
) -> None:
    """Make a cassette of the requests in FILE, without secrets: it goes through the same hygiene as a recording.

    Requests to other hosts are left out and counted. Delete FILE afterwards: it holds your tokens.
    """
    with exit_codes():
        path = path_of(name, folder)
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
        chosen = select([name])
        if len(chosen) != 1:
            raise ConfigurationError(f"{name} holds {len(chosen)} cassettes: name one of them")
        for found, path in chosen.items():
            write(output, f"{json.dumps(write_har(read(found, path)), indent=2, ensure_ascii=False)}\n")
