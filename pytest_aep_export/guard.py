"""The bypass guard: while the emulator or a recording is in use, nothing in this process reaches a host of Adobe's.

Names are caught where Python resolves them, by an audit hook (PEP 578): whoever has imported ``socket.getaddrinfo``
under whatever name, in whatever thread, however long ago, comes by there. What connects to a name without resolving it
first comes by `socket.socket.connect`, which is replaced meanwhile: its own audit event is raised too late, when the C
library has asked for the name already. Not seen are other processes, resolvers that are no part of Python (uvloop's,
aiodns), and addresses that were resolved before.

An audit hook cannot be removed: it is added when a guard is first used, and costs one comparison for an event then.
This module imports the standard library only.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, Final, NamedTuple

from pytest_aep_export.errors import AepError
from pytest_aep_export.hosts import is_adobe_host

__all__ = ["BypassError", "Guard", "guarded"]

_RESOLVING: Final = frozenset({"socket.getaddrinfo", "socket.gethostbyname"})
_BARE: Final = frozenset({"asyncio", "socket"})
"""What is named only where nothing else is at work."""
_MACHINERY: Final = _BARE | {"concurrent", "contextlib", "functools", "threading"}
_OURS: Final = __name__.partition(".")[0]
_MOST: Final = 100
"""Attempts that a guard keeps; a library may try again and again."""

_LOOKS: Final = 20
"""How often to look for a task before it is given up: it may be on its way from running to waiting."""


class BypassError(AepError):
    """Something in this process tried to reach Adobe although the emulator or a recording stands in for it."""


@dataclass(slots=True)
class Guard:
    """What keeps watch in one test.

    Attributes:
        instead: What stands in for Adobe's hosts, and how to get there: the end of a sentence.
        unreported: One exception for each attempt that nobody has told of yet.
    """

    instead: str
    unreported: list[BypassError] = field(default_factory=list)

    def refuse(self, what: str) -> BypassError:
        """What an attempt is refused with."""
        error = BypassError(f"{what}, but {self.instead}")
        if len(self.unreported) < _MOST:
            self.unreported.append(error)
        return error

    def reported(self, error: BaseException | None) -> None:
        """Forget the attempts that an exception tells of, or one that led to it."""
        while error is not None:
            self.unreported = [attempt for attempt in self.unreported if attempt is not error]
            error = error.__cause__ or error.__context__

    def check(self) -> None:
        """Tell of the first attempt that something has kept to itself.

        Raises:
            BypassError: There was one.
        """
        if self.unreported:
            first, self.unreported = self.unreported[0], []
            raise first


_guards: Final[list[Guard]] = []
_lock: Final = threading.Lock()
_before: Final[dict[str, Any]] = {}
"""What `socket.socket` did before, by name; kept, for a thread may still be about to do it."""


@contextmanager
def guarded(instead: str) -> Iterator[Guard]:
    """Keep watch while the context lasts. Another may be inside of it, and is the one that is told of attempts then.

    Args:
        instead: What stands in for Adobe's hosts, and how to get there, such as ``the emulator is in use: …``.
    """
    guard = Guard(instead)
    with _lock:
        if not _guards:
            _begin()
        _guards.append(guard)
    try:
        yield guard
    finally:
        with _lock:
            _guards.remove(guard)
            if not _guards:
                _end()


def _begin() -> None:
    if not _before:
        sys.addaudithook(_hook)
    for name, guarding in (("connect", _connect), ("connect_ex", _connect_ex)):
        _before[name] = getattr(socket.socket, name)
        setattr(socket.socket, name, guarding)


def _end() -> None:
    for name, before in _before.items():
        if before is getattr(socket.SocketType, name):
            delattr(socket.socket, name)  # it is inherited
        else:
            setattr(socket.socket, name, before)


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _guards and event in _RESOLVING:
        _watch("resolve", arguments[0])


# Debuggers, and what measures coverage, do not see into an audit hook otherwise.
_hook.__cantrace__ = True  # type: ignore[attr-defined]


def _connect(self: socket.socket, address: Any) -> None:
    _watch("connect to", address[0] if isinstance(address, tuple) and address else None)
    _before["connect"](self, address)


def _connect_ex(self: socket.socket, address: Any) -> int:
    _watch("connect to", address[0] if isinstance(address, tuple) and address else None)
    result: int = _before["connect_ex"](self, address)
    return result


def _watch(verb: str, host: Any) -> None:
    """Refuse what leads to Adobe.

    Raises:
        BypassError: It does.
    """
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if isinstance(name, str) and is_adobe_host(name) and (guards := _guards[-1:]):
        raise guards[0].refuse(f"{_library(name)} tried to {verb} {name}")


def _library(host: str) -> str:
    """What is at work: the outermost package between whoever wrote the test and the socket."""
    here = _Stack.of(_frames(sys._getframe()))  # noqa: SLF001 - the way to look at a stack without its source
    if not here.complete:
        here = next(map(_Stack.of, _waiting(host)), here)
    return here.name or "socket"


class _Stack(NamedTuple):
    """Part of a stack that is not the user's: from the socket up to his code.

    Attributes:
        name: The outermost package in it that wants something of the network; empty if there is none.
        complete: Whether the user's code is above it.
    """

    name: str
    complete: bool

    @classmethod
    def of(cls, frames: Iterable[FrameType]) -> _Stack:
        """Read a stack, the innermost frame first."""
        packages: list[str] = []
        for frame in frames:
            package = str(frame.f_globals.get("__name__")).partition(".")[0]
            if not _is_library(package, frame.f_code.co_filename):
                return cls(_outermost(packages), complete=True)
            packages.append(package)
        return cls(_outermost(packages), complete=bool(set(packages) - _MACHINERY))


def _is_library(package: str, path: str) -> bool:
    return package in sys.stdlib_module_names or package == _OURS or "site-packages" in path or "dist-packages" in path


def _outermost(packages: list[str]) -> str:
    libraries = [package for package in packages if package not in _MACHINERY]
    return (libraries or [package for package in packages if package in _BARE] or [""])[-1]


def _frames(frame: FrameType | None) -> Iterator[FrameType]:
    """A stack, the innermost frame first, from whatever called this module."""
    while frame is not None:
        if frame.f_globals.get("__name__") != __name__:
            yield frame
        frame = frame.f_back


def _waiting(host: str) -> Iterator[list[FrameType]]:
    """The stacks that wait for asyncio to resolve a name, which it does in a thread that knows nothing of them."""
    for _ in range(_LOOKS):
        for frames in _stacks():
            names = [frame.f_code.co_name == "getaddrinfo" and frame.f_locals.get("host") == host for frame in frames]
            if True in names:
                yield frames[names.index(True) :]


def _stacks() -> Iterator[list[FrameType]]:
    """The stacks of other threads, and of the tasks of their loops; the innermost frame first."""
    for thread, frame in sys._current_frames().items():  # noqa: SLF001 - the only way to other threads' stacks
        if thread == threading.get_ident():
            continue
        frames = list(_frames(frame))
        yield frames
        for caller in frames:
            loop = caller.f_locals.get("self") if caller.f_code.co_name == "run_forever" else None
            if isinstance(loop, asyncio.AbstractEventLoop):
                yield from (list(_suspended(task.get_coro()))[::-1] for task in asyncio.all_tasks(loop))


def _suspended(waiting: Any) -> Iterator[FrameType]:
    """The stack of a coroutine that waits, the outermost frame first."""
    while (frame := getattr(waiting, "cr_frame", None) or getattr(waiting, "gi_frame", None)) is not None:
        yield frame
        waiting = getattr(waiting, "cr_await", None) or getattr(waiting, "gi_yieldfrom", None)
