"""The census: how many profiles and events exports must have, counted in plain Python over data of any size.

It means what the oracle means (`pytest_aep_export.exporter.reference`), which is too slow for a million profiles, and
shares nothing with the engine; a test compares it with the oracle on random data. It makes no rows, reads one partition
at a time, and of it only what tells which profiles there are. There identities, namespaces and segments are numbers.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final

import numpy as np

from pytest_aep_export.exporter.plan import IDENTITY_LIMIT, ExportPlan
from pytest_aep_export.profiles.columns import Array, column, encoded, member, numbers, opened
from pytest_aep_export.profiles.data import ProfileData
from pytest_aep_export.profiles.graph import listed, numbered, primary
from pytest_aep_export.profiles.partitions import Partition
from pytest_aep_export.profiles.randomness import Integers

__all__ = ["Census", "take_census"]

_ORIGIN: Final = ("identityNamespace", "identityId")
_FRAGMENTS: Final = ("datasetId", "ingestTime", *_ORIGIN, "identityMap", "segmentMembership")
_STATUSES: Final = {None: "realized", "realized": "realized", "existing": "realized", "exited": "exited"}
"""What a stored membership status counts as (divergence 49); any other counts as nothing."""


@dataclass(frozen=True, slots=True)
class Census:
    """What exports under one merge policy must contain.

    Attributes:
        profiles: The rows of an export without a filter.
        events: The events of these profiles, which an export with an event list has.
        bare_profiles: The profiles that have events and no fragment: the rows that ``filter.emptyProfiles`` adds.
        bare_events: The events of those.
        by_namespace: How many of the profiles have an identity of each namespace.
        by_segment: How many of the profiles are in each segment, or have left it: by the segment's namespace in lower
            case, its id, and the status.
    """

    profiles: int = 0
    events: int = 0
    bare_profiles: int = 0
    bare_events: int = 0
    by_namespace: Counter[str] = field(default_factory=Counter)
    by_segment: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def __add__(self, other: Census) -> Census:
        return Census(*(getattr(self, name.name) + getattr(other, name.name) for name in fields(self)))


def take_census(
    plans: Sequence[ExportPlan], data: ProfileData, progress: Callable[[int], object] | None = None
) -> list[Census]:
    """Count what an export under the graph and the order of each of these plans must contain.

    Args:
        plans: The plans; of each only its graph and its order count.
        data: The data.
        progress: Called with the number of partitions that have been counted, after each.

    Raises:
        OSError: A partition cannot be read.
    """
    totals = [Census() for _ in plans]
    for done, partition in enumerate(data.partitions, start=1):
        facts = _facts(partition)
        totals = [total + _census(plan, facts) for plan, total in zip(plans, totals, strict=True)]
        if progress is not None:
            progress(done)
    return totals


# -- What a partition says ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Facts:
    """A partition as lists, each of one entry for each fragment, item or event.

    Attributes:
        datasets: The dataset of each fragment.
        times: When each was ingested.
        owners: The primary identity of each.
        items: The fragment of each item of an identity map.
        spaces: The namespace of each.
        identities: The identity that each is.
        namespaces: The namespaces by number.
        tellers: The fragment of each item of a segment membership.
        segments: The segment that each is about.
        statuses: The status that each tells.
        names: The namespaces, in lower case, and the ids of the segments by number.
        events: The primary identity of each event.
    """

    datasets: list[str]
    times: list[int]
    owners: list[int]
    items: list[int]
    spaces: list[int]
    identities: list[int]
    namespaces: list[str]
    tellers: list[int]
    segments: list[int]
    statuses: list[str | None]
    names: list[tuple[str, str]]
    events: list[int]


def _facts(partition: Partition) -> _Facts:
    tables = partition.read(_FRAGMENTS, _ORIGIN)
    items, in_maps = listed(column(tables.fragments, "identityMap"))
    owners, identities, events = numbered(primary(tables.fragments), in_maps, primary(tables.events))
    spaces, namespaces = encoded(in_maps[0])
    tellers, segments, names, statuses = _memberships(column(tables.fragments, "segmentMembership"))
    return _Facts(
        datasets=_texts(column(tables.fragments, "datasetId")),
        times=numbers(column(tables.fragments, "ingestTime")).tolist(),
        owners=owners.tolist(),
        items=items.tolist(),
        spaces=spaces.tolist(),
        identities=identities.tolist(),
        namespaces=_texts(namespaces),
        tellers=tellers.tolist(),
        segments=segments.tolist(),
        statuses=statuses.to_pylist(),
        names=names,
        events=events.tolist(),
    )


def _memberships(values: Array) -> tuple[Integers, Integers, list[tuple[str, str]], Array]:
    """Of each item of the memberships the fragment and the segment, the names of the segments, and the statuses."""
    outer, namespaces, items = opened(values)
    inner, ids, held = opened(items)
    rows = np.repeat(np.repeat(np.arange(len(values)), outer), inner)
    spaces, spellings = encoded(namespaces)
    places, known = encoded(ids)
    names = [(space.lower(), name) for space in _texts(spellings) for name in _texts(known)]
    return rows, np.repeat(spaces, inner) * len(known) + places, names, member(held, "status")


def _texts(values: Any) -> list[str]:
    texts: list[str] = values.to_pylist()
    return texts


# -- Counting ----------------------------------------------------------------------------------------------------------


def _census(plan: ExportPlan, facts: _Facts) -> Census:
    """What a partition adds to the census of a plan."""
    profile = _stitched(facts) if plan.graph == "pdg" else range(_count(facts))
    owners = [profile[identity] for identity in facts.owners]
    merged = _merged(plan.order, facts)
    exported = {owner for owner, rank in zip(owners, merged, strict=True) if rank is not None}
    exported -= _crowded(facts, owners)
    events = Counter(map(profile.__getitem__, facts.events))
    bare = [events[owner] for owner in events.keys() - set(owners)]
    return Census(
        profiles=len(exported),
        events=sum(events[owner] for owner in events.keys() & exported),
        bare_profiles=len(bare),
        bare_events=sum(bare),
        by_namespace=_by_namespace(facts, owners, merged, exported),
        by_segment=_by_segment(facts, owners, merged, exported),
    )


def _count(facts: _Facts) -> int:
    """How many identities there are."""
    return 1 + max(max(those, default=-1) for those in (facts.owners, facts.identities, facts.events))


def _stitched(facts: _Facts) -> list[int]:
    """For each identity, which one stands for its profile: fragments join what they list, whether merged or not."""
    parents = list(range(_count(facts)))

    def root(identity: int) -> int:
        while parents[identity] != identity:
            parents[identity] = identity = parents[parents[identity]]
        return identity

    for row, identity in zip(facts.items, facts.identities, strict=True):
        if facts.owners[row] != identity:
            parents[root(identity)] = root(facts.owners[row])
    return [root(identity) for identity in range(len(parents))]


def _merged(order: tuple[str, ...] | None, facts: _Facts) -> list[int | None]:
    """For each fragment, how much its dataset counts, more or less than others; None if it is not merged."""
    if order is None:
        return [0] * len(facts.datasets)
    ranks = {dataset: -place for place, dataset in enumerate(order)}
    return [ranks.get(dataset) for dataset in facts.datasets]


def _crowded(facts: _Facts, owners: list[int]) -> set[int]:
    """The profiles with more identities than are exported; an identity counts once."""
    named = Counter(owners)
    named.update(map(owners.__getitem__, facts.items))
    if max(named.values(), default=0) <= IDENTITY_LIMIT:
        return set()
    pairs = set(zip(owners, facts.owners, strict=True))
    pairs.update(zip(map(owners.__getitem__, facts.items), facts.identities, strict=True))
    return {owner for owner, number in Counter(owner for owner, _ in pairs).items() if number > IDENTITY_LIMIT}


def _by_namespace(facts: _Facts, owners: list[int], merged: list[int | None], exported: set[int]) -> Counter[str]:
    """The profiles that have an identity of each namespace, according to the fragments that are merged."""
    having: list[set[int]] = [set() for _ in facts.namespaces]
    for row, space in zip(facts.items, facts.spaces, strict=True):
        if merged[row] is not None:
            having[space].add(owners[row])
    return Counter({name: len(those & exported) for name, those in zip(facts.namespaces, having, strict=True)})


def _by_segment(
    facts: _Facts, owners: list[int], merged: list[int | None], exported: set[int]
) -> Counter[tuple[str, str, str]]:
    """The memberships by which profiles are selected; of each, the strongest fragment that knows it tells the status.

    Stronger is what comes first in the order, then what was ingested later, then what comes later.
    """
    found: dict[int, int] = {}
    for item, (row, segment) in enumerate(zip(facts.tellers, facts.segments, strict=True)):
        if merged[row] is not None and owners[row] in exported:
            key = owners[row] * len(facts.names) + segment
            known = found.setdefault(key, item)
            if known != item and _strength(facts, merged, item) > _strength(facts, merged, known):
                found[key] = item
    having: defaultdict[tuple[str, str, str], set[int]] = defaultdict(set)
    for key, item in found.items():
        if facts.statuses[item] in _STATUSES:
            owner, segment = divmod(key, len(facts.names))
            having[*facts.names[segment], _STATUSES[facts.statuses[item]]].add(owner)
    return Counter({label: len(those) for label, those in having.items()})


def _strength(facts: _Facts, merged: list[int | None], item: int) -> tuple[int, int, int]:
    row = facts.tellers[item]
    return merged[row] or 0, facts.times[row], row
