"""A run that uses nothing of ours pays nothing for us; and workers of xdist do not meet."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HEAVY = {
    "asyncio", "duckdb", "faker", "httpx", "hypothesis", "jsonschema", "jsonschema_rs", "jwt", "numpy", "pyarrow",
    "rich", "starlette", "uvicorn", "vcr", "yaml",
}  # fmt: skip
PROBE = """
import json, pathlib, sys
def pytest_unconfigure(config):
    pathlib.Path(NAME).write_text(json.dumps(sorted(sys.modules)))
"""


def _modules(folder: Path, name: str, *arguments: str) -> set[str]:
    """The modules that a run of one plain test has loaded when it ends."""
    (folder / "conftest.py").write_text(PROBE.replace("NAME", repr(name)))
    (folder / "test_plain.py").write_text("def test_plain():\n    assert True\n")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("AEP_", "COV", "PYTEST"))}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert "1 passed" in ran.stdout, ran
    return set(json.loads((folder / name).read_text()))


def test_a_run_that_does_not_use_us_loads_nothing_heavy(tmp_path):
    """At most ten modules more than without the plugin, and none of those that cost time (issue 2, "Must reach")."""
    without = _modules(tmp_path, "without.json")
    extra = _modules(tmp_path, "with.json", "-p", "pytest_aep_export.plugin") - without
    assert "pytest_aep_export.plugin" in extra
    assert len(extra) <= 10, sorted(extra)
    assert not {name.partition(".")[0] for name in extra} & HEAVY
    assert all(name.startswith("pytest_aep_export") for name in extra), sorted(extra)


@pytest.fixture
def run_with_workers(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Callable[..., pytest.RunResult]:
    """Runs what lies in the folder on two workers, with no other plugins than xdist and ours."""
    for name in [name for name in os.environ if name.startswith("AEP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    plugins = ("-p", "xdist", "-p", "pytest_aep_export.plugin")
    return lambda *arguments: pytester.runpytest_subprocess(*plugins, "-n", "2", *arguments, timeout=60)


def test_workers_have_emulators_of_their_own(pytester: pytest.Pytester, run_with_workers):
    """With xdist each worker serves itself: tests in parallel pass, and each finds its tenant as it left it."""
    pytester.makepyfile(
        """
        import pathlib, pytest
        @pytest.mark.parametrize("number", range(6))
        def test_export(number, aep_client, aep_dataset, aep_server, worker_id):
            pathlib.Path(f"url-{worker_id}").write_text(aep_server.url)
            for _ in range(number):
                aep_client.create_export_job(dataset_id=aep_dataset.id)
            assert len(list(aep_client.list_export_jobs())) == number
        """
    )
    result = run_with_workers()
    result.assert_outcomes(passed=6)
    urls = [path.read_text() for path in pytester.path.glob("url-gw*")]
    assert len(set(urls)) == len(urls) == 2


def test_a_usage_error_reaches_the_user_with_workers(pytester: pytest.Pytester, run_with_workers):
    """A wrong setting ends the run before any worker starts."""
    pytester.makepyfile("def test_it(): pass")
    result = run_with_workers("--aep-seed", "x")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "aep_seed: 'x' from option --aep-seed cannot be used" in result.stderr.str()


def test_a_marker_that_is_written_wrong_fails_its_test_with_workers(pytester: pytest.Pytester, run_with_workers):
    """A worker cannot refuse the run without breaking down: that one test fails with the sentence, and others run."""
    pytester.makepyfile(
        """
        import pytest
        @pytest.mark.aep_emulator(dialec="openapi")
        def test_wrong(aep_emulator): pass
        def test_right(): pass
        """
    )
    result = run_with_workers()
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["*test_wrong: marker aep_emulator does not know dialec: the keywords that it takes are*"]
    )
