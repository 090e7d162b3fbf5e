"""While the emulator or a recording is in use, whoever tries to reach Adobe fails his test, by whatever library.

No name is ever resolved here: an attempt that the guard missed would end with an error of the resolver's, and the test
with it.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import http.client
import socket
import threading
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import aiohttp
import httpx
import httpx2
import pytest
import requests

from pytest_aep_export import guard
from pytest_aep_export.guard import BypassError, Guard, guarded

HOST = "platform.adobe.io"
URL = f"https://{HOST}/data/core/ups/export/jobs"
INSTEAD = "the emulator is in use"


@pytest.fixture
def watch() -> Iterator[Guard]:
    """A guard that watches during the test."""
    with guarded(INSTEAD) as made:
        yield made


def in_a_loop(go: Callable[[], Awaitable[object]]) -> Callable[[], object]:
    """What runs a coroutine in a loop of its own."""

    async def run() -> None:
        await go()

    return lambda: asyncio.run(run())


async def with_httpx_async() -> None:
    """Ask with httpx in a task."""
    async with httpx.AsyncClient() as client:
        await client.get(URL)


async def with_aiohttp() -> None:
    """Ask with aiohttp, whose names asyncio resolves in a thread of its own."""
    async with aiohttp.ClientSession() as session, session.get(URL):
        pass


async def with_sock_connect() -> None:
    """Connect a bare socket with asyncio."""
    with socket.socket() as bare:
        bare.settimeout(0)
        await asyncio.get_running_loop().sock_connect(bare, (HOST, 443))


def with_http_client() -> None:
    """Ask with the standard library's lower client."""
    http.client.HTTPSConnection(HOST).request("GET", "/")


def with_a_socket(name: str, host: str | bytes) -> None:
    """Connect a bare socket to a name."""
    with socket.socket() as bare:
        getattr(bare, name)((host, 443))


def in_a_thread(attempt: Callable[[], object]) -> None:
    """Try in a thread, and raise here what was raised there."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pool.submit(attempt).result()


ATTEMPTS: dict[str, tuple[str, str, Callable[[], object]]] = {
    "httpx": ("httpx", "resolve", lambda: httpx.get(URL)),
    "httpx2": ("httpx2", "resolve", lambda: httpx2.get(URL)),
    "requests": ("requests", "resolve", lambda: requests.get(URL, timeout=5)),
    "urllib": ("urllib", "resolve", lambda: urllib.request.urlopen(URL)),
    "http.client": ("http", "resolve", with_http_client),
    "httpx.AsyncClient": ("httpx", "resolve", in_a_loop(with_httpx_async)),
    "aiohttp": ("aiohttp", "resolve", in_a_loop(with_aiohttp)),
    "asyncio": ("asyncio", "resolve", in_a_loop(lambda: asyncio.open_connection(HOST, 443))),
    "sock_connect": ("asyncio", "resolve", in_a_loop(with_sock_connect)),
    "getaddrinfo": ("socket", "resolve", lambda: socket.getaddrinfo(HOST, 443)),
    "getaddrinfo of bytes": ("socket", "resolve", lambda: socket.getaddrinfo(HOST.encode(), 443)),
    "gethostbyname": ("socket", "resolve", lambda: socket.gethostbyname(HOST)),
    "gethostbyname_ex": ("socket", "resolve", lambda: socket.gethostbyname_ex(HOST)),
    "create_connection": ("socket", "resolve", lambda: socket.create_connection((HOST, 443))),
    "connect": ("socket", "connect to", lambda: with_a_socket("connect", HOST)),
    "connect_ex": ("socket", "connect to", lambda: with_a_socket("connect_ex", HOST.encode())),
    "requests in a thread": ("requests", "resolve", lambda: in_a_thread(lambda: requests.get(URL, timeout=5))),
    "a thread without code of the user's": (
        "requests",
        "resolve",
        lambda: in_a_thread(functools.partial(requests.get, URL, timeout=5)),
    ),
    "a resolver in a thread": (
        "socket",
        "resolve",
        lambda: in_a_thread(functools.partial(socket.getaddrinfo, HOST, 443)),
    ),
}


@pytest.mark.parametrize("name", ATTEMPTS)
def test_every_way_out_is_closed(watch: Guard, name: str):
    """Each library is stopped and named, whether it resolves the name or connects to it, and so is the host."""
    library, verb, attempt = ATTEMPTS[name]

    with pytest.raises(BypassError, match=f"^{library} tried to {verb} {HOST}, but {INSTEAD}$"):
        attempt()

    assert {str(error) for error in watch.unreported} == {f"{library} tried to {verb} {HOST}, but {INSTEAD}"}


def test_a_task_that_waits_is_found(watch: Guard):
    """However long a name waits to be resolved, the library of the task that waits for it is named, not another's."""

    async def go() -> None:
        loop, busy = asyncio.get_running_loop(), threading.Event()
        loop.set_default_executor(concurrent.futures.ThreadPoolExecutor(1))
        before = loop.run_in_executor(None, busy.wait)
        async with aiohttp.ClientSession() as session:
            tasks = [asyncio.create_task(session.get(URL)), asyncio.create_task(asyncio.sleep(3600))]
            for _ in range(50):
                await asyncio.sleep(0)
            busy.set()
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        tasks[1].cancel()
        await before
        await tasks[0]

    with pytest.raises(BypassError, match=r"^aiohttp tried to resolve"):
        asyncio.run(go())
    assert len(watch.unreported) == 1


