"""Recordings as a target: what they show is judged without a network, and nothing else is."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import pytest
from click.testing import CliRunner

from pytest_aep_export.cassettes import Interaction, Recording, describe, library, path_of, read, save
from pytest_aep_export.cli.run import run as run_command
from pytest_aep_export.emulator import EmulatorServer, Tenant
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.exchange import Headers, Request, Response
from pytest_aep_export.hosts import GATEWAY
from pytest_aep_export.suite.api import JOBS, Api
from pytest_aep_export.suite.hooks import Silent, SuiteRun
from pytest_aep_export.suite.recorded import Script, find_recordings, keep
from pytest_aep_export.suite.runner import run_suite
from pytest_aep_export.suite.sending import Target
from pytest_aep_export.suite.targets import is_cassette, resolve
from pytest_aep_export.suite.usable import NotRecordedError
from pytest_aep_export.suite.verdicts import Outcome, Result

EVERYTHING = 534
"""How many tests the shipped recordings let the suite judge; more is better."""
SECONDS = 5.0
"""What the whole suite may take against recordings, in seconds of this process's work."""


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """No socket can be connected."""

    def refuse(*_arguments: Any) -> NoReturn:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)


@pytest.fixture
def tenant(aep_server: EmulatorServer) -> Iterator[Tenant]:
    """A tenant of the emulator, to be recorded."""
    made = aep_server.emulator.create_tenant()
    yield made
    made.delete()


def outcomes(run: SuiteRun) -> list[Outcome]:
    """Everything that a run has found."""
    return [outcome for found in run.outcomes.values() for outcome in found]


@pytest.mark.usefixtures("offline")
def test_the_whole_suite_is_judged_without_a_network():
    """Against the shipped recordings nothing fails or is blocked, hardly anything is left open, within the time."""
    begun = time.process_time()
    with resolve("cassette") as target:
        run = run_suite(target, Silent())
    spent = time.process_time() - begun
    found = outcomes(run)
    assert {outcome.result for outcome in found} <= {Result.MET, Result.NOT_VERIFIED, Result.NOT_APPLICABLE}
    assert sum(outcome.result is Result.MET for outcome in found) >= EVERYTHING
    assert run.stopped == ""
    assert spent < SECONDS


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("select", ["EXP-LIST-009", "EXP-WATCH-003", "EXP-CANCEL-006 or EXP-FILES-011", "EXP-ISO"])
def test_a_part_of_the_suite_fails_nothing_for_lack_of_a_recording(select):
    """What a narrower run asks in another order is judged, or is not verified."""
    with resolve("cassette") as target:
        found = outcomes(run_suite(target, Silent(), select=select))
    assert found
    assert {outcome.result for outcome in found} <= {Result.MET, Result.NOT_VERIFIED}


@pytest.mark.usefixtures("offline")
def test_a_cassette_that_shows_little_lets_little_be_judged():
    """Of a recording of something else all is left open but what it happens to show, and nothing is blocked."""
    with resolve("cassette:auth/token") as target:
        found = outcomes(run_suite(target, Silent(), select="EXP-AUTH"))
    assert {outcome.result for outcome in found} == {Result.MET, Result.NOT_VERIFIED}
    met = {outcome.test for outcome in found if outcome.result is Result.MET}
    assert all(name.startswith("test_auth::") for name in met)
    assert len(met) <= 2
    assert "does not show" in next(o.found for o in found if o.result is Result.NOT_VERIFIED)


def test_a_defect_that_was_recorded_is_found(tmp_path):
    """A recording of an answer that breaks a requirement fails it: recordings are judged, not believed."""
    shipped = find_recordings("conformance")["dataset"]
    recording = read("x/dataset", shipped)
    wrong = tuple(
        Interaction(one.request, Response(one.response.status, one.response.headers, b'["5f"]'))
        if one.response.status == 201
        else one
        for one in recording.interactions
    )
    save(Recording("x/dataset", recording.metadata, wrong), tmp_path / "dataset.yaml")
    with resolve(f"cassette:{tmp_path}") as target:
        run = run_suite(target, Silent(), select="EXP-DATASET-001")
    assert Result.UNMET in {outcome.result for outcome in outcomes(run)}


