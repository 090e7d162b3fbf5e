"""That a client keeps to its requirements, as an assertion: what it breaks is told like the failure of any test."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final, Literal, TypeAlias

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.exchange import Exchange
from pytest_aep_export.judge.judging import Judgement
from pytest_aep_export.judge.verdicts import ClientVerdict, verdicts
from pytest_aep_export.suite.registry import Level
from pytest_aep_export.suite.verdicts import Outcome, Result, Verdict

__all__ = ["Strictness", "assert_conforms", "complaint", "unmet"]

Strictness: TypeAlias = Literal["MUST", "SHOULD", "MAY"]
"""The lowest level of what has to be kept."""

_LEVELS: Final = tuple(Level)
_BROKEN: Final = frozenset({Verdict.FAIL, Verdict.WARN, Verdict.INFO})
_OPEN: Final = frozenset({Verdict.ERROR, Verdict.BLOCKED, Verdict.NOT_VERIFIED})
_GRAVE: Final = frozenset({Result.UNMET, Result.BROKEN, Result.BLOCKED, Result.NOT_VERIFIED})


def assert_conforms(judgement: Judgement, level: Strictness = "MUST") -> None:
    """That a client has kept what it was judged by, and that all of it could be judged.

    Args:
        judgement: What it did in scenarios.
        level: The lowest level of what has to be kept.

    Raises:
        AssertionError: It has not; the message explains each requirement.
        ConfigurationError: There is no such level.
    """
    __tracebackhide__ = True
    found = unmet(verdicts(judgement.outcomes), level, _BROKEN | _OPEN)
    if found:
        raise AssertionError(complaint(found))


def unmet(
    judged: Iterable[ClientVerdict], level: Strictness, those: Collection[Verdict] = _BROKEN
) -> list[ClientVerdict]:
    """The verdicts of a kind on requirements of that level or a higher one, the gravest first.

    Raises:
        ConfigurationError: There is no such level.
    """
    levels = _LEVELS[: _LEVELS.index(_level(level)) + 1]
    found = [each for each in judged if each.requirement.level in levels and each.verdict in those]
    return sorted(found, key=lambda each: levels.index(each.requirement.level))


def _level(name: str) -> Level:
    """The level of that name.

    Raises:
        ConfigurationError: There is none.
    """
    try:
        return Level(name)
    except ValueError:
        raise ConfigurationError(f"{name!r:.80} is no level: use {', '.join(_LEVELS[:-1])} or {_LEVELS[-1]}") from None


def complaint(found: Collection[ClientVerdict]) -> str:
    """What is to be said of requirements that a client does not keep."""
    return "\n\n".join([f"the client does not keep {_counted(found)}:", *("\n".join(_lines(each)) for each in found)])


def _counted(found: Collection[ClientVerdict]) -> str:
    counts = {level: sum(each.requirement.level is level for each in found) for level in _LEVELS}
    return ", ".join(f"{count} {level}" for level, count in counts.items() if count)


def _lines(verdict: ClientVerdict) -> Iterator[str]:
    requirement = verdict.requirement
    grave = [each for each in verdict.outcomes if each.result in _GRAVE]
    first = grave[0]
    yield f"{requirement.id} {requirement.level}: {requirement.title}"
    yield f"  required: {requirement.statement}"
    yield from (f"  {label}: {text}" for label, text in _told(first) if text)
    if first.exchange:
        yield from (f"  {label}: {text}" for label, text in _shown(first.exchange))
    if grave[1:]:
        yield f"  also: {len(grave) - 1} times more"
    yield f"  explained by: aep-export explain {requirement.id}"


def _told(outcome: Outcome) -> Iterator[tuple[str, str]]:
    yield "scenario", "" if outcome.test == "journal" else outcome.test
    yield "expected", outcome.required
    yield "found", outcome.found
    yield "because of", outcome.cause


def _shown(exchange: Exchange) -> Iterator[tuple[str, str]]:
    request, status = exchange.request, exchange.response.status
    yield "exchange", f"{request.method} {request.path}, {f'answered with {status}' if status else 'not answered'}"
    yield "repeat it with", request.curl()
