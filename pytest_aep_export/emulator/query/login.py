"""How a client logs in, in the forms that clients take it. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Login"]


@dataclass(frozen=True, slots=True)
class Login:
    """What a PostgreSQL client needs to connect (facts, query-service section "Interactive access").

    Attributes:
        host: Where the server is.
        port: Its port.
        user: The organisation's id.
        password: An access token.
        database: The sandbox and what is asked for in it: ``prod:all``.
        tls: Whether what is sent is encrypted.
    """

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str
    tls: bool = False

    @property
    def parameters(self) -> dict[str, str | int]:
        """The parameters by the names that ``psycopg.connect`` and ``psycopg2.connect`` take."""
        return {"host": self.host, "port": self.port, "user": self.user, "password": self.password,
                "dbname": self.database, "sslmode": self._mode, "gssencmode": "disable"}  # fmt: skip

    def env(self) -> dict[str, str]:
        """The environment variables that psql, and whatever else is built on libpq, reads."""
        return {"PGHOST": self.host, "PGPORT": str(self.port), "PGUSER": self.user, "PGPASSWORD": self.password,
                "PGDATABASE": self.database, "PGSSLMODE": self._mode, "PGGSSENCMODE": "disable"}  # fmt: skip

    @property
    def _mode(self) -> str:
        return "require" if self.tls else "disable"
