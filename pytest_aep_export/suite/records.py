"""Exported rows as plain values, so that two exports can be compared: whatever their columns, files and order of rows.

What is null, empty or absent is the same here, and so is the order of what an array holds: the sources leave both open.
A record says whose it is by its ``identityMap``, in the form of a map or of an object.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from pytest_aep_export.suite.expect import not_verified
from pytest_aep_export.suite.rows import EVENTS

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "Event",
    "Identities",
    "Membership",
    "Record",
    "Values",
    "below",
    "counted",
    "difference",
    "events",
    "milliseconds",
    "of",
    "read",
]

Identities: TypeAlias = "frozenset[tuple[str, str]]"
"""Namespace and id of each identity."""
Values: TypeAlias = "frozenset[tuple[str, str, int]]"
"""Every value that is there: its dotted path, in which a key of a map is a name, itself as text, and how often."""

_MOST: Final = 200_000
"""Rows of the largest export that is compared: they are all held in memory as Python objects."""
_TIMES: Final = ("lastQualificationTime", "timestamp")
"""When a membership began: today's name, and that of older samples (facts, union-schema section 5)."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event as it was exported.

    Attributes:
        values: What it holds.
        moment: When it happened, in ms since the epoch; None where that was not exported.
    """

    values: Values
    moment: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Membership:
    """An item of a ``segmentMembership``.

    Attributes:
        namespace: The segment's namespace, in any case (divergence 50).
        segment: The segment's id.
        status: ``realized`` where it has none, as the schema says.
        moment: When the profile qualified, in ms since the epoch; None where that was not exported.
    """

    namespace: str
    segment: str
    status: str = "realized"
    moment: int | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """A row as it was exported; two are equal when they have the same attributes, whatever their events.

    Attributes:
        identities: Whose it is.
        values: What the profile's attributes hold, identities and memberships among them.
        events: What ``timeSeriesEvents`` holds.
        memberships: What ``segmentMembership`` holds.
    """

    identities: Identities
    values: Values
    events: tuple[Event, ...] = field(default=(), compare=False)
    memberships: tuple[Membership, ...] = field(default=(), compare=False)


def read(table: pa.Table) -> tuple[Record, ...]:
    """The rows of a table, in its order."""
    if table.num_rows > _MOST:
        not_verified(f"{table.num_rows} rows are more than are compared, {_MOST}: use a sandbox with fewer profiles")
    try:
        rows = table.to_pylist()
    except OverflowError as error:  # a time so far away that Arrow cannot tell Python of it
        not_verified(f"the rows hold what cannot be compared: {error}")
    return of(rows)


def of(rows: Iterable[Mapping[str, Any]]) -> tuple[Record, ...]:
    """Rows in the form of ``pyarrow.Table.to_pylist()``."""
    try:
        return tuple(map(_record, rows))
    except (ValueError, OverflowError) as error:  # such as a time that Python has none for
        not_verified(f"the rows hold what cannot be compared: {error}")


def below(values: Values, *paths: str) -> Values:
    """The values at these paths and below them."""
    return frozenset(value for value in values if any(f"{value[0]}.".startswith(f"{path}.") for path in paths))


def counted(records: Iterable[Record], *paths: str) -> Counter[tuple[Identities, Values]]:
    """How often a profile has the same values at and below these paths, where anything is known of it at all."""
    pairs = ((record.identities, below(record.values, *paths)) for record in records)
    return Counter(pair for pair in pairs if any(pair))


def events(
    records: Iterable[Record], seen: Callable[[Values], Values] = lambda values: values
) -> Counter[tuple[Identities, Values]]:
    """How often a profile has the same event, as far as it is to be seen."""
    return Counter((record.identities, seen(event.values)) for record in records for event in record.events)


def difference(found: Counter[Any], wanted: Counter[Any]) -> str:
    """By how much two exports differ; not in what, which may be somebody's personal data."""
    more, less = (found - wanted).total(), (wanted - found).total()
    return f"{found.total()}: {more} that are not among the {wanted.total()}, and {less} of those are missing"


def _record(row: Mapping[str, Any]) -> Record:
    attributes = {name: value for name, value in row.items() if name != EVENTS}
    return Record(
        frozenset(_identities(row.get("identityMap"))),
        _values(attributes),
        tuple(_event(event) for event in row.get(EVENTS) or () if event is not None),
        tuple(_memberships(row.get("segmentMembership"))),
    )


def _event(event: Any) -> Event:
    return Event(_values(event), milliseconds(event.get("timestamp") if isinstance(event, Mapping) else None))


def _values(value: Any) -> Values:
    return frozenset((path, text, times) for (path, text), times in Counter(_flat(value, "")).items())


def _flat(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every value below a path. An array adds nothing to the path; the entries of a map are pairs."""
    if isinstance(value, Mapping):
        for name, member in value.items():
            yield from _flat(member, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for item in value:
            yield from _flat(dict([item]) if isinstance(item, tuple) else item, path)
    elif value is not None:
        yield path, repr(value)


def _pairs(value: Any) -> Iterable[tuple[str, Any]]:
    """The entries of a map, or of an object that stands for one."""
    if isinstance(value, Mapping):
        return value.items()
    return [item for item in value if isinstance(item, tuple)] if isinstance(value, list) else ()


def _identities(identity_map: Any) -> Iterator[tuple[str, str]]:
    for namespace, items in _pairs(identity_map):
        for item in items if isinstance(items, list) else ():
            if isinstance(item, Mapping) and item.get("id") is not None:
                yield namespace, str(item["id"])


def _memberships(membership: Any) -> Iterator[Membership]:
    for namespace, segments in _pairs(membership):
        for segment, item in _pairs(segments):
            if isinstance(item, Mapping):
                moment = next((item[name] for name in _TIMES if item.get(name) is not None), None)
                yield Membership(namespace, segment, item.get("status") or "realized", milliseconds(moment))


def milliseconds(value: Any) -> int | None:
    """A time in ms since the epoch, whether it is a timestamp or a text."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return None
    if not isinstance(moment, datetime):
        return None
    elapsed = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - datetime(1970, 1, 1, tzinfo=UTC)
    return elapsed // timedelta(milliseconds=1)
