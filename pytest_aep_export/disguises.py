"""Secrets in what somebody sends, prints or leaves: as they are, and as they look when something has encoded them.

Pure.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Final
from urllib.parse import unquote_to_bytes

from pytest_aep_export.exchange import Request

__all__ = ["concealed", "revealed", "shows"]

_SHORTEST: Final = 8
"""Characters of a secret that is looked for in other forms than its own: what is shorter is found by chance."""
_SPACE: Final = b" \t\r\n"
"""What may stand between the lines of base64 and of hexadecimal digits."""
_BITS: Final = 6
"""So many of them are in a character of base64."""


def revealed(content: bytes, secrets: Collection[str]) -> set[str]:
    """The secrets that a content holds: as they are, percent-encoded, or in base64, base64url or hexadecimal digits.

    In base64 a secret is found wherever it begins, as in ``id:secret`` for HTTP's Basic; lines may be wrapped.
    """
    found = {secret for secret in secrets if secret.encode() in content}
    hidden = {secret for secret in secrets if len(secret) >= _SHORTEST} - found
    views = (content, unquote_to_bytes(content)) if b"%" in content else (content,)
    return found.union(*(_hidden(view, hidden) for view in views)) if hidden else found


def shows(request: Request, secrets: Collection[str]) -> bool:
    """Whether any of these secrets is in a request: its address, its headers or its body."""
    texts = (request.url, *(value for _, value in request.headers.raw))
    told = b"\0".join((*(text.encode("utf-8", "replace") for text in texts), request.body))
    return bool(revealed(told, secrets))


def _hidden(content: bytes, secrets: Collection[str]) -> set[str]:
    joined = content.translate(None, _SPACE)
    digits = joined.lower()
    return {
        secret
        for secret in secrets
        if secret.encode() in content
        or secret.encode().hex().encode() in digits
        or any(each in joined for each in _in_base64(secret))
    }


def concealed(text: str, secrets: Collection[str], instead: str) -> str:
    """The text with something instead of these secrets, in each form in which `revealed` finds them."""
    for secret in secrets:
        text = text.replace(secret, instead)
    for secret in revealed(text.encode("utf-8", "surrogatepass"), secrets):
        text = _every_form(secret).sub(lambda _: instead, text)
    return text


@lru_cache(maxsize=64)
def _every_form(secret: str) -> re.Pattern[str]:
    """Whatever stands for a secret in a text: each character may be percent-encoded, and lines may be wrapped."""
    wrapped = (secret.encode().hex(), *(each.decode() for each in _in_base64(secret)))
    forms = (_spelled(secret), *(_spelled(each, between=r"(?:\s|%0a|%0d)*") for each in wrapped))
    return re.compile("|".join(forms), re.IGNORECASE)


def _spelled(text: str, between: str = "") -> str:
    return between.join(f"(?:{re.escape(each)}|{_percent(each)})" for each in text)


def _percent(character: str) -> str:
    return "".join(f"%{byte:02x}" for byte in character.encode())


@lru_cache(maxsize=256)
def _in_base64(secret: str) -> tuple[bytes, ...]:
    """What of a secret's base64 does not depend on what is around it, for each place of three where it may begin."""
    return tuple(dict.fromkeys(_middles(secret.encode())))


def _middles(secret: bytes) -> Iterator[bytes]:
    for shift in range(3):
        begin, end = -(-8 * shift // _BITS), 8 * (shift + len(secret)) // _BITS
        padded = bytes(shift) + secret
        yield base64.b64encode(padded)[begin:end]
        yield base64.urlsafe_b64encode(padded)[begin:end]
