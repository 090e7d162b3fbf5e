"""A connection through the proxy: asyncio's protocols for its two sides.

A `Door` reads what a new client asks for. If the proxy leads there, two `End` objects take over, each of which writes
to the other what it is sent: bytes that mean nothing to them, for they are encrypted.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Final, Protocol, cast

from pytest_aep_export.proxy.asked import Asked, read
from pytest_aep_export.proxy.bounds import Bounds
from pytest_aep_export.proxy.refusals import ESTABLISHED, answer

__all__ = ["Connection", "Door", "House"]

_BLANK: Final = b"\r\n\r\n"
_NO_REQUEST: Final = "this is an HTTP proxy: what was sent is neither CONNECT host:443 nor another request"
_RESET: Final = struct.pack("ii", 1, 0)
_BUFFER: Final = 1 << 16
_LINGER: Final = 1.0
"""Seconds that a refused client may go on sending: closing at once could take the answer away from it."""


class House(Protocol):
    """What doors belong to.

    Attributes:
        bounds: What is put up with at most.
        connections: What is open.
    """

    bounds: Bounds
    connections: set[Connection]

    def refuse(self, asked: Asked) -> str:
        """Note a refusal, and say why it is one."""
        ...

    async def dial(self, end: End) -> None:
        """Connect an end to the emulator.

        Raises:
            OSError: It cannot be reached.
        """
        ...


class Connection:
    """A client's connection, and the one to the emulator once there is one.

    Attributes:
        sides: The transports, the client's first.
        last: When something was last sent, by the loop's clock.
    """

    def __init__(self, house: House, client: asyncio.Transport) -> None:
        self._house = house
        self._loop = asyncio.get_running_loop()
        self.sides: list[asyncio.Transport] = [client]
        self.last: float = self._loop.time()
        house.connections.add(self)

    def touch(self) -> None:
        """Note that something was sent."""
        self.last = self._loop.time()

    def abort(self) -> None:
        """Break it off."""
        for side in self.sides:
            side.abort()

    def forget(self) -> None:
        """Count it no more: the client has gone."""
        self._house.connections.discard(self)


class End(asyncio.BufferedProtocol):
    """One side of a spliced connection.

    It lends its transport one buffer for good: asyncio would make one of 256 KiB for each message otherwise, which
    costs more than all the rest.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._buffer = memoryview(bytearray(_BUFFER))
        self.other: asyncio.Transport = connection.sides[0]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Become the side of the emulator."""
        self._connection.sides.append(cast("asyncio.Transport", transport))

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio names it
        """Where to put what arrives."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Pass on what arrived; a copy of it, for a transport keeps what it cannot send yet."""
        self._connection.touch()
        self.other.write(bytes(self._buffer[:nbytes]))

    def connection_lost(self, exc: Exception | None) -> None:
        """End the other side alike: after what is still to be sent to it, or by a reset."""
        if exc is not None and not self.other.is_closing():
            self.other.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.other.close()
        if self.other is not self._connection.sides[0]:
            self._connection.forget()  # this was the client's side

    def pause_writing(self) -> None:
        """Take no more from the other side than this one can send."""
        self.other.pause_reading()

    def resume_writing(self) -> None:
        """Go on."""
        self.other.resume_reading()


class Door(asyncio.Protocol):
    """A client's connection, until it is known where it leads."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._head = bytearray()
        self._refused = False
        self._dialling: asyncio.Task[None] | None = None
        self._connection: Connection
        self._client: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a client in, if there is room."""
        full = len(self._house.connections) >= self._house.bounds.connections
        self._client = cast("asyncio.Transport", transport)
        self._connection = Connection(self._house, self._client)
        if full:
            self._refuse(503, f"{self._house.bounds.connections} clients are connected, and no more may: close some")

    def data_received(self, data: bytes) -> None:
        """Wait for the whole head, and decide."""
        if self._refused:
            return
        self._connection.touch()
        self._head += data
        end, limit = self._head.find(_BLANK), self._house.bounds.head
        if max(end, 0 if end >= 0 else len(self._head)) > limit:
            self._refuse(431, f"the head of a request may have {limit} bytes, and this one has more")
        elif end >= 0:
            self._decide(read(bytes(self._head[:end])), bytes(self._head[end + len(_BLANK) :]))
        elif not self._head[:1].isupper():
            self._refuse(400, _NO_REQUEST)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio names it
        """Forget a client that has gone."""
        if self._dialling:
            self._dialling.cancel()
        self._connection.abort()
        self._connection.forget()

    def _decide(self, asked: Asked | None, rest: bytes) -> None:
        if asked is None:
            self._refuse(400, _NO_REQUEST)
        elif not asked.allowed:
            self._refuse(403, self._house.refuse(asked))
        else:
            self._client.pause_reading()
            self._dialling = asyncio.get_running_loop().create_task(self._splice(rest))

    async def _splice(self, rest: bytes) -> None:
        near = End(self._connection)
        try:
            await self._house.dial(End(self._connection))
        except OSError as error:
            self._refuse(502, f"the emulator's port does not answer ({error}): has it stopped?")
            return
        near.other = self._connection.sides[-1]
        self._client.set_protocol(near)
        self._client.write(ESTABLISHED)
        near.other.write(rest)
        self._client.resume_reading()

    def _refuse(self, status: int, sentence: str) -> None:
        """Answer, and read no more of what comes than it takes to have the answer arrive."""
        self._refused = True
        self._client.write(answer(status, sentence))
        self._client.write_eof()
        asyncio.get_running_loop().call_later(_LINGER, self._client.abort)
