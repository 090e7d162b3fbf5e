"""What lies in a folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

__all__ = ["contents"]

_MOST: Final = 1 << 26
"""How many bytes are read together."""


def contents(folder: Path) -> Mapping[str, bytes]:
    """The files below a folder by their relative path, as far as there is room; links and pipes are none."""
    found: dict[str, bytes] = {}
    room = _MOST
    for path in sorted(Path(base, name) for base, _, names in os.walk(folder) for name in names):
        about = path.lstat()
        if stat.S_ISREG(about.st_mode) and about.st_size <= room and os.access(path, os.R_OK):
            found[path.relative_to(folder).as_posix()] = path.read_bytes()
            room -= about.st_size
    return found
