"""The recordings that this package ships."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest
import yaml

from pytest_aep_export.cassettes import library, path_of
from pytest_aep_export.contract import load
from pytest_aep_export.exchange import Headers, Request, Response

RECORDER = Path(__file__).parent / "record.py"
SHIPPED = sorted(library().rglob("*.yaml"))


def _exchanges(path: Path) -> list[tuple[Request, Response]]:
    def body(text: str | bytes | None) -> bytes:
        return text.encode() if isinstance(text, str) else text or b""

    return [
        (
            Request(sent["method"], sent["uri"], Headers(), body(sent["body"])),
            Response(
                got["status"]["code"],
                Headers([(name, value) for name, values in got["headers"].items() for value in values]),
                body(got["body"]["string"]),
            ),
        )
        for sent, got in ((i["request"], i["response"]) for i in yaml.safe_load(path.read_text())["interactions"])
    ]


def test_the_library_is_found_and_holds_something():
    """In a checkout the recordings lie at its root."""
    assert path_of("export/succeeded") in SHIPPED
    assert library().name in {"cassettes", "library"}


def test_a_folder_inside_the_package_is_the_library(monkeypatch: pytest.MonkeyPatch, tmp_path):
    """Where the package is installed, its own recordings are used."""
    (tmp_path / "library").mkdir()
    monkeypatch.setitem(library.__globals__, "__file__", str(tmp_path / "library.py"))
    assert library() == tmp_path / "library"


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_recording_is_small_and_clean(path):
    """Less than 50 kB, no token, no organisation but the placeholder, no host but the gateway."""
    text = path.read_text()
    assert len(text) < 50_000
    assert not re.search(r"eyJ[\w-]{5,}\.[\w-]{5,}", text)
    assert set(re.findall(r"[0-9A-F]{24}@AdobeOrg", text)) <= {"0" * 24 + "@AdobeOrg"}
    assert set(re.findall(r"https?://[\w.:-]+", text)) <= {"https://platform.adobe.io", "https://ns.adobe.com"}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_recording_keeps_the_contract(path):
    """Every exchange is of a known operation, and every answer validates in the canonical dialect."""
    contract = load()
    for request, response in _exchanges(path):
        match = contract.match(request.method, request.path)
        assert match is not None, request
        assert contract.validate_response(match.operation.id, response, "canonical") == []


def test_the_recorder_still_records_what_is_shipped(tmp_path):
    """Recorded anew, the cassette holds the same requests and statuses: the library is not out of date."""
    names = runpy.run_path(str(RECORDER))
    names["succeeded"](tmp_path)
    [new], shipped = _exchanges_of(tmp_path), _exchanges(path_of(names["SUCCEEDED"]))
    assert [(sent.method, got.status) for sent, got in new] == [(sent.method, got.status) for sent, got in shipped]
    assert [sent.path.rsplit("/", 1)[0] for sent, _ in new] == [sent.path.rsplit("/", 1)[0] for sent, _ in shipped]


def _exchanges_of(folder: Path) -> list[list[tuple[Request, Response]]]:
    return [_exchanges(path) for path in sorted(folder.rglob("*.yaml"))]


@pytest.mark.aep_cassette("export/succeeded")
def test_the_fixture_replays_a_shipped_recording(aep_cassette, aep_client):
    """With the marker, the client's fixtures play the recording: an export that succeeded, and its rows."""
    dataset = aep_client.create_dataset("Profile Data Export")
    job = aep_client.create_export_job(dataset_id=dataset.id, fields="personID,personalEmail.address")
    done = aep_client.wait_for_export_job(job)
    assert done.succeeded
    assert set(aep_client.read_table(done).column_names) == {"personID", "personalEmail"}
    assert aep_cassette.unplayed() == 0
    assert aep_cassette.name == "export/succeeded"


@pytest.mark.aep_cassette("export/succeeded")
async def test_the_asynchronous_client_replays_it_too(aep_cassette, aep_async_client):
    """The same recording answers the asynchronous client."""
    dataset = await aep_async_client.create_dataset("Profile Data Export")
    asked = {"dataset_id": dataset.id, "fields": "personID,personalEmail.address"}
    done = await aep_async_client.wait_for_export_job(await aep_async_client.create_export_job(**asked))
    assert done.succeeded
    assert (await aep_async_client.read_table(done)).num_rows > 0
    assert aep_cassette.unplayed() == 0
    await aep_async_client.close()
