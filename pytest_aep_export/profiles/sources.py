"""Where own rows come from: Python, Arrow, or a file; read as an Arrow table or as plain records, unchecked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.profiles.rows import Said

__all__ = ["Columns", "Records", "Source", "opened"]

Source: TypeAlias = "str | Path | pa.Table | pa.RecordBatch | Iterable[Mapping[str, Any]]"
"""Where rows come from.

Any iterable of records will do; an Arrow table or batch, or whatever else exports an Arrow stream, as data frames do;
and the path of a file: ``.jsonl`` or ``.ndjson`` (an object in each line), ``.json`` (an array), ``.parquet``.
"""

_AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True)
class Records:
    """Plain records.

    Attributes:
        numbered: Each record and its number.
        place: What a user calls the record of a number.
    """

    numbered: Iterable[tuple[int, object]]
    place: Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Columns:
    """A table, and what a user calls it."""

    table: pa.Table
    name: str

    def __post_init__(self) -> None:
        """Refuse a table of which nobody can say what is in a column."""
        names = self.table.column_names
        for twice in {name for name in names if names.count(name) > 1}:
            raise ConfigurationError(f"{self.name} has more than one column {twice!r:.80}: rename or drop the others")

    def records(self) -> Records:
        """Its rows as plain records."""
        return _numbered(_pylist(self.table, self.name), self.name)


def opened(source: Any, name: str) -> Columns | Records:
    """What is in a `Source`, called ``name`` where it has no name of its own.

    Raises:
        ConfigurationError: It is none, or cannot be read.
    """
    if isinstance(source, (str, Path)):
        return _file(Path(source))
    if hasattr(source, "__arrow_c_stream__"):
        return Columns(pa.table(source), name)
    if isinstance(source, Iterable) and not isinstance(source, (Mapping, bytes)):
        return _numbered(source, name)
    raise ConfigurationError(
        f"{name} cannot be loaded from {source!r:.80}: expected a list of records, an Arrow table or a file's path"
    )


def _numbered(records: Iterable[object], name: str) -> Records:
    return Records(enumerate(records), lambda number: f"{name}[{number}]")


def _pylist(table: pa.Table, name: str) -> Iterator[object]:
    try:
        for batch in table.to_batches(max_chunksize=_AT_ONCE):
            yield from batch.to_pylist()
    except (ValueError, OverflowError) as error:
        raise ConfigurationError(f"{name} holds what Python cannot: {error}") from error


def _file(path: Path) -> Columns | Records:
    read = _FORMATS.get(path.suffix.lower())
    if read is None:
        raise ConfigurationError(f"{str(path)!r:.200} cannot be loaded: expected a file named {', '.join(_FORMATS)}")
    try:
        return read(path)
    except (OSError, ValueError) as error:  # of which Arrow's and orjson's errors are kinds
        raise ConfigurationError(f"{path} cannot be read: {error}") from error


def _lines(path: Path) -> Records:
    with path.open("rb"):  # a file that is not there is found out now
        return Records(_parsed(path), lambda number: f"{path}:{number}")


def _parsed(path: Path) -> Iterator[tuple[int, object]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.isspace():
                yield number, _object(line)


def _object(line: bytes) -> object:
    try:
        return _json(line)
    except ValueError as error:
        return Said(f"what is no JSON ({error})")


def _json(text: bytes) -> object:
    try:
        return orjson.loads(text)
    except ValueError:
        text.decode()  # says of what is no UTF-8 where and why, which the other does not
        raise


def _array(path: Path) -> Records:
    document = _json(path.read_bytes())
    if not isinstance(document, list):
        raise ValueError(f"expected an array of records, found {document!r:.80}")  # noqa: TRY004 - told apart by nobody
    return _numbered(document, str(path))


def _parquet(path: Path) -> Columns:
    return Columns(pq.ParquetFile(path).read(), str(path))


_FORMATS: Final[Mapping[str, Callable[[Path], Columns | Records]]] = {
    ".jsonl": _lines,
    ".ndjson": _lines,
    ".json": _array,
    ".parquet": _parquet,
}
