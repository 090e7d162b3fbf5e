"""Previews: the first rows of a dataset as plain JSON, from its newest batch, without reading the rest."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.measure import run_python
from pytest_aep_export.exporter.json_rows import first_rows
from pytest_aep_export.lifecycle import Progression

PREVIEW = "/data/foundation/export/datasets/{}/preview"
SEGMENTS = ["52c26d0d-45f2-47a2-ab30-ed06abc981ff", "7a93d2ff-a220-4bae-9a4e-5f3c35032be3"]
EVENTS = {"eventList": {"fields": "_id,timestamp", "filter": {"fromIngestTimestamp": "2018-10-25T13:22:04-07:00"}}}


def _preview(api, dataset: str = "") -> list[dict]:
    """The rows of the preview; it has no other members."""
    [(member, rows)] = api.ask("GET", PREVIEW.format(dataset or api.dataset())).items()
    assert member == "data"
    return rows


def _flat(row: dict, columns: list[str]) -> dict:
    """The columns of a row of a file, each under its path; only ``identityMap`` is a map."""
    shown = {}
    for column in columns:
        value = row
        for name in column.split("."):
            value = value and value[name]
        shown[column] = dict(value) if column == "identityMap" else value
    return shown


def _folder(api, server) -> Path:
    """Where the files of the tenant lie."""
    return server.emulator.state.folder / api.tenant._sandbox.key


@pytest.mark.parametrize("files", ["single", "directory"])
@pytest.mark.parametrize("part_rows", [1, 40, 100, 1000])
def test_the_preview_is_the_first_hundred_rows_of_the_export(make_api, files, part_rows):
    """However rows lie in parts and files, the first hundred of those that can be downloaded are shown, in order."""
    api = make_api(part_rows=part_rows, files=files)
    columns = ["person.name.firstName", "personalEmail.address", "identityMap"]
    job = api.finish(api.create(fields=",".join(columns))["id"])
    links = [file["_links"]["self"]["href"] for file in api.files(job["destination"]["batchId"])]
    parts = (pq.read_table(io.BytesIO(api.send("GET", link).response.body)) for link in links)
    expected = [_flat(row, columns) for row in pa.concat_tables(parts).to_pylist()]
    assert len(expected) > 100
    assert _preview(api) == expected[:100]


def test_times_are_written_in_rfc_3339(api):
    """Times, inside events as well, are UTC to the millisecond; no row holds anything that is not JSON."""
    api.finish(api.create(fields="identityMap", additionalFields=EVENTS)["id"])
    times = [event["timestamp"] for row in _preview(api) for event in row["timeSeriesEvents"] or ()]
    assert times
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", time) for time in times)


def test_an_export_of_fewer_rows_is_shown_whole(make_api):
    """Where the batch has less than a hundred rows, the preview has as many."""
    api = make_api(part_rows=3)
    job = api.finish(api.create(filter={"segments": [{"segmentId": SEGMENTS[1], "status": ["exited"]}]})["id"])
    assert 3 < job["metrics"]["totalExportedProfileCounter"] < 100
    assert len(_preview(api)) == job["metrics"]["totalExportedProfileCounter"]


def test_a_dataset_without_a_batch_has_no_rows(api):
    """Before its first export has succeeded, and of a dataset that fragments came from, nothing is shown."""
    assert _preview(api) == []
    [source, *_] = (key for key in api.ask("GET", "/data/foundation/catalog/dataSets") if key != api.dataset())
    assert _preview(api, source) == []
    job = api.create()
    api.look(job["id"])
    assert _preview(api) == []
    api.finish(job["id"])
    assert len(_preview(api)) == 100


def test_the_newest_batch_is_shown(api):
    """A later export to the same dataset is what a preview then shows; one that fails changes nothing."""
    for fields in ("personID", "personalEmail.address"):
        api.finish(api.create(fields=fields)["id"])
        assert set(_preview(api)[0]) == {fields}
    api.tenant.behaviour = type(api.tenant.behaviour)(progression=Progression(fail="PROCESSING"))
    assert api.finish(api.create(fields="personID")["id"])["status"] == "FAILED"
    assert set(_preview(api)[0]) == {"personalEmail.address"}


def test_time_alone_makes_rows_appear(make_api):
    """Whoever previews the dataset of a job whose time has come finds its rows without looking at the job."""
    api = make_api(progression=Progression("elapsed", queue=60_000, work=1))
    api.create(fields="personID")
    assert _preview(api) == []
    api.tenant.clock.advance(hours=1)
    assert len(_preview(api)) == 100


def test_an_unknown_dataset_is_a_404(exported_elsewhere, api):
    """Neither an id that nobody has nor another tenant's dataset is shown (data-access, table of calls)."""
    for dataset in ("0" * 24, exported_elsewhere):
        body = api.ask("GET", PREVIEW.format(dataset), 404)
        assert body["detail"] == f"Dataset {dataset} is not found."


@pytest.fixture
def exported_elsewhere(make_api) -> str:
    """A dataset of another organisation, with rows."""
    other = make_api()
    other.finish(other.create()["id"])
    return other.dataset()


