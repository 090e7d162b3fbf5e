"""Where the bytes of a download land: attempts that were cut add up to one file, and nothing else passes for it.

Rules: facts, data-access section 3. A range that the server chose otherwise is taken as it is, if it leaves no gap.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from pytest_aep_export.errors import DownloadError
from pytest_aep_export.exchange import Response

__all__ = ["Landing", "local_file"]

_WHOLE: Final = 200
_PART: Final = 206
_RANGE: Final = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


class Landing:
    """A `Sink` that one file's bytes go to, over as many attempts as it takes; counts are in bytes.

    Attributes:
        size: How many bytes stand now.
        best: The most that ever stood: an attempt that does not raise it was in vain.
    """

    def __init__(self, name: str, length: int, out: BinaryIO) -> None:
        self._name = name
        self._length = length
        self._out = out
        self._begun = False
        self._plain = True
        self.size = 0
        self.best = 0

    @property
    def offset(self) -> int:
        """Where the next attempt should begin; a compressed answer cannot be gone on with."""
        return self.size if self._plain else 0

    @property
    def complete(self) -> bool:
        """Whether every byte that was announced is there."""
        return self._begun and self.size == self._length

    def begin(self, head: Response) -> bool:
        """Make ready for a body: all of the file, or a part that joins what stands.

        Raises:
            DownloadError: The server now has another length than it announced.
        """
        if head.status not in {_WHOLE, _PART}:
            return False
        self._plain = head.headers.get("content-encoding", "identity") == "identity"
        start, total = self._extent(head)
        if total is not None and total != self._length:
            raise DownloadError(f"{self._name} was announced with {self._length} bytes, but the server has {total}")
        usable = start is not None and start <= self.size
        self._rewind(start if usable and start is not None else 0)
        self._begun = self._begun or usable
        return usable

    def write(self, chunk: bytes) -> None:
        """Take the next bytes.

        Raises:
            DownloadError: They are more than were announced, or cannot be written.
        """
        if self.size + len(chunk) > self._length:
            raise DownloadError(f"{self._name} was announced with {self._length} bytes, but more arrived")
        with local_file(self._name):
            self._out.write(chunk)
        self.size += len(chunk)
        self.best = max(self.best, self.size)

    def _extent(self, head: Response) -> tuple[int | None, int | None]:
        """Where the body begins in the file and how long the file is, each None where the head does not tell."""
        if head.status == _WHOLE:
            length = head.headers.get("content-length", "")
            return 0, int(length) if self._plain and length.isdigit() else None
        told = _RANGE.fullmatch(head.headers.get("content-range", "").strip())
        if not told or not self._plain:
            return None, None
        return int(told[1]), None if told[2] == "*" else int(told[2])

    def _rewind(self, to: int) -> None:
        with local_file(self._name):
            self._out.seek(to)
        self.size = to


@contextmanager
def local_file(name: str | Path) -> Iterator[None]:
    """Turn what the file system refuses into a sentence.

    Raises:
        DownloadError: It refused.
    """
    try:
        yield
    except OSError as error:
        raise DownloadError(f"{name} cannot be written: {error.strerror or error}") from error
