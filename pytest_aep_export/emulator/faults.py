"""Faults: what goes wrong on the way between a client and the emulator, as data.

A fault names the answers that it takes hold of and what happens to them. A plan of them is data too: it is written and
read as JSON, and the same plan with the same seed does the same to the same requests.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

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


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer instead of the right one; the request does not reach its service.

    Attributes:
        status: The status.
        headers: Its headers, such as ``Retry-After``.
        body: Its body; by default the envelope that the gateway uses for that status.
        after: Whether the request is served first, and only its answer is replaced.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: str | None = None
    after: bool = False


@dataclass(frozen=True, slots=True)
class Delay:
    """The answer comes later: the tenant's clock moves on; a clock that follows the wall is waited for as well.

    Attributes:
        seconds: By how much, of the tenant's time.
        wait: How much of it is really waited for, at most ten seconds.
    """

    seconds: float
    wait: float = 0


@dataclass(frozen=True, slots=True)
class Dribble:
    """The body comes in pieces.

    Attributes:
        bytes: How long each is.
    """

    bytes: int = 1


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection is reset.

    Attributes:
        after: How many bytes of the body are sent before; none of the head either where this is None.
        served: Whether the request is served before, so that what it asks for happens although nobody hears of it.
    """

    after: int | None = None
    served: bool = True


@dataclass(frozen=True, slots=True)
class Empty:
    """The connection is closed without an answer.

    Attributes:
        served: Whether the request is served before.
    """

    served: bool = True


@dataclass(frozen=True, slots=True)
class Truncate:
    """The head promises the whole body, and the connection is closed before its end.

    Attributes:
        share: How much of the body is sent.
    """

    share: float = 0.5


@dataclass(frozen=True, slots=True)
class Malformed:
    """The body claims to be JSON and is cut in the middle; its length is that of what is sent."""


@dataclass(frozen=True, slots=True)
class Garbage:
    """What is sent is no HTTP.

    Attributes:
        bytes: How many of them.
    """

    bytes: int = 64


@dataclass(frozen=True, slots=True)
class ExpireToken:
    """Every token of the tenant's expires before the request is admitted, which is refused as documented."""


@dataclass(frozen=True, slots=True)
class Skew:
    """The ``Date`` of the answer is wrong.

    Attributes:
        seconds: By how much; less than 0 for the past.
    """

    seconds: float


@dataclass(frozen=True, slots=True)
class AddJob:
    """Somebody else creates a job before the request is served."""


Effect: TypeAlias = (
    Answer | Delay | Dribble | Reset | Empty | Truncate | Malformed | Garbage | ExpireToken | Skew | AddJob
)
"""What a fault does."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong with some requests.

    Attributes:
        on: The operations of the contract that it takes hold of, separated by spaces; ``*`` for all but the token's.
        effect: What happens.
        skip: How many requests that it could take hold of are left alone first.
        times: How many it takes hold of then; None for all.
        seed: What decides where it is drawn by lot.
    """

    on: str
    effect: Effect = field(default_factory=Malformed)
    skip: int = 0
    times: int | None = 1
    seed: int = 0
