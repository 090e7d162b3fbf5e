"""Faults: what goes wrong on the way between a client and the emulator, as data.

A fault names the answers that it takes hold of and what happens to them. A plan of them is data too: it is written and
read as JSON, and the same plan with the same seed does the same to the same requests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from difflib import get_close_matches
from functools import cache
from typing import Any, Final

from pytest_aep_export.emulator.effects import (
    EFFECTS,
    AddJob,
    Answer,
    Delay,
    Dribble,
    Effect,
    Empty,
    ExpireToken,
    Garbage,
    Malformed,
    Reset,
    Skew,
    Truncate,
    whole,
)
from pytest_aep_export.errors import ConfigurationError

__all__ = [
    "AddJob",
    "Answer",
    "Delay",
    "Dribble",
    "Effect",
    "Empty",
    "ExpireToken",
    "Fault",
    "Garbage",
    "Malformed",
    "Reset",
    "Skew",
    "Truncate",
]

_NAMES: Final = {kind: name for name, kind in EFFECTS.items()}


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong with some requests.

    Attributes:
        on: The operations of the contract that it takes hold of, separated by spaces; ``*`` for all but the token's.
        effect: What happens.
        skip: How many requests for these operations are left alone first.
        times: How many it takes hold of then; None for all.
        seed: What decides where it is drawn by lot.
    """

    on: str
    effect: Effect = field(default_factory=Malformed)
    skip: int = 0
    times: int | None = 1
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what would never take hold of anything.

        Raises:
            ConfigurationError: An operation is unknown, a number is none, or the effect is no effect.
        """
        known = {"*", *_guarded(), *_unguarded()}
        words = str(self.on).split() or [""]
        for word in words:
            if word not in known:
                alike = get_close_matches(word, known, n=2)
                hint = f"did you mean {' or '.join(alike)}?" if alike else f"use {', '.join(sorted(known))}"
                raise ConfigurationError(f"Fault.on: {word!r} is no operation: {hint}")
        if type(self.effect) not in _NAMES:
            raise ConfigurationError(f"Fault.effect: {self.effect!r} is none: use one such as Malformed()")
        whole("Fault.skip", self.skip, 0)
        whole("Fault.seed", self.seed, 0)
        if self.times is not None:
            whole("Fault.times", self.times, 1)

    def covers(self, operation: str) -> bool:
        """Whether it may take hold of requests for this operation."""
        words = self.on.split()
        return operation in words or ("*" in words and operation not in _unguarded())

    def to_json(self) -> dict[str, Any]:
        """The fault as JSON, with all that can be left out."""
        effect = {"kind": _NAMES[type(self.effect)], **asdict(self.effect)}
        if isinstance(self.effect, Answer):
            effect["headers"] = [list(pair) for pair in self.effect.headers]
        return {"on": self.on, "effect": effect, "skip": self.skip, "times": self.times, "seed": self.seed}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Fault:
        """The reverse of `to_json`, of a document that `read_faults` would take.

        Raises:
            ConfigurationError: It says what no fault can do.
        """
        values = dict(document["effect"])
        kind = EFFECTS[values.pop("kind")]
        if "headers" in values:
            values["headers"] = tuple((name, value) for name, value in values["headers"])
        return cls(**{**document, "effect": kind(**values)})


@cache
def _guarded() -> frozenset[str]:
    from pytest_aep_export.emulator.services import GUARDED  # noqa: PLC0415 - services know tenants, and these faults

    return frozenset(GUARDED)


@cache
def _unguarded() -> frozenset[str]:
    from pytest_aep_export.emulator.services import UNGUARDED  # noqa: PLC0415 - the same

    return frozenset(UNGUARDED)
