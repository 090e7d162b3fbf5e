"""Where the command line starts."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from pytest_aep_export.cli import commands, common, entry
from pytest_aep_export.errors import AepError, ConfigurationError
from pytest_aep_export.version import SUITE_VERSION


def test_the_package_can_be_run_as_a_module():
    """``python -m pytest_aep_export`` is the same command line."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest_aep_export", "--version"], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.startswith("pytest-aep-export ")
    assert done.stdout.endswith(f"suite {SUITE_VERSION}\n")


def test_an_early_interrupt_is_no_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Ctrl-C before a command has begun ends with one word and the shell's own code for it."""

    def interrupted(**_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "main", interrupted)
    with pytest.raises(SystemExit) as ended:
        entry.start()
    assert ended.value.code == 130
    assert capsys.readouterr().err == "interrupted\n"


def full(**_options: object) -> None:
    """Write to a disk that is full."""
    raise OSError(28, "No space left on device")


def unread(**_options: object) -> None:
    """End as click does when nobody reads any longer."""
    try:
        raise BrokenPipeError(32, "Broken pipe")
    except OSError:
        sys.exit(1)


def interrupted(**_options: object) -> None:
    """End as click does after Ctrl-C."""
    raise click.Abort


def refused(**_options: object) -> None:
    """Refuse a call."""
    raise common.UsedWronglyError("no such thing")


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        (lambda **_: 1, 1, ""),
        (lambda **_: None, 0, ""),
        (lambda **_: sys.exit(5), 5, ""),
        (full, 3, "Error: the output cannot be written (No space left on device): write to another place\n"),
        (unread, 0, ""),
        (interrupted, 130, "interrupted\n"),
        (refused, 2, "Error: no such thing\n"),
    ],
)
def test_how_commands_end(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: Callable[..., object],
    code: int,
    said: str,
):
    """Every command ends with a code of its own, one for an interrupt, and one sentence where there is need of one."""
    monkeypatch.setattr(commands, "main", command)
    with pytest.raises(SystemExit) as ended:
        entry.start()
    assert (ended.value.code, capsys.readouterr().err) == (code, said)


@pytest.mark.parametrize(("error", "code"), [(AepError, 3), (ConfigurationError, 2)])
def test_no_server_steers_the_terminal_with_an_error(error: type[Exception], code: int):
    """What a server has put into a message is shown and does nothing."""
    with pytest.raises(click.ClickException) as ended, common.exit_codes():
        raise error("it says \x1b[31m")
    assert (ended.value.message, ended.value.exit_code) == (r"it says \x1b[31m", code)


def test_a_console_that_nobody_reads_is_quiet(capsys: pytest.CaptureFixture[str]):
    """After its reader has gone a console prints nothing, and ends nothing."""
    console = common.console_for()
    console.on_broken_pipe()
    console.print("more")
    assert capsys.readouterr().out == ""


def test_an_output_that_nobody_reads_is_no_failure(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """A document whose reader has gone is given up without a word, and so is what a command says."""

    def gone(*_arguments: object, **_options: object) -> None:
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(click, "echo", gone)
    common.write("-", "text")
    with common.exit_codes():
        click.echo("text")
    assert capsys.readouterr() == ("", "")


def test_what_is_muted_swallows_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Once it is muted, nothing that is written to standard output arrives."""
    with (tmp_path / "out").open("w") as file:
        monkeypatch.setattr(sys, "stdout", file)
        common.mute()
        file.write("more")
    assert (tmp_path / "out").read_text() == ""


def test_a_device_is_written_to_as_it_is():
    """What is no file is not replaced by one."""
    common.write(os.devnull, "text")
    assert not Path(os.devnull).is_file()


def test_what_is_still_to_be_printed_at_the_end_is_no_second_failure(monkeypatch: pytest.MonkeyPatch):
    """Where standard output cannot take the rest it is muted, so that the interpreter does not complain once more."""
    muted: list[bool] = []

    class Full(io.StringIO):
        def flush(self) -> None:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(commands, "main", lambda **_: 3)
    monkeypatch.setattr(common, "mute", lambda: muted.append(True))
    monkeypatch.setattr(sys, "stdout", Full())
    with pytest.raises(SystemExit) as ended:
        entry.start()
    assert (ended.value.code, muted) == (3, [True])


def test_only_the_main_thread_is_told_to_stop():
    """Signals are Python's main thread's; elsewhere nothing is changed, and nothing fails."""
    found: list[object] = []

    def look() -> None:
        with common.stoppable():
            found.append(signal.getsignal(signal.SIGTERM))

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == [before]
