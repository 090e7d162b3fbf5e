"""An emulator to send requests to in this process, one at a time, as its tenant."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pytest_aep_export import Emulator, Request, Response, Tenant
from pytest_aep_export.exchange import Headers
from pytest_aep_export.fuzz.sending import in_process
from pytest_aep_export.model import UNION_SCHEMA

JOBS = "/data/core/ups/export/jobs"
DATASETS = "/data/foundation/catalog/dataSets"


class Emulated:
    """An emulator's tenant with a dataset to export into."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.tenant: Tenant = emulator.create_tenant()
        self._send = in_process(emulator.app)
        who = self.tenant.credentials
        token = emulator.state.tokens.issue(who.client_id, who.scopes, self.tenant.clock.now())
        self._headers = {
            "authorization": f"Bearer {token}",
            "x-api-key": who.client_id,
            "x-gw-ims-org-id": who.org_id,
            "x-sandbox-name": who.sandbox,
        }
        made = self.post(DATASETS, {"name": "Drawn", "schemaRef": {"id": UNION_SCHEMA}})
        self.dataset_id: str = made.json()[0].rpartition("/")[2]

    def send(self, request: Request) -> Response:
        """Send a request with what gets it past the gateway."""
        headers = Headers([*self._headers.items(), *request.headers.raw])
        return asyncio.run(self._answered(replace(request, headers=headers)))

    async def _answered(self, request: Request) -> Response:
        return await self._send(request)

    def post(self, path: str, body: Any) -> Response:
        """Send JSON."""
        content = json.dumps(body).encode()
        headers = Headers({"content-type": "application/json", "content-length": str(len(content))})
        return self.send(Request("POST", path, headers, content))

    def create(self, body: Mapping[str, Any]) -> Response:
        """Ask for a job."""
        return self.post(JOBS, body)
