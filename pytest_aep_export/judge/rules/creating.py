"""Creating: the dataset first, then one job, whatever becomes of the answers.

Any scenario with an export shows the order; that nothing is created twice is shown by creations whose answer is lost,
replaced by 500, 502 or 504, or refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from pytest_aep_export.exchange import Exchange
from pytest_aep_export.judge.rules.findings import Rule, charge, copes, finding, owns_up
from pytest_aep_export.judge.rules.payloads import created_datasets, target
from pytest_aep_export.judge.rules.reading import (
    CREATE,
    DATASET,
    LIST,
    LOOK,
    TOKENS,
    accepted,
    after,
    answered,
    before,
    document,
    key,
    last_name,
    lost,
    of,
    own_jobs,
    refused,
    task,
)
from pytest_aep_export.judge.trace import Trace
from pytest_aep_export.suite.verdicts import Outcome

__all__ = ["RULES"]

_OPEN: Final = frozenset({500, 502, 504})
"""Statuses after which nobody knows whether the server acted."""
_SMALL: Final = "@/datasets/"


def _creates_the_dataset_first(trace: Trace) -> Iterator[Outcome]:
    if task(trace) not in {"export", "cancel"}:
        return
    for exchange in of(trace, CREATE)[:1]:
        met = any(each.operation == DATASET and accepted(each) for each in before(trace, exchange))
        yield finding(trace, exchange, "a dataset was created before the job", "none was", met=met)


def _takes_the_id(trace: Trace) -> Iterator[Outcome]:
    return _takes_the_id_out_of(trace, small=False)


def _takes_the_id_either_way(trace: Trace) -> Iterator[Outcome]:
    yield from _takes_the_id_out_of(trace, small=True)
    if not of(trace, CREATE):
        for exchange in [each for each in of(trace, DATASET) if _reference(each).startswith(_SMALL)]:
            yield from copes(trace, exchange, f"a reference that begins with {_SMALL}")


def _takes_the_id_out_of(trace: Trace, *, small: bool) -> Iterator[Outcome]:
    """By references of either spelling. In its own test a client may use a dataset that was there before."""
    made = created_datasets(trace)
    for exchange in of(trace, CREATE):
        name = target(exchange)
        known = name in made or "/" in name or trace.scenario is not None
        if made and name and known:
            reference = _reference(made.get(name, [*made.values()][-1]))
            if reference.startswith(_SMALL) == small:
                required = f"destination.datasetId is the id in {reference}"
                yield finding(trace, exchange, required, f"it is {name!r:.80}", met=name in made)


def _reference(exchange: Exchange) -> str:
    answer = document(exchange)
    return str(answer[0]) if isinstance(answer, list) and answer else ""


def _watches_its_own_job(trace: Trace) -> Iterator[Outcome]:
    creations, own = of(trace, CREATE), own_jobs(trace)
    if not own or not all(map(answered, creations)):
        return
    looks = [each for each in after(trace, creations[0]) if each.operation == LOOK]
    met = any(key(last_name(each.request.url)) in own for each in looks)
    if looks:
        found = f"job {last_name(looks[0].request.url)} is looked at"
        yield charge(trace, looks[0], f"job {own[0]}, which was created, is looked at", found, met=met)


def _creates_no_job_after_silence(trace: Trace) -> Iterator[Outcome]:
    return _creates_once(trace, lambda each: lost(each) or (accepted(each) and not answered(each)))


def _creates_no_job_after_doubt(trace: Trace) -> Iterator[Outcome]:
    return _creates_once(trace, lambda each: each.response.status in _OPEN)


def _creates_once(trace: Trace, doubtful: Callable[[Exchange], bool]) -> Iterator[Outcome]:
    """After a creation of which nobody knows what came, none follows but after a look at the list."""
    steps = [each for each in of(trace, CREATE, LIST) if each.operation == CREATE or answered(each)]
    for place, exchange in enumerate(steps):
        if exchange.operation == CREATE and doubtful(exchange):
            following = steps[place + 1] if place + 1 < len(steps) else None
            repeated = following is not None and following.operation == CREATE
            yield charge(
                trace,
                following if repeated else exchange,
                "no other job is created before the list was looked at",
                "the job was asked for again",
                met=not repeated,
            )


def _creates_nothing_twice(trace: Trace) -> Iterator[Outcome]:
    if task(trace) in {"export", "cancel"}:
        for operation, noun in ((DATASET, "dataset"), (CREATE, "job")):
            requests = of(trace, operation)
            first = next((n for n, each in enumerate(requests) if answered(each)), len(requests))
            for exchange in requests[first : first + 2][-1:]:
                met = exchange is requests[first]
                yield finding(trace, exchange, f"one {noun} is created", "another one is asked for", met=met)


def _takes_a_refusal_for_one(trace: Trace) -> Iterator[Outcome]:
    """A list needs a token only, an export and a cancel need a dataset and a job as well."""
    needed = of(trace, CREATE) or of(trace, DATASET) or of(trace, *TOKENS)
    needed = needed if task(trace) in {"export", "cancel"} else of(trace, *TOKENS)
    if needed and all(map(refused, needed)):
        yield from owns_up(trace, needed[-1], "that the client was refused what it needs")


RULES: Final[Mapping[str, Rule]] = {
    "EXP-CLI-025": _creates_the_dataset_first,
    "EXP-CLI-026": _takes_the_id,
    "EXP-CLI-027": _watches_its_own_job,
    "EXP-CLI-028": _creates_no_job_after_silence,
    "EXP-CLI-029": _creates_no_job_after_doubt,
    "EXP-CLI-030": _takes_a_refusal_for_one,
    "EXP-CLI-081": _creates_nothing_twice,
    "EXP-CLI-059": _takes_the_id_either_way,
}
