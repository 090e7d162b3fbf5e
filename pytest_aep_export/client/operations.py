"""The operations of the API, each one a flow or a list of pages. No I/O.

Paths: facts, auth-and-headers section 2. What each answer looks like: facts, export-jobs, catalog, merge-policies.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

from pytest_aep_export.client.core import Flow
from pytest_aep_export.client.paging import Listing, Shape, linked, member
from pytest_aep_export.client.problems import read, unexpected
from pytest_aep_export.client.session import Session, segment
from pytest_aep_export.client.waiting import PollPolicy, Progress, wait
from pytest_aep_export.model import (
    UNION_SCHEMA,
    Batch,
    Dataset,
    ExportJob,
    JobStatus,
    MergePolicy,
    Sandbox,
    SegmentDefinition,
)

__all__ = [
    "cancel_export_job",
    "create_dataset",
    "create_export_job",
    "create_merge_policy",
    "create_segment_definition",
    "datasets",
    "delete_merge_policy",
    "delete_segment_definition",
    "export_jobs",
    "get_batch",
    "get_dataset",
    "get_export_job",
    "get_merge_policies",
    "get_merge_policy",
    "get_sandbox",
    "get_segment_definition",
    "get_segment_definitions",
    "merge_policies",
    "patch_merge_policy",
    "patch_segment_definition",
    "preview_dataset",
    "replace_merge_policy",
    "sandboxes",
    "segment_definitions",
    "wait_for_export_job",
]

_T = TypeVar("_T")

_JOBS: Final = "/data/core/ups/export/jobs"
_POLICIES: Final = "/data/core/ups/config/mergePolicies"
_SEGMENTS: Final = "/data/core/ups/segment/definitions"
_CATALOG: Final = "/data/foundation/catalog"
_DATASETS: Final = "/data/foundation/export/datasets"
_SANDBOXES: Final = "/data/foundation/sandbox-management/sandboxes"
_UNION_TYPE: Final = "application/vnd.adobe.xed+json;version=1"
_CATALOG_PAGE: Final = 100
"""The most that Catalog puts on a page."""
_SANDBOX_PAGE: Final = 50
"""How many sandboxes come on a page where nothing is said."""
_SEGMENT_PAGE: Final = 100
"""How many segment definitions are asked for at a time."""
_REFERENCE: Final = re.compile(r"@/data[sS]ets/([^/]+)")
"""What a created dataset is answered with, in either spelling (divergence 73)."""


def create_dataset(session: Session, name: str, *, schema_id: str = UNION_SCHEMA) -> Flow[Dataset]:
    """Create a dataset, on the union schema unless told otherwise."""
    payload = {"name": name, "schemaRef": {"id": schema_id, "contentType": _UNION_TYPE}}
    request = session.request("POST", session.url(f"{_CATALOG}/dataSets"), payload)
    exchange = yield from session.call(request, creates="dataset")
    return Dataset(read(exchange, "a reference to a dataset", _referred), name, schema_id)


def get_dataset(session: Session, dataset_id: str) -> Flow[Dataset]:
    """Look a dataset up."""
    exchange = yield from session.get(f"{_CATALOG}/dataSets/{segment('dataset id', dataset_id)}")
    return read(exchange, "a dataset", lambda document: _dataset(dataset_id, document[dataset_id]))


def datasets(session: Session) -> Listing[Dataset]:
    """All datasets; Catalog gives neither a link nor a total, so the first page that is not full is the last."""

    def items(document: Mapping[str, Any]) -> list[tuple[str, Dataset]]:
        return [(key, _dataset(key, value)) for key, value in document.items()]

    def following(_document: Any, items: int, received: int) -> str:
        return f"?start={received}" if items >= _CATALOG_PAGE else ""

    url = session.url(f"{_CATALOG}/dataSets", {"limit": str(_CATALOG_PAGE)})
    return Listing(session, url, Shape("a list of datasets", items, following, parameter="start"))


def get_batch(session: Session, batch_id: str) -> Flow[Batch]:
    """Look a batch up."""
    exchange = yield from session.get(f"{_CATALOG}/batches/{segment('batch id', batch_id)}")
    return read(exchange, "a batch", lambda document: _batch(batch_id, document[batch_id]))


def preview_dataset(session: Session, dataset_id: str) -> Flow[list[dict[str, Any]]]:
    """The first rows of a dataset; how nested values look in them is not documented (facts, data-access section 5)."""
    exchange = yield from session.get(f"{_DATASETS}/{segment('dataset id', dataset_id)}/preview")
    return read(exchange, "a preview", lambda document: [dict(row) for row in document["data"]])


def create_export_job(session: Session, payload: Mapping[str, Any]) -> Flow[ExportJob]:
    """Create a job from a payload, which is sent as it is."""
    request = session.request("POST", session.url(_JOBS), payload)
    exchange = yield from session.call(request, creates="export job")
    return read(exchange, "an export job", ExportJob.from_json)


def get_export_job(session: Session, job_id: int | str) -> Flow[ExportJob]:
    """Look a job up."""
    exchange = yield from session.get(_job_path(job_id))
    return read(exchange, "an export job", ExportJob.from_json)


def export_jobs(
    session: Session, *, limit: int | None = None, status: JobStatus | str | None = None
) -> Listing[ExportJob]:
    """The tenant's jobs, ``limit`` on a page."""

    def items(document: Any) -> list[tuple[str, ExportJob]]:
        return [(str(job.id), job) for job in map(ExportJob.from_json, document["records"])]

    def following(document: Any, _items: int, _received: int) -> str:
        return linked(member(document, "link").get("next"), member(document, "page").get("next"))

    query = {"limit": limit, "status": status}
    url = session.url(_JOBS, {name: str(value) for name, value in query.items() if value is not None})
    return Listing(session, url, Shape("a list of export jobs", items, following, parameter="offset"))


