"""Exports that cannot be done: the job FAILS and says why, nothing of it is left, and the emulator goes on."""

from __future__ import annotations

import json
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from benchmarks.measure import run_python
from pytest_aep_export.contract.union import load_union
from pytest_aep_export.emulator import Behaviour, Emulator, EmulatorServer, exporting
from pytest_aep_export.exporter import ExportResult
from pytest_aep_export.lifecycle import Progression
from pytest_aep_export.profiles import ProfileData, generate, write_parquet
from pytest_aep_export.profiles.policies import DEFAULT_SEGMENTS
from pytest_aep_export.profiles.schema import schemas
from tests.emulator.reading import exported
from tests.exporter.plain_rows import fragment, ids, member

BATCHES = "/data/foundation/catalog/batches"
ABORTED = {"code": "unknown", "msg": "Job aborted.", "callStack": "org.apache.spark.SparkException: Job aborted."}


def failed(api: Any, job: int) -> dict[str, str]:
    """The first error of a job, once it has FAILED in the documented form and left nothing (export-jobs section 10)."""
    document = api.finish(job)
    assert document["status"] == "FAILED"
    first, last = document["errors"]
    assert last == ABORTED
    assert first["callStack"] == "com.adobe.aep.unifiedprofile.common.logging.Logger"
    destination = document["destination"]
    for batch in [entry["batchId"] for entry in destination.get("batches", [destination])]:
        for path in (f"{BATCHES}/{batch}", f"/data/foundation/export/batches/{batch}/files"):
            assert api.send("GET", path).response.status == 404
        assert not (exporting.folder_of(api.tenant._emulator.state, api.tenant._sandbox, batch)).exists()
    error: dict[str, str] = first
    return error


# -- What cannot be read


def shortened(path: Path) -> None:
    """As a copy that broke off leaves a file."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def scrambled(path: Path) -> None:
    """As a broken disk leaves it: still a Parquet file by its beginning and its end."""
    body = bytearray(path.read_bytes())
    body[4:2000] = bytes(1996)
    path.write_bytes(body)


@pytest.mark.parametrize("damage", [shortened, scrambled, Path.unlink], ids=["shortened", "scrambled", "removed"])
def test_a_damaged_input_file_fails_the_jobs_that_read_it(make_api, tmp_path, damage):
    """Those of other tenants go on, and the tenant's own do when its file is whole again."""
    broken, sound = make_api(), make_api()
    data = write_parquet(tmp_path, 50)
    broken.tenant.load(data)
    path = tmp_path / "fragments-00000.parquet"
    whole = path.read_bytes()
    damage(path)
    error = failed(broken, broken.create()["id"])
    assert error["code"] == "0100000003"
    assert error["msg"].startswith("the export could not be computed: ")
    assert exported(sound).num_rows > 0
    path.write_bytes(whole)
    assert exported(broken).num_rows > 0


def test_a_file_that_is_damaged_when_it_is_loaded_fails_the_jobs_too(api, tmp_path):
    """Loading it and asking for a segment of it look into it as well; neither is more than the job can say."""
    data = write_parquet(tmp_path, 50)
    shortened(tmp_path / "fragments-00000.parquet")
    api.tenant.load(data)
    segments = {"segments": [{"segmentId": "who knows"}]}
    assert failed(api, api.create(filter=segments)["id"])["code"] == "0100000003"


def test_data_that_lost_a_field_meanwhile_fails_the_job(api):
    """A field that the job was created with and that the data has no more is named; that is no defect of ours."""
    union = load_union().extended(profile={"_acme": {"tier": "string"}})
    first, second = schemas(union)
    rows = pa.Table.from_pylist([fragment("1", _acme={"tier": "gold"})], first)
    api.tenant.load(ProfileData.of(rows, second.empty_table(), union=union))
    job = api.create(fields="_acme.tier")["id"]
    api.tenant.load(generate(3))
    error = failed(api, job)
    assert error["code"] == "0100000003"
    assert "/fields: '_acme.tier' is no field of the union schema" in error["msg"]


# -- What cannot be written


FULL = """
import json, resource, signal
from pytest_aep_export import AepClient, Emulator, EmulatorServer
from pytest_aep_export.profiles import generate

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
limits = resource.getrlimit(resource.RLIMIT_FSIZE)
with Emulator() as emulator, EmulatorServer(emulator) as server:
    tenant = emulator.create_tenant()
    tenant.load(generate(20_000, events_per_profile=0))
    clock = {"pause": lambda seconds: None, "base_url": server.url, "ims_url": server.url + "/ims/token/v3"}
    with AepClient(tenant.credentials, **clock) as client:
        dataset = client.create_dataset("x").id

        def finish(**wanted):
            job = client.create_export_job(dataset_id=dataset, **wanted)
            return [client.get_export_job(job.id) for _ in range(2)][-1]

        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 19, limits[1]))
        try:
            large, small = finish(), finish(fields="person.gender")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    left = sorted(path.parent.name for path in emulator.state.folder.rglob("*") if path.is_file())
    print(json.dumps({
        "statuses": [large.status, small.status],
        "errors": [[error.code, error.message] for error in large.errors],
        "left": left, "batches": list(small.batch_ids), "defects": list(emulator.defects),
    }))
"""


