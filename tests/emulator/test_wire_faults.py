"""Faults at the connection: what really arrives on a socket, what clients make of it, and what the journal says."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import trustme

from pytest_aep_export.emulator import Emulator, EmulatorServer, wire
from pytest_aep_export.emulator.faults import (
    AddJob,
    Answer,
    Delay,
    Dribble,
    Effect,
    Empty,
    Fault,
    Garbage,
    Reset,
    Skew,
    Truncate,
)
from pytest_aep_export.exchange import Exchange

JOBS = "/data/core/ups/export/jobs"
DATASETS = "/data/foundation/catalog/dataSets"


def _connect(api) -> socket.socket:
    parts = urlsplit(api.url)
    return socket.create_connection((parts.hostname, parts.port), timeout=10)


def _request(api, line: str, extra: str = "") -> bytes:
    credentials = api.tenant.credentials
    return (
        f"{line} HTTP/1.1\r\nHost: {urlsplit(api.url).netloc}\r\nAuthorization: Bearer {api.target.token()}\r\n"
        f"x-api-key: {credentials.client_id}\r\nx-gw-ims-org-id: {credentials.org_id}\r\n"
        f"x-sandbox-name: {credentials.sandbox}\r\n{extra}\r\n"
    ).encode("latin-1")


def _all_of(connection: socket.socket) -> tuple[bytes, bool]:
    """All that arrives, and whether the connection was reset at its end rather than closed."""
    found = b""
    try:
        while data := connection.recv(65_536):
            found += data
    except ConnectionResetError:
        return found, True
    return found, False


def _heard(api, line: str) -> tuple[bytes, bytes, bool]:
    """Head and body of what arrives, and whether the connection was reset."""
    with closing(_connect(api)) as connection:
        connection.sendall(_request(api, line))
        found, was_reset = _all_of(connection)
    head, _, body = found.partition(b"\r\n\r\n")
    return head, body, was_reset


def _plan(api, effect: Effect, on: str = "listExportJobs", **options: Any) -> None:
    api.tenant.faults.add(Fault(on, effect, **options))


def _last(api) -> Exchange:
    return api.tenant.journal.exchanges[-1]


def test_a_reset_is_a_reset(api):
    """Nothing arrives and the connection is reset, not closed; to the journal there was no answer."""
    _plan(api, Reset())
    assert _heard(api, f"GET {JOBS}") == (b"", b"", True)
    assert (_last(api).operation, _last(api).response.status, _last(api).response.body) == ("listExportJobs", 0, b"")


@pytest.mark.parametrize("after", [0, 10])
def test_a_reset_in_the_middle_of_the_body(api, after: int):
    """The head and so many bytes arrive before the reset, and the journal has them and the length that was promised."""
    api.create()
    _plan(api, Reset(after=after))
    head, body, was_reset = _heard(api, f"GET {JOBS}")
    seen = _last(api).response
    assert (head.split(b"\r\n")[0], len(body), was_reset) == (b"HTTP/1.1 200 OK", after, True)
    assert (seen.status, seen.body, seen.cut) == (200, body, True)
    assert int(seen.headers["content-length"]) > after


def test_a_reset_after_a_large_body(api):
    """Many bytes are all there before the reset: it does not take away what waits to be sent."""
    text = "x" * 3_000_000
    api.tenant.faults.add(
        Fault("listExportJobs", Answer(200, (("content-type", "text/plain"),), text)),
        Fault("listExportJobs", Reset(after=2_000_000)),
    )
    _, body, was_reset = _heard(api, f"GET {JOBS}")
    assert (len(body), was_reset) == (2_000_000, True)


@pytest.mark.parametrize(
    ("effect", "made"), [(Reset(), 1), (Reset(served=False), 0), (Empty(), 1), (Empty(served=False), 0)]
)
def test_what_nobody_hears_of_happens_or_not(api, effect: Effect, made: int):
    """A request whose answer is lost is served before, unless the fault says otherwise."""
    _plan(api, effect, "createExportJob")
    with pytest.raises(httpx.TransportError):
        httpx.post(f"{api.url}{JOBS}", json=api.payload(), headers=_headers(api))
    assert len(api.numbers()) == made
    [exchange] = api.tenant.journal.of("createExportJob")
    assert (exchange.response.status, exchange.request.json()) == (0, api.payload())


def _headers(api) -> dict[str, str]:
    credentials = api.tenant.credentials
    return {
        "authorization": f"Bearer {api.target.token()}",
        "x-api-key": credentials.client_id,
        "x-gw-ims-org-id": credentials.org_id,
        "x-sandbox-name": credentials.sandbox,
    }


def test_an_empty_reply_is_a_closed_connection(api):
    """Nothing arrives and the connection is closed in order."""
    _plan(api, Empty())
    assert _heard(api, f"GET {JOBS}") == (b"", b"", False)
    assert _last(api).response.status == 0


@pytest.mark.parametrize(("share", "size"), [(0.0, 0), (0.5, 0.5), (0.999, 0.999)])
def test_a_truncated_body_keeps_its_promise_of_more(api, share: float, size: float):
    """The head promises the whole length, and the connection is closed in order after a part of it."""
    api.create()
    whole = len(api.send("GET", JOBS).response.body)
    _plan(api, Truncate(share))
    head, body, was_reset = _heard(api, f"GET {JOBS}")
    assert f"content-length: {whole}".encode() in head
    assert (len(body), was_reset) == (int(whole * size), False)
    assert (_last(api).response.body, _last(api).response.cut) == (body, True)


def test_garbage_is_no_http(api):
    """Bytes arrive that are no HTTP, the same for the same seed, and the journal has them without a status."""
    _plan(api, Garbage(40), times=2, seed=7)
    heard = [_heard(api, f"GET {JOBS}") for _ in range(2)]
    for head, body, was_reset in heard:
        assert (len(head), head[:1], body, was_reset) == (40, b"\0", b"", False)
    assert heard[0] != heard[1]
    assert [e.response.body for e in api.tenant.journal.of("listExportJobs")] == [head for head, _, _ in heard]
    assert {e.response.status for e in api.tenant.journal.of("listExportJobs")} == {0}
    api.tenant.faults.clear()
    _plan(api, Garbage(40), seed=7)
    assert _heard(api, f"GET {JOBS}") == heard[0]


def test_a_dribbled_body_comes_in_pieces(api):
    """The body is whole in the end, and written piece by piece."""
    api.create()
    whole = api.send("GET", JOBS).response.body
    pieces: list[bytes] = []
    _plan(api, Dribble(7))

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Mapping[str, Any]) -> None:
        pieces.append(message.get("body", b""))

    headers = [(name.encode(), value.encode()) for name, value in _headers(api).items()]
    scope = {"type": "http", "method": "GET", "scheme": "http", "path": JOBS, "query_string": b"", "headers": headers}
    asyncio.run(api.tenant._emulator.app(scope, receive, send))
    assert {len(piece) for piece in pieces[1:-2]} == {7}
    assert b"".join(pieces) == whole
    assert _last(api).response.body == whole
    _plan(api, Dribble(3))
    assert api.send("GET", JOBS).response.body == whole


def test_a_dribbled_body_may_break_off(api):
    """Pieces and a cut go together."""
    _plan(api, Dribble(4))
    _plan(api, Truncate(0.5))
    head, body, _ = _heard(api, f"GET {JOBS}")
    promised = int(head.partition(b"content-length: ")[2].split()[0])
    assert len(body) == promised // 2


@pytest.mark.parametrize("effect", [Reset(), Reset(after=3), Empty(), Truncate(), Garbage()])
def test_the_next_request_is_answered(api, effect: Effect):
    """A broken connection is no concern of the next one."""
    _plan(api, effect)
    with httpx.Client(headers=_headers(api), base_url=api.url) as client:
        with pytest.raises(httpx.TransportError):
            client.get(JOBS)
        assert client.get(JOBS).status_code == 200
    assert [e.response.status for e in api.tenant.journal.of("listExportJobs")][1:] == [200]


@pytest.mark.parametrize(
    ("effect", "error"),
    [
        (Reset(), httpx.ReadError),
        (Reset(after=3), httpx.ReadError),
        (Empty(), httpx.RemoteProtocolError),
        (Truncate(), httpx.RemoteProtocolError),
        (Garbage(), httpx.RemoteProtocolError),
    ],
)
async def test_in_process_the_same_exception_is_raised(api, effect: Effect, error: type[Exception]):
    """A client without a socket is told by httpx's own exception, of the kind that it would meet on one."""
    _plan(api, effect, times=2)
    headers = _headers(api)
    with pytest.raises(error):
        await asyncio.to_thread(lambda: httpx.get(f"{api.url}{JOBS}", headers=headers))
    transport = httpx.ASGITransport(api.tenant._emulator.app)
    async with httpx.AsyncClient(transport=transport, base_url=api.url, headers=headers) as client:
        with pytest.raises(error, match="by a fault of the emulator's"):
            await client.get(JOBS)
    first, second = api.tenant.journal.of("listExportJobs")
    assert (first.response.status, first.response.cut) == (second.response.status, second.response.cut)


