"""Jobs as answers show them: the contract's schema in a dialect, filled from a life that a job can have."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from hypothesis import strategies as st

from pytest_aep_export.contract.document import Node
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.fuzz.strategies.fields import field_lists, paths_of
from pytest_aep_export.fuzz.strategies.job_requests import DATASET, Known, additional_fields, filters
from pytest_aep_export.fuzz.strategies.schemas import Given, Json, flat, members, part, values
from pytest_aep_export.lifecycle import EPOCH, Life, timers
from pytest_aep_export.model import JobStatus, Timer
from pytest_aep_export.profiles.policies import DEFAULT_POLICIES, DEFAULT_SEGMENTS

__all__ = ["BATCHES", "ORGANISATION", "Shown", "documents"]

Document: TypeAlias = dict[str, Any]

ORGANISATION: Final = "1BD6382559DF0C130A49422D@AdobeOrg"
BATCHES: Final = ("01HP1Z0A9YZ733QCJN6AXCATHF", "5b020a27e7040801dedba61b5b020a27")
"""Ids of batches, one in each form that some dialect gives (divergence 25)."""

_LONGEST: Final = 10**9
"""In ms: some eleven days."""
_LIKE: Final = {"QUEUED": "NEW", "CANCELLING": "PROCESSING"}
"""Statuses that some source names beside those of the state diagram, and what a job is that shows them."""
_LIVED: Final = ("status", "creationTime", "updateTime", "metrics", "destination", "errors")
"""Members that follow from the job's life."""
_SPELLINGS: Final = ("datasetId", "dataSetId")


@dataclass(frozen=True, slots=True)
class Shown:
    """Which jobs are drawn.

    Attributes:
        dialect: The dialect that shows them; None for whatever some documented variant shows.
        kind: The schema: ``ShownJob`` for create and look-up, ``ListedJob`` in the list.
        statuses: The statuses that they have; by default every one that the dialect knows.
        dataset_id: The target.
    """

    dialect: str | None = "canonical"
    kind: str = "ShownJob"
    statuses: Sequence[str] | None = None
    dataset_id: str = DATASET

    @property
    def schema(self) -> Node:
        """The schema of such a job."""
        return flat(self.kind, self.dialect)


def documents(shown: Shown) -> st.SearchStrategy[Document]:
    """Jobs; they shrink to a new one with no more than it needs.

    Raises:
        ConfigurationError: The dialect knows none of the statuses.
    """
    schema = shown.schema
    rest = {name: each for name, each in schema["properties"].items() if name not in _LIVED}
    plain = values({**schema, "properties": rest}, _given(shown))
    known = part(schema, "/status")["enum"]
    statuses = [status for status in known if shown.statuses is None or status in shown.statuses]
    if not statuses:
        raise ConfigurationError(f"no job has the status {', '.join(shown.statuses or ())}: use {', '.join(known)}")
    made = {status: _in_status(status, schema, plain, shown.dataset_id) for status in statuses}
    return st.sampled_from(statuses).flatmap(made.__getitem__)


def _in_status(status: str, schema: Node, plain: Json, dataset_id: str) -> st.SearchStrategy[Document]:
    return st.builds(
        _assembled,
        plain,
        st.just(status),
        _lives(JobStatus(_LIKE.get(status, status))),
        _destinations(part(schema, "/destination"), dataset_id, status),
        values(part(schema, "/errors/*")),
        _counters(part(schema, "/metrics")),
        st.just(schema),
    )


def _given(shown: Shown) -> Given:
    numbers = st.integers(1, 10**6)
    known = Known()
    loose: Json = numbers | numbers.map(str) | numbers.map(float)
    return {
        "/id": numbers if shown.dialect else loose,
        "/profileInstanceId": st.just("ups"),
        "/schema/name": st.just("_xdm.context.profile"),
        "/mergePolicy/id": st.sampled_from([policy.id for policy in DEFAULT_POLICIES]),
        "/mergePolicy/version": st.just(1) if shown.dialect else st.sampled_from((1, 1.0)),
        "/requestId": st.integers(1, 2**64).map(lambda number: f"{number:032x}"),
        "/computeGatewayJobId": st.just({}) | st.uuids().map(lambda identity: {"exportJob": str(identity)}),
        "/imsOrgId": st.just(ORGANISATION),
        "/fields": field_lists(paths_of(None, "profile")),
        "/filter": filters(known),
        "/additionalFields": additional_fields(known),
    }


