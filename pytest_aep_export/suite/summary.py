"""What ``pytest conformance`` says at its end: the verdicts, what has blocked which, and the exit code that follows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

import pytest

from pytest_aep_export.suite.collection import registry
from pytest_aep_export.suite.hooks import SuiteRun
from pytest_aep_export.suite.registry import Level
from pytest_aep_export.suite.verdicts import Outcome, Result, Verdict, combine

__all__ = ["Summary"]

_UNJUDGED: Final = frozenset({Verdict.BLOCKED, Verdict.NOT_VERIFIED, Verdict.ERROR})
_COULD_NOT_JUDGE: Final = 3


class Summary:
    """Sums a run of plain pytest up; with xdist in the process that started the others.

    Args:
        run: What it has found.
        today: Is compared with the days on which expectations end.
    """

    def __init__(self, run: SuiteRun, today: date) -> None:
        self._run = run
        self._today = today
        self._verdicts: Mapping[str, Verdict] = {}
        self._problems: list[str] = []

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """End the run; where pytest found nothing wrong, a MUST without a verdict still is 3, a false expectation 1."""
        run, known = self._run, registry()
        run.end(str(session.shouldstop or ""))
        self._verdicts = {name: combine(known[name].level, outcomes) for name, outcomes in run.outcomes.items()}
        whole = {name: verdict for name, verdict in self._verdicts.items() if name in run.selected}
        self._problems = run.expectations.problems(whole, known.requirements, self._today)
        doubts = [name for name, verdict in whole.items() if verdict in _UNJUDGED and known[name].level is Level.MUST]
        if exitstatus == pytest.ExitCode.OK:
            session.exitstatus = 1 if self._problems else _COULD_NOT_JUDGE if doubts or run.stopped else 0

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the sum."""
        terminalreporter.section("verdicts")
        for line in self._lines():
            terminalreporter.line(line)

    def _lines(self) -> Iterator[str]:
        counts = Counter(self._verdicts.values())
        yield ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict]) or "none"
        for cause, blocked in _by_cause(self._run.outcomes).items():
            yield f"blocked by {cause}: {', '.join(blocked)} ({next(iter(blocked.values()))})"
        yield from self._problems
        if self._run.stopped:
            yield self._run.stopped


def _by_cause(outcomes: Mapping[str, list[Outcome]]) -> dict[str, dict[str, str]]:
    """What each cause has blocked: by requirement, why."""
    found: dict[str, dict[str, str]] = {}
    for requirement, several in outcomes.items():
        for outcome in several:
            if outcome.result is Result.BLOCKED:
                found.setdefault(outcome.cause, {}).setdefault(requirement, outcome.found)
    return found
