"""Recording from the emulator and replaying without a network."""

from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import aiohttp
import httpx
import pytest
import requests

from pytest_aep_export.cassettes import Cassette, MismatchError, describe, library, read, record, replay
from pytest_aep_export.client import AepClient
from pytest_aep_export.emulator import Tenant
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.model import UNION_SCHEMA, Credentials

NAME = "export/test"
FILE = f"{NAME}.yaml"
JOBS = "/data/core/ups/export/jobs"


def _workflow(client: AepClient) -> list:
    """A whole export, and what it gave."""
    dataset = client.create_dataset("Profile Data Export")
    job = client.wait_for_export_job(client.create_export_job(dataset_id=dataset.id, fields="personID"))
    return [job.raw, client.read_table(job).to_pylist(), [j.id for j in client.list_export_jobs(limit=1)]]


def _client(credentials: Credentials, url: str) -> AepClient:
    """A client that does not wait between two looks."""
    return AepClient(credentials, base_url=url, pause=lambda _seconds: None)


def _player(cassette: Cassette) -> AepClient:
    return _client(cassette.credentials, cassette.base_url)


@pytest.fixture
def recorded(tenant: Tenant, url: str, tmp_path: Path) -> list:
    """What a workflow gave while it was recorded."""
    with (
        record(NAME, credentials=tenant.credentials, base_url=url, folder=tmp_path),
        _client(tenant.credentials, url) as client,
    ):
        return _workflow(client)


def test_a_recording_replays_without_a_network(recorded, offline: Callable[[], None], tmp_path):
    """The same calls give the same job, rows and list, with placeholders for credentials and no socket connected."""
    offline()
    with replay(NAME, tmp_path) as cassette, _player(cassette) as client:
        assert cassette.unplayed() > 5
        job, rows, numbers = _workflow(client)
        assert cassette.unplayed() == 0
    assert (rows, numbers) == (recorded[1], recorded[2])
    assert {**job, "imsOrgId": ""} == {**recorded[0], "imsOrgId": ""}
    assert job["imsOrgId"] == cassette.credentials.org_id == "0" * 24 + "@AdobeOrg"


@pytest.mark.usefixtures("recorded")
def test_what_was_not_recorded_is_refused(offline: Callable[[], None], tmp_path):
    """Another request finds no answer, none is fetched, and the message says what is nearest and what to do."""
    offline()
    with replay(NAME, tmp_path) as cassette, pytest.raises(MismatchError) as caught:
        httpx.get(f"{cassette.base_url}{JOBS}?limit=99")
    lines = [line.strip() for line in str(caught.value).splitlines()]
    assert lines[0] == f"cassette {NAME} has no answer to GET {JOBS}?limit=99"
    assert lines[2:] == ['query limit: recorded "1", sent "99"', "record it with pytest_aep_export.cassettes.record"]


@pytest.mark.usefixtures("recorded")
def test_each_answer_is_played_once(offline: Callable[[], None], tmp_path):
    """A recording does not answer more often than the API did."""
    offline()
    with replay(NAME, tmp_path) as cassette, _player(cassette) as client:
        _workflow(client)
        with pytest.raises(MismatchError, match=r"no further answer to POST .*/dataSets: played 1 of 1"):
            client.create_dataset("Profile Data Export")


@pytest.mark.parametrize(
    "send",
    [lambda url, body: httpx.post(url, content=body), lambda url, body: requests.post(url, data=body, timeout=10)],
    ids=["httpx", "requests"],
)
@pytest.mark.parametrize("host", ["https://platform.adobe.io", "http://127.0.0.1:9", "https://anywhere.example"])
@pytest.mark.usefixtures("recorded")
def test_any_client_is_answered_whatever_the_host(offline: Callable[[], None], tmp_path, send, host):
    """Requests are matched by method, path, query and what their JSON says, not by host or spelling."""
    offline()
    reference = {"contentType": "application/vnd.adobe.xed+json;version=1", "id": UNION_SCHEMA}
    body = json.dumps({"schemaRef": reference, "name": "Profile Data Export"}, indent=3)
    with replay(NAME, tmp_path):
        answer = send(f"{host}/data/foundation/catalog/dataSets", body)
    assert answer.status_code == 201
    assert answer.json()[0].startswith("@/dataSets/")
    assert answer.headers["content-length"] == str(len(answer.content))


