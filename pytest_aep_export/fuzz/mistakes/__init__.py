"""Mistakes: every named error that a request of an operation can have, worked out from the contract.

`mistakes_of` is all there is to know from outside. A mistake is data: edits that spoil a request that is right, and
what the answer is owed to be. Nothing is owed where no source says what a server does; such an answer is held to the
contract and to the rules for all refusals, and may be a success.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from pytest_aep_export.contract import Contract, Operation
from pytest_aep_export.fuzz.cases import Mistake
from pytest_aep_export.fuzz.mistakes.bodies import in_body
from pytest_aep_export.fuzz.mistakes.hostile import hostile
from pytest_aep_export.fuzz.mistakes.jobs import in_job
from pytest_aep_export.fuzz.mistakes.parameters import in_headers, in_parameters

__all__ = ["mistakes_of"]


@lru_cache(maxsize=64)
def mistakes_of(contract: Contract, operation: str) -> tuple[Mistake, ...]:
    """Every mistake of an operation, each under a name of its own.

    Raises:
        KeyError: The contract has no such operation.
    """
    found = {mistake.name: mistake for mistake in _every(contract, contract.operations[operation])}
    return tuple(found.values())


def _every(contract: Contract, operation: Operation) -> Iterator[Mistake]:
    yield from in_headers(contract, operation)
    yield from in_parameters(contract, operation)
    yield from in_body(contract, operation)
    yield from hostile(contract, operation)
    if operation.id == "createExportJob":
        yield from in_job()
