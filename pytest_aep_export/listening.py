"""Sockets that listen: on loopback unless somebody insists."""

from __future__ import annotations

import ipaddress
import socket

from pytest_aep_export.errors import ConfigurationError

__all__ = ["is_loopback", "listen"]


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def listen(host: str, port: int, *, allow_remote: bool = False) -> socket.socket:
    """A socket that listens there; 0 takes any port that is free.

    Raises:
        ConfigurationError: It cannot, or others would reach it and may not.
    """
    if not (allow_remote or is_loopback(host)):
        raise ConfigurationError(f"{host} is not a loopback address: the emulator is for this machine only")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named so that asyncio turns Nagle's algorithm off: it costs 40 ms an answer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except (OSError, OverflowError) as error:
        listener.close()
        message = f"{host}:{port} cannot be listened on ({error}): choose another port, or 0 for any that is free"
        raise ConfigurationError(message) from error
    return listener
