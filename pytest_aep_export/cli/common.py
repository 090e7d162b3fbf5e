"""What the commands share: exit codes, where output goes, and how a schema is printed."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import click
from rich.console import Console

from pytest_aep_export.errors import AepError, ConfigurationError

__all__ = ["CouldNotRunError", "UsedWronglyError", "console_for", "exit_codes", "schema_option", "write"]

_Command = TypeVar("_Command", bound=Callable[..., object])
_PLAIN_WIDTH: Final = 120


class UsedWronglyError(click.ClickException):
    """Ends a command that was called wrongly."""

    exit_code = 2


class CouldNotRunError(click.ClickException):
    """Ends a command that has nothing to say of its target, because it could not run."""

    exit_code = 3


@contextmanager
def exit_codes() -> Iterator[None]:
    """Turn the package's exceptions into a sentence and an exit code."""
    try:
        yield
    except ConfigurationError as error:
        raise UsedWronglyError(str(error)) from error
    except AepError as error:
        raise CouldNotRunError(str(error)) from error


def console_for(*, stderr: bool = False) -> Console:
    """Where a command prints to, as it is now; wide enough for tables where it is no terminal."""
    console = Console(file=sys.stderr if stderr else sys.stdout)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _PLAIN_WIDTH
    return console


def write(path: str, text: str) -> None:
    """Write a file; ``-`` is standard output.

    Raises:
        CouldNotRunError: It cannot be written.
    """
    try:
        with click.open_file(path, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise CouldNotRunError(f"{path} cannot be written ({error.strerror}): name another file") from error


def schema_option(load: Callable[[], Mapping[str, Any]], option: str = "--json") -> Callable[[_Command], _Command]:
    """``--schema``: print the JSON Schema of what an option writes, and end."""

    def show(context: click.Context, _: click.Parameter, value: object) -> None:
        if value:
            click.echo(json.dumps(load(), indent=2))
            context.exit()

    text = f"Print the JSON Schema of what {option} writes."
    return click.option("--schema", is_flag=True, is_eager=True, expose_value=False, callback=show, help=text)
