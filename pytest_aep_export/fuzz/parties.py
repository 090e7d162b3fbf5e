"""Who takes part in fuzzing, and what their requests are made of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import orjson

from pytest_aep_export.errors import AepError
from pytest_aep_export.exchange import Request, Response
from pytest_aep_export.fuzz.cases import Who
from pytest_aep_export.model import Credentials

__all__ = ["EndedError", "Expected", "HeldBackError", "Parties", "Send", "remembered"]

_REMEMBERED: Final = 48
"""How many answers of an oracle are kept, which are all rows of an export each: those that were asked for last."""

Send: TypeAlias = Callable[[Request], Awaitable[Response]]
"""Sends a request, whose URL is a path, to the target and gives its answer.

It raises `TransportError` where there is none, `HeldBackError` where the request is not to be sent, and `EndedError`
where no other is to be sent either.
"""

Expected: TypeAlias = Callable[[Mapping[str, Any]], Sequence[Mapping[str, Any]]]
"""The rows that an export of the tenant's must have, given the body of its request, as an oracle has them."""


class HeldBackError(AepError):
    """A request was not sent, because it might touch what is not this run's; nothing follows from that."""


class EndedError(AepError):
    """A request was not sent, and none will be any more: the run may cost no more."""


def remembered(expected: Expected, known: dict[bytes, Sequence[Mapping[str, Any]]]) -> Expected:
    """The same oracle, asked once for each request that comes again soon, whatever dataset it is for.

    Args:
        expected: The oracle.
        known: What it has said last; may be shared by tenants whose data and policies are the same.
    """

    def remembering(request: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        destination = {**request.get("destination", {}), "datasetId": ""}
        key = orjson.dumps({**request, "destination": destination})
        rows = known.pop(key, None)
        if rows is None:
            rows = expected(request)
            if len(known) >= _REMEMBERED:
                del known[next(iter(known))]
        known[key] = rows
        return rows

    return remembering


@dataclass(frozen=True, slots=True)
class Parties:
    """The tenants in which cases are tried.

    Attributes:
        credentials: By who they are; at least those of ``own``.
        expected: What exports must hold, where that is known.
        segments: Segments of the tenant's that jobs may ask for: namespaces and ids.
        dialect: Which documented variant the target speaks; None where any will do.
        leave: What is done when they are not needed any more.
        prefix: How the names begin of what is created; empty where nobody else sees them.
    """

    credentials: Mapping[Who, Credentials]
    expected: Expected | None = None
    segments: Sequence[tuple[str, str]] = ()
    dialect: str | None = None
    leave: Callable[[], None] = lambda: None
    prefix: str = ""

    def names(self, who: Who) -> dict[str, str]:
        """What a party's requests name, but for its token: ``own.org``, ``segment1`` and ``segment1.ns``."""
        mine = self.credentials[who]
        known = {
            "client_id": mine.client_id,
            "client_secret": mine.client_secret,
            "org": mine.org_id,
            "sandbox": mine.sandbox,
            "scopes": mine.scopes,
        }
        named = {f"{who}.{name}": value for name, value in known.items()}
        if who != "own":
            return named
        places = {f"segment{number}": segment for number, segment in enumerate(self.segments, start=1)}
        spaces = {f"{place}.ns": namespace for place, (namespace, _) in places.items()}
        return named | spaces | {place: identity for place, (_, identity) in places.items()}
