"""Pacing: not more requests at a time than a server bears, and an end to it when the server is gone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

from pytest_aep_export.errors import AepError, TransportError
from pytest_aep_export.exchange import Request, Response
from pytest_aep_export.fuzz.parties import EndedError, Send

__all__ = ["Lively", "LostTargetError", "Paced", "close"]

_BUSY: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_TRIES: Final = 4
_LONGEST: Final = 30.0
"""Seconds that are waited, at most, before a server that is busy is asked again."""
_PLAIN: Final = Request("GET", "/data/core/ups/export/jobs?limit=1")
_PAUSES: Final = (0.0, 0.5, 2.0)
"""Seconds before each time that a server is asked whether it is still there."""


class LostTargetError(AepError):
    """The target was there, and is not any more."""


class Paced:
    """Sends so many requests a second at most, and waits for a server that is busy.

    Args:
        send: Sends a request.
        rate: How many a second.
        sleep: Waits so many seconds.
        now: A clock, in seconds.
    """

    def __init__(
        self,
        send: Send,
        rate: float,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._send = send
        self._gap = 1 / rate
        self._sleep = sleep
        self._now = now
        self._next = 0.0

    async def __call__(self, request: Request) -> Response:
        """Send a request when it is its turn.

        Raises:
            EndedError: The server stays busy.
        """
        for number in range(_TRIES):
            wait = self._next - self._now()
            if wait > 0:
                await self._sleep(wait)
            self._next = max(self._next, self._now()) + self._gap
            response = await self._send(request)
            if response.status not in _BUSY:
                return response
            await self._sleep(_retry_after(response, 2.0**number))
        raise EndedError(f"the server was too busy to answer {_TRIES} times in a row: fuzz it when it is less so")

    async def aclose(self) -> None:
        """Let go of what the way holds."""
        await close(self._send)


class Lively:
    """Tells a target that left one request without an answer from one that is gone.

    Args:
        send: Sends a request.
        name: What the target is called.
        sleep: Waits so many seconds.
    """

    def __init__(self, send: Send, name: str, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep) -> None:
        self._send = send
        self._name = name
        self._sleep = sleep

    async def __call__(self, request: Request) -> Response:
        """Send a request.

        Raises:
            TransportError: It got no answer, and others do.
            LostTargetError: None does.
        """
        try:
            return await self._send(request)
        except TransportError as error:
            if await self._answers():
                raise
            raise LostTargetError(
                f"{self._name} does not answer any more, since {request.method} {request.url:.80}: {error}"
            ) from error

    async def aclose(self) -> None:
        """Let go of what the way holds."""
        await close(self._send)

    async def _answers(self) -> bool:
        for pause in _PAUSES:
            await self._sleep(pause)
            try:
                await self._send(_PLAIN)
            except TransportError:
                continue
            return True
        return False


async def close(send: Send) -> None:
    """Let go of what a way holds, if it holds anything."""
    closing = getattr(send, "aclose", None)
    if closing is not None:
        await closing()


def _retry_after(response: Response, otherwise: float) -> float:
    text = response.headers.get("retry-after", "").strip()
    return min(float(text) if text.isascii() and text.isdecimal() else otherwise, _LONGEST)
