"""What a client does before it takes an answer for the answer: follow a redirect, wait while the server is busy.

A server that redirects ``/export/jobs/`` to ``/export/jobs``, that is restarted behind its gateway or that limits the
rate of calls breaks no requirement by it, so neither does a call of the suite that meets one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urljoin, urlsplit

from pytest_aep_export.errors import AepError, TransportError
from pytest_aep_export.exchange import Exchange

__all__ = ["BusyError", "Courtesy", "LateError", "LostError"]

Ask = Callable[[str], Exchange]
"""Sends the request to a URL, once."""

_BUSY: Final = frozenset({429, 502, 503, 504})
_KEEP_METHOD: Final = frozenset({307, 308})
_MAY_CHANGE_METHOD: Final = frozenset({301, 302, 303})
_SAFE: Final = frozenset({"GET", "HEAD"})
_REPEATED: Final = _SAFE | {"POST"}
"""What is sent again when the connection was lost; a cancel would tell a job that is no longer what it was."""
_REPEATS: Final = (0.25, 2.0)
"""Seconds that are waited before each time."""
_HOPS: Final = 5
_TRIES: Final = 4
"""How often a server is asked again that is busy and does not say for how long."""
_FIRST_PAUSE: Final = 0.25


class BusyError(AepError):
    """The server is too busy to answer, and the run's patience is used up."""


class LateError(TransportError):
    """The answer did not end in time."""


class LostError(TransportError):
    """The connection was lost before the answer was complete.

    Attributes:
        exchange: What had come until then; None where that was less than a head.
    """

    def __init__(self, message: str, exchange: Exchange | None = None) -> None:
        super().__init__(message)
        self.exchange = exchange


class Courtesy:
    """A client's manners over one run.

    Args:
        seconds: How long it is waited in all for a server that is busy.
        pause: Waits so many seconds.
        now: The time of day, in seconds since the epoch.
    """

    def __init__(
        self, seconds: float, pause: Callable[[float], None] = time.sleep, now: Callable[[], float] = time.time
    ) -> None:
        self._left = seconds
        self._pause = pause
        self._now = now
        self._breaks_off = False

    def ask(self, method: str, url: str, once: Ask) -> Exchange:
        """The answer to a request, from wherever on the same host the server has redirected it to.

        A redirect is followed as clients do it: one that keeps the method always, another one if the method is safe.
        Where redirects lead in a circle the last of them is the answer, and where an answer breaks off at the same byte
        every time, that much of it is.

        Raises:
            TransportError: No answer came.
            BusyError: None came in time, because the server is busy.
        """
        exchange = self._unhurried(method, url, once)
        for _ in range(_HOPS):
            onward = _onward(method, exchange)
            if not onward:
                break
            exchange = self._unhurried(method, onward, once)
        return exchange

    def _unhurried(self, method: str, url: str, once: Ask) -> Exchange:
        exchange, tries = self._unbroken(method, url, once), 0
        while exchange.response.status in _BUSY:
            self._wait(exchange, tries)
            exchange, tries = self._unbroken(method, url, once), tries + 1
        return exchange

    def _unbroken(self, method: str, url: str, once: Ask) -> Exchange:
        seen = list[Exchange | None]()
        for seconds in _REPEATS if method in _REPEATED else ():
            try:
                return once(url)
            except LostError as lost:
                if self._breaks_off and lost.exchange:
                    return lost.exchange
                seen.append(lost.exchange)
            self._pause(seconds)
        try:
            return once(url)
        except LostError as lost:
            if lost.exchange is None or not seen or not all(_same(lost.exchange, before) for before in seen):
                raise
            self._breaks_off = True  # and need not be asked three times for everything else that it cuts short
            return lost.exchange

    def _wait(self, exchange: Exchange, tries: int) -> None:
        asked = _retry_after(exchange, self._now())
        if asked is None and tries == _TRIES:
            raise _busy(exchange, f"{tries + 1} times in a row")
        seconds = max(asked or 0.0, _FIRST_PAUSE * 2**tries)
        if seconds > self._left:
            raise _busy(exchange, f"and is to be asked again in {seconds:g} s, longer than the run is patient")
        self._left -= seconds
        self._pause(seconds)


def _same(one: Exchange, other: Exchange | None) -> bool:
    """Whether two answers have broken off at the same byte."""
    return other is not None and (one.response.status, one.response.body) == (
        other.response.status,
        other.response.body,
    )


def _busy(exchange: Exchange, how: str) -> BusyError:
    request = exchange.request
    return BusyError(
        f"{request.method} {request.path} was answered with {exchange.response.status} {how}: "
        "run again when the server is less busy"
    )


def _onward(method: str, exchange: Exchange) -> str:
    """Where a client follows a redirect to; empty where it follows none."""
    status, location = exchange.response.status, exchange.response.headers.get("location", "")
    if not location or not (status in _KEEP_METHOD or (status in _MAY_CHANGE_METHOD and method in _SAFE)):
        return ""
    try:
        onward = urljoin(exchange.request.url, location)
        return onward if _origin(onward) == _origin(exchange.request.url) else ""
    except ValueError:  # what is no URL leads nowhere
        return ""


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()


def _retry_after(exchange: Exchange, now: float) -> float | None:
    """The seconds that an answer asks to wait, given as a number or as a date; None where it asks for nothing."""
    text = exchange.response.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except ValueError:
        return None