@pytest.mark.usefixtures("recorded")
def test_a_replay_leaves_the_recording_as_it_is(tmp_path):
    """Nothing is written while a recording is played, and a second replay begins anew."""
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    for _ in range(2):
        with replay(NAME, tmp_path) as cassette, _player(cassette) as client:
            _workflow(client)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == before


def _download(tenant: Tenant, url: str) -> tuple[str, dict[str, str]]:
    """The address of an exported file, and the headers that let it be read."""
    with _client(tenant.credentials, url) as client:
        dataset = client.create_dataset("Profile Data Export")
        job = client.wait_for_export_job(client.create_export_job(dataset_id=dataset.id))
        [file] = client.list_files(job.batch_ids[0])
        headers = {"authorization": f"Bearer {client.token()}", "x-api-key": tenant.credentials.client_id}
    return file.href, headers | {"x-gw-ims-org-id": tenant.credentials.org_id, "x-sandbox-name": "prod"}


def test_a_file_is_measured_and_read_in_pieces_as_it_was(tenant, url, offline: Callable[[], None], tmp_path):
    """HEAD announces the length; ranges are told apart in any order, and what is no range of the file stays refused."""
    href, headers = _download(tenant, url)
    asked = [("HEAD", None), ("GET", "bytes=0-3"), ("GET", "bytes=4-9"), ("GET", "bytes=-4"), ("GET", "bytes=9999999-")]

    def ask(href: str) -> dict[tuple[str, str | None], tuple]:
        answers = {
            (method, span): httpx.request(method, href, headers=headers | ({"range": span} if span else {}))
            for method, span in asked
        }
        names = ("content-length", "content-range", "accept-ranges", "content-type")
        parts = {key: [answer.headers.get(name) for name in names] for key, answer in answers.items()}
        parts[asked[-1]][0] = None  # the refusal is JSON, which is laid out
        return {key: (answers[key].status_code, parts[key], answers[key].content[:4]) for key in asked}

    with record(NAME, credentials=tenant.credentials, base_url=url, folder=tmp_path):
        before = ask(href)
    assert (before["GET", "bytes=0-3"][0], before["GET", "bytes=0-3"][2]) == (206, b"PAR1")
    offline()
    asked.reverse()
    asked.append(asked.pop(0))
    with replay(NAME, tmp_path) as cassette:
        assert ask(href.replace(url, cassette.base_url)) == before


def test_the_request_that_is_recorded_is_sent_as_it_is(tenant, url, tmp_path):
    """Cleaning what is kept leaves what is sent and got alone: the emulator saw the secret, the client its token."""
    with (
        record(NAME, credentials=tenant.credentials, base_url=url, folder=tmp_path),
        _client(tenant.credentials, url) as client,
    ):
        list(client.list_export_jobs())
        assert client.token().startswith("eyJ")
    token, listing = tenant.journal.exchanges
    assert tenant.credentials.client_secret.encode() in token.request.body
    assert listing.request.headers["x-gw-ims-org-id"] == tenant.credentials.org_id


@pytest.mark.usefixtures("recorded")
def test_a_failed_recording_keeps_the_earlier_one(tenant, url, tmp_path):
    """An error while recording writes nothing and removes nothing."""
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}

    def fail_while_recording() -> None:
        with record(NAME, credentials=tenant.credentials, base_url=url, folder=tmp_path):
            httpx.get(f"{url}{JOBS}")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_while_recording()
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == before


