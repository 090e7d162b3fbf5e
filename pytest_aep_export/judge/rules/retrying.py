"""What goes wrong on the way: tried again where that helps, as late as told, not for ever, and never what was refused.

It takes answers of 429 and 503 with and without Retry-After, once and for ever; refusals; answers that are no JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import Final

from pytest_aep_export.exchange import Exchange
from pytest_aep_export.judge.rules.findings import Rule, charge, finding, how_it_ended, unsure
from pytest_aep_export.judge.rules.polling import hurried
from pytest_aep_export.judge.rules.reading import (
    CREATE,
    DATASET,
    ENTRIES,
    FILES,
    LIST,
    LOOK,
    TOKENS,
    accepted,
    again,
    document,
    guarded,
    line,
    lost,
    of,
    refused,
)
from pytest_aep_export.judge.trace import Trace
from pytest_aep_export.suite.verdicts import Outcome

__all__ = ["RULES"]

_TOO_MANY: Final = 429
_UNAVAILABLE: Final = 503
_MISSING: Final = 404
_FAILING: Final = frozenset({429, 500, 502, 503, 504})
_REPEATABLE: Final = frozenset({401, 408, 416, 425, 429})
"""Refusals after which the same request makes sense: with another token, later, or from another byte on."""
_PATIENCE: Final = 60_000
"""How many ms a client may be told to wait before it may well give up instead."""
_TOLERANCE: Final = 100
"""How many ms sooner a client may come: its clock is its own."""
_SECOND: Final = 1000
"""A date of HTTP is no more exact, in ms."""
_NO_PAUSE: Final = 20
"""In ms."""
_ATTEMPTS: Final = 3
_MANY: Final = 10
"""So many attempts in vain, without an end, are without end."""
_BORNE: Final = 3
"""So often may what is missing be asked for again: it may appear yet."""
_JSON: Final = (LIST, LOOK, CREATE, DATASET, FILES, *TOKENS)


def _tries_again_after_429(trace: Trace) -> Iterator[Outcome]:
    return _tries_again(trace, _TOO_MANY)


def _tries_again_after_503(trace: Trace) -> Iterator[Outcome]:
    return _tries_again(trace, _UNAVAILABLE)


def _tries_again(trace: Trace, status: int) -> Iterator[Outcome]:
    """Once is enough: a client may give up after it has tried again, or where it is told to wait for long."""
    for requests in _repetitions(trace):
        for place, exchange in enumerate(requests):
            if exchange.response.status != status or exchange.request.method not in {"GET", "HEAD"}:
                continue
            met = place + 1 < len(requests) or (place > 0 and _fails(requests[place - 1]))
            if met or ((_told(exchange) or 0) <= _PATIENCE and trace.performance.end != "timeout"):
                required = f"what was answered with {status} is asked for again"
                yield charge(trace, exchange, required, "it was not", met=met)


def _waits_for_seconds(trace: Trace) -> Iterator[Outcome]:
    return _waits(trace, dated=False, tolerance=_TOLERANCE)


def _waits_for_the_date(trace: Trace) -> Iterator[Outcome]:
    return _waits(trace, dated=True, tolerance=_TOLERANCE + _SECOND)


def _waits(trace: Trace, *, dated: bool, tolerance: int) -> Iterator[Outcome]:
    for exchange in trace.exchanges:
        told = _told(exchange)
        if exchange.response.status not in {_TOO_MANY, _UNAVAILABLE} or told is None or _is_dated(exchange) != dated:
            continue
        following = again(trace, exchange)
        if following is not None:
            gap = following.at - exchange.at
            required = f"the request is sent again after {told / _SECOND:g} s"
            yield finding(trace, following, required, f"after {gap / _SECOND:g} s", met=gap >= told - tolerance)


def _told(exchange: Exchange) -> float | None:
    """How many ms an answer asks to wait; a date is measured against the answer's own."""
    text = exchange.response.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text) * _SECOND
    until = _moment(text)
    return None if until is None else until - (_moment(exchange.response.headers.get("date", "")) or exchange.at)


def _is_dated(exchange: Exchange) -> bool:
    return not exchange.response.headers.get("retry-after", "").strip().isdigit()


