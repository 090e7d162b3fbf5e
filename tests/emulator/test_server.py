"""The emulator on a socket: loopback, ports, the end of serving, and the tenants behind it."""

from __future__ import annotations

import asyncio
import socket
import threading
import urllib.request

import httpx
import pytest

from pytest_aep_export.client import AepClient
from pytest_aep_export.credentials import credentials_from
from pytest_aep_export.emulator import Emulator, EmulatorServer
from pytest_aep_export.errors import ConfigurationError

UNKNOWN = "/nothing/here"


@pytest.fixture
def emulator():
    """An emulator of its own."""
    with Emulator() as made:
        yield made


def _is_served(url: str) -> bool:
    try:
        urllib.request.urlopen(url + UNKNOWN, timeout=5)
    except urllib.error.HTTPError as error:
        with error:
            return error.headers["x-aep-emulator"] == "not-emulated"
    return False


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.0.0.2"])
def test_loopback_is_served(emulator, host):
    """The first request is answered as soon as the server has started, on a port that was free."""
    with EmulatorServer(emulator, host) as server:
        assert server.url == f"http://{host}:{server.port}"
        assert server.port > 0
        assert _is_served(server.url)


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_ipv6_loopback_is_served(emulator):
    """The address stands in brackets in the URL, and in the links that the emulator makes."""
    try:
        server = EmulatorServer(emulator, "::1")
    except ConfigurationError:
        pytest.skip("this machine has no IPv6 loopback")
    with server:
        assert server.url == f"http://[::1]:{server.port}"
        assert _is_served(server.url)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.org", "::", ""])
def test_an_address_that_others_reach_is_refused(emulator, host):
    """The emulator is for this machine, unless somebody insists."""
    with pytest.raises(ConfigurationError, match="is not a loopback address: the emulator is for this machine only"):
        EmulatorServer(emulator, host)


def test_whoever_insists_is_served_on_every_address(emulator):
    """``allow_remote`` lifts the refusal."""
    with EmulatorServer(emulator, "0.0.0.0", allow_remote=True) as server:
        assert _is_served(f"http://127.0.0.1:{server.port}")


def test_a_port_in_use_is_one_clear_sentence(emulator):
    """The message names the address and a way out."""
    with EmulatorServer(emulator) as server, pytest.raises(ConfigurationError) as caught:
        EmulatorServer(emulator, port=server.port)
    assert f"127.0.0.1:{server.port} cannot be listened on" in str(caught.value)
    assert str(caught.value).endswith("choose another port, or 0 for any that is free")


@pytest.mark.parametrize("port", [-1, 65536, 10**9])
def test_a_port_that_does_not_exist_is_one_clear_sentence(emulator, port):
    """A number that is no port is refused in the same words."""
    with pytest.raises(ConfigurationError, match="choose another port"):
        EmulatorServer(emulator, port=port)


def test_a_host_that_does_not_resolve_is_one_clear_sentence(emulator):
    """With ``allow_remote``, a name that leads nowhere is refused in the same words."""
    with pytest.raises(ConfigurationError, match="cannot be listened on"):
        EmulatorServer(emulator, "no.such.host.invalid", allow_remote=True)


def test_the_port_is_free_again_afterwards(emulator):
    """A server that has stopped leaves neither its port nor its thread behind."""
    before = threading.active_count()
    with EmulatorServer(emulator) as server:
        assert _is_served(server.url)
    with EmulatorServer(emulator, port=server.port) as again:
        assert _is_served(again.url)
    assert threading.active_count() == before


def test_a_server_that_is_stopped_before_it_came_up_ends(emulator):
    """Stopping at once is not waited for in vain."""
    server = EmulatorServer(emulator).start()
    server.stop()
    assert not server._thread.is_alive()


def test_a_request_that_the_end_cuts_off_is_no_news(emulator, caplog):
    """Whoever interrupts a client reads nothing of the emulator's on what it was doing; a mistake of it is told."""

    async def never_done(scope, *_: object) -> None:
        if scope["path"] == "/mistake":
            raise ZeroDivisionError
        await asyncio.Event().wait()

    emulator.app = never_done
    with EmulatorServer(emulator) as server, httpx.Client(base_url=server.url, timeout=0.2) as client:
        assert client.get("/mistake").status_code == 500
        with pytest.raises(httpx.ReadTimeout):
            client.get("/")
    assert [record.exc_info[0] for record in caplog.records] == [ZeroDivisionError]


def test_answers_leave_at_once(emulator):
    """Nagle's algorithm is off: with it, each answer would wait 40 ms for the client's acknowledgement."""
    with EmulatorServer(emulator) as server:
        # asyncio turns it off for accepted sockets whose protocol it knows to be TCP
        assert server._socket.proto == socket.IPPROTO_TCP


async def test_the_same_application_answers_in_process(emulator):
    """Without a socket, the application gives the same answer."""
    transport = httpx.ASGITransport(emulator.app)
    with EmulatorServer(emulator) as server:
        async with httpx.AsyncClient(transport=transport) as inside, httpx.AsyncClient() as outside:
            in_process = await inside.get(f"http://gateway{UNKNOWN}")
            over_http = await outside.get(server.url + UNKNOWN)
    assert in_process.json() == over_http.json()
    assert in_process.status_code == over_http.status_code == 404


def test_many_connections_at_once_are_not_lost(emulator):
    """Clients that connect together are all answered."""
    answers: list[bool] = []
    with EmulatorServer(emulator) as server:
        threads = [threading.Thread(target=lambda: answers.append(_is_served(server.url))) for _ in range(60)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == [True] * 60


def test_a_subprocess_finds_the_emulator_by_its_environment(emulator):
    """The variables say where it is and who may call: what reads the environment works as it is."""
    tenant = emulator.create_tenant(("dev",))
    with EmulatorServer(emulator) as server:
        variables = server.env(tenant.credentials)
        with AepClient.from_env(variables) as client:
            assert list(client.list_export_jobs()) == []
    assert credentials_from(variables) == tenant.credentials
    assert variables["AEP_TARGET"] == variables["AEP_BASE_URL"] == server.url
