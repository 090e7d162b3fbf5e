"""The judge: requirements for clients, decided from the journal of what a client sent and got, nothing else.

Each rule is certain: it only speaks when the journal holds something to judge, and a breach shows the exchange.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs

from pytest_aep_export.exchange import Exchange
from pytest_aep_export.suite.answers import next_link
from pytest_aep_export.suite.registry import Requirement, load
from pytest_aep_export.suite.sending import parse_url
from pytest_aep_export.suite.verdicts import Outcome, Result, Verdict, combine

__all__ = ["ClientVerdict", "judge"]

_LIST: Final = "listExportJobs"
_CREATE: Final = "createExportJob"
_TOKENS: Final = frozenset({"requestToken", "requestTokenV2"})
_HEADERS: Final = ("authorization", "x-api-key", "x-gw-ims-org-id", "x-sandbox-name")

_Rule = Callable[[Sequence[Exchange]], Iterator[Outcome]]


@dataclass(frozen=True, slots=True)
class ClientVerdict:
    """The verdict on one client requirement, and every finding behind it."""

    requirement: Requirement
    verdict: Verdict
    outcomes: tuple[Outcome, ...]


def judge(exchanges: Sequence[Exchange]) -> list[ClientVerdict]:
    """The verdict on every client requirement, from a client's journal.

    A requirement that the journal says nothing about is not applicable.
    """
    verdicts = []
    for requirement in load().of("client"):
        outcomes = tuple(_RULES[requirement.id](exchanges))
        verdict = combine(requirement.level, outcomes) if outcomes else Verdict.NOT_APPLICABLE
        verdicts.append(ClientVerdict(requirement, verdict, outcomes))
    return verdicts


def _follows_to_the_end(exchanges: Sequence[Exchange]) -> Iterator[Outcome]:
    """Every link to a next page is asked for later; the token in it is what identifies the page.

    A client that set a limit itself may have wanted no more than that, so its stopping proves nothing.
    """
    pages = _pages(exchanges)
    asked = [_offset(page) for page in pages]
    for position, page in enumerate(pages):
        offset = _parameter(next_link(_body(page)), "offset")
        if not offset:
            continue
        if offset not in asked[position + 1 :] and _parameter(page.request.url, "limit"):
            yield Outcome(
                "journal", Result.NOT_VERIFIED, found="the client stopped after a page whose size it had chosen"
            )
            continue
        yield _finding(page, "the next page is asked for", "it never was", met=offset in asked[position + 1 :])


def _asks_in_steps(exchanges: Sequence[Exchange]) -> Iterator[Outcome]:
    """A page that was already given is not asked for again within one walk, which starts without an offset."""
    seen: set[str] = set()
    for page in _pages(exchanges):
        offset = _offset(page)
        if not offset:
            seen.clear()
        else:
            yield _finding(page, "each page is asked for once", f"offset {offset} again", met=offset not in seen)
        seen.add(offset)


def _sends_every_header(exchanges: Sequence[Exchange]) -> Iterator[Outcome]:
    for exchange in exchanges:
        if exchange.operation and exchange.operation not in _TOKENS:
            missing = [name for name in _HEADERS if name not in exchange.request.headers]
            yield _finding(exchange, "every call carries the four headers", f"without {missing}", met=not missing)


def _sends_json(exchanges: Sequence[Exchange]) -> Iterator[Outcome]:
    for exchange in (e for e in exchanges if e.operation == _CREATE):
        media = exchange.request.headers.get("content-type", "").partition(";")[0].strip().lower()
        yield _finding(
            exchange, "a job is asked for as application/json", media or "no type", met=media == "application/json"
        )


def _knows_every_route(exchanges: Sequence[Exchange]) -> Iterator[Outcome]:
    for exchange in exchanges:
        yield _finding(exchange, "the API has the route", "it has not", met=bool(exchange.operation))


def _finding(exchange: Exchange, required: str, found: str, *, met: bool) -> Outcome:
    if met:
        return Outcome("journal", Result.MET)
    return Outcome("journal", Result.UNMET, required, found, exchange.redacted())


def _body(exchange: Exchange) -> object:
    try:
        return exchange.response.json()
    except (ValueError, RecursionError):
        return None


def _pages(exchanges: Sequence[Exchange]) -> list[Exchange]:
    return [e for e in exchanges if e.operation == _LIST and e.response.status == HTTPStatus.OK]


def _offset(page: Exchange) -> str:
    return _parameter(page.request.url, "offset")


def _parameter(url: str, name: str) -> str:
    return parse_qs(parse_url(url).query).get(name, [""])[-1]


_RULES: Final[dict[str, _Rule]] = {
    "EXP-CLI-001": _follows_to_the_end,
    "EXP-CLI-002": _asks_in_steps,
    "EXP-CLI-003": _sends_every_header,
    "EXP-CLI-004": _sends_json,
    "EXP-CLI-005": _knows_every_route,
}
