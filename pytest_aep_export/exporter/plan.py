"""What an export job asks for, checked against the union schema and spelled out: the plan that an engine carries out.

Knows the request and the merge policy; imports no Arrow. What a plan *means* is written here, once, at
each member. Where the sources are silent the rule is a choice of ours and is marked so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, cast

from pytest_aep_export.contract.union import Field, Union, UnknownFieldError, load_union
from pytest_aep_export.errors import AepError
from pytest_aep_export.model import MergePolicy
from pytest_aep_export.profiles.policies import DEFAULT_SEGMENTS

__all__ = [
    "IDENTITY_LIMIT",
    "EventPlan",
    "ExportPlan",
    "InvalidExportError",
    "Segment",
    "Status",
    "plan",
    "policy_id",
    "segments_of",
]

IDENTITY_LIMIT: Final = 50
"""Profiles with more identities than this are left out of every export (facts, export-jobs section 10)."""

Status = Literal["realized", "exited"]
"""The membership statuses that profiles are selected by."""


class InvalidExportError(AepError):
    """A request that asks for what cannot be; ``pointer`` is the JSON pointer of the member and ``reason`` says why."""

    def __init__(self, pointer: str, reason: str) -> None:
        self.pointer = pointer
        self.reason = reason
        super().__init__(f"{pointer}: {reason}")


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment that profiles are selected by: an entry of ``filter.segments``.

    Attributes:
        id: The segment's id.
        namespace: Whose id it is, in lower case; compared without regard to case (divergence 50).
        statuses: The membership statuses that count; ``existing`` has become ``realized`` (divergence 49).
    """

    id: str
    namespace: str = "ups"
    statuses: frozenset[Status] = frozenset({"realized"})


@dataclass(frozen=True, slots=True)
class EventPlan:
    """Which events go along with the profiles, and what of them.

    Attributes:
        fields: Dotted paths into the event union; none means all fields.
        after: Only events ingested later than this, in ms since the epoch.
        before: Only events ingested earlier than this, in ms since the epoch.
    """

    fields: tuple[str, ...] = ()
    after: int | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """What an export computes. All times are ms since the epoch.

    Attributes:
        fields: Dotted paths into the profile union; none means all fields. What no path names is dropped from the
            schema (our choice). After a map a name is a key, and each path chooses keys for itself; the members of
            what a map holds are those that any path into it names, since all its items are of one type.
        graph: With ``none`` a profile is all fragments of one primary identity; with ``pdg`` fragments that share an
            identity are one profile, transitively.
        order: The datasets whose fragments are merged, strongest first; None merges all of them, latest first.
        events: Which events go along, or None for none.
        segments: Only profiles in one of these segments; none means no such filter.
        qualified_from: Only memberships qualified at this time or later.
        qualified_until: Only memberships qualified earlier than this.
        updated_after: Only profiles whose last merged fragment was ingested later than this.
        empty_profiles: Whether profiles that have events and no fragment are exported too.
        unselected: What becomes of fields that no path names: dropped from the schema, or null in every row.
        shuffled: A seed; the rows of each partition come in an order drawn with it. None keeps the data's order.
    """

    fields: tuple[str, ...] = ()
    graph: Literal["none", "pdg"] = "none"
    order: tuple[str, ...] | None = None
    events: EventPlan | None = None
    segments: tuple[Segment, ...] = ()
    qualified_from: int | None = None
    qualified_until: int | None = None
    updated_after: int | None = None
    empty_profiles: bool = False
    unselected: Literal["drop", "null"] = "drop"
    shuffled: int | None = None

    @property
    def by_membership(self) -> bool:
        """Whether profiles are selected by their segment membership."""
        return bool(self.segments) or self.qualified_from is not None or self.qualified_until is not None

    def per_segment(self) -> tuple[ExportPlan, ...]:
        """One plan for each segment, for ``destination.segmentPerBatch``."""
        return tuple(replace(self, segments=(segment,)) for segment in self.segments)


def plan(request: Mapping[str, Any], policy: MergePolicy, union: Union | None = None) -> ExportPlan:
    """The plan of a job request that the contract has found valid, under the policy that it resolves to.

    Raises:
        InvalidExportError: A path points at nothing, a window ends before it starts, a time is none, a segment is
            listed twice, or the policy merges in a way that is not known.
    """
    union = union or load_union()
    graph, order = _merging(policy)
    chosen = request.get("filter") or {}
    since = _instant(chosen, "fromIngestTimestamp", "/filter")
    start, end = _window(chosen.get("segmentQualificationTime") or {}, "/filter/segmentQualificationTime")
    return ExportPlan(
        fields=_paths(request.get("fields"), "/fields", union.profile),
        graph=graph,
        order=order,
        events=_events(request.get("additionalFields") or {}, since, union.event),
        segments=segments_of(request),
        qualified_from=start,
        qualified_until=end,
        updated_after=since,
        empty_profiles=bool(chosen.get("emptyProfiles", False)),
    )


