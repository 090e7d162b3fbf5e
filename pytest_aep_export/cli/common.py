"""What the commands share: exit codes, and how a schema is printed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from pytest_aep_export.errors import AepError, ConfigurationError

__all__ = ["CouldNotRunError", "UsedWronglyError", "exit_codes", "schema_option"]

_Command = TypeVar("_Command", bound=Callable[..., object])


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


def schema_option(load: Callable[[], Mapping[str, Any]]) -> Callable[[_Command], _Command]:
    """``--schema``: print the JSON Schema of what ``--json`` writes, and end."""

    def show(context: click.Context, _: click.Parameter, value: object) -> None:
        if value:
            click.echo(json.dumps(load(), indent=2))
            context.exit()

    text = "Print the JSON Schema of what --json writes."
    return click.option("--schema", is_flag=True, is_eager=True, expose_value=False, callback=show, help=text)
