"""Where requests go: the base address, the token endpoint, and what belongs to them. Pure."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.hosts import GATEWAY, IMS, TOKEN_PATH

__all__ = ["GATEWAY", "check_url", "ims_url_for", "origin_of"]

_PORTS: Final = {"http": 80, "https": 443}


def origin_of(url: str) -> str:
    """Scheme, host and port of an address, the port always named: ``https://platform.adobe.io:443``.

    The user information is no part of it. An address without a host or with an impossible port has none: "".
    """
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
    except (KeyError, ValueError):
        return ""
    return f"{parts.scheme}://{parts.hostname}:{port}" if parts.hostname else ""


def check_url(name: str, url: str) -> str:
    """The address without a slash at its end.

    Raises:
        ConfigurationError: It is not an absolute HTTP address, or holds more than scheme, host, port and path.
    """
    parts = urlsplit(url if origin_of(url) else "")
    if not parts.hostname or parts.username is not None or parts.query or parts.fragment:
        raise ConfigurationError(f"{name} {url!r} is not usable: give an address such as {GATEWAY}")
    return url.rstrip("/")


def ims_url_for(base_url: str) -> str:
    """The token endpoint that belongs to a base address: Adobe's for Adobe's gateways, else one below the address."""
    host = urlsplit(base_url).hostname or ""
    return (IMS if host.endswith(".adobe.io") else base_url) + TOKEN_PATH
