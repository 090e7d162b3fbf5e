"""pytest's side of a conformance run: tests are held against the registry, and their outcomes become verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import pytest

from pytest_aep_export.errors import ConfigurationError, TransportError
from pytest_aep_export.suite.expect import NOT_APPLICABLE, NOT_VERIFIED, UnmetError
from pytest_aep_export.suite.registry import conformance_path, lint, load
from pytest_aep_export.suite.sending import Target, TargetError
from pytest_aep_export.suite.verdicts import Outcome, Result

__all__ = ["MARKER", "TARGET", "Observer", "SuiteRun", "check_collection", "marked"]

MARKER: Final = "aep_requirement"
TARGET: Final = pytest.StashKey[Target]()
"""Where a run leaves the target that it has opened, for the tests to use."""
_SILENCES: Final = 3
"""After so many requests in a row without an answer the target counts as dead, and the run ends."""


class Observer(Protocol):
    """Whoever wants to know how a run is getting on."""

    def started(self, tests: Sequence[tuple[str, str]]) -> None:
        """These tests will run: each with the id of its requirement."""

    def judged(self, requirement: str, outcome: Outcome) -> None:
        """A test has ended."""


def marked(item: pytest.Item) -> list[str]:
    """The ids that a test is marked with."""
    return [str(name) for mark in item.iter_markers(MARKER) for name in mark.args]


def check_collection(items: Iterable[pytest.Item]) -> None:
    """Hold the collected conformance tests against the registry, and make them selectable by requirement.

    Raises:
        pytest.UsageError: They do not fit, or the registry breaks its own rules; one sentence for each reason.
    """
    try:
        registry = load()
    except ConfigurationError as error:
        raise pytest.UsageError(str(error)) from error
    folder = conformance_path() / "server"
    tests = [item for item in items if item.path.parent == folder]
    complete = {item.path for item in tests} == set(folder.glob("test_*.py")) and not _narrowed(tests)
    problems = lint(registry, {_name(item): marked(item) for item in tests}, complete=complete)
    if problems:
        raise pytest.UsageError("; ".join(problems))
    for item in tests:
        item.extra_keyword_matches.update(marked(item))


class SuiteRun:
    """The plugin of one conformance run: it lends the target to the tests and collects what they find.

    Attributes:
        outcomes: By requirement, in the order of the tests' ends.
        selected: The requirements whose tests were chosen to run.
        stopped: Why the run ended early; empty when it did not.
    """

    def __init__(self, target: Target, observer: Observer) -> None:
        self.outcomes: dict[str, list[Outcome]] = {}
        self.selected: frozenset[str] = frozenset()
        self.stopped = ""
        self._target = target
        self._observer = observer
        self._silent = 0

    def pytest_configure(self, config: pytest.Config) -> None:
        """Make the marker known, and lend the target."""
        config.addinivalue_line("markers", f"{MARKER}(id): the requirement that a conformance test judges")
        config.stash[TARGET] = self._target

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> Generator[None, None, None]:
        """Judge a requirement by all of its tests or not at all, whatever a selection left of them."""
        before = _tests_by_requirement(items)
        yield
        after = _tests_by_requirement(items)
        cut = [item for item in items if after[marked(item)[0]] < before[marked(item)[0]]]
        if cut:
            config.hook.pytest_deselected(items=cut)
            items[:] = [item for item in items if item not in cut]

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Tell what will run."""
        tests = [(_name(item), requirement) for item in session.items for requirement in marked(item)]
        self.selected = frozenset(requirement for _, requirement in tests)
        self._observer.started(tests)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Keep the outcome of the call, or of the set-up that kept it from being made."""
        report = yield
        if call.when == "call" or (call.when == "setup" and call.excinfo):
            outcome = _outcome(_name(item), call.excinfo.value if call.excinfo else None)
            self._keep(marked(item)[0], outcome)
            self._give_up_on_the_dead(item.session, call)
        return report

    def _keep(self, requirement: str, outcome: Outcome) -> None:
        self.outcomes.setdefault(requirement, []).append(outcome)
        self._observer.judged(requirement, outcome)

    def _give_up_on_the_dead(self, session: pytest.Session, call: pytest.CallInfo[None]) -> None:
        silent = call.excinfo is not None and isinstance(call.excinfo.value, TransportError)
        self._silent = self._silent + 1 if silent else 0
        if self._silent == _SILENCES and call.excinfo:
            self.stopped = f"{call.excinfo.value}; {_SILENCES} tests in a row had no answer, so the run was ended"
            session.shouldstop = self.stopped


def _outcome(test: str, error: BaseException | None) -> Outcome:
    match error:
        case None:
            return Outcome(test, Result.MET)
        case pytest.skip.Exception():
            reason = str(error.msg)
            result = Result.NOT_APPLICABLE if reason.startswith(NOT_APPLICABLE) else Result.NOT_VERIFIED
            return Outcome(test, result, found=reason.removeprefix(NOT_APPLICABLE).removeprefix(NOT_VERIFIED))
        case UnmetError():
            return Outcome(test, Result.UNMET, error.required, error.found, error.exchange)
        case TransportError() | TargetError():
            return Outcome(test, Result.NOT_VERIFIED, found=str(error))
        case _:
            return Outcome(test, Result.BROKEN, found=f"{type(error).__name__}: {error}")


def _tests_by_requirement(items: Iterable[pytest.Item]) -> Counter[str]:
    return Counter(name for item in items for name in marked(item))


def _narrowed(items: Sequence[pytest.Item]) -> bool:
    """Whether the command line names single tests, so that others of the same file are missing."""
    arguments: Any = items[0].config.args if items else ()
    return any("::" in argument for argument in arguments)


def _name(item: pytest.Item) -> str:
    return f"{Path(item.path).stem}::{item.name}"
