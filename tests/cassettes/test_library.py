"""The recordings that this package ships."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from pytest_aep_export.cassettes import Recording, find, library, path_of, read
from pytest_aep_export.contract import load

RECORDER = Path(__file__).parent / "record.py"
SHIPPED = sorted(library().rglob("*.yaml"))


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
    """Every exchange is of a known operation, and every answer validates in the dialect that was recorded."""
    contract = load()
    recording = read(path.stem, path)
    for interaction in recording.interactions:
        request, response = interaction.request, interaction.response
        match = contract.match(request.method, request.path)
        assert match is not None, request
        assert contract.validate_response(match.operation.id, response, recording.metadata.dialect) == []


def test_the_recorder_still_records_what_is_shipped(tmp_path):
    """Recorded anew, the cassette holds the same requests and statuses: the library is not out of date."""
    names = runpy.run_path(str(RECORDER))
    name = names["SUCCEEDED"]
    names["succeeded"](tmp_path)
    assert _outline(read(name, path_of(name, tmp_path))) == _outline(read(name, path_of(name)))


def _outline(recording: Recording) -> list[tuple[str, str, int]]:
    """Method, path without the id at its end, and status of each interaction."""
    pairs = ((one.request, one.response) for one in recording.interactions)
    return [(request.method, request.path.rsplit("/", 1)[0], response.status) for request, response in pairs]


def test_a_projects_own_cassette_comes_before_the_librarys(tmp_path):
    """What a project has not recorded itself is found in the library; what neither has, is missing from the project."""
    assert find("export/succeeded", tmp_path) == path_of("export/succeeded")
    own = path_of("export/succeeded", tmp_path)
    own.parent.mkdir()
    own.touch()
    assert find("export/succeeded", tmp_path) == own
    assert find("export/none", tmp_path) == tmp_path / "export" / "none.yaml"
    assert find("export/succeeded") == path_of("export/succeeded")


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
