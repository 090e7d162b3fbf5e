"""What a client is judged by in one run: which scenarios, and which requirements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.judge.scenario import Scenario
from pytest_aep_export.judge.scenarios import SCENARIOS
from pytest_aep_export.judge.selection import choice
from pytest_aep_export.suite.registry import load

__all__ = ["Chosen", "choose"]


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen.

    Attributes:
        scenarios: What the client is put into.
        requirements: The ids of what it is judged by.
    """

    scenarios: tuple[Scenario, ...]
    requirements: frozenset[str]

    @property
    def profile(self) -> str:
        """What the run is narrowed to, in words."""
        whole = len(self.scenarios) == len(SCENARIOS)
        return "full" if whole else f"{len(self.scenarios)} of {len(SCENARIOS)} scenarios"


def choose(expression: str = "", names: Sequence[str] = (), tasks: Sequence[str] = ()) -> Chosen:
    """The scenarios that fit, and the requirements.

    Args:
        expression: Words, of which each stands for whatever has it in its name: a scenario, a task, a requirement.
        names: Only these scenarios; by default all.
        tasks: Only scenarios of these tasks; by default all.

    Raises:
        ConfigurationError: The expression cannot be read or nothing fits, or a scenario is unknown or of another task.
    """
    for name in names:
        _require_known(name)
        _require_fit(SCENARIOS[name], tasks)
    fits, every = choice(expression), [requirement.id for requirement in load().of("client")]
    left = [s for s in SCENARIOS.values() if (not names or s.id in names) and (not tasks or s.task in tasks)]
    pairs = [(scenario, name) for scenario in left for name in every if fits((scenario.id, scenario.task, name))]
    if not pairs:
        raise ConfigurationError(
            "no scenario is left of what was asked for: use parts of the names that 'aep-export judge --list' shows"
        )
    chosen = {scenario.id: scenario for scenario, _ in pairs}
    return Chosen(tuple(chosen.values()), frozenset(name for _, name in pairs))


def _require_known(name: str) -> None:
    if name not in SCENARIOS:
        alike = get_close_matches(name, SCENARIOS, n=3)
        hint = f"did you mean {' or '.join(alike)}?" if alike else "'aep-export judge --list' has them all"
        raise ConfigurationError(f"scenario {name!r} is unknown: {hint}")


def _require_fit(scenario: Scenario, tasks: Sequence[str]) -> None:
    if tasks and scenario.task not in tasks:
        raise ConfigurationError(
            f"scenario {scenario.id!r} is of the task {scenario.task} and not of {' or '.join(tasks)}: leave one of "
            "--scenario and --task out"
        )