def _file(api) -> tuple[str, bytes]:
    """Where a file of an export is, and its bytes."""
    job = api.finish(api.create()["id"])
    [part] = api.files(job["destination"]["batchId"])
    path = part["_links"]["self"]["href"].removeprefix(api.url)
    return path, api.send("GET", path).response.body


@pytest.mark.parametrize("effect", [Truncate(0.25), Reset(after=1000)])
def test_a_download_breaks_off(api, effect: Effect):
    """A file breaks off like any other body, the journal has what was sent of it, and its next download is whole."""
    path, whole = _file(api)
    _plan(api, effect, "getFile")
    head, body, _ = _heard(api, f"GET {path}")
    seen = _last(api).response
    assert f"content-length: {len(whole)}".encode() in head
    assert whole.startswith(body)
    assert 0 < len(body) < len(whole)
    assert (seen.body, seen.cut) == (body, True)
    assert api.send("GET", path).response.body == whole


@pytest.mark.parametrize("effect", [Dribble(1 << 16), Delay(5), Skew(5), AddJob()])
def test_a_download_stays_whole(api, effect: Effect):
    """What does not touch the bytes of a file leaves them whole."""
    path, whole = _file(api)
    _plan(api, effect, "getFile")
    assert api.send("GET", path).response.body == whole == _last(api).response.body


