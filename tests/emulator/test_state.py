"""State in a folder: what is kept across restarts, and what is not."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pytest_aep_export.emulator import Behaviour, Emulator, EmulatorServer, jobs
from pytest_aep_export.lifecycle import Progression

JOBS = "/data/core/ups/export/jobs"


@pytest.fixture
def running(open_api) -> Callable[..., Any]:
    """Runs an emulator with a state folder while the context lasts, and opens its first tenant."""

    @contextmanager
    def run(folder: Path | None, **behaviour: Any) -> Iterator[Any]:
        emulator = Emulator(state=folder, profiles=20, behaviour=Behaviour(**behaviour))
        with emulator, EmulatorServer(emulator) as server:
            yield open_api(emulator.create_tenant(), server.url)

    return run


def test_jobs_datasets_and_files_survive_a_restart(running, tmp_path):
    """What one emulator kept in a folder, the next one shows to the byte, to the same organisation."""
    with running(tmp_path / "state") as api:
        org_id, dataset = api.tenant.credentials.org_id, api.dataset()
        job = api.finish(api.create()["id"])
        batch = job["destination"]["batchId"]
        [file] = api.files(batch)
        body = api.send("GET", file["_links"]["self"]["href"]).response.body
    with running(tmp_path / "state") as again:
        assert again.tenant.credentials.org_id == org_id
        assert again.look(job["id"]) == job
        assert dataset in again.ask("GET", "/data/foundation/catalog/dataSets")
        [kept] = again.files(batch)
        assert (kept["name"], kept["length"]) == (file["name"], file["length"])
        assert again.send("GET", kept["_links"]["self"]["href"]).response.body == body


def test_unfinished_jobs_go_on_after_a_restart(running, tmp_path):
    """A job that was running is finished by the next emulator, under the progression it was created with."""
    with running(tmp_path / "state") as api:
        job = api.create()["id"]
        assert api.look(job)["status"] == "PROCESSING"
    with running(tmp_path / "state", progression=Progression("manual")) as again:
        assert again.look(job)["status"] == "SUCCEEDED"


def test_numbers_go_on_after_a_restart(running, tmp_path):
    """No id is given out a second time."""
    with running(tmp_path / "state") as api:
        first, dataset = api.create(), api.dataset()
        datasets = list(api.ask("GET", "/data/foundation/catalog/dataSets"))
    with running(tmp_path / "state") as again:
        assert list(again.ask("GET", "/data/foundation/catalog/dataSets")) == datasets
        second = again.create()
        assert second["id"] == first["id"] + 1
        assert second["destination"]["batchId"] != first["destination"]["batchId"]
        assert again.dataset() != dataset


def test_time_goes_on_after_a_restart(running, tmp_path):
    """What is created after a restart is newer than what was there, so that the list stays newest first."""
    with running(tmp_path / "state") as api:
        api.tenant.clock.advance(days=30)
        first = api.create()
    with running(tmp_path / "state") as again:
        second = again.create()
        assert second["creationTime"] > first["creationTime"]
        assert again.numbers() == [second["id"], first["id"]]


def test_a_token_does_not_survive_a_restart(running, tmp_path):
    """The key that signs tokens lives and dies with the emulator."""
    with running(tmp_path / "state") as api:
        token = api.target.token()
    with running(tmp_path / "state") as again:
        response = again.send("GET", JOBS, headers={"authorization": f"Bearer {token}"}).response
        assert response.json()["error_code"] == "401013"


def test_without_a_folder_nothing_is_left(running, monkeypatch, tmp_path):
    """An emulator without a state folder cleans up after itself, exported files included."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with running(None) as api:
        api.finish(api.create()["id"])
        assert list(tmp_path.rglob("*.parquet"))
    assert list(tmp_path.iterdir()) == []


def test_a_deleted_tenant_is_gone_from_the_folder(running, tmp_path):
    """Its documents and files do not come back with the next emulator."""
    with running(tmp_path / "state") as api:
        api.finish(api.create()["id"])
        api.tenant.delete()
        assert not list(tmp_path.rglob("*.parquet"))
    with running(tmp_path / "state") as again:
        assert again.numbers() == []


def test_a_crash_is_an_answer_in_json_and_a_defect(running, monkeypatch, caplog):
    """A bug of ours is a 500 in the gateway's form, is logged with its cause, and is remembered as a defect."""

    def crash(*_arguments: Any) -> None:
        raise RuntimeError("a bug")

    with running(None, progression=Progression("immediate")) as api:
        job = api.create()["id"]
        monkeypatch.setattr(jobs, "render", crash)
        response = api.send("GET", f"{JOBS}/{job}").response
        assert response.status == 500
        assert response.json() == {"error_code": "500001", "message": "Internal server error."}
        assert api.tenant._emulator.defects == (f"GET {JOBS}/{job} crashed: see the log",)
        assert "RuntimeError: a bug" in caplog.text
        monkeypatch.undo()
        assert api.look(job)["status"] == "SUCCEEDED"


def test_an_answer_against_the_contract_is_a_defect(running, monkeypatch):
    """The emulator holds its own answers to the contract, and remembers the first that breaks it."""
    with running(None) as api:
        job = api.create()["id"]
        monkeypatch.setattr(jobs, "render", lambda *_arguments: b'{"id": "x"}')
        api.look(job)
        [defect] = api.tenant._emulator.defects
        assert defect.startswith("getExportJob answered against the contract: ")
        assert "/status" in defect


def test_an_answer_that_cannot_be_judged_leaves_all_the_same(running, monkeypatch, caplog):
    """A bug of the contract's is no trouble of the client's: the answer arrives, and the defect is remembered."""

    def crash(*_arguments: Any) -> None:
        raise RuntimeError("a bug")

    with running(None) as api:
        job = api.create()["id"]
        monkeypatch.setattr(type(api.tenant._emulator.state.contract), "is_valid_response", crash)
        assert api.look(job)["id"] == job
        sentence = "the answer of getExportJob could not be held to the contract: see the log"
        assert api.tenant._emulator.defects == (sentence,)
        assert "RuntimeError: a bug" in caplog.text
