"""The ``Range`` header (RFC 9110 section 14): which bytes of a file are asked for."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["satisfy"]

_RANGE: Final = re.compile(r"bytes\s*=\s*([0-9]{0,999})\s*-\s*([0-9]{0,999})", re.IGNORECASE)


def satisfy(header: str | None, length: int) -> range | None:
    """The bytes to send of a file of ``length`` bytes; None for the whole file.

    The contract refuses what is not a single range of bytes before anybody asks here (facts, data-access section 3).

    Raises:
        ValueError: The file has none of the bytes asked for, or the range runs backwards.
    """
    match = _RANGE.fullmatch(header.strip()) if header else None
    first, last = match.groups() if match else ("", "")
    if not (first or last):
        return None
    if first:
        span = range(int(first), min(int(last) + 1 if last else length, length))
    else:
        span = range(max(0, length - int(last)), length)
    if not span:
        raise ValueError(f"expected a part of the file's {length} bytes, found {header!r}")
    return span
