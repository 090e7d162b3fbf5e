"""Runs the conformance tests in this process, away from the user's own pytest settings and plugins."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import Final

import pytest

from pytest_aep_export.errors import AepError, ConfigurationError
from pytest_aep_export.suite.cleanup import clean_up
from pytest_aep_export.suite.expectations import Expectations
from pytest_aep_export.suite.hooks import Observer, SuiteRun
from pytest_aep_export.suite.registry import conformance_path
from pytest_aep_export.suite.sending import Target

__all__ = ["INTERRUPTED", "SuiteError", "run_suite"]

INTERRUPTED: Final = "the run was interrupted"
"""Why a run has ended early that somebody has stopped."""

_USERS_OWN: Final = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")
_OUR_MODULES: Final = frozenset({"conftest", "server"})
"""What pytest calls the suite's modules, seen from the folder ``conformance``."""
_UNHEARD: Final = ("cacheprovider", "unraisableexception", "threadexception")
"""Plugins of pytest's that would say nothing here; two of them collect garbage five times at each end of a run."""


class SuiteError(AepError):
    """The suite itself broke down; the message holds what pytest said."""


def run_suite(
    target: Target,
    observer: Observer,
    *,
    select: str = "",
    profile: str = "full",
    expectations: Expectations | None = None,
    options: Sequence[str] = (),
    files: Sequence[Path] = (),
) -> SuiteRun:
    """Run the tests against a target, return what they found, and take back what can be taken back.

    Args:
        target: What is judged; it should have been probed.
        observer: Is told of the progress.
        select: Which tests, as an expression of ``pytest -k``; requirements' ids are names too.
        profile: What the run is narrowed to.
        expectations: What is known not to hold.
        options: More options of pytest's.
        files: The files of the suite to look for tests in; by default all.

    Raises:
        ConfigurationError: The expression cannot be read, selects nothing, or tests and registry do not fit.
        SuiteError: The suite itself broke down.
    """
    run = SuiteRun(target, observer, profile=profile, expectations=expectations)
    said = io.StringIO()
    with _undisturbed(), redirect_stdout(said), redirect_stderr(said):
        code = pytest.main([*_arguments(select, files), *options], plugins=[run])
    if code == pytest.ExitCode.NO_TESTS_COLLECTED:
        raise ConfigurationError(
            f"-k {select!r} selects no test of the profile {profile}: use part of an area's or a requirement's name"
        )
    if code == pytest.ExitCode.USAGE_ERROR:
        raise ConfigurationError(_complaint(said.getvalue()))
    if code == pytest.ExitCode.INTERNAL_ERROR or run.unread:
        raise SuiteError(f"the suite broke down, which is a bug of pytest-aep-export:\n{run.unread or said.getvalue()}")
    run.end(INTERRUPTED if code == pytest.ExitCode.INTERRUPTED else "")
    run.created = clean_up(target)
    return run


def _arguments(select: str, files: Sequence[Path]) -> list[str]:
    folder = conformance_path()
    where = map(str, files or [folder / "server"])
    without = [f"-pno:{name}" for name in _UNHEARD]
    quiet = ["--disable-plugin-autoload", *without, "-q", "--tb=no", "--capture=no"]
    return [*quiet, "-c", str(folder / "pytest.ini"), *(["-k", select] if select else []), *where]


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Without what the environment adds to every run of pytest, and without modules that have the names of ours."""
    kept = {name: os.environ.pop(name) for name in _USERS_OWN if name in os.environ}
    modules = _taken_modules()
    try:
        yield
    finally:
        _taken_modules()
        sys.modules.update(modules)
        os.environ.update(kept)


def _taken_modules() -> dict[str, ModuleType]:
    """Take the modules away that pytest imports for a suite, or would mistake for them."""
    names = [name for name in sys.modules if name.partition(".")[0] in _OUR_MODULES]
    return {name: sys.modules.pop(name) for name in names}


def _complaint(text: str) -> str:
    """What pytest complains of, without the rest of what it says."""
    lines = [line.partition("ERROR: ")[2].strip() for line in text.splitlines()]
    return " ".join(filter(None, lines)) or "pytest refused to run the suite"
