"""The emulator's state: JSON documents in SQLite, each belonging to one tenant, and the numbers given out so far."""

from __future__ import annotations

import builtins
import json
import sqlite3
import threading
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from pytest_aep_export.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["Kind", "Store"]

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS resources (
    tenant TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, number INTEGER NOT NULL, created INTEGER NOT NULL,
    document TEXT NOT NULL, PRIMARY KEY (tenant, kind, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_status
    ON resources (tenant, kind, json_extract(document, '$.life.status'), created DESC, number DESC);
CREATE INDEX IF NOT EXISTS by_mode
    ON resources (tenant, kind, json_extract(document, '$.progression.mode'), json_extract(document, '$.life.status'),
    created DESC, number DESC);
CREATE INDEX IF NOT EXISTS by_batch
    ON resources (tenant, kind, json_extract(document, '$.batch'), created DESC, number DESC);
CREATE INDEX IF NOT EXISTS newest ON resources (tenant, kind, created DESC, number DESC);
CREATE TABLE IF NOT EXISTS sequences (
    tenant TEXT NOT NULL, kind TEXT NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (tenant, kind)
) WITHOUT ROWID;
"""


_REMEMBERED: Final = 1_024
_SHORT: Final = 1 << 14
"""Characters of the longest text that is remembered: what a request may hold is 64 times as much."""


class Kind(StrEnum):
    """What kinds of documents there are."""

    BATCH = "batch"
    DATASET = "dataset"
    EXPORT_JOB = "export-job"
    FILE = "file"
    MERGE_POLICY = "merge-policy"
    MERGE_POLICY_VERSION = "merge-policy-version"
    SEGMENT = "segment"


class Store:
    """Documents by tenant, kind and id; safe to use from several threads.

    Args:
        path: The database file; by default everything is kept in memory.

    Raises:
        ConfigurationError: The file cannot be opened, or is not a database.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.RLock()
        self._texts: dict[tuple[str, Kind, str], str] = {}
        self._db = _open(path)

    def close(self) -> None:
        """Close the database; later calls fail."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep other threads out, and keep all of what happens inside or nothing."""
        with self._lock:
            self._db.execute("SAVEPOINT change")
            try:
                yield
                self._db.execute("RELEASE change")
            except BaseException:
                self._undo()
                raise

    def _undo(self) -> None:
        self._texts.clear()
        if self._db.in_transaction:  # on a full disk SQLite may have undone everything by itself
            self._db.execute("ROLLBACK TO change")
            self._db.execute("RELEASE change")

    def next_number(self, tenant: str, kind: str, first: int = 1) -> int:
        """The next number of that kind; none is ever given out twice."""
        with self._lock:
            (number,) = self._db.execute(
                "INSERT INTO sequences VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET last = last + 1 RETURNING last",
                (tenant, kind, first),
            ).fetchone()
        return int(number)

    def put(self, tenant: str, kind: Kind, key: str, document: Mapping[str, Any], *, number: int, created: int) -> None:
        """Add a document, or replace the one that has this id."""
        with self._lock:
            self._texts.pop((tenant, kind, key), None)
            self._db.execute(
                "INSERT OR REPLACE INTO resources VALUES (?, ?, ?, ?, ?, ?)",
                (tenant, kind, key, number, created, json.dumps(document)),
            )

    def update(self, tenant: str, kind: Kind, key: str, changes: Mapping[str, Any]) -> None:
        """Change members of a document, if there is one that has this id."""
        with self.transaction():
            document = self.get(tenant, kind, key)
            if document is not None:
                self._texts.pop((tenant, kind, key), None)
                self._db.execute(
                    "UPDATE resources SET document = ? WHERE tenant = ? AND kind = ? AND id = ?",
                    (json.dumps(document | dict(changes)), tenant, kind, key),
                )

    def remove(self, tenant: str, kind: Kind, key: str) -> None:
        """Forget the document that has this id, if there is one."""
        with self._lock:
            self._texts.pop((tenant, kind, key), None)
            self._db.execute("DELETE FROM resources WHERE tenant = ? AND kind = ? AND id = ?", (tenant, kind, key))

    def get(self, tenant: str, kind: Kind, key: str) -> dict[str, Any] | None:
        """The document that has this id, or None."""
        text = self.text(tenant, kind, key)
        return None if text is None else json.loads(text)

    def text(self, tenant: str, kind: Kind, key: str) -> str | None:
        """The document that has this id as the text it is kept as, or None; one that is polled is not read again."""
        with self._lock:
            text = self._texts.get((tenant, kind, key))
            return self._read(tenant, kind, key) if text is None else text

    def _read(self, tenant: str, kind: Kind, key: str) -> str | None:
        query = "SELECT document FROM resources WHERE tenant = ? AND kind = ? AND id = ?"
        row = self._db.execute(query, (tenant, kind, key)).fetchone()
        if row is None:
            return None
        text = str(row[0])
        if len(text) <= _SHORT:
            if len(self._texts) >= _REMEMBERED:
                self._texts.clear()
            self._texts[tenant, kind, key] = text
        return text

    def list(self, tenant: str, kind: Kind, *, where: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
        """All documents of one kind, newest first; see `texts`."""
        return [json.loads(text) for text in self.texts(tenant, kind, where=where)]

    def texts(
        self,
        tenant: str,
        kind: Kind,
        *,
        before: tuple[int, int] | None = None,
        where: Mapping[str, str] | None = None,
        limit: int = -1,
        skip: int = 0,
    ) -> builtins.list[str]:
        """Documents of one kind as the texts they are kept as, newest first.

        Args:
            tenant: Whose documents.
            kind: Which kind.
            before: Only those that come after this (created, number) in the list.
            where: JSON path to value: only documents that hold exactly these; the paths are ours, never a request's.
            limit: At most so many; -1 for all.
            skip: Leave out so many first.
        """
        clauses = ["tenant = ?", "kind = ?"]
        parameters: list[object] = [tenant, kind]
        if before is not None:
            clauses.append("(created, number) < (?, ?)")
            parameters += before
        for path, value in (where or {}).items():
            clauses.append(f"json_extract(document, '{path}') = ?")
            parameters.append(value)
        query = f"SELECT document FROM resources WHERE {' AND '.join(clauses)}"  # noqa: S608 - the clauses are ours
        with self._lock:
            rows = self._db.execute(
                f"{query} ORDER BY created DESC, number DESC LIMIT ? OFFSET ?", (*parameters, limit, skip)
            ).fetchall()
        return [row[0] for row in rows]

    def latest(self, tenant: str) -> int | None:
        """When the tenant's newest document was created, in ms since the epoch; None when it has none."""
        with self._lock:
            row = self._db.execute("SELECT MAX(created) FROM resources WHERE tenant = ?", (tenant,)).fetchone()
        latest: int | None = row[0]
        return latest

    def earliest(self, tenant: str) -> int | None:
        """When the tenant's oldest document was created, in ms since the epoch; None when it has none."""
        with self._lock:
            row = self._db.execute("SELECT MIN(created) FROM resources WHERE tenant = ?", (tenant,)).fetchone()
        earliest: int | None = row[0]
        return earliest

    def drop(self, tenant: str) -> None:
        """Forget all documents of a tenant; its numbers stay taken."""
        with self._lock:
            self._texts.clear()
            self._db.execute("DELETE FROM resources WHERE tenant = ?", (tenant,))


def _open(path: Path | None) -> sqlite3.Connection:
    with ExitStack() as stack:
        try:
            database = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
            stack.callback(database.close)
            database.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise ConfigurationError(
                f"the state file {path} cannot be used ({error}): name another folder, or remove the file"
            ) from error
        stack.pop_all()
    return database
