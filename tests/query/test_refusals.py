"""What SQL must not reach: files, the network, settings, this process, and other tenants."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pyarrow as pa
import pytest

from pytest_aep_export import Tenant
from pytest_aep_export.emulator.query import Bounds
from pytest_aep_export.emulator.query.database import Database
from pytest_aep_export.emulator.query.tables import Table, published
from tests.query.conftest import World

Ask = Callable[..., list[tuple[Any, ...]]]
SECRET = "what-nobody-may-read"
OUTSIDE = [
    "SELECT * FROM read_text('{file}')",
    "SELECT * FROM read_csv('{file}')",
    "SELECT * FROM read_blob('{file}')",
    "SELECT * FROM read_json('{file}')",
    "SELECT * FROM read_parquet('{own}')",
    "SELECT * FROM parquet_metadata('{own}')",
    "SELECT * FROM sniff_csv('{file}')",
    "SELECT * FROM glob('/**')",
    "SELECT * FROM '{file}'",
    'SELECT * FROM "{file}"',
    'SELECT * FROM "{own}"',
    "SELECT * FROM query('SELECT * FROM read_text(''{file}'')')",
    "SELECT * FROM query_table('{file}')",
    "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    "SELECT (SELECT max(content) FROM read_text('{file}'))",
    "SELECT * FROM people WHERE person.name.firstName IN (SELECT content FROM read_text('{file}'))",
    "WITH a AS (SELECT * FROM read_text('{file}')) SELECT * FROM a",
    "SELECT * FROM people UNION ALL BY NAME SELECT * FROM read_text('{file}')",
    "SELECT * FROM people ORDER BY (SELECT count(*) FROM read_text('{file}'))",
    "SELECT * FROM read_text('http://127.0.0.1:1/')",
    "SELECT * FROM 'https://example.org/a.parquet'",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM duckdb_views()",
    "SELECT * FROM duckdb_databases()",
    "SELECT * FROM pragma_database_size()",
    "SELECT * FROM arrow_scan(0, 0, 0)",
    "SELECT * FROM pandas_scan(0)",
    "SELECT getenv('HOME'), 1 FROM people",
    "SELECT current_setting('allowed_paths'), 1 FROM people",
    "SELECT current_setting(lower('allowed_paths'))",
    "SELECT nextval('x')",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM sqlite_master, (WITH sqlite_master AS (SELECT 1) SELECT * FROM sqlite_master) AS a",
    "SELECT sql FROM duckdb_views",
    "SELECT * FROM pragma_database_list",
    "SELECT pg_get_viewdef(1), 1 FROM people",
    "DESCRIBE sqlite_master",
    "DESCRIBE SELECT * FROM read_text('{file}')",
    "SUMMARIZE sqlite_master",
    "SELECT * FROM main.SECRET",
    "COPY people TO '{file}'",
    "COPY (SELECT 1) TO '{new}'",
    "COPY people FROM '{file}'",
    "EXPORT DATABASE '{new}'",
    "IMPORT DATABASE '{new}'",
    "ATTACH '{new}'",
    "ATTACH ':memory:' AS other",
    "INSTALL httpfs",
    "LOAD '{file}'",
    "PRAGMA database_list",
    "CALL pragma_version()",
    "CREATE TABLE x AS SELECT 1",
    "CREATE SECRET s (TYPE s3)",
    "CREATE MACRO f() AS 1",
    "INSERT INTO people SELECT * FROM people",
    "WITH a AS (INSERT INTO people SELECT * FROM people RETURNING *) SELECT * FROM a",
    "UPDATE people SET personID = 'x'",
    "DELETE FROM people",
    "DROP VIEW people",
    "ALTER TABLE people RENAME TO persons",
    "/* SELECT */ -- 1\n DROP VIEW people",
    "EXPLAIN ANALYZE SELECT 1",
    "PREPARE a AS SELECT 1",
    "EXECUTE a",
    "USE other",
    "CHECKPOINT",
    "VACUUM",
]


@pytest.fixture
def names(tmp_path: Path, world: World, tenant: Tenant) -> dict[str, str]:
    """A file that is somebody else's, one that is not there, and one of the tenant's own."""
    (tmp_path / "secret.csv").write_text(f"a,b\n{SECRET},1\n")
    (table,) = published(world.emulator.state, tenant._sandbox)
    return {"file": str(tmp_path / "secret.csv"), "new": str(tmp_path / "new"), "own": table.files[0]}


@pytest.mark.parametrize("sql", OUTSIDE)
def test_nothing_is_reached_but_tables(connection: psycopg.Connection, names: dict[str, str], sql: str, tmp_path: Path):
    """A statement that reads or changes anything else is refused, and neither a secret nor a path is in the answer."""
    with pytest.raises(psycopg.Error) as caught:
        connection.execute(sql.format(**names).encode())
    assert caught.value.sqlstate in {"42501", "42601", "42P01", "42883", "42703"}, caught.value
    assert SECRET not in str(caught.value)
    assert "{own}" in sql or "aep-export-" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]
    assert connection.execute("SELECT count(*) FROM people").fetchall() == [(3,)]


@pytest.mark.parametrize(
    "sql",
    [
        sql
        for sql in OUTSIDE
        if re.match("SELECT .*(read_|glob|'{file}'|sniff|https?:)|COPY|ATTACH '{|INSTALL|LOAD", sql)
    ],
)
def test_the_database_itself_reaches_nothing_else(world: World, tenant: Tenant, names: dict[str, str], sql: str):
    """What passed the gate by a mistake of ours would still be refused by DuckDB, but for the tenant's own files."""
    database = Database(published(world.emulator.state, tenant._sandbox), Bounds())
    with pytest.raises(duckdb.Error):
        database.cursor().execute(sql.replace("{own}", "{new}").format(**names)).fetchall()


