"""The seed's own samples as recordings: what it shows of the API, as data.

Members and values are those of its samples. It shows no status of a success other than that of a cancel: that of a new
dataset is its Catalog sibling's (facts, catalog), those of jobs are the only ones declared (facts, export-jobs).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from pytest_aep_export.cassettes import Interaction, Recording, describe, path_of, save
from pytest_aep_export.cassettes.hygiene import PLACEHOLDER
from pytest_aep_export.exchange import Headers, Request, Response
from pytest_aep_export.hosts import GATEWAY
from pytest_aep_export.suite import payloads
from pytest_aep_export.suite.api import DATASETS, JOBS

__all__ = ["DOCUMENTED", "write"]

_DATASET: Final = "5b020a27e7040801dedba61b"
_POLICY: Final = "e5bc94de-cd14-4cdf-a2bc-88b6e8cbfac2"
_JSON: Final = Headers([("content-type", "application/json")])
_ORG: Final = {"imsOrgId": PLACEHOLDER.org_id}
_OF_A_BATCH: Final = {"profileInstanceId": "ups", "jobType": "BATCH", "schema": {"name": "_xdm.context.profile"}}


def _timer(start: int, end: int) -> dict[str, int]:
    return {"startTimeInMs": start, "endTimeInMs": end, "totalTimeInMs": end - start}


def _times(created: int, updated: int) -> dict[str, int]:
    return {"creationTime": created, "updateTime": updated}


def _gateway_job(export: str, push: str = "") -> dict[str, dict[str, str]]:
    return {"computeGatewayJobId": {"exportJob": export, **({"pushJob": push} if push else {})}}


_WATCHED: Final = {
    **_OF_A_BATCH,
    **_ORG,
    **_times(1559674261657, 1559674261868),
    "id": 24115,
    "mergePolicy": {"id": "0bf16e61-90e9-4204-b8fa-ad250360957b", "version": 1},
    "destination": {
        "dataSetId": "5cf6bcf79ecc7c14530fe436",
        "segmentPerBatch": False,
        "batchId": "da5cfb4de32c4b93a09f7e37fa53ad52",
    },
}
_CREATED: Final = {
    **_WATCHED,
    "status": "NEW",
    "requestId": "IwkVcD4RupdSmX376OBVORvcvTdA4ypN",
    "computeGatewayJobId": {},
    "metrics": {"totalTime": {"startTimeInMs": 1559674261657}},
}
_DONE: Final = {
    **_WATCHED,
    **_gateway_job("305a2e5c-2cf3-4746-9b3d-3c5af0437754", "963f275e-91a3-4fa1-8417-d2ca00b16a8a"),
    "status": "SUCCEEDED",
    "requestId": "YwMt1H8QbVlGT2pzyxgwFHTwzpMbHrTq",
    "metrics": {
        "totalTime": _timer(1547053539564, 1547054743929),
        "profileExportTime": _timer(1547053667591, 1547053778195),
        "aCPDatasetWriteTime": _timer(1547054660416, 1547054698918),
    },
}
_LISTED: Final = (
    {
        **_OF_A_BATCH,
        **_ORG,
        **_times(1538615973895, 1538616233239),
        **_gateway_job("f3058161-7349-4ca9-807d-212cee2c2e94", "feaeca05-d137-4605-aa4e-21d19d801fc6"),
        "id": 726,
        "mergePolicy": {"id": "timestampOrdered-none-mp", "version": 1},
        "status": "SUCCEEDED",
        "requestId": "d995479c-8a08-4240-903b-af469c67be1f",
        "metrics": {
            "totalTime": _timer(1538615973895, 1538616233239),
            "profileExportTime": _timer(1538616067445, 1538616139576),
            "aCPDatasetWriteTime": _timer(1538616195172, 1538616195715),
        },
        "destination": {"datasetId": "5b7c86968f7b6501e21ba9df", "batchId": "da5cfb4de32c4b93a09f7e37fa53ad52"},
    },
    {
        **_OF_A_BATCH,
        **_ORG,
        **_times(1538573416687, 1538573922551),
        **_gateway_job("15971e0f-317c-4390-9038-1a0498eb356f"),
        "id": 722,
        "profileInstanceId": "test_xdm_latest_profile_20_e2e_1538573005395",
        "errors": [
            {
                "code": "0090000009",
                "msg": "Error writing profiles to output path "
                "'adl://va7devprofilesnapshot.azuredatalakestore.net/snapshot/722'",
                "callStack": "com.adobe.aep.unifiedprofile.common.logging.Logger",
            },
            {
                "code": "unknown",
                "msg": "Job aborted.",
                "callStack": "org.apache.spark.SparkException: Job aborted.",
            },
        ],
        "filter": {"segments": [{"segmentId": "7a93d2ff-a220-4bae-9a4e-5f3c35032be3"}]},
        "mergePolicy": {"id": "7972e3d6-96ea-4ece-9627-cbfd62709c5d", "version": 1},
        "status": "FAILED",
        "requestId": "KbOAsV7HXmdg262lc4yZZhoml27UWXPZ",
        "metrics": {
            "totalTime": _timer(1538573416687, 1538573922551),
            "profileExportTime": _timer(1538573872211, 1538573918809),
        },
        "destination": {"datasetId": "5bb4c46757920712f924a3eb", "batchId": ""},
    },
)
_LIST: Final = {
    "records": _LISTED,
    "page": {"sortField": "createdTime", "sort": "desc", "pageOffset": "1538573416687_722", "pageSize": 2},
    "link": {"next": "/export/jobs/?limit=2&offset=1538573416687_722"},
}


def _shown(method: str, path: str, status: int, answer: object = None, sent: object = None) -> Interaction:
    body = b"" if sent is None else json.dumps(sent).encode()
    response = Response(status, Headers(), b"") if answer is None else _json(status, answer)
    return Interaction(Request(method, f"{GATEWAY}{path}", Headers(), body), response)


def _json(status: int, answer: object) -> Response:
    return Response(status, _JSON, json.dumps(answer).encode())


def _asked(payload: dict[str, Any]) -> Interaction:
    return _shown("POST", JOBS, 200, _CREATED, payload)


_WHO: Final = (_DATASET, _POLICY)

DOCUMENTED: Final[dict[str, tuple[Interaction, tuple[str, ...]]]] = {
    "documented/dataset-created": (
        _shown("POST", DATASETS, 201, [f"@/datasets/{_DATASET}"], payloads.dataset("Profile Data Export")),
        ("EXP-DATASET-001",),
    ),
    "documented/job-created": (_asked(payloads.full(*_WHO)), ("EXP-CREATE-001", "EXP-CREATE-005")),
    "documented/job-created-profiles-only": (_asked(payloads.profiles_only(*_WHO)), ("EXP-CREATE-002",)),
    "documented/job-created-events-only": (_asked(payloads.events_only(*_WHO)), ("EXP-CREATE-003",)),
    "documented/jobs-listed": (_shown("GET", f"{JOBS}/", 200, _LIST), ("EXP-LIST-001", "EXP-LIST-002", "EXP-JOB-001")),
    "documented/job-succeeded": (_shown("GET", f"{JOBS}/24115", 200, _DONE), ("EXP-WATCH-001", "EXP-WATCH-011")),
    "documented/job-cancelled": (_shown("DELETE", f"{JOBS}/726", 204), ("EXP-CANCEL-001",)),
}
"""What the seed shows, and the requirements that rest on it, by the recording's name."""


def write(name: str, folder: Path | None = None) -> None:
    """Write one of them into the library, or into a folder."""
    interaction, requirements = DOCUMENTED[name]
    metadata = describe("documented", dialect="profile-guide", requirements=requirements)
    save(Recording(name, metadata, (interaction,)), path_of(name, folder))
