"""What to ask a tenant for, chosen by what its own exports hold: fields, segments, points in time.

Nothing is known of a tenant's data beforehand. What is chosen makes a difference there, so that a server that ignores
it is found out; where the data offer nothing of the kind, the choice is None and there is nothing to judge.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pytest_aep_export.suite.records import Record
from pytest_aep_export.suite.rows import EVENTS, filled

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["SHAPES", "Segment", "cuts", "member", "segments", "shapes"]

SHAPES: Final = ("a value", "an object", "a member of an object", "an array", "a member in an array", "a map")
"""What a path can lead to: of each, `shapes` chooses one."""

_TAKEN: Final = frozenset({"identityMap", EVENTS})
"""What is asked for anyway."""
_APART: Final = 2_000
"""Milliseconds between two times that a whole second certainly lies between."""


class Segment(NamedTuple):
    """A segment that some profiles are in and some are not.

    Attributes:
        namespace: Whose it is.
        id: Its id.
    """

    namespace: str
    id: str

    def entry(self, **changes: Any) -> dict[str, Any]:
        """The item of ``filter.segments`` that asks for its members."""
        return {"segmentId": self.id, "segmentNs": self.namespace, "status": ["realized"], **changes}

    def status(self, record: Record) -> str | None:
        """The status that a profile has in it; None where it has never been in it."""
        mine = (self.namespace.lower(), self.id)
        return next((m.status for m in record.memberships if (m.namespace.lower(), m.segment) == mine), None)


def shapes(table: pa.Table) -> dict[str, str]:
    """A path of each shape to select a table's fields by, of those that hold values; no two of one column."""
    found: dict[str, str] = {}
    leaves = sorted(filled(table))
    for column in table.schema:
        below = [path for path in leaves if f"{path}.".startswith(f"{column.name}.")]
        if below and column.name not in _TAKEN:
            shape, path = _shape(column, below, taken=found)
            found.setdefault(shape, path)
    return found


def _shape(column: Any, below: Sequence[str], taken: dict[str, str]) -> tuple[str, str]:
    """What a column can show, and by which path; where there is a choice, what no other column has shown."""
    import pyarrow as pa  # noqa: PLC0415 - heavy

    deepest = max(below, key=lambda path: path.count("."))
    if pa.types.is_struct(column.type):
        member_is_known = "a member of an object" in taken
        return ("an object", column.name) if member_is_known else ("a member of an object", deepest)
    if pa.types.is_map(column.type):
        return "a map", column.name
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        return ("an array" if below == [column.name] else "a member in an array"), below[0]
    return "a value", column.name


def member(table: pa.Table) -> str | None:
    """The path of a field of the events, named as within an event: the deepest that holds a value."""
    prefix = f"{EVENTS}."
    known = [path.removeprefix(prefix) for path in filled(table) if path.startswith(prefix)]
    return max(sorted(known), key=lambda path: path.count("."), default=None)


def segments(records: Iterable[Record]) -> list[Segment]:
    """Two segments that some profiles are in and some are not, or one, or none.

    The first is the one that tells profiles apart best, also by who has left it; the second is of another namespace if
    there is one.
    """
    every = list(records)
    inside = _members(every, {"realized"})
    left = _members(every, {"exited"})
    telling = {segment: min(count, len(every) - count) for segment, count in inside.items() if count < len(every)}
    ranked = sorted(telling, key=lambda segment: (-min(telling[segment], left[segment]), -telling[segment], segment))
    others = sorted(ranked[1:], key=lambda segment: segment.namespace.lower() == ranked[0].namespace.lower())
    return [*ranked[:1], *others[:1]]


def _members(records: Iterable[Record], statuses: set[str]) -> Counter[Segment]:
    return Counter(Segment(m.namespace, m.segment) for r in records for m in r.memberships if m.status in statuses)


def cuts(moments: Iterable[int]) -> tuple[str, str] | None:
    """Two whole seconds that share times (ms since the epoch) out in three parts, each with some; none is on a cut."""
    gaps = [before // 1000 + 1 for before, after in pairwise(sorted(set(moments))) if after - before > _APART]
    if len(gaps) < 2:  # noqa: PLR2004 - three parts have two gaps between them
        return None
    third = (len(gaps) - 1) // 3
    return _instant(gaps[third]), _instant(gaps[-1 - third])


def _instant(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
