"""When a request is repeated, and after how long. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Final

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.exchange import Response

__all__ = ["RetryPolicy", "check_growth", "growing", "repeatable", "retry_after"]

_REFUSED: Final = frozenset({429, 503})
"""Statuses by which a server says that it did not act."""

_FATE_UNKNOWN: Final = frozenset({502, 504})
"""Statuses of a gateway that does not know whether the server acted."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how patiently a request is repeated; durations are in seconds.

    Attributes:
        attempts: How often a request is sent at most; of a download, how often in a row without a new byte.
        start: The pause after the first failure, where the server names none.
        factor: How much longer each further pause is.
        maximum: The longest pause of our own.
        patience: The longest ``Retry-After`` that is obeyed. When a server asks for more, its answer is final:
            coming back sooner than told would only make things worse.

    Raises:
        ConfigurationError: The numbers describe no policy.
    """

    attempts: int = 5
    start: float = 0.5
    factor: float = 2.0
    maximum: float = 30.0
    patience: float = 300.0

    def __post_init__(self) -> None:
        if self.attempts < 1 or self.patience < 0:
            raise ConfigurationError("a retry policy needs at least 1 attempt and a patience of at least 0 s")
        check_growth("retry", self.start, self.factor, self.maximum)

    def pauses(self) -> Iterator[float]:
        """The pauses between attempts, one fewer than there are attempts."""
        return islice(growing(self.start, self.factor, self.maximum), self.attempts - 1)


def check_growth(noun: str, start: float, factor: float, maximum: float) -> None:
    """Refuse pauses that are not positive or shrink.

    Raises:
        ConfigurationError: They are.
    """
    if not (0 < start <= maximum and factor >= 1):
        raise ConfigurationError(f"a {noun} policy needs 0 < start <= maximum and factor >= 1")


def growing(start: float, factor: float, maximum: float) -> Iterator[float]:
    """Pauses that grow by a factor up to a maximum, without end."""
    seconds = start
    while True:
        yield seconds
        seconds = min(seconds * factor, maximum)


def repeatable(status: int, *, safe: bool) -> bool:
    """Whether an answer invites to try again; ``safe`` says that acting twice is as good as once."""
    return status in _REFUSED or (safe and status in _FATE_UNKNOWN)


def retry_after(response: Response, now: float) -> float | None:
    """The seconds that a response asks to wait, or None when it does not say so intelligibly.

    A date is measured against the response's own ``Date``, so that a server whose clock differs is understood.
    """
    text = response.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    until = _epoch(text)
    return None if until is None else max(0.0, until - (_epoch(response.headers.get("date", "")) or now))


def _epoch(http_date: str) -> float | None:
    try:
        return parsedate_to_datetime(http_date).timestamp()
    except ValueError:
        return None
