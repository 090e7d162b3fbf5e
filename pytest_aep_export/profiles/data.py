"""Fake profile data: made in memory, or streamed to Parquet in memory that does not grow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.profiles.events import MOST_EVENTS, events
from pytest_aep_export.profiles.fragments import fragments
from pytest_aep_export.profiles.persons import Persons
from pytest_aep_export.profiles.pools import pools
from pytest_aep_export.profiles.randomness import Stream
from pytest_aep_export.profiles.schema import EVENTS, FRAGMENTS

__all__ = ["ProfileData", "generate", "write_parquet"]

_BATCH: Final = 16_384
_FRAGMENTS: Final = "fragments.parquet"
_EVENTS: Final = "events.parquet"

Batch = tuple[int, pa.RecordBatch, pa.RecordBatch]


@dataclass(frozen=True, slots=True)
class ProfileData:
    """Profile data as it was ingested: the two tables that `schema` describes.

    Raises:
        ConfigurationError: A table has another schema.
    """

    fragments: pa.Table
    events: pa.Table

    def __post_init__(self) -> None:
        """Refuse tables of another schema."""
        for name, table, schema in (("fragments", self.fragments, FRAGMENTS), ("events", self.events, EVENTS)):
            if not table.schema.equals(schema):
                raise ConfigurationError(
                    f"the {name} table does not have the schema of pytest_aep_export.profiles.schema: cast it to that"
                )

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read what `write_parquet` wrote."""
        return cls(pq.read_table(folder / _FRAGMENTS, schema=FRAGMENTS), pq.read_table(folder / _EVENTS, schema=EVENTS))


def generate(
    profiles: int, *, seed: int = 0, locale: str = "en_US", events_per_profile: float = 3, first: int = 0
) -> ProfileData:
    """The fragments and events of profiles number ``first`` to ``first + profiles - 1``.

    Each is a pure function of the seed and its number: the first hundred of a thousand are the hundred.

    Args:
        profiles: How many persons. Under a policy without a graph there are some more profiles: see `fragments`.
        seed: Another seed, other data.
        locale: Where the persons live, as Faker names it.
        events_per_profile: How many events each has on average; none has more than twice as many.
        first: The number to start from.

    Raises:
        ConfigurationError: A number is out of its range, or the locale is unknown.
    """
    made = list(_batches(profiles, seed, locale, events_per_profile, first))
    return ProfileData(
        fragments=pa.Table.from_batches([batch for _, batch, _ in made], FRAGMENTS),
        events=pa.Table.from_batches([batch for _, _, batch in made], EVENTS),
    )


def write_parquet(
    folder: Path,
    profiles: int,
    *,
    seed: int = 0,
    locale: str = "en_US",
    events_per_profile: float = 3,
    progress: Callable[[int], object] | None = None,
) -> int:
    """Write what `generate` would make into two snappy Parquet files, and return their number of rows.

    Args:
        folder: Where ``fragments.parquet`` and ``events.parquet`` go; it is made if need be.
        profiles: As in `generate`; also ``seed``, ``locale`` and ``events_per_profile``.
        seed: See ``profiles``.
        locale: See ``profiles``.
        events_per_profile: See ``profiles``.
        progress: Called with the number of profiles written so far, every few thousand.

    Raises:
        ConfigurationError: As `generate`.
    """
    batches = _batches(profiles, seed, locale, events_per_profile, 0)
    folder.mkdir(parents=True, exist_ok=True)
    rows = 0
    with _writer(folder / _FRAGMENTS, FRAGMENTS) as first, _writer(folder / _EVENTS, EVENTS) as second:
        for done, records, happenings in _ahead(batches):
            first.write_batch(records)
            second.write_batch(happenings)
            rows += records.num_rows + happenings.num_rows
            if progress is not None:
                progress(done)
    return rows


def _ahead(batches: Iterator[Batch]) -> Iterator[Batch]:
    """The batches, each made in a thread while the one before it is in use."""
    with ThreadPoolExecutor(1) as maker:
        coming = maker.submit(next, batches, None)
        while batch := coming.result():
            coming = maker.submit(next, batches, None)
            yield batch


def _writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    return pq.ParquetWriter(path, schema, compression="snappy")


def _batches(profiles: int, seed: int, locale: str, events_per_profile: float, first: int) -> Iterator[Batch]:
    if profiles < 0 or first < 0:
        raise ConfigurationError(f"profiles={profiles}, first={first}: expected two numbers that are not negative")
    if not 0 <= events_per_profile <= MOST_EVENTS / 2:
        raise ConfigurationError(f"events_per_profile={events_per_profile} is not between 0 and {MOST_EVENTS // 2}")
    nobody = Persons(Stream(seed, "person", np.arange(0, dtype=np.uint64)), pools(locale))
    return _made(nobody, events_per_profile, first, first + profiles)


def _made(nobody: Persons, per_person: float, first: int, end: int) -> Iterator[Batch]:
    size = max(1, int(_BATCH / max(1.0, per_person)))
    for start in range(first, end, size):
        stop = min(start + size, end)
        persons = Persons(nobody.draw.at(np.arange(start, stop)), nobody.pools)
        yield stop - first, fragments(persons), events(persons, per_person)
