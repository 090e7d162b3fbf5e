"""Where recordings lie and what they are called: ``<area>/<name>``, not the test that uses them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from pytest_aep_export.errors import ConfigurationError

__all__ = ["find", "library", "path_of"]

_NAME: Final = re.compile(r"[a-z0-9-]+(/[a-z0-9-]+)+")


def library() -> Path:
    """The folder of recordings: inside the installed package, or at the root of a checkout."""
    installed = Path(__file__).parent / "library"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "cassettes"


def path_of(name: str, folder: Path | None = None) -> Path:
    """The file of a recording, whether or not there is one.

    Raises:
        ConfigurationError: The name is not of the form ``area/name``.
    """
    if not _NAME.fullmatch(name):
        raise ConfigurationError(f"{name!r} is not a cassette's name: use the form 'export/succeeded'")
    return (folder or library()) / f"{name}.yaml"


def find(name: str, folder: Path | None = None) -> Path:
    """The file of a recording: in that folder, or in the library where only that has one.

    Raises:
        ConfigurationError: The name is not of the form ``area/name``.
    """
    own, shipped = path_of(name, folder), path_of(name)
    return shipped if shipped.is_file() and not own.is_file() else own
