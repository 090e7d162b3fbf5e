"""The engine: carries out an export plan on profile data and writes the result as snappy Parquet.

It works in columns throughout: identities become numbers once, fragments are sorted by profile and strength as numbers,
each leaf of a merged profile is one lookup, and only what is selected is ever copied.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pytest_aep_export.errors import ExportError
from pytest_aep_export.exporter.events import time_series
from pytest_aep_export.exporter.identities import Profiles, find_profiles
from pytest_aep_export.exporter.merge import Entries, Groups, gather, grouped, strongest
from pytest_aep_export.exporter.output import Part, write_parts
from pytest_aep_export.exporter.plan import ExportPlan
from pytest_aep_export.exporter.selection import qualified
from pytest_aep_export.exporter.shapes import Tree, column, project, tree
from pytest_aep_export.profiles.columns import Array, lists, maps, numbers, pick, struct
from pytest_aep_export.profiles.data import ProfileData
from pytest_aep_export.profiles.randomness import Integers
from pytest_aep_export.profiles.schema import FRAGMENTS, ORIGIN

__all__ = ["PART_ROWS", "ExportResult", "compute", "run"]

PART_ROWS: Final = 250_000
"""How many rows a part file holds at most, unless told otherwise: a choice of ours."""


@dataclass(frozen=True, slots=True)
class ExportResult:
    """What an export wrote.

    Attributes:
        parts: The files.
        profiles: How many profiles they hold.
        by_namespace: How many of them have an identity of a namespace.
    """

    parts: tuple[Part, ...]
    profiles: int
    by_namespace: dict[str, int]


def run(
    plan: ExportPlan, data: ProfileData, folder: Path, *, part_rows: int = PART_ROWS, name_seed: str
) -> ExportResult:
    """Carry out a plan and write the result.

    Args:
        plan: What to export.
        data: The profile data.
        folder: Where the parts go; it is made if need be.
        part_rows: How many rows a part holds at most.
        name_seed: Makes the names of the parts: the same, the same names.

    Raises:
        ExportError: The export failed; it leaves no part behind.
    """
    try:
        table, by_namespace = compute(plan, data)
    except pa.ArrowException as error:
        raise ExportError(f"the export could not be computed: {error}", "0100000003") from error
    parts = write_parts(table, folder, part_rows=part_rows, name_seed=name_seed)
    return ExportResult(parts, table.num_rows, by_namespace)


def compute(plan: ExportPlan, data: ProfileData) -> tuple[pa.Table, dict[str, int]]:
    """The rows of an export, and how many of them have an identity of each namespace."""
    profiles = find_profiles(data.fragments, data.events, plan.graph)
    fragments, groups = _groups(plan, data, profiles)
    if plan.by_membership:
        groups = groups.only(qualified(gather(column(fragments, "segmentMembership"), groups), plan))
    identities = gather(column(fragments, "identityMap"), groups, "id")
    columns = _attributes(fragments, groups, identities, tree(plan.fields))
    if plan.events is not None:
        columns["timeSeriesEvents"] = time_series(plan.events, data.events, profiles.events, groups.profiles)
    return pa.table(columns), identities.profiles_by_key()


def _groups(plan: ExportPlan, data: ProfileData, profiles: Profiles) -> tuple[pa.Table, Groups]:
    """The fragments, and those of them to merge by profile, without the profiles that the plan leaves out as such."""
    fragments, owners = data.fragments, profiles.fragments
    rank = _ranks(column(fragments, "datasetId"), plan.order)
    if plan.empty_profiles:
        stand_ins, added = _stand_ins(data.events, profiles)
        fragments = pa.concat_tables([fragments, stand_ins])
        owners, rank = np.append(owners, added), np.append(rank, np.zeros_like(added))
    ingested = numbers(column(fragments, "ingestTime"))
    groups = grouped(owners, ingested, rank)
    groups = groups.only(~np.isin(groups.profiles, profiles.crowded))
    if plan.updated_after is not None and len(groups.rows):
        groups = groups.only(np.maximum.reduceat(ingested[groups.rows], groups.starts) > plan.updated_after)
    return fragments, groups


def _ranks(datasets: Array, order: tuple[str, ...] | None) -> Integers:
    """The position of each dataset in an order; -1 when it is not in it, 0 when there is none."""
    if order is None:
        return np.zeros(len(datasets), dtype=np.int64)
    place: Any = pc.index_in(datasets, value_set=pa.array(order))
    return numbers(place)


def _stand_ins(events: pa.Table, profiles: Profiles) -> tuple[pa.Table, Integers]:
    """For each profile of events only, a fragment that knows nothing but its identity; and the profiles' numbers."""
    rows = np.flatnonzero(profiles.events >= profiles.known)
    added, first, place = np.unique(profiles.events[rows], return_index=True, return_inverse=True)
    latest = np.full(len(added), np.iinfo(np.int64).min)
    np.maximum.at(latest, place, numbers(column(events, "ingestTime"))[rows])
    origin = {field.name: pick(column(events, field.name), rows[first]) for field in ORIGIN}
    one = np.ones(len(added), dtype=np.int64)
    identity = struct(
        id=origin["identityId"], authenticatedState=pa.nulls(len(added), pa.string()), primary=pa.array(one == 1)
    )
    known = origin | {
        "ingestTime": pa.array(latest).view(pa.timestamp("ms", tz="UTC")),
        "identityMap": maps(one, origin["identityNamespace"], lists(one, identity)),
    }
    columns = [known.get(field.name, pa.nulls(len(added), field.type)) for field in FRAGMENTS]
    return pa.Table.from_arrays(columns, schema=FRAGMENTS), added


def _attributes(fragments: pa.Table, groups: Groups, identities: Entries, chosen: Tree | None) -> dict[str, Array]:
    """The selected columns of the profile union, in its order."""
    columns: dict[str, Array] = {}
    for stored in fragments.schema.names[len(ORIGIN) :]:
        for name in ("identityMap", "identities") if stored == "identityMap" else (stored,):
            if chosen is None or name in chosen:
                columns[name] = _attribute(name, fragments, groups, identities, chosen and chosen[name])
    return columns


def _attribute(name: str, fragments: pa.Table, groups: Groups, identities: Entries, below: Tree | None) -> Array:
    if name == "identityMap":
        return project(identities.as_map_of_lists(), below)
    if name == "identities":
        return project(identities.as_identities(), below)
    if name == "segmentMembership":
        return project(gather(column(fragments, name), groups).as_map_of_maps(), below)
    return strongest(column(fragments, name), groups, below)
