"""Programs under test: each in a process group of its own, heard within bounds, and ended with all its children.

`run` is for a program that is started and waited for. `Process` is for one that is talked to line by line.
Nothing here raises because a program misbehaves: it hangs, floods, closes its pipes or leaves children behind, and all
of that is in what is returned.
"""

from __future__ import annotations

import os
import secrets
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Self

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.judge.children import MARK, marked, outlive
from pytest_aep_export.judge.starting import unstartable

__all__ = ["LONGEST_LINE", "Capture", "Ended", "Process", "end_all", "run"]


LONGEST_LINE: Final = 1 << 24
"""How many bytes a line may have."""

_SHARE: Final = 1 << 16
"""How many bytes are kept of an output's beginning, and as many of its end."""
_CHUNK: Final = 1 << 16
_BLINK: Final = 0.05
"""Seconds between looks at whether a program has ended whose pipes somebody else holds open."""
_ROUNDS: Final = 20
"""How often children outside of the group are looked for, which may have children of their own meanwhile."""
_FAREWELL: Final = 0.25
"""Seconds for which children may outlive their program before they count as left behind."""


class Capture:
    """What a program printed: all of it, or its beginning and its end with a line between that says what is missing."""

    def __init__(self, share: int = _SHARE) -> None:
        self._share = share
        self._head = b""
        self._tail = bytearray()
        self._lost = 0

    def add(self, chunk: bytes) -> None:
        """Take more."""
        room = self._share - len(self._head)
        self._head += chunk[:room]
        self._tail += chunk[room:]
        excess = max(0, len(self._tail) - self._share)
        del self._tail[:excess]
        self._lost += excess

    def __bytes__(self) -> bytes:
        gap = b"\n[%d bytes are left out here]\n" % self._lost if self._lost else b""
        return self._head + gap + bytes(self._tail)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended.

    Attributes:
        status: Its exit status; the negative number of the signal that ended it; None where its time was up, and it was
            killed.
        output: What it printed, capped; of a program that was talked to, its standard error only.
        leftovers: How many of its children still ran when it had ended; they are killed.
    """

    status: int | None
    output: bytes
    leftovers: int


class Process:
    """A program in a session and process group of its own, without a terminal.

    It is a context manager: on leaving it, the program and its children run no more.

    Args:
        command: The program and its arguments; no shell is involved.
        cwd: The folder that it starts in.
        environ: Its whole environment, but for the mark.
        talk: Whether it is talked to: its standard input and output are for `say` and `line` then. Otherwise its input
            is empty, and its output is captured together with its standard error.

    Raises:
        ConfigurationError: It cannot be started.
    """

    def __init__(self, command: Sequence[str], *, cwd: Path, environ: Mapping[str, str], talk: bool = False) -> None:
        self._capture = Capture()
        self._heard = bytearray()
        self._killed = False
        self._mark = secrets.token_hex(8)
        try:
            self._popen = subprocess.Popen(  # noqa: S603 - starting the user's own command is what this is for
                list(command),
                cwd=cwd,
                env={**environ, MARK: self._mark},
                stdin=subprocess.PIPE if talk else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE if talk else subprocess.STDOUT,
                bufsize=0,
                start_new_session=True,
            )
        except (OSError, ValueError, IndexError) as error:
            raise ConfigurationError(unstartable(command, error)) from error
        _open.add(self)
        self._selector = selectors.DefaultSelector()
        self._listen(self._popen.stderr if talk else self._popen.stdout, self._capture.add)
        if talk:
            self._listen(self._popen.stdout, self._hear)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        _open.discard(self)
        self.kill()
        self._popen.wait()
        self._selector.close()
        for pipe in (self._popen.stdin, self._popen.stdout, self._popen.stderr):
            if pipe is not None:
                pipe.close()

    @property
    def output(self) -> bytes:
        """What was captured so far."""
        return bytes(self._capture)

    def say(self, line: bytes) -> bool:
        """Send a line, whose end is added; False when nobody reads it any more. A few kB always find room."""
        if self._popen.stdin is None or self._popen.stdin.closed:
            return False
        try:
            self._popen.stdin.write(line + b"\n")
        except OSError:
            return False
        return True

    def line(self, deadline: float) -> bytes:
        """The next line of standard output, without its end; a line that is too long is cut after `LONGEST_LINE` + 1.

        Args:
            deadline: Until when it is waited for, by ``time.monotonic()``.

        Raises:
            TimeoutError: There is none by then.
            EOFError: There will be none: standard output is closed, or the program has ended.
        """
        while (found := self._taken()) is None:
            over = self._popen.poll() is not None
            if self._silent() or (not self._pump(min(deadline, time.monotonic() + _BLINK)) and over):
                return self._rest()
            if time.monotonic() >= deadline:
                raise TimeoutError
        return found

    def end(self, deadline: float) -> Ended:
        """Close the program's input, wait until it ends, and end what is left of its group.

        Args:
            deadline: Until when it is waited for, by ``time.monotonic()``.
        """
        if self._popen.stdin is not None:
            with suppress(OSError):
                self._popen.stdin.close()
        while self._popen.poll() is None and time.monotonic() < deadline:
            if self._selector.get_map():
                self._pump(min(deadline, time.monotonic() + _BLINK))
            else:
                self._wait(deadline)
        status = self._popen.poll()
        leftovers = 0 if status is None else self._left_behind()
        self.kill()
        self._popen.wait()
        self._left_behind()
        until = time.monotonic() + _FAREWELL
        while self._pump(time.monotonic()) and time.monotonic() < until:
            pass
        return Ended(status, self.output, leftovers)

    def _listen(self, pipe: IO[bytes] | None, hear: Callable[[bytes], None]) -> None:
        assert pipe is not None
        os.set_blocking(pipe.fileno(), False)
        self._selector.register(pipe, selectors.EVENT_READ, hear)

    def _pump(self, until: float) -> bool:
        """Read what there is, or wait for something; whether anything was heard, be it the end of a pipe."""
        ready = self._selector.select(max(0.0, until - time.monotonic()))
        for key, _ in ready:
            chunk = os.read(key.fd, _CHUNK)
            if chunk:
                key.data(chunk)
            else:
                self._selector.unregister(key.fileobj)
        return bool(ready)

    def _hear(self, chunk: bytes) -> None:
        """Take more of standard output, while somebody may still ask for it."""
        self._heard += chunk[: LONGEST_LINE + _CHUNK - len(self._heard)]

    def _silent(self) -> bool:
        """Whether standard output is closed."""
        assert self._popen.stdout is not None
        return self._popen.stdout not in self._selector.get_map()

    def _taken(self) -> bytes | None:
        """The next whole line, off what was heard."""
        at = self._heard.find(b"\n", 0, LONGEST_LINE + 1)
        if at < 0 and len(self._heard) <= LONGEST_LINE:
            return None
        line = bytes(self._heard[: LONGEST_LINE + 1 if at < 0 else at])
        del self._heard[: len(line) + 1]
        return line.removesuffix(b"\r")

    def _rest(self) -> bytes:
        """A last line that has no end."""
        if not self._heard:
            raise EOFError
        rest = bytes(self._heard)
        self._heard.clear()
        return rest

    def _wait(self, deadline: float) -> None:
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(max(0.0, deadline - time.monotonic()))

    def _left_behind(self) -> int:
        """How many children outlive the program, after a moment in which they may end."""
        until = time.monotonic() + _FAREWELL
        while (count := outlive(self._popen.pid, self._mark)) and time.monotonic() < until:
            self._pump(time.monotonic() + _BLINK / 5)
        return count

    def kill(self) -> None:
        """End the program and its children at once; whoever waits for it sees them ended."""
        # Once only: when the group is gone, its number may be given to another.
        if not self._killed:
            self._killed = True
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._popen.pid, signal.SIGKILL)
        for _ in range(_ROUNDS):
            strayed = marked(self._mark)
            for pid in strayed:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            if not strayed:
                break


def run(command: Sequence[str], *, cwd: Path, environ: Mapping[str, str], seconds: float) -> Ended:
    """Run a program for so many seconds at most, and tell how it ended.

    Args:
        command: The program and its arguments; no shell is involved.
        cwd: The folder that it starts in.
        environ: Its whole environment.
        seconds: How long it may take.

    Raises:
        ConfigurationError: It cannot be started.
    """
    deadline = time.monotonic() + seconds
    with Process(command, cwd=cwd, environ=environ) as process:
        return process.end(deadline)


def end_all() -> None:
    """End every program that runs, with its children, whoever waits for it."""
    for process in tuple(_open):
        process.kill()


_open: Final[set[Process]] = set()
