"""Runs of pytest with the plugin, apart from this run's own environment and other plugins."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest


class Keeper:
    """Keeps what a run has imported, apart from the run's own modules.

    Pytester lets go of it, but packages go on naming it: whatever is imported again is another module then than the one
    that ``monkeypatch`` finds by name, and numpy fails.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._found: dict[str, ModuleType] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """Note what is there."""
        self._found = dict(sys.modules)

    def bring_back(self) -> None:
        """Have it there again."""
        for name, module in self._found.items():
            if self._folder not in Path(getattr(module, "__file__", None) or "/").parents:
                sys.modules.setdefault(name, module)


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Callable[..., pytest.RunResult]:
    """Runs a test module in this process: its source, then arguments of the command line."""
    for name in [name for name in os.environ if name.startswith("AEP_")]:
        monkeypatch.delenv(name)

    def run_source(source: str, *arguments: str) -> pytest.RunResult:
        pytester.makepyfile(source)
        others = ("asyncio", "hypothesispytest", "randomly", "schemathesis", "cacheprovider")
        without = [word for name in others for word in ("-p", f"no:{name}")]
        keeper = Keeper(pytester.path)
        result = pytester.runpytest_inprocess(*without, *arguments, plugins=[keeper])
        keeper.bring_back()
        return result

    return run_source
