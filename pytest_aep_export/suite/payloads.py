"""The request bodies that the seed documents, for any dataset and merge policy, and what others are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pytest_aep_export.model import UNION_SCHEMA

__all__ = ["FROM_INGEST", "dataset", "events_only", "everything", "full", "into", "profiles_only", "timeline"]

FROM_INGEST: Final = "2018-10-25T13:22:04-07:00"
"""The ingest time that the seed's samples filter events by."""

_FIELDS: Final = "identities.id,personalEmail.address"
_EVENT_FIELDS: Final = "environment.browserDetails.name,environment.browserDetails.version"


def dataset(name: str) -> dict[str, Any]:
    """A dataset on the union schema (seed, "Creare un set di dati di destinazione")."""
    reference = {"id": UNION_SCHEMA, "contentType": "application/vnd.adobe.xed+json;version=1"}
    return {"name": name, "schemaRef": reference}


def full(dataset_id: str, policy_id: str, *, since: str = FROM_INGEST) -> dict[str, Any]:
    """Profiles with their events (seed, "Avvia processo di esportazione")."""
    return profiles_only(dataset_id, policy_id) | {"additionalFields": _events(since)}


def profiles_only(dataset_id: str, policy_id: str) -> dict[str, Any]:
    """Profiles without events (seed, "Ulteriori esempi di payload di esportazione")."""
    return {
        "fields": _FIELDS,
        "mergePolicy": {"id": policy_id, "version": 1},
        "destination": {"datasetId": dataset_id, "segmentPerBatch": False},
        "schema": {"name": "_xdm.context.profile"},
    }


def events_only(dataset_id: str, policy_id: str) -> dict[str, Any]:
    """Events with nothing but the identities of their profiles (seed, the same section)."""
    return full(dataset_id, policy_id) | {"fields": "identityMap"}


def everything(dataset_id: str, policy_id: str) -> dict[str, Any]:
    """Every profile with all of its fields, and no events."""
    return {name: value for name, value in profiles_only(dataset_id, policy_id).items() if name != "fields"}


def timeline(**settings: str) -> dict[str, Any]:
    """What asks for events of all fields: those since 1970, or those that other settings of the filter let through."""
    return {"eventList": {"filter": settings or {"fromIngestTimestamp": "1970-01-01T00:00:00Z"}}}


def into(payload: Mapping[str, Any], dataset_id: str) -> dict[str, Any]:
    """The same request for another dataset."""
    return {**payload, "destination": {**payload["destination"], "datasetId": dataset_id}}


def _events(since: str) -> dict[str, Any]:
    return {"eventList": {"fields": _EVENT_FIELDS, "filter": {"fromIngestTimestamp": since}}}
