"""Recording from the emulator and replaying without a network."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import requests
import yaml
from vcr.errors import CannotOverwriteExistingCassetteException

from pytest_aep_export.cassettes import Cassette, record, replay
from pytest_aep_export.client import AepClient
from pytest_aep_export.emulator import Tenant
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.model import UNION_SCHEMA, Credentials

NAME = "export/test"


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
    """Another request finds no answer, and none is fetched."""
    offline()
    with replay(NAME, tmp_path) as cassette, pytest.raises(CannotOverwriteExistingCassetteException):
        httpx.get(f"{cassette.base_url}/data/core/ups/export/jobs?limit=99")


@pytest.mark.usefixtures("recorded")
def test_each_answer_is_played_once(offline: Callable[[], None], tmp_path):
    """A recording does not answer more often than the API did."""
    offline()
    with replay(NAME, tmp_path) as cassette, _player(cassette) as client:
        _workflow(client)
        with pytest.raises(CannotOverwriteExistingCassetteException):
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


@pytest.mark.usefixtures("recorded")
def test_a_replay_leaves_the_recording_as_it_is(tmp_path):
    """Nothing is written while a recording is played."""
    before = (tmp_path / f"{NAME}.yaml").read_bytes()
    with replay(NAME, tmp_path) as cassette, _player(cassette) as client:
        _workflow(client)
    assert (tmp_path / f"{NAME}.yaml").read_bytes() == before


def test_a_file_is_measured_in_a_replay_as_it_was(tenant, url, offline: Callable[[], None], tmp_path):
    """An answer to HEAD keeps the length that it announced, although it has no body."""
    with _client(tenant.credentials, url) as client:
        dataset = client.create_dataset("Profile Data Export")
        job = client.wait_for_export_job(client.create_export_job(dataset_id=dataset.id))
        [file] = client.list_files(job.batch_ids[0])
        headers = {"authorization": f"Bearer {client.token()}", "x-api-key": tenant.credentials.client_id}
        headers |= {"x-gw-ims-org-id": tenant.credentials.org_id, "x-sandbox-name": "prod"}
    with record(NAME, credentials=tenant.credentials, base_url=url, folder=tmp_path):
        measured = httpx.head(file.href, headers=headers).headers["content-length"]
    offline()
    with replay(NAME, tmp_path) as cassette:
        replayed = httpx.head(file.href.replace(url, cassette.base_url))
    assert replayed.headers["content-length"] == measured == str(file.length)


def test_the_request_that_is_recorded_is_sent_as_it_is(tenant, url, tmp_path):
    """Cleaning what is kept leaves what is sent alone: the emulator saw the secret, the token and the organisation."""
    with (
        record(NAME, credentials=tenant.credentials, base_url=url, folder=tmp_path),
        _client(tenant.credentials, url) as client,
    ):
        list(client.list_export_jobs())
    token, listing = tenant.journal.exchanges
    assert tenant.credentials.client_secret.encode() in token.request.body
    assert listing.request.headers["x-gw-ims-org-id"] == tenant.credentials.org_id


@pytest.mark.usefixtures("recorded")
def test_a_failed_recording_keeps_the_earlier_one(tenant, url, tmp_path):
    """An error while recording writes nothing and removes nothing."""
    before = (tmp_path / f"{NAME}.yaml").read_bytes()

    def fail_while_recording() -> None:
        with record(NAME, credentials=tenant.credentials, base_url=url, folder=tmp_path):
            httpx.get(f"{url}/data/core/ups/export/jobs")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_while_recording()
    assert (tmp_path / f"{NAME}.yaml").read_bytes() == before
    assert [path.name for path in (tmp_path / "export").iterdir()] == ["test.yaml"]


@pytest.mark.usefixtures("recorded")
def test_a_new_recording_replaces_the_earlier_one(tenant, url, tmp_path):
    """Recorded again, a cassette holds what was exchanged this time, and nothing else."""
    with record(NAME, credentials=tenant.credentials, base_url=url, folder=tmp_path):
        httpx.get(f"{url}/data/core/ups/export/jobs")
    [interaction] = yaml.safe_load((tmp_path / f"{NAME}.yaml").read_text())["interactions"]
    assert interaction["response"]["status"]["code"] == 403
    assert [path.name for path in (tmp_path / "export").iterdir()] == ["test.yaml"]


def test_a_recording_of_nothing_is_refused(tenant, url, tmp_path):
    """Where nothing was exchanged, one clear sentence says so and no file is made."""
    with (
        pytest.raises(ConfigurationError, match="cassette export/test was not written: nothing was exchanged"),
        record(NAME, credentials=tenant.credentials, base_url=url, folder=tmp_path),
    ):
        pass
    assert not list(tmp_path.iterdir())


def test_an_unknown_cassette_is_one_clear_sentence(tmp_path):
    """The message names the recording and the file that is missing."""
    with (
        pytest.raises(ConfigurationError, match=r"cassette export/none does not exist: there is no file .*none\.yaml"),
        replay("export/none", tmp_path),
    ):
        pass


@pytest.mark.parametrize("name", ["", "succeeded", "Export/x", "../x/y", "/etc/passwd", "a/../b", "a/b.yaml", "a//b"])
def test_a_name_that_is_none_is_one_clear_sentence(name, tmp_path, tenant, url):
    """Names have an area and a name in lower case, so that none leads out of the folder."""
    with pytest.raises(ConfigurationError, match="is not a cassette's name: use the form 'export/succeeded'"):
        replay(name, tmp_path).__enter__()
    with pytest.raises(ConfigurationError, match="is not a cassette's name"):
        record(name, credentials=tenant.credentials, base_url=url, folder=tmp_path).__enter__()
