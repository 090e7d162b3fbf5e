"""The formats that the contract asserts, one function each, so that both validators mean the same by them.

OpenAPI's ``int64``, ``password`` and ``binary`` assert nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

__all__ = ["FORMATS", "is_date_time", "is_uri", "is_uri_reference"]

_DATE_TIME: Final = re.compile(
    r"\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)", re.ASCII | re.IGNORECASE
)
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[!#-;=?-\[\]_a-z~]+", re.ASCII)
_URI_REFERENCE: Final = re.compile(r"[!#-;=?-\[\]_a-z~]*", re.ASCII)


def is_date_time(text: str) -> bool:
    """Whether the text is a date and time as RFC 3339 writes it, and exists.

    Leap seconds are refused, a choice of ours: no source shows one, and neither Python nor Arrow can hold one.
    """
    if not _DATE_TIME.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text.upper())
    except ValueError:
        return False
    return True


def is_uri(text: str) -> bool:
    """Whether the text has a scheme and only characters that a URI may have."""
    return _URI.fullmatch(text) is not None


def is_uri_reference(text: str) -> bool:
    """Whether the text has only characters that a URI may have."""
    return _URI_REFERENCE.fullmatch(text) is not None


FORMATS: Final[Mapping[str, Callable[[str], bool]]] = {
    "date-time": is_date_time,
    "uri": is_uri,
    "uri-reference": is_uri_reference,
}
"""What each format's name asserts of a string."""
