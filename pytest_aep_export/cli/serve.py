"""``aep-export serve``: the emulator as a server of its own, for a client in any language."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click

from pytest_aep_export.cli.common import CouldNotRunError, UsedWronglyError, schema_option
from pytest_aep_export.cli.emulating import emulator_options, opened, say_exports, told_to_stop
from pytest_aep_export.credentials import environment_for
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.model import Credentials

__all__ = ["connection_schema", "serve"]


def connection_schema() -> dict[str, Any]:
    """The JSON Schema of the line that ``--json`` prints."""
    schema: dict[str, Any] = json.loads((Path(__file__).parent / "connection.schema.json").read_text("utf-8"))
    return schema


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port.  [default: any that is free]")
@emulator_options
@click.option("--allow-remote", is_flag=True, help="Listen on an address that other machines reach.")
@click.option("--json", "as_json", is_flag=True, help="Say how to connect in one line of JSON.")
@schema_option(connection_schema)
def serve(host: str, port: int, *, allow_remote: bool, as_json: bool, **options: Any) -> None:
    """Run the emulator until it is told to stop by SIGTERM or Ctrl-C."""
    from pytest_aep_export.emulator.server import is_loopback  # noqa: PLC0415 - heavy, and not for --help

    if not allow_remote and not is_loopback(host):
        raise UsedWronglyError(
            f"{host} is not a loopback address: add --allow-remote if other machines should reach it"
        )
    with opened(**options) as made:
        who, sandboxes = made.credentials, made.sandboxes
        _serve(made.emulator, host, port, lambda url: _announce(url, who, sandboxes, as_json=as_json))


def _serve(emulator: Any, host: str, port: int, ready: Any) -> None:
    from pytest_aep_export.emulator import EmulatorServer  # noqa: PLC0415 - heavy, and not for --help

    wait = told_to_stop()
    try:
        server = EmulatorServer(emulator, host, port, allow_remote=True)
    except ConfigurationError as error:
        raise CouldNotRunError(str(error)) from error
    with server:
        ready(server.url)
        wait()


def _announce(url: str, who: Credentials, sandboxes: tuple[str, ...], *, as_json: bool) -> None:
    if as_json:
        document = {"url": url, "client_id": who.client_id, "client_secret": who.client_secret, "org_id": who.org_id}
        click.echo(json.dumps(document | {"sandboxes": list(sandboxes), "pid": os.getpid()}))
        return
    click.echo(f"The emulator listens on {url} (sandboxes {', '.join(sandboxes)}; process {os.getpid()}).")
    say_exports(environment_for(who, url))
