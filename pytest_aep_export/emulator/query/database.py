"""A sandbox's database: DuckDB in memory, with a view for each table, shut off from everything else."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

import duckdb
from sqlglot import exp

from pytest_aep_export.emulator.query.tables import Table, published

if TYPE_CHECKING:
    from pytest_aep_export.emulator.query.bounds import Bounds
    from pytest_aep_export.emulator.state import State
    from pytest_aep_export.emulator.tenants import Sandbox

__all__ = ["Database", "Databases"]

_CONFIGURATION: Final[dict[str, str | bool | int | float | list[str]]] = {
    "python_enable_replacements": "false",  # else the name of a variable of this process would be a table
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "allow_community_extensions": "false",
    "temp_directory": "",
}


class Database:
    """What one sandbox holds at one moment. It can read the files of its tables, and no other file; it writes none.

    Attributes:
        tables: What it was made of.
        columns: Of each table the columns, and DuckDB's name of the type of each.
        maps: What columns are called that hold maps.
    """

    def __init__(self, tables: tuple[Table, ...], bounds: Bounds) -> None:
        self.tables = tables
        self._connection = duckdb.connect(":memory:", config=_CONFIGURATION | {"memory_limit": bounds.memory})
        self._connection.execute("SET TimeZone = 'UTC'")
        self._connection.execute(f"SET allowed_paths = {_texts(f for table in tables for f in table.files)}")
        self._connection.execute("SET enable_external_access = false")
        for table in tables:
            with suppress(duckdb.Error):  # its bytes are gone or no Parquet: it is no table, and the others are
                self._connection.execute(_view(table))
        self._connection.execute("SET lock_configuration = true")
        self.columns: Mapping[str, Mapping[str, str]] = self._described()
        self.maps: frozenset[str] = frozenset(
            name.lower() for of in self.columns.values() for name, kind in of.items() if kind.startswith("MAP(")
        )

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own for one statement."""
        return self._connection.cursor()

    def _described(self) -> dict[str, dict[str, str]]:
        query = "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal"
        found: dict[str, dict[str, str]] = {table.name: {} for table in self.tables}
        for table, column, kind in self._connection.execute(f"{query} ORDER BY table_oid, column_index").fetchall():
            found[table][column] = kind
        return {table: columns for table, columns in found.items() if columns}


class Databases:
    """The databases of all sandboxes, each made anew when something was exported since."""

    def __init__(self, state: State, bounds: Bounds) -> None:
        self.state = state
        self._bounds = bounds
        self._lock = threading.Lock()
        self._made: WeakKeyDictionary[Sandbox, Database] = WeakKeyDictionary()

    def of(self, sandbox: Sandbox) -> Database:
        """The sandbox's database, as of now."""
        tables = published(self.state, sandbox)
        with self._lock:
            made = self._made.get(sandbox)
            if made is None or made.tables != tables:
                made = self._made[sandbox] = Database(tables, self._bounds)
            return made


def _view(table: Table) -> str:
    name = exp.to_identifier(table.name, quoted=True).sql("duckdb")
    columns = "" if len(table.batches) == 1 else ", union_by_name = true"  # which has to look into every file
    return f"CREATE VIEW {name} AS SELECT * FROM read_parquet({_texts(table.files)}{columns})"  # noqa: S608 - quoted


def _texts(texts: Iterator[str] | tuple[str, ...]) -> str:
    """A list of texts in SQL."""
    return f"[{', '.join(exp.Literal.string(text).sql('duckdb') for text in texts)}]"
