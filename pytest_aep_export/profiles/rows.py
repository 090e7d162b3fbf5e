"""Plain records checked against their class and made into the rows of a table; what is wrong is collected in sentences.

A record is what the union schema says, as JSON has it or as ``pyarrow.Table.to_pylist()`` does, and the four columns
that say where it comes from (`pytest_aep_export.profiles.schema`). Those may be left out: the identity is then the
primary one of its ``identityMap``, or the only one in there; dataset and time of ingestion are made up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pytest_aep_export.contract.union import Field
from pytest_aep_export.errors import InvalidRowsError
from pytest_aep_export.profiles.converting import Convert, Problems, converter, object_of, pointer, refusing

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["INGESTED", "Findings", "Row", "RowError", "Said", "Shape"]

Row = dict[str, Any]

INGESTED: Final = 1_527_811_200_000
"""When a profile record that does not say was ingested: 2018-06-01, in ms since the epoch. Our choice.

An event that does not say is taken to arrive when it happens.
"""

_MOST: Final = 20
_IDENTITY: Final = ("identityNamespace", "identityId")


class Said(str):
    """What was found, where that is not a value that can be shown but a remark."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


@dataclass(frozen=True, slots=True)
class RowError:
    """One thing that is wrong with one row.

    Attributes:
        place: Which row: ``rows[3]``, counted from 0, or ``people.jsonl:4``, a line of a file.
        pointer: Where in the row: a JSON pointer, or an empty text for the row as a whole.
        expected: What should be there.
        found: What is there, shortened.
    """

    place: str
    pointer: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{' '.join(filter(None, (self.place, self.pointer)))}: expected {self.expected}, found {self.found}"


@dataclass(slots=True)
class Findings:
    """Whatever is wrong with many rows: how much it is, and the first of it."""

    count: int = 0
    shown: list[RowError] = field(default_factory=list)

    def add(self, place: str, problems: Problems) -> None:
        """Note what is wrong with a row."""
        self.count += len(problems)
        for where, expected, value in problems[: _MOST - len(self.shown)]:
            self.shown.append(RowError(place, where, expected, f"{value!r:.80}"))

    def check(self) -> None:
        """Pass if nothing is wrong.

        Raises:
            InvalidRowsError: Something is.
        """
        if self.count:
            raise InvalidRowsError(self.shown, self.count)


class Shape:
    """What the records of one class must be, and the rows that they make.

    Attributes:
        name: What such a record is called.
        schema: The schema of the class's table.
        dataset: The dataset of a record that names none.
        required: The fields that no record goes without.
    """

    def __init__(self, name: str, tree: Field, schema: pa.Schema, dataset: str, required: tuple[str, ...] = ()) -> None:
        self.name = name
        self.schema = schema
        self.dataset = dataset
        self.required = required
        self._convert = object_of(_members(tree), name)

    def row(self, record: object, problems: Problems) -> Row:
        """The row that a record makes, which is good for nothing if there are problems then."""
        row: Row = self._convert(record, "", problems)
        problems.extend(() if problems else _unsound(row))
        if not problems:
            row = {"datasetId": self.dataset, "ingestTime": row.get("timestamp", INGESTED), **row}
            problems.extend(self._missing(row))
            problems.extend(_identify(row))
        return row

    def _missing(self, row: Row) -> Iterator[tuple[str, str, object]]:
        for name in self.required:
            if name not in row:
                yield f"/{name}", f"a value, as {self.name} always has one", Said("nothing")


def _members(tree: Field) -> dict[str, Convert]:
    """The converters of all that a record may say, and of what it must not."""
    origin = {name: Field(name, "string") for name in ("datasetId", "identityNamespace", "identityId")}
    fields = {**origin, "ingestTime": Field("ingestTime", "date-time"), **tree.members}
    return {name: converter(field) for name, field in fields.items()} | {
        "identities": refusing("no identities, for they follow from identityMap"),
        "timeSeriesEvents": refusing("no events inside of a record: each is a record of its own"),
    }


def _unsound(row: Row) -> Iterator[tuple[str, str, object]]:
    """What is null or empty in a row although it never may be."""
    for namespace, items in row.get("identityMap", ()):
        at = pointer("/identityMap", namespace)
        for place, item in enumerate(items or ()):
            if not namespace:
                yield at, "a namespace that is not empty", namespace
            if not (item or {}).get("id"):
                yield f"{at}/{place}/id", "an id that is not empty", item
    for namespace, segments in row.get("segmentMembership", ()):
        for segment, item in segments or ():
            if item is None:
                yield pointer(pointer("/segmentMembership", namespace), segment), "a membership", item


def _identify(row: Row) -> Iterator[tuple[str, str, object]]:
    """Put the primary identity into a row that does not say it; what is wrong with it if that cannot be."""
    if any(name in row for name in _IDENTITY):
        for name in _IDENTITY:
            if not row.get(name):
                yield f"/{name}", "a text that is not empty, in both columns of the identity", row.get(name)
        return
    items = [(space, item) for space, items in row.get("identityMap", ()) for item in items or ()]
    known = {(space, item["id"]) for space, item in items}
    marked = {(space, item["id"]) for space, item in items if item.get("primary")}
    if len(marked or known) == 1:
        row.update(zip(_IDENTITY, (marked or known).pop(), strict=True))
        return
    found = f"{len(known)} identities, {len(marked)} of them primary"
    yield "/identityMap", "one identity that is primary, or the columns identityNamespace and identityId", Said(found)
