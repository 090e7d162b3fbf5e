"""Where ``aep-export`` starts: the commands are loaded here, so that Ctrl-C is no traceback even then."""

from __future__ import annotations

import sys
from typing import Final

__all__ = ["start"]

_INTERRUPTED: Final = 130


def start() -> None:
    """Run the command line."""
    try:
        from pytest_aep_export.cli.commands import main  # noqa: PLC0415 - takes most of a second

        main(prog_name="aep-export")
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(_INTERRUPTED)
