"""The proxy on its socket: what it passes on, what it refuses and notes, and where it stops."""

from __future__ import annotations

import contextlib
import json
import operator
import os
import socket
import socketserver
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from pytest_aep_export.emulator import Emulator, EmulatorServer
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.proxy import Authority, Bounds, Proxy, Refusal

CONNECT = b"CONNECT platform.adobe.io:443 HTTP/1.1\r\nhost: platform.adobe.io:443\r\n\r\n"
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
LARGE = 5_000_000


class Server(socketserver.ThreadingTCPServer):
    """A peer that does what a function does with each connection; it takes the emulator's place."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, serve: Callable[[socket.socket], None]) -> None:
        super().__init__(("127.0.0.1", 0), socketserver.BaseRequestHandler)
        self._serve = serve

    def finish_request(self, request: socket.socket, client_address: object) -> None:  # noqa: ARG002 - its signature
        """Serve a connection."""
        self._serve(request)


def echo(connection: socket.socket) -> None:
    """Send back what arrives."""
    while data := connection.recv(65536):
        connection.sendall(data)


@contextmanager
def serving(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """The port of a peer."""
    with Server(serve) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def authority() -> Iterator[Authority]:
    """An authority; what it is good for is tested elsewhere."""
    with Authority() as made:
        yield made


@pytest.fixture
def proxy(authority: Authority) -> Iterator[Proxy]:
    """A proxy before a peer that sends back what it gets."""
    with serving(echo) as port, Proxy(port, authority) as made:
        yield made


def connect(proxy: Proxy) -> socket.socket:
    """A new connection to the proxy."""
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=10)


def receive(connection: socket.socket, size: int) -> bytes:
    """As many bytes, or fewer if the connection ends."""
    data = bytearray()
    while len(data) < size and (more := connection.recv(min(65536, size - len(data)))):
        data += more
    return bytes(data)


def ask(proxy: Proxy, request: bytes) -> tuple[int, dict[str, object]]:
    """Status and document of what is answered to a request that is refused."""
    with connect(proxy) as connection:
        connection.sendall(request)
        head, _, body = receive(connection, 10_000).partition(b"\r\n\r\n")
    assert f"content-length: {len(body)}".encode() in head
    assert b"connection: close" in head
    document = json.loads(body)
    assert document["status"] == int(head.split()[1])
    return document["status"], document


def test_bytes_pass_as_they_are(proxy: Proxy):
    """After CONNECT, bytes that are no HTTP and no TLS go there and come back unchanged, over several messages."""
    with connect(proxy) as connection:
        connection.sendall(CONNECT)
        assert receive(connection, len(ESTABLISHED)) == ESTABLISHED
        for message in (b"\x00\xff\r\n\r\n", os.urandom(1000), b"CONNECT example.org:443 HTTP/1.1\r\n\r\n"):
            connection.sendall(message)
            assert receive(connection, len(message)) == message
    assert proxy.refusals == ()


def test_bytes_that_come_with_the_head_are_not_lost(proxy: Proxy):
    """A client that does not wait for the answer to CONNECT has its first bytes passed on as well."""
    with connect(proxy) as connection:
        connection.sendall(CONNECT + b"early")
        assert receive(connection, len(ESTABLISHED) + 5) == ESTABLISHED + b"early"


def test_a_head_may_come_byte_by_byte(proxy: Proxy):
    """The head is understood however it is cut into packets."""
    with connect(proxy) as connection:
        for byte in CONNECT:
            connection.sendall(bytes([byte]))
        assert receive(connection, len(ESTABLISHED)) == ESTABLISHED


def test_what_a_client_does_not_read_is_held_back(authority: Authority):
    """While a client reads nothing, the emulator's side comes to a halt; what was sent arrives whole afterwards."""
    halted = threading.Event()
    sent = [0]

    def flood(connection: socket.socket) -> None:
        connection.settimeout(0.3)
        with contextlib.suppress(TimeoutError):
            while sent[0] < 10 * LARGE:
                sent[0] += connection.send(b"x" * 100_000)
        halted.set()

    with serving(flood) as port, Proxy(port, authority) as proxy, connect(proxy) as connection:
        connection.sendall(CONNECT)
        assert halted.wait(30)
        received = receive(connection, 20 * LARGE)

    assert len(ESTABLISHED) < len(received) == len(ESTABLISHED) + sent[0] < 10 * LARGE


def test_large_messages_pass_in_both_directions_at_once(proxy: Proxy):
    """What is sent while other things arrive is neither lost nor mixed up."""
    sent = os.urandom(LARGE)
    with connect(proxy) as connection:
        connection.sendall(CONNECT)
        assert receive(connection, len(ESTABLISHED)) == ESTABLISHED
        writer = threading.Thread(target=connection.sendall, args=(sent,))
        writer.start()
        received = receive(connection, LARGE)
        writer.join()
    assert received == sent


