"""Every call: its headers, its route, its parameters. Any scenario shows them, and so does a client's own test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

from pytest_aep_export.contract import load
from pytest_aep_export.contract.document import parameters
from pytest_aep_export.contract.media import media_type
from pytest_aep_export.exchange import Exchange
from pytest_aep_export.judge.rules.findings import Rule, finding
from pytest_aep_export.judge.rules.reading import CREATE, DATASET, credentials, guarded, of
from pytest_aep_export.judge.trace import Trace
from pytest_aep_export.suite.verdicts import Outcome

__all__ = ["RULES"]

_HEADERS: Final = ("authorization", "x-api-key", "x-gw-ims-org-id", "x-sandbox-name")
_BODILESS: Final = frozenset({"GET", "HEAD", "DELETE"})


def _sends_every_header(trace: Trace) -> Iterator[Outcome]:
    for exchange in guarded(trace):
        missing = [name for name in _HEADERS if not exchange.request.headers.get(name, "").strip()]
        yield finding(
            trace, exchange, "every call carries the four headers", f"without {', '.join(missing)}", met=not missing
        )


def _asks_for_a_job_in_json(trace: Trace) -> Iterator[Outcome]:
    return _asks_in_json(trace, CREATE, "a job is asked for as application/json")


def _asks_for_a_dataset_in_json(trace: Trace) -> Iterator[Outcome]:
    return _asks_in_json(trace, DATASET, "a dataset is asked for as application/json")


def _asks_in_json(trace: Trace, operation: str, required: str) -> Iterator[Outcome]:
    for exchange in of(trace, operation):
        media = media_type(exchange.request.headers)
        yield finding(trace, exchange, required, media or "no type", met=media == "application/json")


def _knows_every_route(trace: Trace) -> Iterator[Outcome]:
    for exchange in trace.exchanges:
        yield finding(trace, exchange, "the API has the route", "it has not", met=bool(exchange.operation))


def _uses_the_scheme(trace: Trace) -> Iterator[Outcome]:
    for exchange in guarded(trace):
        value = exchange.request.headers.get("authorization")
        if value is not None:
            scheme, _, token = value.partition(" ")
            met = scheme.lower() == "bearer" and bool(token.strip())
            yield finding(trace, exchange, "Authorization is Bearer and a token", "something else", met=met)


def _uses_the_tokens_key(trace: Trace) -> Iterator[Outcome]:
    known = credentials(trace, "client_id")
    for exchange in guarded(trace):
        found = exchange.request.headers.get("x-api-key")
        if known and found is not None:
            yield finding(
                trace, exchange, "x-api-key is the client id of the token", "it is another", met=found in known
            )


def _uses_documented_parameters(trace: Trace) -> Iterator[Outcome]:
    for exchange in guarded(trace):
        if "?" in exchange.request.url:
            mistakes = _mistaken_parameters(exchange)
            yield finding(trace, exchange, "the parameters are documented ones", ", ".join(mistakes), met=not mistakes)


def _mistaken_parameters(exchange: Exchange) -> list[str]:
    known = _parameters(exchange.operation)
    unknown = [name for name in exchange.request.query if name not in known]
    wrong = [
        f"{violation.pointer.removeprefix('/query/')}={violation.found} instead of {violation.expected}"
        for violation in load().validate_request(exchange.request)
        if violation.pointer.startswith("/query/") and violation.pointer != "/query/offset"
    ]
    return unknown + wrong


@cache
def _parameters(operation: str) -> frozenset[str]:
    contract = load()
    declared = parameters(contract.document, contract.operations[operation])
    return frozenset(each["name"] for each in declared if each["in"] == "query")


def _reads_without_a_body(trace: Trace) -> Iterator[Outcome]:
    for exchange in guarded(trace):
        if exchange.request.method in _BODILESS:
            size = len(exchange.request.body)
            yield finding(trace, exchange, "the call has no body", f"a body of {size} bytes", met=not size)


RULES: Final[Mapping[str, Rule]] = {
    "EXP-CLI-003": _sends_every_header,
    "EXP-CLI-004": _asks_for_a_job_in_json,
    "EXP-CLI-005": _knows_every_route,
    "EXP-CLI-006": _uses_the_scheme,
    "EXP-CLI-007": _uses_the_tokens_key,
    "EXP-CLI-008": _asks_for_a_dataset_in_json,
    "EXP-CLI-009": _uses_documented_parameters,
    "EXP-CLI-010": _reads_without_a_body,
}
