"""What the commands share: exit codes, where output goes, and how a schema is printed."""

from __future__ import annotations

import json
import math
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, TypeVar

import click
from rich.console import Console

from pytest_aep_export.contract.dialects import CANONICAL, DIALECTS
from pytest_aep_export.errors import AepError, ConfigurationError
from pytest_aep_export.report.markup import printable

__all__ = [
    "INTERRUPTED",
    "SECONDS",
    "CouldNotRunError",
    "StoppedError",
    "UsedWronglyError",
    "console_for",
    "dialect_option",
    "exit_codes",
    "ims_url_option",
    "mute",
    "require_writable",
    "schema_option",
    "stoppable",
    "write",
]

_Command = TypeVar("_Command", bound=Callable[..., object])
_PLAIN_WIDTH: Final = 120
INTERRUPTED: Final = 130
"""How every command ends that was interrupted, as shells have it."""
_STANDARD: Final = "-"


class _Seconds(click.FloatRange):
    """So many seconds, more than none, of which there is an end."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Refuse what no clock ever reaches."""
        seconds: float = super().convert(value, param, ctx)
        if not math.isfinite(seconds):
            self.fail(f"{value} is no number of seconds.", param, ctx)
        return seconds


SECONDS: Final = _Seconds(0, min_open=True)
"""What a time-out takes."""

ims_url_option: Final = click.option(
    "--ims-url", default="", envvar="AEP_IMS_URL", help="Token endpoint of a URL.  [default: its /ims/token/v3]"
)
dialect_option: Final = click.option(
    "--dialect",
    type=click.Choice(list(DIALECTS)),
    default=CANONICAL.name,
    show_default=True,
    help="Which documented variant the emulator speaks.",
)


class UsedWronglyError(click.ClickException):
    """Ends a command that was called wrongly."""

    exit_code = 2


class CouldNotRunError(click.ClickException):
    """Ends a command that has nothing to say of its target, because it could not run."""

    exit_code = 3


class StoppedError(click.ClickException):
    """Ends a command that was interrupted, by Ctrl-C or SIGTERM."""

    exit_code = INTERRUPTED


@contextmanager
def exit_codes() -> Iterator[None]:
    """Turn the package's exceptions, and an output that cannot be written, into a sentence and an exit code.

    Who has stopped reading the output, as ``head`` does, has had enough: nothing is said of that.
    """
    try:
        yield
    except ConfigurationError as error:
        raise UsedWronglyError(printable(str(error))) from error
    except AepError as error:
        raise CouldNotRunError(printable(str(error))) from error
    except BrokenPipeError:
        mute()
    except OSError as error:
        mute()
        what, reason = error.filename or "the output", error.strerror or error
        raise CouldNotRunError(f"{what} cannot be written ({reason}): write to another place") from error


@contextmanager
def stoppable() -> Iterator[None]:
    """For a while, be told to stop by SIGTERM as by Ctrl-C."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler) if _in_main_thread() else None
    try:
        yield
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)


def mute() -> None:
    """Let standard output swallow what else it is given, also at the end of the process."""
    with suppress(OSError, ValueError):  # it is no file of the operating system's
        number = sys.stdout.fileno()
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), number)


class _Console(Console):
    """A console whose reader may go away."""

    def on_broken_pipe(self) -> None:
        """Go on without a word, instead of ending the process as rich does."""
        self.quiet = True
        mute()


def console_for(*, stderr: bool = False) -> Console:
    """Where a command prints to, as it is now; wide enough for tables where it is no terminal."""
    console = _Console(file=sys.stderr if stderr else sys.stdout)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _PLAIN_WIDTH
    return console


def write(path: str, text: str) -> None:
    """Write a file, whole or not at all; ``-`` is standard output.

    Raises:
        CouldNotRunError: It cannot be written; what it held before it still holds.
    """
    try:
        if path == _STANDARD:
            click.echo(text, nl=False)
        elif Path(path).exists() and not Path(path).is_file():  # a pipe, or a device
            Path(path).write_text(text, encoding="utf-8")
        else:
            _replace(Path(path).resolve(), text)
    except BrokenPipeError:
        mute()
    except OSError as error:
        raise CouldNotRunError(f"{path} cannot be written ({error.strerror}): name another file") from error


def _replace(path: Path, text: str) -> None:
    """Write a file aside, and then let it take the place of the one that is there."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        aside.write_text(text, encoding="utf-8")
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def require_writable(*paths: str | None) -> None:
    """Find out before a run whether its results can be kept.

    Raises:
        ConfigurationError: A file cannot be written.
    """
    for path in filter(None, paths):
        folder = Path(path).parent
        if path != _STANDARD and (Path(path).is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK)):
            raise ConfigurationError(f"{path} cannot be written: name a file in a folder that exists and is yours")


def schema_option(load: Callable[[], Mapping[str, Any]], option: str = "--json") -> Callable[[_Command], _Command]:
    """``--schema``: print the JSON Schema of what an option writes, and end."""

    def show(context: click.Context, _: click.Parameter, value: object) -> None:
        if value:
            click.echo(json.dumps(load(), indent=2))
            context.exit()

    text = f"Print the JSON Schema of what {option} writes."
    return click.option("--schema", is_flag=True, is_eager=True, expose_value=False, callback=show, help=text)