def wait_for_export_job(
    session: Session, job: ExportJob | int | str, *, timeout: float, poll: PollPolicy, progress: Progress | None
) -> Flow[ExportJob]:
    """Wait until a job has succeeded."""
    job_id = job.id if isinstance(job, ExportJob) else job
    return wait(lambda: get_export_job(session, job_id), timeout=timeout, poll=poll, progress=progress, now=session.now)


def cancel_export_job(session: Session, job_id: int | str) -> Flow[None]:
    """Cancel a job; the answer is empty, or a message that says it will be done (divergence 7).

    One guide shows a body under a 204. Its bytes would be read as the next answer, so the connection is not used again.
    """
    request = session.request("DELETE", session.url(_job_path(job_id)), headers={"Connection": "close"})
    exchange = yield from session.call(request)
    if exchange.response.body and not read(exchange, "a cancel message", lambda message: message.get("status", True)):
        raise unexpected(exchange, "it says that the export job was not marked for cancelling")


def get_merge_policy(session: Session, policy_id: str) -> Flow[MergePolicy]:
    """Look a merge policy up."""
    exchange = yield from session.get(_policy_path(policy_id))
    return read(exchange, "a merge policy", MergePolicy.from_json)


def create_merge_policy(session: Session, policy: MergePolicy) -> Flow[MergePolicy]:
    """Create a merge policy; its id and version are the API's to give."""
    request = session.request("POST", session.url(_POLICIES), _policy(policy))
    exchange = yield from session.call(request, creates="merge policy")
    return read(exchange, "a merge policy", MergePolicy.from_json)


def replace_merge_policy(session: Session, policy: MergePolicy) -> Flow[MergePolicy]:
    """Replace the merge policy that has this id."""
    request = session.request("PUT", session.url(_policy_path(policy.id)), _policy(policy))
    return read((yield from session.call(request)), "a merge policy", MergePolicy.from_json)


def patch_merge_policy(session: Session, policy_id: str, changes: Mapping[str, str | bool]) -> Flow[MergePolicy]:
    """Change members of a merge policy, in the form of an array, which can hold several (divergence 90)."""
    payload = [{"op": "add", "path": f"/{path}", "value": value} for path, value in changes.items()]
    request = session.request("PATCH", session.url(_policy_path(policy_id)), payload)
    return read((yield from session.call(request)), "a merge policy", MergePolicy.from_json)


def delete_merge_policy(session: Session, policy_id: str) -> Flow[None]:
    """Delete a merge policy; the answer is empty."""
    yield from session.call(session.request("DELETE", session.url(_policy_path(policy_id))))


def get_merge_policies(session: Session, policy_ids: Iterable[str]) -> Flow[dict[str, MergePolicy]]:
    """Look several merge policies up, by id."""
    return (yield from _several(session, _POLICIES, policy_ids, "merge policies by id", MergePolicy.from_json))


def merge_policies(session: Session) -> Listing[MergePolicy]:
    """The tenant's merge policies; the next page is linked in one of two places (divergences 89, 91)."""

    def items(document: Any) -> list[tuple[str, MergePolicy]]:
        return [(policy.id, policy) for policy in map(MergePolicy.from_json, document["children"])]

    def following(document: Any, _items: int, _received: int) -> str:
        return linked(member(document, "_links").get("next"), member(document, "_page").get("next"))

    return Listing(
        session, session.url(_POLICIES), Shape("a list of merge policies", items, following, parameter="start")
    )


def get_sandbox(session: Session, name: str) -> Flow[Sandbox]:
    """Look a sandbox up."""
    exchange = yield from session.get(f"{_SANDBOXES}/{segment('sandbox name', name)}")
    return read(exchange, "a sandbox", Sandbox.from_json)


