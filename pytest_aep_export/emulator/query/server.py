"""The server of interactive access: an asyncio server in a thread, on loopback, with TLS if wanted."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Final, Self

from pytest_aep_export.emulator.query.bounds import Bounds
from pytest_aep_export.emulator.query.login import Login
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.listening import listen

if TYPE_CHECKING:
    import ssl
    from types import TracebackType

    from pytest_aep_export.emulator.app import Emulator, Tenant
    from pytest_aep_export.emulator.query.wire import Wire

__all__ = ["QueryServer"]

_PATIENCE: Final = 10.0
"""Seconds that the thread may take to begin or to end."""


class QueryServer:
    """Serves what an emulator's tenants have exported to PostgreSQL clients, while the context lasts.

    Args:
        emulator: Whose tenants.
        host: The address to listen on.
        port: The port; 0 takes any that is free.
        allow_remote: Whether the address may be one that other machines reach.
        tls: What to encrypt with where a client asks for it; by default nothing is encrypted.
        bounds: What it puts up with.

    Raises:
        ConfigurationError: The extra ``query`` is not installed, the address is not loopback, or it is taken.
    """

    def __init__(
        self,
        emulator: Emulator,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        allow_remote: bool = False,
        tls: ssl.SSLContext | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        self._wire_of = _wire()
        self.bounds: Bounds = bounds or Bounds()
        self._emulator = emulator
        self._host = host
        self._tls = tls
        self._socket = listen(host, port, allow_remote=allow_remote)
        self.port: int = self._socket.getsockname()[1]
        self._loop: asyncio.AbstractEventLoop
        self._ready = threading.Event()
        self._stopping = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="aep-query", daemon=True)

    def login(self, tenant: Tenant) -> Login:
        """What a client needs to work as a tenant, with a new access token."""
        who = tenant.credentials
        token = self._emulator.state.tokens.issue(who.client_id, who.scopes, tenant.clock.now())
        return Login(self._host, self.port, who.org_id, token, f"{who.sandbox}:all", self._tls is not None)

    def start(self) -> Self:
        """Begin to listen."""
        self._thread.start()
        self._ready.wait(_PATIENCE)
        return self

    def stop(self) -> None:
        """Break off every connection and every statement, and stop."""
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(_PATIENCE)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        wire = self._wire_of(self._emulator.state, self.bounds, self._tls)
        await wire.start_server(sock=self._socket)
        self._ready.set()
        await self._stopping.wait()
        wire.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _wire() -> type[Wire]:
    try:
        from pytest_aep_export.emulator.query.wire import Wire  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigurationError(
            "SQL needs DuckDB and what speaks PostgreSQL's protocol: install pytest-aep-export[query] as well"
        ) from error
    return Wire