def test_a_range_is_truncated(api):
    """A download that is resumed may break off again: the bytes are the range's."""
    path, whole = _file(api)
    _plan(api, Truncate(0.5), "getFile")
    with closing(_connect(api)) as connection:
        connection.sendall(_request(api, f"GET {path}", "Range: bytes=100-299\r\n"))
        found, _ = _all_of(connection)
    head, _, body = found.partition(b"\r\n\r\n")
    assert (head.split()[1], body) == (b"206", whole[100:200])


def test_what_has_no_body_cannot_be_cut(api):
    """The answer to HEAD is whole without one, and the connection is closed after it."""
    path, whole = _file(api)
    _plan(api, Truncate(0), "headFile")
    head, body, was_reset = _heard(api, f"HEAD {path}")
    assert f"content-length: {len(whole)}".encode() in head
    assert (body, was_reset, _last(api).response.cut) == (b"", False, False)


def test_faults_are_no_defects_and_make_no_noise(api, caplog: pytest.LogCaptureFixture):
    """The server does not complain about answers that were never finished."""
    for effect in (Reset(), Reset(after=3), Empty(), Truncate(), Garbage()):
        _plan(api, effect)
        _heard(api, f"GET {JOBS}")
    assert api.ask("GET", JOBS)["records"] == []
    assert caplog.records == []
    assert api.tenant._emulator.defects == ()


