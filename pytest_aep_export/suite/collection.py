"""The collected tests: held against the registry, marked by level and area, narrowed to a profile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.suite.capabilities import load_capabilities, unknown_capabilities
from pytest_aep_export.suite.registry import Level, Registry, conformance_path, lint, load

__all__ = [
    "MARKER",
    "check_collection",
    "declare_markers",
    "is_ours",
    "marked",
    "name_of",
    "registry",
    "tests_by_requirement",
]

MARKER: Final = "aep_requirement"


def registry() -> Registry:
    """The registry that the tests are held against.

    Raises:
        pytest.UsageError: It breaks its own rules; one sentence for each reason.
    """
    try:
        return load()
    except ConfigurationError as error:
        raise pytest.UsageError(str(error)) from error


def declare_markers(config: pytest.Config) -> None:
    """Make the suite's markers known, so that ``-m "aep_must and aep_list"`` selects by them."""
    config.addinivalue_line("markers", f"{MARKER}(id): the requirement that a conformance test judges")
    for level in Level:
        config.addinivalue_line("markers", f"{_marker(level)}: judges a {level}")
    for area, about in registry().areas.items():
        config.addinivalue_line("markers", f"{_marker(area)}: judges a requirement of the area {area}: {about}")


def is_ours(item: pytest.Item) -> bool:
    """Whether a test belongs to the suite, and not to whoever runs it together with tests of their own."""
    return item.path.parent == conformance_path() / "server"


def marked(item: pytest.Item) -> list[str]:
    """The ids that a test is marked with."""
    return [str(name) for mark in item.iter_markers(MARKER) for name in mark.args]


def name_of(item: pytest.Item) -> str:
    """What reports call a test."""
    return f"{Path(item.path).stem}::{item.name}"


def tests_by_requirement(items: Iterable[pytest.Item]) -> Counter[str]:
    """How many tests each requirement has."""
    return Counter(name for item in items for name in marked(item))


def check_collection(items: Iterable[pytest.Item]) -> None:
    """Hold the collected conformance tests against the registry, and make them selectable by requirement.

    Raises:
        pytest.UsageError: They do not fit, or the registry breaks its own rules; one sentence for each reason.
    """
    known, tests = registry(), [item for item in items if is_ours(item)]
    problems = lint(known, {name_of(item): marked(item) for item in tests}, complete=_complete(tests))
    problems += unknown_capabilities(known, load_capabilities())
    if problems:
        raise pytest.UsageError("; ".join(problems))
    for item in tests:
        _select_by(item, known)


def _select_by(item: pytest.Item, known: Registry) -> None:
    requirement = known[marked(item)[0]]
    item.extra_keyword_matches.add(requirement.id)
    for name in (requirement.level, requirement.area):
        item.add_marker(_marker(name))


def _marker(name: str) -> str:
    return f"aep_{name.lower()}"


def _complete(tests: Sequence[pytest.Item]) -> bool:
    """Whether these are all tests of the suite, so that a requirement without one is a mistake."""
    files = set((conformance_path() / "server").glob("test_*.py"))
    return {item.path for item in tests} == files and not _narrowed(tests[0].config)


def _narrowed(config: pytest.Config) -> bool:
    """Whether pytest was told to collect only some tests of a file: by name, or those that failed before."""
    arguments: Any = config.args
    return bool(config.getoption("lf", default=False)) or any("::" in argument for argument in arguments)
