"""Judging a client: it is put into one scenario after the other, and what it did is held against the requirements."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from functools import partial
from queue import SimpleQueue
from typing import Final, Protocol

from pytest_aep_export.emulator.variation import PlanLike
from pytest_aep_export.judge.processes import end_all
from pytest_aep_export.judge.rules import BASIC, RULES, Rule
from pytest_aep_export.judge.scenario import Scenario
from pytest_aep_export.judge.scenarios import SCENARIOS
from pytest_aep_export.judge.staging import Played, Stage
from pytest_aep_export.judge.subject import Subject
from pytest_aep_export.judge.trace import Trace
from pytest_aep_export.judge.verdicts import Found, settled
from pytest_aep_export.suite.registry import load
from pytest_aep_export.suite.verdicts import BY_WEIGHT, Outcome, Result

__all__ = ["DEADLINE", "Judgement", "Listener", "Trial", "try_subject"]

DEADLINE: Final = 30.0
"""How many seconds a client may take for one scenario."""
_KEPT: Final = 10
"""How many exchanges of a scenario are kept with what does not hold: the first, and the last of them."""
_NAMED: Final = 3
_BLINK: Final = 0.05
_ALL: Final = "every scenario"
INTERRUPTED: Final = "it was interrupted"


@dataclass(frozen=True, slots=True)
class Trial:
    """What a client did in one scenario, and what each rule says of that; many say nothing.

    Attributes:
        scenario: The scenario.
        trace: What the client did.
        found: What the rules say, by the ids of their requirements.
        seconds: How long it took.
        known: What stands for its credentials and for the server's address in a command line, by their texts.
    """

    scenario: Scenario
    trace: Trace
    found: Found = field(default_factory=dict)
    seconds: float = 0
    known: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a client did in every scenario that it was put into.

    Attributes:
        trials: In the order of the scenarios.
        whole: Whether these were all scenarios that there are, so that a requirement of which nothing is said is one
            that was not verified, and not one that was left out.
        stopped: Why it ended early; empty when it did not.
    """

    trials: tuple[Trial, ...]
    whole: bool = True
    stopped: str = ""

    @property
    def outcomes(self) -> dict[str, tuple[Outcome, ...]]:
        """By requirement, one for each scenario that says something of it."""
        each = settled([(trial.scenario, trial.found) for trial in self.trials])
        pairs = list(zip(self.trials, each, strict=True))
        return {requirement.id: tuple(self._of(requirement.id, pairs)) for requirement in load().of("client")}

    def _of(self, requirement: str, pairs: Sequence[tuple[Trial, Found]]) -> Iterator[Outcome]:
        said = [_summed_up(found[requirement], trial) for trial, found in pairs if requirement in found]
        yield from said
        if not said and self.trials and (self.whole or all(_is_silent(trial.trace) for trial in self.trials)):
            yield _unshown(self.trials)


class Listener(Protocol):
    """Whoever wants to know how judging is getting on."""

    def started(self, scenarios: Sequence[Scenario]) -> None:
        """The client will be put into these scenarios."""

    def ended(self, trial: Trial) -> None:
        """One of them has ended; they may end in another order than that in which they began."""


class _Silent:
    def started(self, scenarios: Sequence[Scenario]) -> None:
        pass

    def ended(self, trial: Trial) -> None:
        pass


def try_subject(  # noqa: PLR0913 - one parameter for each thing that a judgement depends on
    subject: Subject,
    scenarios: Iterable[Scenario],
    listener: Listener | None = None,
    *,
    seed: int = 0,
    deadline: float = DEADLINE,
    lanes: int = 1,
    rules: Mapping[str, Rule] | None = None,
    vary: PlanLike = (),
) -> Judgement:
    """Put a client into scenarios, and judge it by what it does there. Ctrl-C ends it, and what was found is kept.

    Args:
        subject: The client.
        scenarios: What it is asked to do.
        listener: Is told of the progress.
        seed: What data and ids are derived from.
        deadline: How many seconds it may take for each.
        lanes: How many scenarios are played at the same time, each at an emulator of its own.
        rules: By which it is judged; by default those of all client requirements.
        vary: How answers vary within what is documented; of a seed each scenario has a plan of its own.

    Raises:
        ConfigurationError: The client cannot be started, or that is no plan.
    """
    chosen, hears, held = list(scenarios), listener or _Silent(), RULES if rules is None else rules
    hears.started(chosen)
    found: dict[str, Trial] = {}
    stopped = ""
    stages = [partial(Stage, virtual=subject.virtual, seed=seed, vary=vary)] * max(1, min(lanes, len(chosen)))
    try:
        with closing(_played(subject, chosen, deadline, stages)) as every:
            for scenario, played in every:
                found[scenario.id] = trial = _judged(played, scenario, held)
                hears.ended(trial)
    except KeyboardInterrupt:
        stopped = INTERRUPTED
    trials = tuple(found[each.id] for each in chosen if each.id in found)
    return Judgement(trials, found.keys() >= SCENARIOS.keys(), stopped)


