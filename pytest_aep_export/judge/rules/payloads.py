"""What a client sends to create datasets and jobs, held against the contract. Any scenario with an export shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from pytest_aep_export.contract import Violation, load
from pytest_aep_export.exchange import Exchange, Headers
from pytest_aep_export.judge.rules.findings import Rule, finding
from pytest_aep_export.judge.rules.reading import CREATE, DATASET, accepted, document, of
from pytest_aep_export.judge.trace import Trace
from pytest_aep_export.model import UNION_SCHEMA
from pytest_aep_export.suite.verdicts import Outcome
from pytest_aep_export.values import member

__all__ = ["RULES", "created_datasets", "sent", "target"]

_Kind = Callable[[Violation], bool]
_NEEDED: Final = frozenset({"/destination", "/destination/datasetId", "/schema", "/schema/name"})
_TIMES: Final = frozenset({"fromIngestTimestamp", "toIngestTimestamp", "startTime", "endTime"})


def _is_unknown(mistake: Violation) -> bool:
    return mistake.expected.startswith("only the members")


def _is_missing(mistake: Violation) -> bool:
    return mistake.found == "nothing" and mistake.pointer in _NEEDED


def _is_time(mistake: Violation) -> bool:
    return mistake.pointer.rpartition("/")[2] in _TIMES and not _is_unknown(mistake)


def _is_class(mistake: Violation) -> bool:
    return mistake.pointer == "/schema/name" and not _is_missing(mistake)


def _is_type(mistake: Violation) -> bool:
    return not any(kind(mistake) for kind in (_is_unknown, _is_missing, _is_time, _is_class))


def _job_rule(kind: _Kind, required: str, *, where: Callable[[Any], bool] = lambda _: True) -> Rule:
    """The rule that a request for a job has no mistake of that kind; it speaks of those requests where that matters."""

    def rule(trace: Trace) -> Iterator[Outcome]:
        for exchange in of(trace, CREATE):
            if where(sent(exchange)):
                found = [each for each in _mistakes(exchange) if kind(each)]
                yield finding(trace, exchange, required, _told(found), met=not found)

    return rule


def _asks_for_a_whole_dataset(trace: Trace) -> Iterator[Outcome]:
    for exchange in of(trace, DATASET):
        found = _mistakes(exchange)
        yield finding(trace, exchange, "a dataset has a name and a schemaRef", _told(found), met=not found)


def _exports_into_the_union(trace: Trace) -> Iterator[Outcome]:
    """Only datasets that jobs export into matter."""
    jobs, made = of(trace, CREATE), created_datasets(trace)
    for exchange in [made[name] for job in jobs if (name := target(job)) in made]:
        found = member(sent(exchange), "schemaRef", "id")
        yield finding(
            trace, exchange, f"the dataset is on {UNION_SCHEMA}", f"it is on {found!r:.100}", met=found == UNION_SCHEMA
        )


def created_datasets(trace: Trace) -> dict[str, Exchange]:
    """The datasets that were created, by their id."""
    found = {}
    for exchange in of(trace, DATASET):
        answer = document(exchange) if accepted(exchange) else None
        if isinstance(answer, list) and answer and isinstance(answer[0], str):
            found[answer[0].rpartition("/")[2]] = exchange
    return found


def sent(exchange: Exchange) -> Any:
    """The JSON that was sent; None where it is none."""
    try:
        return exchange.request.json()
    except (ValueError, RecursionError):
        return None


def target(exchange: Exchange) -> str:
    """The dataset that a request for a job names; empty where it names none."""
    found = member(sent(exchange), "destination", "datasetId")
    return found if isinstance(found, str) else ""


def _mistakes(exchange: Exchange) -> list[Violation]:
    """What is wrong with the body, whatever its headers say of it."""
    request = replace(exchange.request, headers=Headers({"content-type": "application/json"}))
    return [each for each in load().validate_request(request) if not each.pointer.startswith(("/header/", "/query/"))]


def _told(mistakes: list[Violation]) -> str:
    return "; ".join(f"{m.pointer or 'the body'}: expected {m.expected}, found {m.found}" for m in mistakes)


def _holds_a_time(value: Any) -> bool:
    left = [value]  # no recursion: a client may send what is nested as deep as it likes
    while left:
        each = left.pop()
        if isinstance(each, Mapping):
            if not _TIMES.isdisjoint(each):
                return True
            left += each.values()
        elif isinstance(each, list):
            left += each
    return False


RULES: Final[Mapping[str, Rule]] = {
    "EXP-CLI-018": _job_rule(_is_type, "every member of a job has its documented type"),
    "EXP-CLI-019": _job_rule(_is_unknown, "a job has only members that are documented"),
    "EXP-CLI-020": _job_rule(_is_time, "times are written as RFC 3339 does", where=_holds_a_time),
    "EXP-CLI-021": _job_rule(_is_missing, "a job names its dataset and its schema"),
    "EXP-CLI-022": _job_rule(_is_class, "schema.name is _xdm.context.profile"),
    "EXP-CLI-023": _asks_for_a_whole_dataset,
    "EXP-CLI-024": _exports_into_the_union,
}
