"""One emulator with a PostgreSQL server for a whole module, and a tenant that has exported its profiles."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator
from typing import Any, Self

import psycopg
import pytest

from pytest_aep_export import AepClient, Emulator, EmulatorServer, Tenant
from pytest_aep_export.emulator.query import Bounds, Login, QueryServer
from pytest_aep_export.profiles import ProfileData, load_profiles

SEGMENT = "52c26d0d-45f2-47a2-ab30-ed06abc981ff"
PEOPLE = [
    {
        "identityMap": {"ECID": [{"id": "1111", "primary": True}], "Email": [{"id": "ada@example.org"}]},
        "person": {"name": {"firstName": "Ada"}, "birthDate": "1990-01-03"},
        "segmentMembership": {
            "ups": {SEGMENT: {"status": "realized", "lastQualificationTime": "2024-04-26T15:52:25Z"}}
        },
    },
    {
        "identityMap": {"ECID": [{"id": "2222", "primary": True}, {"id": "3333"}]},
        "person": {"name": {"firstName": "Bob"}},
        "segmentMembership": {"ups": {SEGMENT: {"status": "exited", "lastQualificationTime": "2024-04-27T15:52:25Z"}}},
    },
    {"identityMap": {"ECID": [{"id": "4444", "primary": True}]}, "person": {"name": {"firstName": "Cyd"}}},
]
"""Three persons whose rows everybody can count."""


class World:
    """An emulator with both of its servers.

    Attributes:
        emulator: The emulator.
        http: Its API.
        query: Its SQL.
    """

    def __init__(self, emulator: Emulator, http: EmulatorServer, query: QueryServer) -> None:
        self.emulator = emulator
        self.http = http
        self.query = query

    def tenant(self, *sandboxes: str, people: Any = PEOPLE) -> Tenant:
        """A new tenant that has these persons, each in a row of their own; None has none loaded."""
        names = sandboxes or ("prod",)
        data = None if people is None else (lambda: loaded(people))
        return self.emulator.create_tenant(names, data=data)

    def export(self, tenant: Tenant, name: str, *, dataset: str = "", **options: Any) -> str:
        """The id of a dataset of that name, made unless it is given, once all profiles were exported to it."""
        clock = tenant.clock
        with AepClient(
            tenant.credentials,
            base_url=self.http.url,
            pause=lambda seconds: clock.advance(seconds=seconds),
            now=lambda: clock.now() / 1000,
        ) as client:
            dataset = dataset or client.create_dataset(name).id
            client.wait_for_export_job(client.create_export_job(dataset_id=dataset, **options))
        return dataset

    def connect(self, tenant: Tenant) -> psycopg.Connection:
        """A connection of psycopg's in which every statement is on its own."""
        return psycopg.connect(**self.query.login(tenant).parameters, autocommit=True)  # type: ignore[arg-type]


def loaded(people: list[dict[str, Any]]) -> ProfileData:
    """Profile data of these rows."""
    return load_profiles(people)


@pytest.fixture(scope="module")
def bounds() -> Bounds | None:
    """What the server puts up with; modules that try it have others."""
    return None


@pytest.fixture(scope="module")
def world(bounds: Bounds | None) -> Iterator[World]:
    """An emulator and its servers."""
    with (
        Emulator(profiles=0) as emulator,
        EmulatorServer(emulator) as http,
        QueryServer(emulator, bounds=bounds) as query,
    ):
        yield World(emulator, http, query)


@pytest.fixture(scope="module")
def tenant(world: World) -> Tenant:
    """A tenant whose three persons are in the table ``people``."""
    made = world.tenant()
    world.export(made, "People")
    return made


@pytest.fixture(scope="module")
def login(world: World, tenant: Tenant) -> Login:
    """How to log in as that tenant."""
    return world.query.login(tenant)


@pytest.fixture(scope="module")
def connection(world: World, tenant: Tenant) -> Iterator[psycopg.Connection]:
    """A connection of that tenant's."""
    with world.connect(tenant) as made:
        yield made


@pytest.fixture(scope="module")
def ask(connection: psycopg.Connection) -> Callable[..., list[tuple[Any, ...]]]:
    """Asks a statement, with parameters where it has any, and gives the rows."""

    def ask(sql: Any, *parameters: Any) -> list[tuple[Any, ...]]:
        return connection.execute(sql, parameters or None).fetchall()

    return ask


class Raw:
    """A client that says whatever it is told to."""

    def __init__(self, login: Login) -> None:
        self.login = login
        self.socket = socket.create_connection((login.host, login.port), timeout=10)

    def send(self, data: bytes) -> Raw:
        """Send bytes."""
        self.socket.sendall(data)
        return self

    def start(self, version: int = 3 << 16, **changes: str) -> Raw:
        """Say who it is, as the login has it but for changes."""
        said = {"user": self.login.user, "database": self.login.database} | changes
        body = b"".join(f"{name}\0{value}\0".encode() for name, value in said.items()) + b"\0"
        return self.send(struct.pack("!ii", len(body) + 8, version) + body)

    def enter(self) -> Raw:
        """Log in, and read until the server is ready."""
        self.start().say(b"p", self.login.password.encode() + b"\0")
        while self.receive()[0] != b"Z":
            pass
        return self

    def say(self, tag: bytes, body: bytes, length: int | None = None) -> Raw:
        """Send a message; its length may be a lie."""
        return self.send(tag + struct.pack("!i", len(body) + 4 if length is None else length) + body)

    def receive(self) -> tuple[bytes, bytes]:
        """The next message: its kind and what is in it; empty at the end."""
        head = self._exactly(5)
        return (head[:1], self._exactly(struct.unpack("!i", head[1:])[0] - 4)) if len(head) == 5 else (b"", b"")

    def failure(self) -> str:
        """The code and the message of the next error; empty when the connection ends without one."""
        while (message := self.receive())[0] not in (b"E", b""):
            pass
        fields = {part[:1]: part[1:] for part in message[1].decode().split("\0") if part}
        return f"{fields['C']} {fields['M']}" if fields else ""

    def _exactly(self, count: int) -> bytes:
        found = b""
        while len(found) < count and (data := self.socket.recv(count - len(found))):
            found += data
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()


@pytest.fixture
def raw(login: Login) -> Iterator[Raw]:
    """A client that says whatever it is told to."""
    with Raw(login) as made:
        yield made
