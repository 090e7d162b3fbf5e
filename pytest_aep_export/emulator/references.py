"""What a request for an export refers to: its dataset, merge policy, fields and segments, all found or refused.

Every refusal is a 400 that names the member, and comes before anything was made.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from pytest_aep_export.emulator import catalog, merge_policies
from pytest_aep_export.emulator.problems import Refusal, profile, refuse
from pytest_aep_export.emulator.store import Kind
from pytest_aep_export.exporter.plan import InvalidExportError, Segment, plan
from pytest_aep_export.hosts import GATEWAY
from pytest_aep_export.model import UNION_SCHEMA

if TYPE_CHECKING:
    from pytest_aep_export.emulator.state import Call
    from pytest_aep_export.model import MergePolicy

__all__ = ["policy_of"]


def policy_of(call: Call) -> MergePolicy:
    """The merge policy of a new job, once all that its request refers to was found.

    Raises:
        Refusal: Something is not there, or does not go with the rest.
    """
    _check_dataset(call, call.document["destination"]["datasetId"])
    try:
        policy = _policy(call)
        asked = plan(call.document, policy, call.sandbox.union)
    except InvalidExportError as error:
        raise _refusal(call, str(error)) from error
    if call.organisation.behaviour.unknown_segments == "refuse":
        _check_segments(call, asked.segments)
    return policy


def _refusal(call: Call, detail: str) -> Refusal:
    return refuse(call.operation.service, HTTPStatus.BAD_REQUEST, [detail], call.request_id)


def _check_dataset(call: Call, dataset_id: str) -> None:
    schema = catalog.schema_of(call.state.store, call.sandbox.key, dataset_id)
    if schema is None:
        where = f"{GATEWAY}/data/foundation/catalog/dataSets/{dataset_id}"
        title = f"Dataset {dataset_id} cannot be retrieved from Catalog {where}."
        detail = f"/destination/datasetId: {dataset_id} is not a dataset of this sandbox"
        raise profile(HTTPStatus.BAD_REQUEST, "UPLIB-101554-503", title, [detail], call.request_id)
    if schema != UNION_SCHEMA:
        raise _refusal(
            call, f"/destination/datasetId: expected a dataset on the schema {UNION_SCHEMA}, found one on {schema}"
        )


def _policy(call: Call) -> MergePolicy:
    """The policy that the request names, or the one segment's, or the sandbox's default."""
    policy = merge_policies.chosen(call.state.store, call.sandbox.key, call.document)
    if policy is not None:
        _check_policy(call, policy, call.document["schema"]["name"])
        return policy
    if "mergePolicy" in call.document:
        found = call.document["mergePolicy"]["id"]
        raise _refusal(call, f"/mergePolicy/id: expected the id of a merge policy of this sandbox, found {found}")
    raise _refusal(
        call,
        "/mergePolicy: expected one, since this sandbox has no default merge policy for"
        f" {call.document['schema']['name']}, found none",
    )


def _check_policy(call: Call, policy: MergePolicy, schema: str) -> None:
    named = call.document.get("mergePolicy", {})
    if named.get("version", policy.version) != policy.version:
        raise _refusal(call, f"/mergePolicy/version: expected {policy.version}, found {named['version']}")
    where = "/mergePolicy/id" if named else "/mergePolicy"
    if policy.schema != schema:
        raise _refusal(
            call, f"{where}: expected a policy for {schema}, found {policy.id}, which is for {policy.schema}"
        )
    for dataset_id in policy.order:
        if catalog.schema_of(call.state.store, call.sandbox.key, dataset_id) is None:
            found = f"found {policy.id}, whose order lists {dataset_id}"
            raise _refusal(call, f"{where}: expected a policy that orders datasets of this sandbox, {found}")


def _check_segments(call: Call, segments: tuple[Segment, ...]) -> None:
    for place, segment in enumerate(segments):
        if not _is_known(call, segment):
            raise _refusal(
                call,
                f"/filter/segments/{place}/segmentId: expected a segment that this sandbox knows in the namespace"
                f" {segment.namespace:.80}, found {segment.id!r:.80}",
            )


def _is_known(call: Call, segment: Segment) -> bool:
    """Whether the sandbox knows a segment; where its data cannot be read nobody can tell, and the job will fail."""
    try:
        known = call.sandbox.knows(segment.namespace, segment.id)
    except Exception:  # noqa: BLE001 - whatever it is, the job that reads the data will meet it and say so
        return True
    defined = call.state.store.get(call.sandbox.key, Kind.SEGMENT, segment.id) is not None
    return known or (segment.namespace == "ups" and defined)
