"""The files of an export: snappy Parquet in parts, named as in the lake, all of them or none."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["Part", "all_or_none", "part_name", "published", "stage"]

_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_STAGED: Final = ".staged"


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


def stage(table: pa.Table, folder: Path, place: int, part_rows: int) -> tuple[Part, ...]:
    """Write one partition's rows in parts of at most ``part_rows`` rows, under names that say they are not final.

    Whoever writes the same partition again, because a worker was lost, replaces them by the same. Of no rows only the
    first partition makes a part, so that there is one that tells the schema.
    """
    end = table.num_rows or int(place == 0)
    starts = range(0, end, part_rows)
    return tuple(
        _write(table.slice(start, part_rows), folder / f"{place:06}-{number:06}{_STAGED}")
        for number, start in enumerate(starts)
    )


def _write(table: pa.Table, path: Path) -> Part:
    own = path.with_name(f"{path.name}-{uuid4().hex}")  # a worker that was given up for lost may still be writing
    try:
        pq.write_table(table, own, compression="snappy", store_schema=False)
        own.replace(path)
    except BaseException:
        _remove([own])
        raise
    return Part(path.name, table.num_rows, path.stat().st_size)


def published(staged: Iterable[Part], folder: Path, name_seed: str) -> tuple[Part, ...]:
    """Give staged parts their final names, in order; one without rows remains only where it is alone."""
    parts = list(staged)
    filled = [part for part in parts if part.rows] or parts[:1]
    final = [Part(part_name(name_seed, number), part.rows, part.bytes) for number, part in enumerate(filled)]
    for before, after in zip(filled, final, strict=True):
        (folder / before.name).replace(folder / after.name)
    _remove(path for path in folder.iterdir() if _STAGED in path.name)
    return tuple(final)


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        with suppress(OSError):
            path.unlink()


@contextmanager
def all_or_none(folder: Path, name_seed: str) -> Iterator[None]:
    """Make the folder; if what is inside fails, for whatever reason, remove the parts that it has written by then."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        attempt = part_name(name_seed, 0).partition("_")[0]
        _remove(path for path in folder.iterdir() if _STAGED in path.name or path.name.startswith(attempt))
        raise
