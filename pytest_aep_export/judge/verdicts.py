"""The verdicts on a client: what the rules say of every trace, with one cause told once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pytest_aep_export.judge.rules import BASIC, BY_THE_END, RULES
from pytest_aep_export.judge.scenario import Scenario, Task
from pytest_aep_export.judge.trace import Trace
from pytest_aep_export.suite.registry import Requirement, load
from pytest_aep_export.suite.verdicts import Outcome, Result, Verdict, combine

__all__ = ["ClientVerdict", "Found", "judge", "settled", "verdicts"]

Found = Mapping[str, Sequence[Outcome]]
"""What one trace shows, by requirement; of many it shows nothing."""


@dataclass(frozen=True, slots=True)
class ClientVerdict:
    """The verdict on one client requirement, and every finding behind it."""

    requirement: Requirement
    verdict: Verdict
    outcomes: tuple[Outcome, ...]


def judge(traces: Iterable[Trace]) -> dict[str, tuple[Outcome, ...]]:
    """What these traces show of every client requirement, perhaps nothing."""
    trials = [(trace.scenario, {name: tuple(rule(trace)) for name, rule in RULES.items()}) for trace in traces]
    found = settled(trials)
    return {name: tuple(outcome for trial in found for outcome in trial[name]) for name in RULES}


def verdicts(outcomes: Mapping[str, Sequence[Outcome]]) -> list[ClientVerdict]:
    """The verdict on every client requirement; one that nothing is said about is not applicable."""
    result = []
    for requirement in load().of("client"):
        found = tuple(outcomes.get(requirement.id, ()))
        verdict = combine(requirement.level, found) if found else Verdict.NOT_APPLICABLE
        result.append(ClientVerdict(requirement, verdict, found))
    return result


def settled(trials: Sequence[tuple[Scenario | None, Found]]) -> list[dict[str, tuple[Outcome, ...]]]:
    """The same findings, but each failure is held against what has caused it.

    How a client ends in a scenario with a peculiarity says nothing when it ends so without one: in the scenario that is
    called like its task. That it fails there is no finding of its own when something else in it is.
    """
    failing: dict[Task, str] = {
        scenario.task: _cause(found) for scenario, found in trials if scenario and _is_broken(scenario, found)
    }
    return [_settled(found, _shadow(scenario, failing)) for scenario, found in trials]


def _is_broken(scenario: Scenario, found: Found) -> bool:
    return scenario.id == scenario.task and _is_unmet(found.get(BASIC, ()))


def _cause(found: Found, apart: Collection[str] = ()) -> str:
    """What a client breaks apart from these, and so fails because of; that it fails, where it breaks nothing else."""
    return next((name for name in found if name not in {BASIC, *apart} and _is_unmet(found[name])), BASIC)


def _shadow(scenario: Scenario | None, failing: Mapping[Task, str]) -> str:
    """Why the client fails at the scenario's task even without its peculiarity; empty where it does not."""
    return failing.get(scenario.task, "") if scenario is not None and scenario.id != scenario.task else ""


def _settled(found: Found, shadow: str) -> dict[str, tuple[Outcome, ...]]:
    blocked: dict[str, str] = dict.fromkeys(BY_THE_END, BASIC) if shadow else {}
    cause = _cause(found, blocked)
    cause = (shadow or BASIC) if cause == BASIC else cause
    if cause != BASIC:
        blocked[BASIC] = cause
    return {name: _held_against(blocked.get(name, ""), outcomes) for name, outcomes in found.items()}


def _held_against(cause: str, outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    return tuple(_blocked(each, cause) if cause and each.result is Result.UNMET else each for each in outcomes)


def _blocked(outcome: Outcome, cause: str) -> Outcome:
    return replace(outcome, result=Result.BLOCKED, cause=cause)


def _is_unmet(outcomes: Collection[Outcome]) -> bool:
    return any(each.result is Result.UNMET for each in outcomes)