def test_a_full_disk_fails_the_job_and_no_other():
    """Where the system takes no more bytes: the documented code, what the system says, no file; a smaller job fits."""
    found = json.loads(run_python(FULL))
    assert found["statuses"] == ["FAILED", "SUCCEEDED"]
    [[code, message], _] = found["errors"]
    assert code == "0090000009"
    assert message.startswith("writing profiles to ")
    assert "File too large" in message
    assert found["left"] == found["batches"]
    assert found["defects"] == []


def test_a_full_disk_under_the_state_fails_the_job(open_api):
    """Where a job's success cannot be kept it has failed, its files are gone, and with room the next job succeeds."""
    with Emulator() as emulator, EmulatorServer(emulator) as server:
        api = open_api(emulator.create_tenant(), server.url)
        jobs = [api.create()["id"] for _ in range(12)]
        database = emulator.state.store._db
        (pages,), (most,) = (database.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "max_page_count"))
        database.execute(f"PRAGMA max_page_count={pages}")
        errors = [failed(api, job) for job in jobs[:-1] if api.finish(job)["status"] == "FAILED"]
        database.execute(f"PRAGMA max_page_count={most}")

        assert {error["msg"] for error in errors} == {
            "the emulator's state cannot be written: database or disk is full"
        }
        assert api.finish(jobs[-1])["status"] == "SUCCEEDED"
        assert emulator.defects == ()


def test_one_batch_that_fails_takes_the_others_with_it(api, monkeypatch):
    """Of several batches all are there or none: what was written before the failure is removed."""
    compute, calls = exporting.compute, []

    def second_time(*arguments: Any) -> ExportResult:
        calls.append(arguments)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        return compute(*arguments)

    monkeypatch.setattr(exporting, "compute", second_time)
    segments = [{"segmentId": segment.id} for segment in DEFAULT_SEGMENTS[:2]]
    destination = {"datasetId": api.dataset(), "segmentPerBatch": True}
    job = api.create(destination=destination, filter={"segments": segments})["id"]
    failed(api, job)
    assert len(calls) == 2
    api.tenant._emulator.state.defects.clear()


# -- What nobody expected


def test_a_bug_fails_the_job_and_is_remembered(api, monkeypatch, caplog):
    """The look that met it is answered; the job has the documented code for it, the log its cause; others go on."""

    def crash(*_arguments: Any, **_options: Any) -> None:
        raise RuntimeError("a bug")

    job, other = api.create()["id"], api.create()["id"]
    monkeypatch.setattr("pytest_aep_export.exporter.running.compute", crash)
    error = failed(api, job)
    assert (error["code"], error["msg"]) == ("unknown", "the export crashed: RuntimeError('a bug')")
    defects = api.tenant._emulator.state.defects
    assert defects[-1:] == [f"the export of job {job} crashed: see the log"]
    assert "RuntimeError: a bug" in caplog.text
    monkeypatch.undo()
    assert api.finish(other)["status"] == "SUCCEEDED"
    defects.clear()


def test_a_bug_behind_a_step_is_no_exception_of_the_tests(make_api, monkeypatch):
    """A test that moves the job by hand is shown a job that has FAILED, too."""
    api = make_api(progression=Progression("manual"))
    monkeypatch.setattr(exporting, "compute", lambda *_: 1 / 0)
    job = api.create()["id"]
    assert [api.tenant.step(job).status for _ in range(2)] == ["PROCESSING", "FAILED"]
    api.tenant._emulator.state.defects.clear()


# -- Where it is done


class Counting(ThreadPoolExecutor):
    """An executor that knows how much it was given to do."""

    given = 0

    def submit(self, *arguments: Any, **options: Any) -> Future[Any]:
        """Note it, and do it."""
        self.given += 1
        return super().submit(*arguments, **options)


def test_exports_are_computed_where_the_emulator_is_told_to(open_api):
    """Each partition of the data is a piece of work for the executor; it is still usable afterwards."""
    rows = [fragment(str(n), identityMap=ids(str(n)), segmentMembership=member("s")) for n in range(6)]
    first, second = schemas(load_union())
    data = ProfileData.of(pa.Table.from_pylist(rows, first), second.empty_table(), rows=2)
    with Counting(1) as executor:
        with Emulator(executor=executor) as emulator, EmulatorServer(emulator) as server:
            api = open_api(emulator.create_tenant(behaviour=Behaviour(), data=lambda: data), server.url)
            assert exported(api).num_rows == 6
        assert executor.given == len(data.partitions) == 3
        assert executor.submit(int, "7").result() == 7
