"""``aep-export serve``: the emulator as a server of its own, for a client in any language."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from pytest_aep_export.cli.common import CouldNotRunError, UsedWronglyError, schema_option
from pytest_aep_export.cli.emulating import Opened, emulator_options, opened, say_exports, told_to_stop
from pytest_aep_export.credentials import environment_for
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.listening import is_loopback

__all__ = ["connection_schema", "serve"]


def connection_schema() -> dict[str, Any]:
    """The JSON Schema of the line that ``--json`` prints."""
    schema: dict[str, Any] = json.loads((Path(__file__).parent / "connection.schema.json").read_text("utf-8"))
    return schema


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port.  [default: any that is free]")
@click.option("--query-port", type=click.IntRange(0, 65535), help="Serve SQL to PostgreSQL clients too; 0: any port.")
@emulator_options
@click.option("--allow-remote", is_flag=True, help="Listen on an address that other machines reach.")
@click.option("--json", "as_json", is_flag=True, help="Say how to connect in one line of JSON.")
@schema_option(connection_schema)
def serve(host: str, port: int, query_port: int | None, *, allow_remote: bool, as_json: bool, **options: Any) -> None:
    """Run the emulator until it is told to stop by SIGTERM or Ctrl-C."""
    if not allow_remote and not is_loopback(host):
        raise UsedWronglyError(
            f"{host} is not a loopback address: add --allow-remote if other machines should reach it"
        )
    with opened(**options) as made:
        _serve(made, (host, port), query_port, lambda url, query: _announce(url, made, query, as_json=as_json))


def _serve(made: Opened, where: tuple[str, int], query_port: int | None, ready: Callable[..., None]) -> None:
    with told_to_stop() as wait, ExitStack() as stack:
        ready(*_served(stack, made, where, query_port))
        wait()


def _served(
    stack: ExitStack, made: Opened, where: tuple[str, int], query_port: int | None
) -> tuple[str, dict[str, str]]:
    """The emulator's address once it is served, and the variables for SQL where that is wanted too."""
    from pytest_aep_export.emulator import EmulatorServer  # noqa: PLC0415 - heavy, and not for --help
    from pytest_aep_export.emulator.query import QueryServer  # noqa: PLC0415 - the same

    try:
        server = stack.enter_context(EmulatorServer(made.emulator, *where, allow_remote=True))
        if query_port is None:
            return server.url, {}
        query = stack.enter_context(QueryServer(made.emulator, where[0], query_port, allow_remote=True))
    except ConfigurationError as error:
        raise CouldNotRunError(str(error)) from error
    return server.url, query.login(made.tenant).env()


def _announce(url: str, made: Opened, query: dict[str, str], *, as_json: bool) -> None:
    who, sandboxes = made.credentials, made.sandboxes
    if as_json:
        document = {"url": url, "client_id": who.client_id, "client_secret": who.client_secret, "org_id": who.org_id}
        more = {"query": query} if query else {}
        click.echo(json.dumps({**document, "sandboxes": list(sandboxes), "pid": os.getpid(), **more}))
        return
    click.echo(f"The emulator listens on {url} (sandboxes {', '.join(sandboxes)}; process {os.getpid()}).")
    say_exports(environment_for(who, url) | query)
