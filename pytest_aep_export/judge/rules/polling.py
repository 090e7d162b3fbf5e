"""Waiting for a job: until it has ended, at a sane pace, and no longer than is sensible.

It takes jobs that need several looks, and for some hours; that end as FAILED, in a status of their own, or never.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Final

from pytest_aep_export.contract.dialects import CANONICAL
from pytest_aep_export.emulator import Behaviour
from pytest_aep_export.exchange import Exchange
from pytest_aep_export.judge.rules.findings import Rule, charge, finding, how_it_ended, owns_up
from pytest_aep_export.judge.rules.reading import (
    CREATE,
    FILES,
    LOOK,
    UNFINISHED,
    Sighting,
    accepted,
    after,
    batch_of,
    before,
    items,
    of,
    own_sightings,
    task,
)
from pytest_aep_export.judge.trace import Trace
from pytest_aep_export.suite.verdicts import Outcome
from pytest_aep_export.values import member

__all__ = ["RULES", "batches", "hurried", "is_plain"]

_KNOWN: Final = frozenset({*UNFINISHED, "SUCCEEDED", "FAILED"})
_TICK: Final = 100
"""How many ms a clock that stands still moves on with each request: so long is no pause at all."""
_SLOWEST: Final = 500
"""The longest pause between two looks that is asked of anybody, in ms."""
_LOOKS: Final = 4
"""So often may a job be seen that has ended: first to learn of it, then to learn what it says."""
_GAPS: Final = 4
"""So many pauses between looks show a pace."""


def is_plain(trace: Trace) -> bool:
    """Whether nothing in the scenario is out of the ordinary but, perhaps, how answers look."""
    scenario = trace.scenario
    return scenario is not None and not scenario.faults and scenario.behaviour.persona is None


def hurried(gap: float, floor: float) -> bool:
    """Whether a gap between two requests, in ms, is no pause: shorter than asked for, or just a clock's tick."""
    return gap < floor or gap == _TICK


def _last(trace: Trace) -> Sighting | None:
    """The last that was seen of a job of its own, once it was created, by a client that was to wait for its end."""
    seen = own_sightings(trace)
    looked = [each for each in seen if each.exchange.operation != CREATE] or seen
    return looked[-1] if looked and task(trace) in {"", "export"} else None


def _looks_until_the_end(trace: Trace) -> Iterator[Outcome]:
    """A client may give up where something is out of the ordinary; of a look that nobody could read others speak."""
    last, end = _last(trace), trace.performance.end
    if last is None or any(each.operation == LOOK and _is_unread(each) for each in after(trace, last.exchange)):
        return
    if last.status in {"SUCCEEDED", "FAILED"}:
        yield finding(trace, last.exchange, "", "", met=True)
    elif last.status in UNFINISHED and trace.scenario is not None:
        usual = is_plain(trace) and trace.scenario.behaviour.dialect is CANONICAL
        gave_up = end == "failure" and trace.scenario.ending == "success" and usual
        if end == "success" or gave_up:
            found = f"it was {last.status} at the last look, and {how_it_ended(trace)}"
            yield finding(trace, last.exchange, "a job is looked at until it has ended", found, met=False)


def _is_unread(look: Exchange) -> bool:
    return not look.response.status or accepted(look)


def _looks_at_a_sane_pace(trace: Trace) -> Iterator[Outcome]:
    if trace.scenario is None:
        return
    floor = min(trace.scenario.poll * 500, _SLOWEST)
    looks = [each for each in own_sightings(trace) if each.exchange.operation == LOOK]
    gaps = [
        (following.exchange.at - look.exchange.at, following.exchange)
        for look, following in pairwise(looks)
        if look.status in UNFINISHED and look.id == following.id
    ]
    short = [each for each in gaps if hurried(each[0], floor)]
    if len(gaps) >= _GAPS:
        shown = short[0][1] if short else gaps[0][1]
        found = f"{len(short)} of {len(gaps)} came sooner"
        required = f"most looks at a job are {floor:g} ms or more apart"
        yield finding(trace, shown, required, found, met=len(short) * 2 <= len(gaps))


