"""The oracle: what an export must contain, computed a second time in plain Python, row by row.

Written from the meaning of `ExportPlan` and the facts alone, not from the engine: where the two disagree, one is wrong.
It is slow, holds everything in memory, and is meant to be checked by reading. Where the facts leave something open, the
function that decides it says so.

Rows go in and come out as ``pyarrow.Table.to_pylist()`` has them: structs as dicts, maps as lists of pairs, times as
aware datetimes. On the way in a map may be a dict too, and what is absent may be left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from pytest_aep_export.contract.union import Field, load_union
from pytest_aep_export.exporter.plan import IDENTITY_LIMIT, EventPlan, ExportPlan, Segment

__all__ = ["Rows", "Tables", "rows", "rows_of", "shape"]

_EVENTS: Final = "timeSeriesEvents"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Row = dict[str, Any]
Identity = tuple[str, str]
"""A namespace and an id in it; both are compared exactly."""
Choice = dict[str, Any]
"""What paths choose of a field: a choice for each name below it, where an empty one takes everything."""


class Rows(Protocol):
    """A table, as far as the oracle needs one."""

    def to_pylist(self) -> list[Row]:
        """The rows as dicts."""


class Tables(Protocol):
    """Profile data: a table of fragments and one of events (``profiles/schema.py`` has their columns)."""

    @property
    def fragments(self) -> Rows:
        """One row for each profile record as it was ingested."""

    @property
    def events(self) -> Rows:
        """One row for each event."""


def rows(plan: ExportPlan, data: Tables) -> list[Row]:
    """The rows that the export of ``data`` under ``plan`` must have, in order."""
    return rows_of(plan, data.fragments.to_pylist(), data.events.to_pylist())


def rows_of(plan: ExportPlan, fragments: Iterable[Row], events: Iterable[Row] = ()) -> list[Row]:
    """The same from plain rows of the two tables, for tests that spell out their data."""
    profiles = _profiles(plan, list(fragments), list(events))
    return [_row(plan, profile) for profile in profiles if _exported(plan, profile)]


def shape(plan: ExportPlan) -> Field:
    """The columns of the export and all that is in them, as an object of the union schema.

    They come in the order of the union, whatever the order of the paths, and the events last (our choice).
    """
    tree = _narrowed(load_union().profile, _chosen(plan.fields))
    if plan.events is None:
        return tree
    item = replace(_event_shape(plan.events), name="*")
    return replace(tree, members={**tree.members, _EVENTS: Field(_EVENTS, "array", item=item)})


# -- Which fragments and events are one profile ------------------------------------------------------------------------


@dataclass(slots=True)
class _Profile:
    """What belongs to one person.

    Attributes:
        fragments: All of the fragments, in table order.
        events: All of the events, in table order.
        merged: The fragments that the policy merges, strongest first.
        view: The merged attributes.
    """

    fragments: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    merged: list[Row] = field(default_factory=list)
    view: Row = field(default_factory=dict)


def _profiles(plan: ExportPlan, fragments: list[Row], events: list[Row]) -> Iterable[_Profile]:
    """All profiles, by first appearance among the fragments, then among the events (our choice)."""
    owner = _stitched(fragments) if plan.graph == "pdg" else _itself
    found: dict[Identity, _Profile] = {}
    for fragment in fragments:
        found.setdefault(owner(_primary(fragment)), _Profile()).fragments.append(fragment)
    for event in events:
        found.setdefault(owner(_primary(event)), _Profile()).events.append(event)
    for profile in found.values():
        profile.merged = _strongest_first(plan.order, profile.fragments)
        profile.view = _merged(profile.merged) if profile.fragments else _bare(_primary(profile.events[0]))
    return found.values()


def _itself(identity: Identity) -> Identity:
    return identity


def _stitched(fragments: list[Row]) -> Callable[[Identity], Identity]:
    """Tells of each identity which one stands for its graph: two share it iff fragments join them, transitively.

    Fragments of datasets that the policy does not merge join too; events never do (our choice).
    """
    parents: dict[Identity, Identity] = {}

    def root(identity: Identity) -> Identity:
        while identity in parents:
            identity = parents[identity]
        return identity

    for fragment in fragments:
        top = root(_primary(fragment))
        for other in map(root, _identities(fragment)):
            if other != top:
                parents[other] = top
    return root


def _primary(row: Row) -> Identity:
    return row["identityNamespace"], row["identityId"]


def _identities(fragment: Row) -> Iterator[Identity]:
    """The primary identity and all of the ``identityMap``."""
    yield _primary(fragment)
    for namespace, key, _ in _identity_items(fragment.get("identityMap")):
        yield namespace, key


# -- Merging -----------------------------------------------------------------------------------------------------------


def _strongest_first(order: tuple[str, ...] | None, fragments: list[Row]) -> list[Row]:
    """The fragments that are merged: later ingested is stronger, and of equals the later row (our choice).

    With an order of datasets, the place in it comes first, and what it does not list is not merged.
    """
    latest = sorted(reversed(fragments), key=_ingested, reverse=True)
    if order is None:
        return latest
    listed = [fragment for fragment in latest if fragment["datasetId"] in order]
    return sorted(listed, key=lambda fragment: order.index(fragment["datasetId"]))


def _merged(fragments: list[Row]) -> Row:
    """The attributes of a profile: each leaf from the strongest fragment that has it.

    Identities and memberships are gathered from all fragments instead; the strongest gives each item (our choice).
    """
    view: Row = _strongest(load_union().profile, fragments)
    maps = [fragment.get("identityMap") for fragment in fragments]
    memberships = [fragment.get("segmentMembership") for fragment in fragments]
    identity_map = _gathered(entry for value in maps for entry in _identity_items(value))
    segments = _gathered(entry for value in memberships for entry in _memberships(value))
    return view | {
        "identityMap": [(namespace, list(items.values())) for namespace, items in identity_map],
        "identities": [{"id": key, "namespace": {"code": code}} for code, items in identity_map for key in items],
        "segmentMembership": [(namespace, list(items.items())) for namespace, items in segments],
    }


def _strongest(tree: Field, values: list[Any]) -> Any:
    if tree.kind == "object":
        owners = [value for value in values if value is not None]
        return {name: _strongest(part, [o.get(name) for o in owners]) for name, part in tree.members.items()}
    return next((value for value in values if not _is_absent(tree, value)), None)


def _is_absent(leaf: Field, value: Any) -> bool:
    return value is None or (leaf.item is not None and not value)


def _gathered(entries: Iterable[tuple[str, str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """The first item of each key in each namespace; namespaces by code point, keys as they came (our choice)."""
    found: dict[str, dict[str, Any]] = {}
    for namespace, key, item in entries:
        found.setdefault(namespace, {}).setdefault(key, item)
    return sorted(found.items())


def _identity_items(identity_map: Any) -> Iterator[tuple[str, str, Row]]:
    for namespace, items in _pairs(identity_map):
        for item in items or ():
            yield namespace, item["id"], item


def _memberships(segment_membership: Any) -> Iterator[tuple[str, str, Row]]:
    for namespace, items in _pairs(segment_membership):
        for segment, item in _pairs(items):
            yield namespace, segment, item


def _bare(identity: Identity) -> Row:
    """The attributes of a profile of which there are only events: the identity that they carry (our choice)."""
    namespace, key = identity
    return {
        "identityMap": [(namespace, [{"id": key, "primary": True}])],
        "identities": [{"id": key, "namespace": {"code": namespace}}],
    }


# -- Which profiles are exported ---------------------------------------------------------------------------------------


def _exported(plan: ExportPlan, profile: _Profile) -> bool:
    return (
        _exists(plan, profile)
        and len({identity for fragment in profile.fragments for identity in _identities(fragment)}) <= IDENTITY_LIMIT
        and _is_updated(plan, profile)
        and _is_member(plan, profile)
    )


def _exists(plan: ExportPlan, profile: _Profile) -> bool:
    """Whether the policy sees it: fragments that are all of other datasets make no profile, not even an empty one."""
    return bool(profile.merged) or (plan.empty_profiles and not profile.fragments)


def _is_updated(plan: ExportPlan, profile: _Profile) -> bool:
    """Whether the profile is newer than asked; one without fragments is as new as its last event (our choice)."""
    if plan.updated_after is None:
        return True
    return max(map(_ingested, profile.merged or profile.events)) > plan.updated_after


def _is_member(plan: ExportPlan, profile: _Profile) -> bool:
    if not plan.by_membership:
        return True
    return any(_counts(plan, *entry) for entry in _memberships(profile.view.get("segmentMembership")))


def _counts(plan: ExportPlan, namespace: str, segment: str, item: Row) -> bool:
    """Whether one membership selects its profile; with a window and no segment, being in any one does (our choice)."""
    asked = [chosen for chosen in plan.segments if (chosen.namespace, chosen.id) == (namespace.lower(), segment)]
    if not plan.segments:
        asked = [Segment(segment, namespace.lower())]
    status = item.get("status") or "realized"
    known = "realized" if status == "existing" else status
    return any(known in chosen.statuses for chosen in asked) and _is_qualified(plan, item.get("lastQualificationTime"))


def _is_qualified(plan: ExportPlan, moment: datetime | None) -> bool:
    if plan.qualified_from is None and plan.qualified_until is None:
        return True
    if moment is None:
        return False
    since = plan.qualified_from is None or plan.qualified_from <= _ms(moment)
    return since and (plan.qualified_until is None or _ms(moment) < plan.qualified_until)


# -- Rows and their shape ----------------------------------------------------------------------------------------------


def _row(plan: ExportPlan, profile: _Profile) -> Row:
    choice = _chosen(plan.fields)
    tree = load_union().profile
    row = _members(_narrowed(tree, choice), _picked(tree, choice, profile.view))
    return row if plan.events is None else {**row, _EVENTS: _events(plan.events, profile.events) or None}


def _events(plan: EventPlan, events: list[Row]) -> list[Row]:
    """The events that go along, in the order in which they happened; one without a time comes last (our choice)."""
    tree, choice = load_union().event, _chosen(plan.fields)
    kept = sorted((event for event in events if _is_inside(plan, _ingested(event))), key=_happened)
    return [_members(_event_shape(plan), _picked(tree, choice, event)) for event in kept]


def _is_inside(plan: EventPlan, moment: int) -> bool:
    return (plan.after is None or moment > plan.after) and (plan.before is None or moment < plan.before)


def _event_shape(plan: EventPlan) -> Field:
    return _narrowed(load_union().event, _chosen(plan.fields))


def _chosen(paths: tuple[str, ...]) -> Choice:
    """The choice that paths make; one that lies below another adds nothing."""
    names = {tuple(path.split(".")) for path in paths}
    choice: Choice = {}
    for path in names:
        if not any(path[:length] in names for length in range(1, len(path))):
            node = choice
            for name in path:
                node = node.setdefault(name, {})
    return choice


def _narrowed(tree: Field, choice: Choice) -> Field:
    """The field with what was chosen of it. All entries of a map get the members chosen for any (our choice)."""
    if not choice:
        return tree
    if tree.item is None:
        members = {name: _narrowed(tree.members[name], choice[name]) for name in tree.members if name in choice}
        return replace(tree, members=members)
    return replace(tree, item=_narrowed(tree.item, _together(choice.values()) if tree.kind == "map" else choice))


def _together(choices: Iterable[Choice]) -> Choice:
    """What any of the choices takes."""
    every = list(choices)
    if not all(every):
        return {}
    names = {name for choice in every for name in choice}
    return {name: _together(choice[name] for choice in every if name in choice) for name in names}


def _picked(tree: Field, choice: Choice, value: Any) -> Any:
    """The value without the map entries that were not chosen, and without the maps that this leaves empty."""
    if not choice or value is None:
        return value
    if tree.kind == "object":
        return {name: _picked(tree.members[name], below, value.get(name)) for name, below in choice.items()}
    if tree.item is None or tree.kind == "array":
        return value
    item = tree.item
    entries = [(key, _picked(item, choice[key], entry)) for key, entry in _pairs(value) if key in choice]
    return [(key, entry) for key, entry in entries if item.kind != "map" or entry]


def _members(tree: Field, value: Row) -> Row:
    return {name: _settled(part, value.get(name)) for name, part in tree.members.items()}


def _settled(tree: Field, value: Any) -> Any:
    """The value outside of lists and maps, where empty ones and structs without a value are absent (our choice)."""
    if tree.kind != "object":
        return None if _is_absent(tree, value) else _exact(tree, value)
    row = _members(tree, value or {})
    return row if any(part is not None for part in row.values()) else None


def _exact(tree: Field, value: Any) -> Any:
    """The value inside of a list or map, which stays as it is but for the members that were not chosen."""
    if value is None:
        return None
    if tree.item is None:
        return {name: _exact(part, value.get(name)) for name, part in tree.members.items()} if tree.members else value
    if tree.kind == "map":
        return [(key, _exact(tree.item, entry)) for key, entry in _pairs(value)]
    return [_exact(tree.item, entry) for entry in value]


# -- Small matters -----------------------------------------------------------------------------------------------------


def _pairs(entries: Any) -> list[tuple[str, Any]]:
    return list(entries.items()) if isinstance(entries, Mapping) else list(entries or ())


def _ingested(row: Row) -> int:
    return _ms(row["ingestTime"])


def _happened(event: Row) -> tuple[bool, datetime]:
    moment = event.get("timestamp")
    return moment is None, moment or _EPOCH


def _ms(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)