def _moment(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp() * _SECOND
    except ValueError:
        return None


def _pauses(trace: Trace) -> Iterator[Outcome]:
    """Three attempts in a row are judged, of which the first two failed: one of the two pauses has to be one."""
    for requests in _repetitions(trace):
        for first, second, third in zip(requests, requests[1:], requests[2:], strict=False):
            if all(_is_in_vain(each) for each in (first, second)):
                gaps = [second.at - first.at, third.at - second.at]
                met = not all(hurried(gap, _NO_PAUSE) for gap in gaps)
                found = f"they came {' and '.join(map(str, gaps))} ms after each other"
                yield charge(trace, third, "there is a pause between attempts", found, met=met)


def _is_in_vain(exchange: Exchange) -> bool:
    """Whether an attempt failed without a time to wait, and brought nothing: who got some bytes may go on at once."""
    return _fails(exchange) and _told(exchange) is None and not (exchange.response.cut and exchange.response.body)


def _gives_up(trace: Trace) -> Iterator[Outcome]:
    tail = _last_attempts(trace)
    if trace.scenario is None or len(tail) < _ATTEMPTS:
        return
    if trace.performance.end == "failure":
        yield finding(trace, tail[-1], "", "", met=True)
    elif trace.performance.end == "timeout" and len(tail) > _MANY:
        found = f"{len(tail)} attempts, and no end"
        yield finding(trace, tail[-1], "a request that always fails is given up", found, met=False)
    elif trace.performance.end == "timeout":
        yield unsure(trace, f"after {len(tail)} attempts there was no more time")


def _last_attempts(trace: Trace) -> list[Exchange]:
    """The attempts that failed, one after the other, at what was asked for last."""
    last = (guarded(trace) or trace.exchanges)[-1:]
    attempts = [each for each in trace.exchanges if last and line(each) == line(last[0])]
    failing: list[Exchange] = []
    for each in attempts:
        failing = [*failing, each] if _fails(each) or refused(each) else []
    return failing


def _repeats_no_refusal(trace: Trace) -> Iterator[Outcome]:
    for requests in _repetitions(trace):
        borne = 0
        for exchange, following in pairwise([*requests, None]):
            if exchange is None or not refused(exchange) or exchange.response.status in _REPEATABLE:
                continue
            repeated = following is not None and _is_same(exchange, following)
            borne += exchange.response.status == _MISSING and repeated
            met = not repeated or (exchange.response.status == _MISSING and borne <= _BORNE)
            found = f"the same request again after {exchange.response.status}"
            yield charge(trace, following if not met else None, "what was refused is not repeated", found, met=met)


def _is_same(one: Exchange, other: Exchange) -> bool:
    token = "authorization"  # noqa: S105 - the name of a header
    same = one.request.headers.get(token) == other.request.headers.get(token)
    return same and one.request.body == other.request.body


def _takes_nothing_unreadable(trace: Trace) -> Iterator[Outcome]:
    end = trace.performance.end
    unread = [each for each in of(trace, *_JSON, ENTRIES) if _is_unreadable(each)]
    if trace.scenario is None or end == "unknown" or not unread:
        return
    met = end == "failure" or (end == "success" and trace.scenario.ending != "failure")
    required = "what is no answer is neither taken for one nor breaks the client"
    yield finding(trace, unread[-1], required, how_it_ended(trace), met=met)


def _is_unreadable(exchange: Exchange) -> bool:
    if exchange.operation == ENTRIES and "path" in exchange.request.query:
        return False
    return not exchange.response.status or (accepted(exchange) and document(exchange) is None)


def _fails(exchange: Exchange) -> bool:
    return lost(exchange) or exchange.response.status in _FAILING


def _repetitions(trace: Trace) -> Iterator[list[Exchange]]:
    """Requests of the same method, path and query, those of each in order."""
    found: dict[tuple[str, str, str], list[Exchange]] = {}
    for exchange in guarded(trace):
        found.setdefault(line(exchange), []).append(exchange)
    yield from found.values()


RULES: Final[Mapping[str, Rule]] = {
    "EXP-CLI-038": _tries_again_after_429,
    "EXP-CLI-039": _tries_again_after_503,
    "EXP-CLI-040": _waits_for_seconds,
    "EXP-CLI-041": _waits_for_the_date,
    "EXP-CLI-042": _pauses,
    "EXP-CLI-043": _gives_up,
    "EXP-CLI-044": _repeats_no_refusal,
    "EXP-CLI-045": _takes_nothing_unreadable,
}
