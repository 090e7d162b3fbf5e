"""Bodies of job requests, and the filters in them: the contract's schema, filled with what a sandbox knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from hypothesis import strategies as st

from pytest_aep_export.contract import load
from pytest_aep_export.contract.union import Union
from pytest_aep_export.fuzz.strategies.fields import field_lists, paths_of
from pytest_aep_export.fuzz.strategies.schemas import Given, Json, flat, members, part, values
from pytest_aep_export.fuzz.strategies.texts import moment
from pytest_aep_export.model import MergePolicy
from pytest_aep_export.profiles.policies import DEFAULT_POLICIES, DEFAULT_SEGMENTS

__all__ = ["DATASET", "Known", "additional_fields", "bodies", "filters"]

Row: TypeAlias = dict[str, Any]

_WINDOWS: Final = (
    (("filter", "segmentQualificationTime"), ("startTime", "endTime")),
    (("additionalFields", "eventList", "filter"), ("fromIngestTimestamp", "toIngestTimestamp")),
)
"""Where a request says from when to when, and the names of the two."""


def _sample() -> str:
    """The dataset of the contract's own examples."""
    node = load().document["paths"]["/data/core/ups/export/jobs"]["post"]
    examples = node["requestBody"]["content"]["application/json"]["examples"]
    return str(examples["least"]["value"]["destination"]["datasetId"])


DATASET: Final = _sample()


@dataclass(frozen=True, slots=True)
class Known:
    """What requests may refer to.

    Attributes:
        dataset_id: The target.
        policies: Merge policies.
        segments: Namespace and id of each segment.
        union: The fields that paths may lead to; None for those of the contract.
    """

    dataset_id: str = DATASET
    policies: Sequence[MergePolicy] = DEFAULT_POLICIES
    segments: Sequence[tuple[str, str]] = field(
        default=tuple((segment.namespace, segment.id) for segment in DEFAULT_SEGMENTS)
    )
    union: Union | None = None


def bodies(known: Known) -> st.SearchStrategy[Row]:
    """Bodies that ask for what can be; they shrink to a dataset and a schema."""
    given: dict[str, Json] = {
        "/fields": field_lists(paths_of(known.union, "profile")),
        "/additionalFields": additional_fields(known),
        "/destination/datasetId": st.just(known.dataset_id),
        "/mergePolicy": st.sampled_from(known.policies).flatmap(_named),
        **_filter(known, "/filter"),
    }
    return values(flat("ExportJobRequest"), given).map(_in_order)


def additional_fields(known: Known) -> st.SearchStrategy[Row]:
    """What stands in ``additionalFields``."""
    given = {"/eventList/fields": field_lists(paths_of(known.union, "event"))}
    drawn = values(part(flat("ExportJobRequest"), "/additionalFields"), given)
    return drawn.map(lambda events: _in_order({"additionalFields": events})["additionalFields"])


def filters(known: Known) -> st.SearchStrategy[Row]:
    """What stands in ``filter``, with one segment at least."""
    schema = part(flat("ExportJobRequest"), "/filter")
    drawn = values({**schema, "required": ["segments"]}, _filter(known))
    return drawn.map(lambda chosen: _in_order({"filter": chosen})["filter"])


def _filter(known: Known, at: str = "") -> Given:
    one = st.one_of([_segment(*each) for each in known.segments])
    names = lambda entry: (entry.get("segmentNs", "ups"), entry["segmentId"])  # noqa: E731 - what makes two the same
    return {f"{at}/segments": st.lists(one, min_size=1, max_size=3, unique_by=names)}


def _segment(namespace: str, identity: str) -> st.SearchStrategy[Row]:
    """Entries for one segment; whose namespace is not ``ups`` has to say so."""
    given: dict[str, Json] = {"/segmentId": st.just(identity), "/segmentNs": st.just(namespace)}
    said = {} if namespace == "ups" else {"segmentNs": namespace}
    return values(part(flat("ExportJobRequest"), "/filter/segments/*"), given).map(lambda entry: {**entry, **said})


def _named(policy: MergePolicy) -> st.SearchStrategy[Row]:
    return members({"id": st.just(policy.id), "version": st.just(policy.version)}, frozenset({"id"}))


def _in_order(body: Row) -> Row:
    """The body with each window the right way round, and open where it would be empty."""
    for path, names in _WINDOWS:
        body = _changed(body, path, names)
    return body


def _changed(owner: Row, path: Sequence[str], names: tuple[str, str]) -> Row:
    if not path:
        return _window(owner, *names)
    inner = owner.get(path[0])
    return {**owner, path[0]: _changed(inner, path[1:], names)} if isinstance(inner, dict) else owner


def _window(window: Row, first: str, last: str) -> Row:
    if first not in window or last not in window:
        return window
    start, end = sorted((window[first], window[last]), key=moment)
    if (moment(end) - moment(start)).total_seconds() < 1:
        return {name: value for name, value in window.items() if name != last}
    return {**window, first: start, last: end}
