"""Writing a record: NDJSON, line by line as the run goes, each line sealed by a digest of all that stands before it.

The last member of each line, ``digest``, is the SHA-256 of every byte of the file before the digest itself. So a line
that was edited can be named, and a run that died leaves a record that nobody mistakes for a whole one.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO, Any, Final

from pytest_aep_export.errors import AepError

__all__ = ["STANDARD", "RecordError", "RecordWriter", "Seal"]

STANDARD: Final = "-"
"""The name of standard input and output."""
_DIGEST: Final = re.compile(rb'([0-9a-f]{64})"\}\n\Z')


class RecordError(AepError):
    """A record that could not be written, or is not to be believed; the message names the file or the line."""


class Seal:
    """The running digest of a record."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def put(self, line: Mapping[str, Any]) -> bytes:
        """The next line, with its digest."""
        text = json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        return self._sealed(text[:-1] + b',"digest":"')

    def holds(self, line: bytes) -> bool:
        """Whether the next line has the digest that it should have."""
        found = _DIGEST.search(line)
        return found is not None and self._sealed(line[: found.start()]) == line

    def _sealed(self, before: bytes) -> bytes:
        self._hash.update(before)
        after = f'{self._hash.hexdigest()}"}}\n'.encode()
        self._hash.update(after)
        return before + after


class RecordWriter:
    """A record that is being written; nothing is touched before the first line.

    A disk that fills up does not end the run: the first failure is kept, nothing more is written, and `require_whole`
    tells.

    Args:
        path: The file; ``-`` is standard output. What it held before is lost.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._standard = sys.stdout.buffer if path == STANDARD else None  # as it is now: a run redirects it
        self._seal = Seal()
        self._begun = False
        self._failure: OSError | None = None

    def write(self, line: Mapping[str, Any]) -> None:
        """Append a line, and hand it to the operating system at once."""
        sealed = self._seal.put(line)
        if self._failure:
            return
        try:
            with self._opened() as file:
                file.write(sealed)
                file.flush()
        except OSError as error:
            self._failure = error
        self._begun = True

    def require_whole(self) -> None:
        """Nothing, if every line was written.

        Raises:
            RecordError: One was not.
        """
        if self._failure:
            reason = self._failure.strerror or str(self._failure)
            raise RecordError(f"{self._path} cannot be written ({reason}): name another file") from self._failure

    def _opened(self) -> AbstractContextManager[IO[bytes]]:
        if self._standard:
            return nullcontext(self._standard)
        return Path(self._path).open("ab" if self._begun else "wb")
