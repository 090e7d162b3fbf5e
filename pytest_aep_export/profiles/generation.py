"""Fake profile data by number: made in memory when it is read, or written to Parquet in memory that does not grow."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.profiles.data import ProfileData
from pytest_aep_export.profiles.events import MOST_EVENTS, events_of
from pytest_aep_export.profiles.fragments import MOST_FRAGMENTS, fragments_of
from pytest_aep_export.profiles.partitions import PARTITION_ROWS, Tables
from pytest_aep_export.profiles.persons import Persons
from pytest_aep_export.profiles.pools import pools
from pytest_aep_export.profiles.randomness import Stream
from pytest_aep_export.profiles.schema import EVENTS, FRAGMENTS
from pytest_aep_export.profiles.stored import Note, Stored

__all__ = ["Recipe", "Seeded", "generate", "write_parquet"]

_BATCH_ROWS: Final = 32_768
"""About how many rows of both tables are made at a time: enough to be fast, few enough for the processor's caches."""

_MOST_THREADS: Final = 8
_MOST: Final = 10_000_000_000
"""Each takes some 60 MB."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How persons are made: see `generate`."""

    seed: int
    locale: str
    events_per_profile: float
    fragments: float

    def __post_init__(self) -> None:
        """Refuse what cannot be made."""
        if not 0 <= self.events_per_profile <= MOST_EVENTS / 2:
            raise ConfigurationError(
                f"events_per_profile={self.events_per_profile} is not between 0 and {MOST_EVENTS // 2}"
            )
        if not 1 <= self.fragments <= MOST_FRAGMENTS:
            raise ConfigurationError(f"fragments={self.fragments} is not between 1 and {MOST_FRAGMENTS}")
        pools(self.locale)

    def spans(self, first: int, profiles: int) -> list[range]:
        """So many persons, from a number on, in partitions; none at all are one partition too."""
        if profiles < 0 or first < 0 or first + profiles > _MOST:
            raise ConfigurationError(
                f"profiles={profiles}, first={first}: expected two numbers from 0 on, {_MOST:,} together at most"
            )
        size, end = self._count(PARTITION_ROWS), first + profiles
        return [range(start, min(start + size, end)) for start in range(first, max(end, first + 1), size)]

    def persons(self, span: range) -> Iterator[Persons]:
        """The persons of these numbers, some thousand at a time; of no numbers, nobody once."""
        size = self._count(_BATCH_ROWS)
        for start in range(span.start, max(span.stop, span.start + 1), size):
            index = np.arange(start, min(start + size, span.stop), dtype=np.uint64)
            yield Persons(Stream(self.seed, "person", index), pools(self.locale), self.fragments)

    def _count(self, rows: int) -> int:
        """How many persons have about so many rows."""
        return max(1, int(rows / (self.fragments + self.events_per_profile)))


@dataclass(frozen=True, slots=True)
class Seeded:
    """A partition of persons that are made each time it is read."""

    recipe: Recipe
    span: range

    def read(self, fragments: Collection[str] | None = None, events: Collection[str] | None = None) -> Tables:
        """See `Partition.read`."""
        persons = list(self.recipe.persons(self.span))
        average = self.recipe.events_per_profile
        return Tables(
            _plain([fragments_of(some, fragments) for some in persons], FRAGMENTS),
            _plain([events_of(some, average, events) for some in persons], EVENTS),
        )


def _plain(batches: list[pa.RecordBatch], schema: pa.Schema) -> pa.Table:
    """The batches as a table with the types of a schema."""
    made = pa.Table.from_batches(batches)
    return made.cast(pa.schema([schema.field(name) for name in made.column_names]))


def generate(
    profiles: int,
    *,
    seed: int = 0,
    locale: str = "en_US",
    events_per_profile: float = 3,
    fragments: float = 2,
    first: int = 0,
) -> ProfileData:
    """The fragments and events of profiles number ``first`` to ``first + profiles - 1``.

    Each is a pure function of the seed and its number: the first hundred of a thousand are the hundred. What makes
    more than one partition is not kept in memory, but made again whenever it is read.

    Args:
        profiles: How many persons. Under a policy without a graph there are some more profiles: see `fragments`.
        seed: Another seed, other data.
        locale: Where the persons live, as Faker names it.
        events_per_profile: How many events each has on average; none has more than twice as many.
        fragments: How many fragments each has on average: with 1, all have a CRM record only; with 2, seven of ten have
            a loyalty record too and three of ten a web record; with 3, all have all; in between, in proportion.
        first: The number to start from.

    Raises:
        ConfigurationError: A number is out of its range, or the locale is unknown.
    """
    recipe = Recipe(seed, locale, events_per_profile, fragments)
    partitions = [Seeded(recipe, span) for span in recipe.spans(first, profiles)]
    return ProfileData((partitions[0].read(),) if len(partitions) == 1 else tuple(partitions))


def write_parquet(
    folder: Path,
    profiles: int,
    *,
    seed: int = 0,
    locale: str = "en_US",
    events_per_profile: float = 3,
    fragments: float = 2,
    progress: Callable[[int], object] | None = None,
) -> ProfileData:
    """Write what `generate` would make into a folder of snappy Parquet files; what is there already is kept.

    An interrupted call loses nothing but the partitions under way: the same call again goes on where it was. Several
    calls at the same time do no harm, as long as they write the same data.

    Args:
        folder: Where the files go; it is made if need be.
        profiles: As in `generate`; also ``seed``, ``locale``, ``events_per_profile`` and ``fragments``.
        seed: See ``profiles``.
        locale: See ``profiles``.
        events_per_profile: See ``profiles``.
        fragments: See ``profiles``.
        progress: Called with the number of profiles that there are so far, after each partition.

    Raises:
        ConfigurationError: As `generate`; or the folder holds other data.
    """
    recipe = Recipe(seed, locale, events_per_profile, fragments)
    spans = recipe.spans(0, profiles)
    Note({"profiles": profiles, **asdict(recipe)}, len(spans)).claim(folder)
    done = 0
    with _threads() as pool:
        futures = [pool.submit(_write, recipe, span, Stored(folder, number)) for number, span in enumerate(spans)]
        for future in as_completed(futures):
            done += future.result()
            if progress is not None:
                progress(done)
    return ProfileData.read(folder)


@contextmanager
def _threads() -> Iterator[ThreadPoolExecutor]:
    """As many threads as there are processors, within reason; after a failure, what has not begun never does."""
    pool = ThreadPoolExecutor(min(os.cpu_count() or 1, _MOST_THREADS))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _write(recipe: Recipe, span: range, place: Stored) -> int:
    """Write one partition, unless it is there, and return its number of persons."""
    if not place.complete:
        average = recipe.events_per_profile
        nobody = next(recipe.persons(range(0)))
        with place.writers(fragments_of(nobody).schema, events_of(nobody, average).schema) as (one, other):
            for persons in recipe.persons(span):
                one.write_batch(fragments_of(persons))
                other.write_batch(events_of(persons, average))
    return len(span)
