"""What may go wrong with a request or its answer: the effects of faults, as data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, TypeAlias

from pytest_aep_export.errors import ConfigurationError

__all__ = [
    "EFFECTS",
    "LONGEST_WAIT",
    "AddJob",
    "Answer",
    "Delay",
    "Dribble",
    "Effect",
    "Empty",
    "ExpireToken",
    "Garbage",
    "Malformed",
    "Reset",
    "Skew",
    "Truncate",
    "number",
    "whole",
]

LONGEST_WAIT: Final = 10
"""Seconds that a delay really waits at most; a choice of ours."""

_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_FRAMING: Final = frozenset({"connection", "content-length", "date", "transfer-encoding", "x-request-id"})
_WITHOUT_BODY: Final = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer instead of the right one.

    Attributes:
        status: The status, from 200 to 599.
        headers: Its headers, such as ``Retry-After``; what frames the body, ``Date`` and the request's id are added.
        body: Its body, JSON unless a ``Content-Type`` says otherwise; by default the gateway's envelope for an error,
            and nothing for a success.
        after: Whether the request is served first, and only its answer is replaced; else it does not reach its service.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: str | None = None
    after: bool = False

    def __post_init__(self) -> None:
        """Refuse what HTTP cannot say.

        Raises:
            ConfigurationError: The status, a header or a body at this place is none.
        """
        whole("Answer.status", self.status, 200, 599)
        if type(self.headers) is not tuple or any(type(pair) is not tuple for pair in self.headers):
            raise ConfigurationError('Answer.headers: expected pairs, such as (("Retry-After", "2"),)')
        for name, value in self.headers:
            if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
                raise ConfigurationError(f"Answer.headers: {name}: {value!r} is no header")
            if name.lower() in _FRAMING:
                raise ConfigurationError(f"Answer.headers: {name} is set by the emulator: leave it out")
        if self.body and self.status in _WITHOUT_BODY:
            raise ConfigurationError(f"Answer.body: an answer of status {self.status} has none: leave it out")


@dataclass(frozen=True, slots=True)
class Delay:
    """The answer comes later, and the tenant's clock has moved on when it does.

    Attributes:
        seconds: By how much, of the tenant's time.
        wait: How much of it is really waited for, at most ten seconds; a client that leaves meanwhile gets no answer.
    """

    seconds: float
    wait: float = 0

    def __post_init__(self) -> None:
        """Refuse to turn back time, and to keep a run waiting.

        Raises:
            ConfigurationError: A span is negative, or too long to be waited for.
        """
        number("Delay.seconds", self.seconds, 0, 1e9)
        number("Delay.wait", self.wait, 0, LONGEST_WAIT)


@dataclass(frozen=True, slots=True)
class Dribble:
    """The body comes in pieces.

    Attributes:
        bytes: How long each is.
    """

    bytes: int = 1

    def __post_init__(self) -> None:
        """Refuse pieces of nothing.

        Raises:
            ConfigurationError: They are shorter than a byte.
        """
        whole("Dribble.bytes", self.bytes, 1)


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection is reset.

    Attributes:
        after: How many bytes of the body are sent before; none of the head either where this is None.
        served: Whether the request is served before, so that what it asks for happens although nobody hears of it.
    """

    after: int | None = None
    served: bool = True

    def __post_init__(self) -> None:
        """Refuse what contradicts itself.

        Raises:
            ConfigurationError: Less than nothing is sent, or an answer of a request that is not served.
        """
        if self.after is not None:
            whole("Reset.after", self.after, 0)
            if not self.served:
                raise ConfigurationError("Reset.after: a request that is not served has no answer: leave it out")


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
        share: How much of the body is sent, from 0 to less than 1.
    """

    share: float = 0.5

    def __post_init__(self) -> None:
        """Refuse to cut nothing off.

        Raises:
            ConfigurationError: The share is no part of a body.
        """
        number("Truncate.share", self.share, 0, 1)
        if self.share == 1:
            raise ConfigurationError("Truncate.share: 1 is the whole body: expected less than 1")


@dataclass(frozen=True, slots=True)
class Malformed:
    """The body claims to be JSON and is cut at a place drawn by lot; its length is that of what is sent."""


@dataclass(frozen=True, slots=True)
class Garbage:
    """What is sent is no HTTP: bytes drawn by lot, and then the connection is closed.

    Attributes:
        bytes: How many of them.
    """

    bytes: int = 64

    def __post_init__(self) -> None:
        """Refuse to send nothing, which is another fault.

        Raises:
            ConfigurationError: There is no byte of it.
        """
        whole("Garbage.bytes", self.bytes, 1, 1 << 20)


@dataclass(frozen=True, slots=True)
class ExpireToken:
    """Every token that the tenant has expires before the request is admitted, which is refused as documented."""


@dataclass(frozen=True, slots=True)
class Skew:
    """The ``Date`` of the answer is wrong.

    Attributes:
        seconds: By how much; less than 0 for the past.
    """

    seconds: float

    def __post_init__(self) -> None:
        """Refuse what is beyond any calendar.

        Raises:
            ConfigurationError: It is more than 30 years.
        """
        number("Skew.seconds", self.seconds, -1e9, 1e9)


@dataclass(frozen=True, slots=True)
class AddJob:
    """Somebody else creates a dataset and a job in the sandbox before the request is served."""


Effect: TypeAlias = (
    Answer | Delay | Dribble | Reset | Empty | Truncate | Malformed | Garbage | ExpireToken | Skew | AddJob
)
"""What a fault does."""

EFFECTS: Final[Mapping[str, type[Effect]]] = {
    "add-job": AddJob,
    "answer": Answer,
    "delay": Delay,
    "dribble": Dribble,
    "empty": Empty,
    "expire-token": ExpireToken,
    "garbage": Garbage,
    "malformed": Malformed,
    "reset": Reset,
    "skew": Skew,
    "truncate": Truncate,
}
"""The effects by the names that they have in JSON."""


def whole(name: str, value: object, least: int, most: int | None = None) -> None:
    """Refuse what is no whole number within these bounds."""
    if type(value) is not int or value < least or (most is not None and value > most):
        upto = f"from {least} on" if most is None else f"from {least} to {most}"
        raise ConfigurationError(f"{name}: {value!r} cannot be used: expected a whole number {upto}")


def number(name: str, value: object, least: float, most: float) -> None:
    """Refuse what is no number within these bounds."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        raise ConfigurationError(f"{name}: {value!r} cannot be used: expected a number from {least:g} to {most:g}")
