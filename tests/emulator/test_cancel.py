"""Cancelling: in every status, twice, while the export runs, and what is left behind."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_aep_export.emulator import advance, exporting, jobs
from pytest_aep_export.exporter import ExportResult
from pytest_aep_export.lifecycle import Progression
from pytest_aep_export.model import JobError, JobStatus

JOBS = "/data/core/ups/export/jobs"
BATCHES = "/data/foundation/catalog/batches"


def _batch_is_hidden(api, batch: str) -> bool:
    paths = (f"{BATCHES}/{batch}", f"/data/foundation/export/batches/{batch}/files")
    return [api.send("GET", path).response.status for path in paths] == [404, 404]


def _folder(api, aep_server, batch: str) -> Path:
    return aep_server.emulator.state.folder / api.tenant._sandbox.key / batch


@pytest.mark.parametrize("looks", [0, 1])
def test_a_job_that_has_not_ended_is_cancelled(api, looks):
    """From NEW or PROCESSING it becomes CANCELLED, for good, keeps its place in the list and has no files."""
    job = api.create()
    for _ in range(looks):
        api.look(job["id"])
    assert api.cancel(job["id"]).response.status == 204
    shown = api.look(job["id"])
    assert shown["status"] == "CANCELLED"
    assert shown["updateTime"] == shown["metrics"]["totalTime"]["endTimeInMs"] >= job["creationTime"]
    assert ("profileExportTime" in shown["metrics"]) == (looks == 1)
    assert api.look(job["id"]) == shown
    assert api.numbers() == [job["id"]]
    assert _batch_is_hidden(api, job["destination"]["batchId"])


def test_a_stuck_job_can_be_cancelled(make_api):
    """Cancelling is there for jobs that are stuck (seed, "Annullare un processo di esportazione")."""
    api = make_api(progression=Progression(stuck=JobStatus.PROCESSING))
    job = api.create()["id"]
    assert [api.look(job)["status"] for _ in range(3)] == ["PROCESSING"] * 3
    api.cancel(job)
    assert api.look(job)["status"] == "CANCELLED"


def test_cancelling_twice_is_cancelling_once(api):
    """The second cancel is accepted and changes nothing, not even the times."""
    job = api.create()["id"]
    api.cancel(job)
    shown = api.look(job)
    api.tenant.clock.advance(hours=1)
    assert api.cancel(job).response.status == 204
    assert api.look(job) == shown


@pytest.mark.parametrize("fail", [None, JobStatus.PROCESSING])
def test_a_finished_job_stays_as_it_is(make_api, fail):
    """By default a cancel of a job that has ended is accepted without effect; its files stay (D-6)."""
    api = make_api(progression=Progression(fail=fail))
    job = api.finish(api.create()["id"])
    assert api.cancel(job["id"]).response.status == 204
    assert api.look(job["id"]) == job
    assert _batch_is_hidden(api, job["destination"]["batchId"]) == (fail is not None)


def test_a_finished_job_can_refuse_to_be_cancelled(make_api):
    """Where the behaviour says so, the answer is a 400 that names the job's status; running jobs are cancelled."""
    api = make_api(cancel_finished="refuse")
    job = api.finish(api.create()["id"])
    response = api.cancel(job["id"]).response
    assert response.status == 400
    assert "/path/exportJobId" in response.body.decode()
    assert "SUCCEEDED" in response.body.decode()
    assert api.look(job["id"]) == job
    assert api.cancel(api.create()["id"]).response.status == 204


def test_a_job_whose_time_has_come_is_finished_not_cancelled(make_api):
    """A cancel that comes after the job's end, as the clock has it, comes too late."""
    api = make_api(progression=Progression("elapsed", queue=10, work=10))
    job = api.create()["id"]
    api.tenant.clock.advance(hours=1)
    api.cancel(job)
    assert api.look(job)["status"] == "SUCCEEDED"


@pytest.fixture
def paused_export(monkeypatch):
    """The export, which waits after its work is done until it is let go; its calls are counted."""
    started, go_on, calls = threading.Event(), threading.Event(), []
    compute = exporting.compute

    def paused(*arguments: Any) -> ExportResult:
        calls.append(arguments)
        result = compute(*arguments)
        started.set()
        assert go_on.wait(10)
        return result

    monkeypatch.setattr(exporting, "compute", paused)
    yield started, go_on, calls
    go_on.set()


def _in_thread(work: Callable[..., Any], *arguments: Any) -> tuple[threading.Thread, list[Any]]:
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(work(*arguments)))
    thread.start()
    return thread, answers


