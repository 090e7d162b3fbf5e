"""Cancelling a job: with DELETE, whichever way it is accepted, and no success where it is refused.

It takes the task "cancel" with each documented answer, with 202, and with refusals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from pytest_aep_export.exchange import Exchange
from pytest_aep_export.judge.rules.findings import Rule, charge, copes, finding, owns_up
from pytest_aep_export.judge.rules.reading import (
    CANCEL,
    CREATE,
    accepted,
    answered,
    document,
    key,
    last_name,
    of,
    own_jobs,
    own_sightings,
    refused,
    task,
)
from pytest_aep_export.judge.trace import Trace
from pytest_aep_export.suite.verdicts import Outcome

__all__ = ["RULES"]

_JOB: Final = re.compile(r".*/export/jobs/[^/]+/?")
_NO_CONTENT: Final = 204


def _cancels_with_delete(trace: Trace) -> Iterator[Outcome]:
    """A job has no other method than GET and DELETE."""
    strays = [each for each in trace.exchanges if not each.operation and _JOB.fullmatch(each.request.path)]
    for exchange in strays:
        yield finding(trace, exchange, "a job is cancelled with DELETE", f"{exchange.request.method}", met=False)
    if of(trace, CANCEL):
        yield finding(trace, None, "", "", met=True)
    elif not strays and task(trace) == "cancel" and trace.performance.end == "success":
        job = of(trace, CREATE)[-1:]
        found = "it was not, and the client reported success"
        yield finding(trace, job[0] if job else None, "the job is cancelled with DELETE", found, met=False)


def _cancels_its_own_job(trace: Trace) -> Iterator[Outcome]:
    """Only where the client was told the id of every job that it has created."""
    creations, own = of(trace, CREATE), own_jobs(trace)
    if own and all(map(answered, creations)):
        for exchange in of(trace, CANCEL):
            name = key(last_name(exchange.request.url))
            required = f"job {' or '.join(own)} is cancelled"
            yield charge(trace, exchange, required, f"job {name} is", met=name in own)


def _takes_204(trace: Trace) -> Iterator[Outcome]:
    return _takes(trace, "204 and no body")


def _takes_a_message(trace: Trace) -> Iterator[Outcome]:
    return _takes(trace, "200 and a message")


def _takes_another(trace: Trace) -> Iterator[Outcome]:
    return _takes(trace, "")


def _takes(trace: Trace, kind: str) -> Iterator[Outcome]:
    """What is made of a cancel that was answered in that way; empty for any other success."""
    last = of(trace, CANCEL)[-1:]
    if last and accepted(last[0]) and _kind(last[0]) == kind:
        yield from copes(trace, last[0], f"a cancel that is answered with {kind or last[0].response.status}")


def _kind(exchange: Exchange) -> str:
    if exchange.response.status == _NO_CONTENT:
        return "204 and no body"
    message = isinstance(document(exchange), Mapping) and exchange.response.status == 200  # noqa: PLR2004 - OK
    return "200 and a message" if message else ""


def _takes_a_refusal_for_one(trace: Trace) -> Iterator[Outcome]:
    """Unless the client has seen that the job was cancelled all the same."""
    cancels = of(trace, CANCEL)
    seen = own_sightings(trace)
    gone = bool(seen) and seen[-1].status in {"CANCELLED", "CANCELLING"}
    if task(trace) == "cancel" and cancels and all(map(refused, cancels)) and not gone:
        yield from owns_up(trace, cancels[-1], "a cancel that was refused")


RULES: Final[Mapping[str, Rule]] = {
    "EXP-CLI-053": _cancels_with_delete,
    "EXP-CLI-054": _takes_204,
    "EXP-CLI-055": _takes_a_message,
    "EXP-CLI-056": _takes_another,
    "EXP-CLI-083": _cancels_its_own_job,
    "EXP-CLI-057": _takes_a_refusal_for_one,
}
