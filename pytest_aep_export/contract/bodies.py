"""JSON as the contract reads it: UTF-8, finite numbers, no half characters, no depth that breaks the reader."""

from __future__ import annotations

import json
import math
from typing import Any, Final

__all__ = ["DEEPEST", "UnreadableBodyError", "is_too_deep", "parse"]

DEEPEST: Final = 64
"""How deeply a request may nest its values; a choice of ours, far above what any documented request needs."""


class UnreadableBodyError(ValueError):
    """The bytes are not JSON that this package reads; the text says what they are instead."""


def _refuse(constant: str) -> float:
    raise UnreadableBodyError(f"{constant}, which JSON does not have")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise UnreadableBodyError("a number beyond all bounds")
    return number


_BLANKS: Final = " \t\r\n"
_DECODER: Final = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite)


def parse(body: bytes) -> Any:
    """The value that the bytes hold.

    Raises:
        UnreadableBodyError: They hold none.
    """
    try:
        value, rest = _read(body)
    except UnreadableBodyError:
        raise
    except (ValueError, RecursionError) as error:
        raise UnreadableBodyError(_reason(error)) from error
    if rest:
        raise UnreadableBodyError(f"a value with {rest} more characters behind it")
    return value


def _read(body: bytes) -> tuple[Any, int]:
    """The value, and how many characters follow it."""
    text = body.decode().strip(_BLANKS)
    value, end = _DECODER.raw_decode(text)
    if b"\\u" in body:  # an escape can spell half of a surrogate pair, which no UTF-8 text can hold
        json.dumps(value, ensure_ascii=False).encode()
    return value, len(text) - end


def _reason(error: ValueError | RecursionError) -> str:
    match error:
        case UnicodeDecodeError():
            return f"bytes that are not UTF-8, from position {error.start}"
        case UnicodeEncodeError():
            return "half of a surrogate pair"
        case json.JSONDecodeError():
            return f"text that ends or goes wrong at position {error.pos}" if error.doc else "nothing"
        case RecursionError():
            return "values nested too deeply"
        case _:
            return "a number with too many digits"


def is_too_deep(value: Any) -> bool:
    """Whether values are nested more than `DEEPEST` deep."""
    level = [value]
    for _ in range(DEEPEST + 1):
        parts = [item.values() if isinstance(item, dict) else item for item in level if isinstance(item, dict | list)]
        level = [item for part in parts for item in part]
    return bool(level)
