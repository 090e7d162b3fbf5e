"""The recordings that this package ships."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import pytest

from pytest_aep_export.cassettes import Metadata, find, library, path_of, read
from pytest_aep_export.cassettes.scan import scan
from pytest_aep_export.contract import load
from pytest_aep_export.suite.registry import load as load_registry
from tests.cassettes.documented import DOCUMENTED, write
from tests.cassettes.record import MODULES, names, record_scene

SHIPPED = sorted(path for path in library().rglob("*.yaml") if path.parent.name != "conformance")
NAMES = (*names(), *DOCUMENTED)

NEVER_SHOWN: Final[Mapping[tuple[str, str], str]] = {}
"""What the contract declares and no recording shows, by operation and status, and why. There is nothing left."""


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
    assert list(scan(text)) == []
    assert set(re.findall(r"[0-9A-F]{23}(?=[0-9A-F]@AdobeOrg)", text)) <= {"0" * 23}
    assert set(re.findall(r"https?://[\w.:-]+", text)) <= {"https://platform.adobe.io", "https://ns.adobe.com"}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_recording_keeps_the_contract(path):
    """Every exchange is of a known operation; every answer validates in its dialect, unless a persona gave it."""
    contract = load()
    recording = read(path.stem, path)
    for interaction in recording.interactions:
        request, response = interaction.request, interaction.response
        match = contract.match(request.method, request.path)
        assert match is not None, request
        wrong = contract.validate_response(match.operation.id, response, recording.metadata.dialect)
        assert wrong == [] or recording.metadata.persona


@pytest.mark.parametrize("name", NAMES)
def test_recorded_again_a_cassette_is_the_same(name, tmp_path):
    """The emulator still answers what is shipped, to the byte, and a sample is still what the script transcribes."""
    if name in DOCUMENTED:
        write(name, tmp_path)
    else:
        record_scene(*names()[name], tmp_path)
    again, shipped = read(name, path_of(name, tmp_path)), read(name, path_of(name))
    assert again.interactions == shipped.interactions
    assert _undated(again.metadata) == _undated(shipped.metadata)


def _undated(metadata: Metadata) -> Metadata:
    """What a recording says of itself, but for what another day or version changes."""
    return replace(metadata, date="", tool="", digest="")


def test_the_suites_recordings_are_those_of_its_modules():
    """Each is there, of a run in which the requirements held that it names."""
    shipped = sorted((library() / "conformance").glob("*.yaml"))
    assert {f"conformance/{path.stem}" for path in shipped} == MODULES.keys()
    assert all(read(path.stem, path).metadata.requirements for path in shipped)


def test_every_cassette_is_of_a_scene():
    """The library holds what the script records, and nothing that it would not record again."""
    assert {path.relative_to(library()).with_suffix("").as_posix() for path in SHIPPED} == {*NAMES}


def test_the_library_shows_every_operation_with_every_status():
    """All that the contract declares is in some recording, but for what is named here with its reason."""
    contract = load()
    declared = {
        (operation.id, status)
        for operation in contract.operations.values()
        for status in contract.document["paths"][operation.path][operation.method.lower()]["responses"]
    }
    shown = set()
    for path in SHIPPED:
        for one in read(path.stem, path).interactions:
            match = contract.match(one.request.method, one.request.path)
            shown.add((match and match.operation.id, str(one.response.status)))
    assert shown - declared == set()
    assert declared - shown == NEVER_SHOWN.keys()


def test_what_only_faults_gave_is_marked():
    """A recording names those of its statuses that the emulator gives for no other reason than a fault."""
    for path in SHIPPED:
        recording = read(path.stem, path)
        statuses = {str(one.response.status) for one in recording.interactions}
        assert set(recording.metadata.faults) <= statuses
        if "503" in statuses:
            assert "503" in recording.metadata.faults


def test_requirements_that_cassettes_cover_exist():
    """A recording is evidence for requirements of the registry; every kind of journey is evidence for some."""
    registry = load_registry()
    covered = set[str]()
    for path in SHIPPED:
        covered |= set(read(path.stem, path).metadata.requirements)
    assert covered <= registry.requirements.keys()
    assert {registry[name].area for name in covered} >= {"AUTH", "DATASET", "CREATE", "JOB", "LIST", "WATCH", "CANCEL"}


@pytest.mark.parametrize("name", DOCUMENTED)
def test_a_documented_cassette_says_so(name):
    """A sample of the documentation is never taken for an answer of the emulator's."""
    metadata = read(name, path_of(name)).metadata
    assert (metadata.source, metadata.dialect, metadata.persona) == ("documented", "profile-guide", "")
    assert metadata.requirements


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
