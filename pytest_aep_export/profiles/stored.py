"""Profile data in a folder: two snappy Parquet files for each partition, and a note of what they are parts of."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.profiles.partitions import Partition, Tables

__all__ = ["Note", "Stored", "stored"]

_NOTE: Final = "profiles.json"
_FORMAT: Final = 1
_PARTIAL: Final = ".partial"


@dataclass(frozen=True, slots=True)
class Stored:
    """A partition in a folder; another process reads it from the same path."""

    folder: Path
    number: int

    @property
    def fragments(self) -> Path:
        """The file of its fragments."""
        return self.folder / f"fragments-{self.number:05}.parquet"

    @property
    def events(self) -> Path:
        """The file of its events."""
        return self.folder / f"events-{self.number:05}.parquet"

    @property
    def complete(self) -> bool:
        """Whether both files are there and sound: neither appears before it is whole, but it may have been damaged."""
        return _is_sound(self.fragments) and _is_sound(self.events)

    def read(self, fragments: Collection[str] | None = None, events: Collection[str] | None = None) -> Tables:
        """See `Partition.read`."""
        return Tables(_table(self.fragments, fragments), _table(self.events, events))

    @contextmanager
    def writers(self, fragments: pa.Schema, events: pa.Schema) -> Iterator[tuple[pq.ParquetWriter, pq.ParquetWriter]]:
        """What writes both files; they appear when they are whole.

        Texts that are dictionary-encoded here are plain when they are read: Arrow's own schema is not stored.
        """
        with _writer(self.fragments, fragments) as one, _writer(self.events, events) as other:
            yield one, other


@contextmanager
def _writer(path: Path, schema: pa.Schema) -> Iterator[pq.ParquetWriter]:
    with _appearing(path) as own, pq.ParquetWriter(own, schema, compression="snappy", store_schema=False) as writer:
        yield writer
    for left in path.parent.glob(f"{path.name}.*{_PARTIAL}"):  # by a process that was killed
        with suppress(OSError):
            left.unlink()


@contextmanager
def _appearing(path: Path) -> Iterator[Path]:
    """A name of its own for a file that gets its real one when it is whole."""
    own = path.with_name(f"{path.name}.{token_hex(4)}{_PARTIAL}")
    try:
        yield own
        own.replace(path)
    except FileNotFoundError:
        if not path.is_file():  # or else somebody else has written the same, and cleared up
            raise
    finally:
        own.unlink(missing_ok=True)


def _is_sound(path: Path) -> bool:
    """Whether a file is Parquet as far as its footer tells."""
    try:
        with pq.ParquetFile(path):
            return True
    except (OSError, pa.ArrowException):
        return False


def _table(path: Path, names: Collection[str] | None) -> pa.Table:
    file = pq.ParquetFile(path)
    stored: list[str] = file.schema_arrow.names
    return file.read(columns=[name for name in stored if names is None or name in names])


@dataclass(frozen=True, slots=True)
class Note:
    """What a folder holds: how its data was made, and in how many partitions."""

    recipe: dict[str, Any]
    partitions: int

    def claim(self, folder: Path) -> None:
        """Make the folder one of this data, if it is not yet.

        Raises:
            ConfigurationError: It is one of other data.
        """
        folder.mkdir(parents=True, exist_ok=True)
        known = Note.read(folder)
        if known is not None and known != self:
            raise ConfigurationError(f"{folder} holds other profile data: choose another folder, or remove it")
        document = {"format": _FORMAT, "partitions": self.partitions, "recipe": self.recipe}
        with _appearing(folder / _NOTE) as own:
            own.write_text(json.dumps(document, indent=2) + "\n")

    @classmethod
    def read(cls, folder: Path) -> Note | None:
        """The note in the folder, if there is one.

        Raises:
            ConfigurationError: It cannot be read.
        """
        try:
            document = json.loads((folder / _NOTE).read_text())
            if document["format"] == _FORMAT:
                return cls(document["recipe"], int(document["partitions"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise ConfigurationError(f"{folder / _NOTE} cannot be read ({error}): make the data anew") from error
        raise ConfigurationError(f"{folder / _NOTE} is of another version of this package: make the data anew")


def stored(folder: Path) -> tuple[Partition, ...]:
    """The partitions in a folder.

    Raises:
        ConfigurationError: There are none, or not all.
    """
    note = Note.read(folder)
    if note is None:
        raise ConfigurationError(f"{folder} holds no profile data: expected what `aep-export profiles generate` writes")
    partitions = [Stored(folder, number) for number in range(note.partitions)]
    there = sum(partition.complete for partition in partitions)
    if there < len(partitions):
        raise ConfigurationError(
            f"{folder} holds {there} of {len(partitions)} partitions: run what writes them again, and it will go on"
        )
    return tuple(partitions)
