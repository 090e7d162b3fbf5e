"""What a run has left at its target: jobs, which are cancelled unless they have ended, and datasets, which stay.

No source documents how a dataset is deleted, so that the list is all there is to go by.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Literal

from pytest_aep_export.errors import AepError
from pytest_aep_export.exchange import Exchange
from pytest_aep_export.suite.answers import dataset_id, quoted
from pytest_aep_export.suite.api import JOBS, UNFINISHED
from pytest_aep_export.suite.expect import UnmetError, pick
from pytest_aep_export.suite.sending import Target
from pytest_aep_export.values import job_key

__all__ = ["Created", "clean_up"]

Kind = Literal["job", "dataset"]
State = Literal["ended", "cancelled", "left"]

_SECONDS: Final = 10.0
"""For each answer."""
_ALL_SECONDS: Final = 60.0
"""For all of them: what is not cancelled by then is left."""
_WHOSE: Final = ("authorization", "x-api-key", "x-gw-ims-org-id", "x-sandbox-name")


@dataclass(frozen=True, slots=True)
class Created:
    """Something that a run has created.

    Attributes:
        kind: What it is.
        id: Its id.
        sandbox: Where it is.
        state: ``ended``: a job that has run to its end. ``cancelled``: a job that has not. ``left``: still there, or
            nobody knows.
    """

    kind: Kind
    id: str
    sandbox: str
    state: State


def clean_up(target: Target) -> tuple[Created, ...]:
    """Cancel the jobs of a run that have not ended, as far as the target still answers, and list what was created.

    The embedded emulator is gone after the run, and everything with it; what is recorded was never there.
    """
    if target.kind in {"emulator", "cassette"}:
        return ()
    with target.budget.lifted(_ALL_SECONDS), target.within(_SECONDS):
        return tuple(_cleaned(target, list(target.exchanges)))


def _cleaned(target: Target, exchanges: list[Exchange]) -> Iterator[Created]:
    answers = True
    for exchange in exchanges:
        sandbox = exchange.request.headers.get("x-sandbox-name", "")
        for kind, identifier in _made(exchange):
            state: State = "left"
            if kind == "job" and answers:
                try:
                    state = _cancelled(target, identifier, _whose(exchange))
                except AepError:
                    answers = False
            yield Created(kind, identifier, sandbox, state)


def _made(exchange: Exchange) -> Iterator[tuple[Kind, str]]:
    """What an exchange has created, if it has; what got no id cannot be found again."""
    if exchange.response.status in range(200, 300):
        with contextlib.suppress(UnmetError):
            if exchange.operation == "createDataset":
                yield "dataset", dataset_id(exchange)
            elif exchange.operation == "createExportJob":
                yield "job", quoted(job_key(pick(exchange, "/id")))


def _cancelled(target: Target, identifier: str, whose: Mapping[str, str]) -> State:
    shown = target.send("GET", f"{JOBS}/{identifier}", headers=whose)
    if shown.response.status == HTTPStatus.NOT_FOUND or _status(shown) not in (*UNFINISHED, ""):
        return "ended"
    answer = target.send("DELETE", f"{JOBS}/{identifier}", headers=whose)
    return "cancelled" if answer.response.status in range(200, 300) else "left"


def _status(shown: Exchange) -> str:
    """The status that a job is shown with; empty where it is not shown."""
    try:
        return str(pick(shown, "/status"))
    except UnmetError:
        return ""


def _whose(exchange: Exchange) -> Mapping[str, str]:
    """The headers that say who has made a request."""
    return {name: exchange.request.headers.get(name, "") for name in _WHOSE}
