"""What may run: one statement that reads the sandbox's tables, and in it nothing that reads anything else.

DuckDB's own parser tells what a statement is. The database is shut off besides; what is refused here could not get at
a file either, but it could tell how this machine is set up, or hide a statement in a text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterator
from typing import TYPE_CHECKING, Any, Final

from pg_mimic import PgError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["check", "only_reads"]

_INSUFFICIENT_PRIVILEGE: Final = "42501"
_SYNTAX_ERROR: Final = "42601"
_UNDEFINED_TABLE: Final = "42P01"
_QUERY: Final = "SELECT json_serialize_sql(CAST($1 AS VARCHAR))"

_TABLE_FUNCTIONS: Final = frozenset({"generate_series", "json_each", "json_tree", "range", "unnest"})
"""The only functions that may stand where a table does."""

_REFUSED: Final = frozenset(
    {"current_setting", "current_query", "getenv", "getvariable", "json_execute_serialized_sql", "nextval", "currval",
     "setval", "pg_get_viewdef", "write_log", "parse_duckdb_log_message", "stats", "vector_type"}
)  # fmt: skip
"""Functions of values that tell of this machine or change something."""

_CATALOGS: Final = ("duckdb_", "pg_", "pragma_", "sqlite_")
"""What DuckDB's views of itself begin with: WITH may not lend their names to what is outside of it."""

_WORDS: Final = (
    "alter analyze attach begin call checkpoint comment copy create declare delete detach drop execute explain export"
    " fetch force grant import insert install load lock merge move pragma prepare refresh revoke truncate update use"
    " vacuum"
)
_CHANGING: Final = re.compile(
    rf"(?:\s|--[^\n]*\n|/\*.*?\*/)*(?:{_WORDS.replace(' ', '|')})\b", re.IGNORECASE | re.DOTALL
)
_ONLY_READS: Final = "only statements that read are allowed: SELECT, WITH, VALUES, SHOW TABLES, DESCRIBE"

_READING: Final = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})


def only_reads(sql: str) -> None:
    """Refuse a statement by its first word, which is clearer than what a translation of it would be refused by.

    Raises:
        PgError: It is not one that reads.
    """
    if _CHANGING.match(sql):
        raise PgError(_INSUFFICIENT_PRIVILEGE, _ONLY_READS)


def check(cursor: DuckDBPyConnection, sql: str, tables: Container[str]) -> None:
    """Let a statement pass that reads these tables, whose names are in lower case.

    Raises:
        PgError: It is none that may run, and why.
    """
    found = cursor.execute(_QUERY, [sql]).fetchone()
    document: dict[str, Any] = json.loads(found[0]) if found else {"error": True}
    if document["error"]:
        raise _refusal(document)
    if len(document["statements"]) != 1:
        raise PgError(_SYNTAX_ERROR, f"expected one statement, found {len(document['statements'])}")
    nodes = list(_nodes(document["statements"][0]["node"]))
    named = {name for node in nodes if not (name := str(node.get("key", "")).lower()).startswith(_CATALOGS)}
    for node in nodes:
        _check(node)
        if node.get("type") == "BASE_TABLE":
            _check_table(node, tables, named)


def _refusal(document: dict[str, Any]) -> PgError:
    if document.get("error_type") == "parser":
        return PgError(_SYNTAX_ERROR, str(document["error_message"]).splitlines()[0])
    return PgError(_INSUFFICIENT_PRIVILEGE, _ONLY_READS)


def _nodes(document: Any) -> Iterator[dict[str, Any]]:
    """Every object in a document, whatever is in it; a statement may be nested deeper than Python may call."""
    waiting = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node


def _check(node: dict[str, Any]) -> None:
    kind = node.get("type", "")
    if isinstance(kind, str) and kind.endswith("_NODE") and kind not in _READING:
        raise PgError(_INSUFFICIENT_PRIVILEGE, _ONLY_READS)
    if kind == "TABLE_FUNCTION" and _name(node["function"]) not in _TABLE_FUNCTIONS:
        raise _forbidden(_name(node["function"]))
    if _name(node) in _REFUSED:
        raise _forbidden(_name(node))


def _check_table(node: dict[str, Any], tables: Container[str], named: Container[str]) -> None:
    """Let a table pass that is the sandbox's, or that the statement itself names by WITH."""
    path = [node.get(part, "") for part in ("catalog_name", "schema_name", "table_name")]
    name = path[-1].lower()
    if path[:-1] not in (["", ""], ["", "main"]) or (name not in tables and name not in named):
        raise PgError(_UNDEFINED_TABLE, f"the table {'.'.join(filter(None, path)):.80} does not exist: see SHOW TABLES")


def _name(node: dict[str, Any]) -> str:
    return str(node.get("function_name", "")).lower()


def _forbidden(function: str) -> PgError:
    return PgError(_INSUFFICIENT_PRIVILEGE, f"the function {function:.80} is not allowed: read the sandbox's tables")
