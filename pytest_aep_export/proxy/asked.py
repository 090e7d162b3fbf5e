"""What a client asks a proxy for, read from the head of its request. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from pytest_aep_export.hosts import is_emulated

__all__ = ["Asked", "read"]

_LINE: Final = re.compile(rb"([A-Z]{1,16}) ([\x21-\x7e]+) HTTP/1\.[01]")
_AUTHORITY: Final = re.compile(r"\[?(?P<host>[\w.:-]{1,255}?)\]?:(?P<port>\d{1,5})", re.ASCII)
_HOST: Final = re.compile(rb"\r\nhost:[ \t]*([\x21-\x7e]*)", re.IGNORECASE)
_SECRETS: Final = re.compile(rb"\r\n(authorization|x-api-key):|client_secret=", re.IGNORECASE)
_TLS: Final = 443


@dataclass(frozen=True, slots=True)
class Asked:
    """Where a client wants to go.

    Attributes:
        host: The host, in lower case.
        how: What is asked for, in a few words.
        allowed: Whether the proxy leads there.
        secrets: Whether there is a token, a secret or a key in the head.
    """

    host: str
    how: str
    allowed: bool = False
    secrets: bool = False


def read(head: bytes) -> Asked | None:
    """What a head without its last empty line asks for; None where it is none that a proxy understands."""
    line = _LINE.fullmatch(head.partition(b"\r\n")[0])
    if line is None:
        return None
    method, target = (word.decode() for word in line.groups())
    if method == "CONNECT":
        return _connect(target)
    return Asked(_host(target, head), f"{method} over plain HTTP", secrets=_SECRETS.search(head) is not None)


def _connect(target: str) -> Asked | None:
    parts = _AUTHORITY.fullmatch(target)
    if parts is None:
        return None
    host, port = parts["host"].lower(), int(parts["port"])
    return Asked(host, f"CONNECT to port {port}", allowed=port == _TLS and is_emulated(host))


def _host(target: str, head: bytes) -> str:
    """The host of a request that is no CONNECT: that of its target, or else the header's."""
    header = _HOST.search(head)
    for address in (target, f"//{header[1].decode()}" if header else ""):
        try:
            if host := urlsplit(address).hostname:
                return host
        except ValueError:
            continue
    return ""
