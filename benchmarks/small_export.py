"""How much work an export of a hundred profiles is, from the POST to a file that can be read.

The emulator, a loopback socket and a standard-library client all run in one interpreter; what is measured is its
processor time for: create the job, look at it until it has succeeded, list the files, open one, download it. The limit
is our own.
"""

from __future__ import annotations

import http.client
import json
import time
from typing import Any, Final
from urllib.parse import urlencode

from benchmarks.measure import Row, Target, Tick, repeat
from pytest_aep_export.emulator import Emulator, EmulatorServer

ROUNDS: Final = 15
LIMIT: Final = 50.0
"""In ms."""


class Caller:
    """An authenticated connection to an emulator of one tenant with a hundred profiles."""

    def __init__(self, server: EmulatorServer) -> None:
        self._credentials = server.emulator.create_tenant().credentials
        self._connection = http.client.HTTPConnection(server.url.removeprefix("http://"))
        self._headers: dict[str, str] = {}
        token = self._token()
        self._headers = {
            "Authorization": f"Bearer {token}",
            "x-api-key": self._credentials.client_id,
            "x-gw-ims-org-id": self._credentials.org_id,
            "x-sandbox-name": self._credentials.sandbox,
        }
        schema = {
            "id": "https://ns.adobe.com/xdm/context/profile__union",
            "contentType": "application/vnd.adobe.xed+json;version=1",
        }
        [reference] = self.json("POST", "/data/foundation/catalog/dataSets", {"name": "benchmark", "schemaRef": schema})
        self._dataset = reference.rpartition("/")[2]

    def _token(self) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._credentials.client_id,
            "client_secret": self._credentials.client_secret,
            "scope": "openid",
        }
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return str(json.loads(self._send("POST", "/ims/token/v3", urlencode(form).encode(), kind))["access_token"])

    def _send(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> bytes:
        self._connection.request(method, path, body, {**self._headers, **(headers or {})})
        response = self._connection.getresponse()
        content = response.read()
        assert response.status < 300, content
        return content

    def json(self, method: str, path: str, document: Any = None) -> Any:
        """Send and receive JSON."""
        body = None if document is None else json.dumps(document).encode()
        return json.loads(self._send(method, path, body, {"Content-Type": "application/json"}))

    def export(self) -> float:
        """The ms of processor time that one export takes, with all that a client asks to read it."""
        begin = time.process_time()
        request = {"destination": {"datasetId": self._dataset}, "schema": {"name": "_xdm.context.profile"}}
        job = self.json("POST", "/data/core/ups/export/jobs", request)
        while job["status"] in {"NEW", "PROCESSING"}:
            job = self.json("GET", f"/data/core/ups/export/jobs/{job['id']}")
        assert job["status"] == "SUCCEEDED", job
        batch = f"/data/foundation/export/batches/{job['destination']['batchId']}/files"
        file = f"/data/foundation/export/files/{self.json('GET', batch)['data'][0]['dataSetFileId']}"
        name = self.json("GET", file)["data"][0]["name"]
        content = self._send("GET", f"{file}?{urlencode({'path': name})}")
        assert content[:4] == content[-4:] == b"PAR1"
        return (time.process_time() - begin) * 1000


def measure(tick: Tick) -> list[Row]:
    """One row: ms of work against the limit."""
    with Emulator(profiles=100) as emulator, EmulatorServer(emulator) as server:
        caller = Caller(server)
        caller.export()
        work = repeat(caller.export, rounds=ROUNDS, tick=tick)
    return [Row("an export of 100 profiles, from POST to file", work, LIMIT, "ms", Target("<", 1))]
