"""The export itself: the plan, the engine that carries it out, and the oracle that proves it.

Importing this package loads neither numpy nor Arrow: each name is imported when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_aep_export.lazy import lazily

if TYPE_CHECKING:
    from pytest_aep_export.exporter.output import Part
    from pytest_aep_export.exporter.plan import ExportPlan, InvalidExportError
    from pytest_aep_export.exporter.running import ExportResult, run

__all__ = ["ExportPlan", "ExportResult", "InvalidExportError", "Part", "run"]

__getattr__, __dir__ = lazily(
    __name__,
    {
        "ExportPlan": "plan",
        "ExportResult": "running",
        "InvalidExportError": "plan",
        "Part": "output",
        "run": "running",
    },
)
