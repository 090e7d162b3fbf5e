"""``pytest conformance/fuzz``: cases from a seed, and findings that were kept, against whatever target there is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_aep_export import Behaviour, Emulator, EmulatorServer
from pytest_aep_export.contract import load
from pytest_aep_export.credentials import environment_for
from pytest_aep_export.fuzz.cases import ABSENT, Case, Edit, Mistake, Owed, Step
from pytest_aep_export.fuzz.findings import Finding, write_finding
from pytest_aep_export.report.fuzzing import requirement_of
from pytest_aep_export.suite.registry import Level, conformance_path
from pytest_aep_export.suite.registry import load as load_registry

Run = Callable[..., subprocess.CompletedProcess[str]]

OWED = Owed((401, 403), "EXP-AUTH-004")
NO_TOKEN = Case(
    "no token",
    (Step("listExportJobs", mistakes=(Mistake("no token", (Edit("/header/authorization", ABSENT),), OWED),)),),
)


@pytest.fixture(scope="module")
def server() -> Iterator[EmulatorServer]:
    """An emulator at a URL."""
    with Emulator(profiles=2) as emulator, EmulatorServer(emulator) as one:
        yield one


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs the tests of the folder in a process of their own."""

    def make(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pytest", str(conformance_path() / "fuzz"), "--disable-plugin-autoload"]
        kept = {name: text for name, text in os.environ.items() if not name.startswith(("AEP_", "PYTEST"))}
        return subprocess.run(
            [*command, "-paep_export", "-q", "-o", f"cache_dir={tmp_path}/cache", *arguments], cwd=tmp_path,
            env=kept | environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    return make


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A folder with one finding of one's own."""
    finding = Finding(
        "owed", "listExportJobs", "MUST", "EXP-AUTH-004", "owed listExportJobs no token", "401", "200", NO_TOKEN
    )
    return write_finding(finding, tmp_path / "found")


def test_the_emulator_passes(run: Run, kept: Path):
    """Cases find nothing, and what was found elsewhere is not to be seen."""
    done = run("--aep-fuzz-cases", "10", "--aep-fuzz-seed", "3", "--aep-fuzz-findings", str(kept.parent))
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


def test_a_server_that_is_wrong_fails(run: Run, kept: Path, server: EmulatorServer):
    """The finding is told with its command, and so is one that is still to be seen."""
    tenant = server.emulator.create_tenant(behaviour=Behaviour(persona="accepts-missing-token"))
    done = run(
        "--aep-fuzz-cases", "20", "--aep-fuzz-seed", "3", "--aep-fuzz-findings", str(kept.parent),
        **environment_for(tenant.credentials, server.url),
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert "2 failed" in done.stdout
    assert 'curl -i -X GET "$AEP_TARGET/data/core/ups/export/jobs' in done.stdout
    assert f"again: aep-export fuzz --replay {kept}" in done.stdout


def test_a_recording_is_not_fuzzed(run: Run):
    """It answers only what was asked before."""
    done = run(AEP_TARGET="cassette")
    assert done.returncode in {0, 3}
    assert "failed" not in done.stdout


def test_a_folder_without_findings(run: Run, tmp_path: Path):
    """Nothing to try again is a mistake of the caller's."""
    done = run("--aep-fuzz-findings", str(tmp_path))
    assert done.returncode != 0
    assert "holds no finding: name a folder" in done.stdout + done.stderr


def test_production_is_refused(run: Run, server: EmulatorServer):
    """With --aep-live the sandbox has to be for development, whatever else is allowed."""
    tenant = server.emulator.create_tenant()
    environment = environment_for(tenant.credentials, server.url)
    done = run("--aep-live", "--aep-allow-production", **environment)
    assert done.returncode == 1
    assert "the sandbox 'prod' is for production, where nothing is ever fuzzed" in done.stdout
    assert {each.operation for each in tenant.journal if each.request.method != "GET"} <= {"requestToken"}


@pytest.mark.parametrize("operation", sorted(load().operations))
def test_what_breaks_the_contract_breaks_a_must(operation: str):
    """A finding that names no requirement stands in the record under a MUST, or the record would call the run clean."""
    finding = Finding("conforms", operation, "MUST", "D-38", "cause", "this", "that", NO_TOKEN)
    registry = load_registry()
    assert registry[requirement_of(finding, registry)].level is Level.MUST


def test_less_than_a_must_stays_in_the_findings():
    """What no requirement speaks of makes none of them fail that says more."""
    registry = load_registry()
    finding = Finding("conforms", "getExportJob", "SHOULD", "D-38", "cause", "this", "that", NO_TOKEN)
    assert requirement_of(finding, registry) == ""
    assert json.dumps(finding.to_json())
