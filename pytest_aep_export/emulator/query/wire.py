"""What is done with a client: pg-mimic's server, with TLS, bounds and a login of ours in front of it.

pg-mimic 0.1 offers no place for these: methods of its own are replaced here, and nowhere else in this package.
"""

from __future__ import annotations

import asyncio
import logging
import os
import ssl
import struct
from typing import TYPE_CHECKING, Any, Final

from pg_mimic import PgError, PgServer, messages
from pg_mimic.connection import Connection
from pg_mimic.stream import ConnectionClosed, PgStream

from pytest_aep_export.emulator.query.database import Databases
from pytest_aep_export.emulator.query.dialect import statements
from pytest_aep_export.emulator.query.identity import admitted
from pytest_aep_export.emulator.query.session import Desk, QuerySession
from pytest_aep_export.emulator.query.working import Workers

if TYPE_CHECKING:
    from pytest_aep_export.emulator.query.bounds import Bounds
    from pytest_aep_export.emulator.state import State

__all__ = ["Wire"]

_LOG: Final = logging.getLogger(__name__)
_VERSION: Final = "14.0 (pytest-aep-export)"
"""What psql's own statements are chosen by: of the documented 0.1.0 it knows none (our choice)."""
_TOO_MANY: Final = "53300"
_TOO_LARGE: Final = "54000"
_PROTOCOL: Final = "08P01"
_PROTOCOL_3: Final = 3
_STARTUP: Final = 10_000
"""Bytes that PostgreSQL allows to what a client says of itself."""


class Wire(PgServer):  # type: ignore[misc] # pg-mimic has no types
    """Serves clients on the loop that it is made on.

    Args:
        state: What there is.
        bounds: What is put up with.
        tls: What to encrypt with where a client asks for it; None lets no client.
    """

    def __init__(self, state: State, bounds: Bounds, tls: ssl.SSLContext | None) -> None:
        super().__init__(session_factory=lambda: QuerySession(self._desk), server_version=_VERSION)
        self.state = state
        self.bounds = bounds
        self._tls = tls
        self._desk: Desk = Desk(Databases(state, bounds), Workers(bounds), bounds)

    def close(self) -> None:
        """Stop listening, break off every connection and every statement."""
        super().close()
        for writer in self._writers:
            writer.transport.abort()
        self._desk.workers.close()

    async def _handle_client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        bounded: Any = _Bounded(reader, writer, self.bounds)
        stream = _Stream(bounded, writer)
        try:
            await self._serve(stream)
        except PgError as error:
            _write(stream, error)
        except (ConnectionClosed, OSError, TimeoutError):
            pass
        except Exception:  # noqa: BLE001 - what is no message is read as one: the client is broken, not we
            _LOG.debug("a client was broken off", exc_info=True)
            _write(stream, PgError(_PROTOCOL, "this is not what a PostgreSQL client says"))

    async def _serve(self, stream: PgStream) -> None:
        async with asyncio.timeout(self.bounds.login):
            startup = await self._started(stream)
        if startup is None:
            return
        if len(self._writers) > self.bounds.connections:
            raise PgError(_TOO_MANY, f"{self.bounds.connections} clients are connected already: close one of them")
        pid, (secret,) = self._allocate_pid(), struct.unpack("!i", os.urandom(4))
        connection = _Connection(stream, QuerySession(self._desk), self, pid, secret, startup)
        self._connections[pid] = connection
        try:
            await connection.run()
        finally:
            self._connections.pop(pid, None)

    async def _started(self, stream: PgStream) -> dict[str, str] | None:
        """What a client says of itself, once it is settled whether it encrypts; None where it only cancels."""
        code, payload = await stream.read_startup_packet()
        while code in (messages.SSL_REQUEST_CODE, messages.GSSENC_REQUEST_CODE):
            await self._encrypted(stream, code)
            code, payload = await stream.read_startup_packet()
        if code == messages.CANCEL_REQUEST_CODE:
            self.cancel(*messages.parse_cancel_request(payload))
            return None
        if code >> 16 != _PROTOCOL_3:
            raise PgError(_PROTOCOL, f"protocol {code >> 16}.{code & 0xFFFF} is not spoken here: use 3.0")
        startup: dict[str, str] = messages.parse_startup_message(payload)
        return startup

    async def _encrypted(self, stream: PgStream, code: int) -> None:
        if self._tls is None or code != messages.SSL_REQUEST_CODE:
            stream.write(b"N")
            await stream.drain()
            return
        stream.write(b"S")
        await stream.drain()
        await stream.writer.start_tls(self._tls)


