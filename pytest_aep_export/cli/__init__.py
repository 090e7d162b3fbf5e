"""The command line: ``aep-export``.

Every command ends with 0 (well), 1 (something failed), 2 (used wrongly), 3 (could not run) or 130 (interrupted), and
says why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_aep_export.lazy import lazily

if TYPE_CHECKING:
    from pytest_aep_export.cli.commands import main

__all__ = ["main"]

__getattr__, __dir__ = lazily(__name__, {"main": "commands"})
