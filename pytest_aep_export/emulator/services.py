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
    preview,
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
    "getBatch": catalog.get_batch,
    "getDataset": catalog.get_dataset,
    "getExportJob": export_jobs.get_export_job,
    "getFile": data_access.get_file,
    "getMergePolicy": merge_policies.get_merge_policy,
    "headFile": data_access.head_file,
    "listBatchFiles": data_access.list_batch_files,
    "listDatasets": catalog.list_datasets,
    "listExportJobs": export_jobs.list_export_jobs,
    "listFailedFiles": batch_reports.list_failed_files,
    "listMergePolicies": merge_policies.list_merge_policies,
    "listMetaFiles": batch_reports.list_meta_files,
    "previewDataset": preview.preview_dataset,
}
"""Operations behind the gateway: each answers an admitted request."""

UNGUARDED: Final[Mapping[str, Callable[[State, Request], tuple[Response, Organisation | None]]]] = {
    "requestToken": ims.request_token,
    "requestTokenV2": ims.request_token,
}
"""Operations that need no token: each answers a request and says whose it was."""
