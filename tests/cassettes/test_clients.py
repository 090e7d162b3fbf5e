"""Every HTTP client that vcrpy knows records and replays, and none in this process is answered by mistake."""

from __future__ import annotations

import asyncio
import io
import json
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import httpx
import httpx2
import pytest
import requests
import urllib3
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from pytest_aep_export.cassettes import read, record, replay
from pytest_aep_export.emulator import EmulatorServer, Tenant
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.model import UNION_SCHEMA, Credentials

NAME = "export/test"
JOBS = "/data/core/ups/export/jobs"


class Ask(NamedTuple):
    """A request in the words of no client."""

    method: str
    url: str
    headers: Mapping[str, str]
    form: Mapping[str, str] | None = None
    document: Any = None


Answer = tuple[int, bytes, str | None]
Sender = Callable[[Ask], Answer]


def _httpx(ask: Ask) -> Answer:
    got = httpx.request(ask.method, ask.url, headers=dict(ask.headers), data=ask.form, json=ask.document)
    return got.status_code, got.content, got.headers.get("content-length")


def _httpx2(ask: Ask) -> Answer:
    got = httpx2.request(ask.method, ask.url, headers=dict(ask.headers), data=ask.form, json=ask.document)
    return got.status_code, got.content, got.headers.get("content-length")


async def _send(client: Any, ask: Ask) -> Answer:
    async with client:
        got = await client.request(ask.method, ask.url, headers=dict(ask.headers), data=ask.form, json=ask.document)
        return got.status_code, got.content, got.headers.get("content-length")


def _httpx_async(ask: Ask) -> Answer:
    return asyncio.run(_send(httpx.AsyncClient(), ask))


def _httpx2_async(ask: Ask) -> Answer:
    return asyncio.run(_send(httpx2.AsyncClient(), ask))


def _requests(ask: Ask) -> Answer:
    got = requests.request(ask.method, ask.url, headers=ask.headers, data=ask.form, json=ask.document, timeout=10)
    return got.status_code, got.content, got.headers.get("content-length")


def _urllib3(ask: Ask) -> Answer:
    extra: dict[str, Any] = {"fields": dict(ask.form), "encode_multipart": False} if ask.form else {}
    extra |= {"body": json.dumps(ask.document).encode()} if ask.document else {}
    headers = dict(ask.headers) | ({"content-type": "application/json"} if ask.document else {})
    with urllib3.PoolManager() as pool:
        got = pool.request(ask.method, ask.url, headers=headers, **extra)
        return got.status, got.data, got.headers.get("content-length")


def _aiohttp(ask: Ask) -> Answer:
    async def send() -> Answer:
        async with (
            aiohttp.ClientSession(headers=ask.headers) as session,
            session.request(ask.method, ask.url, data=ask.form, json=ask.document) as got,
        ):
            return got.status, await got.read(), got.headers.get("content-length")

    return asyncio.run(send())


CLIENTS: dict[str, Sender] = {
    "httpx": _httpx,
    "httpx-async": _httpx_async,
    "httpx2": _httpx2,
    "httpx2-async": _httpx2_async,
    "requests": _requests,
    "urllib3": _urllib3,
    "aiohttp": _aiohttp,
}


def _journey(send: Sender, url: str, credentials: Credentials) -> list[Answer]:
    """A token, a dataset, an export that is waited for, its file; with what each was answered."""
    answers: list[Answer] = []
    headers = {"x-gw-ims-org-id": credentials.org_id, "x-sandbox-name": "prod", "x-api-key": credentials.client_id}

    def ask(method: str, path: str, document: Any = None, form: Any = None) -> Any:
        answers.append(send(Ask(method, path if "://" in path else url + path, headers, form, document)))
        return json.loads(answers[-1][1]) if answers[-1][1][:1] in {b"{", b"["} else answers[-1][1]

    form = {"grant_type": "client_credentials", "client_id": credentials.client_id, "scope": "openid"}
    token = ask("POST", "/ims/token/v3", form=form | {"client_secret": credentials.client_secret})
    headers["authorization"] = f"Bearer {token['access_token']}"
    reference = {"id": UNION_SCHEMA, "contentType": "application/vnd.adobe.xed+json;version=1"}
    [dataset] = ask("POST", "/data/foundation/catalog/dataSets", {"name": "x", "schemaRef": reference})
    job = ask(
        "POST",
        JOBS,
        {"destination": {"datasetId": dataset.split("/")[-1]}, "schema": {"name": "_xdm.context.profile"}},
    )
    while job["status"] != "SUCCEEDED":
        job = ask("GET", f"{JOBS}/{job['id']}")
    files = ask("GET", f"/data/foundation/export/batches/{job['destination']['batchId']}/files")
    parts = ask("GET", files["data"][0]["_links"]["self"]["href"])
    assert ask("GET", parts["data"][0]["_links"]["self"]["href"])[:4] == b"PAR1"
    return answers


