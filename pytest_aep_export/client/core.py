"""Flows and effects: what a client does, told apart from how it is done. No I/O.

A flow is a generator. It yields what it wants done, an `Effect`, and is sent the outcome:

=========== ============================================= =========================
effect      meaning                                       outcome
=========== ============================================= =========================
`Send`      send a request, receive its response          `Response` or `NoAnswer`
`Pause`     let time pass                                 ``None``
`Alone`     run a flow that no other flow may run beside  what that flow returns
=========== ============================================= =========================

The two drivers, in ``sync`` and ``aio``, perform effects; everything else about the API is written once, as flows.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, TypeVar

from pytest_aep_export.exchange import Exchange, Request, Response

__all__ = ["Alone", "Effect", "Flow", "NoAnswer", "Pages", "Pause", "Send", "Sink", "pause", "send"]

T = TypeVar("T")


class Sink(Protocol):
    """Where the bytes of a body go as they arrive."""

    def begin(self, head: Response) -> bool:
        """Look at a response whose body is still to come; False when that body is not for this sink."""
        ...

    def write(self, chunk: bytes) -> None:
        """Take the next bytes of the body, any transfer and content coding undone."""
        ...


@dataclass(frozen=True, slots=True)
class Send:
    """Send a request. A body that the sink wants goes there; any other is in the response."""

    request: Request
    sink: Sink | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Let that many seconds pass."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Alone:
    """Run a flow while no other flow of the same client runs alone."""

    flow: Flow[Any]


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The outcome of a request that got no complete response.

    Attributes:
        reason: What happened and what to check, as a clause without a full stop.
        sent: Whether the request may have reached the server.
    """

    reason: str
    sent: bool


Effect: TypeAlias = Send | Pause | Alone
Flow: TypeAlias = Generator[Effect, Any, T]


class Pages(Protocol[T]):
    """A list that comes page by page."""

    @property
    def more(self) -> bool:
        """Whether another page is to be read."""
        ...

    def page(self) -> Flow[list[T]]:
        """Read the next page."""
        ...


def send(request: Request, sink: Sink | None = None) -> Flow[Exchange | NoAnswer]:
    """Send one request, once."""
    outcome: Response | NoAnswer = yield Send(request, sink)
    return outcome if isinstance(outcome, NoAnswer) else Exchange(request, outcome)


def pause(seconds: float) -> Flow[None]:
    """Let time pass."""
    yield Pause(seconds)