def test_requests_on_their_heels(api):
    """Of two requests that were sent at once the second is not answered when the first loses the connection."""
    _plan(api, Truncate())
    with closing(_connect(api)) as connection:
        connection.sendall(2 * _request(api, f"GET {JOBS}"))
        found, _ = _all_of(connection)
    assert found.count(b"HTTP/1.1") == 1
    assert [e.response.cut for e in api.tenant.journal.of("listExportJobs")] == [True]


def test_a_wait_is_real(api):
    """The answer comes when the time is over, and the clock has moved on by the whole delay."""
    _plan(api, Delay(3600, wait=0.2))
    before, began = api.tenant.clock.now(), time.monotonic()
    assert api.send("GET", JOBS).response.status == 200
    assert time.monotonic() - began >= 0.2
    assert api.tenant.clock.now() == before + 100 + 3_600_000


def test_a_client_that_does_not_wait_gets_no_answer(api):
    """The request is served and recorded when it comes; a client that left before the answer has not seen it."""
    _plan(api, Delay(10, wait=10), "createExportJob")
    body = json.dumps(api.payload()).encode()
    framing = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    with closing(_connect(api)) as connection:
        connection.sendall(_request(api, f"POST {JOBS}", framing) + body)
        while not api.tenant.journal.of("createExportJob"):
            api.ask("GET", DATASETS)
        assert _last_of(api, "createExportJob").response.status == 200
    while not api.tenant.faults.fired:
        api.ask("GET", DATASETS)
    [(_, exchange)] = api.tenant.faults.fired
    assert exchange.response.status == 0
    assert _last_of(api, "createExportJob") == exchange
    assert len(api.numbers()) == 1


def _last_of(api, operation: str) -> Exchange:
    return api.tenant.journal.of(operation)[-1]


@pytest.mark.parametrize("effect", [Reset(), Reset(after=5), Empty(), Truncate(), Garbage()])
def test_an_encrypted_connection_breaks_too(effect: Effect):
    """With TLS as without, the client finds out; and the next connection works."""
    authority = trustme.CA()
    theirs, ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(theirs)
    authority.configure_trust(ours)
    with Emulator() as emulator, EmulatorServer(emulator, tls=theirs) as server:
        tenant = emulator.create_tenant()
        tenant.faults.add(Fault("requestToken", Answer(200, (), "x" * 5000), times=2), Fault("requestToken", effect))
        form = {"client_id": tenant.credentials.client_id}
        with pytest.raises(httpx.TransportError):
            httpx.post(f"{server.url}/ims/token/v3", data=form, verify=ours)
        assert httpx.post(f"{server.url}/ims/token/v3", data=form, verify=ours).text == "x" * 5000


class _Slow:
    """A connection whose other side reads nothing, or is gone."""

    def __init__(self, *, closing: bool) -> None:
        self.asked: list[str] = []
        self.is_closing = lambda: closing
        self.get_write_buffer_size = lambda: 1
        self._sockets = socket.socketpair()

    def get_extra_info(self, _: str) -> socket.socket:
        return self._sockets[0]

    def abort(self) -> None:
        self.asked.append("abort")
        for end in self._sockets:
            end.close()


@pytest.mark.parametrize(("closing", "asked"), [(True, []), (False, ["abort"])])
async def test_a_reset_waits_for_nobody_for_ever(monkeypatch: pytest.MonkeyPatch, *, closing: bool, asked: list[str]):
    """A client that reads nothing is reset in the end, and one that has left is left alone."""
    monkeypatch.setattr(wire, "_PATIENCE", 2)
    slow = _Slow(closing=closing)
    await wire._reset(slow)  # type: ignore[arg-type]
    assert slow.asked == asked
    slow.abort()


async def test_a_wait_in_process(api):
    """A client without a socket waits as well."""
    _plan(api, Delay(60, wait=0.1))
    transport, began = httpx.ASGITransport(api.tenant._emulator.app), time.monotonic()
    headers = await asyncio.to_thread(_headers, api)
    async with httpx.AsyncClient(transport=transport, base_url=api.url, headers=headers) as client:
        assert (await client.get(JOBS)).status_code == 200
    assert time.monotonic() - began >= 0.1
