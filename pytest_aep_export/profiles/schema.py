"""The Arrow schemas of the two tables that all profile data is held in: fragments and events.

**Fragments**: one row for each profile record as it was ingested. Its first columns say where the row comes from:

``datasetId``
    The dataset that it was ingested into.
``ingestTime``
    When, in ms, UTC. Merging goes by this time and by no other (facts, merge-policies, "Rules").
``identityNamespace``, ``identityId``
    The primary identity: the namespace's code, spelled as in ``identityMap``, and the id. Never null.

**Events**: one row for each ExperienceEvent, with the same four columns; ``timestamp`` is when it happened and
``ingestTime`` is when it arrived, which is later.

The other columns are the top-level fields of the union schema (``contract/xdm.yaml``) by name and in its order, with
nested values as Arrow structs, lists and maps. ``identities`` is no column: the export derives it from ``identityMap``.
Ids in an ``identityMap``, and the items of a ``segmentMembership``, are never null.
"""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from pytest_aep_export.contract.union import Field, Union, load_union

__all__ = ["EVENTS", "FRAGMENTS", "ORIGIN", "arrow_type", "schemas"]

_SCALARS: Final[dict[str, pa.DataType]] = {
    "string": pa.string(),
    "boolean": pa.bool_(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "date": pa.date32(),
    "date-time": pa.timestamp("ms", tz="UTC"),
}


def arrow_type(field: Field) -> pa.DataType:
    """The Arrow type of a field of the union."""
    if field.kind == "object":
        return pa.struct([pa.field(name, arrow_type(member)) for name, member in field.members.items()])
    if field.item is None:
        return _SCALARS[field.kind]
    item = arrow_type(field.item)
    return pa.map_(pa.string(), item) if field.kind == "map" else pa.list_(item)


ORIGIN: Final[tuple[pa.Field[Any], ...]] = (
    pa.field("datasetId", pa.string(), nullable=False),
    pa.field("ingestTime", pa.timestamp("ms", tz="UTC"), nullable=False),
    pa.field("identityNamespace", pa.string(), nullable=False),
    pa.field("identityId", pa.string(), nullable=False),
)
"""The columns that say where a row comes from."""


def schemas(union: Union) -> tuple[pa.Schema, pa.Schema]:
    """The schemas of the fragments table and of the events table of a union."""
    return _table(union.profile), _table(union.event)


def _table(tree: Field) -> pa.Schema:
    columns = [pa.field(name, arrow_type(member)) for name, member in tree.members.items() if name != "identities"]
    return pa.schema([*ORIGIN, *columns])


_DEFAULT: Final = schemas(load_union())

FRAGMENTS: Final = _DEFAULT[0]
"""The schema of the fragments table, where a tenant has no fields of its own."""

EVENTS: Final = _DEFAULT[1]
"""The schema of the events table, where a tenant has no fields of its own."""
