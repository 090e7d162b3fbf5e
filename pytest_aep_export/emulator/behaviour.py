"""The switches of the emulator: how it acts where the sources leave a choice and clients must cope with either."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Final, Literal, get_args, get_origin, get_type_hints

from pytest_aep_export.contract.dialects import CANONICAL, Dialect
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.lifecycle import Progression

if TYPE_CHECKING:
    from pytest_aep_export.emulator.personas import Persona

__all__ = ["FEW", "Behaviour", "read_switches", "switches"]

_NUMBERS: Final = ("page_limit", "part_rows")
_MOST: Final = (1 << 31) - 1
"""What fits wherever such a number goes."""
FEW: Final = {"page_limit": (2,), "part_rows": (25,)}
"""For each such number what is so low that a client meets several pages, and several files."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the emulator acts where the sources leave a choice.

    Attributes:
        dialect: Which documented variant it speaks.
        progression: How new jobs advance.
        page_limit: How many jobs a page lists when the request does not say; undocumented (D-66).
        cancel_finished: Whether cancelling a job that has ended is accepted without effect, or refused (D-6).
        part_rows: Rows in one part file of an export.
        files: Whether each part of a batch is a file of its own, or all are one file that is a directory of them.
        unknown_segments: Whether a job for a segment that nobody is known to be in is refused, or finds nobody.
        unselected: Whether what ``fields`` does not select is dropped from the files, or null in them.
        earlier_batches: Whether the batches that a dataset has are kept beside those of a new job, or replaced by them.
        sandbox_type: What every sandbox is, or by its name: ``prod`` is for production, others for development.
        policy_limit: Whether a sandbox has any number of merge policies for a class, or five at most (D-92).
        row_order: Whether rows come in the order in which their profiles are stored, or in one drawn by lot.
        persona: In which way it is wrong on purpose, by its name or as it is; None for right in everything.
    """

    dialect: Dialect = CANONICAL
    progression: Progression = field(default_factory=Progression)
    page_limit: int = 100
    cancel_finished: Literal["accept", "refuse"] = "accept"
    part_rows: int = 250_000
    files: Literal["single", "directory"] = "single"
    unknown_segments: Literal["refuse", "accept"] = "refuse"
    unselected: Literal["drop", "null"] = "drop"
    earlier_batches: Literal["keep", "replace"] = "keep"
    row_order: Literal["stored", "shuffled"] = "stored"
    sandbox_type: Literal["named", "production", "development"] = "named"
    policy_limit: Literal["none", "five"] = "none"
    persona: str | Persona | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot work.

        Raises:
            ConfigurationError: A number is not one or less than 1, a word is none of the choices, or nothing is known
                of the persona.
        """
        for name in _NUMBERS:
            value = getattr(self, name)
            if type(value) is not int or not 1 <= value <= _MOST:
                raise ConfigurationError(f"{name} {value!r} cannot be used: expected a whole number from 1 to {_MOST}")
        for name, words in _choices().items():
            if getattr(self, name) not in words:
                raise ConfigurationError(f"{name} {getattr(self, name)!r} is unknown: use {' or '.join(words)}")
        _ = self.acting

    @property
    def acting(self) -> Persona | None:
        """The persona itself."""
        if self.persona is None:
            return None
        from pytest_aep_export.emulator.personas import persona  # noqa: PLC0415 - few ever ask for one

        return persona(self.persona)


@cache
def _choices() -> dict[str, tuple[str, ...]]:
    """The words that each member of a behaviour may be, for those that are a choice of words."""
    kinds = get_type_hints(Behaviour, localns={"Persona": object})
    return {name: get_args(kind) for name, kind in kinds.items() if get_origin(kind) is Literal}


def switches() -> dict[str, tuple[str, ...]]:
    """The members of a behaviour that leave a choice, with their words; those that are numbers have none."""
    return {**dict.fromkeys(_NUMBERS, ()), **_choices()}


def read_switches(texts: Iterable[str]) -> dict[str, str | int]:
    """Switches that are written as ``name=value``, as keywords of a behaviour.

    Raises:
        ConfigurationError: There is no such switch; whether it can have the value is for the behaviour to say.
    """
    read: dict[str, str | int] = {}
    for text in texts:
        name, _, value = text.partition("=")
        known = (*_NUMBERS, *_choices())
        if name not in known:
            raise ConfigurationError(f"{text!r} is no switch: write name=value, where the name is {', '.join(known)}")
        read[name] = int(value) if name in _NUMBERS and value.isdecimal() else value
    return read
