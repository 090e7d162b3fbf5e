"""Tenants: an organisation with one integration, its sandboxes, its clock and its journal.

The API isolates by organisation and sandbox; so does the emulator. Whoever wants a clean slate makes a new tenant.
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from pytest_aep_export.contract.dialects import CANONICAL, Dialect
from pytest_aep_export.emulator import ids
from pytest_aep_export.emulator.journal import Journal
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.lifecycle import Clock, Progression
from pytest_aep_export.model import Credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_aep_export.profiles import ProfileData

__all__ = ["Behaviour", "Organisation", "Sandbox", "Tenants"]


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the emulator acts where the sources leave a choice.

    Attributes:
        dialect: Which documented variant it speaks.
        progression: How new jobs advance.
        page_limit: How many jobs a page lists when the request does not say; undocumented (D-66).
        cancel_finished: Whether cancelling a job that has ended is accepted without effect, or refused (D-6).
        part_rows: Rows in one part file of an export.
    """

    dialect: Dialect = CANONICAL
    progression: Progression = field(default_factory=Progression)
    page_limit: int = 100
    cancel_finished: Literal["accept", "refuse"] = "accept"
    part_rows: int = 250_000

    def __post_init__(self) -> None:
        """Refuse what cannot work.

        Raises:
            ConfigurationError: A number is not one or less than 1, or a word is none of the choices.
        """
        for name in ("page_limit", "part_rows"):
            value = getattr(self, name)
            if type(value) is not int or value < 1:
                raise ConfigurationError(f"{name} {value!r} cannot be used: expected a whole number from 1 on")
        if self.cancel_finished not in {"accept", "refuse"}:
            raise ConfigurationError(f"cancel_finished {self.cancel_finished!r} is unknown: use accept or refuse")


class Sandbox:
    """One sandbox of an organisation and the profile data in it, which is made when it is first needed."""

    def __init__(self, organisation: Organisation, name: str, data: Callable[[], ProfileData]) -> None:
        self.organisation = organisation
        self.name = name
        self.key = f"{organisation.org_id.partition('@')[0].lower()}-{name}"
        """What the store and the folders of files know this tenant by."""
        self._lock = threading.Lock()
        self._make = data
        self._data: ProfileData | None = None

    @property
    def data(self) -> ProfileData:
        """The profile fragments and events that exports read."""
        with self._lock:
            if self._data is None:
                self._data = self._make()
            return self._data

    def load(self, data: ProfileData) -> None:
        """Replace the profile data."""
        with self._lock:
            self._data = data


class Organisation:
    """An organisation: its integration's credentials, its sandboxes, its clock and its journal."""

    def __init__(self, org_id: str, client_id: str, behaviour: Behaviour, clock: Clock) -> None:
        self.org_id = org_id
        self.client_id = client_id
        self.client_secret = secrets.token_urlsafe(24)
        self.behaviour = behaviour
        self.clock = clock
        self.journal = Journal()
        self.sandboxes: dict[str, Sandbox] = {}

    def accepts(self, client_secret: str) -> bool:
        """Whether this is the integration's secret."""
        return secrets.compare_digest(client_secret.encode(), self.client_secret.encode())

    def credentials(self, sandbox: str) -> Credentials:
        """What a client needs to work in that sandbox."""
        return Credentials(self.client_id, self.client_secret, self.org_id, sandbox)


class Tenants:
    """Every organisation, by its id and by its integration's client id."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._lock = threading.Lock()
        self._made = 0
        self._by_org: dict[str, Organisation] = {}
        self._by_client: dict[str, Organisation] = {}

    def create(self, behaviour: Behaviour, clock: Clock) -> Organisation:
        """A new organisation without sandboxes; the n-th of a seed always has the same ids."""
        with self._lock:
            self._made += 1
            org_id = ids.org_id(self._seed, self._made)
            client_id = ids.uuid4("client", self._seed, self._made).replace("-", "")
            organisation = Organisation(org_id, client_id, behaviour, clock)
            self._by_org[org_id] = self._by_client[client_id] = organisation
            return organisation

    def remove(self, organisation: Organisation) -> None:
        """Forget an organisation; its tokens and keys are no longer valid."""
        with self._lock:
            self._by_org.pop(organisation.org_id, None)
            self._by_client.pop(organisation.client_id, None)

    def by_org(self, org_id: str) -> Organisation | None:
        """The organisation that has this id."""
        return self._by_org.get(org_id)

    def by_client(self, client_id: str) -> Organisation | None:
        """The organisation whose integration has this client id."""
        return self._by_client.get(client_id)

    def __iter__(self) -> Iterator[Organisation]:
        return iter(tuple(self._by_org.values()))