def policy_id(request: Mapping[str, Any]) -> str | None:
    """The id of the merge policy that a request names; None where it leaves the choice to the sandbox.

    A request for one segment and no policy has the segment's (facts, export-jobs section 2). Of several segments none
    gives its policy, and segments that the default data does not know have none (our choice).
    """
    if "mergePolicy" in request:
        return str(request["mergePolicy"]["id"])
    asked = [(segment.namespace, segment.id) for segment in segments_of(request)]
    return next((known.policy for known in DEFAULT_SEGMENTS if asked == [(known.namespace, known.id)]), None)


def segments_of(request: Mapping[str, Any]) -> tuple[Segment, ...]:
    """The segments that a request selects by.

    Raises:
        InvalidExportError: One is listed twice.
    """
    found: dict[tuple[str, str], Segment] = {}
    for place, entry in enumerate((request.get("filter") or {}).get("segments") or ()):
        segment = _segment(entry)
        if (segment.namespace, segment.id) in found:
            reason = f"segment {segment.id!r:.80} is listed twice: list it once, with all statuses that it may have"
            raise InvalidExportError(f"/filter/segments/{place}", reason)
        found[segment.namespace, segment.id] = segment
    return tuple(found.values())


def _merging(policy: MergePolicy) -> tuple[Literal["none", "pdg"], tuple[str, ...] | None]:
    if policy.graph not in {"none", "pdg"}:
        raise InvalidExportError("/mergePolicy/id", f"policy {policy.id} has the unknown graph {policy.graph!r}")
    graph = cast("Literal['none', 'pdg']", policy.graph)
    if policy.method == "timestampOrdered":
        return graph, None
    if policy.method == "dataSetPrecedence" and policy.order:
        return graph, policy.order
    raise InvalidExportError(
        "/mergePolicy/id",
        f"policy {policy.id} merges by {policy.method!r}: use 'timestampOrdered', or 'dataSetPrecedence' and an order",
    )


def _events(additional: Mapping[str, Any], since: int | None, tree: Field) -> EventPlan | None:
    asked = additional.get("eventList")
    if asked is None:
        return None
    pointer = "/additionalFields/eventList"
    window = asked.get("filter") or {}
    after = _instant(window, "fromIngestTimestamp", f"{pointer}/filter")
    before = _instant(window, "toIngestTimestamp", f"{pointer}/filter", up=True)
    if after is not None and before is not None and before <= after:
        raise InvalidExportError(f"{pointer}/filter", "toIngestTimestamp is not later than fromIngestTimestamp")
    bounds = [bound for bound in (after, since) if bound is not None]
    fields = _paths(asked.get("fields"), f"{pointer}/fields", tree)
    return EventPlan(fields, after=max(bounds, default=None), before=before)


def _segment(entry: Mapping[str, Any]) -> Segment:
    statuses = entry.get("status") or ["realized"]
    known = frozenset[Status]("exited" if status == "exited" else "realized" for status in statuses)
    return Segment(str(entry["segmentId"]), str(entry.get("segmentNs") or "ups").lower(), known)


def _paths(text: str | None, pointer: str, tree: Field) -> tuple[str, ...]:
    if text is None or not text.strip():
        return ()
    paths = [path.strip() for path in text.split(",")]
    for path in paths:
        _resolve(path, pointer, tree)
    return tuple(_unique(paths))


def _resolve(path: str, pointer: str, tree: Field) -> None:
    if path.partition(".")[0] == "timeSeriesEvents":
        raise InvalidExportError(pointer, "events are asked for with additionalFields.eventList, not with a field")
    try:
        tree.resolve(path)
    except UnknownFieldError as error:
        raise InvalidExportError(pointer, str(error)) from error


def _unique(paths: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys(paths)


def _window(window: Mapping[str, Any], pointer: str) -> tuple[int | None, int | None]:
    start = _instant(window, "startTime", pointer, up=True)
    end = _instant(window, "endTime", pointer, up=True)
    if start is not None and end is not None and end <= start:
        raise InvalidExportError(pointer, "endTime is not later than startTime")
    return start, end


def _instant(owner: Mapping[str, Any], name: str, pointer: str, *, up: bool = False) -> int | None:
    """The time in ms; fractions are dropped, or rounded up, so that comparing whole ms gives the exact answer."""
    text = owner.get(name)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(str(text).upper())
        elapsed = moment - datetime(1970, 1, 1, tzinfo=UTC)
    except (ValueError, TypeError) as error:
        raise InvalidExportError(f"{pointer}/{name}", f"{text!r} is no point in time: {error}") from error
    millisecond = timedelta(milliseconds=1)
    return -(-elapsed // millisecond) if up else elapsed // millisecond
