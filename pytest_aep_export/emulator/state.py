"""What the services work on, and what they are handed with each request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import Response

from pytest_aep_export.emulator.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Executor
    from pathlib import Path

    from pytest_aep_export.contract import Contract, Operation
    from pytest_aep_export.emulator.store import Store
    from pytest_aep_export.emulator.tenants import Organisation, Sandbox, Tenants
    from pytest_aep_export.emulator.tokens import Tokens
    from pytest_aep_export.exchange import Request
from pytest_aep_export.lifecycle import Clock

__all__ = ["Call", "State", "answer"]


@dataclass(frozen=True, slots=True)
class State:
    """All that one emulator holds.

    Attributes:
        contract: The contract that requests and answers are held against.
        store: Datasets, batches, files, jobs and merge policies.
        folder: Where exported files lie, one folder per tenant and batch.
        tenants: Who may call.
        tokens: What they call with.
        stray: The exchanges that belong to no organisation.
        seed: What ids are derived from.
        clock: The time of exchanges that belong to no organisation.
        executor: What computes the partitions of exports; None for threads of this process.
        defects: What went wrong that never should: empty, or this package has a bug.
    """

    contract: Contract
    store: Store
    folder: Path
    tenants: Tenants
    tokens: Tokens
    seed: int
    clock: Clock
    executor: Executor | None = None
    defects: list[str] = field(default_factory=list)
    stray: Journal = field(default_factory=Journal)
    running: set[str] = field(default_factory=set)
    """The jobs whose export is being computed, so that no second look starts it again."""


@dataclass(frozen=True, slots=True)
class Call:
    """One admitted request, as a service's handler gets it.

    Attributes:
        state: What the emulator holds.
        operation: What is asked for.
        request: The request itself.
        path: The path's parameters, decoded.
        query: The query's parameters, decoded.
        document: The JSON body, or None.
        sandbox: Whose sandbox it is about.
        origin: Scheme and host that were asked, for absolute links.
        request_id: The request's own id, or the one that was made for it.
    """

    state: State
    operation: Operation
    request: Request
    path: Mapping[str, str]
    query: Mapping[str, str]
    document: Any
    sandbox: Sandbox
    origin: str
    request_id: str

    @property
    def organisation(self) -> Organisation:
        """Who asks."""
        return self.sandbox.organisation

    @property
    def now(self) -> int:
        """The organisation's time, in ms since the epoch."""
        return self.organisation.clock.now()


def answer(document: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON response."""
    return Response(orjson.dumps(document), status, dict(headers or {}), "application/json")
