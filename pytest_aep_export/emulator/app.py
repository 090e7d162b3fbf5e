"""The emulator: the services of the contract over one state, as an ASGI application, and its tenants.

The same application is served on loopback by `server.EmulatorServer` and called in process.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from pytest_aep_export.contract import load
from pytest_aep_export.emulator import catalog, jobs, merge_policies, segment_definitions
from pytest_aep_export.emulator.advance import advance
from pytest_aep_export.emulator.behaviour import Behaviour
from pytest_aep_export.emulator.gateway import Gateway
from pytest_aep_export.emulator.journal import Journal
from pytest_aep_export.emulator.state import State
from pytest_aep_export.emulator.store import Store
from pytest_aep_export.emulator.tenants import DefaultData, Organisation, Sandbox, Tenants
from pytest_aep_export.emulator.tokens import Tokens
from pytest_aep_export.emulator.truth import expected
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.lifecycle import Cause, Clock
from pytest_aep_export.model import Credentials, ExportJob, MergePolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Executor
    from types import TracebackType

    from starlette.types import ASGIApp

    from pytest_aep_export.emulator.choices import Level
    from pytest_aep_export.emulator.fault_plan import FaultPlan
    from pytest_aep_export.emulator.variation import Plan, PlanLike
    from pytest_aep_export.emulator.varied import Varying
    from pytest_aep_export.exchange import Exchange
    from pytest_aep_export.profiles import ProfileData

__all__ = ["Emulator", "Tenant"]

_SANDBOX: Final = re.compile(r"[a-z][a-z0-9-]{0,199}")
"""A sandbox's name is part of a folder's, and no file system takes one that is much longer."""


class Tenant:
    """An organisation's sandbox in the emulator, seen from a test: who may call, what it holds, what was exchanged.

    Attributes:
        credentials: What a client needs to work as this tenant.
    """

    def __init__(self, emulator: Emulator, organisation: Organisation, sandbox: Sandbox) -> None:
        self._emulator = emulator
        self._organisation = organisation
        self._sandbox = sandbox
        self.credentials: Credentials = organisation.credentials(sandbox.name)

    @property
    def clock(self) -> Clock:
        """The organisation's clock: progress, tokens and ``Date`` read it."""
        return self._organisation.clock

    @property
    def journal(self) -> Journal:
        """What the organisation exchanged with the emulator."""
        return self._organisation.journal

    @property
    def faults(self) -> FaultPlan:
        """What goes wrong on the way between the organisation and the emulator."""
        return self._organisation.faults

    @property
    def behaviour(self) -> Behaviour:
        """How the emulator acts towards this organisation; may be replaced at any time."""
        return self._organisation.behaviour

    @behaviour.setter
    def behaviour(self, behaviour: Behaviour) -> None:
        self._organisation.act(behaviour, self._organisation.varying)

    def vary(self, plan: PlanLike, level: Level = "documented") -> Plan:
        """Vary every answer from now on, within what is documented unless the plan says more.

        What the tenant's behaviour already chooses stays. An empty plan varies nothing.

        Args:
            plan: A seed; or a plan of variations, or its JSON, or a file that holds it.
            level: What a seed draws: ``documented`` variations, or one of ``damage``, which no source allows.

        Returns:
            The plan.

        Raises:
            ConfigurationError: The plan is none.
        """
        varying = _varying(plan, level)
        self._organisation.act(self._organisation.usual, varying)
        return varying.plan if varying else ()

    @property
    def data(self) -> ProfileData:
        """The profile fragments and events that exports read."""
        return self._sandbox.data

    def load(self, data: ProfileData) -> None:
        """Replace the profile data; the datasets that it comes from are in Catalog from now on.

        Raises:
            ConfigurationError: It is something else.
        """
        from pytest_aep_export.emulator.contents import datasets  # noqa: PLC0415 - loads numpy and Arrow
        from pytest_aep_export.profiles import ProfileData  # noqa: PLC0415 - the same

        if not isinstance(data, ProfileData):
            raise ConfigurationError(f"profile data is a ProfileData, as generate() makes it, not {data!r:.80}")
        catalog.add(self._emulator.state.store, self._sandbox, datasets(data))
        self._sandbox.load(data)

    def add_merge_policy(self, policy: MergePolicy) -> None:
        """Give the sandbox a merge policy; it takes the place of one with its id, and of a default if it is one itself.

        Raises:
            ConfigurationError: No export can use it.
        """
        merge_policies.add(self._emulator.state.store, self._sandbox, policy)

    def expected(self, asked: Mapping[str, Any] | ExportJob) -> list[dict[str, Any]]:
        """The rows that an export of the profile data must have, by the oracle: a second computation in plain Python.

        They have the form of ``pyarrow.Table.to_pylist()`` and come batch by batch in the order of an export; one that
        is shuffled has them in another. It takes its time: about a second for some thousand profiles.

        Args:
            asked: The body of a job request, or a job of this tenant.

        Raises:
            ConfigurationError: There is no such job, or no merge policy for the request.
            InvalidExportError: The request asks for what cannot be.
        """
        return expected(self._emulator.state.store, self._sandbox, asked)

    def step(self, job_id: int) -> ExportJob:
        """Move a job one step, whatever its progression waits for.

        Raises:
            ConfigurationError: The tenant has no such job.
        """
        state = self._emulator.state
        job = jobs.find(state.store, self._sandbox.key, str(job_id))
        if job is None:
            raise ConfigurationError(f"export job {job_id} cannot be moved: this tenant has no such job")
        job = advance(state, self._sandbox, job, Cause.STEPPED)
        return ExportJob.from_json(job.show(self.behaviour.dialect, self.credentials.org_id))

    def sandbox(self, name: str) -> Tenant:
        """Another sandbox of the same organisation, made if it is not there."""
        return self._emulator.tenant_of(self._organisation, name, self._emulator.default_data)

    def delete(self) -> None:
        """Remove the organisation: its credentials and tokens stop working, its state and files are gone."""
        self._emulator.delete(self._organisation)


