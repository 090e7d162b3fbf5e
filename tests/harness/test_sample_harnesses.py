"""The sample harnesses, each in its language, keep to the protocol and drive clients that do what they should.

Where Node or a JDK must not be missing, AEP_HARNESSES_REQUIRED says so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_aep_export import AepClient, JobStatus, Tenant
from pytest_aep_export.emulator.faults import Answer, ExpireToken, Fault, Truncate
from pytest_aep_export.judge.harness import HarnessSubject
from pytest_aep_export.judge.harness.smoke import CHECKS, Smoke
from pytest_aep_export.judge.judging import try_subject
from pytest_aep_export.judge.scenario import Scenario, Task
from pytest_aep_export.judge.scenarios import SCENARIOS
from pytest_aep_export.judge.subject import Surroundings
from pytest_aep_export.judge.trace import Performance
from pytest_aep_export.model import Dataset
from pytest_aep_export.suite.verdicts import Result

FOLDER = Path(__file__).parents[2] / "conformance" / "harnesses"
COMMANDS = {
    "python": (sys.executable, FOLDER / "python" / "harness.py"),
    "node": ("node", FOLDER / "node" / "harness.mjs"),
    "java": ("java", "-XX:TieredStopAtLevel=1", FOLDER / "java" / "Harness.java"),
}
TELLING = (
    "pages-of-jobs",
    "links-to-another-host",
    "job-fails",
    "cancel",
    "one-file-of-several-parts",
    "download-is-cut",
    "token-expires-while-waiting",
    "told-to-wait-a-second",
    "creation-is-reset",
)
"""Scenarios that take a client which has thought of them; all of them take minutes."""


@pytest.fixture(scope="module", params=sorted(COMMANDS))
def command(request: pytest.FixtureRequest) -> list[str]:
    """The command of a sample harness."""
    program, *rest = COMMANDS[request.param]
    if shutil.which(str(program)) is None:
        missing = (
            f"{program} is missing, which the harness in {request.param} needs: install nodejs and default-jdk-headless"
        )
        pytest.fail(missing) if os.environ.get("AEP_HARNESSES_REQUIRED") else pytest.skip(missing)
    return [str(program), *map(str, rest)]


@pytest.fixture(scope="module")
def compiled(command: list[str], tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The same, made ready to start often: Java would compile its source each time."""
    if command[0] != "java":
        return command
    folder = str(tmp_path_factory.mktemp("classes"))
    subprocess.run(["javac", "-J-XX:TieredStopAtLevel=1", "-d", folder, command[-1]], check=True, timeout=300)
    return ["java", "-XX:TieredStopAtLevel=1", "-cp", folder, "Harness"]


def performed(command: list[str], place: Surroundings, task: Task = "export") -> Performance:
    """What a harness showed in a task."""
    performance = HarnessSubject(command).perform(Scenario("sample", "a server", task), place)
    assert performance.end == "success", performance
    assert performance.said == ""
    return performance


def identified(rows: object) -> list[str]:
    """The ids of rows, in their order."""
    assert isinstance(rows, tuple | list)
    return [row["_id"] for row in rows]


def test_a_sample_passes_smoke(command: list[str]):
    """Each check passes, and each command is answered with a result."""
    smoke = Smoke(command)
    checks = list(smoke.run())

    assert smoke.fit, checks
    assert [check.name for check in checks] == list(CHECKS)
    assert not any("'failed'" in check.message or "'skipped'" in check.message for check in checks)


@pytest.mark.aep_emulator(profiles=9, files="directory", part_rows=2)
def test_a_sample_exports_every_row(compiled: list[str], place: Surroundings, aep_emulator: Tenant):
    """The rows of an export of several parts are those that it must contain, and nothing half lies about."""
    performance = performed(compiled, place)

    [created] = [e for e in aep_emulator.journal.exchanges if e.operation == "createExportJob"]
    expected = aep_emulator.expected(created.request.json())
    assert len(expected) > 8
    assert identified(performance.rows) == identified(expected)
    if performance.files:
        assert list(performance.rows or ()) == expected
        assert all(name.endswith(".parquet") for name in performance.files)


@pytest.mark.aep_emulator(
    faults=[
        Fault("createDataset", Answer(429, (("Retry-After", "1"),))),
        Fault("getExportJob", ExpireToken()),
        Fault("getFile", Truncate(), skip=1),
    ]
)
def test_a_sample_exports_in_spite_of_trouble(compiled: list[str], place: Surroundings, aep_emulator: Tenant):
    """Too many requests, a token that expires and a download that is cut cost time, and nothing else."""
    performance = performed(compiled, place)

    operations = [exchange.operation for exchange in aep_emulator.journal.exchanges]
    assert operations.count("createDataset") == 2
    assert operations.count("requestToken") == 2
    assert operations.count("createExportJob") == 1
    assert len(performance.rows or ()) >= 1


@pytest.mark.aep_emulator(page_limit=2)
def test_a_sample_lists_and_cancels_jobs(
    compiled: list[str], place: Surroundings, aep_client: AepClient, aep_dataset: Dataset
):
    """Jobs over several pages are listed in their order, and a job of its own can be cancelled."""
    others = [aep_client.create_export_job(aep_dataset.id) for _ in range(3)]
    performed(compiled, place, "cancel")

    mine, *rest = performed(compiled, place, "list").jobs or ()

    assert rest == [str(job.id) for job in reversed(others)]
    assert aep_client.get_export_job(mine).status is JobStatus.CANCELLED


def test_a_sample_breaks_no_rule_where_it_is_not_easy(compiled: list[str]):
    """In scenarios that most clients stumble over, no requirement for clients is broken."""
    judged = try_subject(HarnessSubject(compiled), [SCENARIOS[name] for name in TELLING], lanes=2, deadline=60)

    assert len(judged.trials) == len(TELLING)
    assert [
        (requirement, outcome.test, outcome.found)
        for requirement, outcomes in judged.outcomes.items()
        for outcome in outcomes
        if outcome.result in {Result.UNMET, Result.BROKEN}
    ] == []