@pytest.mark.parametrize("damage", [None, b"", b"PAR1 and no more PAR1"], ids=["gone", "empty", "corrupt"])
def test_a_part_that_cannot_be_read_is_named(api, aep_server, damage):
    """Somebody touched the folder: the answer is a 500 in the service's own form that names the part, and no path."""
    batch = api.finish(api.create()["id"])["destination"]["batchId"]
    [part] = (_folder(api, aep_server) / batch).iterdir()
    part.unlink()
    if damage is not None:
        part.write_bytes(damage)
    body = api.ask("GET", PREVIEW.format(api.dataset()), 500)
    assert body["status"] == 500
    assert body["detail"].startswith(f"Dataset {api.dataset()} cannot be previewed: {part.name} cannot be read as JSON")
    assert str(part.parent) not in body["detail"]


# The rows themselves --------------------------------------------------------------------------------------------------


def _written(folder: Path, table: pa.Table, **options: Any) -> Path:
    path = folder / "part.parquet"
    pq.write_table(table, path, store_schema=False, **options)
    return path


def test_every_kind_of_value_has_its_form(tmp_path):
    """Structs become dotted columns, maps objects, lists arrays; times and days are texts, and nothing is null."""
    moment = datetime(2024, 2, 29, 23, 59, 59, 123000, tzinfo=UTC)
    inner = pa.struct([("c", pa.int64()), ("at", pa.timestamp("ms", tz="UTC"))])
    schema = pa.schema(
        [
            ("a", pa.struct([("b", inner), ("tags", pa.list_(inner))])),
            ("m", pa.map_(pa.string(), pa.list_(pa.map_(pa.string(), inner)))),
            ("day", pa.date32()),
            ("text", pa.string()),
            ("flag", pa.bool_()),
        ]
    )
    value = {"c": 1, "at": moment}
    rows = [
        {
            "a": {"b": value, "tags": [value, None]},
            "m": [("x", [[("y", value)], []])],
            "day": moment.date(),
            "text": "Zoë",
            "flag": True,
        },
        {},
    ]
    shown = {"c": 1, "at": "2024-02-29T23:59:59.123Z"}
    assert first_rows([_written(tmp_path, pa.Table.from_pylist(rows, schema))], 10) == [
        {
            "a.b.c": 1,
            "a.b.at": shown["at"],
            "a.tags": [shown, None],
            "m": {"x": [{"y": shown}, {}]},
            "day": "2024-02-29",
            "text": "Zoë",
            "flag": True,
        },
        dict.fromkeys(("a.b.c", "a.b.at", "a.tags", "m", "day", "text", "flag")),
    ]


@pytest.mark.parametrize("year", ["0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"])
def test_the_farthest_times_are_written(tmp_path, year):
    """The first and the last instant that RFC 3339 can write, and that the emulator can read, are written in full."""
    at = pa.array([datetime.fromisoformat(year)], pa.timestamp("ms", tz="UTC"))
    assert first_rows([_written(tmp_path, pa.table({"at": at}))], 1) == [{"at": year}]


def test_a_time_beyond_rfc_3339_is_refused(tmp_path):
    """A year of five digits has no form there: the part is named, rather than a wrong time shown."""
    at = pa.array([253_402_300_800_000], pa.timestamp("ms", tz="UTC"))
    with pytest.raises(ValueError, match=r"part.parquet cannot be read as JSON \(OverflowError\)"):
        first_rows([_written(tmp_path, pa.table({"at": at}))], 1)


@pytest.mark.parametrize("group", [1, 7, 100, 1000])
def test_rows_are_counted_over_groups_and_parts(tmp_path, group):
    """Row groups of any size and parts of any number give the first rows, each once; an empty part gives none."""
    parts = []
    for number, size in enumerate((60, 0, 90)):
        table = pa.table({"n": pa.array([100 * number + row for row in range(size)], pa.int64())})
        parts.append(_written(tmp_path, table, row_group_size=group).rename(tmp_path / f"{number}.parquet"))
    shown = [row["n"] for row in first_rows(parts, 100)]
    assert shown == [*range(60), *range(200, 240)]
    assert first_rows(parts[:1], 100) == [{"n": number} for number in range(60)]
    assert first_rows([], 100) == []


def test_later_parts_are_not_opened(tmp_path):
    """Once there are enough rows nobody looks at the parts behind them."""
    first = _written(tmp_path, pa.table({"n": list(range(100))}))
    assert len(first_rows([first, tmp_path / "missing.parquet"], 100)) == 100
    with pytest.raises(ValueError, match=r"missing.parquet cannot be read as JSON \(FileNotFoundError\)"):
        first_rows([first, tmp_path / "missing.parquet"], 101)


MEASURED = """
import pathlib, sys
import pyarrow
from pytest_aep_export.exporter.json_rows import first_rows
rows = first_rows([pathlib.Path(sys.argv[1])], 100)
print(rows[-1]["text"], pyarrow.default_memory_pool().max_memory())
"""


def test_a_large_part_is_not_read_whole(tmp_path):
    """Of one row group with 64 MiB of text a hundred rows cost a small part of it."""
    text = pa.array([f"{number:064}" for number in range(1 << 20)])
    part = _written(tmp_path, pa.table({"text": text}), use_dictionary=False, compression="none")
    assert pq.read_metadata(part).num_row_groups == 1
    assert part.stat().st_size > 64 << 20
    last, peak = run_python(MEASURED, str(part)).split()
    assert last == f"{99:064}"
    assert int(peak) < 8 << 20
