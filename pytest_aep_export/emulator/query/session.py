"""A session: what a client sends, answered by pg-mimic where it is about the connection, and by DuckDB otherwise."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

import duckdb
from pg_mimic import TEXT, PgError, Portal, ResultColumn, Session, Statement, StaticStatement
from pg_mimic.messages import make_notice_response

from pytest_aep_export.emulator.query import dialect, gate, values
from pytest_aep_export.emulator.query.database import Database, Databases
from pytest_aep_export.emulator.query.failures import failure
from pytest_aep_export.emulator.query.working import Work, Workers

if TYPE_CHECKING:
    import pyarrow as pa

    from pytest_aep_export.emulator.query.bounds import Bounds
    from pytest_aep_export.emulator.tenants import Sandbox

__all__ = ["Desk", "QuerySession"]

_TOO_LONG: Final = "54000"
_GONE: Final = "57P01"
_CHANGED: Final = "0A000"

_ABOUT_THE_CONNECTION: Final = re.compile(
    r"^\s*(?:begin|start|commit|end|rollback|set|show)\b|\bpg_|information_schema|current_|session_user"
    r"|\bversion\s*\(|set_config",
    re.IGNORECASE,
)
"""What pg-mimic may have an answer to; the rest is not parsed for it."""

_TABLES: Final = re.compile(r"\s*show\s+(?:all\s+)?tables\b", re.IGNORECASE)
_NOTHING_TO_DO: Final = re.compile(r"\s*(set|reset|discard|deallocate|close|unlisten)\b", re.IGNORECASE)
_UNLOCK: Final = re.compile(r"\s*select\s+pg_advisory_unlock_all\(\)\s*;?\s*", re.IGNORECASE)
"""What asyncpg's pool sends whenever a connection is given back."""

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Desk:
    """What all sessions share.

    Attributes:
        databases: What there is to ask.
        workers: Who asks it.
        bounds: How much may be asked.
    """

    databases: Databases
    workers: Workers
    bounds: Bounds


class QuerySession(Session):  # type: ignore[misc] # pg-mimic has no types
    """One client's session in the sandbox that it has entered."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.sandbox: Sandbox
        """Set when the client has logged in."""

    async def schema(self) -> dict[str, dict[str, str]]:
        """The tables and their columns, for pg-mimic's answers about them."""
        return {name: dict(columns) for name, columns in self._database().columns.items()}

    async def prepare(self, sql: str, param_oids: list[int | None]) -> Statement:
        """What answers a statement; it is translated and checked, and nothing runs.

        Raises:
            PgError: It cannot run.
        """
        if len(sql) > self.desk.bounds.statement:
            most = f"{self.desk.bounds.statement:,}"
            raise PgError(_TOO_LONG, f"the statement has {len(sql):,} characters: at most {most} are allowed")
        return await self._about_the_connection(sql, param_oids) or await self.run(
            lambda work: self._prepared(work, sql, param_oids)
        )

    async def run(self, do: Callable[[Work], _Result]) -> _Result:
        """What a function returns that works on the database, in a thread.

        Raises:
            PgError: It does not work, or the client's organisation is gone.
        """
        organisation = self.sandbox.organisation
        if self.desk.databases.state.tenants.by_org(organisation.org_id) is not organisation:
            raise PgError(_GONE, "the organisation is gone: connect as another one")
        try:
            return await self.desk.workers.run(do)
        except (duckdb.Error, ValueError) as error:
            raise failure(error) from error

    def open(self, work: Work) -> tuple[Database, duckdb.DuckDBPyConnection]:
        """The sandbox's database as it is now, and a cursor that is interrupted with the work."""
        database = self._database()
        return database, work.use(database.cursor())

    def say(self, notice: str) -> None:
        """Tell the client something beside the result."""
        self._connection.stream.write(make_notice_response({"S": "NOTICE", "V": "NOTICE", "C": "00000", "M": notice}))

    def _database(self) -> Database:
        return self.desk.databases.of(self.sandbox)

    async def _about_the_connection(self, sql: str, param_oids: list[int | None]) -> Statement | None:
        """What answers a statement that is not about data, if it is one."""
        if _TABLES.match(sql):
            return None
        if _UNLOCK.fullmatch(sql):
            return StaticStatement(sql, [ResultColumn("pg_advisory_unlock_all", TEXT)], [("",)])
        if _ABOUT_THE_CONNECTION.search(sql):
            chain = super().prepare
            answered = await self.run(lambda _: asyncio.run(chain(sql, param_oids)))
            if isinstance(answered, StaticStatement):
                return answered
        nothing = _NOTHING_TO_DO.match(sql)
        return StaticStatement(nothing[1].upper(), None, []) if nothing else None

    def _prepared(self, work: Work, sql: str, declared: Sequence[int | None]) -> Statement:
        database, cursor = self.open(work)
        gate.only_reads(sql)
        now = datetime.fromtimestamp(self.sandbox.organisation.clock.now() / 1000, UTC)
        translation = dialect.translate(sql, database.maps, now)
        gate.check(cursor, translation.sql, database.columns)
        types: list[int | None] = [oid or found for oid, found in zip(declared, translation.parameters, strict=False)]
        types += translation.parameters[len(types) :]
        columns = values.columns_of(cursor.sql(translation.sql, params=[None] * len(types)))
        return _Query(self, translation.sql, types, columns)


