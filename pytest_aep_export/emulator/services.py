"""Which function answers which operation of the contract."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Final

from pytest_aep_export.emulator import (
    batch_reports,
    catalog,
    data_access,
    export_jobs,
    ims,
    merge_policies,
    policy_changes,
    preview,
    sandboxes,
    segment_definitions,
)
from pytest_aep_export.emulator.state import Call, State
from pytest_aep_export.emulator.tenants import Organisation
from pytest_aep_export.exchange import Request

if TYPE_CHECKING:
    from starlette.responses import Response

__all__ = ["GUARDED", "UNGUARDED"]

GUARDED: Final[Mapping[str, Callable[[Call], Awaitable[Response]]]] = {
    "cancelExportJob": export_jobs.cancel_export_job,
    "createDataset": catalog.create_dataset,
    "createExportJob": export_jobs.create_export_job,
    "createMergePolicy": policy_changes.create_merge_policy,
    "createSegmentDefinition": segment_definitions.create_segment_definition,
    "deleteMergePolicy": policy_changes.delete_merge_policy,
    "deleteSegmentDefinition": segment_definitions.delete_segment_definition,
    "getBatch": catalog.get_batch,
    "getDataset": catalog.get_dataset,
    "getExportJob": export_jobs.get_export_job,
    "getFile": data_access.get_file,
    "getMergePolicies": merge_policies.get_merge_policies,
    "getMergePolicy": merge_policies.get_merge_policy,
    "getSandbox": sandboxes.get_sandbox,
    "getSegmentDefinition": segment_definitions.get_segment_definition,
    "getSegmentDefinitions": segment_definitions.get_segment_definitions,
    "headFile": data_access.head_file,
    "listBatchFiles": data_access.list_batch_files,
    "listDatasets": catalog.list_datasets,
    "listExportJobs": export_jobs.list_export_jobs,
    "listFailedFiles": batch_reports.list_failed_files,
    "listMergePolicies": merge_policies.list_merge_policies,
    "listMetaFiles": batch_reports.list_meta_files,
    "listSandboxes": sandboxes.list_sandboxes,
    "listSegmentDefinitions": segment_definitions.list_segment_definitions,
    "patchMergePolicy": policy_changes.patch_merge_policy,
    "patchSegmentDefinition": segment_definitions.patch_segment_definition,
    "previewDataset": preview.preview_dataset,
    "replaceMergePolicy": policy_changes.replace_merge_policy,
}
"""Operations behind the gateway: each answers an admitted request."""

UNGUARDED: Final[Mapping[str, Callable[[State, Request], tuple[Response, Organisation | None]]]] = {
    "requestToken": ims.request_token,
    "requestTokenV2": ims.request_token,
}
"""Operations that need no token: each answers a request and says whose it was."""
