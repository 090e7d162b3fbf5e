"""Access tokens: signed, expiring by the emulator's clock, and good for one integration only."""

from __future__ import annotations

import secrets
from typing import Any, Final

__all__ = ["LIFETIME", "Tokens"]

LIFETIME: Final = 86_399
"""Seconds that a token lives (facts, auth-and-headers section 1)."""

_REMEMBERED: Final = 4_096


class Tokens:
    """Issues and reads access tokens; the key lives and dies with this object."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._read: dict[str, tuple[str, int]] = {}

    def issue(self, client_id: str, scope: str, now: int) -> str:
        """A token for the integration, good from ``now`` (ms) on.

        The claims are those of the tokens that Adobe's samples show: ``expires_in`` is a text of milliseconds.
        """
        import jwt  # noqa: PLC0415 - costly where cryptography is installed, and only needed from here on

        claims = {
            "id": secrets.token_hex(8),
            "type": "access_token",
            "client_id": client_id,
            "scope": scope,
            "created_at": str(now),
            "expires_in": str(LIFETIME * 1000),
        }
        return jwt.encode(claims, self._key, algorithm="HS256")

    def read(self, token: str) -> tuple[str, int] | None:
        """The integration's client id and the time (ms) when the token expires; None when it was not issued here."""
        if token not in self._read:
            claims = self._decode(token)
            if claims is None:
                return None
            if len(self._read) >= _REMEMBERED:
                self._read.clear()
            self._read[token] = claims["client_id"], int(claims["created_at"]) + int(claims["expires_in"])
        return self._read[token]

    def _decode(self, token: str) -> dict[str, Any] | None:
        import jwt  # noqa: PLC0415 - see above

        try:
            return jwt.decode(token, self._key, algorithms=["HS256"])
        except jwt.InvalidTokenError:
            return None
