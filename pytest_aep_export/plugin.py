"""The pytest plugin: options, markers and hooks. Imports the standard library and pytest only.

Nothing happens until a fixture is asked for (see `fixtures`); there is no autouse fixture.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Any, Final

import pytest

from pytest_aep_export.fixtures import GUARDS, PASSED
from pytest_aep_export.markers import MARKERS, check
from pytest_aep_export.settings import SETTINGS, Setting, Settings
from pytest_aep_export.version import SUITE_VERSION

pytest_plugins: Final = [f"pytest_aep_export.fixtures.{name}" for name in ("emulator", "target", "cassette")]

_settings: Final = pytest.StashKey[Settings]()
_WRONG: Final = pytest.StashKey[str]()
"""What is wrong with a test's markers."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--aep-*`` options and ``aep_*`` ini settings; credentials come from the environment only."""
    group = parser.getgroup("aep-export", "Adobe Experience Platform profile export")
    for setting in SETTINGS.values():
        group.addoption(setting.option, default=None, metavar="VALUE", help=f"{setting.help} [{setting.default}]")
        parser.addini(setting.ini, setting.help, default="")
    group.addoption("--aep-live", action="store_true", help="Let the target be Adobe's live service.")
    group.addoption("--aep-show-config", action="store_true", help="Show every setting and where it came from.")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers, and refuse settings that cannot work.

    Raises:
        pytest.UsageError: A setting cannot be used; the message says where it came from.
    """
    for marker in MARKERS.values():
        config.addinivalue_line("markers", marker.help)
    settings = config.stash[_settings] = Settings(
        lambda setting: config.getoption(_attribute(setting)), os.environ, lambda setting: config.getini(setting.ini)
    )
    try:
        settings.describe()
    except Exception as error:
        if not _is_configuration_error(error):
            raise
        raise pytest.UsageError(str(error)) from error


def named_target(config: pytest.Config) -> str:
    """What requests go to by the settings; the emulator where this plugin is not loaded."""
    settings = config.stash.get(_settings, None)
    return str(settings.get("target")) if settings else "emulator"


def _is_configuration_error(error: Exception) -> bool:
    from pytest_aep_export.errors import ConfigurationError  # noqa: PLC0415 - only where something went wrong

    return isinstance(error, ConfigurationError)


def _attribute(setting: Setting) -> str:
    return setting.option.removeprefix("--").replace("-", "_")


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say what requests go to; on request, every setting and its origin."""
    settings = config.stash[_settings]
    lines = [f"aep-export: target {settings.get('target')}, suite {SUITE_VERSION}"]
    return lines + (settings.describe() if config.getoption("aep_show_config") else [])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse markers that are written wrong; in a worker of xdist, which a usage error would crash, by their tests."""
    if not hasattr(config, "workerinput"):
        check(items)
        return
    for item in items:
        try:
            check([item])
        except pytest.UsageError as error:
            item.stash[_WRONG] = str(error)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fail a test whose marker is written wrong, where that could not be refused before."""
    if wrong := item.stash.get(_WRONG, ""):
        raise pytest.fail.Exception(wrong, pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any]) -> Generator[None, object, object]:
    """Let a fixture of ours that cannot work say so in one sentence, without a traceback."""
    try:
        return (yield)
    except Exception as error:
        if not (fixturedef.argname.startswith("aep_") and _is_configuration_error(error)):
            raise
        raise pytest.fail.Exception(f"{fixturedef.argname}: {error}", pytrace=False) from None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Run a test that has to survive variations many times, but for the reports as one."""
    if not isinstance(item, pytest.Function) or item.get_closest_marker("aep_survives") is None or _WRONG in item.stash:
        return None
    if item.config.getoption("setuponly", default=False):
        return None
    from pytest_aep_export.fixtures.surviving import survive  # noqa: PLC0415 - only for such a test

    survive(item, item.config.stash[_settings], nextitem)
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Let a test fail that tried to reach Adobe all the same, even if a library has kept that to itself."""
    guards = item.stash.get(GUARDS, ())
    item.stash[PASSED] = False
    try:
        result = yield
    except BaseException as error:
        for guard in guards:
            guard.reported(error)
        raise
    for guard in guards:
        guard.check()
    item.stash[PASSED] = True
    return result


@pytest.fixture(scope="session")
def aep_settings(pytestconfig: pytest.Config) -> Settings:
    """The resolver of this plugin's settings."""
    return pytestconfig.stash[_settings]
