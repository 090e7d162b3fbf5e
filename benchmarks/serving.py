"""How fast the emulator answers a look at a job, against a bare Starlette route.

Both are served by uvicorn with the same options, each in a process of its own, and asked over loopback by the same
client: one raw socket kept alive, one request after the other, as a client polls, and a bounded number of them. The
peer's only route answers the very bytes that the emulator answered, and does nothing else; the emulator checks token
and tenant, validates the request, reads the job from its store, validates its answer and keeps a journal.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from benchmarks.measure import Row, Target, Tick, interleave
from pytest_aep_export import AepClient, Credentials

ROUNDS: Final = 7
_REQUESTS: Final = 1000
"""Requests in a round."""

_BARE: Final = """
import socket, sys
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from uvicorn import Config, Server

body = sys.stdin.buffer.read()

async def answer(request):
    return Response(body, media_type="application/json")

listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # without Nagle, as asyncio's own
listener.bind(("127.0.0.1", 0))
listener.listen()
print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
app = Starlette(routes=[Route(sys.argv[1], answer)])
options = {"log_config": None, "access_log": False, "server_header": False, "date_header": False}
config = Config(app, http="httptools", ws="none", lifespan="off", **options)
Server(config).run(sockets=[listener])
"""


class Load:
    """Asks the same thing over and over, each time as soon as it has the answer."""

    def __init__(self, url: str, path: str, headers: dict[str, str]) -> None:
        parts = urlsplit(url)
        assert parts.hostname == "127.0.0.1", "the load stays on this machine"
        self._address = parts.hostname, parts.port or 80
        lines = [f"GET {path} HTTP/1.1", f"Host: {parts.netloc}", *(f"{k}: {v}" for k, v in headers.items())]
        self._request = "\r\n".join([*lines, "", ""]).encode()

    def rate(self) -> float:
        """Requests per second over a round; the connection is made before the clock starts."""
        with self._connect() as connection:
            begin = time.perf_counter()
            for _ in range(_REQUESTS):
                connection.sendall(self._request)
                receive(connection)
            return _REQUESTS / (time.perf_counter() - begin)

    def body(self) -> bytes:
        """The body of one answer."""
        with self._connect() as connection:
            connection.sendall(self._request)
            return receive(connection)

    def _connect(self) -> socket.socket:
        connection = socket.create_connection(self._address, timeout=10)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


def receive(connection: socket.socket) -> bytes:
    """The body of the next answer, which has to be a 200 that says its length."""
    data = _more(connection)
    while (end := data.find(b"\r\n\r\n")) < 0:
        data += _more(connection)
    assert data.startswith(b"HTTP/1.1 200"), data[:200]
    length = int(data[:end].lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
    while len(data) < end + 4 + length:
        data += _more(connection)
    return data[end + 4 :]


def _more(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise ConnectionError("the server closed the connection in the middle of an answer")
    return data


@contextmanager
def started(command: list[str], given: bytes = b"") -> Iterator[str]:
    """A server in a process of its own, and the first line that it prints."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(given)
        process.stdin.close()
        try:
            yield process.stdout.readline().decode()
        finally:
            process.terminate()


def finished_job(url: str, credentials: Credentials) -> tuple[str, dict[str, str]]:
    """The path of a job that has succeeded, and the headers to ask for it."""
    with AepClient(credentials, base_url=url) as client:
        dataset = client.create_dataset("benchmark")
        job = client.wait_for_export_job(client.create_export_job(dataset_id=dataset.id))
        token = client.token()
    headers = {
        "Authorization": f"Bearer {token}",
        "x-api-key": credentials.client_id,
        "x-gw-ims-org-id": credentials.org_id,
        "x-sandbox-name": credentials.sandbox,
        "Accept": "application/json",
    }
    return f"/data/core/ups/export/jobs/{job.id}", headers


def measure(tick: Tick) -> list[Row]:
    """One row: requests per second."""
    with ExitStack() as stack:
        command = [str(Path(sys.executable).with_name("aep-export")), "serve", "--json", "--profiles", "10"]
        ready: dict[str, Any] = json.loads(stack.enter_context(started(command)))
        credentials = Credentials(
            ready["client_id"], ready["client_secret"], ready["org_id"], sandbox=ready["sandboxes"][0]
        )
        path, headers = finished_job(ready["url"], credentials)
        emulator = Load(ready["url"], path, headers)
        answer = emulator.body()
        bare_url = stack.enter_context(started([sys.executable, "-c", _BARE, path], answer)).strip()
        bare = Load(bare_url, path, headers)
        assert bare.body() == answer
        ours, peer = interleave(emulator.rate, bare.rate, rounds=ROUNDS, tick=tick)
    return [Row("GET of a job, against a bare Starlette route", ours, peer, "requests/s", Target(">=", 0.7))]
