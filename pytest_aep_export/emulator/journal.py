"""The journal: every exchange that a tenant had, oldest first, up to a limit."""

from __future__ import annotations

import threading
from collections import deque
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_aep_export.exchange import Exchange

__all__ = ["Journal"]


class Journal:
    """What was exchanged. It lives in memory only; whoever writes an exchange down takes `Exchange.redacted`.

    Args:
        capacity: How many exchanges are kept; older ones make room.
        volume: How many bytes they may have together; the newest is kept whatever its size.
    """

    def __init__(self, capacity: int = 10_000, volume: int = 1 << 26) -> None:
        self._lock = threading.Lock()
        self._capacity = capacity
        self._volume = volume
        self._bytes = 0
        self._kept: deque[tuple[Exchange, int]] = deque()
        self.dropped = 0
        """How many exchanges had to make room for newer ones."""
        self.recorded = 0
        """How many exchanges were ever recorded, whether they are still kept or not: see `since`."""

    def record(self, exchange: Exchange) -> None:
        """Add one exchange."""
        size = _size(exchange)
        with self._lock:
            self._kept.append((exchange, size))
            self._bytes += size
            self.recorded += 1
            while len(self._kept) > self._capacity or (self._bytes > self._volume and len(self._kept) > 1):
                self._bytes -= self._kept.popleft()[1]
                self.dropped += 1

    def amend(self, before: Exchange, after: Exchange) -> None:
        """Put another exchange in the place of one, unless that has made room already."""
        with self._lock:
            for place, (exchange, size) in enumerate(self._kept):
                if exchange is before:
                    self._kept[place] = after, _size(after)
                    self._bytes += _size(after) - size
                    return

    def clear(self) -> None:
        """Forget what was recorded so far."""
        with self._lock:
            self._kept.clear()
            self._bytes = 0
            self.dropped = 0

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """What was recorded, oldest first."""
        with self._lock:
            return tuple(exchange for exchange, _ in self._kept)

    def since(self, recorded: int) -> tuple[Exchange, ...]:
        """What was recorded after so many exchanges and is still kept, oldest first."""
        with self._lock:
            newer = self.recorded - recorded
            return tuple(exchange for exchange, _ in self._kept)[-newer:] if newer > 0 else ()

    @property
    def unknown(self) -> tuple[Exchange, ...]:
        """The exchanges on routes that the contract does not know."""
        return tuple(exchange for exchange in self.exchanges if not exchange.operation)

    def of(self, operation: str) -> tuple[Exchange, ...]:
        """The exchanges of one operation, by its ``operationId``."""
        return tuple(exchange for exchange in self.exchanges if exchange.operation == operation)

    def __iter__(self) -> Iterator[Exchange]:
        return iter(self.exchanges)

    def __len__(self) -> int:
        return len(self._kept)


def _size(exchange: Exchange) -> int:
    request, response = exchange.request, exchange.response
    heads = sum(map(len, chain.from_iterable(chain(request.headers.raw, response.headers.raw))))
    return len(request.url) + heads + len(request.body) + len(response.body)
