"""Where own rows come from: files of each kind, Arrow, anything that can be iterated; and what cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pytest_aep_export.contract.union import load_union
from pytest_aep_export.errors import ConfigurationError, InvalidRowsError
from pytest_aep_export.profiles import generate, load_profiles, write_parquet

ROWS = [
    {"_id": "1", "identityMap": {"Email": [{"id": "jane@example.com"}]}, "person": {"birthDate": "1990-01-03"}},
    {"_id": "2", "identityMap": {"Email": [{"id": "zoë@example.com"}]}},
    {"_id": "3", "identityMap": {"Email": [{"id": "jane@example.com"}]}, "timestamp": "2024-02-06T12:00:00Z"},
]
BROKEN = {"_id": 4, "identityMap": {"Email": [{"id": "jane@example.com"}]}}


def written(path: Path, *rows: Any) -> Path:
    """The rows as a file of the kind that its name says."""
    if path.suffix == ".json":
        path.write_bytes(orjson.dumps(rows))
    else:
        path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.ndjson", "rows.json", "ROWS.JSON"])
@pytest.mark.parametrize("kind", [str, Path])
def test_rows_are_read_from_json(tmp_path: Path, name: str, kind: type):
    """Lines or an array, by a path or the text of one, are what their records are in Python."""
    path = tmp_path / name
    path.write_bytes(written(tmp_path / f"source{Path(name.lower()).suffix}", *ROWS).read_bytes())
    data, same = load_profiles(kind(path)), load_profiles(ROWS)

    assert data.fragments.equals(same.fragments)
    assert data.events.equals(same.events)
    assert data.fragments["_id"].to_pylist() == ["1", "2"]


def test_empty_lines_are_passed_over_and_counted(tmp_path: Path):
    """They are no records, but an error is where an editor shows it."""
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"\n" + orjson.dumps(ROWS[0]) + b"\r\n  \n" + orjson.dumps(BROKEN))
    with pytest.raises(InvalidRowsError) as caught:
        load_profiles(path)

    [error] = caught.value.errors
    assert error.place == f"{path}:4"
    assert str(error) == f"{path}:4 /_id: expected a text, found 4"


def test_a_line_that_is_no_json_is_an_error_among_others(tmp_path: Path):
    """The lines after it are checked all the same."""
    path = written(tmp_path / "rows.jsonl", ROWS[0])
    path.write_bytes(path.read_bytes() + b'{"_id": \n' + orjson.dumps(BROKEN) + b"\n[]\n")
    with pytest.raises(InvalidRowsError) as caught:
        load_profiles(path)

    first, second, third = caught.value.errors
    assert (first.place, first.pointer, first.expected) == (f"{path}:2", "", "an object")
    assert first.found.startswith("what is no JSON (")
    assert (second.place, second.pointer) == (f"{path}:3", "/_id")
    assert (third.place, third.found) == (f"{path}:4", "[]")


def test_a_row_of_an_array_is_known_by_its_number(tmp_path: Path):
    """Counted from zero, as in Python."""
    path = written(tmp_path / "rows.json", ROWS[0], BROKEN)
    with pytest.raises(InvalidRowsError) as caught:
        load_profiles(path)
    assert [error.place for error in caught.value.errors] == [f"{path}[1]"]


def test_rows_are_read_from_parquet(tmp_path: Path):
    """Generated data that was written comes back as it was; a file with a timestamp is one of events."""
    data = generate(50, seed=3)
    pq.write_table(data.fragments, tmp_path / "fragments.parquet")
    pq.write_table(data.events, tmp_path / "events.parquet")
    again = load_profiles(tmp_path / "fragments.parquet", tmp_path / "events.parquet")

    assert again.fragments.equals(data.fragments)
    assert again.events.equals(data.events)
    assert load_profiles(tmp_path / "events.parquet").events.equals(data.events)


def test_a_row_of_parquet_is_known_by_its_number(tmp_path: Path):
    """Counted from zero, over all row groups."""
    rows = [{"identityNamespace": "Email", "identityId": str(n), "person": {"gender": n}} for n in range(3)]
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=2)
    with pytest.raises(InvalidRowsError) as caught:
        load_profiles(path)

    assert [str(error) for error in caught.value.errors] == [
        f"{path}[{n}] /person/gender: expected a text, found {n}" for n in range(3)
    ]


def test_a_folder_is_generated_data(tmp_path: Path):
    """What `write_parquet` wrote is taken as it is, and nothing can be added to it."""
    data = write_parquet(tmp_path, 20, seed=5)

    assert load_profiles(tmp_path).partitions == data.partitions
    for options in ({"events": []}, {"union": load_union()}):
        with pytest.raises(ConfigurationError, match="is a folder of generated data, to which neither events nor a"):
            load_profiles(tmp_path, **options)
    with pytest.raises(ConfigurationError, match="holds no profile data"):
        load_profiles(tmp_path.parent)


@pytest.mark.parametrize("kind", ["table", "batch", "reader"])
def test_rows_are_taken_from_whatever_arrow_has(kind: str):
    """A table, a batch and a stream of batches are the same rows."""
    table = generate(20, seed=4).events
    whole = table.combine_chunks()
    source: Any = {"table": whole, "batch": whole.to_batches()[0], "reader": whole.to_reader(7)}[kind]

    assert load_profiles(source).events.equals(table)


def test_rows_are_taken_from_anything_that_exports_an_arrow_stream():
    """Data frames of other libraries do, by the protocol."""

    class Frame:
        """Somebody's data frame."""

        def __arrow_c_stream__(self, requested: object = None) -> object:
            return generate(3).fragments.__arrow_c_stream__(requested)

    assert load_profiles(Frame()).fragments.equals(generate(3).fragments)  # type: ignore[arg-type]


