"""Cassettes in a run: recorded by option, replayed without one, and what fails a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_aep_export.cassettes import read
from pytest_aep_export.credentials import environment_for
from pytest_aep_export.emulator import EmulatorServer
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.exchange import Request
from pytest_aep_export.shelf import Shelf, not_made

NAME = "my/dataset"
DATASET = """
import pytest
@pytest.mark.aep_cassette("my/dataset"{options})
def test_it(aep_client, aep_cassette):
    aep_client.create_dataset("x")
    {more}
"""


def source(more: str = "", options: str = "") -> str:
    """A test that makes a dataset with a cassette, and then does more."""
    return DATASET.format(more=more, options=options)


RECORDING = source("assert aep_cassette.recording and aep_cassette.unplayed() == 0")
REPLAYING = source("assert not aep_cassette.recording and aep_cassette.base_url == 'https://platform.adobe.io'")
LISTING = source("assert list(aep_client.list_export_jobs()) == []")


@pytest.fixture
def path(pytester: pytest.Pytester) -> Path:
    """Where the project of a run keeps the cassette."""
    return pytester.path / "cassettes" / f"{NAME}.yaml"


def test_a_missing_cassette_says_how_to_record_it(run):
    """The file that is looked for and the command that makes it."""
    result = run(REPLAYING)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["aep_*: cassette my/dataset does not exist: there is no file */cassettes/my/dataset.yaml; record it with: *"]
    )


def test_a_missing_cassette_is_recorded_and_then_replayed(run, path):
    """``missing`` records what is not there, from the emulator, and replays it from then on, as ``none`` does."""
    run(RECORDING, "--aep-record=missing").assert_outcomes(passed=1)
    written = path.read_bytes()
    for mode in ("missing", "none"):
        run(REPLAYING, f"--aep-record={mode}").assert_outcomes(passed=1)
    run(REPLAYING).assert_outcomes(passed=1)
    assert path.read_bytes() == written


def test_all_are_recorded_anew(run, path):
    """``all`` replaces what is there."""
    run(RECORDING, "--aep-record=all").assert_outcomes(passed=1)
    before = len(read(NAME, path).interactions)
    run(LISTING, "--aep-record=all").assert_outcomes(passed=1)
    assert len(read(NAME, path).interactions) == before + 1


def test_the_environment_may_say_so(run, path, monkeypatch):
    """``AEP_RECORD`` is the option for those who cannot give one."""
    monkeypatch.setenv("AEP_RECORD", "missing")
    run(RECORDING).assert_outcomes(passed=1)
    assert path.is_file()


def test_the_asynchronous_client_is_recorded_in_process(run, path):
    """It calls the emulator without a socket, and is heard all the same."""
    text = """
        import asyncio, pytest
        @pytest.mark.aep_cassette("my/dataset")
        def test_it(aep_async_client):
            asyncio.run(aep_async_client.create_dataset("x"))
    """
    run(text, "--aep-record=missing").assert_outcomes(passed=1)
    assert [one.request.method for one in read(NAME, path).interactions] == ["POST", "POST"]
    run(text).assert_outcomes(passed=1)


def test_a_cassette_says_what_it_was_recorded_from(run, path):
    """The dialect and the persona that the marker ``aep_emulator`` chose, and the requirements that the test judges."""
    marks = """
