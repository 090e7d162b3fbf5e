"""The rows of Parquet files as plain JSON: what a preview shows (facts, data-access section 5).

The published schema of a row is a stub with named columns. Public clients of the live service read a column by its
dotted path, such as ``person.name.firstName``: so a row has no structs. The rest is a choice of ours: lists are arrays,
maps are objects, times are in RFC 3339 and UTC, and what has no value is null.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["first_rows"]

Row = dict[str, Any]


def first_rows(parts: Iterable[Path], most: int) -> list[Row]:
    """The first rows of the parts, in their order; no more of a file is read than the pages that hold them.

    Raises:
        ValueError: A part is gone, is no Parquet, or holds a time that RFC 3339 cannot write.
    """
    return list(islice(chain.from_iterable(_rows(part, most) for part in parts), most))


def _rows(part: Path, at_once: int) -> Iterator[Row]:
    try:
        with pq.ParquetFile(part, memory_map=True, pre_buffer=False) as file:
            for batch in file.iter_batches(batch_size=at_once, use_threads=False):
                yield from _plain_rows(pa.Table.from_batches([batch]))
    except (OSError, ValueError, OverflowError) as error:
        raise ValueError(f"{part.name} cannot be read as JSON ({type(error).__name__})") from error


def _plain_rows(table: pa.Table) -> list[Row]:
    """Rows without structs: a member of one is a column, and its name the path there."""
    while any(pa.types.is_struct(kind) for kind in table.schema.types):
        table = table.flatten()
    kinds = dict(zip(table.column_names, table.schema.types, strict=True))
    return [{name: _plain(value, kinds[name]) for name, value in row.items()} for row in table.to_pylist()]


def _plain(value: Any, kind: pa.DataType) -> Any:
    """A value of an Arrow type as JSON has it."""
    if value is None:
        return None
    if isinstance(kind, pa.MapType):
        return {key: _plain(item, kind.item_type) for key, item in value}
    if isinstance(kind, pa.ListType):
        return [_plain(item, kind.value_type) for item in value]
    if isinstance(kind, pa.StructType):
        return {field.name: _plain(value[field.name], field.type) for field in kind}
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value
