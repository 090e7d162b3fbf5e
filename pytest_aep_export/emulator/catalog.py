"""Catalog: datasets are created, listed and looked up; batches are looked up (facts, catalog).

Every sandbox also has the datasets that its profile data came from.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from pytest_aep_export.emulator import ids
from pytest_aep_export.emulator.advance import settle_all
from pytest_aep_export.emulator.problems import foundation
from pytest_aep_export.emulator.selection import one_of, ordered
from pytest_aep_export.emulator.state import Call, answer
from pytest_aep_export.emulator.store import Kind, Store
from pytest_aep_export.profiles.policies import DEFAULT_DATASETS

if TYPE_CHECKING:
    from starlette.responses import Response

    from pytest_aep_export.emulator.tenants import Sandbox

__all__ = ["add", "create_dataset", "get_batch", "get_dataset", "list_datasets", "schema_of", "seed"]

_MEDIA_TYPE: Final = "application/vnd.adobe.xed+json;version=1"


def seed(store: Store, sandbox: Sandbox) -> None:
    """Put the datasets that profile data comes from into a new sandbox."""
    for key, (name, schema) in DEFAULT_DATASETS.items():
        body = {"name": name, "schemaRef": {"id": schema, "contentType": _MEDIA_TYPE}}
        body["tags"] = {"unifiedProfile": ["enabled:true"]}
        _store(store, sandbox, key, body)


def add(store: Store, sandbox: Sandbox, schemas: Mapping[str, str]) -> None:
    """Put the datasets of a tenant's own data into its sandbox, each on its schema, but for those that are there."""
    for key, schema in sorted(schemas.items()):
        if store.get(sandbox.key, Kind.DATASET, key) is None:
            _store(store, sandbox, key, {"name": key, "schemaRef": {"id": schema, "contentType": _MEDIA_TYPE}})


def _store(store: Store, sandbox: Sandbox, key: str, body: dict[str, Any]) -> dict[str, Any]:
    now = sandbox.organisation.clock.now()
    table = "".join(c if c.isalnum() else "_" for c in body["name"].lower())
    document = {
        "name": body["name"],
        "description": body.get("description", ""),
        "imsOrg": sandbox.organisation.org_id,
        "sandboxId": sandbox.id,
        "version": "1.0.0",
        "created": now,
        "updated": now,
        "createdClient": sandbox.organisation.client_id,
        "tags": {**body.get("tags", {}), "adobe/pqs/table": [table], "adobe/siphon/table/format": ["parquet"]},
        "schemaRef": body["schemaRef"],
        "fileDescription": {"persisted": True, "containerFormat": "parquet", "format": "parquet"},
        "classification": {
            "dataBehavior": "time-series" if "experienceevent" in body["schemaRef"]["id"] else "record",
            "managedBy": "CUSTOMER",
        },
        "viewId": ids.dataset_id("view", sandbox.key, key),
        "files": f"@/dataSetFiles?dataSetId={key}",
    }
    number = store.next_number(sandbox.key, "dataset")
    store.put(sandbox.key, Kind.DATASET, key, {"id": key, **document}, number=number, created=now)
    return document


def schema_of(store: Store, tenant: str, dataset_id: str) -> str | None:
    """The id of the schema that a dataset is based on; None when there is no such dataset."""
    document = store.get(tenant, Kind.DATASET, dataset_id)
    return None if document is None else str(document["schemaRef"]["id"])


async def create_dataset(call: Call) -> Response:
    """A new dataset; the answer is a reference to it."""
    store, tenant = call.state.store, call.sandbox.key
    key = ids.dataset_id(call.state.seed, tenant, store.next_number(tenant, "dataset-id"))
    _store(store, call.sandbox, key, call.document)
    reference = f"{call.organisation.behaviour.dialect.dataset_path}{key}"
    location = f"{call.origin}{call.operation.path}/{key}"
    return answer([reference], HTTPStatus.CREATED, {"location": location})


async def list_datasets(call: Call) -> Response:
    """Datasets keyed by id, oldest first, 20 unless told (facts, catalog section "Filters and paging")."""
    for name in ("property", "tags"):
        if name in call.query:
            raise foundation(HTTPStatus.BAD_REQUEST, f"/query/{name}: this filter is not emulated: leave it out")
    datasets = [d for d in call.state.store.list(call.sandbox.key, Kind.DATASET)[::-1] if _selected(d, call.query)]
    for rule in reversed(call.query.get("orderBy", "").split(",")):
        direction, _, path = rule.rpartition(":")
        datasets = ordered(datasets, path, descending=direction == "desc") if path else datasets
    limit, start = int(call.query.get("limit", 20)), int(call.query.get("start", 0))
    return answer({d["id"]: _properties(d, call.query) for d in datasets[start : start + limit]})


def _selected(dataset: dict[str, Any], query: Mapping[str, str]) -> bool:
    return (
        ("name" not in query or one_of(query["name"])(dataset["name"]))
        and ("createdAfter" not in query or dataset["created"] > int(query["createdAfter"]))
        and ("createdBefore" not in query or dataset["created"] < int(query["createdBefore"]))
    )


def _properties(dataset: dict[str, Any], query: Mapping[str, str]) -> dict[str, Any]:
    """The members that ``properties`` names, or all; the id is the key and stands nowhere else."""
    wanted = [name for name in query.get("properties", "").split(",") if name]
    return {name: value for name, value in dataset.items() if name != "id" and (not wanted or name in wanted)}


async def get_dataset(call: Call) -> Response:
    """One dataset, keyed by its id."""
    document = _find(call, Kind.DATASET, call.path["datasetId"], "DataSet not found.")
    return answer({document["id"]: _properties(document, call.query)})


async def get_batch(call: Call) -> Response:
    """One batch, keyed by its id."""
    await settle_all(call)
    document = _find(call, Kind.BATCH, call.path["batchId"], "Batch not found.")
    return answer({document["id"]: document})


def _find(call: Call, kind: Kind, key: str, otherwise: str) -> dict[str, Any]:
    document = call.state.store.get(call.sandbox.key, kind, key)
    if document is None:
        raise foundation(HTTPStatus.NOT_FOUND, otherwise)
    return document