@pytest.mark.aep_emulator(dialect="openapi", persona="{persona}")
@pytest.mark.aep_requirement("EXP-JOB-002")
@pytest.mark.aep_requirement("EXP-JOB-001")
@pytest.mark.aep_cassette"""
    text = RECORDING.replace("@pytest.mark.aep_cassette", marks)
    run(text.format(persona="page-without-offset"), "--aep-record=all").assert_outcomes(passed=1)
    metadata = read(NAME, path).metadata
    assert (metadata.source, metadata.dialect, metadata.persona) == ("emulator", "openapi", "page-without-offset")
    assert metadata.requirements == ("EXP-JOB-001", "EXP-JOB-002")
    run(text.replace(', persona="{persona}"', ""), "--aep-record=all").assert_outcomes(passed=1)
    assert read(NAME, path).metadata.persona == ""


def test_cassettes_lie_where_the_ini_file_says(run, pytester):
    """Relative to the ini file, from wherever pytest is started."""
    pytester.makeini("[pytest]\naep_cassettes = recorded/here\n")
    run(RECORDING, "--aep-record=missing").assert_outcomes(passed=1)
    assert (pytester.path / "recorded" / "here" / f"{NAME}.yaml").is_file()
    inside = pytester.mkdir("inside")
    pytester.makepyfile(**{"inside/test_other": REPLAYING})
    pytester.chdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(inside)
        run(REPLAYING).assert_outcomes(passed=1)


def test_what_this_package_ships_needs_no_folder(run):
    """A project without cassettes replays those of the library."""
    text = """
        import pytest
        @pytest.mark.aep_cassette("export/succeeded", allow_unplayed=True)
        def test_it(aep_client): assert aep_client.create_dataset("Profile Data Export").id
    """
    run(text).assert_outcomes(passed=1)


@pytest.mark.parametrize("outcome", ["assert False", "raise KeyError", "pytest.skip('why')", "pytest.xfail('why')"])
def test_nothing_is_written_if_the_test_did_not_pass(run, path, outcome):
    """A failed recording makes no cassette and leaves the earlier one; the report says so."""
    result = run(source(outcome), "--aep-record=all")
    assert not path.parent.exists()
    if "pytest." not in outcome:
        result.stdout.fnmatch_lines(["*aep-export*", "cassette my/dataset was not written: the test failed"])
    run(RECORDING, "--aep-record=all").assert_outcomes(passed=1)
    written = path.read_bytes()
    run(source(outcome), "--aep-record=all")
    assert path.read_bytes() == written


def test_a_recording_that_was_not_written_can_be_made_by_another_test(run, path):
    """Only a test that wrote a cassette keeps others from it."""
    text = source("assert False") + RECORDING.replace("test_it", "test_other").replace("import pytest", "")
    run(text, "--aep-record=all").assert_outcomes(passed=1, failed=1)
    assert path.is_file()


def test_two_tests_do_not_record_one_cassette(run, path):
    """The second fails before it asks anything, and the first one's recording stays; in a replay both may use it."""
    text = RECORDING + LISTING.replace("test_it", "test_other").replace("import pytest", "")
    result = run(text, "--aep-record=all")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["aep_*: cassette my/dataset is recorded by *::test_it in this run already: give this test a recording of *"]
    )
    assert len(read(NAME, path).interactions) == 2
    both = REPLAYING + REPLAYING.replace("test_it", "test_other").replace("import pytest", "")
    run(both).assert_outcomes(passed=2)


def test_two_processes_do_not_record_one_cassette(pytester, monkeypatch, path):
    """Neither do two workers of xdist; one recording is written, whole."""
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    tests = [RECORDING.replace("test_it", f"test_{number}").replace("import pytest", "") for number in range(4)]
    pytester.makepyfile("import pytest" + "".join(tests))
    others = ("asyncio", "hypothesispytest", "randomly", "schemathesis", "cacheprovider", "anyio", "faker")
    without = [word for name in others for word in ("-p", f"no:{name}")]
    pytester.runpytest_subprocess("-n2", "--aep-record=all", "--aep-profiles=1", *without).assert_outcomes(
        passed=1, errors=3
    )
    assert len(read(NAME, path).interactions) == 2


def test_requests_that_were_not_made_fail_a_test(run):
    """They are named, with the three ways out; not in a recording, nor where the marker allows it."""
    run(LISTING, "--aep-record=all").assert_outcomes(passed=1)
    result = run(source())
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at teardown of test_it*",
            "cassette my/dataset: 1 recorded request was not made by this test",
            "  GET https://platform.adobe.io/data/core/ups/export/jobs*",
            "  make them, or allow that with @*.aep_cassette('my/dataset', allow_unplayed=True), or record it with: *",
        ]
    )
    run(source(options=", allow_unplayed=True")).assert_outcomes(passed=1)
    assert "Traceback" not in result.stdout.str()


@pytest.mark.parametrize(
    ("more", "outcomes"),
    [("assert False", {"failed": 1}), ("pytest.skip()", {"skipped": 1})],
    ids=["failed", "skipped"],
)
def test_a_test_that_failed_already_is_not_blamed_twice(run, more, outcomes):
    """What it did not come to do is no news."""
    run(LISTING, "--aep-record=all").assert_outcomes(passed=1)
    run(source(more)).assert_outcomes(**outcomes)


def test_a_mismatch_says_how_to_record_again(run):
    """The request, the nearest one, what differs, and the command for this very test."""
    run(RECORDING, "--aep-record=all").assert_outcomes(passed=1)
    result = run(REPLAYING.replace('create_dataset("x")', 'create_dataset("y")'))
    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    for line in (
        "cassette my/dataset has no answer to POST /data/foundation/catalog/dataSets",
        "nearest is interaction 2 of 2: POST /data/foundation/catalog/dataSets",
        'body /name: recorded "x", sent "y"',
        "record it with: pytest --aep-record=all test_a_mismatch_says_how_to_record_again.py::test_it",
    ):
        assert line in text


