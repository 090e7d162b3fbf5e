"""What the contract speaks in: operations, matches and violations. Frozen values, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Level", "Match", "Operation", "Violation"]

Level = Literal["MUST", "SHOULD"]
"""``MUST``: contradicts every documented variant. ``SHOULD``: deviates from the dialect that was asked for."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One call that the API offers.

    Attributes:
        id: The contract's ``operationId``.
        method: The HTTP method.
        path: The full path, with its parameters in braces.
        service: The service that answers: ``ims``, ``catalog``, ``export-jobs``, ``merge-policies``, ``data-access`` or
            ``sandboxes``.
        success: The statuses of success that some dialect answers, in the contract's order.
        in_sandbox: Whether a request has to name the sandbox that it is about.
    """

    id: str
    method: str
    path: str
    service: str
    success: tuple[int, ...]
    in_sandbox: bool = True


@dataclass(frozen=True, slots=True)
class Match:
    """The operation that a request is for, and its path parameters, percent-decoded."""

    operation: Operation
    parameters: dict[str, str]


@dataclass(frozen=True, slots=True)
class Violation:
    """One way in which a request or an answer is not what the contract says.

    Attributes:
        pointer: Where: a JSON pointer into the body, ``/query/…``, ``/header/…`` or ``/path/…`` for a parameter; an
            empty text for the message as a whole.
        expected: What should be there: one clause.
        found: What is there: a short text without secrets.
        source: Where the rule comes from: a section of the seed or of the facts, or a divergence such as ``D-31``.
        level: How bad it is.
    """

    pointer: str
    expected: str
    found: str
    source: str
    level: Level = "MUST"

    def __str__(self) -> str:
        where = self.pointer or "the whole message"
        return f"{where}: expected {self.expected}, found {self.found} ({self.level}, {self.source})"