@pytest.fixture(scope="module")
def journeys(aep_server: EmulatorServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, list]]:
    """The same journey, recorded by each client on its own: its folder, and what was answered."""
    made: dict[str, tuple[Path, list]] = {}
    for name, send in CLIENTS.items():
        tenant, folder = aep_server.emulator.create_tenant(), tmp_path_factory.mktemp(name)
        with record(NAME, credentials=tenant.credentials, base_url=aep_server.url, folder=folder):
            made[name] = folder, _journey(send, aep_server.url, tenant.credentials)
        tenant.delete()
    return made


@pytest.mark.parametrize("client", CLIENTS)
def test_each_client_is_recorded_whole(journeys, client):
    """Eight requests, with the form and the JSON that were sent and the file that was got, whoever sent them."""
    folder, answers = journeys[client]
    interactions = read(NAME, folder / f"{NAME}.yaml").interactions
    assert [one.response.status for one in interactions] == [status for status, _, _ in answers]
    assert interactions[0].request.body.startswith(b"grant_type=client_credentials&client_id=REDACTED")
    assert interactions[2].request.json()["schema"] == {"name": "_xdm.context.profile"}
    assert interactions[-1].response.body == answers[-1][1]


@pytest.mark.parametrize("player", CLIENTS)
@pytest.mark.parametrize("recorder", CLIENTS)
def test_what_one_client_recorded_any_client_replays(journeys, recorder, player, offline: Callable[[], None]):
    """Statuses and documents are those that were recorded, each with its length, and no socket is connected."""
    folder, answers = journeys[recorder]
    offline()
    with replay(NAME, folder) as cassette:
        again = _journey(CLIENTS[player], cassette.base_url, cassette.credentials)
        assert cassette.unplayed() == 0
    assert [status for status, _, _ in again] == [status for status, _, _ in answers]
    assert again[-1] == answers[-1]
    assert [int(length or 0) for _, _, length in again] == [len(body) for _, body, _ in again]


APP = Starlette(routes=[Route(JOBS, lambda _request: JSONResponse({"from": "the app"}))])


@pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])
async def test_an_app_in_this_process_is_not_spoken_for(journeys, library):
    """A client of an app of the test's own gets that app's answers, although the recording has one for this route."""
    folder, _ = journeys["httpx"]
    with replay(NAME, folder) as cassette:
        unplayed = cassette.unplayed()
        async with library.AsyncClient(transport=library.ASGITransport(APP), base_url=cassette.base_url) as client:
            assert (await client.get(JOBS)).json() == {"from": "the app"}
        assert cassette.unplayed() == unplayed


@pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])
async def test_a_transport_of_the_tests_own_is_not_spoken_for(journeys, library):
    """What a function answers instead of a network, it answers in a replay as well."""
    transport = library.MockTransport(lambda _request: library.Response(418))
    with replay(NAME, journeys["httpx"][0]) as cassette:
        with library.Client(transport=transport) as client:
            assert client.get(cassette.base_url + JOBS).status_code == 418
        async with library.AsyncClient(transport=transport) as client:
            assert (await client.get(cassette.base_url + JOBS)).status_code == 418


