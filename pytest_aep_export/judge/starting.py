"""Whether a program can be started, and what is said where it cannot."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from pytest_aep_export.errors import ConfigurationError

__all__ = ["require_program", "unstartable"]


def require_program(name: str) -> None:
    """Find out whether a program can be started.

    Raises:
        ConfigurationError: It cannot; the message says why.
    """
    if shutil.which(name) is None:
        raise ConfigurationError(_unrunnable(name, "there is none on the PATH"))


def _unrunnable(name: str, reason: str) -> str:
    """Why a program cannot be started, as far as can be seen, and what to do."""
    path, so = Path(name), f"the program {name!r} cannot be started"
    if name and path.is_dir():
        return f"{so}, for it is a folder: name a program in it"
    if path.is_file() and not os.access(path, os.X_OK):
        hint = "" if os.sep in name else f" and call it ./{name}"
        return f"{so}, for it is not executable: chmod +x it{hint}, or name what runs it, as in '-- python {name}'"
    if path.is_file() and os.sep not in name:
        return f"{so}, for it is not on the PATH: call it ./{name}"
    if path.is_file():
        return f"{so} ({reason}): look whether its first line is #! and a program that is there, or name what runs it"
    if os.sep in name:
        return f"{so}, for there is no such file: look where it is"
    return f"{so} ({reason}): name one that is on the PATH, or give its whole path"


def unstartable(command: Sequence[str], error: Exception) -> str:
    """Why a program could not be started, and what to do."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return _unrunnable(command[0] if command else "", reason)