class _Query(Statement):  # type: ignore[misc] # pg-mimic has no types
    """A statement that DuckDB answers."""

    def __init__(
        self, session: QuerySession, sql: str, param_oids: list[int | None], columns: list[ResultColumn]
    ) -> None:
        self.session = session
        self.sql = sql
        self.param_oids = param_oids
        self.columns = columns

    async def describe(self) -> list[ResultColumn]:
        """The columns of its result."""
        return self.columns

    def bind(self, params: list[Any]) -> Portal:
        """The statement with its parameters."""
        return _Rows(self, params)


class _Rows(Portal):  # type: ignore[misc] # pg-mimic has no types
    """The result of a statement, computed when it is first asked for."""

    def __init__(self, query: _Query, params: list[values.Parameter]) -> None:
        self._query = query
        self._params = params
        self._left: pa.Table | None = None
        self._cut = False

    async def execute(self, max_rows: int) -> tuple[list[tuple[Any, ...]], bool]:
        """The next rows, all of them unless there is a limit, and whether there may be more."""
        session = self._query.session
        rows = await session.run(lambda work: self._next(work, max_rows))
        if self._cut:
            session.say(f"the result has more rows: only the first {session.desk.bounds.rows:,} are given")
            self._cut = False
        return rows, 0 < max_rows == len(rows)

    def _next(self, work: Work, max_rows: int) -> list[tuple[Any, ...]]:
        table = self._computed(work) if self._left is None else self._left
        count = max_rows if max_rows > 0 else table.num_rows
        self._left = table.slice(count)
        return list(values.rows(table.slice(0, count)))

    def _computed(self, work: Work) -> pa.Table:
        """The whole result, or as much of it as is given.

        Raises:
            PgError: It is too large, or has other columns than the client was told.
        """
        query, bounds = self._query, self._query.session.desk.bounds
        _, cursor = query.session.open(work)
        pairs = zip(self._params, query.param_oids, strict=True)
        relation = cursor.sql(query.sql, params=[values.parameter(*pair) for pair in pairs])
        if relation.columns != [column.name for column in query.columns]:
            raise PgError(_CHANGED, "the columns have changed since the statement was prepared: prepare it again")
        table: pa.Table = relation.limit(bounds.rows + 1).to_arrow_table()
        if table.nbytes > bounds.size:
            raise PgError(_TOO_LONG, f"the result has {table.nbytes:,} bytes: at most {bounds.size:,} are allowed")
        self._cut = table.num_rows > bounds.rows
        return table.slice(0, bounds.rows)
