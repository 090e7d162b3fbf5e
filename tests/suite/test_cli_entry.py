"""Where the command line starts."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pytest_aep_export.cli import commands, entry
from pytest_aep_export.suite.version import SUITE_VERSION


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
