"""Clients as people use them: psql, psycopg, psycopg2 and asyncpg, in the clear and encrypted."""

from __future__ import annotations

import asyncio
import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator

import asyncpg
import psycopg
import psycopg2
import pytest

from pytest_aep_export import Tenant
from pytest_aep_export.emulator.query import Login, QueryServer
from pytest_aep_export.proxy import Authority
from tests.query.conftest import World

STATEMENT = "SELECT identityMap['ECID'][0].id FROM people ORDER BY 1"


@pytest.fixture
def psql() -> str:
    """Where psql is."""
    found = shutil.which("psql")
    if found is None:
        if os.environ.get("AEP_PSQL_REQUIRED"):
            pytest.fail("psql is required here, and it is not installed")
        pytest.skip("psql is not installed")
    return found


@pytest.fixture(scope="module")
def secure(world: World) -> Iterator[QueryServer]:
    """A server of the same tenants that encrypts."""
    with Authority() as authority, QueryServer(world.emulator, tls=authority.context) as server:
        yield server


def run(psql: str, login: Login, *words: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """What psql says."""
    environ = {"PATH": os.environ["PATH"], "PGCONNECT_TIMEOUT": "10", **login.env(), **changes}
    command = [psql, "-X", "--no-align", "--tuples-only", *words]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)


def test_psql_asks_what_was_exported(psql: str, login: Login):
    """Psql needs the variables of a login and nothing else, asks several statements, and tells errors."""
    done = run(psql, login, "-c", STATEMENT, "-c", "SELECT 1; SELECT ';'")
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, ["1111", "2222", "4444", "1", ";"], "")
    failed = run(psql, login, "-c", "SELECT * FROM nobody")
    assert failed.stderr.startswith("ERROR:  the table nobody does not exist: see SHOW TABLES")
    refused = run(psql, login, "-c", "SELECT 1", PGPASSWORD="x")
    assert "FATAL:  the password is not an access token" in refused.stderr


def test_psql_lists_and_describes_tables(psql: str, login: Login):
    r"""``\dt`` and ``\d`` are answered, and so are the statements that say the same."""
    assert "public|people|table" in run(psql, login, "-c", r"\dt").stdout
    assert "\nperson|STRUCT(" in "\n" + run(psql, login, "-c", r"\d people").stdout
    assert "\npersonID|VARCHAR|YES" in "\n" + run(psql, login, "-c", "DESCRIBE people").stdout
    columns = "SELECT column_name FROM information_schema.columns WHERE table_name = 'people' AND column_name = '_id'"
    assert run(psql, login, "-c", columns).stdout == "_id\n"


def test_psql_reads_a_script(psql: str, login: Login):
    """Statements come from a file as well, with comments and a transaction around them."""
    script = f"BEGIN;\n-- who\n{STATEMENT};\nCOMMIT;\n"
    words = [psql, "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1"]
    done = subprocess.run(
        words, env={**os.environ, **login.env()}, input=script, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == ["1111", "2222", "4444"]


def test_psql_encrypts(psql: str, secure: QueryServer, tenant: Tenant):
    """A server with a certificate lets clients encrypt, those that insist, those that may and those that do not."""
    login = secure.login(tenant)
    assert login.env()["PGSSLMODE"] == "require"
    assert "SSL connection (protocol: TLSv1" in run(psql, login, "-c", r"\conninfo").stdout
    for mode in ("require", "prefer", "allow", "disable"):
        assert run(psql, login, "-c", "SELECT 1", PGSSLMODE=mode).stdout == "1\n"


def test_who_insists_on_encryption_is_not_answered_without(psql: str, login: Login):
    """The client says so itself."""
    assert "server does not support SSL" in run(psql, login, "-c", "SELECT 1", PGSSLMODE="require").stderr


def test_psycopg(login: Login, secure: QueryServer, tenant: Tenant):
    """Psycopg takes the parameters of a login, in the clear and encrypted, text and binary."""
    for each in (login, secure.login(tenant)):
        with psycopg.connect(**each.parameters) as connection:
            assert connection.execute(STATEMENT).fetchall() == [("1111",), ("2222",), ("4444",)]
            (found,) = connection.execute("SELECT identityMap, count(*) OVER () FROM people LIMIT 1", binary=True)
            assert (found[0]["ECID"][0]["id"], found[1]) == ("1111", 3)
            with connection.cursor(name="some") as cursor, pytest.raises(psycopg.errors.InsufficientPrivilege):
                cursor.execute(STATEMENT)  # a cursor on the server is none of Query Service's either


def test_psycopg2_as_adobes_client_connects(login: Login):
    """`aepp` connects by psycopg2 with ``sslmode=allow``."""
    words = f"host={login.host} port={login.port} dbname={login.database} user={login.user} sslmode=allow"
    connection = psycopg2.connect(f"{words} password={login.password}")
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT person.name.firstName FROM people WHERE person.name.firstName <> %s", ("it's \\",))
            assert cursor.fetchall() == [("Ada",), ("Bob",), ("Cyd",)]
    finally:
        connection.close()


async def test_asyncpg(login: Login, secure: QueryServer, tenant: Tenant, world: World):
    """Asyncpg asks with parameters, in binary, from a pool, and encrypted."""
    where = {"host": login.host, "user": login.user, "database": login.database, "password": login.password}
    async with asyncpg.create_pool(**where, port=login.port, ssl=False, min_size=1, max_size=2) as pool:
        found = await pool.fetch("SELECT person.name.firstName f FROM people WHERE person.name.firstName > $1", "Ada")
        assert [row["f"] for row in found] == ["Bob", "Cyd"]
        assert await pool.fetchval("SELECT $1::int + 1", 41) == 42
        assert [row[0] for row in await pool.fetch(f"{STATEMENT} LIMIT $1", 2)] == ["1111", "2222"]
        counts = await asyncio.gather(*(pool.fetchval("SELECT count(*) FROM people") for _ in range(6)))
        assert counts == [3] * 6
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = await asyncpg.connect(**where, port=secure.port, ssl=context)
    async with connection.transaction():
        found = [row[0] async for row in connection.cursor(STATEMENT, prefetch=1)]
    assert found == ["1111", "2222", "4444"]
    await connection.close()
    assert world.query.login(tenant).password != login.password
