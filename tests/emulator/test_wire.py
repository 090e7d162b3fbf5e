"""Bytes on the wire that well-behaved clients do not send, or send rarely: never a 5xx, and never another format."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from pytest_aep_export.emulator.protocol import MAX_HEAD

JOBS = "/data/core/ups/export/jobs"
DATASETS = "/data/foundation/catalog/dataSets"
BODY = b'{"name": "n", "schemaRef": {"id": "https://ns.adobe.com/xdm/context/profile__union"}}'
UPGRADE = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"


def _connect(api) -> socket.socket:
    parts = urlsplit(api.url)
    return socket.create_connection((parts.hostname, parts.port), timeout=10)


def _head(api, line: str, extra: str = "") -> bytes:
    credentials = api.tenant.credentials
    return (
        f"{line} HTTP/1.1\r\nHost: {urlsplit(api.url).netloc}\r\nAuthorization: Bearer {api.target.token()}\r\n"
        f"x-api-key: {credentials.client_id}\r\nx-gw-ims-org-id: {credentials.org_id}\r\n"
        f"x-sandbox-name: {credentials.sandbox}\r\nContent-Type: application/json\r\n{extra}\r\n"
    ).encode("latin-1")


def _exchange(api, *parts: bytes) -> tuple[int, str, bytes]:
    """Status, media type and body of the answer to one request; the parts are sent one by one."""
    with closing(_connect(api)) as connection, connection.makefile("rb") as answer:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            connection.sendall(part)
        status = int(answer.readline().split()[1])
        headers = {}
        while line := answer.readline().strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        return status, headers.get("content-type", ""), answer.read(int(headers.get("content-length", 0)))


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(50),
        b"FOO / HTTP/1.1\r\n\r\n",
        b"get / HTTP/1.1\r\n\r\n",
        b"GET nowhere HTTP/1.1\r\n\r\n",
        b"GET /\xe9 HTTP/1.1\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\n\r\n",
        b"GET http://example.org HTTP/1.1\r\n\r\n",
        b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\na: b\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\r\na: \x01\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 9999999999999999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused_in_json(api, sent):
    """The gateway's family answers, and the connection is closed."""
    status, media, body = _exchange(api, sent)
    assert (status, media) == (400, "application/json")
    assert json.loads(body)["error_code"] == "400001"


@pytest.mark.parametrize(
    "extra",
    ["x: " + "a" * (MAX_HEAD + 1) + "\r\n", "".join(f"x-{n}: {n}\r\n" for n in range(10_000))],
    ids=["one long header", "many headers"],
)
def test_a_head_that_is_too_large_is_refused(api, extra):
    """Neither one header nor all of them together can fill the memory."""
    status, media, body = _exchange(api, _head(api, f"GET {JOBS}", extra))
    assert (status, media) == (400, "application/json")
    assert json.loads(body)["error_code"] == "400001"
    assert _exchange(api, _head(api, f"GET {JOBS}", "x: " + "a" * (MAX_HEAD // 2) + "\r\n"))[0] == 200


@pytest.mark.parametrize("split", [False, True], ids=["at once", "head first"])
@pytest.mark.parametrize("upgrade", [UPGRADE, "Connection: upgrade\r\nUpgrade: websocket\r\n"])
def test_an_upgrade_that_is_offered_is_left_alone(api, upgrade, split):
    """A client that would rather speak HTTP/2 is answered in HTTP/1.1, and what it sent is read."""
    head = _head(api, f"POST {DATASETS}", f"{upgrade}Content-Length: {len(BODY)}\r\n")
    status, media, body = _exchange(api, *([head, BODY] if split else [head + BODY]))
    assert (status, media) == (201, "application/json"), body
    [exchange] = api.tenant.journal.of("createDataset")
    assert exchange.request.body == BODY


def test_a_connection_goes_on_after_an_upgrade_that_was_offered(api):
    """Three requests on one connection get three answers, in order, when the first or the second offers an upgrade."""
    heads = [_head(api, f"GET {JOBS}/{n}", UPGRADE if n < 2 else "Connection: close\r\n") for n in range(3)]
    with closing(_connect(api)) as connection:
        connection.sendall(b"".join(heads))
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert [answer.count(b"The entity %d is not found" % n) for n in range(3)] == [2, 2, 2]


@pytest.mark.parametrize(
    "framing",
    [f"Content-Length: {len(BODY) + 1}\r\n\r\n".encode() + BODY, b"Transfer-Encoding: chunked\r\n\r\n55\r\n" + BODY],
    ids=["shorter than announced", "without its last chunk"],
)
def test_a_request_that_breaks_off_does_nothing(api, framing):
    """What arrived is whole JSON, and still not the whole request: no dataset comes of it."""
    before = api.ask("GET", DATASETS)
    with closing(_connect(api)) as connection:
        connection.sendall(_head(api, f"POST {DATASETS}").removesuffix(b"\r\n") + framing)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""
    assert api.ask("GET", DATASETS) == before
    assert api.tenant.journal.of("createDataset") == ()


@pytest.mark.parametrize("body", [b"xyz", b"[" * 5_000, b"\xff", b'{"a": NaN}'])
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("DELETE", f"{JOBS}/1", 404), ("HEAD", "/data/foundation/export/files/x?path=y", 404), ("GET", JOBS, 200)],
)
def test_a_body_where_none_is_expected_means_nothing(api, method, path, status, body):
    """It is not even read as JSON."""
    assert api.send(method, path, body=body).response.status == status


def test_slow_requests_keep_nobody_waiting(api):
    """A hundred clients that have sent half a head leave the emulator free for others."""
    slow = [_connect(api) for _ in range(100)]
    for connection in slow:
        connection.sendall(b"GET /data HTTP/1.1\r\nHo")
    answered: list[int] = []
    thread = threading.Thread(target=lambda: answered.append(api.send("GET", JOBS).response.status))
    thread.start()
    thread.join(10)
    for connection in slow:
        connection.close()
    assert answered == [200]
