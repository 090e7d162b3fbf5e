"""What the conformance tests share: the calls, the exports that many of them look at, and the lint of the registry."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from pytest_aep_export.contract import Contract, load
from pytest_aep_export.suite.api import Api
from pytest_aep_export.suite.exports import Exports, Shown
from pytest_aep_export.suite.hooks import TARGET, check_collection
from pytest_aep_export.suite.targets import Target, resolve


def pytest_addoption(parser: pytest.Parser) -> None:
    """How patient the suite is with a job."""
    group = parser.getgroup("aep-export-suite", "conformance suite of the profile-export-jobs API")
    group.addoption("--aep-poll-interval", type=float, help="seconds between two looks at a job, at most")
    group.addoption("--aep-deadline", type=float, help="seconds that a job is waited for")
    with suppress(ValueError):  # the plugin has it already, where it is loaded
        group.addoption("--aep-live", action="store_true", help="let the target be Adobe's live service")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Hold the tests against the registry before anything is deselected."""
    check_collection(items)


@pytest.fixture(scope="session")
def aep_target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """One target for the whole session: that of ``aep-export run``, or what the options of the plugin say."""
    lent = request.config.stash.get(TARGET, None)
    if lent is not None:
        yield lent
        return
    settings = request.getfixturevalue("aep_settings")
    options = {name: settings.get(name) for name in ("target", "ims_url", "dialect")}
    with resolve(**options, credentials=os.environ, live=request.config.getoption("--aep-live")) as target:
        yield target


@pytest.fixture(scope="session")
def contract() -> Contract:
    """The contract that answers are judged by."""
    return load()


@pytest.fixture(scope="session")
def api(aep_target: Target, pytestconfig: pytest.Config) -> Api:
    """The workflow's calls on the target."""
    option = pytestconfig.getoption
    return Api(aep_target, poll=option("--aep-poll-interval"), deadline=option("--aep-deadline"))


@pytest.fixture(scope="session")
def exports(api: Api) -> Exports:
    """The exports that many tests look at."""
    return Exports(api)


@pytest.fixture(params=["created", "looked at", "finished", "listed"])
def shown(request: pytest.FixtureRequest, exports: Exports) -> Shown:
    """The same job, as each answer shows it that shows jobs."""
    ways: dict[str, Callable[[], Shown]] = {
        "created": lambda: Shown(exports.accepted("full")),
        "looked at": lambda: Shown(exports.looks("full")[0]),
        "finished": lambda: Shown(exports.finished("full")),
        "listed": lambda: exports.listed("full"),
    }
    return ways[request.param]()


@pytest.fixture(scope="session")
def finished(exports: Exports) -> Shown:
    """A job that has succeeded."""
    return Shown(exports.finished("full"))