class Emulator:
    """Adobe's profile-export-jobs API and its neighbours, in a box.

    Args:
        seed: What ids and default profile data are derived from.
        behaviour: How it acts where the sources leave a choice.
        state: A folder to keep state in across restarts; by default it is gone when the emulator is closed.
        profiles: How many profiles each sandbox has by default.
        clock: Makes the clock of each organisation; by default time stands still until it is advanced.
        journal: Makes the journal of each organisation, and that of exchanges that belong to none.
        executor: Computes the partitions of exports; by default threads of this process. Whoever gives it shuts it
            down.

    Raises:
        ConfigurationError: The state folder cannot be used.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        behaviour: Behaviour | None = None,
        state: Path | None = None,
        profiles: int = 100,
        clock: Callable[[], Clock] = Clock,
        journal: Callable[[], Journal] = Journal,
        executor: Executor | None = None,
    ) -> None:
        self.behaviour = behaviour or Behaviour()
        self._profiles = profiles
        self._clock = clock
        self._journal = journal
        self._varying: Varying | None = None
        self._temporary = None if state else tempfile.mkdtemp(prefix="aep-export-")
        folder = _prepare(state) if state else Path(str(self._temporary))
        self.state = State(
            contract=load(),
            store=Store(state and folder / "state.sqlite"),
            folder=folder / "files",
            tenants=Tenants(seed),
            tokens=Tokens(),
            seed=seed,
            clock=clock(),
            executor=executor,
            stray=journal(),
        )
        self.app: ASGIApp = Gateway(self.state)

    @property
    def default_data(self) -> DefaultData:
        """What makes the profile data of a sandbox that was given none."""
        return DefaultData(self._profiles, self.state.seed)

    def create_tenant(
        self,
        sandboxes: Sequence[str] = ("prod",),
        *,
        behaviour: Behaviour | None = None,
        data: Callable[[], ProfileData] | None = None,
        name: str = "",
    ) -> Tenant:
        """A new organisation with sandboxes of these names, as the tenant of the first of them.

        Args:
            sandboxes: Names, or a single one: lower-case letters, digits and dashes.
            behaviour: How the emulator acts towards it; by default as towards all.
            data: Makes the profile data of each sandbox, at once; by default there are fake profiles, which are made
                when they are first needed.
            name: What its ids are derived from, of its own among all; by default how many there were before.

        Raises:
            ConfigurationError: There is no sandbox, or its name is not one.
        """
        if not sandboxes:
            raise ConfigurationError("a tenant needs a sandbox to work in: name at least one")
        organisation = self.state.tenants.create(behaviour or self.behaviour, self._clock(), self._journal(), name)
        organisation.act(organisation.usual, self._varying)
        names = [sandboxes] if isinstance(sandboxes, str) else sandboxes
        made = [self.tenant_of(organisation, name, data or self.default_data) for name in names]
        return made[0]

    def vary(self, plan: PlanLike, level: Level = "documented") -> Plan:
        """Vary every answer to the tenants that are made from now on, as `Tenant.vary` does for one.

        Raises:
            ConfigurationError: The plan is none.
        """
        self._varying = _varying(plan, level)
        return self._varying.plan if self._varying else ()

    def tenant_of(self, organisation: Organisation, name: str, data: Callable[[], ProfileData]) -> Tenant:
        """The organisation's sandbox of that name, made if it is not there."""
        if not _SANDBOX.fullmatch(name):
            raise ConfigurationError(
                f"{name!r} is not a sandbox's name: use lower-case letters, digits and dashes, 200 at most"
            )
        if name not in organisation.sandboxes:
            own = None if isinstance(data, DefaultData) else data()
            sandbox = Sandbox(organisation, name, data if isinstance(data, DefaultData) else self.default_data)
            organisation.sandboxes[name] = sandbox
            newest = self.state.store.latest(sandbox.key)
            if newest is None:
                catalog.seed(self.state.store, sandbox)
                merge_policies.seed(self.state.store, sandbox)
                segment_definitions.seed(self.state.store, sandbox)
            else:
                organisation.clock.reach(newest)  # what is made from now on is newer than what was kept
            if own is not None:
                Tenant(self, organisation, sandbox).load(own)
        return Tenant(self, organisation, organisation.sandboxes[name])

    def delete(self, organisation: Organisation) -> None:
        """Forget an organisation and all that belongs to it."""
        self.state.tenants.remove(organisation)
        for sandbox in organisation.sandboxes.values():
            self.state.store.drop(sandbox.key)
            shutil.rmtree(self.state.folder / sandbox.key, ignore_errors=True)

    @property
    def stray(self) -> tuple[Exchange, ...]:
        """The exchanges that belong to no organisation."""
        return self.state.stray.exchanges

    @property
    def defects(self) -> tuple[str, ...]:
        """Crashes, and answers that the emulator's own contract does not allow: none, or this package has a bug."""
        return tuple(self.state.defects)

    def close(self) -> None:
        """Let go of the state; without a state folder it is gone."""
        self.state.store.close()
        if self._temporary:
            shutil.rmtree(self._temporary, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _varying(plan: PlanLike, level: Level) -> Varying | None:
    from pytest_aep_export.emulator.variation import plan_from  # noqa: PLC0415 - few ever vary anything
    from pytest_aep_export.emulator.varied import Varying  # noqa: PLC0415 - the same

    found = plan_from(plan, level)
    return Varying(found) if found else None


def _prepare(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"the state folder {folder} cannot be used ({error}): name another one") from error
    return folder