class _Connection(Connection):  # type: ignore[misc] # pg-mimic has no types
    """A client's connection, in which the password is a token and texts are taken apart where they were written."""

    async def _authenticate(self) -> bool:
        try:
            async with asyncio.timeout(self._wire.bounds.login):
                password = await self._password()
            startup = {"user": self.username, "database": self.database}
            entering: Any = self.session
            entering.sandbox = admitted(self._wire.state, startup, password)
        except PgError as error:
            _write(self.stream, error)
            await self.stream.drain()
            return False
        self.stream.write(messages.make_authentication_ok())
        return True

    @property
    def _wire(self) -> Wire:
        wire: Any = self.server
        return wire  # type: ignore[no-any-return] # it is no other server's connection

    async def _password(self) -> str:
        self.stream.write(messages.make_authentication_cleartext_password())
        await self.stream.drain()
        tag, payload = await self.stream.read_message()
        if tag != messages.PASSWORD:
            raise PgError(_PROTOCOL, "expected a password")
        return str(payload.rstrip(b"\0").decode("utf-8", "replace"))

    async def _handle_simple_query(self, sql: str) -> None:
        parts = list(statements(sql)) if len(sql) <= self._wire.bounds.statement else [sql]
        for part in parts:
            await self._execute_one_simple_statement(part)
        if not parts:
            self.stream.write(messages.make_empty_query_response())


class _Stream(PgStream):  # type: ignore[misc] # pg-mimic has no types
    """Gathers what is written until somebody waits for it: asyncio's costs grow with the square of pending writes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super().__init__(reader, writer)
        self._pending = bytearray()

    def write(self, data: bytes) -> None:
        """Say something, sooner or later."""
        self._pending += data

    def flush(self) -> None:
        """Have said what was written."""
        pending, self._pending = self._pending, bytearray()
        self.writer.write(pending)

    async def drain(self) -> None:
        """Say what was written, and wait until there is room for more."""
        self.flush()
        await super().drain()

    async def close(self) -> None:
        """Say what was written, and end the connection."""
        self.flush()
        await super().close()


class _Bounded:
    """Reads from a client no more than may be in a message, and does not wait for it for ever."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, bounds: Bounds) -> None:
        self._reader = reader
        self._writer = writer
        self._bounds = bounds

    async def readexactly(self, count: int) -> bytes:
        """So many bytes.

        Raises:
            IncompleteReadError: They are too many, or do not come; the client has been told.
        """
        if not 0 <= count <= self._bounds.message:
            error = PgError(_TOO_LARGE, f"a message may have at most {self._bounds.message:,} bytes")
            self._writer.write(_message(error))
            raise asyncio.IncompleteReadError(b"", count)
        try:
            async with asyncio.timeout(self._bounds.idle):
                return await self._reader.readexactly(count)
        except (TimeoutError, OSError) as error:
            raise asyncio.IncompleteReadError(b"", count) from error


def _message(error: PgError) -> bytes:
    fields = {"S": "FATAL", "V": "FATAL", "C": error.sqlstate, "M": error.message}
    message: bytes = messages.make_error_response(fields)
    return message


def _write(stream: Any, error: PgError) -> None:
    stream.write(_message(error))
    stream.flush()