def test_a_thread_that_began_earlier_is_watched():
    """Whoever took `socket.getaddrinfo` and a socket before, in a thread that ran already, is stopped as well."""
    resolve, go, caught = socket.getaddrinfo, threading.Event(), []
    early = socket.socket()

    def attempt() -> None:
        assert go.wait(10)
        for one in (lambda: resolve(HOST, 443), lambda: early.connect((HOST, 443))):
            try:
                one()
            except BypassError as error:
                caught.append(str(error).partition(",")[0])

    thread = threading.Thread(target=attempt)
    thread.start()
    with early, guarded(INSTEAD):
        go.set()
        thread.join()

    assert caught == [f"socket tried to resolve {HOST}", f"socket tried to connect to {HOST}"]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "no.such.host.invalid", "adobe.io.no.such.host.invalid"])
def test_other_hosts_are_let_alone(watch: Guard, host: str):
    """Loopback and the hosts of others are as reachable as ever, or as little."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        try:
            with socket.create_connection((host, server.getsockname()[1]), timeout=5):
                reached = True
        except socket.gaierror:
            reached = False
        with socket.socket() as bare:
            assert bare.connect_ex(server.getsockname()) == 0
        socket.getaddrinfo(None, 80)

    assert reached is not host.endswith(".invalid")
    assert watch.unreported == []


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="there are no such sockets here")
def test_sockets_of_other_families_are_let_alone(watch: Guard, tmp_path: Any):
    """An address that is no host and port is none of our business."""
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(path)
        server.listen()
        client.connect(path)

    assert watch.unreported == []


def test_afterwards_everything_is_as_before():
    """Outside of a guard nothing is refused or replaced, and the inner of two leaves the outer in force."""
    with guarded("outer") as outer:
        with guarded("inner") as inner, pytest.raises(BypassError, match="inner"):
            socket.getaddrinfo(HOST, 443)
        with pytest.raises(BypassError, match="outer"):
            socket.getaddrinfo(HOST, 443)

    assert (len(outer.unreported), len(inner.unreported)) == (1, 1)
    assert not {"connect", "connect_ex"} & vars(socket.socket).keys()
    guard._hook("socket.getaddrinfo", (HOST, 443, 0, 0, 0))


def test_what_others_have_replaced_is_put_back(monkeypatch: pytest.MonkeyPatch):
    """A `connect` of another library's is called meanwhile, and is there again afterwards."""
    called: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _, address: called.append(address))
    others = socket.socket.connect
    with guarded(INSTEAD), socket.socket() as bare:
        bare.connect(("127.0.0.1", 9))

    assert socket.socket.connect is others
    assert called == [("127.0.0.1", 9)]


