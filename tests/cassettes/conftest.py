"""A tenant to record from, and a machine without a network to replay on."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import pytest

from pytest_aep_export.emulator import EmulatorServer, Tenant


@pytest.fixture
def tenant(aep_server: EmulatorServer) -> Iterator[Tenant]:
    """A tenant of the emulator."""
    made = aep_server.emulator.create_tenant()
    yield made
    made.delete()


@pytest.fixture
def url(aep_server: EmulatorServer) -> str:
    """Where the emulator is."""
    return aep_server.url


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From when it is called on, no socket can be connected."""

    def refuse(*_arguments: Any) -> NoReturn:
        raise AssertionError("a socket was opened")

    def forbid() -> None:
        monkeypatch.setattr(socket.socket, "connect", refuse)
        monkeypatch.setattr(socket.socket, "connect_ex", refuse)

    return forbid