@pytest.mark.usefixtures("recorded")
def test_a_new_recording_replaces_the_earlier_one(tenant, url, tmp_path):
    """Recorded again, a cassette holds what was exchanged this time, and nothing else: its old file is gone."""
    assert (tmp_path / NAME).is_dir()
    with record(NAME, credentials=tenant.credentials, base_url=url, folder=tmp_path):
        httpx.get(f"{url}{JOBS}")
    [interaction] = read(NAME, tmp_path / FILE).interactions
    assert interaction.response.status == 403
    assert [path.name for path in (tmp_path / "export").iterdir()] == ["test.yaml"]


def test_a_recording_of_nothing_is_refused(tenant, url, tmp_path):
    """Where nothing was exchanged, one clear sentence says so and no file is made."""
    with (
        pytest.raises(ConfigurationError, match="cassette export/test was not written: nothing was exchanged"),
        record(NAME, credentials=tenant.credentials, base_url=url, folder=tmp_path),
    ):
        pass
    assert not list(tmp_path.iterdir())


def test_a_recording_that_could_not_be_written_is_not_begun(tenant, url, tmp_path):
    """Calls may cost quota: the folder is looked at first."""
    (tmp_path / "export").touch()
    with pytest.raises(ConfigurationError, match=r"cassette export/test was not written: .* is not a folder"):
        record(NAME, credentials=tenant.credentials, base_url=url, folder=tmp_path).__enter__()


def test_a_recording_says_whose_evidence_it_is(tenant, url, tmp_path):
    """Source, dialect and requirements as they were given, and today's date; nothing is claimed that was not said."""
    for metadata in (None, describe("emulator", dialect="openapi", persona="p", requirements=("EXP-A-001",), date="d")):
        with record(NAME, credentials=tenant.credentials, base_url=url, folder=tmp_path, metadata=metadata) as cassette:
            assert (cassette.recording, cassette.unplayed(), cassette.base_url) == (True, 0, url)
            assert cassette.ims_url == f"{url}/ims/token/v3"
            httpx.get(f"{url}{JOBS}")
        found = read(NAME, tmp_path / FILE).metadata
        if metadata is None:
            assert found.source == "server"
            assert found.dialect == ""
            age = dt.datetime.now(dt.UTC).date() - dt.date.fromisoformat(found.date)
            assert age in {dt.timedelta(0), dt.timedelta(1)}
        else:
            assert (found.source, found.dialect, found.persona, found.date) == ("emulator", "openapi", "p", "d")
            assert found.requirements == ("EXP-A-001",)
        assert found.tool.startswith("pytest-aep-export ")
        assert found.contract.count(".") == 2
        assert found.digest.startswith("sha256:")


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """A server that is none of the API's: it answers with what it was asked for, compressed if that says how."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/redirect":
                self.send_response(302)
                self.send_header("Location", "/mine")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            encoding = self.path.partition("encoding=")[2]
            body = json.dumps({"path": self.path}).encode()
            body = gzip.compress(body) if encoding == "gzip" else body
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            if encoding:
                self.send_header("Content-Encoding", encoding)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize("get", [httpx.get, lambda url: requests.get(url, timeout=10)], ids=["httpx", "requests"])
def test_a_server_of_the_tests_own_is_left_alone(elsewhere, tmp_path, get):
    """In a replay as in a recording, what is none of the API's goes where it is meant to, and is not kept."""
    with replay(NAME, tmp_path) as cassette:
        assert get(f"{elsewhere}/mine").json() == {"path": "/mine"}
        unplayed = cassette.unplayed()
    assert unplayed == len(read(NAME, tmp_path / FILE).interactions)


def test_what_goes_elsewhere_is_not_recorded(elsewhere, tenant, url, tmp_path):
    """A recording is of one target."""
    with record(NAME, credentials=tenant.credentials, base_url=url, folder=tmp_path):
        assert httpx.get(f"{elsewhere}/mine").json() == {"path": "/mine"}
        httpx.get(f"{url}{JOBS}")
    assert [one.request.path for one in read(NAME, tmp_path / FILE).interactions] == [JOBS]


