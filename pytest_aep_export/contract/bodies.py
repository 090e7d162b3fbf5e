"""JSON as the contract reads it: UTF-8, finite numbers, no half characters, no depth that breaks the reader.

``orjson`` is as strict as all that by itself, and reads a job in a third of the standard library's time.
"""

from __future__ import annotations

from typing import Any, Final

import orjson

__all__ = ["DEEPEST", "UnreadableBodyError", "is_too_deep", "parse"]

DEEPEST: Final = 64
"""How deeply a request may nest its values; a choice of ours, far above what any documented request needs."""


class UnreadableBodyError(ValueError):
    """The bytes are not JSON; the text says what they are instead."""


def parse(body: bytes) -> Any:
    """The value that the bytes hold. Integers beyond 64 bits become floats.

    Raises:
        UnreadableBodyError: They hold none.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        found = f"text that goes wrong at position {error.pos} ({error.msg})" if body.strip() else "nothing"
        raise UnreadableBodyError(found) from error


def is_too_deep(value: Any) -> bool:
    """Whether values are nested more than `DEEPEST` deep."""
    level = [value]
    for _ in range(DEEPEST + 1):
        parts = [item.values() if isinstance(item, dict) else item for item in level if isinstance(item, dict | list)]
        level = [item for part in parts for item in part]
    return bool(level)
