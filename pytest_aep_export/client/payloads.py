"""The body of a job request, from typed parts. Pure.

Absent parts stay absent: the API gives every optional member a meaning of its own when it is missing
(seed, "Avvia processo di esportazione"; facts, export-jobs section 2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias, TypedDict, Unpack

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.model import PROFILE_CLASS, MergePolicy

__all__ = [
    "EventSelection",
    "Fields",
    "JobOptions",
    "Moment",
    "ProfileSelection",
    "SegmentSelection",
    "export_job_payload",
]

Fields: TypeAlias = str | Sequence[str]
"""Dotted paths: a sequence, or one text with commas."""

Moment: TypeAlias = datetime | str
"""A point in time: a datetime with a time zone, which is sent in UTC, or RFC 3339 text, which is sent as it is."""


@dataclass(frozen=True, slots=True)
class EventSelection:
    """Which events go along with the profiles (``additionalFields.eventList``); without one, none do.

    Attributes:
        fields: The event fields to export; None for all.
        ingested_after: Only events that were *ingested* after this, whenever they happened.
        ingested_before: Only events that were ingested before this.
    """

    fields: Fields | None = None
    ingested_after: Moment | None = None
    ingested_before: Moment | None = None

    def to_json(self) -> dict[str, Any]:
        """The selection as the API reads it."""
        bounds = _present(
            fromIngestTimestamp=_moment(self.ingested_after), toIngestTimestamp=_moment(self.ingested_before)
        )
        return _present(fields=_joined(self.fields), filter=bounds or None)


@dataclass(frozen=True, slots=True)
class SegmentSelection:
    """One segment whose members are exported (``filter.segments[]``).

    Attributes:
        id: The segment definition's id.
        namespace: Where the segment comes from; the API takes ``ups`` when it is None.
        status: Memberships to take, of ``realized``, ``exited`` and the older ``existing``; None for the API's default.
    """

    id: str
    namespace: str | None = None
    status: Sequence[str] | None = None

    def to_json(self) -> dict[str, Any]:
        """The selection as the API reads it."""
        status = None if self.status is None else list(self.status)
        return _present(segmentId=self.id, segmentNs=self.namespace, status=status)


@dataclass(frozen=True, slots=True)
class ProfileSelection:
    """Which profiles are exported (``filter``); without one, all are.

    Attributes:
        segments: Only members of these segments.
        qualified_after: Only members that qualified at or after this.
        qualified_before: Only members that qualified at or before this.
        ingested_after: Only profiles that were updated after this; it bounds the events' ingestion too.
        empty_profiles: Whether profiles that have events and no record of their own are exported.
    """

    segments: Sequence[SegmentSelection] = ()
    qualified_after: Moment | None = None
    qualified_before: Moment | None = None
    ingested_after: Moment | None = None
    empty_profiles: bool | None = None

    def to_json(self) -> dict[str, Any]:
        """The selection as the API reads it."""
        span = _present(startTime=_moment(self.qualified_after), endTime=_moment(self.qualified_before))
        return _present(
            segments=[segment.to_json() for segment in self.segments] or None,
            segmentQualificationTime=span or None,
            fromIngestTimestamp=_moment(self.ingested_after),
            emptyProfiles=self.empty_profiles,
        )


class JobOptions(TypedDict, total=False):
    """What a job request may say besides its target; each member is as good as absent when it is None.

    Attributes:
        fields: The profile fields to export; by default all.
        merge_policy: How fragments become profiles: a policy in its version, or an id in its latest version.
        events: The events to export; by default none.
        profiles: The profiles to export; by default all.
        segment_per_batch: Whether each segment gets a batch of its own.
        evaluate_segments: Whether segmentation runs as part of the job.
        schema_name: The class of the dataset's schema.
    """

    fields: Fields | None
    merge_policy: MergePolicy | str | None
    events: EventSelection | None
    profiles: ProfileSelection | None
    segment_per_batch: bool | None
    evaluate_segments: bool | None
    schema_name: str | None


def export_job_payload(dataset_id: str, **options: Unpack[JobOptions]) -> dict[str, Any]:
    """The body of ``POST /export/jobs``.

    Args:
        dataset_id: The target, a dataset on the union schema.
        options: Everything else.

    Raises:
        ConfigurationError: An option is unknown, a datetime has no time zone, or fields are an empty sequence.
    """
    unknown = options.keys() - JobOptions.__annotations__.keys()
    if unknown:
        known = ", ".join(JobOptions.__annotations__)
        raise ConfigurationError(f"a job has no option {', '.join(sorted(unknown))}: use some of {known}")
    events, profiles = options.get("events"), options.get("profiles")
    evaluate = options.get("evaluate_segments")
    return _present(
        fields=_joined(options.get("fields")),
        mergePolicy=_policy(options.get("merge_policy")),
        additionalFields=None if events is None else {"eventList": events.to_json()},
        filter=None if profiles is None else profiles.to_json(),
        evaluationInfo=None if evaluate is None else {"segmentation": evaluate},
        destination=_present(datasetId=dataset_id, segmentPerBatch=options.get("segment_per_batch")),
        schema={"name": options.get("schema_name") or PROFILE_CLASS},
    )


def _present(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _joined(fields: Fields | None) -> str | None:
    if fields is None or isinstance(fields, str):
        return fields
    if not fields:
        raise ConfigurationError("fields is an empty sequence: name at least one field, or leave it out to export all")
    return ",".join(fields)


def _policy(policy: MergePolicy | str | None) -> Mapping[str, Any] | None:
    if isinstance(policy, MergePolicy):
        return {"id": policy.id, "version": policy.version}
    return None if policy is None else {"id": policy}


def _moment(moment: Moment | None) -> str | None:
    if not isinstance(moment, datetime):
        return moment
    if moment.utcoffset() is None:
        raise ConfigurationError(f"{moment!r} has no time zone: the API could only guess which moment is meant")
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