def test_another_server_is_recorded_with_the_credentials_of_the_environment(
    run, path, aep_server: EmulatorServer, monkeypatch
):
    """A target that is a URL is recorded as a server nobody knows; neither its address nor its secrets are kept."""
    tenant = aep_server.emulator.create_tenant()
    for name, value in environment_for(tenant.credentials, aep_server.url).items():
        monkeypatch.setenv(name, value)
    run(RECORDING, "--aep-record=all").assert_outcomes(passed=1)
    tenant.delete()
    metadata = read(NAME, path).metadata
    assert (metadata.source, metadata.dialect) == ("server", "")
    text = path.read_text()
    for secret in (tenant.credentials.client_secret, tenant.credentials.client_id, aep_server.url):
        assert secret not in text
    run(REPLAYING).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (
            ["--aep-target=https://platform.adobe.io"],
            "https://platform.adobe.io is Adobe's live service, where exports",
        ),
        (["--aep-target=https://platform.adobe.io", "--aep-live"], "credentials are missing: set AEP_CLIENT_ID"),
        (["--aep-target=http://127.0.0.1:9"], "credentials are missing: set AEP_CLIENT_ID"),
    ],
)
def test_recording_from_the_live_service_is_asked_for_twice(run, path, arguments, complaint):
    """Without ``--aep-live`` and credentials nothing is sent or written, and one sentence says what is missing."""
    result = run(RECORDING, "--aep-record=all", *arguments)
    result.assert_outcomes(errors=1)
    assert f": {complaint}" in result.stdout.str()
    assert not path.parent.exists()


def test_the_live_service_is_recorded_as_such(run, path):
    """What Adobe answers is evidence of another kind than what a server of somebody's does."""
    text = """
        import httpx, pytest

        @pytest.fixture(autouse=True)
        def adobe(monkeypatch):
            def answer(self, request): return httpx.Response(200, json={"children": []})
            monkeypatch.setattr("vcr.patch._HttpxHttpTransport_handle_request", answer)
            for name in ("CLIENT_ID", "CLIENT_SECRET", "ORG_ID"):
                monkeypatch.setenv(f"AEP_{name}", f"my-{name}@AdobeOrg")

        @pytest.mark.aep_cassette("my/dataset")
        def test_it(aep_cassette):
            httpx.get(aep_cassette.base_url + "/data/core/ups/export/jobs")
    """
    options = ("--aep-record=all", "--aep-target=https://platform.adobe.io", "--aep-live")
    run(text, *options).assert_outcomes(passed=1)
    assert read(NAME, path).metadata.source == "live"


def test_a_folder_that_cannot_be_written_to_is_one_clear_sentence(run, pytester):
    """It is said before anything is recorded."""
    (pytester.path / "cassettes").write_text("a file")
    result = run(RECORDING, "--aep-record=all")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["aep_*: cassette my/dataset was not written: *cassettes is not a folder that can be *"]
    )


def test_a_leak_fails_the_test_and_writes_nothing(run, path):
    """What hygiene misses, the last look finds: one sentence, no file, and another test may try."""
    text = (
        RECORDING
        + """
@pytest.fixture(autouse=True)
def careless(monkeypatch):
    from pytest_aep_export.cassettes.hygiene import Cleaner
    monkeypatch.setattr(Cleaner, "response", lambda self, response: response)
"""
    )
    result = run(text, "--aep-record=all")
    result.assert_outcomes(passed=1, errors=1)
    said = result.stdout.str().replace("E   ", "")
    assert "\nthe recording was not written: it still holds a value of access_token" in said
    assert not path.parent.exists()


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """The shelf of one test."""
    return Shelf(tmp_path / "cassettes", "all", tmp_path, "tests/test_a.py::test_it[a b]")


def test_a_command_can_be_copied(shelf):
    """A node id may hold blanks and brackets."""
    assert shelf.again == "record it with: pytest --aep-record=all 'tests/test_a.py::test_it[a b]'"


def test_a_test_that_runs_again_may_record_again(shelf, tmp_path):
    """A plugin that repeats a test is no second test."""
    shelf.claim(NAME)
    shelf.claim(NAME).release()
    other = Shelf(shelf.folder, "all", tmp_path, "other")
    other.claim(NAME)
    with pytest.raises(ConfigurationError, match="is recorded by other in this run already"):
        shelf.claim(NAME)


def test_the_complaint_about_many_requests_is_short():
    """Five are named."""
    lines = not_made(NAME, [Request("GET", f"/{number}") for number in range(7)], "again").splitlines()
    assert lines[0] == "cassette my/dataset: 7 recorded requests were not made by this test"
    assert lines[1:7] == ["  GET /0", "  GET /1", "  GET /2", "  GET /3", "  GET /4", "  and 2 more"]
