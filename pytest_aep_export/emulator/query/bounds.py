"""What interactive access puts up with at most."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Bounds"]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits of interactive access; but for ``rows``, choices of ours.

    Attributes:
        rows: Rows of a result; those after them are left out, and the client is told (facts, query-service).
        seconds: Seconds that a statement may take.
        statement: Characters of a statement.
        message: Bytes of a message of the protocol.
        size: Bytes of a result.
        memory: What a sandbox's database may hold in memory, in DuckDB's words.
        connections: How many clients may be connected at once.
        running: How many statements may run at once.
        login: Seconds that a client may take to log in.
        idle: Seconds that a client may be silent.
    """

    rows: int = 50_000
    seconds: float = 60
    statement: int = 1 << 14
    message: int = 1 << 18
    size: int = 1 << 26
    memory: str = "1GB"
    connections: int = 100
    running: int = 8
    login: float = 10
    idle: float = 3600