@pytest.mark.parametrize("setting", ["enable_external_access = true", "allowed_paths = ['/']", "memory_limit = '1TB'",
                                     "lock_configuration = false", "python_enable_replacements = true"])  # fmt: skip
def test_settings_stay_as_they_are(world: World, tenant: Tenant, ask: Ask, setting: str):
    """SET is answered and does nothing; DuckDB itself would refuse it."""
    database = Database(published(world.emulator.state, tenant._sandbox), Bounds())
    for words in (f"SET {setting}", f"SET GLOBAL {setting}"):
        with pytest.raises(duckdb.Error, match="locked"):
            database.cursor().execute(words)
    assert ask("SELECT 1") == [(1,)]


def test_a_variable_of_this_process_is_no_table(world: World, tenant: Tenant, connection: psycopg.Connection):
    """DuckDB would take a name that is no table's from Python's frames; neither the gate nor the database lets it."""
    for name in ("tables", "database", "cursor", "self", "relation", "work"):
        with pytest.raises(psycopg.errors.UndefinedTable):
            connection.execute(f"SELECT * FROM {name}".encode())
    here = pa.table({"a": [1]})
    database = Database(published(world.emulator.state, tenant._sandbox), Bounds())
    with pytest.raises(duckdb.CatalogException, match="here does not exist"):
        database.cursor().sql("SELECT * FROM here")
    assert duckdb.connect().sql("SELECT * FROM here").fetchall() == [tuple(row.values()) for row in here.to_pylist()]


def test_a_session_leaves_nothing_to_others(world: World, tenant: Tenant):
    """What one session says of itself is not there in another."""
    with world.connect(tenant) as one, world.connect(tenant) as other:
        one.execute("SET application_name = 'one'")
        assert one.execute("SHOW application_name").fetchall() == [("one",)]
        assert other.execute("SHOW application_name").fetchall() == [("",)]


def test_tables_of_other_tenants_and_sandboxes_are_not_there(world: World):
    """Neither by name, nor qualified by an organisation, a sandbox or a database."""
    own, other = world.tenant("prod", "dev"), world.tenant()
    world.export(other, "Theirs")
    world.export(own.sandbox("dev"), "Elsewhere")
    names = ("theirs", "elsewhere", "dev.elsewhere", '"dev:all".elsewhere', "dev.main.elsewhere", "memory.main.theirs",
             f'"{other.credentials.org_id}".theirs')  # fmt: skip
    with world.connect(own) as connection:
        for name in names:
            with pytest.raises((psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn)):
                connection.execute(f"SELECT * FROM {name}".encode())
        assert connection.execute("SHOW TABLES").fetchall() == []
    with world.connect(own.sandbox("dev")) as connection:
        assert connection.execute("SHOW TABLES").fetchall() == [("elsewhere",)]


def test_files_of_other_tenants_cannot_be_read(world: World, tenant: Tenant, connection: psycopg.Connection):
    """A path to them is of no use."""
    other = world.tenant()
    world.export(other, "Theirs")
    (theirs,) = published(world.emulator.state, other._sandbox)
    for sql in (f"SELECT * FROM read_parquet('{theirs.files[0]}')", f"SELECT * FROM '{theirs.files[0]}'"):
        with pytest.raises(psycopg.Error):
            connection.execute(sql.encode())
    own = Database(published(world.emulator.state, tenant._sandbox), Bounds())
    with pytest.raises(duckdb.PermissionException):
        own.cursor().execute(f"SELECT * FROM read_parquet('{theirs.files[0]}')")


@pytest.mark.parametrize("name", ["x'); SELECT 1; --", 'a" AS SELECT 1; --', 'people"; DROP VIEW people', "☃ ünïcode",
                                  "'", '"', "a;b", "../../etc/passwd", "select", "pg_class"])  # fmt: skip
def test_a_datasets_name_is_a_name_whatever_is_in_it(world: World, name: str):
    """Quotes, paths and words of SQL in a dataset's name make nothing but a table."""
    tenant = world.tenant()
    world.export(tenant, name)
    (table,) = published(world.emulator.state, tenant._sandbox)
    with world.connect(tenant) as connection:
        assert connection.execute("SHOW TABLES").fetchall() == [(table.name,)]
    database = Database((Table(name, table.batches),), Bounds())
    assert database.columns.keys() == {name}


@pytest.mark.parametrize("value", ["' OR '1'='1", "\\' OR 1=1 --", "'; DROP VIEW people; --", '" OR ""="', "$1", "%s"])
@pytest.mark.parametrize("factory", [psycopg.Cursor, psycopg.ClientCursor, psycopg.RawCursor])
def test_a_value_is_a_value_whatever_is_in_it(world: World, tenant: Tenant, value: str, factory: Any):
    """A value that looks like SQL finds nobody, whether it travels beside the statement or in it."""
    place = "$1" if factory is psycopg.RawCursor else "%s"
    with psycopg.connect(**world.query.login(tenant).parameters, cursor_factory=factory) as connection:
        found = connection.execute(f"SELECT count(*) FROM people WHERE person.name.firstName = {place}", (value,))
        assert found.fetchall() == [(0,)]
        assert connection.execute(f"SELECT {place}::text", (value,)).fetchall() == [(value,)]
