"""The plugin's option that says where exports are computed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Run = Callable[..., pytest.RunResult]

EXPORT = """
from pytest_aep_export.profiles import ProfileData, generate

def test_export(aep_client, aep_emulator, aep_dataset):
    data = generate(300)
    data = ProfileData.of(data.fragments, data.events, rows=250)
    aep_emulator.load(data)
    job = aep_client.wait_for_export_job(aep_client.create_export_job(dataset_id=aep_dataset.id))
    assert len(data.partitions) > 3
    assert len(list(aep_client.list_files(job.batch_ids[0]))) == len(data.partitions)
    assert aep_client.read_table(job).num_rows == job.raw["metrics"]["totalExportedProfileCounter"]
"""


def steps(cluster: str) -> int:
    """How many steps the scheduler has taken tasks along."""
    from distributed import Client  # noqa: PLC0415 - slow to import

    with Client(cluster.replace("dask://", "tcp://"), set_as_default=False) as client:
        taken: int = client.run_on_scheduler(lambda dask_scheduler: dask_scheduler.transition_counter)
        return taken


def test_an_executor_that_is_none_is_named_with_what_would_be_one(run: Run):
    """The first test that needs the emulator says so in one sentence."""
    result = run("def test_one(aep_server): pass", "--aep-executor=somewhere")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*'somewhere' is no executor: use dask://HOST:PORT*"])


def test_exports_are_computed_on_the_cluster_that_the_option_names(cluster: str, run: Run):
    """Tests say nothing of it and read what the workers of a real cluster wrote."""
    before = steps(cluster)
    run(EXPORT, f"--aep-executor={cluster}").assert_outcomes(passed=1)
    assert steps(cluster) > before
