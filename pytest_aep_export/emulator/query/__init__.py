"""Query Service's interactive access: SQL over the PostgreSQL wire protocol, on what has been exported.

pg-mimic speaks the protocol and DuckDB answers. `server` is the thread that listens, `wire` what it does with a client,
`identity` who may enter, `session` what is said in a session; `dialect` makes DuckDB's SQL of Query Service's, `gate`
says what may run, `database` holds a sandbox's `tables`, `working` runs a statement, `values` knows types. Needs the
extra ``query``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_aep_export.lazy import lazily

if TYPE_CHECKING:
    from pytest_aep_export.emulator.query.bounds import Bounds
    from pytest_aep_export.emulator.query.login import Login
    from pytest_aep_export.emulator.query.server import QueryServer

__all__ = ["Bounds", "Login", "QueryServer"]

__getattr__, __dir__ = lazily(__name__, {"Bounds": "bounds", "Login": "login", "QueryServer": "server"})
