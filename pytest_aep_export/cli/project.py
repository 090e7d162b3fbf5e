"""The project that somebody is in when they call a command: what its ini file says of cassettes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pytest_aep_export.errors import ConfigurationError

if TYPE_CHECKING:
    import pytest

__all__ = ["cassettes_of_project"]

_ONLY_OURS: Final = (
    *("--disable-plugin-autoload", "--noconftest", "--override-ini=required_plugins="),
    *("--assert=plain", "--capture=no", "-p", "no:cacheprovider", "-p", "pytest_aep_export.plugin"),
)
_FOR_TESTS: Final = "PYTEST_PLUGINS"


def cassettes_of_project() -> Path:
    """The folder of the project's own cassettes, whether or not there is one: where its tests look for them.

    pytest itself finds and reads the ini file, and our own resolver the setting ``aep_cassettes`` in it. Other plugins
    and conftest files are not loaded.

    Raises:
        ConfigurationError: The ini file cannot be read, or the setting cannot be used.
    """
    from pytest_aep_export.settings import Settings  # noqa: PLC0415 - together with pytest, which is half a second

    config = _config()
    settings = Settings(lambda _: None, os.environ, lambda setting: config.getini(setting.ini))
    root = config.inipath.parent if config.inipath else config.rootpath
    return _seen_from_here(root / settings.get("cassettes"))


def _config() -> pytest.Config:
    import pytest  # noqa: PLC0415 - see above
    from _pytest.config import Config  # noqa: PLC0415 - the same; what reads ini files has no public name

    others = os.environ.pop(_FOR_TESTS, None)
    try:
        config: pytest.Config = Config.fromdictargs({}, list(_ONLY_OURS))
    except (pytest.UsageError, SystemExit) as error:
        raise ConfigurationError(f"pytest cannot read the ini file of this project: {error}") from error
    finally:
        if others is not None:
            os.environ[_FOR_TESTS] = others
    return config


def _seen_from_here(path: Path) -> Path:
    """The path as it is shortest, for messages."""
    try:
        return path.relative_to(Path.cwd())
    except ValueError:
        return path
