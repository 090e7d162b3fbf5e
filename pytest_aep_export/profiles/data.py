"""Profile data as it was ingested: what exports read."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pyarrow as pa

from pytest_aep_export.contract.union import Union, load_union
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.profiles.partitions import PARTITION_ROWS, Partition, Tables, split
from pytest_aep_export.profiles.schema import schemas
from pytest_aep_export.profiles.stored import stored

__all__ = ["ProfileData"]


@dataclass(frozen=True, slots=True)
class ProfileData:
    """Fragments and events, in one partition or more.

    Attributes:
        partitions: The data; one at least.
        union: The fields that it may have.
    """

    partitions: tuple[Partition, ...]
    union: Union = field(default_factory=load_union)

    @classmethod
    def of(
        cls, fragments: pa.Table, events: pa.Table, *, union: Union | None = None, rows: int = PARTITION_ROWS
    ) -> Self:
        """The data of two finished tables, as `pytest_aep_export.profiles.schema` describes them.

        Args:
            fragments: One row for each fragment.
            events: One row for each event.
            union: The fields that they may have; by default those of the contract.
            rows: About how many rows a partition has.

        Raises:
            ConfigurationError: A table has another schema.
        """
        union = union or load_union()
        tables = (("fragments", fragments), ("events", events))
        for (name, table), schema in zip(tables, schemas(union), strict=True):
            if not table.schema.equals(schema):
                raise ConfigurationError(
                    f"the {name} table does not have the schema of pytest_aep_export.profiles.schema: cast it to that"
                )
        return cls(split(Tables(fragments, events), rows), union)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """What `write_parquet` wrote, read from its files when it is needed.

        Raises:
            ConfigurationError: There is no such data, or not all of it.
        """
        return cls(stored(folder))

    @property
    def fragments(self) -> pa.Table:
        """The whole fragments table; made anew each time where there are several partitions."""
        return pa.concat_tables([partition.read(None, ()).fragments for partition in self.partitions])

    @property
    def events(self) -> pa.Table:
        """The whole events table; made anew each time where there are several partitions."""
        return pa.concat_tables([partition.read((), None).events for partition in self.partitions])
