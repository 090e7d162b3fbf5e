"""HTTP clients of every kind make the whole journey over a real socket: token, dataset, job, files, Parquet.

Each client sends the requests in its own idiom, and so with its own headers, encodings and connections.
"""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import aiohttp
import httpx2
import pyarrow.parquet as pq
import pytest
import requests

from pytest_aep_export import Credentials, EmulatorServer, Tenant

UNION = {
    "id": "https://ns.adobe.com/xdm/context/profile__union",
    "contentType": "application/vnd.adobe.xed+json;version=1",
}

JOURNEY = [
    "requestToken",
    "createDataset",
    "createExportJob",
    "getExportJob",
    "getExportJob",
    "listBatchFiles",
    "getFile",
    "getFile",
]
"""What a client calls that looks at the job until it has succeeded and reads its only file."""


@dataclass(frozen=True)
class Ask:
    """A request in the words of no client."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = None
    document: Any = None


class Caller(Protocol):
    """A client: answers a request with a status and a body."""

    def __call__(self, ask: Ask, folder: Path) -> tuple[int, bytes]:
        """Send the request; ``folder`` is a place for files, if the client needs one."""
        ...


def with_requests(ask: Ask, _: Path) -> tuple[int, bytes]:
    """The request, sent by requests."""
    with requests.request(
        ask.method, ask.url, headers=ask.headers, data=ask.form, json=ask.document, timeout=10
    ) as answer:
        return answer.status_code, answer.content


def with_httpx2(ask: Ask, _: Path) -> tuple[int, bytes]:
    """The request, sent by httpx2."""
    with httpx2.Client() as client:
        answer = client.request(ask.method, ask.url, headers=ask.headers, data=ask.form, json=ask.document)
        return answer.status_code, answer.content


def with_aiohttp(ask: Ask, _: Path) -> tuple[int, bytes]:
    """The request, sent by aiohttp."""

    async def send() -> tuple[int, bytes]:
        async with (
            aiohttp.ClientSession() as session,
            session.request(ask.method, ask.url, headers=ask.headers, data=ask.form, json=ask.document) as answer,
        ):
            return answer.status, await answer.read()

    return asyncio.run(send())


def with_curl(ask: Ask, folder: Path) -> tuple[int, bytes]:
    """The request, sent by curl."""
    body = folder / "body"
    words = [
        "curl",
        "--silent",
        "--show-error",
        "--max-time",
        "10",
        "--output",
        str(body),
        "--write-out",
        "%{http_code}",
    ]
    for name, value in ask.headers.items():
        words += ["--header", f"{name}: {value}"]
    for name, value in (ask.form or {}).items():
        words += ["--data-urlencode", f"{name}={value}"]
    if ask.document is not None:
        words += ["--header", "Content-Type: application/json", "--data", json.dumps(ask.document)]
    words += ["--request", ask.method, ask.url]
    status = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    return int(status), body.read_bytes()


CALLERS = [
    pytest.param(with_requests, id="requests"),
    pytest.param(with_httpx2, id="httpx2"),
    pytest.param(with_aiohttp, id="aiohttp"),
    pytest.param(
        with_curl, id="curl", marks=pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
    ),
]


@dataclass
class Traveller:
    """Makes the journey with one client, step by step."""

    call: Caller
    url: str
    credentials: Credentials
    folder: Path
    headers: dict[str, str] = field(default_factory=dict)

    def json(self, method: str, path: str, document: Any = None) -> Any:
        """The parsed answer to an authenticated request that succeeds."""
        status, body = self.call(Ask(method, f"{self.url}{path}", self.headers, document=document), self.folder)
        assert status in {200, 201}, body
        return json.loads(body)

    def log_in(self) -> None:
        """Get a token, and use it from now on."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self.credentials.client_id,
            "client_secret": self.credentials.client_secret,
            "scope": self.credentials.scopes,
        }
        status, body = self.call(Ask("POST", f"{self.url}/ims/token/v3", form=form), self.folder)
        assert status == 200, body
        self.headers = {
            "Authorization": f"Bearer {json.loads(body)['access_token']}",
            "x-api-key": self.credentials.client_id,
            "x-gw-ims-org-id": self.credentials.org_id,
            "x-sandbox-name": self.credentials.sandbox,
        }

    def export(self) -> dict[str, Any]:
        """A job that has succeeded, on a dataset of its own."""
        [reference] = self.json("POST", "/data/foundation/catalog/dataSets", {"name": "Export", "schemaRef": UNION})
        request = {
            "fields": "identities.id,personalEmail.address",
            "destination": {"datasetId": reference.removeprefix("@/dataSets/")},
            "schema": {"name": "_xdm.context.profile"},
        }
        job = self.json("POST", "/data/core/ups/export/jobs", request)
        for _ in range(5):
            job = self.json("GET", f"/data/core/ups/export/jobs/{job['id']}")
            if job["status"] not in {"NEW", "PROCESSING"}:
                break
        assert job["status"] == "SUCCEEDED"
        return dict(job)

    def files(self, batch_id: str) -> list[bytes]:
        """The bytes of each file of a batch, found by following the links."""
        batch = self.json("GET", f"/data/foundation/export/batches/{batch_id}/files")
        found = []
        for entry in batch["data"]:
            for part in self.json("GET", self._path(entry))["data"]:
                status, content = self.call(Ask("GET", self.url + self._path(part), self.headers), self.folder)
                assert (status, len(content)) == (200, int(part["length"]))
                found.append(content)
        return found

    def _path(self, entry: Mapping[str, Any]) -> str:
        """Where a link leads: to the host that was asked."""
        href: str = entry["_links"]["self"]["href"]
        assert href.startswith(self.url)
        return href.removeprefix(self.url)


@pytest.mark.parametrize("call", CALLERS)
def test_a_client_makes_the_whole_journey(
    call: Caller, aep_server: EmulatorServer, aep_credentials: Credentials, aep_emulator: Tenant, tmp_path: Path
):
    """The client exports profiles and reads as many rows as the job says, with the columns that it asked for."""
    traveller = Traveller(call, aep_server.url, aep_credentials, tmp_path)

    traveller.log_in()
    job = traveller.export()
    tables = [pq.read_table(io.BytesIO(content)) for content in traveller.files(job["destination"]["batchId"])]

    assert sum(table.num_rows for table in tables) == job["metrics"]["totalExportedProfileCounter"] > 0
    assert all(table.column_names == ["identities", "personalEmail"] for table in tables)
    assert [exchange.operation for exchange in aep_emulator.journal] == JOURNEY


@pytest.mark.parametrize("call", CALLERS)
def test_a_client_without_a_token_is_refused_in_json(
    call: Caller, aep_server: EmulatorServer, aep_emulator: Tenant, tmp_path: Path
):
    """Whatever the client's ``Accept`` says, a refusal is JSON in the gateway's form."""
    headers = {"x-gw-ims-org-id": aep_emulator.credentials.org_id}

    status, body = call(Ask("GET", f"{aep_server.url}/data/core/ups/export/jobs", headers), tmp_path)

    assert status == 403
    assert json.loads(body) == {"error_code": "403010", "message": "Oauth token is missing."}
