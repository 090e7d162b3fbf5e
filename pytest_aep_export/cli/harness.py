"""``aep-export harness``: the protocol by which a program in any language lets its client be judged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import click
from rich.text import Text

from pytest_aep_export.cli.common import SECONDS, console_for, exit_codes, schema_option

if TYPE_CHECKING:
    from rich.console import Console

    from pytest_aep_export.judge.harness.smoke import Check, Smoke

__all__ = ["harness"]

_COLOURS: Final = {"pass": "green", "fail": "bold red", "not-reached": "dim"}


@click.group()
def harness() -> None:
    """Let a client in any language be judged, by a program that drives it: see docs/harness.md."""


@harness.command()
def schema() -> None:
    """Print the JSON Schema of every line of the protocol."""
    from pytest_aep_export.judge.harness.protocol import protocol_schema  # noqa: PLC0415 - heavy, and not for --help

    click.echo(json.dumps(protocol_schema(), indent=2))


def _smoke_schema() -> dict[str, Any]:
    from pytest_aep_export.judge.harness.smoke import smoke_schema  # noqa: PLC0415 - heavy, and not for --help

    return smoke_schema()


@harness.command(context_settings={"allow_interspersed_args": False})
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option(
    "--timeout",
    "seconds",
    type=SECONDS,
    default=30,
    show_default=True,
    help="How many seconds the harness may take for an answer.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what came of it as JSON.")
@schema_option(_smoke_schema)
def smoke(command: tuple[str, ...], seconds: float, *, as_json: bool) -> None:
    """Try a harness, which COMMAND starts, and say whether it keeps to the protocol: harness smoke -- node harness.mjs.

    Ends with 1 when it does not, with 2 when it cannot be started, with 3 when it could not be tried.
    """
    from pytest_aep_export.judge.harness.smoke import Smoke  # noqa: PLC0415 - heavy, and not for --help
    from pytest_aep_export.judge.program import Program  # noqa: PLC0415 - the same

    console = console_for(stderr=as_json)
    with exit_codes():
        tried = Smoke(Program.of(command).command, seconds)
        for check in tried.run():
            _print(check, console)
    if as_json:
        click.echo(json.dumps(tried.to_json(), indent=2, ensure_ascii=False))
    else:
        _sum_up(tried, console)
    click.get_current_context().exit(0 if tried.fit else 1)


def _print(check: Check, console: Console) -> None:
    status = (f"{check.status:11} ", _COLOURS[check.status])
    console.print(Text.assemble(status, (f"{check.name:15} ", "bold"), check.message), soft_wrap=True)


def _sum_up(tried: Smoke, console: Console) -> None:
    passed = sum(check.status == "pass" for check in tried.checks)
    verdict = "keeps to the protocol" if tried.fit else "breaks the protocol"
    console.print(f"the harness {verdict}: {passed} of {len(tried.checks)} checks passed", highlight=False)
