"""Our own client against the emulator, where that can hand out an export in more than one form."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pytest_aep_export import AepClient, Tenant


@pytest.mark.parametrize("form", ["single", "directory"])
@pytest.mark.parametrize("part_rows", [1, 40])
def test_a_batch_in_any_form_is_read_whole(request: pytest.FixtureRequest, tmp_path: Path, form: str, part_rows: int):
    """Files with a part each, or one that is a directory, on as many pages as it takes: the same parts and rows."""
    request.applymarker(pytest.mark.aep_emulator(files=form, part_rows=part_rows))
    client: AepClient = request.getfixturevalue("aep_client")
    tenant: Tenant = request.getfixturevalue("aep_emulator")
    dataset = client.create_dataset("Profiles")
    job = client.wait_for_export_job(client.create_export_job(dataset.id, fields=["personID"]))
    exported = job.raw["metrics"]["totalExportedProfileCounter"]

    files = list(client.list_files(job.batch_ids[0]))
    paths = [client.download(file, tmp_path) for file in files]

    assert len(files) == len({file.name for file in files}) == -(-exported // part_rows)
    assert len({file.file_id for file in files}) == (1 if form == "directory" else len(files))
    assert [path.stat().st_size for path in paths] == [file.length for file in files]
    assert sum(pq.read_metadata(path).num_rows for path in paths) == exported
    table = client.read_table(job)
    assert table.num_rows == exported > 100
    assert client.preview_dataset(dataset.id) == table.slice(0, 100).to_pylist()
    assert tenant.behaviour.files == form
