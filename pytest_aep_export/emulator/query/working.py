"""Running a statement: in a thread of its own, with a limit of time, and no longer than somebody waits for it.

The threads are daemons: what cannot be interrupted keeps nobody from ending.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pg_mimic import PgError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from pytest_aep_export.emulator.query.bounds import Bounds

__all__ = ["Work", "Workers"]

_CANCELED: Final = "57014"
_AGAIN: Final = 0.1
"""Seconds until somebody who was told to stop is told again: DuckDB forgets it when it begins with a statement."""
_PATIENCE: Final = 2.0
"""Seconds that all together get to stop in the end."""

_Result = TypeVar("_Result")


class Work:
    """A statement that is run."""

    def __init__(self, run: Callable[[Work], None]) -> None:
        self.thread = threading.Thread(target=run, args=(self,), name="aep-query-statement", daemon=True)
        self._cursor: DuckDBPyConnection | None = None
        self._stopped = False

    def use(self, cursor: DuckDBPyConnection) -> DuckDBPyConnection:
        """The cursor, which is interrupted from now on when the work is told to stop.

        Raises:
            PgError: It has been told so before.
        """
        self._cursor = cursor
        if self._stopped:
            raise _canceled("nobody waits for it")
        return cursor

    def stop(self) -> None:
        """Tell it to stop."""
        self._stopped = True
        if self._cursor is not None:
            self._cursor.interrupt()


class Workers:
    """Runs statements, some at a time."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._slots = asyncio.Semaphore(bounds.running)
        self._working: set[Work] = set()

    async def run(self, do: Callable[[Work], _Result]) -> _Result:
        """What a function returns or raises that runs in a thread.

        Raises:
            PgError: It takes too long.
        """
        try:
            async with asyncio.timeout(self._bounds.seconds):
                await self._slots.acquire()
                return await self._start(do)
        except TimeoutError as error:
            raise _canceled(f"it takes longer than {self._bounds.seconds:g} s") from error

    def close(self) -> None:
        """Tell all to stop, and wait a little until they do."""
        for work in self._working:
            work.stop()
        last = time.monotonic() + _PATIENCE
        for work in self._working:
            work.thread.join(max(0.0, last - time.monotonic()))

    async def _start(self, do: Callable[[Work], _Result]) -> _Result:
        result: asyncio.Future[_Result] = asyncio.get_running_loop().create_future()
        work = Work(lambda work: self._run(work, do, result))
        self._working.add(work)
        work.thread.start()
        try:
            return await result
        except asyncio.CancelledError:
            self._end(work)
            raise

    def _run(self, work: Work, do: Callable[[Work], _Result], result: asyncio.Future[_Result]) -> None:
        loop = result.get_loop()
        try:
            value = do(work)
        except Exception as error:  # noqa: BLE001 - whoever waits for it gets it
            _tell(loop, partial(_settle, result, result.set_exception, error))
        else:
            _tell(loop, partial(_settle, result, result.set_result, value))
        _tell(loop, lambda: self._done(work))

    def _done(self, work: Work) -> None:
        self._working.discard(work)
        self._slots.release()

    def _end(self, work: Work) -> None:
        """Tell a statement to stop that nobody waits for, until it does."""
        if work in self._working:
            work.stop()
            asyncio.get_running_loop().call_later(_AGAIN, self._end, work)


def _settle(result: asyncio.Future[Any], how: Callable[[Any], None], what: Any) -> None:
    if not result.done():  # else nobody waits for it
        how(what)


def _tell(loop: asyncio.AbstractEventLoop, what: Callable[[], object]) -> None:
    with suppress(RuntimeError):  # the loop is closed: nobody listens any more
        loop.call_soon_threadsafe(what)


def _canceled(why: str) -> PgError:
    return PgError(_CANCELED, f"the statement is canceled: {why}")
