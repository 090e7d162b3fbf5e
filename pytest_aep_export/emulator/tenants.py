"""Tenants: an organisation with one integration, its sandboxes, its clock, its journal and its faults.

The API isolates by organisation and sandbox; so does the emulator. Whoever wants a clean slate makes a new tenant.
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from pytest_aep_export.contract.union import Union, load_union
from pytest_aep_export.emulator import ids
from pytest_aep_export.emulator.behaviour import Behaviour
from pytest_aep_export.emulator.fault_plan import FaultPlan
from pytest_aep_export.emulator.journal import Journal
from pytest_aep_export.lifecycle import Clock
from pytest_aep_export.model import Credentials
from pytest_aep_export.profiles.policies import DEFAULT_SEGMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_aep_export.emulator.varied import Varying
    from pytest_aep_export.profiles import ProfileData

__all__ = ["DefaultData", "Organisation", "Sandbox", "Tenants"]

_DEFAULT: Final = "prod"
_DEFAULT_SEGMENTS: Final = frozenset((segment.namespace, segment.id) for segment in DEFAULT_SEGMENTS)


@dataclass(frozen=True, slots=True)
class DefaultData:
    """Makes the profile data of a sandbox that was given none.

    What a request may refer to in it is known before it is made: the default segments and datasets, the default fields.
    """

    profiles: int
    seed: int

    def __call__(self) -> ProfileData:
        """The data."""
        return _generated(self.profiles, self.seed)


@lru_cache(maxsize=2)
def _generated(profiles: int, seed: int) -> ProfileData:
    """Nobody changes profile data, so that all sandboxes may have the same."""
    from pytest_aep_export.profiles import generate  # noqa: PLC0415 - loads numpy and Arrow

    return generate(profiles, seed=seed)


class Sandbox:
    """One sandbox of an organisation and the profile data in it: its own, or default data made when first needed."""

    def __init__(self, organisation: Organisation, name: str, default: DefaultData) -> None:
        self.organisation = organisation
        self.name = name
        self.key = f"{organisation.org_id.partition('@')[0].lower()}-{name}"
        """What the store and the folders of files know this tenant by."""
        self._lock = threading.Lock()
        self._default = default
        self._own: ProfileData | None = None
        self._made: ProfileData | None = None
        self._segments: frozenset[tuple[str, str]] | None = None

    @property
    def id(self) -> str:
        """The id that services show it by."""
        return ids.uuid4("sandbox", self.key)

    @property
    def is_default(self) -> bool:
        """Whether it is the organisation's default sandbox."""
        return self.name == _DEFAULT

    @property
    def type(self) -> str:
        """What it is for, ``production`` or ``development``, as the organisation's behaviour says."""
        said = self.organisation.behaviour.sandbox_type
        if said != "named":
            return said
        return "production" if self.is_default else "development"

    @property
    def data(self) -> ProfileData:
        """The profile fragments and events that exports read."""
        with self._lock:
            if self._own is not None:
                return self._own
            if self._made is None:
                self._made = self._default()
            return self._made

    def load(self, data: ProfileData) -> None:
        """Replace the profile data."""
        with self._lock:
            self._own, self._made, self._segments = data, None, None

    @property
    def union(self) -> Union:
        """The fields that the profile data may have."""
        own = self._own
        return load_union() if own is None else own.union

    def knows(self, namespace: str, segment: str) -> bool:
        """Whether a segment is one of the default data's, or somebody in the data is or was in it.

        Args:
            namespace: The segment's namespace, in lower case.
            segment: Its id.

        Raises:
            Exception: The data is looked through for the first time, and cannot be read.
        """
        return (namespace, segment) in _DEFAULT_SEGMENTS or (namespace, segment) in self._own_segments()

    def _own_segments(self) -> frozenset[tuple[str, str]]:
        with self._lock:
            if self._own is None:
                return frozenset()
            if self._segments is None:
                from pytest_aep_export.emulator.contents import segments  # noqa: PLC0415 - loads numpy and Arrow

                self._segments = segments(self._own)
            return self._segments


class Organisation:
    """An organisation: its integration's credentials, its sandboxes, its clock, its journal and its faults.

    Attributes:
        behaviour: How the emulator acts towards it.
        usual: How it would act if nothing were varied.
        varying: What varies its answers.
    """

    def __init__(self, org_id: str, client_id: str, behaviour: Behaviour, clock: Clock, journal: Journal) -> None:
        self.org_id = org_id
        self.client_id = client_id
        self.client_secret = secrets.token_urlsafe(24)
        self.varying: Varying | None = None
        self.behaviour = self.usual = behaviour
        self.clock = clock
        self.journal = journal
        self.faults = FaultPlan()
        self.sandboxes: dict[str, Sandbox] = {}

    def act(self, usual: Behaviour, varying: Varying | None) -> None:
        """Behave so from now on, and vary answers so."""
        self.varying, self.usual = varying, usual
        self.behaviour = varying.behaviour(usual) if varying else usual

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

    def create(self, behaviour: Behaviour, clock: Clock, journal: Journal, name: str = "") -> Organisation:
        """A new organisation without sandboxes; one of that name, or the n-th without, of a seed has the same ids."""
        with self._lock:
            self._made += not name
            which = name or self._made
            org_id = ids.org_id(self._seed, which)
            client_id = ids.uuid4("client", self._seed, which).replace("-", "")
            organisation = Organisation(org_id, client_id, behaviour, clock, journal)
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