def test_the_end_of_the_emulators_side_is_passed_on(authority: Authority):
    """When the emulator closes, the client gets all that was sent before, and then the end."""
    send = operator.methodcaller("sendall", b"x" * LARGE)
    with serving(send) as port, Proxy(port, authority) as proxy, connect(proxy) as connection:
        connection.sendall(CONNECT)
        received = receive(connection, 2 * LARGE)
    assert len(received) == len(ESTABLISHED) + LARGE


def test_the_end_of_the_clients_side_is_passed_on(authority: Authority):
    """When a client goes away, the emulator's connection ends as well."""
    ended = threading.Event()

    def serve(connection: socket.socket) -> None:
        echo(connection)
        ended.set()

    with serving(serve) as port, Proxy(port, authority) as proxy:
        with connect(proxy) as connection:
            connection.sendall(CONNECT)
            receive(connection, len(ESTABLISHED))
        assert ended.wait(10)


def test_a_reset_stays_a_reset(authority: Authority):
    """A client whose connection the emulator resets sees a reset, not an orderly end."""

    def reset(connection: socket.socket) -> None:
        connection.recv(1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    with serving(reset) as port, Proxy(port, authority) as proxy, connect(proxy) as connection:
        connection.sendall(CONNECT)
        receive(connection, len(ESTABLISHED))
        connection.sendall(b"x")
        with pytest.raises(ConnectionResetError):
            connection.recv(1)


@pytest.mark.parametrize(
    ("request_head", "refusal"),
    [
        (b"CONNECT example.org:443 HTTP/1.1", Refusal("example.org", "CONNECT to port 443")),
        (b"CONNECT platform.adobe.io:8443 HTTP/1.1", Refusal("platform.adobe.io", "CONNECT to port 8443")),
        (b"GET http://example.org/ HTTP/1.1", Refusal("example.org", "GET over plain HTTP")),
        (
            b"POST http://platform.adobe.io/ HTTP/1.1\r\nauthorization: Bearer t",
            Refusal("platform.adobe.io", "POST over plain HTTP", secrets=True),
        ),
        (b"GET / HTTP/1.1", Refusal("", "GET over plain HTTP")),
    ],
)
def test_everything_else_is_refused_and_noted(proxy: Proxy, request_head: bytes, refusal: Refusal):
    """Another host, another port or plain HTTP is answered with 403 and a sentence in JSON, and noted."""
    status, document = ask(proxy, request_head + b"\r\n\r\n")

    assert status == 403
    assert document["detail"] == (
        f"{refusal.host or 'no host'} ({refusal.how}) is refused: this proxy leads to port 443 of platform.adobe.io, "
        "its regions and the token services beside them, and nowhere else"
    )
    assert proxy.refusals == (refusal,)


def test_a_refused_request_may_have_a_body(proxy: Proxy):
    """A client that goes on sending is told all the same why it is refused."""
    head = b"POST http://example.org/ HTTP/1.1\r\ncontent-length: 200000\r\n\r\n"

    assert ask(proxy, head + b"x" * 200_000)[0] == 403
    assert len(proxy.refusals) == 1


def test_the_latest_refusals_are_kept(authority: Authority):
    """There are no more refusals than the bounds allow, the latest of them."""
    with Proxy(9, authority, bounds=Bounds(refusals=2)) as proxy:
        for name in ("a", "b", "c"):
            ask(proxy, f"CONNECT {name}.example:443 HTTP/1.1\r\n\r\n".encode())

        assert [refusal.host for refusal in proxy.refusals] == ["b.example", "c.example"]
        assert proxy.refused == 3
        assert [[each.host for each in proxy.refusals_since(n)] for n in (0, 2, 3)] == [
            ["b.example", "c.example"],
            ["c.example"],
            [],
        ]


@pytest.mark.parametrize(
    "request_bytes", [b"\x16\x03\x01\x02\x00\x01", b"hello\r\n\r\n", b"CONNECT nowhere HTTP/1.1\r\n\r\n"]
)
def test_what_is_no_request_is_answered_at_once(proxy: Proxy, request_bytes: bytes):
    """TLS and other bytes that are no request to a proxy are a 400; nothing is noted, for no host was named."""
    status, document = ask(proxy, request_bytes)

    assert status == 400
    assert "this is an HTTP proxy" in str(document["detail"])
    assert proxy.refusals == ()


@pytest.mark.parametrize("end", [b"", b"\r\n\r\n"])
def test_a_head_that_is_too_large_is_refused(authority: Authority, end: bytes):
    """A head that has more bytes than the bounds allow is a 431, whether it ends or not."""
    with Proxy(9, authority, bounds=Bounds(head=100)) as proxy:
        status, document = ask(proxy, b"CONNECT example.org:443 HTTP/1.1\r\nx: " + b"y" * 100 + end)

    assert status == 431
    assert document["detail"] == "the head of a request may have 100 bytes, and this one has more"


def test_one_client_too_many_is_refused(authority: Authority):
    """While as many clients are connected as may be, the next one is a 503; when one has gone, there is room."""
    gone = threading.Event()

    def serve(connection: socket.socket) -> None:
        echo(connection)
        gone.set()

    with serving(serve) as port, Proxy(port, authority, bounds=Bounds(connections=1)) as proxy:
        with connect(proxy) as connection:
            connection.sendall(CONNECT)
            receive(connection, len(ESTABLISHED))
            assert ask(proxy, b"")[0] == 503
        assert gone.wait(10)
        with connect(proxy) as connection:
            connection.sendall(CONNECT)
            assert receive(connection, len(ESTABLISHED)) == ESTABLISHED


@pytest.mark.parametrize("sent", [b"", CONNECT[:10], CONNECT])
def test_an_idle_connection_is_broken_off(authority: Authority, sent: bytes):
    """Who sends nothing for too long is cut off, before the head, in the middle of it, and after it."""
    bounds = Bounds(idle=0.05)
    with serving(echo) as port, Proxy(port, authority, bounds=bounds) as proxy, connect(proxy) as connection:
        connection.sendall(sent)
        rest = receive(connection, 10_000)
    assert rest in {b"", ESTABLISHED}


def test_an_emulator_that_has_stopped_is_a_502(authority: Authority):
    """Where nobody listens any more at the emulator's port, a client is told so."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # kept, without listening, so that nobody else gets the port meanwhile
        with Proxy(taken.getsockname()[1], authority) as proxy:
            status, document = ask(proxy, CONNECT)

    assert status == 502
    assert str(document["detail"]).endswith("has it stopped?")


def test_a_client_that_goes_away_at_once_does_no_harm(authority: Authority):
    """Clients that vanish before, in or after their head leave the proxy as it was."""
    with serving(echo) as port, Proxy(port, authority) as proxy:
        for length in range(0, len(CONNECT) + 1, 10):
            with connect(proxy) as connection:
                connection.sendall(CONNECT[:length])
        with connect(proxy) as connection:
            connection.sendall(CONNECT + b"x")
            assert receive(connection, len(ESTABLISHED) + 1) == ESTABLISHED + b"x"


def test_nothing_is_left_behind(authority: Authority):
    """A proxy that has stopped has broken off its connections, and leaves neither its port nor its thread."""
    with serving(echo) as port:
        with Proxy(port, authority) as proxy:
            connection = connect(proxy)
            connection.sendall(CONNECT)
            receive(connection, len(ESTABLISHED))
        with connection:
            assert connection.recv(1) == b""
        with Proxy(port, authority, proxy.port) as again:
            assert again.url == proxy.url
    assert not proxy._thread.is_alive()


def test_it_lives_in_the_loop_that_it_is_given(authority: Authority):
    """It has no thread then, and leaves the loop as it was: others that live there go on, and no port is kept."""
    with Emulator(profiles=0) as emulator, EmulatorServer(emulator, tls=authority.context) as secure:
        before = threading.active_count()
        with Proxy(secure.port, authority, loop=secure.loop) as proxy:
            assert threading.active_count() == before
            idle = connect(proxy)
            idle.sendall(CONNECT)
            assert receive(idle, len(ESTABLISHED)) == ESTABLISHED
        with idle:
            assert receive(idle, 1) == b""
        with Proxy(secure.port, authority, proxy.port, loop=secure.loop) as again, connect(again) as connection:
            connection.sendall(CONNECT)
            assert receive(connection, len(ESTABLISHED)) == ESTABLISHED
            context = ssl.create_default_context(cafile=str(authority.pem))
            with context.wrap_socket(connection, server_hostname="platform.adobe.io") as encrypted:
                encrypted.sendall(b"GET / HTTP/1.1\r\nhost: platform.adobe.io\r\n\r\n")
                assert encrypted.recv(12) == b"HTTP/1.1 404"


@pytest.mark.parametrize("port", ["taken", 65536, -1])
def test_a_port_that_cannot_be_had_is_one_clear_sentence(proxy: Proxy, authority: Authority, port: int | str):
    """The message names the address and a way out."""
    wanted = proxy.port if isinstance(port, str) else port

    with pytest.raises(ConfigurationError, match=r"127\.0\.0\.1:-?\d+ cannot be listened on .*choose another port"):
        Proxy(9, authority, wanted)


def test_other_programs_are_told(proxy: Proxy, authority: Authority):
    """The variables name the proxy for everything but loopback, and the authority in each runtime's own way."""
    variables = proxy.env()

    assert {variables[name] for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")} == {proxy.url}
    assert {variables[name] for name in ("NO_PROXY", "no_proxy")} == {"127.0.0.1,localhost,::1"}
    trust = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
    assert {variables[name] for name in trust} == {str(authority.pem)}
    java = variables["JAVA_TOOL_OPTIONS"]
    assert f'"-Dhttps.proxyPort={proxy.port}"' in java
    assert f'"-Djavax.net.ssl.trustStore={authority.store}"' in java
