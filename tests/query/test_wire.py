"""Clients that say what no PostgreSQL client says, too much of it, or nothing."""

from __future__ import annotations

import socket
import struct

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_aep_export import Tenant
from pytest_aep_export.emulator.query import Bounds, Login
from tests.query.conftest import Raw, World

SSL = struct.pack("!ii", 8, 80877103)
GSS = struct.pack("!ii", 8, 80877104)


@pytest.fixture(scope="module")
def bounds() -> Bounds:
    """Bounds that are reached soon."""
    return Bounds(connections=5, login=0.3, message=10_000, statement=1_000)


def still_serves(world: World, tenant: Tenant) -> bool:
    """Whether somebody else is answered."""
    with world.connect(tenant) as connection:
        return connection.execute("SELECT count(*) FROM people").fetchall() == [(3,)]


@pytest.mark.parametrize(
    "said",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\0" * 100,
        b"\xff" * 100,
        struct.pack("!ii", 8, 2 << 16),
        struct.pack("!ii", 9, 3 << 16) + b"x",
        struct.pack("!ii", -5, 3 << 16),
        struct.pack("!ii", 12, 3 << 16) + b"\xff\xfe\0\0",
        struct.pack("!iiii", 16, 80877102, 1, 1),
        struct.pack("!ii", 8, 80877102),
    ],
)
def test_what_is_no_beginning_ends_the_connection(world: World, tenant: Tenant, raw: Raw, said: bytes):
    """The connection ends, by an error where there is one to tell, and others are served."""
    raw.send(said).socket.shutdown(socket.SHUT_WR)
    while raw.receive() != (b"", b""):
        pass
    assert still_serves(world, tenant)


def test_a_client_is_told_what_protocol_is_spoken(raw: Raw):
    """Another version than 3 is refused in a sentence."""
    raw.start(version=2 << 16)
    assert raw.failure() == "08P01 protocol 2.0 is not spoken here: use 3.0"


def test_encryption_is_declined_where_there_is_none(raw: Raw):
    """The client goes on in the clear, as it says it does with ``sslmode=prefer``."""
    for request in (GSS, SSL):
        assert raw.send(request).socket.recv(1) == b"N"
    raw.enter()


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (10_005, "54000 a message may have at most 10,000 bytes"),
        ((1 << 31) - 1, "54000 a message may have at most 10,000 bytes"),
        (0, "28P01 the password is not an access token"),
        (-1, "28P01 the password is not an access token"),
        (-(1 << 31), "28P01 the password is not an access token"),
    ],
)
def test_a_message_has_a_most(raw: Raw, length: int, said: str):
    """A message that claims to be huge is not waited for; one of no length is empty."""
    raw.start().receive()
    raw.say(b"p", b"", length)
    assert raw.failure().startswith(said)


def test_a_message_has_a_most_in_a_session_too(raw: Raw):
    """The same bound holds after the login."""
    raw.enter().say(b"Q", b"", 1 << 30)
    assert raw.failure() == "54000 a message may have at most 10,000 bytes"
    assert raw.receive() == (b"", b"")


def test_a_statement_has_a_most(world: World, tenant: Tenant):
    """A statement that is too long is refused and the session goes on."""
    with world.connect(tenant) as connection:
        for sql in ("SELECT " + "1," * 600 + "1", "SELECT 1;" * 200):
            with pytest.raises(psycopg.errors.ProgramLimitExceeded, match="at most 1,000 are allowed"):
                connection.execute(sql)
        assert connection.execute("SELECT 1").fetchall() == [(1,)]


def test_who_does_not_log_in_is_shut_out(raw: Raw):
    """Neither silence before the beginning nor after it is waited for."""
    assert raw.receive() == (b"", b"")
    with Raw(raw.login) as second:
        assert second.start().receive()[0] == b"R"
        assert second.receive() == (b"", b"")


def test_one_too_many_is_told_so(world: World, tenant: Tenant, login: Login):
    """The bound on clients holds for those that have not logged in as well, and ends with theirs."""
    clients = [Raw(login).enter() for _ in range(5)]
    with pytest.raises(psycopg.OperationalError, match="5 clients are connected already"):
        world.connect(tenant)
    for client in clients:
        client.say(b"X", b"")
        assert client.receive() == (b"", b"")
        client.socket.close()
    assert still_serves(world, tenant)


@pytest.mark.parametrize(
    ("tag", "body"),
    [
        (b"Q", b"SELECT 1"),
        (b"Q", b"\xff\xfe\0"),
        (b"P", b"\0"),
        (b"P", b"a\0SELECT 1\0\x7f\xff"),
        (b"B", b"\0\0\0\1\0\1\0\1\xff\xff\xff\xf0"),
        (b"B", b"x\0y\0\0\0\0\0\0\0"),
        (b"E", b"nobody\0\0\0\0\0"),
        (b"D", b"X"),
        (b"D", b""),
        (b"C", b""),
        (b"F", b"\0\0\0\0"),
        (b"d", b"copy"),
        (b"\0", b""),
    ],
)
def test_a_broken_message_is_an_error_and_no_more(raw: Raw, tag: bytes, body: bytes):
    """The client is told, and what it asks afterwards is answered."""
    raw.enter().say(tag, body)
    raw.say(b"S", b"")
    raw.say(b"Q", b"SELECT 7\0")
    answers = []
    while b"T" not in answers and (message := raw.receive())[0]:
        answers.append(message[0])
    assert answers[-1] == b"T"
    assert b"E" in answers


@given(st.binary(max_size=60), st.booleans())
@settings(max_examples=60)
def test_no_bytes_stop_the_server(world: World, login: Login, said: bytes, inside: bool):  # noqa: FBT001 - drawn
    """Whatever is sent, before the login or after it, the connection is answered or ends."""
    with Raw(login) as client:
        client.enter() if inside else client
        client.send(said).socket.shutdown(socket.SHUT_WR)
        while client.receive() != (b"", b""):
            pass
    assert world.query._thread.is_alive()


def test_the_server_goes_on_after_all_that(world: World, tenant: Tenant):
    """What is not closed properly is not counted for ever."""
    for _ in range(20):
        assert still_serves(world, tenant)
