"""Runs of pytest with the plugin, apart from this run's own environment and other plugins."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest


class Keeper:
    """Keeps what runs have imported, apart from their own modules.

    Pytester lets go of it after each run and at the end of its test, but packages go on naming it: whatever is imported
    again is another module then than the one that ``monkeypatch`` finds by name, numpy fails, and yaml's loader makes
    nodes of its first copy that the second does not know.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._found: dict[str, ModuleType] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """Note what is there."""
        self._found |= sys.modules

    def bring_back(self) -> None:
        """Have it there again."""
        for name, module in self._found.items():
            if self._folder not in Path(getattr(module, "__file__", None) or "/").parents:
                sys.modules.setdefault(name, module)


@pytest.fixture
def keeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keeper]:
    """Brings back what runs have imported; it is there before pytester, so that its end comes last."""
    one = Keeper(tmp_path_factory.getbasetemp())
    yield one
    one.bring_back()


@pytest.fixture
def run(keeper: Keeper, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Callable[..., pytest.RunResult]:
    """Runs a test module in this process: its source, then arguments of the command line."""
    for name in [name for name in os.environ if name.startswith("AEP_")]:
        monkeypatch.delenv(name)

    def run_source(source: str, *arguments: str) -> pytest.RunResult:
        pytester.makepyfile(source)
        others = ("asyncio", "hypothesispytest", "randomly", "schemathesis", "cacheprovider")
        without = [word for name in others for word in ("-p", f"no:{name}")]
        result = pytester.runpytest_inprocess(*without, *arguments, plugins=[keeper])
        keeper.bring_back()
        return result

    return run_source
