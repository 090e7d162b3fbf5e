"""The suite's own traffic is recorded by one command, from any target, and judged again without it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pytest_aep_export.cassettes import find, library, read
from pytest_aep_export.cli import main
from pytest_aep_export.credentials import environment_for
from pytest_aep_export.emulator import Emulator, EmulatorServer
from pytest_aep_export.suite.hooks import Silent
from pytest_aep_export.suite.recorded import NOT_RECORDED, UNSHOWN, Reel
from pytest_aep_export.suite.recording import find_modules, fresh_emulator, record_module
from pytest_aep_export.suite.registry import load
from pytest_aep_export.suite.runner import run_suite
from pytest_aep_export.suite.targets import resolve
from pytest_aep_export.suite.verdicts import Result as Outcome

AGAIN = "record them again: python -m tests.cassettes.record"
LARGEST = 4 * 2**20
"""Bytes of all recordings of the suite together, as they lie in the repository."""


def _record(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["cassette", "record", *map(str, arguments)])


def test_the_shipped_recordings_are_of_todays_suite():
    """The suite makes exactly the requests that are recorded, and finds of each module what its recording names."""
    with resolve("cassette") as target:
        run = run_suite(target, Silent())
        reel = target.recorded
    assert isinstance(reel, Reel)
    assert reel.scripts.keys() == find_modules().keys(), AGAIN
    assert {name: script.left() for name, script in reel.scripts.items() if script.left()} == {}, AGAIN
    named = set[str]()
    for name in reel.scripts:
        named |= set(read(f"conformance/{name}", find(f"conformance/{name}")).metadata.requirements)
    met = {one for one, found in run.outcomes.items() if all(each.result is Outcome.MET for each in found)}
    assert met <= named, AGAIN
    open_ = {one for one in named - met if all(each.result is Outcome.NOT_VERIFIED for each in run.outcomes[one])}
    assert open_ == set(), AGAIN


@pytest.mark.parametrize("module", ["dataset", "reports"])
def test_recorded_again_a_module_is_the_same(module, tmp_path):
    """The emulator still answers what is shipped, to the byte."""
    name = f"conformance/{module}"
    with fresh_emulator("canonical", module) as target:
        again, _ = record_module(name, find_modules()[module], target, dialect="canonical", folder=tmp_path)
    assert again.interactions == read(name, find(name)).interactions, AGAIN


def test_the_shipped_recordings_stay_small():
    """What everybody downloads is bounded."""
    files = [path for path in (library() / "conformance").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < LARGEST


def test_what_is_not_recorded_needs_what_no_recording_shows():
    """Every requirement of a module that is left out needs such a capability."""
    registry = load()
    with resolve("cassette") as target:
        run = run_suite(target, Silent(), select=" or ".join(f"test_{name}" for name in NOT_RECORDED))
    assert {registry[one].capability for one in run.outcomes} == {*UNSHOWN}
    reasons = {each.found for found in run.outcomes.values() for each in found}
    assert reasons == {
        f"cassette conformance has nothing of the module {one}: {why}" for one, why in NOT_RECORDED.items()
    }


def test_the_emulator_is_recorded_in_a_dialect(tmp_path):
    """One line tells of each module; what was recorded is judged as it was."""
    done = _record("own/guide", "reports", "--dialect", "profile-guide", "--folder", tmp_path)
    assert done.exit_code == 0, done.output
    path = tmp_path / "own" / "guide" / "reports.yaml"
    recording = read("own/guide/reports", path)
    assert (recording.metadata.source, recording.metadata.dialect) == ("emulator", "profile-guide")
    count, met = len(recording.interactions), len(recording.metadata.requirements)
    assert done.output == f"{path}: {count} interactions, {met} of {met} requirements hold\n"
    assert _met(path.parent) == {*recording.metadata.requirements}


def _met(folder: Path) -> set[str]:
    """The requirements that recordings show to hold."""
    with resolve(f"cassette:{folder}") as target:
        run = run_suite(target, Silent())
    assert all(each.result is not Outcome.UNMET for found in run.outcomes.values() for each in found)
    return {one for one, found in run.outcomes.items() if any(each.result is Outcome.MET for each in found)}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[EmulatorServer]:
    """Somebody's server, whose time passes, with a tenant whose credentials the environment has."""
    with Emulator(profiles=20) as emulator, EmulatorServer(emulator) as running:
        tenant = emulator.create_tenant(("qa",))
        for name, value in environment_for(tenant.credentials, running.url).items():
            monkeypatch.setenv(name, value)
        yield running


def test_a_server_is_recorded_and_judged_again(server, tmp_path):
    """Whatever its sandbox and scopes are called; what the run tidies up at its end is no part of it."""
    done = _record("own", "dataset", "watch", "--target", server.url, "--folder", tmp_path)
    assert done.exit_code == 0, done.output
    for module in ("dataset", "watch"):
        recording = read(f"own/{module}", tmp_path / "own" / f"{module}.yaml")
        assert recording.metadata.source == "server"
        assert {*recording.metadata.requirements} <= _met(tmp_path / "own")
    with resolve(f"cassette:{tmp_path / 'own'}") as target:
        run_suite(target, Silent())
        assert isinstance(target.recorded, Reel)
        assert [script.left() for script in target.recorded.scripts.values()] == [[], []]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["own", "nothing"], "there is no module 'nothing' to record: choose among auth, "),
        (["own", "known"], "there is no module 'known'"),
        (["Own"], "is not a cassette's name"),
        (["own", "--target", "cassette"], "cassette is recorded already"),
        (["own", "--target", "http://127.0.0.1:1", "--dialect", "openapi"], "--dialect is for the emulator only"),
    ],
)
def test_what_cannot_be_recorded(arguments, said, tmp_path):
    """A wrong call is one sentence, and nothing was written."""
    done = _record(*arguments, "--folder", tmp_path)
    assert done.exit_code == 2
    assert said in done.output
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_ends_early_is_not_kept(server, tmp_path):
    """What was recorded before that stays; the budget is one for all modules."""
    done = _record("own", "dataset", "watch", "--target", server.url, "--folder", tmp_path, "--max-calls", 40)
    assert done.exit_code == 3
    assert "own/watch was not recorded: the run has used up its 40 calls" in done.output
    assert [path.name for path in (tmp_path / "own").iterdir()] == ["dataset.yaml"]
