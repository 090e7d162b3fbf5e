"""What profile data refers to: the segments and datasets that a sandbox must know.

Generated persons refer to the default ones, which every sandbox knows; they are not made for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import numpy as np
import pyarrow as pa

from pytest_aep_export.profiles.columns import column, opened, pick
from pytest_aep_export.profiles.data import ProfileData
from pytest_aep_export.profiles.generation import Seeded
from pytest_aep_export.profiles.partitions import Partition
from pytest_aep_export.profiles.policies import EVENT_SCHEMA, PROFILE_SCHEMA

__all__ = ["datasets", "segments"]


def segments(data: ProfileData) -> frozenset[tuple[str, str]]:
    """The segments that somebody is or was in, each as its namespace in lower case and its id."""
    found: set[tuple[str, str]] = set()
    for partition in _own(data):
        table = partition.read(("segmentMembership",), ()).fragments
        _, spaces, inner = opened(column(table, "segmentMembership"))
        lengths, ids, _ = opened(inner)
        pairs = pa.table({"space": pick(spaces, np.repeat(np.arange(len(lengths)), lengths)), "id": ids})
        distinct = pairs.group_by(["space", "id"]).aggregate([]).to_pylist()
        found |= {(pair["space"].lower(), pair["id"]) for pair in distinct}
    return frozenset(found)


def datasets(data: ProfileData) -> dict[str, str]:
    """The datasets that the data comes from, each with the id of its class.

    What cannot be read is passed over: the export that reads it will fail.
    """
    found: dict[str, str] = {}
    for partition in _own(data):
        with suppress(OSError, pa.ArrowException):
            tables = partition.read(("datasetId",), ("datasetId",))
            for table, schema in ((tables.events, EVENT_SCHEMA), (tables.fragments, PROFILE_SCHEMA)):
                found |= {str(key): schema for key in table["datasetId"].unique()}
    return found


def _own(data: ProfileData) -> Iterator[Partition]:
    return (partition for partition in data.partitions if not isinstance(partition, Seeded))
