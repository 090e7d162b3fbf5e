"""A target of the suite as fuzzing needs it: a way to send requests there, and the tenants to work in.

The embedded emulator is called in process. At a URL the run keeps to its budget. Where others work, which is at Adobe's
live service and wherever somebody says so, it also keeps to the rules of `pytest_aep_export.fuzz.safety`.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.exchange import Exchange, Request, Response
from pytest_aep_export.fuzz.cases import Who
from pytest_aep_export.fuzz.pacing import Lively, Paced
from pytest_aep_export.fuzz.parties import EndedError, HeldBackError, Parties, Send, remembered
from pytest_aep_export.fuzz.safety import PREFIX, Cautious, require_development, sandbox_path
from pytest_aep_export.fuzz.sending import HttpSend, in_process
from pytest_aep_export.fuzz.walks import cost
from pytest_aep_export.hosts import TOKEN_PATH
from pytest_aep_export.model import Credentials
from pytest_aep_export.suite.budget import BudgetError
from pytest_aep_export.suite.sending import Target

__all__ = ["RATE", "Ground", "at_emulator", "at_live", "at_url"]

RATE: Final = 2.0
"""Requests a second where others work, unless told otherwise."""

_PROFILES: Final = 20
_PART_ROWS: Final = 10
"""As few as show every case, and make files of several parts."""
_SECOND: Final = "second"
_SHORT: Final = 10.0
"""Seconds for what is asked before anything begins."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Where cases are tried.

    Attributes:
        target: What reports are to call it, and whose secrets they leave out.
        send: Sends a request there.
        parties: Makes the tenants to work in.
        renewed: Whether new tenants cost nothing, so that old ones can be left behind.
        created: What was created there and is to be cleaned up.
        rate: Requests a second, at most; None for as many as there are.
    """

    target: Target
    send: Send
    parties: Callable[[], Parties]
    renewed: bool = False
    created: tuple[Exchange, ...] | list[Exchange] = ()
    rate: float | None = None

    @property
    def room(self) -> int:
        """How many requests lifecycle walks may still send before the run has used up what it may cost."""
        budget = self.target.budget
        jobs, seconds = budget.jobs_left, budget.seconds_left
        limits = (
            budget.calls_left,
            None if jobs is None else jobs * cost(),
            None if seconds is None or self.rate is None else max(0, int(seconds * self.rate)),
        )
        return min((each for each in limits if each is not None), default=sys.maxsize)


@contextmanager
def at_emulator(dialect: str = "canonical") -> Iterator[Ground]:
    """An emulator of this process, and tenants that are made when they are needed."""
    from pytest_aep_export.contract import dialect as named  # noqa: PLC0415 - only for the emulator
    from pytest_aep_export.emulator import Behaviour, Emulator  # noqa: PLC0415 - heavy, the same
    from pytest_aep_export.emulator.journal import Journal  # noqa: PLC0415 - the same
    from pytest_aep_export.profiles.policies import DEFAULT_SEGMENTS  # noqa: PLC0415 - the same

    behaviour = Behaviour(dialect=named(dialect), part_rows=_PART_ROWS)
    segments = tuple((segment.namespace, segment.id) for segment in DEFAULT_SEGMENTS)
    known: dict[bytes, Sequence[Mapping[str, Any]]] = {}

    def parties() -> Parties:
        tenant = emulator.create_tenant(("prod", _SECOND), behaviour=behaviour)
        other = emulator.create_tenant(behaviour=behaviour)
        who: dict[Who, Credentials] = {
            "own": tenant.credentials,
            "sibling": tenant.sandbox(_SECOND).credentials,
            "other": other.credentials,
        }

        def leave() -> None:
            tenant.delete()
            other.delete()

        expected = remembered(tenant.expected, known)
        return Parties(who, expected=expected, segments=segments, dialect=dialect, leave=leave)

    with Emulator(profiles=_PROFILES, behaviour=behaviour, journal=lambda: Journal(capacity=_JOURNAL)) as emulator:
        label = f"the embedded emulator, dialect {dialect}"
        target = Target("http://testserver", Credentials("", "", ""), kind="emulator", label=label)
        try:
            yield Ground(target, in_process(emulator.app), parties, renewed=True)
        finally:
            target.close()


_JOURNAL: Final = 500
"""Exchanges that a tenant keeps; nobody reads them here."""


def at_url(target: Target) -> Ground:
    """A server at a URL that nobody else works at, so that anything may be tried."""
    who: dict[Who, Credentials] = {"own": target.credentials}
    if target.neighbours.sandbox:
        who["sibling"] = replace(target.credentials, sandbox=target.neighbours.sandbox)
    if target.neighbours.organisation:
        who["other"] = target.neighbours.organisation
    expected = target.known
    return Ground(target, _Spending(_way(target), target), lambda: Parties(who, expected=expected))


def at_live(target: Target, *, sandbox: str, rate: float = RATE, prefix: str = PREFIX) -> Ground:
    """A server where others work, in a sandbox that is for development.

    Args:
        target: Where.
        sandbox: The sandbox that was named on purpose; empty where none was.
        rate: Requests a second, at most.
        prefix: How the names begin of what is created.

    Raises:
        ConfigurationError: No sandbox was named, or nobody knows that it is for development.
        TransportError: The target does not answer.
    """
    if not sandbox:
        raise ConfigurationError(
            "no sandbox is named: set AEP_SANDBOX_NAME to one for development, which is the only place where a service "
            "that others use is fuzzed"
        )
    with target.within(_SHORT):
        shown = target.send("GET", sandbox_path(sandbox), without=("x-sandbox-name",))
    require_development(sandbox, shown.response)
    way = Paced(_way(target), rate)
    spend = _spending(target)
    who = target.credentials
    send = Cautious(way, sandbox=sandbox, org=who.org_id, prefix=prefix, spend=spend)
    own: dict[Who, Credentials] = {"own": replace(who, sandbox=sandbox)}
    return Ground(target, send, lambda: Parties(own, prefix=prefix), created=send.created, rate=rate)


def _way(target: Target) -> Send:
    """The way to a target, tokens included."""
    gateway, ims = target.base_url, target.ims_url
    if ims == gateway + TOKEN_PATH:
        return Lively(HttpSend(gateway), gateway)
    if not ims.endswith(TOKEN_PATH):
        raise ConfigurationError(f"fuzzing asks for tokens at {TOKEN_PATH}: {ims} is another place")
    return _Routed(Lively(HttpSend(gateway), gateway), HttpSend(ims.removesuffix(TOKEN_PATH)))


class _Routed:
    """Sends requests for tokens one way, all others another."""

    def __init__(self, gateway: Lively, ims: HttpSend) -> None:
        self._gateway, self._ims = gateway, ims

    async def __call__(self, request: Request) -> Response:
        return await (self._ims if request.url.startswith("/ims/") else self._gateway)(request)

    async def aclose(self) -> None:
        await asyncio.gather(self._gateway.aclose(), self._ims.aclose())


class _Spending:
    """Sends what the budget of a target still allows."""

    def __init__(self, send: Send, target: Target) -> None:
        self._send = send
        self._spend = _spending(target)

    async def __call__(self, request: Request) -> Response:
        self._spend(request.method == "POST" and request.url.startswith("/data/core/ups/export/jobs"))
        return await self._send(request)

    async def aclose(self) -> None:
        closing = getattr(self._send, "aclose", None)
        if closing is not None:
            await closing()


def _spending(target: Target) -> Callable[[bool], None]:
    """What counts the calls and jobs of a run; jobs as soon as they are asked for, so that there are never too many."""

    def spend(job: bool) -> None:  # noqa: FBT001 - the one thing that it is told
        try:
            target.budget.spend(job=job)
        except BudgetError as error:
            raise (EndedError if error.final else HeldBackError)(str(error)) from error
        if job:
            target.budget.created_job()

    return spend
