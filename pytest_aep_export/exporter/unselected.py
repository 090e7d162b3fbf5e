"""The other reading of ``fields``: a file with every column there is, where what was not selected is null.

The sources leave open whether an export drops the columns that ``fields`` does not name or writes them as null (facts,
union-schema-and-xdm section 3). The engine drops them; this puts them back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import pyarrow as pa

from pytest_aep_export.contract.union import Field, Union
from pytest_aep_export.profiles.columns import Array
from pytest_aep_export.profiles.schema import arrow_type

__all__ = ["widened"]

_EVENTS: Final = "timeSeriesEvents"
_ARRAY: Final[Any] = pa.Array.from_buffers  # its stub knows no children


def widened(table: pa.Table, union: Union) -> pa.Table:
    """An export's rows with all columns of the union, ``timeSeriesEvents`` the last of them.

    What the table does not have is null: whole columns, members of structs, also of those in lists and maps. A struct
    that is null stays so, and a map gets no keys.
    """
    events = Field(_EVENTS, "array", item=replace(union.event, name="*"))
    fields = {**union.profile.members, _EVENTS: events}
    return pa.table({name: _column(table, name, field) for name, field in fields.items()})


def _column(table: pa.Table, name: str, field: Field) -> Any:
    if name not in table.column_names:
        return _nothing(table.num_rows, field)
    return pa.chunked_array([_wide(chunk, field) for chunk in table[name].chunks], _type(field))


def _wide(values: Any, field: Field) -> Any:
    wanted = _type(field)
    if values.type == wanted:
        return values
    if field.item is None:
        return pa.StructArray.from_arrays(_members(values, field.members), fields=list(wanted), mask=values.is_null())
    inside = values.values
    if field.kind == "map":
        entries = [inside.field(0), _wide(inside.field(1), field.item)]
        inside = pa.StructArray.from_arrays(entries, fields=[wanted.key_field, wanted.item_field])
    else:
        inside = _wide(inside, field.item)
    return _ARRAY(wanted, len(values), values.buffers()[:2], offset=values.offset, children=[inside])


def _members(values: Any, members: Mapping[str, Field]) -> list[Array]:
    there = {field.name for field in values.type}
    return [
        _wide(values.field(name), member) if name in there else _nothing(len(values), member)
        for name, member in members.items()
    ]


def _nothing(count: int, field: Field) -> Any:
    return pa.nulls(count, _type(field))


def _type(field: Field) -> Any:
    """Its Arrow type, of which the stubs of what takes it would know more."""
    return arrow_type(field)
