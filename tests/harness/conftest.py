"""What the tests of harnesses share: a wrong one by name, and a tenant that they work for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_aep_export import EmulatorServer, Tenant
from pytest_aep_export.judge.subject import Surroundings

MINIATURE = Path(__file__).with_name("miniature.py")


@pytest.fixture(scope="session")
def miniature() -> Callable[..., list[str]]:
    """The command of a harness that is wrong in the way that is named; right in everything when none is."""
    return lambda wrong="": [sys.executable, "-I", "-S", str(MINIATURE), wrong]


@pytest.fixture
def place(aep_server: EmulatorServer, aep_emulator: Tenant, tmp_path: Path) -> Surroundings:
    """Where a harness finds itself: at a tenant of an emulator, with an empty folder."""
    credentials = aep_emulator.credentials
    return Surroundings(
        aep_server.url, credentials, aep_emulator.clock, tmp_path, aep_server.env(credentials), deadline=60
    )


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Another folder, in which we are while the test runs."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder
