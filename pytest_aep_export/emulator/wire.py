"""How an answer that faults took hold of is sent: in pieces, not to its end, or not at all.

On a socket the connection really ends so. In process there is none, and httpx's own exception of the same kind is
raised instead, before the caller has seen any of the answer.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from array import array
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.responses import StreamingResponse
    from starlette.types import Receive, Scope, Send

    from pytest_aep_export.exchange import Headers, Response

__all__ = ["Ending", "Sending", "Streaming"]

Ending = Literal["close", "reset"]
"""How a connection ends before its time."""

_READ: Final = frozenset({b"connection", b"content-length", b"transfer-encoding"})
"""The headers by which the server frames an answer."""
_NO_LINGER: Final = struct.pack("ii", 1, 0)
"""``SO_LINGER`` with no time: closing the socket resets the connection."""
_PAUSE: Final = 0.001
"""Seconds between two looks at whether a slow client has read enough of what is sent before a reset."""
_PATIENCE: Final = 10_000
"""How often to look at most."""


class _AsItIs(bytes):
    """A header's name that stays as it is spelled: the server would put it into lower case."""

    __slots__ = ()

    def lower(self) -> bytes:
        """The name, as it is spelled."""
        return self


def _spelled(headers: Headers, send: Send) -> list[tuple[bytes, bytes]]:
    """Headers to send, their names spelled as they are, but for those on a socket that the server reads itself."""
    pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.raw]
    if _cycle(send) is None:
        return pairs
    return [(name.lower() if name.lower() in _READ else _AsItIs(name), value) for name, value in pairs]


def _cycle(send: Send) -> RequestResponseCycle | None:
    """The exchange on a socket that this sends for; None in process."""
    cycle = getattr(send, "__self__", None)
    return cycle if isinstance(cycle, RequestResponseCycle) else None


@dataclass(frozen=True, slots=True)
class Streaming:
    """An ASGI application that sends an answer from the disk, with other headers than its own.

    Attributes:
        usual: The answer.
        headers: The headers.
    """

    usual: StreamingResponse
    headers: Headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        self.usual.raw_headers = _spelled(self.headers, send)
        await self.usual(scope, receive, send)


@dataclass(frozen=True, slots=True)
class Sending:
    """An ASGI application that sends one answer.

    Attributes:
        seen: What the client sees. Of status 0 there is no head, and the body is bytes that are no HTTP.
        ending: How the connection ends then, if it does.
        piece: How many bytes of the body are sent at a time; None for all.
    """

    seen: Response
    ending: Ending | None = None
    piece: int | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - as ASGI has it
        """Send it."""
        if self.seen.status:
            headers = _spelled(self.seen.headers, send)
            await send({"type": "http.response.start", "status": self.seen.status, "headers": headers})
            for piece in self._pieces():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                await asyncio.sleep(0)
        if self.ending is None:
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        elif (cycle := _cycle(send)) is not None:
            await self._end(cycle)
        else:
            raise self._lost()

    def _pieces(self) -> Iterator[bytes]:
        body = self.seen.body
        step = self.piece or len(body)
        return (body[start : start + step] for start in range(0, len(body), step or 1))

    async def _end(self, cycle: RequestResponseCycle) -> None:
        """End the connection once all is sent; the server is told that there is nobody left to answer."""
        transport = cycle.transport
        if not self.seen.status:
            transport.write(self.seen.body)
        if self.ending == "close":
            transport.close()
        else:
            await _reset(transport)
        cycle.disconnected = True

    def _lost(self) -> Exception:
        """What a client in this process is told."""
        import httpx  # noqa: PLC0415 - whoever calls in process has it loaded, and nobody else needs it

        if self.ending == "reset":
            return httpx.ReadError("The connection was reset by a fault of the emulator's.")
        return httpx.RemoteProtocolError(
            "The connection was closed by a fault of the emulator's, without a whole answer."
        )


async def _reset(transport: asyncio.Transport) -> None:
    """Reset a connection once the other side has all that was sent: what it has not would be lost."""
    if transport.is_closing():
        return
    # Through a copy of its descriptor, since not every event loop hands out a socket that can be set.
    with socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno())) as copy:
        for _ in range(_PATIENCE):
            if not (transport.get_write_buffer_size() or _underway(copy)):
                break
            await asyncio.sleep(_PAUSE)
        copy.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    transport.abort()


def _underway(connection: socket.socket) -> int:
    """How many bytes the other side's system has not acknowledged; 0 as well where this one does not tell."""
    count = array("i", [0])
    with suppress(ImportError, OSError):
        import fcntl  # noqa: PLC0415 - not every system has it
        import termios  # noqa: PLC0415 - the same

        fcntl.ioctl(connection, termios.TIOCOUTQ, count)
    return count[0]
