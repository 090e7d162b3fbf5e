"""``aep-export proxy``: the emulator for clients that insist on Adobe's hosts."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from pytest_aep_export.cli.common import CouldNotRunError, exit_codes
from pytest_aep_export.cli.emulating import Opened, emulator_options, opened, say_exports, told_to_stop
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.judge.starting import require_program, unstartable

if TYPE_CHECKING:
    from pytest_aep_export.proxy import Proxy

__all__ = ["proxy"]


@click.command(context_settings={"allow_interspersed_args": False})
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The proxy's port.  [default: any that is free]")
@emulator_options
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def proxy(port: int, command: tuple[str, ...], **options: Any) -> None:
    """Run a COMMAND for which Adobe's hosts are the emulator; without one, say how, and serve until Ctrl-C.

    It ends as the command does, and says afterwards which other hosts were asked for and refused.
    """
    if command:
        with exit_codes():
            require_program(command[0])
    with opened(**options) as made, _running(made, port) as running:
        if command:
            code = _run(command, running.environ)
        else:
            click.echo(f"The proxy listens on {running.proxy.url} (process {os.getpid()}).")
            with told_to_stop() as wait:
                say_exports(running.environ)
                wait()
            code = 0
        for refusal in dict.fromkeys(running.proxy.refusals):
            click.echo(f"refused: {refusal.host} ({refusal.how})", err=True)
    raise click.exceptions.Exit(code)


@dataclass(frozen=True, slots=True)
class _Running:
    """A proxy that runs, and what other programs have to be told."""

    proxy: Proxy
    environ: Mapping[str, str]


@contextmanager
def _running(made: Opened, port: int) -> Iterator[_Running]:
    """The proxy before an emulator, and the emulator's own port beside it, for whoever can be told an address."""
    from pytest_aep_export.emulator import EmulatorServer  # noqa: PLC0415 - heavy, and not for --help
    from pytest_aep_export.proxy import Authority, Proxy  # noqa: PLC0415 - the same

    with exit_codes():
        authority = Authority()
    with (
        authority,
        EmulatorServer(made.emulator) as plain,
        EmulatorServer(made.emulator, tls=authority.context) as secure,
    ):
        try:
            proxy = Proxy(secure.port, authority, port, loop=secure.loop)
        except ConfigurationError as error:
            raise CouldNotRunError(str(error)) from error
        with proxy:
            yield _Running(proxy, plain.env(made.credentials) | proxy.env())


def _run(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run a program to its end; what it ends with, which is 128 and the signal's number where a signal ended it."""
    try:
        process = subprocess.Popen(command, env={**os.environ, **environ})  # noqa: S603 - it is what the user asks for
    except OSError as error:
        with exit_codes():
            raise ConfigurationError(unstartable(command, error)) from error
    # A terminal sends Ctrl-C to the program as well, which may have something to do before it ends.
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    code = process.wait()
    return code if code >= 0 else 128 - code
