"""What the contract's tests share: the contract, a valid job, and requests and answers to change."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_aep_export.contract import Contract, load
from pytest_aep_export.exchange import Headers, Request, Response

SAMPLES = Path(__file__).parent / "samples"
CREDENTIALS = {
    "Authorization": "Bearer a.b.c",
    "x-api-key": "key",
    "x-gw-ims-org-id": "1BD6382559DF0C130A49422D@AdobeOrg",
    "x-sandbox-name": "prod",
}


@pytest.fixture(scope="session")
def contract() -> Contract:
    """The shipped contract."""
    return load()


@pytest.fixture
def job() -> dict[str, Any]:
    """A job that SUCCEEDED, as the canonical dialect shows it."""
    return {
        "id": 24115,
        "jobType": "BATCH",
        "profileInstanceId": "ups",
        "schema": {"name": "_xdm.context.profile"},
        "mergePolicy": {"id": "timestampOrdered-none-mp", "version": 1},
        "status": "SUCCEEDED",
        "requestId": "q0gf6caRuRtX2s5khaN1Zgd1OoEXcPJA",
        "computeGatewayJobId": {"exportJob": "e", "pushJob": "p"},
        "metrics": {
            "totalTime": {"startTimeInMs": 1714521600000, "endTimeInMs": 1714521859344, "totalTimeInMs": 259344},
            "profileExportTime": {"startTimeInMs": 1714521700000, "endTimeInMs": 1714521700543, "totalTimeInMs": 543},
        },
        "destination": {
            "datasetId": "5b020a27e7040801dedba61b",
            "segmentPerBatch": False,
            "batchId": "01HP1Z0A9YZ733QCJN6AXCATHF",
        },
        "fields": "identityMap",
        "additionalFields": {"eventList": {"filter": {"fromIngestTimestamp": "2018-10-25T13:22:04-07:00"}}},
        "creationTime": 1714521600000,
        "updateTime": 1714521859344,
        "imsOrgId": "1BD6382559DF0C130A49422D@AdobeOrg",
    }


@pytest.fixture
def sample() -> Callable[[str], Any]:
    """Reads one of the seed's JSON samples by its file's name."""
    return lambda name: json.loads((SAMPLES / f"{name}.json").read_bytes())


@pytest.fixture
def ask() -> Callable[..., Request]:
    """Makes a request with every header that the API wants; ``json`` is its body, ``without`` leaves a header out."""

    def make(method: str, url: str, *, json: Any = None, without: str = "", **headers: str) -> Request:
        every = {**CREDENTIALS, **({} if json is None else {"Content-Type": "application/json"})}
        every |= {name.replace("_", "-"): value for name, value in headers.items()}
        every = {name: value for name, value in every.items() if name.lower() != without}
        return Request(method, url, Headers(every), b"" if json is None else _dumps(json))

    return make


@pytest.fixture
def tell() -> Callable[..., Response]:
    """Makes an answer whose body is JSON."""

    def make(status: int, body: Any = None, **headers: str) -> Response:
        every = {"Content-Type": "application/json"} | {name.replace("_", "-"): v for name, v in headers.items()}
        return Response(status, Headers(every), b"" if body is None else _dumps(body))

    return make


def _dumps(value: Any) -> bytes:
    return json.dumps(value).encode()
