"""pytest's side of a conformance run: what the tests find is collected, wherever they run, and becomes verdicts."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Any, Final, Protocol

import pytest

from pytest_aep_export.exchange import Exchange
from pytest_aep_export.suite.cleanup import Created
from pytest_aep_export.suite.collection import (
    check_collection,
    declare_markers,
    is_ours,
    marked,
    name_of,
    registry,
    tests_by_requirement,
)
from pytest_aep_export.suite.expectations import Expectations
from pytest_aep_export.suite.liveness import Liveness
from pytest_aep_export.suite.outcomes import outcome_of, show
from pytest_aep_export.suite.sending import Target
from pytest_aep_export.suite.verdicts import Outcome, Result, combine

__all__ = ["ENDED", "TARGET", "Observer", "Silent", "SuiteRun", "check_collection", "marked"]

TARGET: Final = pytest.StashKey[Target]()
"""Where a run leaves the target that it has opened, for the tests to use."""
ENDED: Final = "the run ended early"
_KEPT: Final = 10
"""How many exchanges of a test are kept: the first, and the last of them."""
_PLANNED: Final = "aep_planned"
_OUTCOME: Final = "aep_outcome"
"""Under these names xdist's processes tell what was to run and what was found."""


class Observer(Protocol):
    """Whoever wants to know how a run is getting on."""

    def started(self, tests: Sequence[tuple[str, str]]) -> None:
        """These tests will run: each with the id of its requirement."""

    def judged(self, requirement: str, outcome: Outcome) -> None:
        """A test has ended."""


class Silent:
    """An observer that does nothing."""

    def started(self, tests: Sequence[tuple[str, str]]) -> None:
        """Do nothing."""

    def judged(self, requirement: str, outcome: Outcome) -> None:
        """Do nothing."""


class SuiteRun:
    """The plugin of one conformance run: it lends the target to the tests and collects what they find.

    Args:
        target: What is judged; by default the tests open one.
        observer: Is told of the progress.
        profile: What the run is narrowed to.
        expectations: What is known not to hold.
        whole: Whether a requirement of which a selection has left only some tests is left out.

    Attributes:
        outcomes: By requirement, in the order of the tests' ends.
        selected: The requirements all of whose tests were chosen to run.
        stopped: Why the run ended early; empty when it did not.
        created: What it has left at the target.
        unread: What is wrong with a file of the suite that could not be read; empty when all could.
    """

    def __init__(
        self,
        target: Target | None = None,
        observer: Observer | None = None,
        *,
        profile: str = "full",
        expectations: Expectations | None = None,
        whole: bool = True,
    ) -> None:
        self.outcomes: dict[str, list[Outcome]] = {}
        self.selected: frozenset[str] = frozenset()
        self.stopped = ""
        self.created: tuple[Created, ...] = ()
        self.unread = ""
        self.expectations = expectations or Expectations()
        self._target = target
        self._observer = observer or Silent()
        self._profile = profile
        self._whole = whole
        self._planned: dict[str, str] = {}
        self._fresh: dict[str, Outcome] = {}
        self._seen = 0
        self._liveness = Liveness()

    # What pytest is told

    def pytest_configure(self, config: pytest.Config) -> None:
        """Make the markers known, and lend the target."""
        declare_markers(config)
        if self._target is not None:
            config.stash[TARGET] = self._target

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> Generator[None, None, None]:
        """Narrow the tests to the profile, and judge a requirement by all of its tests or not at all."""
        before = tests_by_requirement(filter(is_ours, items))
        yield
        after = tests_by_requirement(filter(is_ours, items))
        chosen = registry().profile(self._profile)
        self.selected = frozenset(name for name in chosen if after[name] == before[name])
        wanted = self.selected if self._whole else chosen
        cut = [item for item in items if is_ours(item) and marked(item)[0] not in wanted]
        if cut:
            config.hook.pytest_deselected(items=cut)
            items[:] = [item for item in items if item not in cut]

    # What will run

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Notice a file that cannot be read, without which the run would know too little."""
        if report.failed:
            self.unread = f"{report.nodeid}\n{report.longreprtext}"

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Tell what will run; among several processes the first that knows tells."""
        ours = filter(is_ours, session.items)
        self._plan([(name_of(item), requirement) for item in ours for requirement in marked(item)])
        output = getattr(session.config, "workeroutput", None)
        if output is not None:
            output[_PLANNED] = [list(self._planned.items()), sorted(self.selected)]

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Hear from one of xdist's processes what it was to run: each knows of all tests."""
        tests, selected = getattr(node, "workeroutput", {}).get(_PLANNED, ((), ()))
        self.selected |= frozenset(selected)
        self._planned |= dict(tests)

    def _plan(self, tests: Sequence[tuple[str, str]]) -> None:
        self._planned = dict(tests)
        self.selected &= frozenset(self._planned.values())
        self._observer.started(tests)

    # What a test finds, in the process that runs it

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Remember what was exchanged before."""
        target = item.config.stash.get(TARGET, None)
        self._seen = len(target.exchanges) if target else 0

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Keep the outcome of the call, or of the set-up that kept it from being made."""
        report = yield
        if is_ours(item) and (call.when == "call" or (call.when == "setup" and call.excinfo)):
            target = item.config.stash.get(TARGET, None)
            error = call.excinfo.value if call.excinfo else None
            outcome = replace(outcome_of(name_of(item), error), exchanges=self._exchanged(target))
            self._report(report, outcome, marked(item)[0], target)
            if reason := self._liveness.reason_to_stop(error, target):
                self.stopped = reason
                item.session.shouldstop = reason
        return report

    def _exchanged(self, target: Target | None) -> tuple[Exchange, ...]:
        exchanges = target.exchanges[self._seen :] if target else []
        return tuple(exchanges if len(exchanges) <= _KEPT else [exchanges[0], *exchanges[1 - _KEPT :]])

    def _report(self, report: pytest.TestReport, outcome: Outcome, name: str, target: Target | None) -> None:
        requirement = registry()[name]
        expected = self.expectations.excuse(name, combine(requirement.level, [outcome]))
        show(report, outcome, requirement, excuse=f"expected: {expected.reason}" if expected else "")
        told = replace(outcome, exchange=None, exchanges=()).without(target.secrets if target else ())
        self._fresh[report.nodeid] = outcome
        report.__dict__[_OUTCOME] = [name, told.to_json()]

    # What all have found, in the process that the run was started in

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect what a test has found, here or in another process."""
        if _OUTCOME in report.__dict__:
            requirement, said = report.__dict__[_OUTCOME]
            here = report.nodeid in self._fresh
            self._keep(requirement, self._fresh.pop(report.nodeid) if here else Outcome.from_json(said))

    def end(self, reason: str = "") -> None:
        """Close the run: what was to run and did not is blocked, or not verified where no reason is known.

        Args:
            reason: Why it has ended early, unless that is known already.
        """
        self.stopped = self.stopped or reason
        done = {(name, outcome.test) for name, outcomes in self.outcomes.items() for outcome in outcomes}
        for test, requirement in self._planned.items():
            if (requirement, test) not in done:
                self._keep(requirement, _not_run(test, self.stopped))

    def _keep(self, requirement: str, outcome: Outcome) -> None:
        self.outcomes.setdefault(requirement, []).append(outcome)
        self._observer.judged(requirement, outcome)


def _not_run(test: str, stopped: str) -> Outcome:
    if stopped:
        return Outcome(test, Result.BLOCKED, found=stopped, cause=ENDED)
    return Outcome(test, Result.NOT_VERIFIED, found="the test was not run")
