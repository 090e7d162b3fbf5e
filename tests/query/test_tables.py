"""Which tables there are, and what is in them: what exports have written, as it is now."""

from __future__ import annotations

import gc
import shutil

import psycopg
import pytest

from pytest_aep_export import AepClient, Behaviour, Progression
from pytest_aep_export.emulator.query import Bounds
from pytest_aep_export.emulator.query.database import Databases
from pytest_aep_export.emulator.query.tables import published
from tests.query.conftest import PEOPLE, World, loaded


def count(connection: psycopg.Connection, table: str) -> int:
    """How many rows a table has."""
    ((found,),) = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchall()
    return int(found)


def test_a_dataset_is_a_table_once_something_was_exported_to_it(world: World):
    """A session sees what is exported while it lasts, and each export adds its rows."""
    tenant = world.tenant()
    with world.connect(tenant) as connection:
        with pytest.raises(psycopg.errors.UndefinedTable):
            count(connection, "my_people")
        dataset = world.export(tenant, "My People")
        assert count(connection, "my_people") == 3
        tenant.load(loaded(PEOPLE[:1]))
        world.export(tenant, "My People", dataset=dataset)
        assert count(connection, "MY_PEOPLE") == 4
        assert connection.execute("SHOW TABLES").fetchall() == [("my_people",)]


def test_a_prepared_statement_reads_what_was_exported_since(world: World):
    """What was prepared before an export knows of it, and is refused when its columns are others by now."""
    tenant = world.tenant()
    tenant.behaviour = Behaviour(unselected="drop")
    dataset = world.export(tenant, "People", fields="person.name.firstName")
    with world.connect(tenant) as connection:
        for rows in (3, 6):
            assert len(connection.execute("SELECT 1 FROM people", prepare=True).fetchall()) == rows
            if rows == 6:
                with pytest.raises(psycopg.errors.FeatureNotSupported, match="the columns have changed"):
                    connection.execute("SELECT * FROM people", prepare=True)
            else:
                assert len(connection.execute("SELECT * FROM people", prepare=True).fetchall()) == rows
                world.export(tenant, "People", dataset=dataset, fields="personID")


def test_the_table_has_the_name_that_catalog_tells(world: World):
    """The dataset's tag ``adobe/pqs/table`` is the name; where two datasets share it, the younger one's id is added."""
    tenant = world.tenant()
    first, second = (world.export(tenant, "Profiles & Co.") for _ in range(2))
    with AepClient(tenant.credentials, base_url=world.http.url) as client:
        tags = [client.get_dataset(each).raw["tags"]["adobe/pqs/table"] for each in (first, second)]
    assert tags == [["profiles___co_"]] * 2
    with world.connect(tenant) as connection:
        names = [name for (name,) in connection.execute("SHOW TABLES").fetchall()]
    assert sorted(names) == ["profiles___co_", f"profiles___co__{second}"]


def test_rows_are_those_of_the_oracle(world: World):
    """Every value of an export, nested as it is, is what the second computation says."""
    tenant = world.tenant()
    world.export(tenant, "People")
    expected = tenant.expected({"schema": {"name": "_xdm.context.profile"}})
    with world.connect(tenant) as connection:
        cursor = connection.execute("SELECT _id, person.name.firstName, identityMap['ECID'][0].id FROM people")
        found = {tuple(row) for row in cursor.fetchall()}
    assert found == {
        (row["_id"], row["person"]["name"]["firstName"], dict(row["identityMap"])["ECID"][0]["id"]) for row in expected
    }


def test_what_is_due_has_happened(world: World):
    """A job that time has finished is known to SQL as it is to Catalog, though nobody looked at it."""
    tenant = world.tenant()
    tenant.behaviour = Behaviour(progression=Progression("elapsed"))
    with AepClient(tenant.credentials, base_url=world.http.url) as client:
        client.create_export_job(dataset_id=client.create_dataset("People").id)
    with world.connect(tenant) as connection:
        assert connection.execute("SHOW TABLES").fetchall() == []
        tenant.clock.advance(hours=6)
        assert count(connection, "people") == 3


def test_an_export_that_replaces_the_earlier_one_does(world: World):
    """Where a new batch takes the place of the one before, so it does in SQL."""
    tenant = world.tenant()
    tenant.behaviour = Behaviour(progression=Progression("immediate"), earlier_batches="replace")
    dataset = world.export(tenant, "People")
    tenant.load(loaded(PEOPLE[:1]))
    world.export(tenant, "People", dataset=dataset)
    with world.connect(tenant) as connection:
        assert count(connection, "people") == 1


def test_files_that_are_gone_or_broken_are_said_to_be(world: World):
    """A table whose files cannot be read is none, the others are, and no path is told."""
    tenant = world.tenant()
    world.export(tenant, "Lost")
    world.export(tenant, "Found")
    lost, _ = sorted(published(world.emulator.state, tenant._sandbox), key=lambda table: table.name != "lost")
    shutil.rmtree(lost.files[0].rpartition("/")[0])
    with world.connect(tenant) as connection:
        assert count(connection, "found") == 3
        with pytest.raises(psycopg.errors.UndefinedTable):
            count(connection, "lost")


def test_files_that_go_while_a_session_lasts(world: World):
    """The client is told, and no path."""
    tenant = world.tenant()
    world.export(tenant, "People")
    (table,) = published(world.emulator.state, tenant._sandbox)
    with world.connect(tenant) as connection:
        assert count(connection, "people") == 3
        shutil.rmtree(table.files[0].rpartition("/")[0])
        with pytest.raises(psycopg.errors.IoError, match="they are gone, or no Parquet") as caught:
            connection.execute("SELECT * FROM people")
    assert "aep-export-" not in str(caught.value)


def test_each_sandbox_has_its_own(world: World):
    """Tables of the same name in two sandboxes are two tables."""
    tenant = world.tenant("prod", "dev")
    world.export(tenant, "People")
    other = tenant.sandbox("dev")
    other.load(loaded(PEOPLE[:1]))
    world.export(other, "People")
    for each, rows in ((tenant, 3), (other, 1)):
        with world.connect(each) as connection:
            assert count(connection, "people") == rows


def test_a_tenant_that_is_gone_leaves_no_database(world: World):
    """What a test's tenant had does not stay for the session."""
    databases = Databases(world.emulator.state, Bounds())

    def visit() -> None:
        tenant = world.tenant()
        world.export(tenant, "People")
        assert databases.of(tenant._sandbox) is databases.of(tenant._sandbox)
        tenant.delete()

    visit()
    gc.collect()
    assert len(databases._made) == 0
