"""Drift: the contract, the cassettes and a target, held against each other. Pure: exchanges come from the caller."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from pytest_aep_export.cassettes.observed import Observed, Place, Sighting
from pytest_aep_export.contract import Contract
from pytest_aep_export.contract.members import Answer, Shape, answers

__all__ = ["KINDS", "Drift", "Finding", "Kind", "compare"]

Kind = Literal["undocumented", "changed", "unseen", "only-cassettes", "only-target", "outside"]
"""``undocumented``: a status or member that the contract does not name. ``changed``: a type that it does not allow, or
none that cassettes and target have in common. ``unseen``: documented, and seen nowhere. ``only-…``: documented, and
seen on one side. ``outside``: a call that is none of the contract's."""

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
_DRIFT: Final = frozenset({"undocumented", "changed"})
_REFUSED: Final = 400
_NOTHING: Final = Observed()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing on which the three do not agree.

    Attributes:
        kind: Which sort of difference it is.
        operation: The contract's ``operationId``, or the call where the contract has none.
        status: The status of the answer; None for the operation as a whole.
        pointer: Where in the body; empty for the answer as a whole.
        documented: The types that the contract allows; none where it says nothing.
        in_cassettes: The types that cassettes show.
        at_target: The types that the target shows.
        cassettes: The cassettes that show it and since when; None where none does.
        target: The same of the target, which has no dates.
    """

    kind: Kind
    operation: str
    status: int | None = None
    pointer: str = ""
    documented: tuple[str, ...] = ()
    in_cassettes: tuple[str, ...] = ()
    at_target: tuple[str, ...] = ()
    cassettes: Sighting | None = None
    target: Sighting | None = None


@dataclass(frozen=True, slots=True)
class Drift:
    """All that was found.

    Attributes:
        findings: By kind, in the order of `KINDS`, and then by operation in the order of the contract.
        cassettes: How many cassettes were looked at.
        target: How many times the target was; None where there was none.
    """

    findings: tuple[Finding, ...]
    cassettes: int
    target: int | None

    @property
    def drifted(self) -> bool:
        """Whether the API, as it was seen, is no longer what the contract says."""
        return any(finding.kind in _DRIFT for finding in self.findings)

    def of(self, kind: Kind) -> list[Finding]:
        """The findings of one kind."""
        return [finding for finding in self.findings if finding.kind == kind]


def compare(contract: Contract, cassettes: Observed, target: Observed | None = None) -> Drift:
    """Hold the contract, what cassettes show and, where there is one, what a target shows against each other."""
    sides = _Sides(answers(contract.document), cassettes, target)
    found = list(sides.findings())
    found.sort(key=lambda finding: KINDS.index(finding.kind))
    return Drift(tuple(found), cassettes.takes, target.takes if target else None)


class _Sides:
    """The three sides of a comparison."""

    def __init__(
        self, documented: Mapping[str, Mapping[int, Answer]], cassettes: Observed, target: Observed | None
    ) -> None:
        self._documented = documented
        self._cassettes = cassettes
        self._compared = target is not None
        self._target = target or _NOTHING
        self._seen = dict.fromkeys([*cassettes.places, *self._target.places])

    def findings(self) -> Iterator[Finding]:
        """All of them, by operation."""
        by_operation: dict[str, dict[int, list[Place]]] = {}
        for place in sorted(self._seen):
            by_operation.setdefault(place.operation, {}).setdefault(place.status, []).append(place)
        for operation, documented in self._documented.items():
            seen = by_operation.get(operation, {})
            yield from self._operation(operation, documented, seen)
        for call in sorted({*self._cassettes.outside, *self._target.outside}):
            yield Finding(
                "outside", call, cassettes=self._cassettes.outside.get(call), target=self._target.outside.get(call)
            )

    def _operation(
        self, operation: str, documented: Mapping[int, Answer], seen: Mapping[int, list[Place]]
    ) -> Iterator[Finding]:
        if not seen:
            yield Finding("unseen", operation)
            return
        for status in sorted({*documented, *seen}):
            whole = Place(operation, status)
            answer = documented.get(status)
            if answer is None:
                yield self._at(whole, "undocumented")
            elif status in seen:
                yield from self._status(whole, answer, seen[status])
            elif not answer.tolerated:
                yield self._at(whole, "unseen", answer.shape)

    def _status(self, whole: Place, answer: Answer, seen: list[Place]) -> Iterator[Finding]:
        """What is to be said of a status that was seen and is documented.

        Members that were never seen are missed where a dialect answers so with success: what a refusal holds depends on
        who refuses, and no envelope has the members of all.
        """
        shapes = dict(_merged_places(answer.shape))
        missed = whole.status < _REFUSED and not answer.tolerated
        for place in seen:
            known = shapes.get(place.pointer)
            if known is None:
                yield self._at(place, "undocumented")
            elif self._changed(place, known):
                yield self._at(place, "changed", known)
        one_sided = self._one_sided(whole)
        for pointer, known in shapes.items():
            place, parent = whole._replace(pointer=pointer), whole._replace(pointer=pointer.rpartition("/")[0])
            if place not in self._seen:
                if missed and parent in self._seen:
                    yield self._at(place, "unseen", known)
            elif (kind := self._one_sided(place)) and (not pointer or (not one_sided and not self._one_sided(parent))):
                yield self._at(place, kind, known)

    def _changed(self, place: Place, shape: Shape) -> bool:
        here, there = (set(side.types(place)) for side in (self._cassettes, self._target))
        if not all(shape.allows(kind) for kind in here | there):
            return True
        one, other = ({"number" if kind == "integer" else kind for kind in side} - {"null"} for side in (here, there))
        return bool(one and other) and not one & other

    def _one_sided(self, place: Place) -> Kind | None:
        """On which side alone it was seen; None where it was on both, or there is only one side."""
        here, there = place in self._cassettes.places, place in self._target.places
        if not self._compared or here == there:
            return None
        return "only-cassettes" if here else "only-target"

    def _at(self, place: Place, kind: Kind, shape: Shape | None = None) -> Finding:
        return Finding(
            kind,
            *place,
            tuple(sorted(shape.types)) if shape else (),
            self._cassettes.types(place),
            self._target.types(place),
            self._cassettes.at(place),
            self._target.at(place),
        )


def _merged_places(shape: Shape) -> Iterator[tuple[str, Shape]]:
    """Every documented place; the first of a pointer, where an array's items and a map's values share one."""
    found: dict[str, Shape] = {}
    for pointer, known in shape.places():
        found.setdefault(pointer, known)
    yield from found.items()
