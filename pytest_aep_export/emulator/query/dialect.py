"""Query Service's SQL made DuckDB's: functions and positions are Spark's, quotes and casts PostgreSQL's.

Positions in arrays count from 0, ``explode`` and ``inline`` make rows, nulls sort first, a text is enclosed in single
quotes and a backslash in it is a backslash (facts, query-service; where they are silent, Spark's own documentation).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlglot
from pg_mimic import DATE, FLOAT4, FLOAT8, INT2, INT4, INT8, NUMERIC, TEXT, TIMESTAMP, TIMESTAMPTZ, UUID, PgError
from pg_mimic.types import BOOL
from sqlglot import TokenType, exp
from sqlglot.dialects.databricks import Databricks
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import SqlglotError

__all__ = ["Translation", "statements", "translate"]

_SYNTAX_ERROR: Final = "42601"
_TOO_COMPLEX: Final = "54001"
_MOST_PARAMETERS: Final = 1000
_OF_DUCKDB: Final = re.compile(r"\s*(?:show|desc|describe|explain)\b", re.IGNORECASE)
"""What lists tables and columns is the same in both."""

_OIDS: Final = {
    exp.DType.BOOLEAN: BOOL,
    exp.DType.SMALLINT: INT2,
    exp.DType.INT: INT4,
    exp.DType.BIGINT: INT8,
    exp.DType.FLOAT: FLOAT4,
    exp.DType.DOUBLE: FLOAT8,
    exp.DType.DECIMAL: NUMERIC,
    exp.DType.DATE: DATE,
    exp.DType.TIMESTAMPNTZ: TIMESTAMP,
    exp.DType.TIMESTAMP: TIMESTAMPTZ,
    exp.DType.TIMESTAMPTZ: TIMESTAMPTZ,
    exp.DType.TIMESTAMPLTZ: TIMESTAMPTZ,
    exp.DType.UUID: UUID,
}


class _QueryService(Databricks):
    class Tokenizer(Databricks.Tokenizer):
        QUOTES = ["'"]  # noqa: RUF012 - what its parent has as well
        IDENTIFIERS = ['"', "`"]  # noqa: RUF012 - the same
        STRING_ESCAPES = ["'"]  # noqa: RUF012 - drivers that fill in values themselves rely on it
        BYTE_STRINGS = [("E'", "'"), ("e'", "'")]  # noqa: RUF012 - the same; texts in which a backslash escapes
        BYTE_STRING_ESCAPES = ["'", "\\"]  # noqa: RUF012 - the same
        IDENTIFIER_ESCAPES = ['"']  # noqa: RUF012 - the same


@dataclass(frozen=True, slots=True)
class Translation:
    """A statement in DuckDB's SQL.

    Attributes:
        sql: The statement.
        parameters: Of each parameter, ``$1`` first, PostgreSQL's type: the one it is cast to, a number after ``LIMIT``
            and ``OFFSET``, and text otherwise.
    """

    sql: str
    parameters: tuple[int, ...] = ()


def statements(sql: str) -> Iterator[str]:
    """The statements of a text that are separated by semicolons, each as it was written.

    A text that cannot be taken apart is one statement: whoever translates it will say why.
    """
    try:
        tokens = _QueryService().tokenize(sql)
    except SqlglotError:
        yield sql
        return
    start, empty = 0, True  # comments are no tokens
    for token in tokens:
        if token.token_type is not TokenType.SEMICOLON:
            empty = False
            continue
        if not empty:
            yield sql[start : token.start]
        start, empty = token.end + 1, True
    if not empty:
        yield sql[start:]


def translate(sql: str, maps: Collection[str], now: datetime) -> Translation:
    """A statement in DuckDB's SQL.

    Args:
        sql: One statement.
        maps: What columns are called that hold maps, in lower case.
        now: The time that it is, for functions that ask.

    Raises:
        PgError: It is none that is understood.
    """
    if _OF_DUCKDB.match(sql):
        return Translation(sql)
    try:
        parsed = sqlglot.parse_one(sql, dialect=_QueryService)
        _name_columns(parsed)
        rewritten = parsed.transform(_rewritten, maps, now)
        return Translation(rewritten.sql(DuckDB, comments=False), _parameters(rewritten))
    except SqlglotError as error:
        raise PgError(_SYNTAX_ERROR, f"syntax error: {_plain(error)}") from error
    except RecursionError as error:
        raise PgError(_TOO_COMPLEX, "the statement is nested too deeply: split it up") from error


def _plain(error: SqlglotError) -> str:
    """What sqlglot complains of, in one line and without the colours of a terminal."""
    return re.sub(r"\x1b\[\d+m", "", " ".join(str(error).split()))[:300]


def _rewritten(node: exp.Expr, maps: Collection[str], now: datetime) -> exp.Expr:
    """What sqlglot leaves to us: rows of a map's entries, columns of a struct's members, and the emulator's clock."""
    if isinstance(node, exp.Explode) and isinstance(node.this, exp.Column) and node.this.name.lower() in maps:
        return _unnested(exp.func("map_entries", node.this))
    if isinstance(node, exp.Inline):
        return _unnested(node.this)
    if isinstance(node, exp.CurrentTimestamp):
        return exp.cast(exp.Literal.string(now.isoformat()), "timestamptz")
    if isinstance(node, exp.CurrentDate):
        return exp.cast(exp.Literal.string(now.date().isoformat()), "date")
    return node


def _unnested(items: exp.Expr) -> exp.Expr:
    depth = exp.PropertyEQ(this=exp.to_identifier("max_depth"), expression=exp.Literal.number(2))
    return exp.Anonymous(this="unnest", expressions=[items, depth])


def _name_columns(parsed: exp.Expr) -> None:
    """Give columns that have no name the one that PostgreSQL would give them; DuckDB's tell the translation."""
    selected = parsed.selects if isinstance(parsed, exp.Query) else []
    for column in selected:
        if not isinstance(column, exp.Alias | exp.Aliases | exp.Column | exp.Explode | exp.Inline | exp.Star):
            column.replace(exp.alias_(column.copy(), _name(column), quoted=True))


def _name(column: exp.Expr) -> str:
    if isinstance(column, exp.Cast | exp.Bracket | exp.Paren):
        return _name(column.this)
    if isinstance(column, exp.Column | exp.Dot):
        return column.name
    if isinstance(column, exp.Anonymous):
        return column.name.lower()
    return column.sql_name().lower() if isinstance(column, exp.Func) else "?column?"


def _parameters(parsed: exp.Expr) -> tuple[int, ...]:
    found: dict[int, int] = {}
    for parameter in parsed.find_all(exp.Parameter):
        number = int(parameter.name) if parameter.name.isdecimal() else 0
        if not 0 < number <= _MOST_PARAMETERS:
            raise PgError(_SYNTAX_ERROR, f"the parameter ${parameter.name:.40} is none: expected $1 and so on")
        found[number] = _type_of(parameter) or found.get(number, 0)
    return tuple(found.get(number, 0) or TEXT for number in range(1, max(found, default=0) + 1))


def _type_of(parameter: exp.Parameter) -> int:
    """The type that a parameter is asked to have where it stands; 0 where nothing is asked."""
    around = parameter.parent
    if isinstance(around, exp.Limit | exp.Offset):
        return int(INT8)
    return int(_OIDS.get(around.to.this, 0)) if isinstance(around, exp.Cast) else 0
