"""A watchdog over one thread: what computes for ever in it is ended by an exception, as no timer of its loop can."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Final, Self

__all__ = ["HangError", "Watchdog"]

_EVERY: Final = 0.1
"""Seconds between two looks at the time."""


class HangError(BaseException):
    """It took too long. No error like others: nothing that handles these may go on as if the answer were a crash."""


class Watchdog:
    """Watches the thread that made it.

    It reaches whatever runs Python; what waits is a matter of the event loop, and what computes elsewhere than in
    Python ends when it ends.

    Args:
        patience: Seconds that anything watched may take.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._watched = threading.get_ident()
        self._lock = threading.Lock()
        self._until: float | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="fuzz-watchdog", daemon=True)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Raise `HangError` in what happens inside when it takes too long."""
        self._until = time.monotonic() + self._patience
        try:
            yield
        finally:
            with self._lock:
                self._until = None

    def _watch(self) -> None:
        while not self._ended.wait(_EVERY):
            with self._lock:
                if self._until is not None and time.monotonic() > self._until:
                    self._until = None
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(
                        ctypes.c_ulong(self._watched), ctypes.py_object(HangError)
                    )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
