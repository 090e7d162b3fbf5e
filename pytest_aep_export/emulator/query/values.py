"""Types and values on both sides: DuckDB's, and PostgreSQL's as pg-mimic writes them.

What is nested, a struct, a map or a list, is JSON: no type of PostgreSQL's holds it (our choice).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import duckdb
import orjson
import pg_mimic as pg
import pyarrow as pa
from pg_mimic import ResultColumn

if TYPE_CHECKING:
    from duckdb import DuckDBPyRelation

__all__ = ["Parameter", "columns_of", "parameter", "rows"]

Parameter: TypeAlias = "str | list[Any] | None"
"""A parameter as pg-mimic decodes it: a text, or a list of them."""

_OIDS: Final = {
    "BOOLEAN": pg.BOOL,
    "TINYINT": pg.INT2,
    "UTINYINT": pg.INT2,
    "SMALLINT": pg.INT2,
    "USMALLINT": pg.INT4,
    "INTEGER": pg.INT4,
    "UINTEGER": pg.INT8,
    "BIGINT": pg.INT8,
    "UBIGINT": pg.NUMERIC,
    "HUGEINT": pg.NUMERIC,
    "UHUGEINT": pg.NUMERIC,
    "FLOAT": pg.FLOAT4,
    "DOUBLE": pg.FLOAT8,
    "DATE": pg.DATE,
    "TIME": pg.TIME,
    "TIMESTAMP": pg.TIMESTAMP,
    "TIMESTAMP_S": pg.TIMESTAMP,
    "TIMESTAMP_MS": pg.TIMESTAMP,
    "TIMESTAMP WITH TIME ZONE": pg.TIMESTAMPTZ,
    "UUID": pg.UUID,
    "BLOB": pg.BYTEA,
    "JSON": pg.JSON,
}
_JSON: Final = orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z


def _cast(kind: str) -> Callable[[str], Any]:
    to = duckdb.sqltype(kind)
    return lambda text: duckdb.Value(text, to)


_READ: Final[dict[int, Callable[[str], Any]]] = {
    pg.NUMERIC: Decimal,
    pg.BYTEA: lambda text: bytes.fromhex(text.removeprefix("\\x")),
    **{
        oid: _cast(kind)
        for oid, kind in {
            pg.BOOL: "BOOLEAN", pg.INT2: "SMALLINT", pg.INT4: "INTEGER", pg.INT8: "BIGINT", pg.FLOAT4: "FLOAT",
            pg.FLOAT8: "DOUBLE", pg.DATE: "DATE", pg.TIME: "TIME", pg.TIMESTAMP: "TIMESTAMP",
            pg.TIMESTAMPTZ: "TIMESTAMP WITH TIME ZONE", pg.INTERVAL: "INTERVAL", pg.UUID: "UUID",
        }.items()
    },
}  # fmt: skip
"""What makes DuckDB's value of a parameter's text; one of another type stays a text."""


def columns_of(relation: DuckDBPyRelation) -> list[ResultColumn]:
    """The columns of a result, known without computing it."""
    return [ResultColumn(name, _oid(str(kind))) for name, kind in zip(relation.columns, relation.types, strict=True)]


def _oid(kind: str) -> int:
    if kind.startswith(("MAP(", "STRUCT(")) or kind.endswith("]"):
        return int(pg.JSON)
    return int(pg.NUMERIC if kind.startswith("DECIMAL(") else _OIDS.get(kind, pg.TEXT))


def parameter(value: Parameter, oid: int | None) -> Any:
    """DuckDB's value of a parameter.

    Raises:
        ValueError: It is none of that type.
    """
    try:
        return _READ[oid](value) if isinstance(value, str) and oid in _READ else value
    except (duckdb.Error, ArithmeticError) as error:
        raise ValueError(f"the parameter {value!r:.80} is not of the type that is expected") from error


def rows(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    """The rows of a result as pg-mimic takes them."""
    return zip(*(_values(column) for column in table.columns), strict=True)


def _values(column: pa.ChunkedArray[Any]) -> Sequence[Any]:
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    if pa.types.is_interval(column.type):
        return [None if value is None else _interval(value) for value in column.to_pylist()]
    values = column.to_pylist(maps_as_pydicts="lossy")
    if pa.types.is_nested(column.type):
        return [None if value is None else orjson.dumps(value, str, _JSON).decode() for value in values]
    return values


def _interval(value: pa.MonthDayNano) -> str:
    months, days, nanoseconds = value
    minutes, seconds = divmod(nanoseconds / 1e9, 60)
    return f"{months} mons {days} days {minutes // 60:02.0f}:{minutes % 60:02.0f}:{seconds:09.6f}"
