"""The files of an export: format, names, parts, and nothing at all when it fails."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pytest_aep_export.errors import ExportError
from pytest_aep_export.exporter import ExportPlan, Part, output, run, running
from pytest_aep_export.exporter.plan import EventPlan
from pytest_aep_export.profiles import ProfileData, generate

EVERYTHING = ExportPlan(events=EventPlan())
NAME = re.compile(
    r"attempt-[0-7][0-9A-HJKMNP-TV-Z]{25}_part-(\d{5})-"
    r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}-c000\.snappy\.parquet"
)


@pytest.fixture(scope="module")
def data() -> ProfileData:
    """Some profiles."""
    return generate(40)


def test_names_follow_the_lakes_pattern_and_come_from_the_seed(data: ProfileData, tmp_path: Path):
    """Attempt, part number, id and codec; the same seed names the same parts, another one others."""
    names = [part.name for part in run(EVERYTHING, data, tmp_path / "a", part_rows=20, name_seed="x").parts]
    again = [part.name for part in run(EVERYTHING, data, tmp_path / "b", part_rows=20, name_seed="x").parts]
    other = [part.name for part in run(EVERYTHING, data, tmp_path / "c", part_rows=20, name_seed="y").parts]

    matches = [NAME.fullmatch(name) for name in names]
    assert [match and match[1] for match in matches] == [f"{number:05}" for number in range(len(names))]
    assert names == again
    assert set(names).isdisjoint(other)


def test_an_attempt_is_a_ulid():
    """Its 128 bits fit: the first letter is at most 7, whatever the seed."""
    for number in range(200):
        assert NAME.fullmatch(output.part_name(str(number), number))


def test_parts_hold_all_rows_in_order_and_say_their_size(data: ProfileData, tmp_path: Path):
    """Split or not, the rows are the same; counts and sizes are those of the files."""
    whole = run(EVERYTHING, data, tmp_path / "whole", name_seed="x")
    split = run(EVERYTHING, data, tmp_path / "split", part_rows=7, name_seed="x")
    tables = [pq.ParquetFile(tmp_path / "split" / part.name).read() for part in split.parts]

    assert [part.rows for part in split.parts] == [table.num_rows for table in tables]
    assert {part.rows for part in split.parts[:-1]} == {7}
    assert [part.bytes for part in split.parts] == [(tmp_path / "split" / p.name).stat().st_size for p in split.parts]
    assert pa.concat_tables(tables).equals(pq.ParquetFile(tmp_path / "whole" / whole.parts[0].name).read())
    assert split.profiles == whole.profiles == sum(part.rows for part in split.parts)
    assert sorted(path.name for path in (tmp_path / "split").iterdir()) == [part.name for part in split.parts]


def test_the_files_are_snappy_parquet_in_the_lakes_terms(data: ProfileData, tmp_path: Path):
    """Every column is snappy-compressed; times are UTC, maps are maps; no trace of the library that wrote them."""
    (part,) = run(EVERYTHING, data, tmp_path, name_seed="x").parts
    file = pq.ParquetFile(tmp_path / part.name)
    group = file.metadata.row_group(0)
    schema = file.schema_arrow

    assert {group.column(index).compression for index in range(group.num_columns)} == {"SNAPPY"}
    assert b"ARROW:schema" not in (file.metadata.metadata or {})
    assert schema.field("timeSeriesEvents").type.value_type.field("timestamp").type == pa.timestamp("ms", tz="UTC")
    assert pa.types.is_map(schema.field("identityMap").type)
    assert schema.names[:5] == ["_id", "personID", "identityMap", "identities", "person"]


def test_queries_that_work_on_the_lake_work_on_the_files(data: ProfileData, tmp_path: Path):
    """Another engine reads maps and nested times the way that the facts' own SQL does."""
    run(EVERYTHING, data, tmp_path, part_rows=20, name_seed="x")
    rows = [row for path in sorted(tmp_path.iterdir()) for row in pq.ParquetFile(path).read().to_pylist()]
    segment = "52c26d0d-45f2-47a2-ab30-ed06abc981ff"
    realized = [row for row in rows if _status(row, segment) == "realized"]
    query = (
        "SELECT count(*), count(identityMap['ECID'][1].id), sum(len(timeSeriesEvents)),"
        f" count(*) FILTER (segmentMembership['ups']['{segment}'].status = 'realized')"
        f" FROM read_parquet('{tmp_path}/*.parquet')"
    )

    assert duckdb.sql(query).fetchall() == [
        (
            len(rows),
            sum("ECID" in dict(row["identityMap"]) for row in rows),
            sum(len(row["timeSeriesEvents"] or ()) for row in rows),
            len(realized),
        )
    ]
    assert realized


def _status(row: dict[str, Any], segment: str) -> str | None:
    ours = dict(dict(row["segmentMembership"] or ()).get("ups", ()))
    return ours.get(segment, {}).get("status")


def test_an_empty_export_is_one_file_that_holds_the_schema(tmp_path: Path):
    """Readers find the columns although there is no row."""
    result = run(ExportPlan(fields=("personID",)), generate(0), tmp_path, name_seed="x")

    assert [part.rows for part in result.parts] == [0]
    assert pq.ParquetFile(tmp_path / result.parts[0].name).schema_arrow.names == ["personID"]
    assert (result.profiles, result.by_namespace) == (0, {})


def test_a_failed_write_leaves_nothing(data: ProfileData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A disk that fills up in the middle: the job's error has the documented code and no part stays."""
    written: list[Path] = []
    write = output._write

    def full(table: pa.Table, path: Path) -> Part:
        if len(written) == 2:
            path.write_bytes(b"half a")
            raise OSError(28, "No space left on device")
        written.append(path)
        return write(table, path)

    monkeypatch.setattr(output, "_write", full)

    with pytest.raises(ExportError, match=r"writing profiles to .* failed: .*No space left") as caught:
        run(EVERYTHING, data, tmp_path / "batch", part_rows=5, name_seed="x")

    assert caught.value.code == "0090000009"
    assert len(written) == 2
    assert list((tmp_path / "batch").iterdir()) == []


def test_an_interruption_leaves_nothing(data: ProfileData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Whatever ends the writing, no part stays; it is not hidden behind another error."""

    def interrupted(_: pa.Table, path: Path) -> Part:
        path.write_bytes(b"half a")
        raise KeyboardInterrupt

    monkeypatch.setattr(output, "_write", interrupted)

    with pytest.raises(KeyboardInterrupt):
        run(EVERYTHING, data, tmp_path, name_seed="x")

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_an_export_error(data: ProfileData, tmp_path: Path):
    """A file in the way of the folder fails the job with a sentence that names it."""
    (tmp_path / "batch").write_text("a file")

    with pytest.raises(ExportError, match=f"writing profiles to {tmp_path / 'batch'} failed"):
        run(EVERYTHING, data, tmp_path / "batch", name_seed="x")


def test_an_error_of_the_engine_is_an_export_error(data: ProfileData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What the engine cannot compute fails the job with the documented code and writes nothing."""

    def broken(*_: object) -> None:
        raise pa.ArrowInvalid("offset overflow")

    monkeypatch.setattr(running, "compute", broken)

    with pytest.raises(ExportError, match="the export could not be computed: offset overflow") as caught:
        run(EVERYTHING, data, tmp_path / "batch", name_seed="x")

    assert caught.value.code == "0100000003"
    assert list((tmp_path / "batch").iterdir()) == []
