"""A run as a badge: the JSON that shields.io's endpoint asks for; see ``badge.schema.json``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from pytest_aep_export.report.document import Run
from pytest_aep_export.suite.verdicts import Verdict

__all__ = ["badge", "badge_schema"]

_LABEL: Final = "profile export jobs"
_COLOURS: Final = {0: "brightgreen", 1: "red", 3: "orange"}


def badge(run: Run) -> dict[str, Any]:
    """The badge. Its colour is that of the exit code, so that what was not judged is never green."""
    return {
        "schemaVersion": 1,
        "label": _LABEL,
        "message": _message(run),
        "color": _COLOURS[run.exit_code],
        "isError": run.exit_code == 1,
    }


def badge_schema() -> dict[str, Any]:
    """The JSON Schema of a badge."""
    schema: dict[str, Any] = json.loads((Path(__file__).parent / "badge.schema.json").read_text("utf-8"))
    return schema


def _message(run: Run) -> str:
    counts, failed = run.counts, sum(verdict.failed for verdict in run.verdicts)
    if failed:
        return f"{failed} of {run.judged} fail"
    if run.problems:
        return "expectations are false"
    if run.exit_code:
        return f"{run.judged} of {len(run.verdicts)} judged"
    warned = counts[Verdict.WARN]
    return f"{counts[Verdict.PASS]} pass{f', {warned} warn' if warned else ''}"
