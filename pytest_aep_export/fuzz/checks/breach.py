"""What a check says when it is broken, and what it may know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from pytest_aep_export.contract import Contract, Level
from pytest_aep_export.fuzz.parties import Parties
from pytest_aep_export.fuzz.performing import Attempt, Performance

if TYPE_CHECKING:
    from pytest_aep_export.fuzz.cases import Owed

__all__ = ["Breach", "Check", "Judging", "Severity"]

Severity: TypeAlias = Level | Literal["MAY"]


@dataclass(frozen=True, slots=True)
class Breach:
    """A check that is broken.

    Attributes:
        attempt: What shows it.
        required: What was required, as a clause.
        found: What was found instead.
        source: The requirement, or where else the rule comes from.
        level: How bad it is.
        about: What tells this breach apart from others of the same check and operation: its part of the cause.
    """

    attempt: Attempt
    required: str
    found: str
    source: str
    level: Severity = "MUST"
    about: str = ""


@dataclass(frozen=True, slots=True)
class Judging:
    """What checks may know, and what they count.

    Attributes:
        contract: The contract.
        parties: The tenants in which cases are tried.
        counted: How often something was held against each source.
    """

    contract: Contract
    parties: Parties
    counted: Counter[str] = field(default_factory=Counter)

    def count(self, owed: Owed) -> None:
        """Note that an answer was held against what it owes."""
        self.counted[owed.source] += 1


Check: TypeAlias = Callable[[Performance, Judging], Iterator[Breach]]
"""Looks through a case as it was tried and tells what is broken."""
