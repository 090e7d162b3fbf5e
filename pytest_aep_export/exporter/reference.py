"""The oracle: what an export must contain, computed a second time in plain Python, row by row.

Written from the meaning of `ExportPlan` and the facts alone, not from the engine: where the two disagree, one is wrong.
It is slow, holds everything in memory, and is meant to be checked by reading. Where the facts leave something open, the
function that decides it says "our choice".

Rows go in and come out as ``pyarrow.Table.to_pylist()`` has them: structs as dicts, maps as lists of pairs, times as
aware datetimes. On the way in a map may be a dict too, and what is absent may be left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from pytest_aep_export.contract.union import Field, Union, load_union
from pytest_aep_export.exporter.plan import IDENTITY_LIMIT, EventPlan, ExportPlan, Segment
from pytest_aep_export.exporter.reference_shape import Projection, Row, exact, is_absent, pairs

__all__ = ["Table", "Tables", "rows", "rows_of", "shape"]

_EVENTS: Final = "timeSeriesEvents"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_STATUSES: Final = {None: "realized", "realized": "realized", "existing": "realized", "exited": "exited"}
"""What a stored membership status counts as (divergence 49); any other counts as nothing."""

_Identity = tuple[str, str]
"""A namespace and an id in it; both are compared exactly."""


class Table(Protocol):
    """A table, as far as the oracle needs one."""

    def to_pylist(self) -> list[Row]:
        """The rows as dicts."""
        ...


class Tables(Protocol):
    """Profile data: a table of fragments and one of events (``profiles/schema.py`` has their columns)."""

    @property
    def union(self) -> Union:
        """The fields that the two may have."""
        ...

    @property
    def fragments(self) -> Table:
        """One row for each profile record as it was ingested."""
        ...

    @property
    def events(self) -> Table:
        """One row for each event."""
        ...


def rows(plan: ExportPlan, data: Tables) -> list[Row]:
    """The rows that the export of ``data`` under ``plan`` must have, in order; a shuffled plan has them in any."""
    return rows_of(plan, data.fragments.to_pylist(), data.events.to_pylist(), union=data.union)


def rows_of(
    plan: ExportPlan, fragments: Iterable[Row], events: Iterable[Row] = (), *, union: Union | None = None
) -> list[Row]:
    """The same from plain rows of the two tables, for tests that spell out their data."""
    union = union or load_union()
    everybody = _profiles(plan, union.profile, list(fragments), list(events))
    chosen = [_row(plan, union, profile) for profile in everybody if _is_exported(plan, profile)]
    return chosen if plan.unselected == "drop" else [exact(_whole(union), row) for row in chosen]


def _row(plan: ExportPlan, union: Union, profile: _Profile) -> Row:
    row = Projection.of(union.profile, plan.fields).row(profile.view)
    return row if plan.events is None else row | {_EVENTS: _events(plan.events, union.event, profile)}


def shape(plan: ExportPlan, union: Union | None = None) -> Field:
    """The columns of the export and all that is in them, as an object of the union schema.

    They come in the order of the union, whatever the order of the paths, and the events last (our choice).
    """
    union = union or load_union()
    if plan.unselected == "null":
        return _whole(union)
    tree = Projection.of(union.profile, plan.fields).shape
    return tree if plan.events is None else _with_events(tree, Projection.of(union.event, plan.events.fields).shape)


def _whole(union: Union) -> Field:
    """All columns that any export can have."""
    return _with_events(union.profile, union.event)


def _with_events(profile: Field, event: Field) -> Field:
    item = replace(event, name="*")
    return replace(profile, members={**profile.members, _EVENTS: Field(_EVENTS, "array", item=item)})


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


def _profiles(plan: ExportPlan, tree: Field, fragments: list[Row], events: list[Row]) -> Iterable[_Profile]:
    """All profiles, by first appearance among the fragments, then among the events (our choice)."""
    owner = _stitched(fragments if plan.graph == "pdg" else [])
    found: dict[_Identity, _Profile] = {}
    for fragment in fragments:
        found.setdefault(owner(_primary(fragment)), _Profile()).fragments.append(fragment)
    for event in events:
        found.setdefault(owner(_primary(event)), _Profile()).events.append(event)
    for profile in found.values():
        profile.merged = _strongest_first(plan.order, profile.fragments)
        profile.view = _merged(tree, profile.merged) if profile.fragments else _bare(_primary(profile.events[0]))
    return found.values()


def _stitched(fragments: list[Row]) -> Callable[[_Identity], _Identity]:
    """Tells of each identity which one stands for its graph: two share it iff the fragments join them, transitively.

    To stitch, all fragments that the private graph knows count, also those of datasets that are not merged; events do
    not (our choice).
    """
    parents: dict[_Identity, _Identity] = {}

    def root(identity: _Identity) -> _Identity:
        while identity in parents:
            identity = parents[identity]
        return identity

    for fragment in fragments:
        for identity in _identities(fragment):
            here, there = root(identity), root(_primary(fragment))
            if here != there:
                parents[here] = there
    return root


def _primary(row: Row) -> _Identity:
    return row["identityNamespace"], row["identityId"]


def _identities(fragment: Row) -> Iterator[_Identity]:
    """The primary identity and all of the ``identityMap``."""
    yield _primary(fragment)
    for namespace, key, _ in _identity_items(fragment):
        yield namespace, key


# -- Merging -----------------------------------------------------------------------------------------------------------


def _strongest_first(order: tuple[str, ...] | None, fragments: list[Row]) -> list[Row]:
    """The fragments that are merged: later ingested is stronger, and of equals the later row (our choice).

    With an order of datasets, the place in it comes first, and what it does not list is not merged.
    """
    latest = sorted(fragments, key=_ingested)[::-1]
    if order is None:
        return latest
    listed = [fragment for fragment in latest if fragment["datasetId"] in order]
    return sorted(listed, key=lambda fragment: order.index(fragment["datasetId"]))


def _merged(tree: Field, fragments: list[Row]) -> Row:
    """The attributes of a profile: each leaf from the strongest fragment that has it.

    Identities and memberships are gathered from all fragments instead; the strongest gives each item (our choice).
    """
    view: Row = _strongest(tree, fragments)
    identities = _gathered(entry for fragment in fragments for entry in _identity_items(fragment))
    memberships = _gathered(entry for fragment in fragments for entry in _memberships(fragment))
    return view | {
        "identityMap": [(namespace, list(items.values())) for namespace, items in identities],
        "identities": [{"id": key, "namespace": {"code": code}} for code, items in identities for key in items],
        "segmentMembership": [(namespace, list(items.items())) for namespace, items in memberships],
    }


def _strongest(tree: Field, values: list[Any]) -> Any:
    if tree.kind == "object":
        owners = [value for value in values if value is not None]
        return {name: _strongest(part, [o.get(name) for o in owners]) for name, part in tree.members.items()}
    return next((value for value in values if not is_absent(tree, value)), None)


def _gathered(entries: Iterable[tuple[str, str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """The first item of each key in each namespace; namespaces by code point, keys as they came (our choice)."""
    found: dict[str, dict[str, Any]] = {}
    for namespace, key, item in entries:
        found.setdefault(namespace, {}).setdefault(key, item)
    return sorted(found.items())


def _identity_items(record: Row) -> Iterator[tuple[str, str, Row]]:
    for namespace, items in pairs(record.get("identityMap")):
        for item in items or ():
            yield namespace, item["id"], item


def _memberships(record: Row) -> Iterator[tuple[str, str, Row]]:
    for namespace, items in pairs(record.get("segmentMembership")):
        for segment, item in pairs(items):
            yield namespace, segment, item


def _bare(identity: _Identity) -> Row:
    """The attributes of a profile of which there are only events: the identity that they carry (our choice)."""
    namespace, key = identity
    return {
        "identityMap": [(namespace, [{"id": key, "primary": True}])],
        "identities": [{"id": key, "namespace": {"code": namespace}}],
    }


# -- Which profiles are exported ---------------------------------------------------------------------------------------


def _is_exported(plan: ExportPlan, profile: _Profile) -> bool:
    identities = {identity for fragment in profile.fragments for identity in _identities(fragment)}
    return (
        _exists(plan, profile)
        and len(identities) <= IDENTITY_LIMIT
        and _is_updated(plan, profile)
        and _is_member(plan, profile)
    )


def _exists(plan: ExportPlan, profile: _Profile) -> bool:
    """Whether the policy sees it: one with no fragment but of other datasets is none, nor an empty one (our choice)."""
    return bool(profile.merged) or (plan.empty_profiles and not profile.fragments)


def _is_updated(plan: ExportPlan, profile: _Profile) -> bool:
    """Whether the profile is newer than asked; one without fragments is as new as its last event (our choice)."""
    if plan.updated_after is None:
        return True
    return max(map(_ingested, profile.merged or profile.events)) > plan.updated_after


def _is_member(plan: ExportPlan, profile: _Profile) -> bool:
    return not plan.by_membership or any(_selects(plan, *entry) for entry in _memberships(profile.view))


def _selects(plan: ExportPlan, namespace: str, segment: str, item: Row) -> bool:
    """Whether one membership selects its profile; with a window and no segment, being in any one does (our choice)."""
    here = (namespace.lower(), segment)
    asked = [chosen for chosen in plan.segments if (chosen.namespace, chosen.id) == here]
    if not plan.segments:
        asked = [Segment(segment)]
    known = _STATUSES.get(item.get("status"), "")
    return any(known in chosen.statuses for chosen in asked) and _is_qualified(plan, item.get("lastQualificationTime"))


def _is_qualified(plan: ExportPlan, moment: datetime | None) -> bool:
    """Whether the time lies in the window, start included; no time lies in none (our choice)."""
    start, end = plan.qualified_from, plan.qualified_until
    if moment is None:
        return start is None and end is None
    return (start is None or start <= _ms(moment)) and (end is None or _ms(moment) < end)


# -- Events ------------------------------------------------------------------------------------------------------------


def _events(plan: EventPlan, tree: Field, profile: _Profile) -> list[Row] | None:
    """The events that go along, in the order in which they happened; one without a time comes last (our choice)."""
    projection = Projection.of(tree, plan.fields)
    kept = [event for event in profile.events if _is_inside(plan, _ingested(event))]
    return [projection.row(event) for event in sorted(kept, key=_happened)] or None


def _is_inside(plan: EventPlan, moment: int) -> bool:
    return (plan.after is None or moment > plan.after) and (plan.before is None or moment < plan.before)


def _happened(event: Row) -> tuple[bool, datetime]:
    moment = event.get("timestamp")
    return moment is None, moment or _EPOCH


def _ingested(row: Row) -> int:
    return _ms(row["ingestTime"])


def _ms(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)
