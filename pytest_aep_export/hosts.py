"""Adobe's hosts: which names are Adobe's, and which of them the emulator stands in for. Standard library only."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

__all__ = ["CERTIFIED", "GATEWAY", "IMS", "TOKEN_PATH", "is_adobe", "is_adobe_host", "is_emulated"]

GATEWAY: Final = "https://platform.adobe.io"
"""The production gateway (facts, auth-and-headers section 2)."""

IMS: Final = "https://ims-na1.adobelogin.com"
"""The token service that belongs to it (facts, auth-and-headers section 1)."""

TOKEN_PATH: Final = "/ims/token/v3"  # noqa: S105 - a path, not a secret
"""Where it gives tokens, as does the emulator, and whoever else has both services at one address."""

CERTIFIED: Final = ("platform.adobe.io", "*.adobe.io", "ims-na1.adobelogin.com", "*.adobelogin.com")
"""The names that a certificate needs which stands in for every host that `is_emulated`."""

_ADOBE: Final = ("adobe.io", "adobe.com", "adobe.net", "adobelogin.com")
_EMULATED: Final = re.compile(r"platform(-[a-z0-9-]+)?\.adobe\.io|ims-[a-z0-9-]+\.adobelogin\.com")
"""The gateway, its stages and regions (``platform-va7``, ``platform-stage``), and the token services beside them."""


def is_adobe(url: str) -> bool:
    """Whether a URL leads to a host of Adobe's."""
    return is_adobe_host(urlsplit(url).hostname or "")


def is_adobe_host(host: str) -> bool:
    """Whether a host is one of Adobe's."""
    name = host.rstrip(".").lower()
    return any(name == domain or name.endswith(f".{domain}") for domain in _ADOBE)


def is_emulated(host: str) -> bool:
    """Whether a host is one whose API the emulator has."""
    return _EMULATED.fullmatch(host.rstrip(".").lower()) is not None
