"""Bodies as they are kept: JSON pretty and key-sorted; anything else, and JSON that would lose by it, as is."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from typing import Any, Final, NoReturn

__all__ = ["BASE64", "from_base64", "is_form", "laid_out", "pretty", "text_of", "unique", "visible"]

BASE64: Final = re.compile(r"(?<![\w+/-])(?:[\w-]{16,}|[A-Za-z0-9+/]{16,})={0,2}(?![\w+/=-])", re.ASCII)
"""A word that may be encoded in base64, in either alphabet."""
_STARTS: Final = ("{", "[")
_FORM: Final = re.compile(r"[^=&\s{\[]+=[^&\s]*(?:&[^=&\s]+=[^&\s]*)*")
_UNUSUAL: Final = re.compile(r"[^\x20-\x7e\n]")


def text_of(body: bytes) -> str | None:
    """The body as text; None where it is none, but bytes of some other kind."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object's members, for a decoder.

    Raises:
        ValueError: A key stands twice, and readers differ about which of them holds.
    """
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key stands twice")
    return members


def pretty(body: bytes) -> bytes:
    """The body as it is kept: JSON that can be `laid_out` is, anything else is unchanged."""
    text = text_of(body)
    return body if text is None else (laid_out(text) or text).encode()


def laid_out(text: str) -> str | None:
    """A JSON object or array over several lines, its keys sorted; None for anything else.

    It is None as well where the layout would change what the text says: a key that stands twice, a number that Python
    would spell in another way (``1E5``, ``1.10``, ``-0``), ``NaN``. Characters that cannot be seen are escaped, so that
    a reviewer reads what a client gets.
    """
    if not text.lstrip().startswith(_STARTS):
        return None
    try:
        lines = visible(json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False))
        return lines if _EXACT.decode(lines) == _EXACT.decode(text) else None
    except (ValueError, RecursionError):
        return None


def from_base64(text: str) -> str | None:
    """The text that is encoded; None where it is none."""
    bare = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        plain = b64decode(bare + "=" * (-len(bare) % 4), validate=True).decode()
    except ValueError:
        return None
    return plain if all(character.isprintable() or character in "\n\r\t" for character in plain) else None


def is_form(text: str) -> bool:
    """Whether a text looks like a form, ``name=value&name=value``."""
    return _FORM.fullmatch(text) is not None


def visible(text: str) -> str:
    """JSON in which every character can be seen; those that cannot stand in strings only."""
    return _UNUSUAL.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    return character if character.isprintable() else json.dumps(character)[1:-1]


def _spelled(number: str) -> tuple[str]:
    """A number as it is written: no value of JSON is a tuple."""
    return (number,)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


_EXACT: Final = json.JSONDecoder(
    object_pairs_hook=unique, parse_float=_spelled, parse_int=_spelled, parse_constant=_refuse
)
