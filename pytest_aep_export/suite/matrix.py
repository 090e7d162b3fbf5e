"""The kill matrix: which requirement kills which mutant, what survives, and which requirements kill nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pytest_aep_export.emulator.personas import PERSONAS
from pytest_aep_export.suite.kills import by_requirement, kept_kills
from pytest_aep_export.suite.mutants import Trial
from pytest_aep_export.suite.registry import Level, Registry, Requirement
from pytest_aep_export.version import SUITE_VERSION

__all__ = ["Matrix", "matrix_schema"]


@dataclass(frozen=True)  # without slots, as it keeps what it has worked out
class Matrix:
    """What the suite made of mutants.

    Attributes:
        registry: The requirements.
        trials: One for each mutant that was tried.
        sound: The emulator itself, which has to break nothing; None where that was not tried to the end.
        whole: Whether every mutant was tried, so that a requirement that kills none is a hole.
        seconds: How long it took.
    """

    registry: Registry
    trials: tuple[Trial, ...]
    sound: Trial | None
    whole: bool
    seconds: float

    @classmethod
    def of(cls, registry: Registry, trials: Iterable[Trial], seconds: float) -> Matrix:
        """The matrix of trials, in whatever order they have ended."""
        found = {trial.mutant: trial for trial in trials}
        mutants = tuple(found[name] for name in PERSONAS if name in found)
        return cls(registry, mutants, found.get(""), whole=len(mutants) == len(PERSONAS), seconds=seconds)

    @cached_property
    def kills(self) -> Mapping[str, tuple[str, ...]]:
        """By requirement the mutants that it kills."""
        return by_requirement(self.killers)

    @property
    def survivors(self) -> tuple[str, ...]:
        """The mutants that no requirement kills."""
        return tuple(trial.mutant for trial in self.trials if not trial.killers)

    @property
    def idle(self) -> tuple[Requirement, ...]:
        """The requirements that kill no mutant although all were tried, but for those that are a MAY."""
        every = self.registry.of("server") if self.whole else ()
        return tuple(each for each in every if each.level is not Level.MAY and each.id not in self.kills)

    @property
    def unsound(self) -> tuple[str, ...]:
        """What the emulator itself breaks, or cannot be judged by: then its mutants prove nothing."""
        return (*self.sound.killers, *self.sound.unjudged) if self.sound else ()

    @property
    def defects(self) -> tuple[str, ...]:
        """What went wrong that is no persona's doing."""
        return tuple(f"{trial.mutant}: {defect}" for trial in self.trials for defect in trial.defects)

    @property
    def killers(self) -> Mapping[str, tuple[str, ...]]:
        """By mutant the requirements that kill it."""
        return {trial.mutant: trial.killers for trial in self.trials}

    @property
    def outdated(self) -> bool:
        """Whether something else is kept than was found, where everything was tried."""
        return self.whole and self.killers != kept_kills()

    @property
    def exit_code(self) -> int:
        """0: every mutant is killed, every MUST and SHOULD kills one, and that is what is kept. 1: not so."""
        return int(bool(self.survivors or self.idle or self.unsound or self.defects or self.outdated))

    def to_json(self) -> dict[str, Any]:
        """As ``mutants.schema.json`` describes it."""
        return {
            "type": "mutants",
            "format": 1,
            "suite": SUITE_VERSION,
            "registry": self.registry.digest,
            "whole": self.whole,
            "seconds": round(self.seconds, 1),
            "mutants": [_row(trial) for trial in self.trials],
            "survivors": list(self.survivors),
            "idle": [each.id for each in self.idle],
            "unsound": list(self.unsound),
            "defects": list(self.defects),
            "outdated": self.outdated,
            "exit": self.exit_code,
        }


def _row(trial: Trial) -> dict[str, Any]:
    persona = PERSONAS[trial.mutant]
    return {
        **{name: getattr(persona, name) for name in ("id", "area", "kind", "about")},
        "killers": list(trial.killers),
        "unjudged": list(trial.unjudged),
        "seconds": round(trial.seconds, 1),
    }


def matrix_schema() -> dict[str, Any]:
    """The JSON Schema of a matrix."""
    schema: dict[str, Any] = json.loads((Path(__file__).parent / "mutants.schema.json").read_text("utf-8"))
    return schema
