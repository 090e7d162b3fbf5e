"""What the proxy answers where it does not let a client through."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

__all__ = ["ESTABLISHED", "Refusal", "answer"]

ESTABLISHED: Final = b"HTTP/1.1 200 Connection established\r\n\r\n"
_REASONS: Final = {
    400: "Not a request that a proxy understands",
    403: "Only hosts of Adobe's that are emulated",
    431: "Request head too large",
    502: "The emulator cannot be reached",
    503: "Too many connections",
}
"""What stands behind the status: most clients show no more than this of an answer to CONNECT."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An attempt to reach a host that the proxy does not lead to.

    Attributes:
        host: Where to.
        how: What was tried, in a few words.
        secrets: Whether a token, a secret or a key was in the head of the request, which nobody else has seen.
    """

    host: str
    how: str
    secrets: bool = False


def answer(status: int, sentence: str) -> bytes:
    """An answer in JSON, after which the connection is closed."""
    body = json.dumps({"title": _REASONS[status], "status": status, "detail": sentence}).encode()
    head = f"HTTP/1.1 {status} {_REASONS[status]}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
    return f"{head}connection: close\r\n\r\n".encode() + body
