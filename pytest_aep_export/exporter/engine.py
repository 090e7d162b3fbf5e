"""The engine: what one partition contributes to an export, computed in columns.

Identities become numbers once, fragments are sorted by profile and strength as numbers, each leaf of a merged profile
is one lookup, and only what is selected is ever copied.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pytest_aep_export.exporter.events import time_series
from pytest_aep_export.exporter.identities import Profiles, find_profiles
from pytest_aep_export.exporter.merge import Entries, Groups, gather, grouped, strongest
from pytest_aep_export.exporter.plan import ExportPlan
from pytest_aep_export.exporter.selection import qualified
from pytest_aep_export.exporter.shapes import Tree, project, tree
from pytest_aep_export.profiles.columns import Array, column, lists, maps, numbers, pick, struct
from pytest_aep_export.profiles.partitions import Partition, Tables
from pytest_aep_export.profiles.randomness import Integers
from pytest_aep_export.profiles.schema import ORIGIN

__all__ = ["compute", "load"]

_ORIGIN: Final = tuple(field.name for field in ORIGIN)
_NO_EVENTS: Final = pa.schema(ORIGIN).empty_table()


def load(plan: ExportPlan, partition: Partition) -> Tables:
    """What a plan needs of a partition: columns that it does not look at are not read."""
    events = _event_columns(plan)
    tables = partition.read(_fragment_columns(plan), events)
    return Tables(tables.fragments, _NO_EVENTS) if events is not None and not events else tables


def _fragment_columns(plan: ExportPlan) -> set[str] | None:
    chosen = tree(plan.fields)
    membership = {"segmentMembership"} if plan.by_membership else set()
    return None if chosen is None else {*_ORIGIN, "identityMap", *membership, *chosen}


def _event_columns(plan: ExportPlan) -> set[str] | None:
    if plan.events is None:
        return set(_ORIGIN) if plan.empty_profiles else set()
    chosen = tree(plan.events.fields)
    return None if chosen is None else {*_ORIGIN, "timestamp", *chosen}


def compute(plan: ExportPlan, tables: Tables) -> tuple[pa.Table, dict[str, int]]:
    """The rows that a partition adds to an export, and how many of them have an identity of each namespace."""
    profiles = find_profiles(tables.fragments, tables.events, plan.graph)
    fragments, groups = _groups(plan, tables, profiles)
    if plan.by_membership:
        groups = groups.only(qualified(gather(column(fragments, "segmentMembership"), groups), plan))
    identities = gather(column(fragments, "identityMap"), groups, "id")
    columns = _attributes(fragments, groups, identities, tree(plan.fields))
    if plan.events is not None:
        columns["timeSeriesEvents"] = time_series(plan.events, tables.events, profiles.events, groups.profiles)
    return pa.table(columns), identities.profiles_by_key()


def _groups(plan: ExportPlan, tables: Tables, profiles: Profiles) -> tuple[pa.Table, Groups]:
    """The fragments, and those of them to merge by profile, without the profiles that the plan leaves out as such."""
    fragments, owners = tables.fragments, profiles.fragments
    rank = _ranks(column(fragments, "datasetId"), plan.order)
    if plan.empty_profiles:
        stand_ins, added = _stand_ins(tables.events, profiles, fragments.schema)
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


def _stand_ins(events: pa.Table, profiles: Profiles, schema: pa.Schema) -> tuple[pa.Table, Integers]:
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
    columns = [known.get(field.name, pa.nulls(len(added), field.type)) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema), added


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
