"""The suite's own version. Standard library only: every pytest run prints it."""

from __future__ import annotations

from typing import Final

__all__ = ["SUITE_VERSION"]

SUITE_VERSION: Final = "2026.11"
"""By calendar: which set of requirements a verdict speaks of, whatever the version of the package."""