def test_rows_are_taken_from_an_iterator():
    """Records may be made one by one."""

    def records() -> Iterator[dict[str, Any]]:
        yield from ROWS

    assert load_profiles(records()).fragments.num_rows == 2


@pytest.mark.parametrize("source", [5, None, ROWS[0], b"rows.jsonl"])
def test_what_holds_no_rows_is_refused(source: Any):
    """A number, one record alone or bytes are no source, and the sentence says what is."""
    with pytest.raises(ConfigurationError, match="expected a list of records, an Arrow table or a file's path"):
        load_profiles(source)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("rows.csv", b"", "cannot be loaded: expected a file named .jsonl, .ndjson, .json, .parquet"),
        ("rows.json", b"{", "cannot be read: unexpected end of data"),
        ("rows.json", b'{"_id": "1"}', r"cannot be read: expected an array of records, found {'_id': '1'}"),
        ("rows.parquet", b"PAR1", "cannot be read: "),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, content: bytes, reason: str):
    """With what is wrong with it."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigurationError, match=f"{name}.*{reason}"):
        load_profiles(tmp_path / name)


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.json", "rows.parquet"])
def test_a_file_that_is_not_there_is_named(tmp_path: Path, name: str):
    """Also where events are read from."""
    for options in ({"source": tmp_path / name}, {"source": [], "events": tmp_path / name}):
        with pytest.raises(ConfigurationError, match=f"{name} cannot be read: .*No such file"):
            load_profiles(**options)


def test_text_that_is_no_path_is_refused():
    """Whoever hands over JSON itself is told what was expected, in one line."""
    with pytest.raises(ConfigurationError, match="cannot be loaded: expected a file named") as caught:
        load_profiles(orjson.dumps(ROWS * 100).decode())
    assert len(str(caught.value)) < 300


def test_a_table_with_two_columns_of_one_name_is_refused():
    """Nobody can say which of them is meant."""
    table = pa.Table.from_arrays([pa.array(["a"])] * 3, ["_id", "identityId", "_id"])
    with pytest.raises(ConfigurationError, match="rows has more than one column '_id': rename or drop the others"):
        load_profiles(table)


def test_an_empty_table_has_no_rows(tmp_path: Path):
    """Nor has an empty file, whatever its columns."""
    for table in (pa.table({}), generate(3).events.slice(0, 0), pa.table({"_id": pa.array([], pa.int8())})):
        pq.write_table(table, tmp_path / "rows.parquet")
        for source in (table, tmp_path / "rows.parquet"):
            data = load_profiles(source)
            assert (data.fragments.num_rows, data.events.num_rows) == (0, 0)
    (tmp_path / "rows.jsonl").touch()
    assert load_profiles(tmp_path / "rows.jsonl").fragments.num_rows == 0


def test_a_time_that_python_cannot_have_is_named():
    """Arrow knows years that Python does not; the sentence names the source."""
    moments = pa.array([2**62], pa.timestamp("ms", tz="UTC"))
    table = pa.table({"identityNamespace": ["a"], "identityId": ["b"], "ingestTime": moments})
    with pytest.raises(ConfigurationError, match="rows holds what Python cannot: "):
        load_profiles(table)


def test_times_are_in_utc_wherever_they_come_from():
    """A zone is a way to write a moment."""
    moments = pa.array([0], pa.timestamp("us", tz="America/New_York"))
    table = pa.table({"identityNamespace": ["a"], "identityId": ["b"], "ingestTime": moments})
    assert load_profiles(table).fragments["ingestTime"].to_pylist() == [datetime(1970, 1, 1, tzinfo=UTC)]
