"""The collected tests: when a requirement without a test is a mistake, and what it is selected by."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pytest_aep_export.suite import collection
from pytest_aep_export.suite.registry import load


def config(*args: str, lf: bool = False) -> Any:
    """The configuration of pytest, as far as it says what was narrowed."""
    return SimpleNamespace(args=list(args), getoption=lambda name, default=None: lf if name == "lf" else default)


@pytest.mark.parametrize(
    ("told", "narrowed"),
    [
        (config("conformance"), False),
        (config("conformance", "conformance/server"), False),
        (config("conformance/server/test_list.py::test_a_limit"), True),
        (config("conformance", lf=True), True),
    ],
)
def test_some_tests_of_a_file_are_no_complete_suite(told: Any, narrowed: bool):  # noqa: FBT001 - a parameter
    """Where single tests are named, or only those that failed before are run, no requirement is missed."""
    assert collection._narrowed(told) is narrowed


def test_every_level_and_area_is_a_marker():
    """The markers that tests are selected by are declared, each with what it means."""
    lines: list[str] = []
    collection.declare_markers(SimpleNamespace(addinivalue_line=lambda _, line: lines.append(line)))
    declared = {line.partition(":")[0] for line in lines}
    wanted = {f"aep_{name.lower()}" for name in ("MUST", "SHOULD", "MAY", *load().areas)}
    assert declared == {"aep_requirement(id)", *wanted}
