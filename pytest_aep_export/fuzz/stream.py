"""The stream: cases without end, the same for a seed on any machine and any Python.

It comes in rounds. Each has every sequence, every mistake for which something is owed, and as many of the others as
there is room for, in an order of its own; a share of the exports, which cost the most; and some cases made by chance.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Final

from pytest_aep_export.contract import Contract, Operation
from pytest_aep_export.fuzz.asking import asked, drawn
from pytest_aep_export.fuzz.cases import Case, Mistake, Step
from pytest_aep_export.fuzz.dice import Dice
from pytest_aep_export.fuzz.drafts import draft, made_before, removed_after
from pytest_aep_export.fuzz.mistakes import mistakes_of
from pytest_aep_export.fuzz.sequences import create, exports, followed, look, pages, sequences

__all__ = ["stream"]

_FREE: Final = 300
"""How many mistakes of a round are owed nothing."""
_CHANCE: Final = 100
"""How many cases of a round are made by chance."""
_EXPORTS: Final = 2
"""In how many rounds every export comes once; a later round has one in `_LATER`."""
_LATER: Final = 8
_FOLLOWED: Final = 0.05
"""The share of those that are exports."""
_WATCHED: Final = 0.2
"""The share of wrong creations that come between two lists, to see what they leave."""


def stream(contract: Contract, seed: int, operations: Collection[str] = ()) -> Iterator[Case]:
    """Cases without end.

    Args:
        contract: What operations there are.
        seed: Another seed, other cases.
        operations: Only cases that have to do with one of these; none for all.
    """
    return (case for case in _rounds(contract, Dice(seed)) if _concerns(case, operations))


def _concerns(case: Case, operations: Collection[str]) -> bool:
    return not operations or any(step.operation in operations for step in case.steps)


def _rounds(contract: Contract, dice: Dice) -> Iterator[Case]:
    every = tuple((o, mistake) for o in contract.operations.values() for mistake in mistakes_of(contract, o.id))
    owed = [each for each in every if each[1].owed]
    free = dice.shuffled([each for each in every if not each[1].owed])
    together, costly = tuple(sequences(contract)), dice.shuffled(tuple(exports()))
    turn = 0
    while True:
        chosen = [free[(turn * _FREE + place) % len(free)] for place in range(min(_FREE, len(free)))]
        wrong = [_wrong(contract, dice, operation, mistake) for operation, mistake in (*owed, *chosen)]
        chance = [_by_chance(contract, dice) for _ in range(_CHANCE)]
        yield from dice.shuffled((*together, *_share(costly, turn), *wrong, *chance))
        turn += 1


def _share(costly: Sequence[Case], turn: int) -> Sequence[Case]:
    """The exports of a round: the first two rounds have all of them."""
    apart = _EXPORTS if turn < _EXPORTS else _LATER
    return costly[turn % apart :: apart]


def _wrong(contract: Contract, dice: Dice, operation: Operation, *mistakes: Mistake) -> Case:
    step = replace(draft(contract, operation), mistakes=mistakes)
    if operation.id == "createExportJob" and not any(mistake.owed for mistake in mistakes) and dice.chance(0.5):
        step = replace(step, body=asked(drawn(dice)[0], "${spare}"))
    name = f"{operation.id}: {' and '.join(mistake.name for mistake in mistakes)}"
    if operation.id in {"createExportJob", "createDataset"} and dice.chance(_WATCHED):
        kept = (pages(limit="3"), Step("listDatasets", query={"orderBy": "desc:created", "limit": "3"}))
        return Case(name, (*kept, step, *kept))
    return Case(name, (*made_before(contract, operation), step, *removed_after(contract, operation)))


def _by_chance(contract: Contract, dice: Dice) -> Case:
    if dice.chance(_FOLLOWED):
        return followed("an export by chance", *drawn(dice))
    if dice.chance(0.3):
        wanted, owed = drawn(dice)
        return Case("a job by chance", (create("new", asked(wanted, "${spare}"), owed), look("new"), pages(limit="2")))
    operation = dice.one(tuple(contract.operations.values()))
    first, second = (dice.one(mistakes_of(contract, operation.id)) for _ in range(2))
    apart = not {edit.at for edit in first.edits} & {edit.at for edit in second.edits}
    return _wrong(contract, dice, operation, *((first, second) if apart else (first,)))
