"""Profile data in a folder: written in partitions that appear when they are whole, and read as it was made."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.profiles import ProfileData, generate, generation, write_parquet
from pytest_aep_export.profiles.schema import EVENTS, FRAGMENTS
from pytest_aep_export.profiles.stored import Stored


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Partitions of 40 profiles, made 4 at a time."""
    monkeypatch.setattr(generation, "PARTITION_ROWS", 200)
    monkeypatch.setattr(generation, "_BATCH_ROWS", 20)


@pytest.mark.parametrize("options", [{}, {"seed": 3, "locale": "ja_JP", "events_per_profile": 0, "fragments": 2.5}])
@pytest.mark.usefixtures("small")
def test_written_data_reads_back_as_it_was_made(options: dict[str, Any], tmp_path: Path):
    """The files hold what `generate` makes, types included, snappy-compressed; and so does what is read from them."""
    made = generate(100, **options)
    written = write_parquet(tmp_path / "data", 100, **options)
    back = ProfileData.read(tmp_path / "data")

    assert len(back.partitions) == len(made.partitions) > 1
    for data in (written, back):
        assert data.fragments.equals(made.fragments)
        assert data.events.equals(made.events)
    files = [pq.read_metadata(path) for path in (tmp_path / "data").glob("*.parquet")]
    groups = [file.row_group(number) for file in files for number in range(file.num_row_groups)]
    assert {group.column(number).compression for group in groups for number in range(group.num_columns)} == {"SNAPPY"}


def test_no_profiles_are_two_empty_files(tmp_path: Path):
    """Zero is a number like any other."""
    empty = write_parquet(tmp_path, 0)

    assert (empty.fragments.num_rows, empty.events.num_rows) == (0, 0)
    assert (empty.fragments.schema, empty.events.schema) == (FRAGMENTS, EVENTS)


def test_only_the_columns_asked_for_are_read(tmp_path: Path):
    """A stored partition gives the columns that are named; another process can read it too."""
    (partition,) = write_parquet(tmp_path, 10).partitions
    tables = pickle.loads(pickle.dumps(partition)).read({"personID"}, {"timestamp", "_id"})

    assert tables.fragments.column_names == ["personID"]
    assert tables.events.column_names == ["_id", "timestamp"]


@pytest.mark.usefixtures("small")
def test_progress_grows_to_the_number_of_profiles(tmp_path: Path):
    """The callback hears of each partition, whichever is ready first; of those that were there already as well."""
    seen: list[int] = []
    write_parquet(tmp_path, 100, progress=seen.append)
    again: list[int] = []
    write_parquet(tmp_path, 100, progress=again.append)

    for told in (seen, again):
        assert told[-1] == 100
        assert {after - before for before, after in zip([0, *told], told, strict=False)} <= {20, 40}


class _StopError(Exception):
    """What an interruption is in these tests."""


def _stop(_: int) -> None:
    raise _StopError


@pytest.mark.usefixtures("small")
def test_an_interrupted_call_goes_on_where_it_was(tmp_path: Path):
    """What is whole stays as it is, the rest is made by the same call again; until then the data is refused."""
    with pytest.raises(_StopError):
        write_parquet(tmp_path, 1000, progress=_stop)
    there = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.parquet")}

    assert 2 <= len(there) < 50
    with pytest.raises(ConfigurationError, match=rf"holds {len(there) // 2} of 25 partitions: run what writes them"):
        ProfileData.read(tmp_path)
    whole = write_parquet(tmp_path, 1000)
    assert whole.fragments.equals(generate(1000).fragments)
    assert whole.events.equals(generate(1000).events)
    assert {path: path.stat().st_mtime_ns for path in there} == there


@pytest.mark.usefixtures("small")
def test_a_damaged_file_is_written_again(tmp_path: Path):
    """A file that is no Parquet any more is refused by who reads the folder, and made anew by who writes it."""
    data = write_parquet(tmp_path, 20)
    (tmp_path / "fragments-00000.parquet").write_bytes(b"")
    with pytest.raises(ConfigurationError, match="holds 0 of 1 partitions: run what writes them again"):
        ProfileData.read(tmp_path)

    assert write_parquet(tmp_path, 20).fragments.equals(data.fragments)


def test_a_failure_leaves_no_part_of_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """When making or writing fails, no file is there that is not whole, under whatever name."""

    def fail(*_: object) -> None:
        raise _StopError

    monkeypatch.setattr(pq.ParquetWriter, "write_batch", fail)
    with pytest.raises(_StopError):
        write_parquet(tmp_path, 100)

    assert [path.name for path in tmp_path.iterdir()] == ["profiles.json"]


def test_what_a_killed_process_left_is_cleared_away(tmp_path: Path):
    """A file that nobody completes disappears when its partition is written after all."""
    leftover = tmp_path / "fragments-00000.parquet.0badcafe.partial"
    leftover.write_bytes(b"half of a fi")
    write_parquet(tmp_path, 5)

    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "events-00000.parquet",
        "fragments-00000.parquet",
        "profiles.json",
    ]


def test_two_may_write_the_same(tmp_path: Path):
    """Whoever comes second, and finds its own work cleared away by the first, has nothing left to do."""
    place = Stored(tmp_path, 0)
    batch = pa.RecordBatch.from_pydict({"x": [1]})
    with place.writers(batch.schema, batch.schema) as slow:
        with place.writers(batch.schema, batch.schema) as fast:
            for writer in (*fast, *slow):
                writer.write_batch(batch)
        assert place.complete

    assert place.read().fragments.equals(pa.Table.from_batches([batch]))
    assert not list(tmp_path.glob("*.partial"))


def test_a_file_that_vanishes_is_an_error(tmp_path: Path):
    """If somebody removes the file that is being written, and there is no other, the call fails."""
    place = Stored(tmp_path, 0)
    schema = pa.schema({"x": pa.int64()})
    with pytest.raises(FileNotFoundError), place.writers(schema, schema):
        _clear(tmp_path)


def _clear(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


@pytest.mark.parametrize("options", [{"profiles": 6}, {"seed": 1}, {"fragments": 3}, {"locale": "de_DE"}])
def test_a_folder_of_other_data_is_refused(options: dict[str, Any], tmp_path: Path):
    """Data of another recipe is not mixed into a folder, and nothing in it changes."""
    write_parquet(tmp_path, 5)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(ConfigurationError, match="holds other profile data: choose another folder, or remove it"):
        write_parquet(tmp_path, **{"profiles": 5, **options})

    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("note", "sentence"),
    [
        (None, "holds no profile data: expected what `aep-export profiles generate` writes"),
        ("{", "cannot be read"),
        ("[]", "cannot be read"),
        ("{}", "cannot be read"),
        (json.dumps({"format": 99}), "is of another version of this package"),
    ],
)
def test_what_is_no_folder_of_data_is_refused(note: str | None, sentence: str, tmp_path: Path):
    """A folder without a note, or with one that says nothing, is refused in a sentence that tells what to do."""
    if note is not None:
        (tmp_path / "profiles.json").write_text(note)
    with pytest.raises(ConfigurationError, match=sentence):
        ProfileData.read(tmp_path)
