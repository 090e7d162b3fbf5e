"""Access tokens: signed, expiring by the emulator's clock, and good for one integration only.

They are JSON Web Tokens of the form ``HS256`` (RFC 7519), read by nobody but the emulator that signed them. The
standard library writes them: importing a JWT library would be a third of what the emulator's start costs.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, Final

__all__ = ["LIFETIME", "Tokens"]

LIFETIME: Final = 86_399
"""Seconds that a token lives (facts, auth-and-headers section 1)."""

_HEADER: Final = {"alg": "HS256", "typ": "JWT"}
_REMEMBERED: Final = 4_096


class Tokens:
    """Issues and reads access tokens; the key lives and dies with this object."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._read: dict[str, tuple[str, int]] = {}
        self._expired: dict[str, int] = {}

    def issue(self, client_id: str, scope: str, now: int) -> str:
        """A token for the integration, good from ``now`` (ms) on.

        The claims are those of the tokens that Adobe's samples show: ``expires_in`` is a text of milliseconds.
        """
        claims = {
            "id": secrets.token_hex(8),
            "type": "access_token",
            "client_id": client_id,
            "scope": scope,
            "created_at": str(now),
            "expires_in": str(LIFETIME * 1000),
        }
        signed = f"{_encode(json.dumps(_HEADER).encode())}.{_encode(json.dumps(claims).encode())}"
        return f"{signed}.{self._signature(signed)}"

    def read(self, token: str) -> tuple[str, int] | None:
        """The integration's client id and the time (ms) when the token expires; None when it was not issued here."""
        found = self._read.get(token)
        if found is None:
            claims = self._claims(token)
            if claims is None:
                return None
            if len(self._read) >= _REMEMBERED:
                self._read.clear()
            found = self._read[token] = self._told(claims)
        return found

    def expire(self, client_id: str, until: int) -> None:
        """Let every token of an integration that was issued until then (ms) be one that has expired."""
        self._expired[client_id] = until
        self._read.clear()

    def _told(self, claims: dict[str, Any]) -> tuple[str, int]:
        client_id, created = claims["client_id"], int(claims["created_at"])
        expired = created <= self._expired.get(client_id, -1)
        return client_id, created if expired else created + int(claims["expires_in"])

    def _claims(self, token: str) -> dict[str, Any] | None:
        signed, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(signed).encode()):
            return None
        claims = signed.partition(".")[2]
        document: dict[str, Any] = json.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        return document

    def _signature(self, signed: str) -> str:
        return _encode(hmac.digest(self._key, signed.encode(), hashlib.sha256))


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
