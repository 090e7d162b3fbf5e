"""The operations of the API, each one a flow or a list of pages. No I/O.

Paths: facts, auth-and-headers section 2. What each answer looks like: facts, export-jobs, catalog, merge-policies.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from pytest_aep_export.client.core import Flow
from pytest_aep_export.client.paging import Listing, Shape, linked, member
from pytest_aep_export.client.problems import read, unexpected
from pytest_aep_export.client.session import Session, segment
from pytest_aep_export.client.waiting import PollPolicy, Progress, wait
from pytest_aep_export.model import UNION_SCHEMA, Batch, Dataset, ExportJob, JobStatus, MergePolicy

__all__ = [
    "cancel_export_job",
    "create_dataset",
    "create_export_job",
    "datasets",
    "export_jobs",
    "get_batch",
    "get_dataset",
    "get_export_job",
    "get_merge_policy",
    "merge_policies",
    "preview_dataset",
    "wait_for_export_job",
]

_JOBS: Final = "/data/core/ups/export/jobs"
_POLICIES: Final = "/data/core/ups/config/mergePolicies"
_CATALOG: Final = "/data/foundation/catalog"
_DATASETS: Final = "/data/foundation/export/datasets"
_UNION_TYPE: Final = "application/vnd.adobe.xed+json;version=1"
_CATALOG_PAGE: Final = 100
"""The most that Catalog puts on a page."""
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
    exchange = yield from session.get(f"{_POLICIES}/{segment('merge policy id', policy_id)}")
    return read(exchange, "a merge policy", MergePolicy.from_json)


def merge_policies(session: Session) -> Listing[MergePolicy]:
    """The tenant's merge policies; the next page is linked in one of two places (divergences 89, 91)."""

    def items(document: Any) -> list[tuple[str, MergePolicy]]:
        return [(policy.id, policy) for policy in map(MergePolicy.from_json, document["children"])]

    def following(document: Any, _items: int, _received: int) -> str:
        return linked(member(document, "_links").get("next"), member(document, "_page").get("next"))

    return Listing(
        session, session.url(_POLICIES), Shape("a list of merge policies", items, following, parameter="start")
    )


def _job_path(job_id: int | str) -> str:
    return f"{_JOBS}/{segment('export job id', job_id)}"


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
