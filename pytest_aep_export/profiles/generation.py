"""Fake profile data by number: made in memory when it is read, or written to Parquet in memory that does not grow."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.profiles.data import ProfileData
from pytest_aep_export.profiles.events import MOST_EVENTS, events
from pytest_aep_export.profiles.fragments import fragments
from pytest_aep_export.profiles.partitions import PARTITION_ROWS, Tables
from pytest_aep_export.profiles.persons import Persons
from pytest_aep_export.profiles.pools import pools
from pytest_aep_export.profiles.randomness import Stream
from pytest_aep_export.profiles.schema import EVENTS, FRAGMENTS
from pytest_aep_export.profiles.stored import Note, Stored

__all__ = ["Recipe", "generate", "write_parquet"]

_BATCH: Final = 16_384


@dataclass(frozen=True, slots=True)
class Recipe:
    """How persons are made: see `generate`."""

    seed: int
    locale: str
    events_per_profile: float

    def __post_init__(self) -> None:
        """Refuse what cannot be made."""
        if not 0 <= self.events_per_profile <= MOST_EVENTS / 2:
            raise ConfigurationError(
                f"events_per_profile={self.events_per_profile} is not between 0 and {MOST_EVENTS // 2}"
            )
        pools(self.locale)

    def batches(self, first: int, end: int) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
        """The fragments and events of persons number ``first`` to ``end - 1``, some thousand persons at a time."""
        size = max(1, int(_BATCH / max(1.0, self.events_per_profile)))
        for start in range(first, end, size):
            index = np.arange(start, min(start + size, end), dtype=np.uint64)
            persons = Persons(Stream(self.seed, "person", index), pools(self.locale))
            yield fragments(persons), events(persons, self.events_per_profile)

    def spans(self, first: int, end: int) -> list[range]:
        """These persons in partitions; none at all are one partition too."""
        size = max(1, int(PARTITION_ROWS / (2 + self.events_per_profile)))
        return [range(start, min(start + size, end)) for start in range(first, max(end, first + 1), size)]


@dataclass(frozen=True, slots=True)
class Seeded:
    """A partition of persons that are made each time it is read."""

    recipe: Recipe
    span: range

    def read(self, fragments: Collection[str] | None = None, events: Collection[str] | None = None) -> Tables:
        """See `Partition.read`."""
        made = list(self.recipe.batches(self.span.start, self.span.stop))
        tables = Tables(
            pa.Table.from_batches([batch for batch, _ in made], FRAGMENTS),
            pa.Table.from_batches([batch for _, batch in made], EVENTS),
        )
        return tables.read(fragments, events)


def generate(
    profiles: int, *, seed: int = 0, locale: str = "en_US", events_per_profile: float = 3, first: int = 0
) -> ProfileData:
    """The fragments and events of profiles number ``first`` to ``first + profiles - 1``.

    Each is a pure function of the seed and its number: the first hundred of a thousand are the hundred. What makes
    more than one partition is not kept in memory, but made again whenever it is read.

    Args:
        profiles: How many persons. Under a policy without a graph there are some more profiles: see `fragments`.
        seed: Another seed, other data.
        locale: Where the persons live, as Faker names it.
        events_per_profile: How many events each has on average; none has more than twice as many.
        first: The number to start from.

    Raises:
        ConfigurationError: A number is out of its range, or the locale is unknown.
    """
    if profiles < 0 or first < 0:
        raise ConfigurationError(f"profiles={profiles}, first={first}: expected two numbers that are not negative")
    recipe = Recipe(seed, locale, events_per_profile)
    partitions = [Seeded(recipe, span) for span in recipe.spans(first, first + profiles)]
    return ProfileData((partitions[0].read(),) if len(partitions) == 1 else tuple(partitions))


def write_parquet(
    folder: Path,
    profiles: int,
    *,
    seed: int = 0,
    locale: str = "en_US",
    events_per_profile: float = 3,
    progress: Callable[[int], object] | None = None,
) -> ProfileData:
    """Write what `generate` would make into a folder of snappy Parquet files; what is there already is kept.

    An interrupted call loses nothing but the partitions under way: the same call again goes on where it was.

    Args:
        folder: Where the files go; it is made if need be.
        profiles: As in `generate`; also ``seed``, ``locale`` and ``events_per_profile``.
        seed: See ``profiles``.
        locale: See ``profiles``.
        events_per_profile: See ``profiles``.
        progress: Called with the number of profiles that there are so far, after each partition.

    Raises:
        ConfigurationError: As `generate`; or the folder holds other data.
    """
    recipe = Recipe(seed, locale, events_per_profile)
    spans = recipe.spans(0, profiles)
    note = Note({"profiles": profiles, **asdict(recipe)}, len(spans))
    folder.mkdir(parents=True, exist_ok=True)
    if Note.read(folder) not in (None, note):  # noqa: PLR6201 - a note holds a dictionary
        raise ConfigurationError(f"{folder} holds other profile data: choose another folder, or remove it")
    note.write(folder)
    done = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        futures = [pool.submit(_write, recipe, span, Stored(folder, number)) for number, span in enumerate(spans)]
        for future in as_completed(futures):
            done += future.result()
            if progress is not None:
                progress(done)
    return ProfileData.read(folder)


def _write(recipe: Recipe, span: range, place: Stored) -> int:
    """Write one partition, unless it is there, and return its number of persons."""
    if not place.complete:
        first, second = (path.with_suffix(".partial") for path in (place.fragments, place.events))
        with pq.ParquetWriter(first, FRAGMENTS) as one, pq.ParquetWriter(second, EVENTS) as other:
            for records, happenings in recipe.batches(span.start, span.stop):
                one.write_batch(records)
                other.write_batch(happenings)
        first.replace(place.fragments)
        second.replace(place.events)
    return len(span)
