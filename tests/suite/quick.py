"""The suite, run without what a narrow selection does not need."""

from __future__ import annotations

import re

from pytest_aep_export.suite.hooks import Observer, SuiteRun
from pytest_aep_export.suite.mutants import FAST, files_of
from pytest_aep_export.suite.runner import run_suite
from pytest_aep_export.suite.sending import Target


def run(target: Target, observer: Observer, select: str = "") -> SuiteRun:
    """Run what is selected; files that hold nothing of it are not even looked into, unless it says what it leaves out.

    Args:
        target: What is judged.
        observer: Is told of the progress.
        select: Requirements, areas, or beginnings of their names, as an expression of ``pytest -k``.
    """
    areas = () if "not " in select else tuple(dict.fromkeys(re.findall(r"EXP-([A-Z]+)", select)))
    return run_suite(target, observer, select=select, files=files_of(areas), options=FAST)
