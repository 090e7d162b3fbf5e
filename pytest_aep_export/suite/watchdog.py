"""Ends an answer that takes too long, however steadily its bytes come.

The limits of an HTTP client are about one piece of an answer after another: a server that sends a byte now and then is
waited for without end. What closes its connection at last is a timer.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Event, Timer
from typing import Any, Final

import httpx

__all__ = ["Watchdog"]

_CONNECTED: Final = (".connect_tcp.complete", ".start_tls.complete")
"""How the events end that tell of a connection, plain or encrypted."""


class Watchdog:
    """Knows the connections of a client that sends one request at a time, and closes them when that takes too long."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Remember a new connection; fit for httpx's extension ``trace``, which tells how a request gets on.

        Args:
            event: What has happened.
            info: More about it; of a connection ``return_value`` is its stream.
        """
        if event.endswith(_CONNECTED):
            open_ = [kept for kept in self._sockets if kept.fileno() >= 0]
            self._sockets = [*open_, info["return_value"].get_extra_info("socket")]

    @contextmanager
    def limit(self, seconds: float) -> Iterator[Event]:
        """Give a request so much time, to the last byte of its answer; the event says that it is over.

        Raises:
            httpx.ReadTimeout: It was not enough.
        """
        late = Event()
        timer = Timer(seconds, self._cut, [late])
        timer.daemon = True
        timer.start()
        try:
            yield late
        except httpx.TransportError as error:
            if late.is_set():
                raise _too_late(seconds) from error
            raise
        finally:
            timer.cancel()
        if late.is_set():  # what ends with its connection would look as if it had ended well
            raise _too_late(seconds)

    def _cut(self, late: Event) -> None:
        late.set()
        for kept in self._sockets:
            with suppress(OSError):  # it is closed already
                kept.shutdown(socket.SHUT_RDWR)
            kept.close()  # or what has come already would be read on, which can take minutes


def _too_late(seconds: float) -> httpx.ReadTimeout:
    return httpx.ReadTimeout(f"it has not ended within {round(seconds, 2):g} s")