def test_a_job_can_be_cancelled_while_its_export_runs(api, aep_server, paused_export):
    """The cancel is answered at once, wins over the result, and the files that were written are removed."""
    started, go_on, _ = paused_export
    job = api.create()
    api.look(job["id"])
    thread, answers = _in_thread(api.look, job["id"])
    assert started.wait(10)
    folder = _folder(api, aep_server, job["destination"]["batchId"])
    assert list(folder.iterdir())
    assert _batch_is_hidden(api, job["destination"]["batchId"])
    assert api.cancel(job["id"]).response.status == 204
    assert api.look(job["id"])["status"] == "CANCELLED"
    go_on.set()
    thread.join(10)
    assert answers[0]["status"] == "CANCELLED"
    assert api.look(job["id"])["status"] == "CANCELLED"
    assert _batch_is_hidden(api, job["destination"]["batchId"])
    assert not folder.exists()


def test_looks_at_a_running_export_do_not_start_it_again(api, paused_export):
    """While the export runs the job is PROCESSING for whoever looks, and it is computed once."""
    started, go_on, calls = paused_export
    job = api.create()["id"]
    api.look(job)
    thread, answers = _in_thread(api.look, job)
    assert started.wait(10)
    assert [api.look(job)["status"] for _ in range(3)] == ["PROCESSING"] * 3
    assert api.tenant.step(job).status == "PROCESSING"
    go_on.set()
    thread.join(10)
    assert answers[0]["status"] == "SUCCEEDED"
    assert api.look(job) == answers[0]
    assert len(calls) == 1


def test_many_looks_at_once_compute_the_export_once(api, monkeypatch):
    """Clients that poll the same job together all see it move, and one export is computed."""
    calls, compute = [], exporting.compute
    monkeypatch.setattr(exporting, "compute", lambda *arguments: (calls.append(1), compute(*arguments))[1])
    job = api.create()["id"]
    api.look(job)
    threads, answers = zip(*[_in_thread(api.look, job) for _ in range(8)], strict=True)
    for thread in threads:
        thread.join(10)
    assert {answer["status"] for [answer] in answers} <= {"PROCESSING", "SUCCEEDED"}
    assert api.look(job)["status"] == "SUCCEEDED"
    assert len(calls) == 1


@pytest.mark.parametrize("mode", ["per-poll", "immediate", "elapsed"])
def test_a_tenant_can_be_deleted_while_its_export_runs(make_api, aep_server, paused_export, mode):
    """The look that waited for the export is answered, once, and no file stays behind."""
    api = make_api(progression=Progression(mode, queue=0, work=0))
    started, go_on, calls = paused_export
    job = api.create()
    if mode == "per-poll":
        api.look(job["id"])
    thread, answers = _in_thread(api.send, "GET", f"{JOBS}/{job['id']}")
    assert started.wait(10)
    api.tenant.delete()
    go_on.set()
    thread.join(10)
    assert not thread.is_alive()
    assert answers[0].response.status < 500
    assert len(calls) == 1
    assert not _folder(api, aep_server, job["destination"]["batchId"]).parent.exists()


@pytest.mark.parametrize("mode", ["immediate", "elapsed"])
def test_a_tenant_that_is_deleted_before_its_job_moves_ends_the_job(make_api, aep_server, mode):
    """A job that nothing is left of does not move, and is not tried for ever."""
    api = make_api(progression=Progression(mode, queue=0, work=0))
    api.tenant.clock.tick = lambda: None
    state, sandbox = aep_server.emulator.state, api.tenant._sandbox
    job = jobs.find(state.store, sandbox.key, str(api.create()["id"]))
    api.tenant.delete()
    thread, answers = _in_thread(advance.advance, state, sandbox, job, advance.Cause.TIME)
    thread.join(10)
    assert not thread.is_alive()
    assert answers[0].life == job.life


def test_an_export_that_cannot_be_written_fails_the_job(api, aep_server):
    """A full or broken disk is a job that FAILED and says why, never a 5xx; nothing is published."""
    state = aep_server.emulator.state
    state.folder.mkdir(parents=True, exist_ok=True)
    (state.folder / api.tenant._sandbox.key).write_text("in the way")
    job = api.finish(api.create()["id"])
    assert job["status"] == "FAILED"
    assert job["errors"][0]["code"] == "0090000009"
    assert "writing profiles to" in job["errors"][0]["msg"]
    assert "profileExportTime" in job["metrics"]
    assert _batch_is_hidden(api, job["destination"]["batchId"])
    (state.folder / api.tenant._sandbox.key).unlink()


def test_a_failed_job_has_no_files(make_api):
    """A job that fails on purpose never computes its export, and shows the errors it was told."""
    progression = Progression(fail=JobStatus.PROCESSING, errors=(JobError("42", "because", "here"),))
    api = make_api(progression=progression)
    job = api.finish(api.create()["id"])
    assert job["errors"] == [{"code": "42", "msg": "because", "callStack": "here"}]
    assert _batch_is_hidden(api, job["destination"]["batchId"])
