"""The texts of a Parquet file, which is the one kind of binary body whose content can be looked at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

__all__ = ["texts"]


def texts(content: bytes) -> Iterator[tuple[str, str]] | None:
    """Every text in the file with the path of its column, each once; None where it is no whole Parquet file."""
    import pyarrow as pa  # noqa: PLC0415 - loaded only where there are files to look into
    from pyarrow import parquet  # noqa: PLC0415 - the same

    try:
        table = parquet.read_table(pa.BufferReader(content))
    except (pa.ArrowException, OSError):
        return None
    return _of_table(table)


def _of_table(table: Any) -> Iterator[tuple[str, str]]:
    for name, column in zip(table.column_names, table.columns, strict=True):
        for chunk in column.chunks:
            yield from _strings(name, chunk)


def _strings(path: str, array: Any) -> Iterator[tuple[str, str]]:
    """The texts of an array, through structures, lists and maps."""
    from pyarrow import types  # noqa: PLC0415 - loaded only where there are files to look into

    kind = array.type
    if types.is_struct(kind):
        for field, inner in zip(kind, array.flatten(), strict=True):
            yield from _strings(f"{path}.{field.name}", inner)
    elif types.is_map(kind):
        yield from _strings(path, array.keys)
        yield from _strings(path, array.items)
    elif types.is_list(kind) or types.is_large_list(kind):
        yield from _strings(path, array.flatten())
    elif types.is_dictionary(kind):
        yield from _strings(path, array.dictionary)
    elif types.is_string(kind) or types.is_large_string(kind) or types.is_binary(kind) or types.is_large_binary(kind):
        for value in array.unique().to_pylist():
            if value is not None:
                yield path, value if isinstance(value, str) else value.decode(errors="replace")
