"""The proxy itself: an asyncio server on loopback, and how other programs are told of it."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Final, Self

from pytest_aep_export.listening import listen
from pytest_aep_export.proxy.asked import Asked
from pytest_aep_export.proxy.authority import Authority
from pytest_aep_export.proxy.bounds import Bounds
from pytest_aep_export.proxy.environment import variables
from pytest_aep_export.proxy.refusals import Refusal
from pytest_aep_export.proxy.splicing import Connection, Door, End

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Proxy"]

_LOOPBACK: Final = "127.0.0.1"
_PATIENCE: Final = 10.0
"""Seconds that the thread may take to begin or to end."""
_WHERE: Final = "port 443 of platform.adobe.io, its regions and the token services beside them"


class Proxy:
    """Leads to a port of the emulator whoever asks for a host of Adobe's, while the context lasts.

    Args:
        emulator: The port of loopback at which the emulator speaks TLS with the authority's certificate.
        authority: Whom clients have to trust.
        port: Where the proxy listens; 0 takes any port that is free.
        bounds: What it puts up with.
        loop: The loop that it runs in, which has to outlive it. In the emulator's own, no byte has to wait until one
            thread hands over to another; by default it has a loop and a thread to itself.

    Raises:
        ConfigurationError: The port is taken.
    """

    def __init__(
        self,
        emulator: int,
        authority: Authority,
        port: int = 0,
        bounds: Bounds | None = None,
        *,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.bounds: Bounds = bounds or Bounds()
        self.connections: set[Connection] = set()
        self._emulator = emulator
        self._authority = authority
        self._refusals: deque[tuple[int, Refusal]] = deque(maxlen=self.bounds.refusals)
        self.refused: int = 0
        """How many attempts were ever refused, whether they are still kept or not: see `refusals_since`."""
        self._socket = listen(_LOOPBACK, port)
        self.port: int = self._socket.getsockname()[1]
        self._loop = loop
        self._ready = threading.Event()
        self._stopping = asyncio.Event()
        self._thread = None if loop else threading.Thread(target=self._run, name="aep-proxy", daemon=True)
        self._server: asyncio.Server
        self._sweeping: asyncio.TimerHandle

    @property
    def url(self) -> str:
        """Where the proxy is."""
        return f"http://{_LOOPBACK}:{self.port}"

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """The attempts to reach another host, in the order of arrival; no more than the bounds allow, the latest."""
        return self.refusals_since(0)

    def refusals_since(self, refused: int) -> tuple[Refusal, ...]:
        """Those of them that came after so many."""
        return tuple(refusal for number, refusal in self._refusals.copy() if number > refused)

    def env(self) -> dict[str, str]:
        """The environment variables that make other programs use the proxy and trust its authority, and no other.

        Together with those of `EmulatorServer.env`, they are all that a program needs.
        """
        return variables(self.port, self._authority)

    def refuse(self, asked: Asked) -> str:
        """Note a refusal, and say why it is one."""
        self.refused += 1
        self._refusals.append((self.refused, Refusal(asked.host, asked.how, asked.secrets)))
        return f"{asked.host or 'no host'} ({asked.how}) is refused: this proxy leads to {_WHERE}, and nowhere else"

    async def dial(self, end: End) -> None:
        """Connect an end to the emulator.

        Raises:
            OSError: It cannot be reached.
        """
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: end, _LOOPBACK, self._emulator)

    def start(self) -> Self:
        """Begin to listen."""
        if self._thread:
            self._thread.start()
            self._ready.wait(_PATIENCE)
        self._within(self._open())
        return self

    def stop(self) -> None:
        """Break off every connection, and stop."""
        self._within(self._close())
        if self._thread:
            self._thread.join(_PATIENCE)

    def _within(self, step: Coroutine[Any, Any, None]) -> None:
        """Do something in the loop, and wait until it is done."""
        assert self._loop is not None  # it is given, or the thread has set it
        asyncio.run_coroutine_threadsafe(step, self._loop).result(_PATIENCE)

    def _run(self) -> None:
        asyncio.run(self._live())

    async def _live(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ready.set()
        await self._stopping.wait()

    async def _open(self) -> None:
        self._server = await asyncio.get_running_loop().create_server(lambda: Door(self), sock=self._socket)
        self._sweep()

    async def _close(self) -> None:
        self._server.close()
        self._sweeping.cancel()
        for connection in self.connections:
            connection.abort()
        self._stopping.set()

    def _sweep(self) -> None:
        """Break off the connections on which nothing has been sent for too long, and look again later."""
        loop = asyncio.get_running_loop()
        oldest = loop.time() - self.bounds.idle
        for connection in self.connections:
            if connection.last < oldest:
                connection.abort()
        self._sweeping = loop.call_later(self.bounds.idle / 4, self._sweep)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
