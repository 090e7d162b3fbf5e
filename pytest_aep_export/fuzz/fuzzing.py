"""The loop: cases one after the other, what they break, each cause once and as small as it gets.

Nothing here knows what a target is: it gets a function that sends a request, and another that makes tenants to work in.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from pytest_aep_export.contract import Contract, load
from pytest_aep_export.errors import TransportError
from pytest_aep_export.exchange import Request, Response
from pytest_aep_export.fuzz.cases import Case, Step
from pytest_aep_export.fuzz.checks import Breach, Judging, breaches
from pytest_aep_export.fuzz.composing import Anything, Composer
from pytest_aep_export.fuzz.findings import Finding, cause_of
from pytest_aep_export.fuzz.hanging import HangError, Watchdog
from pytest_aep_export.fuzz.minimising import minimised
from pytest_aep_export.fuzz.parties import EndedError, HeldBackError, Parties, Send
from pytest_aep_export.fuzz.performing import Performance, perform
from pytest_aep_export.fuzz.stage import STAGE
from pytest_aep_export.fuzz.stream import stream

__all__ = ["Bounds", "Listener", "Silent", "Tally", "fuzz", "replay"]

_ALIKE: Final = 5
"""How many causes of one check and operation are kept apart; what comes then is counted only."""


_GRACE: Final = 1
"""Seconds after which a request that nothing could interrupt is ended from outside, once its time is over."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far fuzzing goes.

    Attributes:
        cases: How many cases are tried.
        seconds: How long at most; None for as long as it takes.
        patience: Seconds that one request may take; what takes longer hangs.
        findings: After so many findings it ends.
        renew: After so many cases the parties are made anew, so that what they have gathered does not grow.
    """

    cases: int = 2_000
    seconds: float | None = None
    patience: float = 30
    findings: int = 50
    renew: int = 2_000


@dataclass(slots=True)
class Tally:
    """What fuzzing has come to.

    Attributes:
        seed: The seed of the cases.
        cases: How many were tried.
        requests: How many requests they took, those of the stages included.
        seconds: How long it took.
        findings: What was found, in that order.
        judged: By source how many answers were held against it.
        first: Seconds from the start to the first finding; None without any.
        ended: Why it ended.
    """

    seed: int
    cases: int = 0
    requests: int = 0
    seconds: float = 0
    findings: list[Finding] = field(default_factory=list)
    judged: Counter[str] = field(default_factory=Counter)
    first: float | None = None
    ended: str = "all cases were tried"


class Listener(Protocol):
    """Who is told how it goes."""

    def tried(self, tally: Tally, performance: Performance) -> None:
        """A case was tried."""

    def found(self, finding: Finding) -> None:
        """Something was found, and made small."""


class Silent:
    """A listener that does nothing."""

    def tried(self, tally: Tally, performance: Performance) -> None:
        """Nothing."""

    def found(self, finding: Finding) -> None:
        """Nothing."""


def fuzz(
    send: Send,
    parties: Callable[[], Parties],
    *,
    seed: int = 0,
    bounds: Bounds | None = None,
    operations: Collection[str] = (),
    cases: Iterable[Case | Performance] | None = None,
    listener: Listener | None = None,
) -> Tally:
    """Try cases and gather what they find.

    Args:
        send: Sends a request to the target.
        parties: Makes the tenants to work in.
        seed: What the cases follow from.
        bounds: How far to go.
        operations: Only cases that have to do with one of these; none for all.
        cases: What to try; by default the stream of the seed. A performance is a case that was begun, and is gone on
            with.
        listener: Who is told how it goes.

    Raises:
        TransportError: The target does not answer at all.
    """
    chosen = stream(load(), seed, operations) if cases is None else iter(cases)
    return asyncio.run(_Loop(send, parties, seed, bounds or Bounds(), listener or Silent()).run(chosen))


def replay(finding: Finding, send: Send, parties: Callable[[], Parties], patience: float = 30) -> Finding | None:
    """Try the case of a finding again: the finding as it shows itself now, or None where it does not any more."""
    return asyncio.run(_Loop(send, parties, finding.seed, Bounds(patience=patience), Silent()).replay(finding))


def _is_same(cause: str, breach: tuple[str, Breach], wanted: str, finding: Finding) -> bool:
    """Whether something that is broken is what a finding tells; a crash is, whichever of several mistakes it shows."""
    check, broken = breach
    crash = check == finding.check == "answered" and broken.found == finding.found
    return cause == wanted or (crash and broken.attempt.step.operation == finding.operation)


class _Loop:
    """One run."""

    def __init__(
        self, send: Send, parties: Callable[[], Parties], seed: int, bounds: Bounds, listener: Listener
    ) -> None:
        self._contract: Contract = load()
        self._composer = Composer(self._contract)
        self._send_on = send
        self._make = parties
        self._bounds = bounds
        self._listener = listener
        self._tally = Tally(seed)
        self._parties: Parties | None = None
        self._names: Mapping[str, str] = {}
        self._seen: Counter[str] = Counter()
        self._begun = time.perf_counter()
        self._watchdog = Watchdog(bounds.patience + _GRACE)

    async def run(self, cases: Iterator[Case | Performance]) -> Tally:
        """Try cases until one of the bounds is reached."""
        try:
            with self._watchdog:
                await self._run(cases)
        except EndedError as end:
            self._tally.ended = str(end)
        finally:
            await self._end()
        self._tally.seconds = time.perf_counter() - self._begun
        return self._tally

    async def _run(self, cases: Iterator[Case | Performance]) -> None:
        for number, case in enumerate(cases):
            if self._reached(number):
                break
            if number % self._bounds.renew == 0:
                await self._renew()
            await self._try(case, number)
            self._tally.cases += 1

    async def replay(self, finding: Finding) -> Finding | None:
        """Try the case of one finding."""
        try:
            with self._watchdog:
                await self._renew(judged=False)
                performance = await self._perform(finding.case, self._names)
            found = self._broken(performance)
        finally:
            await self._end()
        breach = found.get(finding.cause)
        return breach and self._finding(*breach, performance, finding.number)

    def _reached(self, number: int) -> bool:
        if number >= self._bounds.cases:
            return True
        if self._bounds.seconds is not None and time.perf_counter() - self._begun >= self._bounds.seconds:
            self._tally.ended = "the time is over"
            return True
        if len(self._tally.findings) >= self._bounds.findings:
            self._tally.ended = "enough was found"
            return True
        return False

    async def _renew(self, *, judged: bool = True) -> None:
        """Make the parties anew, and what cases refer to."""
        self._leave()
        self._parties = self._make()
        self._composer = Composer(self._contract, self._parties.prefix)
        known: dict[str, str] = {}
        for who in self._parties.credentials:
            known |= self._parties.names(who)
        self._names = known
        for case in STAGE:
            if all(step.who in self._parties.credentials for step in case.steps):
                performance = await (self._try(case, -1) if judged else self._perform(case, self._names))
                self._names = {**self._names, **performance.names}

    async def _end(self) -> None:
        """Let go of the parties, and of what the way to the target holds."""
        self._leave()
        closing = getattr(self._send_on, "aclose", None)
        if closing is not None:
            await closing()

    def _leave(self) -> None:
        if self._parties is not None:
            self._parties.leave()
            self._parties = None

    async def _try(self, case: Case | Performance, number: int) -> Performance:
        begun = case if isinstance(case, Performance) else Performance(case, {})
        performance = await perform(begun.case, self._composer, self._names, self._send, begun.attempts)
        for cause, (check, breach) in self._broken(performance).items():
            await self._note(cause, check, breach, performance, number)
        self._listener.tried(self._tally, performance)
        return performance

    async def _note(self, cause: str, check: str, breach: Breach, performance: Performance, number: int) -> None:
        """Keep what was found, unless it is known."""
        alike = f"{check} {breach.attempt.step.operation}"
        if cause in self._seen or self._seen[alike] >= _ALIKE:
            self._seen[cause] += 1
            return
        self._seen.update((cause, alike))
        if self._tally.first is None:
            self._tally.first = time.perf_counter() - self._begun
        finding = await self._small(cause, self._finding(check, breach, performance, number))
        if finding.cause != cause and finding.cause in self._seen:
            self._seen[finding.cause] += 1
            return
        self._seen[finding.cause] = 1
        self._tally.findings.append(finding)
        self._listener.found(finding)

    async def _small(self, cause: str, finding: Finding) -> Finding:
        """The finding with the smallest case that has this cause."""
        best = finding

        async def shows(case: Case) -> bool:
            nonlocal best
            performance = await self._perform(case, self._names)
            found = (each for each in self._broken(performance, count=False).items() if _is_same(*each, cause, finding))
            same = next(found, None)
            if same is not None:
                best = self._finding(*same[1], performance, finding.number)
            return same is not None

        await minimised(finding.case, self._is_right, shows)
        return best

    def _is_right(self, step: Step) -> bool:
        """Whether a step without its mistakes is a request that the contract allows."""
        plain = replace(step, mistakes=())
        return step.target != "" or not self._contract.validate_request(self._composer.compose(plain, Anything()))

    def _finding(self, check: str, breach: Breach, performance: Performance, number: int) -> Finding:
        return Finding(
            check=check,
            operation=breach.attempt.step.operation,
            level=breach.level,
            source=breach.source,
            cause=cause_of(check, breach),
            required=breach.required,
            found=breach.found,
            case=performance.case,
            seed=self._tally.seed,
            number=number,
            exchanges=tuple(attempt.exchange.redacted() for attempt in performance.attempts),
            shown=performance.attempts.index(breach.attempt),
        )

    def _broken(self, performance: Performance, *, count: bool = True) -> dict[str, tuple[str, Breach]]:
        """What a case has broken, by cause."""
        assert self._parties is not None
        judging = Judging(self._contract, self._parties, self._tally.judged if count else Counter())
        found: dict[str, tuple[str, Breach]] = {}
        for check, breach in breaches(performance, judging):
            found.setdefault(cause_of(check, breach), (check, breach))
        return found

    async def _perform(self, case: Case, names: Mapping[str, str]) -> Performance:
        return await perform(case, self._composer, names, self._send)

    async def _send(self, request: Request) -> Response:
        self._tally.requests += 1
        try:
            with self._watchdog.watching():
                async with asyncio.timeout(self._bounds.patience):
                    return await self._send_on(request)
        except (TimeoutError, HangError):
            raise TransportError(f"no answer within {self._bounds.patience:g} s") from None
        except (HeldBackError, EndedError):
            self._tally.requests -= 1
            raise