def _played(
    subject: Subject, scenarios: Sequence[Scenario], deadline: float, makes: Sequence[Callable[[], Stage]]
) -> Generator[tuple[Scenario, Played], None, None]:
    """What came of each scenario, as they end."""
    with ExitStack() as open_:
        stages = [open_.enter_context(make()) for make in makes]
        if len(stages) == 1:
            yield from ((each, stages[0].play(subject, each, deadline)) for each in scenarios)
        else:
            yield from _side_by_side(subject, scenarios, deadline, stages)


def _side_by_side(
    subject: Subject, scenarios: Sequence[Scenario], deadline: float, stages: Sequence[Stage]
) -> Iterator[tuple[Scenario, Played]]:
    free: SimpleQueue[Stage] = SimpleQueue()
    done: SimpleQueue[Future[tuple[Scenario, Played]]] = SimpleQueue()
    for stage in stages:
        free.put(stage)

    def play(scenario: Scenario) -> tuple[Scenario, Played]:
        stage = free.get()
        try:
            return scenario, stage.play(subject, scenario, deadline)
        finally:
            free.put(stage)

    pool = ThreadPoolExecutor(len(stages), "aep-judge")
    plays = [pool.submit(play, scenario) for scenario in scenarios]
    try:
        for each in plays:
            each.add_done_callback(done.put)
        for _ in plays:
            yield done.get().result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        begun = [each for each in plays if not each.cancelled()]  # nobody ever tells `wait` of the others
        while wait(begun, _BLINK).not_done:
            end_all()


def _judged(played: Played, scenario: Scenario, rules: Mapping[str, Rule]) -> Trial:
    """What the rules say of what was played; where the emulator itself went wrong nothing that they say counts."""
    found = {name: said for name, rule in rules.items() if (said := tuple(_said(rule, played.trace, scenario)))}
    if _is_silent(played.trace):
        found = dict.fromkeys((*found, BASIC), (Outcome(scenario.id, Result.NOT_VERIFIED, found=_NEVER_CALLED),))
    if played.defects:
        fault = f"the emulator went wrong, which is a bug of pytest-aep-export: {'; '.join(played.defects)}"
        found = dict.fromkeys(found, (Outcome(scenario.id, Result.BROKEN, found=fault),))
    return Trial(scenario, played.trace, found, played.seconds, played.known)


def _said(rule: Rule, trace: Trace, scenario: Scenario) -> Iterator[Outcome]:
    try:
        yield from rule(trace)
    except Exception as error:  # noqa: BLE001 - whatever a rule does, the client is judged by the others
        reason = f"the rule broke down, which is a bug of pytest-aep-export: {error!r:.300}"
        yield Outcome(scenario.id, Result.BROKEN, found=reason)


def _summed_up(said: Sequence[Outcome], trial: Trial) -> Outcome:
    """The gravest of several outcomes, with what was exchanged where that is grave enough to be looked at."""
    gravest = next(each for result in BY_WEIGHT for each in said if each.result is result)
    if gravest.result is not Result.UNMET:
        return gravest
    more = sum(each.result is Result.UNMET for each in said) - 1
    every = trial.trace.exchanges
    kept = every if len(every) <= _KEPT else (every[0], *every[1 - _KEPT :])
    return replace(gravest, found=f"{gravest.found}, and {more} times more" if more else gravest.found, exchanges=kept)


def _is_silent(trace: Trace) -> bool:
    """Whether a client sent nothing to anybody."""
    return not (trace.exchanges or trace.attempts)


def _unshown(trials: Sequence[Trial]) -> Outcome:
    """What is said of a requirement of which nothing that a client did says anything."""
    if all(_is_silent(trial.trace) for trial in trials):
        return Outcome(trials[0].scenario.id, Result.NOT_VERIFIED, found=_NEVER_CALLED)
    short = [trial.scenario.id for trial in trials if not trial.trace.as_due]
    if not short:
        return Outcome(_ALL, Result.NOT_APPLICABLE, found="nothing that the client did calls for it")
    names = ", ".join(short[:_NAMED]) + ("…" if short[_NAMED:] else "")
    reason = f"nothing that the client did shows it, and {len(short)} of {len(trials)} scenarios did not end as due"
    return Outcome(_ALL, Result.NOT_VERIFIED, found=f"{reason}: {names}")


_NEVER_CALLED: Final = (
    "the client never called the server: its address is in AEP_BASE_URL and AEP_IMS_URL, what to do in AEP_TASK"
)