def test_attempts_without_end_are_not_kept_without_end(watch: Guard):
    """A library that tries for ever fills no memory."""
    for _ in range(300):
        with pytest.raises(BypassError):
            socket.gethostbyname(HOST)

    assert len(watch.unreported) == 100


OUTCOMES = """
import socket, threading
import pytest, requests

URL = "https://platform.adobe.io/data/core/ups/export/jobs"

def test_raised(aep_emulator):
    requests.get(URL, timeout=5)

def test_raised_as_another(aep_emulator):
    try:
        requests.get(URL, timeout=5)
    except Exception as error:
        raise LookupError("no jobs") from error

def test_swallowed(aep_emulator):
    try:
        requests.get(URL, timeout=5)
    except Exception:
        pass

def test_swallowed_in_a_thread(aep_client):
    def attempt():
        try:
            socket.create_connection(("ims-na1.adobelogin.com", 443))
        except Exception:
            pass
    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()

@pytest.mark.aep_cassette("export/succeeded")
def test_recording(aep_cassette):
    try:
        socket.create_connection(("platform.adobe.io", 443))
    except Exception:
        pass

@pytest.fixture
def teardown(aep_emulator):
    yield
    try:
        socket.gethostbyname("platform.adobe.io")
    except Exception:
        pass

def test_in_a_teardown(teardown):
    pass

def test_good(aep_client):
    assert list(aep_client.list_export_jobs()) == []
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("no.such.host.invalid", 443)
"""


def test_a_test_that_bypasses_fails(run: Callable[..., pytest.RunResult]):
    """Raised or swallowed, here or in a thread, an attempt fails its test once, and a teardown's is an error."""
    result = run(OUTCOMES, "-rfE")

    result.assert_outcomes(failed=5, passed=2, errors=1)
    fix = "use base_url=aep_server.url, or let the client through aep_proxy if it insists on that host"
    said = result.stdout.str()
    assert (
        f"requests tried to resolve {HOST}, but in this test the emulator stands in for it, so nothing was sent: {fix}"
        in said
    )
    assert "socket tried to resolve ims-na1.adobelogin.com, but in this test the emulator stands in" in said
    assert f"socket tried to resolve {HOST}, but in this test a recording stands in for it, so nothing was sent" in said
    result.stdout.fnmatch_lines(["*ERROR at teardown of test_in_a_teardown*", f"socket tried to resolve {HOST}*"])


def test_a_client_that_goes_through_the_proxy_is_no_bypass(run: Callable[..., pytest.RunResult]):
    """In the test process itself, the proxy leads a client that insists on Adobe's host to the emulator."""
    source = """
        import requests
        def test_it(aep_emulator, aep_proxy, monkeypatch):
            for name, value in aep_proxy.env().items():
                monkeypatch.setenv(name, value)
            assert requests.get("https://platform.adobe.io/data/core/ups/export/jobs", timeout=5).status_code == 403
            assert len(aep_emulator.journal) == 0
    """
    run(source).assert_outcomes(passed=1)


def test_without_the_emulator_nothing_is_watched(run: Callable[..., pytest.RunResult]):
    """With a live target, and in tests that use nothing of ours, no guard is active."""
    source = """
        import sys
        def test_plain():
            pass
        def test_live(aep_target):
            assert aep_target.base_url == "https://platform.adobe.io"
        def teardown_module():
            guard = sys.modules.get("pytest_aep_export.guard")
            assert not (guard and guard._guards)
    """
    names = ("CLIENT_ID", "CLIENT_SECRET", "ORG_ID")
    with pytest.MonkeyPatch.context() as patch:
        for name in names:
            patch.setenv(f"AEP_{name}", "x" if name != "ORG_ID" else f"{'0' * 24}@AdobeOrg")
        result = run(source, "--aep-target=https://platform.adobe.io", "--aep-live")
    result.assert_outcomes(passed=2)
