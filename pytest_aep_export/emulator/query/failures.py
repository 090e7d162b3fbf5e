"""What DuckDB complains of, as PostgreSQL would: a code that clients know and one sentence."""

from __future__ import annotations

import re
from typing import Final

import duckdb
from pg_mimic import PgError

__all__ = ["failure"]

_CODES: Final[tuple[tuple[type[Exception], str], ...]] = (
    (duckdb.ParserException, "42601"),
    (duckdb.SyntaxException, "42601"),
    (duckdb.CatalogException, "42P01"),
    (duckdb.BinderException, "42703"),
    (duckdb.ConversionException, "22P02"),
    (duckdb.OutOfRangeException, "22003"),
    (duckdb.InterruptException, "57014"),
    (duckdb.NotImplementedException, "0A000"),
    (duckdb.InvalidInputException, "22023"),
    (duckdb.DataError, "22000"),
    (ValueError, "22P02"),
)
_KIND: Final = re.compile(r"^(?:[A-Z][A-Za-z]* )+Error: ")
_INTERNAL: Final = "XX000"
_FILES: Final = "58030"


def failure(error: Exception) -> PgError:
    """The error that a client is told of; no path of this machine is in it."""
    if isinstance(error, duckdb.IOException | duckdb.PermissionException):  # what a file gets that is not there
        return PgError(_FILES, "the files of a table cannot be read: they are gone, or no Parquet; export them again")
    if isinstance(error, duckdb.OutOfMemoryException):
        return PgError("53200", "the statement needs more memory than a sandbox's database may take: ask for less")
    code = next((code for kind, code in _CODES if isinstance(error, kind)), _INTERNAL)
    if isinstance(error, duckdb.CatalogException) and "Function" in str(error).partition("\n")[0]:
        code = "42883"
    return PgError(code, _sentence(error))


def _sentence(error: Exception) -> str:
    """What is wrong, without what DuckDB shows of the statement after it: that is the translated one."""
    said = " ".join(str(error).partition("\nLINE ")[0].split())[:500]
    return _KIND.sub("", said) or repr(error)