def test_a_run_is_kept_and_played(aep_server, tenant, tmp_path):
    """What a target exchanged is answered again, in its order and to the one who asked; then nothing is left."""
    target = Target(aep_server.url, tenant.credentials)
    api = Api(target)
    created = api.create_dataset()
    refused = target.send("GET", JOBS, without=["authorization"])
    listed = target.send("GET", JOBS)
    target.close()
    keep("own/run", target, describe("emulator"), tmp_path)
    text = path_of("own/run", tmp_path).read_text()
    assert tenant.credentials.client_secret not in text
    with resolve(f"cassette:{path_of('own/run', tmp_path)}") as played:
        played.begin("any")
        again = Api(played)
        assert again.create_dataset().response.json() == created.response.json()
        assert played.send("GET", JOBS, without=["authorization"]).response.status == refused.response.status
        assert played.send("GET", JOBS).response.json() == listed.response.json()
        with pytest.raises(NotRecordedError, match="does not show what GET"):
            played.send("GET", JOBS)


def _asked(path: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Interaction:
    request = Request("GET", f"{GATEWAY}{path}", Headers(list((headers or {}).items())), b"")
    return Interaction(request, Response(status, Headers(), b""))


def _script(*interactions: Interaction) -> Script:
    return Script(Recording("x/y", describe("emulator"), interactions))


def test_what_is_left_out_is_jumped_over_only_where_that_is_certain():
    """A request that was recorded once from there on is found; one of several is not, unless it is the very next."""
    script = _script(_asked("/a"), _asked("/b", 201), _asked("/c"), _asked("/b", 202), _asked("/d"))
    assert script.take(_asked("/c").request)
    found = script.take(_asked("/b").request)
    assert found
    assert found.status == 202
    assert script.take(_asked("/a").request) is None

    doubtful = _script(_asked("/a"), _asked("/b", 201), _asked("/c"), _asked("/b", 202))
    assert doubtful.take(_asked("/b").request) is None
    assert doubtful.take(_asked("/a").request)
    found = doubtful.take(_asked("/b").request)
    assert found
    assert found.status == 201


def test_after_a_request_that_is_not_recorded_the_next_one_is_in_doubt():
    """Where the run has left the script, what comes next there is no answer any more if it comes again later."""
    script = _script(_asked("/a"), _asked("/b"), _asked("/a"))
    assert script.take(_asked("/x").request) is None
    assert script.take(_asked("/a").request) is None
    assert script.take(_asked("/b").request)


def test_who_asks_makes_another_request():
    """A call with a header that another has not, or with another value, gets no answer of the other's."""
    recorded = _asked("/a", headers={"x-sandbox-name": "prod"})
    assert _script(recorded).take(recorded.request)
    assert _script(recorded).take(_asked("/a").request) is None
    assert _script(recorded).take(_asked("/a", headers={"x-sandbox-name": "dev"}).request) is None


def test_a_token_that_is_nobodys_is_like_any_other():
    """What was never issued is the same in a recording, where it has a stand-in, and in what is asked."""
    recorded = _asked("/a", headers={"authorization": "Bearer REDACTED-3"})
    assert _script(recorded).take(_asked("/a", headers={"authorization": "Bearer never-issued"}).request)
    assert _script(recorded).take(_asked("/a", headers={"authorization": "Basic never-issued"}).request) is None


@pytest.mark.parametrize("name", ["none/there", "/no/such/folder"])
def test_a_cassette_that_is_not_there_is_named(name):
    """The one sentence says what may be named."""
    with (
        pytest.raises(ConfigurationError, match=f"there is no cassette '{name}': name a file"),
        resolve(f"cassette:{name}"),
    ):
        pass


def test_the_command_judges_recordings():
    """``aep-export run --target cassette`` tells of verdicts, and that some requirements were not verified."""
    result = CliRunner().invoke(run_command, ["--target", "cassette:conformance", "-k", "EXP-AUTH"])
    assert result.exit_code == 0, result.output
    assert "cassette conformance" in result.output


@pytest.mark.parametrize(("target", "known"), [("cassette", True), ("cassette:x", True), ("http://cassette", False)])
def test_which_targets_are_recordings(target, known):
    """They are named by a word before any colon."""
    assert is_cassette(target) is known


def test_the_library_has_a_recording_of_each_module_but_one():
    """The suite's modules and their recordings go together."""
    modules = {path.stem.removeprefix("test_") for path in (library().parent / "conformance/server").glob("test_*.py")}
    assert modules - find_recordings("conformance").keys() == {"known"}