def _lives(status: JobStatus) -> st.SearchStrategy[Life]:
    """Lives that have come to a status."""
    created = st.integers(EPOCH, EPOCH + 10**10).map(Life)
    spans = st.integers(0, _LONGEST)
    started = st.builds(_moved, created, st.just(JobStatus.PROCESSING), spans)
    if status is JobStatus.NEW:
        return created
    if status is JobStatus.PROCESSING:
        return started
    before = started if status is JobStatus.SUCCEEDED else created | started
    return st.builds(_moved, before, st.just(status), spans)


def _moved(life: Life, status: JobStatus, span: int) -> Life:
    return life.to(status, life.updated + span)


def _destinations(schema: Node, dataset_id: str, status: str) -> st.SearchStrategy[Document]:
    """Where a job writes: one batch, or one for each segment; only a job that has succeeded must name them."""
    either = [name for name in _SPELLINGS if name in schema.get("required", ())]
    spelled: Json = st.just(either) if either else st.sampled_from((_SPELLINGS[:1], _SPELLINGS[1:], _SPELLINGS))
    ids = [each for each in BATCHES if re.search(part(schema, "/batchId")["pattern"], each)]
    whole: Json = st.sampled_from([{"segmentPerBatch": False, "batchId": each} for each in ids])
    if status != "SUCCEEDED":
        whole = st.just({"segmentPerBatch": False}) | st.just({"segmentPerBatch": False, "batchId": ""}) | whole
    per_segment = _batches(part(schema, "/batches"), ids)
    return st.builds(lambda names, rest: {**dict.fromkeys(names, dataset_id), **rest}, spelled, whole | per_segment)


def _batches(schema: Node, ids: Sequence[str]) -> st.SearchStrategy[Document]:
    """A batch for each segment, as an array or, where it may be that, as a single object."""
    given = {
        "/batchId": st.sampled_from(ids),
        "/segmentId": st.sampled_from([segment.id for segment in DEFAULT_SEGMENTS]),
        "/segmentNs": st.just("ups"),
        "/status": st.lists(st.sampled_from(("realized", "existing", "exited")), min_size=1, max_size=2, unique=True),
    }
    one = values(schema["items"], given)
    several = st.lists(one, min_size=2, max_size=3)
    if "anyOf" in schema:
        form: Json = one | several
    elif schema["type"] == "array":
        form = st.lists(one, min_size=1, max_size=3)
    else:
        form = one | st.lists(one, min_size=1, max_size=3)
    return form.map(lambda batches: {"segmentPerBatch": True, "batches": batches})


def _counters(schema: Node) -> st.SearchStrategy[Document]:
    """What a job counts that has succeeded."""
    count = st.integers(0, 10**6)
    by_namespace = st.dictionaries(st.sampled_from(("Email", "ECID")), count, max_size=2)
    counters = {"totalExportedProfileCounter": count, "exportedProfileByNamespaceCounter": by_namespace}
    return members({name: counters[name] for name in counters if name in _shown(schema)})


def _assembled(
    plain: Document,
    status: str,
    life: Life,
    destination: Document,
    error: Document,
    counters: Document,
    schema: Node,
) -> Document:
    metrics = {name: _timer(timer) for name, timer in timers(life).items() if name in _shown(part(schema, "/metrics"))}
    document = {
        **plain,
        "status": status,
        "metrics": {**metrics, **(counters if status == "SUCCEEDED" else {})},
        "destination": destination,
        "creationTime": life.created,
        "updateTime": life.updated,
        **({"errors": [error]} if status == "FAILED" else {}),
    }
    return {name: document[name] for name in schema["properties"] if name in document}


def _shown(schema: Node) -> list[str]:
    """The members that a dialect shows."""
    return [name for name, each in schema["properties"].items() if "not" not in each]


def _timer(timer: Timer) -> Document:
    ended = {} if timer.end is None else {"endTimeInMs": timer.end, "totalTimeInMs": timer.end - timer.start}
    return {"startTimeInMs": timer.start, **ended}
