"""The files of an export: snappy Parquet in parts, named as in the lake, all of them or none."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq

from pytest_aep_export.errors import ExportError

__all__ = ["Part", "part_name", "write_parts"]

_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class Part:
    """A file of an export: its name, its number of rows and its size in bytes."""

    name: str
    rows: int
    bytes: int


def part_name(seed: str, number: int) -> str:
    """The name of a part, in the pattern of a real one (facts, data-access section 2); the same for the same seed."""
    digest = hashlib.blake2b(seed.encode(), digest_size=32).digest()
    bits = int.from_bytes(digest[:16], "big")
    attempt = "".join(_CROCKFORD[bits >> shift & 31] for shift in range(125, -1, -5))
    uuid = UUID(bytes=digest[16:], version=4)
    return f"attempt-{attempt}_part-{number:05}-{uuid}-c000.snappy.parquet"


def write_parts(table: pa.Table, folder: Path, *, part_rows: int, name_seed: str) -> tuple[Part, ...]:
    """Write a table in parts of at most ``part_rows`` rows; an empty table is one part that holds the schema.

    Raises:
        ExportError: A part could not be written; those that were are removed.
    """
    starts = range(0, max(table.num_rows, 1), part_rows)
    paths = [folder / part_name(name_seed, number) for number in range(len(starts))]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _all_or_none(paths):
            return tuple(_write(table.slice(start, part_rows), path) for start, path in zip(starts, paths, strict=True))
    except (OSError, pa.ArrowException) as error:
        raise ExportError(f"writing profiles to {folder} failed: {error}", "0090000009") from error


def _write(table: pa.Table, path: Path) -> Part:
    pq.write_table(table, path, compression="snappy", store_schema=False)
    return Part(path.name, table.num_rows, path.stat().st_size)


@contextmanager
def _all_or_none(paths: list[Path]) -> Iterator[None]:
    """Remove the files at these paths if what is inside fails, for whatever reason."""
    try:
        yield
    except BaseException:
        for path in paths:
            with suppress(OSError):
                path.unlink(missing_ok=True)
        raise
