"""JSON as the contract reads it: UTF-8, finite numbers, no half characters, no depth that breaks the reader."""

from __future__ import annotations

import json
import math
from typing import Any, Final

__all__ = ["UnreadableBodyError", "parse"]


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
        text = body.decode().strip(_BLANKS)
        value, end = _DECODER.raw_decode(text)
        if end != len(text):
            raise UnreadableBodyError(f"text behind a value, from position {end}")
        if b"\\u" in body:
            json.dumps(value, ensure_ascii=False).encode()
    except UnreadableBodyError:
        raise
    except UnicodeDecodeError as error:
        raise UnreadableBodyError(f"bytes that are not UTF-8, from position {error.start}") from error
    except UnicodeEncodeError as error:
        raise UnreadableBodyError("half of a surrogate pair") from error
    except json.JSONDecodeError as error:
        found = f"text that ends or goes wrong at position {error.pos}" if text else "nothing"
        raise UnreadableBodyError(found) from error
    except ValueError as error:
        raise UnreadableBodyError("a number with too many digits") from error
    except RecursionError as error:
        raise UnreadableBodyError("values nested too deeply") from error
    return value
