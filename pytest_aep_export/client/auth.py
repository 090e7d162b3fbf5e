"""Access tokens: asked for once, reused, renewed before they expire. Pure.

Rules: facts, auth-and-headers section 1. There is no refresh token; a new access token is asked for instead.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from pytest_aep_export.exchange import Headers, Request
from pytest_aep_export.model import Credentials

__all__ = ["TokenCache", "token_request"]

_MARGIN: Final = 60.0
"""Seconds before its expiry at which a token is no longer used: what the gateway gives a request (facts, section 5)."""

_LIFE: Final = 86_399.0
"""How long a token lives that does not say so: what every sample shows."""

_SECONDS_AT_MOST: Final = 1_000_000
"""A larger ``expires_in`` is in milliseconds, as of the older token exchange (divergence 96)."""


class TokenCache:
    """The one token that is in use; times are seconds since the epoch."""

    def __init__(self) -> None:
        self._token = ""
        self._until = 0.0

    def current(self, now: float) -> str:
        """The token, or an empty text when there is none that is good for another while."""
        return self._token if now < self._until else ""

    def keep(self, document: Any, now: float) -> str:
        """Keep the token of an answer and return it.

        Raises:
            KeyError: The answer has no token.
            TypeError: The answer is not an object, or its token is not text.
            ValueError: ``expires_in`` is not a number.
        """
        token = document["access_token"]
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
            raise TypeError("its access_token is not a printable text")
        life = float(document.get("expires_in") or _LIFE)
        life = life / 1000 if life > _SECONDS_AT_MOST else life
        self._token, self._until = token, now + life - min(_MARGIN, life / 10)
        return token

    def drop(self, token: str) -> None:
        """Use that token no more; another one, which somebody else may have got meanwhile, stays."""
        if token == self._token:
            self._token = ""


def token_request(url: str, credentials: Credentials) -> Request:
    """The request for an access token; the secret is in the body, since addresses get logged."""
    form = {
        "grant_type": "client_credentials",
        "client_id": credentials.client_id,
        "client_secret": credentials.client_secret,
        "scope": credentials.scopes,
    }
    headers = Headers({"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"})
    return Request("POST", url, headers, urlencode(form).encode())
