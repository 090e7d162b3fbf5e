"""What the proxy costs: a look at a job through it, against the same over TLS without it.

One emulator in a process of its own speaks TLS, and the proxy runs in the same loop, as it does for `aep-export
proxy`. Both are asked by the same client: one TLS connection kept alive, one request after the other, and a bounded
number of them. What differs is where the connection begins: at the emulator's port, or with CONNECT at the proxy's.
"""

from __future__ import annotations

import json
import socket
import ssl
import sys
import time
from contextlib import ExitStack
from typing import Any, Final

from benchmarks.measure import Row, Target, Tick, interleave
from benchmarks.serving import finished_job, receive, started
from pytest_aep_export import Credentials

ROUNDS: Final = 7
_REQUESTS: Final = 500
"""Requests in a round."""
_HOST: Final = "platform.adobe.io"

_SERVER: Final = """
import json, sys
from pytest_aep_export import Emulator, EmulatorServer
from pytest_aep_export.proxy import Authority, Proxy

with (
    Emulator(profiles=10) as emulator,
    EmulatorServer(emulator) as plain,
    Authority() as authority,
    EmulatorServer(emulator, tls=authority.context) as secure,
    Proxy(secure.port, authority, loop=secure.loop) as proxy,
):
    who = emulator.create_tenant().credentials
    where = {"url": plain.url, "secure": secure.port, "proxy": proxy.port, "authority": authority.pem.read_text()}
    print(json.dumps(where | {"who": [who.client_id, who.client_secret, who.org_id]}), flush=True)
    import signal; signal.sigwait({signal.SIGTERM})
"""


class Load:
    """Asks the same thing over and over on one encrypted connection, each time as soon as it has the answer."""

    def __init__(self, port: int, context: ssl.SSLContext, request: bytes, *, tunnel: bool) -> None:
        self._port = port
        self._context = context
        self._request = request
        self._tunnel = tunnel

    def seconds(self) -> float:
        """Seconds per request over a round; the connection is made before the clock starts."""
        with self._connect() as connection:
            begin = time.perf_counter()
            for _ in range(_REQUESTS):
                connection.sendall(self._request)
                receive(connection)
            return (time.perf_counter() - begin) / _REQUESTS

    def _connect(self) -> ssl.SSLSocket:
        bare = socket.create_connection(("127.0.0.1", self._port), timeout=10)
        bare.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tunnel:
            bare.sendall(f"CONNECT {_HOST}:443 HTTP/1.1\r\n\r\n".encode())
            assert bare.recv(1000).startswith(b"HTTP/1.1 200")
        return self._context.wrap_socket(bare, server_hostname=_HOST)


def measure(tick: Tick) -> list[Row]:
    """One row: milliseconds per request."""
    with ExitStack() as stack:
        ready: dict[str, Any] = json.loads(stack.enter_context(started([sys.executable, "-c", _SERVER])))
        path, headers = finished_job(ready["url"], Credentials(*ready["who"]))
        lines = [f"GET {path} HTTP/1.1", f"Host: {_HOST}", *(f"{name}: {value}" for name, value in headers.items())]
        request = "\r\n".join([*lines, "", ""]).encode()
        context = ssl.create_default_context(cadata=ready["authority"])
        through = Load(ready["proxy"], context, request, tunnel=True)
        direct = Load(ready["secure"], context, request, tunnel=False)
        ours, peer = interleave(through.seconds, direct.seconds, rounds=ROUNDS, tick=tick)
    return [Row("a request through the proxy, against TLS without it", ours * 1e3, peer * 1e3, "ms", Target("<=", 1.5))]
