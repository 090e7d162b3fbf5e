"""How long a statement may take, how many rows it gives, and how it is cancelled."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import duckdb
import psycopg
import pytest
from pg_mimic import PgError

from pytest_aep_export import Emulator, Tenant
from pytest_aep_export.emulator.query import Bounds, Login, QueryServer
from pytest_aep_export.emulator.query.working import Work
from tests.query.conftest import Raw, World

FOREVER = "SELECT count(*) FROM range(10000) a, range(10000) b, range(10000) c, range(10000) d"


@pytest.fixture(scope="module")
def bounds() -> Bounds:
    """Bounds that are reached soon."""
    return Bounds(rows=10, seconds=0.5, running=2)


def test_rows_after_the_limit_are_left_out_and_the_client_is_told(world: World, tenant: Tenant):
    """As in Query Service there is a limit on rows; here a notice says that it was reached."""
    notices: list[str] = []
    with world.connect(tenant) as connection:
        connection.add_notice_handler(lambda notice: notices.append(str(notice.message_primary)))
        assert len(connection.execute("SELECT * FROM generate_series(1, 10)").fetchall()) == 10
        assert notices == []
        assert len(connection.execute("SELECT * FROM generate_series(1, 11)").fetchall()) == 10
        assert notices == ["the result has more rows: only the first 10 are given"]
        assert connection.execute("SELECT count(*) FROM generate_series(1, 11)").fetchall() == [(11,)]


def test_a_statement_that_takes_too_long_is_ended(world: World, tenant: Tenant):
    """The session goes on."""
    with world.connect(tenant) as connection:
        with pytest.raises(psycopg.errors.QueryCanceled, match=r"it takes longer than 0\.5 s"):
            connection.execute(FOREVER)
        assert connection.execute("SELECT 1").fetchall() == [(1,)]


def test_too_many_statements_at_once_wait_for_each_other(world: World, tenant: Tenant):
    """Those that get no turn in time are ended too, and afterwards there is room again."""

    def run(_: int) -> str:
        with world.connect(tenant) as connection, pytest.raises(psycopg.errors.QueryCanceled) as caught:
            connection.execute(FOREVER)
        return str(caught.value)

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(run, range(4))) == {"the statement is canceled: it takes longer than 0.5 s"}
    with world.connect(tenant) as connection:
        assert connection.execute("SELECT 1").fetchall() == [(1,)]


def test_many_connections_are_answered_at_once(world: World, tenant: Tenant):
    """Each gets the rows of its own statement."""

    def run(number: int) -> int:
        with world.connect(tenant) as connection:
            ((found,),) = connection.execute("SELECT count(*) + %s FROM people", (number,)).fetchall()
        return found

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(run, range(32))) == [number + 3 for number in range(32)]


def test_what_was_told_to_stop_before_it_asked_does_not_ask():
    """DuckDB forgets an interruption when it begins with a statement, so nothing may begin after one."""
    work = Work(lambda _: None)
    work.stop()
    with duckdb.connect() as connection, pytest.raises(PgError, match="nobody waits for it"):
        work.use(connection)


@pytest.fixture
def patient() -> Emulator:
    """An emulator without profiles."""
    return Emulator(profiles=0)


def test_a_client_cancels_what_it_asked(patient: Emulator):
    """A cancellation ends the statement, long before its time is over, and not the session."""
    with patient, QueryServer(patient) as server:
        login = server.login(patient.create_tenant())
        with psycopg.connect(**login.parameters, autocommit=True) as connection:
            timer = threading.Timer(0.2, connection.cancel_safe)  # the other one keeps Python's lock meanwhile
            timer.start()
            with pytest.raises(psycopg.errors.QueryCanceled, match="user request"):
                connection.execute(FOREVER)
            timer.join()
            assert connection.execute("SELECT 1").fetchall() == [(1,)]


def test_nobody_cancels_what_others_asked(login: Login):
    """Without the session's secret nothing happens."""
    with Raw(login) as client:
        client.enter()
        for pid in range(10_000, 10_050):
            with Raw(login) as other:
                other.send(b"\0\0\0\x10\x04\xd2\x16\x2e" + pid.to_bytes(4, "big") + b"\0\0\0\1")
                assert other.receive() == (b"", b"")
        client.say(b"Q", b"SELECT 1\0")
        assert client.receive()[0] == b"T"


def test_the_server_stops_while_a_statement_runs(patient: Emulator):
    """Neither a statement nor a client that does not read keeps it from stopping."""
    with patient:
        server = QueryServer(patient).start()
        login = server.login(patient.create_tenant())
        with Raw(login) as busy, Raw(login) as slow:
            busy.enter().say(b"Q", FOREVER.encode() + b"\0")
            slow.enter().say(b"Q", b"SELECT repeat('x', 1000) FROM generate_series(1, 50000)\0")
            assert slow.receive()[0] == b"T"
            server.stop()
            assert not server._thread.is_alive()
            with pytest.raises(ConnectionRefusedError):
                Raw(login)
    assert not [t for t in threading.enumerate() if t.name == "aep-query-statement"]