async def test_the_emulator_in_this_process_is_recorded(tenant: Tenant, aep_server: EmulatorServer, tmp_path):
    """Recording needs no socket: a client of the emulator's own app is heard too."""
    with record(NAME, credentials=tenant.credentials, base_url=aep_server.url, folder=tmp_path):
        transport = httpx.ASGITransport(aep_server.emulator.app)
        async with httpx.AsyncClient(transport=transport, base_url=aep_server.url) as client:
            assert (await client.get(JOBS)).status_code == 403
    [interaction] = read(NAME, tmp_path / f"{NAME}.yaml").interactions
    assert (interaction.request.path, interaction.response.status) == (JOBS, 403)


def test_clients_that_were_open_before_are_answered_and_go_on_afterwards(journeys, tenant: Tenant, url: str):
    """A connection from before a replay is not used in it, and works again when it is over."""
    folder, _ = journeys["requests"]
    with requests.Session() as session, httpx.Client() as client:
        for get in (lambda address: session.get(address, timeout=10), client.get):
            assert get(url + JOBS).status_code == 403
            with replay(NAME, folder):
                number = read(NAME, folder / f"{NAME}.yaml").interactions[2].response.json()["id"]
                assert get(f"{url}{JOBS}/{number}").json()["status"] == "PROCESSING"
            assert get(url + JOBS).status_code == 403
    assert len(tenant.journal.exchanges) == 0


BODY = {"name": "x"}


@pytest.mark.parametrize(
    "body",
    [io.BytesIO(b'{"name": "x"}'), iter([b'{"na', b'me": "x"}']), bytearray(b'{"name": "x"}'), '{"name": "x"}'],
    ids=["file", "parts", "array", "text"],
)
def test_a_body_may_come_in_any_form(url, tenant: Tenant, tmp_path, body):
    """A file, pieces, an array of bytes or text: what is kept is what was sent."""
    with record(NAME, credentials=tenant.credentials, base_url=url, folder=tmp_path):
        requests.post(url + JOBS, data=body, timeout=10)
    assert read(NAME, tmp_path / f"{NAME}.yaml").interactions[0].request.json() == BODY


@pytest.mark.parametrize("data", ["text", "bytes", "file"])
def test_aiohttp_sends_more_than_documents(url, tenant: Tenant, tmp_path, data):
    """What aiohttp is given as a text, as bytes or as a file is kept as well."""
    (tmp_path / "body").write_bytes(b'{"name": "x"}')

    async def post() -> None:
        with (tmp_path / "body").open("rb") as file:
            given = {"text": '{"name": "x"}', "bytes": b'{"name": "x"}', "file": file}[data]
            async with aiohttp.ClientSession() as session, session.post(url + JOBS, data=given):
                pass

    with record(NAME, credentials=tenant.credentials, base_url=url, folder=tmp_path):
        asyncio.run(post())
    assert read(NAME, tmp_path / f"{NAME}.yaml").interactions[0].request.json() == BODY


def test_a_body_that_vcrpy_does_not_show_is_one_clear_sentence(url, tenant: Tenant, tmp_path):
    """What cannot be recorded is not passed over: a form of aiohttp's own is made of bytes too late."""

    async def post() -> None:
        async with aiohttp.ClientSession() as session, session.post(url + JOBS, data=aiohttp.FormData({"a": "1"})):
            pass

    with (
        pytest.raises(ConfigurationError, match="a request's body of the type FormData cannot be recorded: send bytes"),
        record(NAME, credentials=tenant.credentials, base_url=url, folder=tmp_path),
    ):
        asyncio.run(post())


def test_threads_replay_at_the_same_time(journeys, offline: Callable[[], None]):
    """Two threads that wait for the same job get an answer each, none twice and none in vain."""
    offline()
    found: list[str] = []
    with replay(NAME, journeys["httpx"][0]) as cassette:
        number = read(NAME, journeys["httpx"][0] / f"{NAME}.yaml").interactions[2].response.json()["id"]

        def look() -> None:
            found.append(httpx.get(f"{cassette.base_url}{JOBS}/{number}").json()["status"])

        threads = [threading.Thread(target=look) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(found) == ["PROCESSING", "SUCCEEDED"]
