"""Short ways to spell the rows of the two profile tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

Row = dict[str, Any]


def at(milliseconds: int) -> datetime:
    """The moment that is so many ms after the epoch."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)


def fragment(person: str, time: int = 0, dataset: str = "crm", /, *, namespace: str = "Email", **columns: Any) -> Row:
    """A fragment of the person whose primary identity is ``person``."""
    origin = {"datasetId": dataset, "ingestTime": at(time), "identityNamespace": namespace, "identityId": person}
    return origin | columns


def event(person: str, time: int = 0, dataset: str = "web", /, *, namespace: str = "Email", **columns: Any) -> Row:
    """An event of that person."""
    return fragment(person, time, dataset, namespace=namespace, **columns)


def ids(*names: str, namespace: str = "Email") -> dict[str, list[Row]]:
    """An ``identityMap`` of these ids in one namespace."""
    return {namespace: [{"id": name} for name in names]}


def member(segment: str, status: str | None = "realized", time: int | None = None, namespace: str = "ups") -> Row:
    """A ``segmentMembership`` with one item."""
    item = {"lastQualificationTime": None if time is None else at(time), "status": status}
    return {namespace: {segment: item}}
