"""The stage: an emulator of its own, where one scenario after the other is set up, played and gone again.

Each scenario has a tenant of its own, whose data and ids follow from a seed; what is gathered when the client has ended
is a `Trace`. A client that waits by the tenant's clock finds it standing still; for any other it follows the wall.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from pytest_aep_export.credentials import environment_for
from pytest_aep_export.emulator import Emulator, EmulatorServer
from pytest_aep_export.emulator.faults import Delay, Fault
from pytest_aep_export.emulator.tenants import DefaultData
from pytest_aep_export.emulator.variation import PlanLike, draw
from pytest_aep_export.judge.gathering import sandbox_of, sorted_out, truth_of, unpacked
from pytest_aep_export.judge.history import add_jobs
from pytest_aep_export.judge.scenario import Scenario
from pytest_aep_export.judge.subject import Subject, Surroundings
from pytest_aep_export.judge.trace import Attempt, Trace
from pytest_aep_export.lifecycle import Clock

if TYPE_CHECKING:
    from pytest_aep_export.emulator import Tenant
    from pytest_aep_export.proxy import Proxy

__all__ = ["Played", "Stage"]

_VARIABLES: Final = ("AEP_TARGET", "AEP_CLIENT_ID", "AEP_CLIENT_SECRET")


@dataclass(frozen=True, slots=True)
class Played:
    """What came of one scenario.

    Attributes:
        trace: What the client did.
        seconds: How long it took.
        defects: What the emulator did wrong that nobody had asked for: nothing, or this package has a bug.
        known: What stands for its credentials and for the server's address in a command line, by their texts.
    """

    trace: Trace
    seconds: float
    defects: tuple[str, ...]
    known: Mapping[str, str]


class Stage:
    """An emulator that serves scenarios while the context lasts.

    Programs that insist on Adobe's hosts are led to it by a proxy, where the extra ``tls`` is installed.

    Args:
        virtual: Whether time stands still unless the client moves it.
        seed: What data and ids are derived from.
        vary: How answers vary; of a seed each scenario has a plan of its own.
    """

    def __init__(self, *, virtual: bool, seed: int = 0, vary: PlanLike = ()) -> None:
        self._virtual = virtual
        self._seed = seed
        self._vary = vary
        self._emulator = Emulator(seed=seed, clock=Clock if virtual else _wall_clock)
        self._server = EmulatorServer(self._emulator)
        self._proxy: Proxy | None = None
        self._open = ExitStack()

    def __enter__(self) -> Self:
        import pytest_aep_export.exporter.running  # noqa: F401, PLC0415 - heavy, and no client should wait for it

        self._open.enter_context(self._emulator)
        self._open.enter_context(self._server)
        if not self._virtual and find_spec("trustme"):
            self._proxy = self._open.enter_context(_proxied(self._emulator))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def play(self, subject: Subject, scenario: Scenario, deadline: float) -> Played:
        """Set a scenario up, let the client do what it asks for, and gather what came of it."""
        begun, known = time.perf_counter(), len(self._emulator.defects)
        data = DefaultData(scenario.profiles, self._seed)
        tenant = self._emulator.create_tenant(behaviour=scenario.behaviour, data=data, name=scenario.id)
        try:
            before = add_jobs(self._emulator.state, sandbox_of(self._emulator, tenant), scenario.jobs)
            tenant.vary(_plan(self._vary, scenario.id))
            tenant.faults.add(*(map(_without_wait, scenario.faults) if subject.virtual else scenario.faults))
            with tempfile.TemporaryDirectory(prefix="aep-judge-", ignore_cleanup_errors=True) as folder:
                where = self._surroundings(tenant, scenario, Path(folder), deadline)
                trace = self._performed(subject, scenario, where, tenant, before)
        finally:
            tenant.delete()
        variables = {where.environ[name]: name for name in _VARIABLES}
        variables |= dict.fromkeys(trace.truth.secrets[1:], "AEP_TOKEN")
        return Played(trace, time.perf_counter() - begun, self._emulator.defects[known:], variables)

    def _surroundings(self, tenant: Tenant, scenario: Scenario, folder: Path, deadline: float) -> Surroundings:
        told = {
            "AEP_TASK": scenario.task,
            "AEP_POLL_SECONDS": f"{scenario.poll:g}",
            "AEP_TIMEOUT_SECONDS": f"{scenario.patience:g}",
            "AEP_OUTPUT_DIR": str(folder),
        }
        proxied = self._proxy.env() if self._proxy else {}
        environ = proxied | environment_for(tenant.credentials, self._server.url) | told
        return Surroundings(
            self._server.url, tenant.credentials, tenant.clock, folder, environ, deadline, lambda: len(tenant.journal)
        )

    def _performed(
        self, subject: Subject, scenario: Scenario, where: Surroundings, tenant: Tenant, before: frozenset[str]
    ) -> Trace:
        stray, proxy = self._emulator.state.stray, self._proxy
        strays, refused = stray.recorded, proxy.refused if proxy else 0
        performance = subject.perform(scenario, where)
        exchanges = tuple(map(unpacked, (*tenant.journal.exchanges, *stray.since(strays))))
        truth = truth_of(self._emulator, tenant, before, exchanges)
        here, elsewhere = sorted_out(exchanges, where.url, truth.secrets)
        refusals = proxy.refusals_since(refused) if proxy else ()
        attempts = (*elsewhere, *(Attempt(each.host, each.how, each.secrets) for each in refusals))
        return Trace(here, scenario, performance, truth, attempts)


@contextmanager
def _proxied(emulator: Emulator) -> Iterator[Proxy]:
    from pytest_aep_export.proxy import Authority, Proxy  # noqa: PLC0415 - of an extra

    with (
        Authority() as authority,
        EmulatorServer(emulator, tls=authority.context) as secure,
        Proxy(secure.port, authority, loop=secure.loop) as proxy,
    ):
        yield proxy


def _without_wait(fault: Fault) -> Fault:
    """The fault, but no time really passes: a client that waits by the tenant's clock would not notice."""
    return replace(fault, effect=replace(fault.effect, wait=0)) if isinstance(fault.effect, Delay) else fault


def _plan(vary: PlanLike, scenario: str) -> PlanLike:
    """The plan of one scenario."""
    if isinstance(vary, str) and vary.strip().isdecimal():
        vary = int(vary)
    return draw(f"{vary}/{scenario}") if isinstance(vary, int) else vary or ()


def _wall_clock() -> Clock:
    return Clock(_now(), _now)


def _now() -> int:
    return time.time_ns() // 1_000_000
