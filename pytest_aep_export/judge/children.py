"""The children of a program under test: those in its process group, and those that have left it, as daemons do.

The latter are known by a mark in the environment that they inherit, where the system has ``/proc`` (Linux). Elsewhere,
and where one has emptied its environment as well, they are not found.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

__all__ = ["MARK", "marked", "outlive"]

MARK: Final = "PYTEST_AEP_EXPORT_PROCESS"
"""The environment variable that has the mark."""
_OVER: Final = frozenset({"Z", "X"})
"""The states of a process that has ended, and that nobody has asked for."""


def outlive(group: int, mark: str) -> int:
    """How many processes run in a group or have left it, apart from the one that it is called after."""
    strayed = [pid for pid in marked(mark) if pid != group and not _member(pid, group)]
    return _running(group) + len(strayed)


def _running(group: int) -> int:
    """How many processes of a group run; 1 where there are some and no ``/proc`` to count them in.

    A process that has ended, and that nobody has asked for, does not run.
    """
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return 0
    except PermissionError:
        return 1
    if not Path("/proc/self/stat").exists():
        return 1
    return sum(_member(pid, group) for pid in _processes())


def _processes() -> Iterator[int]:
    """Every process; none where there is no ``/proc``."""
    with suppress(OSError):
        yield from (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit())


def _member(pid: int, group: int) -> bool:
    """Whether a process runs in a group."""
    state, its_group = _stat(pid)
    return its_group == group and state not in _OVER


def marked(mark: str) -> list[int]:
    """The processes that run and have inherited a mark."""
    known = f"{MARK}={mark}".encode()
    return [pid for pid in _processes() if known in _environ(pid) and _stat(pid)[0] not in _OVER]


def _environ(pid: int) -> list[bytes]:
    """With what environment a process was started; nothing where it has ended, or is somebody else's."""
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def _stat(pid: int) -> tuple[str, int]:
    """A process's state and group, of its ``pid (name) state parent group ...``; as ended where it is gone."""
    try:
        state, _, group = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[:3]
    except (OSError, ValueError):
        return "X", 0
    return state, int(group)
