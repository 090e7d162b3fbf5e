"""The emulator on a real socket: uvicorn in a thread, on loopback unless somebody insists, with TLS if wanted."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final, Self

from uvicorn.config import Config
from uvicorn.server import Server

from pytest_aep_export.emulator.protocol import JsonHttpProtocol
from pytest_aep_export.listening import listen
from pytest_aep_export.model import Credentials

if TYPE_CHECKING:
    import ssl
    from types import TracebackType

from pytest_aep_export.credentials import environment_for
from pytest_aep_export.emulator.app import Emulator

__all__ = ["EmulatorServer"]

_START: Final = 10.0
"""Seconds that the server may take to come up or go down."""
_THREAD: Final = "aep-emulator"


class _Server(Server):
    """A server that tells in which loop it runs."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.loop: Future[asyncio.AbstractEventLoop] = Future()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve."""
        await super().startup(sockets)
        self.loop.set_result(asyncio.get_running_loop())


class EmulatorServer:
    """Serves an emulator over HTTP while the context lasts; several may serve the same one.

    Args:
        emulator: What to serve.
        host: The address to listen on.
        port: The port; 0 takes any that is free.
        allow_remote: Whether the address may be one that other machines reach.
        tls: What to encrypt with; by default nothing is encrypted.

    Raises:
        ConfigurationError: The address is not loopback, or it is taken.
    """

    def __init__(
        self,
        emulator: Emulator,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        allow_remote: bool = False,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.emulator = emulator
        self._host = host
        self._socket = listen(host, port, allow_remote=allow_remote)
        self.port: int = self._socket.getsockname()[1]
        config = Config(
            emulator.app, http=JsonHttpProtocol, ws="none", lifespan="off", log_config=None, access_log=False,
            server_header=False, date_header=False, proxy_headers=False,
            timeout_keep_alive=120, timeout_graceful_shutdown=1,
        )  # fmt: skip
        config.load()
        config.ssl = tls
        self._scheme = "https" if tls else "http"
        self._server = _Server(config)
        self._thread = threading.Thread(target=self._run, name=_THREAD, daemon=True)

    @property
    def url(self) -> str:
        """Where the emulator is: scheme, address and port."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{self._scheme}://{host}:{self.port}"

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop that it runs in once it is started: what stands before it may run there too, and needs no thread.

        Raises:
            TimeoutError: It is not started, or does not come up.
        """
        return self._server.loop.result(_START)

    def env(self, credentials: Credentials) -> dict[str, str]:
        """The environment variables that let a subprocess find the emulator and call it with these credentials."""
        return environment_for(credentials, self.url)

    def start(self) -> Self:
        """Begin to serve, and return when the first request would be answered.

        Raises:
            ConfigurationError: The server does not come up.
        """
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop serving."""
        self._server.should_exit = True
        self._thread.join(_START)

    def _run(self) -> None:
        logging.getLogger("uvicorn.error").addFilter(_is_news)
        self._server.run(sockets=[self._socket])

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _is_news(record: logging.LogRecord) -> bool:
    """Whether somebody should know: not of a request that is cut off at the end, as its client has been interrupted."""
    error = record.exc_info[1] if record.exc_info else None
    cut = isinstance(error, asyncio.CancelledError) or "graceful shutdown exceeded" in record.getMessage()
    return record.threadName != _THREAD or not cut
