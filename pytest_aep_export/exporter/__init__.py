"""The export itself: the plan, the engine that carries it out, and the oracle that proves it.

The engine, which needs Arrow, is loaded when it is first used. The function `plan` lives in the module of its name.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from pytest_aep_export.exporter.plan import ExportPlan, InvalidExportError

if TYPE_CHECKING:
    from pytest_aep_export.exporter.engine import ExportResult, run
    from pytest_aep_export.exporter.output import Part

__all__ = ["ExportPlan", "ExportResult", "InvalidExportError", "Part", "run"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("pytest_aep_export.exporter.engine"), name)
