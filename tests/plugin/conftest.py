"""Runs of pytest with the plugin, apart from this run's own environment and other plugins."""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np  # noqa: F401 - a process loads it once; pytester would let it go, and its second copy fail
import pytest
import yaml  # noqa: F401 - the same


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Callable[..., pytest.RunResult]:
    """Runs a test module in this process: its source, then arguments of the command line."""
    for name in [name for name in os.environ if name.startswith("AEP_")]:
        monkeypatch.delenv(name)

    def run_source(source: str, *arguments: str) -> pytest.RunResult:
        pytester.makepyfile(source)
        others = ("asyncio", "hypothesispytest", "randomly", "schemathesis", "cacheprovider")
        without = [word for name in others for word in ("-p", f"no:{name}")]
        return pytester.runpytest_inprocess(*without, *arguments)

    return run_source
