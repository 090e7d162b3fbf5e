"""Where cases are tried: an emulator of this process, or the target that the options name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.suite.fuzzing import Ground, at_emulator, at_live, at_url
from pytest_aep_export.suite.targets import CASSETTE, EMULATOR, Target

KEPT = Path(__file__).parent / "findings"


@pytest.fixture(scope="module", autouse=True)
def module() -> str:
    """No module of the suite, and no recording of one."""
    return "fuzz"


@pytest.fixture(autouse=True)
def able() -> None:
    """Whatever a target lacks, no case asks more of it than an answer."""


@pytest.fixture(scope="session")
def ground(aep_target: Target, pytestconfig: pytest.Config) -> Iterator[Ground]:
    """Where cases are tried; where others work, as `aep-export fuzz --live` does it."""
    if aep_target.kind == CASSETTE:
        pytest.skip("a recording answers only what was asked before")
    if aep_target.kind == EMULATOR:
        with at_emulator() as found:
            yield found
    elif pytestconfig.getoption("--aep-live", default=False):
        found = at_live(aep_target, sandbox=os.environ.get("AEP_SANDBOX_NAME", ""))
        yield found
        aep_target.exchanges.extend(found.created)
    else:
        yield at_url(aep_target)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each finding: those that are kept here, and those of the user's folder."""
    if "kept" not in metafunc.fixturenames:
        return
    files = sorted(KEPT.glob("*.json"))
    if named := metafunc.config.getoption("--aep-fuzz-findings", None):
        own = sorted(Path(named).glob("*.json"))
        if not own:
            raise ConfigurationError(f"{named} holds no finding: name a folder that 'aep-export fuzz --findings' wrote")
        files += own
    metafunc.parametrize("kept", files, ids=[path.stem for path in files])
