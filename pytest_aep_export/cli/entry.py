"""Where ``aep-export`` starts: the commands are loaded here, so that Ctrl-C is no traceback even then.

What ends every command alike is here as well: an interrupt, and an output that cannot be written.
"""

from __future__ import annotations

import sys
from typing import Final

__all__ = ["start"]

_INTERRUPTED: Final = 130


def start() -> None:
    """Run the command line, and end the process."""
    try:
        code = _called()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        code = _INTERRUPTED
    sys.exit(code)


def _called() -> int:
    """The exit code of the command that the process was called with."""
    import click  # noqa: PLC0415 - what a command is made of takes most of a second

    from pytest_aep_export.cli.commands import main  # noqa: PLC0415 - the same
    from pytest_aep_export.cli.common import exit_codes, mute  # noqa: PLC0415 - the same

    code: object = 0
    try:
        with exit_codes():
            code = main(prog_name="aep-export", standalone_mode=False)
    except click.Abort:
        raise KeyboardInterrupt from None
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except SystemExit as end:
        if not isinstance(end.__context__, BrokenPipeError):
            raise
        code = 0  # click makes a failure of it, but who stops reading has had enough
    try:
        sys.stdout.flush()
    except OSError:
        mute()  # or the interpreter complains once more
    return code if isinstance(code, int) else 0
