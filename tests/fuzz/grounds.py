"""What the tests of fuzzing share: an emulator to fuzz, as it is or with a defect, and cases by their names."""

from __future__ import annotations

import atexit
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from pytest_aep_export.contract import Contract, Operation, load
from pytest_aep_export.contract import dialect as named
from pytest_aep_export.emulator import Behaviour, Emulator
from pytest_aep_export.emulator.journal import Journal
from pytest_aep_export.emulator.personas import Persona
from pytest_aep_export.fuzz.cases import Case
from pytest_aep_export.fuzz.drafts import draft
from pytest_aep_export.fuzz.fuzzing import Bounds, Tally, fuzz
from pytest_aep_export.fuzz.mistakes import mistakes_of
from pytest_aep_export.fuzz.parties import Parties, remembered
from pytest_aep_export.fuzz.sending import in_process
from pytest_aep_export.fuzz.sequences import exports, sequences
from pytest_aep_export.profiles.policies import DEFAULT_SEGMENTS

SEGMENTS = tuple((segment.namespace, segment.id) for segment in DEFAULT_SEGMENTS)
KNOWN: dict[bytes, Sequence[Mapping[str, Any]]] = {}


@cache
def shared() -> Emulator:
    """The emulator that all tests of a process work in, each with tenants of its own; it ends with the process."""
    emulator = Emulator(profiles=20, journal=lambda: Journal(capacity=500))
    atexit.register(emulator.close)
    return emulator


class Field:
    """An emulator with tenants to fuzz."""

    def __init__(self, persona: str | Persona | None = None, dialect: str = "canonical", *, told: bool = True) -> None:
        self.emulator = shared()
        self.send = in_process(self.emulator.app)
        self._behaviour = Behaviour(persona=persona, part_rows=10, dialect=named(dialect))
        self._dialect = dialect if told else None
        self.made = 0

    def parties(self) -> Parties:
        """New tenants: two sandboxes of one organisation, and another organisation."""
        self.made += 1
        tenant = self.emulator.create_tenant(("prod", "second"), behaviour=self._behaviour)
        other = self.emulator.create_tenant(behaviour=self._behaviour)

        def leave() -> None:
            tenant.delete()
            other.delete()

        return Parties(
            {"own": tenant.credentials, "sibling": tenant.sandbox("second").credentials, "other": other.credentials},
            expected=remembered(tenant.expected, KNOWN),
            segments=SEGMENTS,
            dialect=self._dialect,
            leave=leave,
        )


def fuzzed(
    cases: Iterable[Case], persona: str | Persona | None = None, dialect: str = "canonical", *, told: bool = True
) -> Tally:
    """What some cases find in an emulator that is as it should be, or has a defect."""
    field = Field(persona, dialect, told=told)
    tally = fuzz(field.send, field.parties, cases=cases, bounds=Bounds(cases=10_000, renew=10_000))
    assert field.emulator.defects == ()
    return tally


@cache
def by_name() -> dict[str, Case]:
    """Every sequence and export by its name, and the mistakes of what creates something or gives a token."""
    contract = load()
    operations = ("requestToken", "createDataset", "createExportJob")
    wrong = (case for name in operations for case in _mistaken(contract, contract.operations[name]))
    return {case.name: case for case in (*wrong, *sequences(contract), *exports())}


def _mistaken(contract: Contract, operation: Operation) -> Iterator[Case]:
    right = draft(contract, operation)
    for mistake in mistakes_of(contract, operation.id):
        yield Case(f"{operation.id}: {mistake.name}", (replace(right, mistakes=(mistake,)),))