def sandboxes(session: Session) -> Listing[Sandbox]:
    """The organisation's sandboxes; the link to the next page is a template, and there however many there are."""

    def items(document: Any) -> list[tuple[str, Sandbox]]:
        return [(sandbox.name, sandbox) for sandbox in map(Sandbox.from_json, document["sandboxes"])]

    def following(_document: Any, items: int, received: int) -> str:
        return f"?offset={received}" if items >= _SANDBOX_PAGE else ""

    url = session.url(_SANDBOXES, {"limit": str(_SANDBOX_PAGE), "offset": "0"})
    return Listing(session, url, Shape("a list of sandboxes", items, following, parameter="offset"))


def get_segment_definition(session: Session, segment_id: str) -> Flow[SegmentDefinition]:
    """Look a segment definition up."""
    exchange = yield from session.get(_segment_path(segment_id))
    return read(exchange, "a segment definition", SegmentDefinition.from_json)


def create_segment_definition(session: Session, definition: SegmentDefinition) -> Flow[SegmentDefinition]:
    """Define a segment; its id is the API's to give."""
    payload: dict[str, Any] = {
        "name": definition.name,
        "description": definition.description,
        "expression": {"type": "PQL", "format": definition.format, "value": definition.expression},
        "schema": {"name": definition.schema},
    }
    if definition.policy_id:
        payload["mergePolicyId"] = definition.policy_id
    request = session.request("POST", session.url(_SEGMENTS), payload)
    exchange = yield from session.call(request, creates="segment definition")
    return read(exchange, "a segment definition", SegmentDefinition.from_json)


def patch_segment_definition(session: Session, segment_id: str, changes: Mapping[str, Any]) -> Flow[SegmentDefinition]:
    """Change members of a segment definition, which are sent as they are."""
    request = session.request("PATCH", session.url(_segment_path(segment_id)), changes)
    return read((yield from session.call(request)), "a segment definition", SegmentDefinition.from_json)


def delete_segment_definition(session: Session, segment_id: str) -> Flow[None]:
    """Delete a segment definition; whether a message says so, sources disagree."""
    yield from session.call(session.request("DELETE", session.url(_segment_path(segment_id))))


def get_segment_definitions(session: Session, segment_ids: Iterable[str]) -> Flow[dict[str, SegmentDefinition]]:
    """Look several segment definitions up, by id."""
    what = "segment definitions by id"
    return (yield from _several(session, _SEGMENTS, segment_ids, what, SegmentDefinition.from_json))


def segment_definitions(session: Session) -> Listing[SegmentDefinition]:
    """The tenant's segment definitions; how many there are the page says, and no link leads on."""

    def items(document: Any) -> list[tuple[str, SegmentDefinition]]:
        return [(each.id, each) for each in map(SegmentDefinition.from_json, document["segments"])]

    def following(document: Any, items: int, received: int) -> str:
        total = member(document, "page").get("totalCount", 0)
        return f"?start={received}" if items and received < total else ""

    url = session.url(_SEGMENTS, {"limit": str(_SEGMENT_PAGE)})
    return Listing(session, url, Shape("a list of segment definitions", items, following, parameter="start"))


def _several(
    session: Session, path: str, ids: Iterable[str], what: str, of: Callable[[Any], _T]
) -> Flow[dict[str, _T]]:
    """Look several things up by their ids; those that are not there are left out."""
    payload = {"ids": [{"id": each} for each in ids]}
    exchange = yield from session.call(session.request("POST", session.url(f"{path}/bulk-get"), payload))

    def found(document: Any) -> dict[str, _T]:
        return {key: of(each) for key, each in document["results"].items()}

    return read(exchange, what, found)


def _job_path(job_id: int | str) -> str:
    return f"{_JOBS}/{segment('export job id', job_id)}"


def _policy_path(policy_id: str) -> str:
    return f"{_POLICIES}/{segment('merge policy id', policy_id)}"


def _segment_path(segment_id: str) -> str:
    return f"{_SEGMENTS}/{segment('segment id', segment_id)}"


def _policy(policy: MergePolicy) -> dict[str, Any]:
    """A merge policy as it is sent: what the API does not give itself."""
    return {
        "name": policy.name,
        "schema": {"name": policy.schema},
        "identityGraph": {"type": policy.graph},
        "attributeMerge": {"type": policy.method} | ({"order": list(policy.order)} if policy.order else {}),
        "isActiveOnEdge": policy.active_on_edge,
        "default": policy.default,
    }


def _referred(references: Any) -> str:
    (reference,) = references
    match = _REFERENCE.fullmatch(reference)
    if not match:
        raise ValueError(f"{reference!r} does not look like '@/dataSets/ID'")
    return match[1]


def _dataset(dataset_id: str, document: Mapping[str, Any]) -> Dataset:
    name, schema_id = str(document.get("name", "")), str(member(document, "schemaRef").get("id", ""))
    return Dataset(dataset_id, name, schema_id, document)


def _batch(batch_id: str, document: Mapping[str, Any]) -> Batch:
    related = document.get("relatedObjects") or ()
    dataset_ids = [str(item["id"]) for item in related if item.get("type") == "dataSet"]
    return Batch(batch_id, str(document["status"]), dataset_ids[0] if dataset_ids else "", document)