def _stops_looking(trace: Trace) -> Iterator[Outcome]:
    looks = [each for each in own_sightings(trace) if each.exchange.operation == LOOK]
    for name in dict.fromkeys(each.id for each in looks):
        ended = [each.exchange for each in looks if each.id == name and each.status in {"SUCCEEDED", "FAILED"}]
        if ended:
            found = f"{len(ended) - 1} looks more"
            required = "a job that has ended is left alone"
            yield charge(trace, ended[-1], required, found, met=len(ended) <= _LOOKS)


def _takes_failed_for_a_failure(trace: Trace) -> Iterator[Outcome]:
    last = _last(trace)
    if last is not None and last.status == "FAILED":
        yield from owns_up(trace, last.exchange, "a job that is FAILED")


def _passes_the_errors_on(trace: Trace) -> Iterator[Outcome]:
    last = _last(trace)
    if last is None or last.status != "FAILED" or trace.performance.end != "failure":
        return
    errors = [text for each in items(last.job.get("errors")) for text in _texts(each)]
    if errors:
        said = trace.performance.said + "\n" + trace.performance.output.decode("utf-8", "replace")
        found = f"none of them: {how_it_ended(trace)}"
        required = f"the client says one of {', '.join(map(repr, errors))}"
        yield finding(trace, last.exchange, required, found, met=any(_is_in(text, said) for text in errors))


def _texts(error: Mapping[str, object]) -> list[str]:
    """What of an error can be recognised; the code "unknown" is no more than a word."""
    return [
        text for name in ("code", "msg") if isinstance(text := error.get(name), str) and text not in {"", "unknown"}
    ]


def _is_in(text: str, said: str) -> bool:
    return any(form in said for form in (text, json.dumps(text)[1:-1], ascii(text)[1:-1]))


def _takes_nothing_else_for_success(trace: Trace) -> Iterator[Outcome]:
    last = _last(trace)
    if last is not None and last.status not in _KNOWN:
        yield from owns_up(trace, last.exchange, f"a job that is {last.status!r:.40} at the last look")


def _gives_a_stuck_job_up(trace: Trace) -> Iterator[Outcome]:
    last, end = _last(trace), trace.performance.end
    if trace.scenario is None or last is None or last.status not in UNFINISHED:
        return
    if _never_ends(trace.scenario.behaviour) and end in {"failure", "timeout"}:
        told = f"the client gives up, having been told to wait {trace.scenario.patience:g} s"
        yield finding(trace, last.exchange, told, "it was still looking when it was ended", met=end == "failure")


def _never_ends(behaviour: Behaviour) -> bool:
    progression = behaviour.progression
    return bool(progression.stuck or progression.hold or progression.mode == "manual")


def _reads_what_has_succeeded(trace: Trace) -> Iterator[Outcome]:
    """Only batches that a job of the client's own was shown to have are judged."""
    for exchange in of(trace, FILES):
        batch = batch_of(exchange)
        seen = [each for each in own_sightings(trace) if batch in batches(each.job)]
        if seen:
            earlier = set(map(id, before(trace, exchange)))
            met = any(each.status == "SUCCEEDED" and id(each.exchange) in earlier for each in seen)
            yield charge(trace, exchange, "a batch is read once its job was seen SUCCEEDED", "it was not yet", met=met)


def batches(job: Mapping[str, object]) -> set[str]:
    """The ids of the batches that a job names."""
    several = member(job, "destination", "batches")
    found = items([several] if isinstance(several, Mapping) else several)
    return {str(each["batchId"]) for each in [*items([job.get("destination")]), *found] if each.get("batchId")}


RULES: Final[Mapping[str, Rule]] = {
    "EXP-CLI-031": _looks_until_the_end,
    "EXP-CLI-032": _looks_at_a_sane_pace,
    "EXP-CLI-033": _takes_failed_for_a_failure,
    "EXP-CLI-034": _passes_the_errors_on,
    "EXP-CLI-035": _takes_nothing_else_for_success,
    "EXP-CLI-036": _gives_a_stuck_job_up,
    "EXP-CLI-082": _stops_looking,
    "EXP-CLI-037": _reads_what_has_succeeded,
}
