"""Fake XDM profiles and events, seeded and columnar.

What needs Arrow is loaded when it is first used; `policies` never needs it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_aep_export.profiles.data import ProfileData, generate, write_parquet

__all__ = ["ProfileData", "generate", "write_parquet"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("pytest_aep_export.profiles.data"), name)
