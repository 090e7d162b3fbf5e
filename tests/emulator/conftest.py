"""Tenants of one emulator on loopback, each with a raw sender of requests and a few words to say what is wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import httpx
import pytest

from pytest_aep_export.emulator import Behaviour, EmulatorServer, Tenant
from pytest_aep_export.exchange import Exchange
from pytest_aep_export.suite.targets import Target

JOBS: Final = "/data/core/ups/export/jobs"
DATASETS: Final = "/data/foundation/catalog/dataSets"
BATCHES: Final = "/data/foundation/catalog/batches"
EXPORT: Final = "/data/foundation/export"
FILES: Final = f"{EXPORT}/files"


class Api:
    """One tenant's view of the emulator: requests are sent as they are, over HTTP.

    Attributes:
        tenant: Who sends.
        url: Where the emulator is.
    """

    def __init__(self, tenant: Tenant, url: str, transport: httpx.BaseTransport) -> None:
        self.tenant = tenant
        self.url = url
        self._transport = transport
        self.target = Target(url, tenant.credentials, transport=transport)
        self.send = self.target.send
        self._dataset = ""

    def ask(self, method: str, path: str, status: int = 200, **options: Any) -> Any:
        """The JSON that a request is answered with, once the status is as expected."""
        response = self.send(method, path, **options).response
        assert response.status == status, response
        return response.json()

    def dataset(self) -> str:
        """The id of a dataset on the union schema, made once."""
        if not self._dataset:
            body = {"name": "Profiles", "schemaRef": {"id": "https://ns.adobe.com/xdm/context/profile__union"}}
            self._dataset = self.ask("POST", DATASETS, 201, json=body)[0].rsplit("/", 1)[-1]
        return self._dataset

    def payload(self, **changes: Any) -> dict[str, Any]:
        """The least that an export job needs, with changes."""
        return {"destination": {"datasetId": self.dataset()}, "schema": {"name": "_xdm.context.profile"}} | changes

    def create(self, **changes: Any) -> dict[str, Any]:
        """A new job."""
        return self.ask("POST", JOBS, json=self.payload(**changes))

    def look(self, job: int) -> dict[str, Any]:
        """The job as one look shows it."""
        return self.ask("GET", f"{JOBS}/{job}")

    def finish(self, job: int) -> dict[str, Any]:
        """The job after as many looks as it needs to end."""
        for _ in range(5):
            document = self.look(job)
            if document["status"] not in {"NEW", "PROCESSING"}:
                return document
        raise AssertionError(document)

    def cancel(self, job: int) -> Exchange:
        """What a cancel is answered with."""
        return self.send("DELETE", f"{JOBS}/{job}")

    def numbers(self) -> list[int]:
        """The ids of all jobs, as the list shows them."""
        return [record["id"] for record in self.ask("GET", JOBS, query={"limit": 1000})["records"]]

    def files(self, batch: str) -> list[dict[str, Any]]:
        """What there is to download of a batch: each part's name, its length and the path where its bytes are."""
        where = [f"{FILES}/{file['dataSetFileId']}" for file in self.pages(f"{EXPORT}/batches/{batch}/files")]
        return [part for file in where for part in self.pages(file)]

    def pages(self, path: str) -> list[dict[str, Any]]:
        """All entries of a listing of Data Access, page by page."""
        found = []
        while path:
            page = self.ask("GET", path)
            found += page["data"]
            path = page.get("_links", {}).get("next", {}).get("href", "")
        return found

    def sandbox(self, name: str) -> Api:
        """The same organisation in another sandbox."""
        return Api(self.tenant.sandbox(name), self.url, self._transport)


class _Connections(httpx.BaseTransport):
    """One pool of connections for the whole session: a new one would read the machine's certificates each time."""

    def __init__(self) -> None:
        self._pool = httpx.HTTPTransport(verify=False)
        self.handle_request = self._pool.handle_request
        self.close_for_good = self._pool.close


@pytest.fixture(scope="session")
def connections() -> Iterator[httpx.BaseTransport]:
    """Connections to the emulator, kept open between tests."""
    opened = _Connections()
    yield opened
    opened.close_for_good()


@pytest.fixture
def open_api(connections: httpx.BaseTransport) -> Callable[[Tenant, str], Api]:
    """Opens a tenant of an emulator that the test made itself."""
    return lambda tenant, url: Api(tenant, url, connections)


@pytest.fixture
def make_api(aep_server: EmulatorServer, connections: httpx.BaseTransport) -> Iterator[Callable[..., Api]]:
    """Makes a tenant that behaves as told; no answer to any of them may break the emulator's own contract."""
    emulator, made = aep_server.emulator, []
    before = len(emulator.defects)

    def make(**behaviour: Any) -> Api:
        tenant = emulator.create_tenant(behaviour=Behaviour(**behaviour))
        made.append(Api(tenant, aep_server.url, connections))
        return made[-1]

    yield make
    for api in made:
        api.tenant.delete()
    assert emulator.defects[before:] == ()


@pytest.fixture
def api(make_api: Callable[..., Api]) -> Api:
    """A tenant of an emulator that behaves as it does by default."""
    return make_api()