@pytest.mark.parametrize(
    "address", ["{elsewhere}/data/foundation/x", "https://example.org/mine", "https://ims-na1.adobelogin.com/mine"]
)
@pytest.mark.usefixtures("recorded")
def test_nothing_else_leaves(offline: Callable[[], None], tmp_path, address, elsewhere):
    """A route of the API's on any host, and any other host, is refused where it is not recorded."""
    offline()
    with replay(NAME, tmp_path), pytest.raises(MismatchError, match="has no answer to GET /"):
        httpx.get(address.format(elsewhere=elsewhere))


def test_compressed_answers_are_recorded_decoded(elsewhere, tenant, tmp_path):
    """A reviewer reads what was said, and a client that would not decompress replays it too."""
    with record(NAME, credentials=tenant.credentials, base_url=elsewhere, folder=tmp_path):
        assert httpx.get(f"{elsewhere}/x?encoding=gzip").json() == {"path": "/x?encoding=gzip"}
    [interaction] = read(NAME, tmp_path / FILE).interactions
    assert interaction.response.json() == {"path": "/x?encoding=gzip"}
    with replay(NAME, tmp_path) as cassette:
        answer = httpx.get(f"{cassette.base_url}/x?encoding=gzip")
    assert answer.json() == {"path": "/x?encoding=gzip"}
    assert "content-encoding" not in answer.headers
    assert answer.headers["content-length"] == str(len(answer.content))


@pytest.mark.parametrize("library", ["aiohttp", "httpx", "requests"])
def test_a_redirect_is_followed_in_a_replay_too(elsewhere, tenant, tmp_path, library):
    """Both answers are kept and played, whoever it is that follows it: the library, or vcrpy for aiohttp."""

    def get(url: str) -> object:
        if library == "aiohttp":
            return asyncio.run(fetch(url))
        one = httpx.get(url, follow_redirects=True) if library == "httpx" else requests.get(url, timeout=10)
        return one.json()

    async def fetch(url: str) -> object:
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return await answer.json()

    with record(NAME, credentials=tenant.credentials, base_url=elsewhere, folder=tmp_path):
        assert get(f"{elsewhere}/redirect") == {"path": "/mine"}
    with replay(NAME, tmp_path) as cassette:
        assert get(f"{cassette.base_url}/redirect") == {"path": "/mine"}
        assert cassette.unplayed() == 0


def test_an_encoding_that_nobody_can_undo_is_one_clear_sentence(elsewhere, tenant, tmp_path):
    """What cannot be decoded cannot be cleaned, and is not written."""
    with (
        pytest.raises(ConfigurationError, match="an answer encoded as zstd cannot be recorded: let the client not"),
        record(NAME, credentials=tenant.credentials, base_url=elsewhere, folder=tmp_path),
    ):
        requests.get(f"{elsewhere}/x?encoding=zstd", timeout=10)
    assert not list(tmp_path.iterdir())


def test_an_unknown_cassette_is_one_clear_sentence(tmp_path):
    """The message names the recording, the file that is missing and how to record it."""
    with (
        pytest.raises(
            ConfigurationError, match=r"cassette export/none does not exist: there is no file .*none\.yaml; do"
        ),
        replay("export/none", tmp_path, again="do this"),
    ):
        pass


def test_a_cassette_of_the_library_is_found_from_any_folder(tmp_path):
    """A project has what this package ships."""
    with replay("export/succeeded", tmp_path) as cassette:
        assert cassette.unplayed() == len(
            read("export/succeeded", library() / "export" / "succeeded.yaml").interactions
        )


@pytest.mark.parametrize("name", ["", "succeeded", "Export/x", "../x/y", "/etc/passwd", "a/../b", "a/b.yaml", "a//b"])
def test_a_name_that_is_none_is_one_clear_sentence(name, tmp_path, tenant, url):
    """Names have an area and a name in lower case, so that none leads out of the folder."""
    with pytest.raises(ConfigurationError, match="is not a cassette's name: use the form 'export/succeeded'"):
        replay(name, tmp_path).__enter__()
    with pytest.raises(ConfigurationError, match="is not a cassette's name"):
        record(name, credentials=tenant.credentials, base_url=url, folder=tmp_path).__enter__()
