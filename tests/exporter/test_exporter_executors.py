"""An export on executors: whatever computes its partitions, and whatever happens to them, the files are the same."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Collection
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pytest_aep_export.errors import ConfigurationError, ExportError
from pytest_aep_export.exporter.executors import check_address, connect
from pytest_aep_export.exporter.plan import EventPlan, ExportPlan
from pytest_aep_export.exporter.running import ExportResult, run
from pytest_aep_export.profiles import ProfileData, generate
from pytest_aep_export.profiles.partitions import Partition, Tables

PLAN = ExportPlan(graph="pdg", events=EventPlan(), shuffled=3)


@pytest.fixture(scope="module")
def data() -> ProfileData:
    """Some profiles in several partitions, in memory."""
    made = generate(300, seed=5)
    return ProfileData.of(made.fragments, made.events, rows=250)


def files(result: ExportResult, folder: Path) -> dict[str, bytes]:
    """The bytes of each part; there is no other file in the folder."""
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert sorted(found) == [part.name for part in result.parts]
    return found


def exported(data: ProfileData, folder: Path, executor: Executor | None = None) -> tuple[ExportResult, Any]:
    """The result of an export and its files."""
    result = run(PLAN, data, folder, part_rows=100, name_seed="x", executor=executor)
    return result, files(result, folder)


class Backwards(Executor):
    """Computes nothing before a result is asked for, and then the last task first."""

    def __init__(self) -> None:
        self._tasks: list[tuple[Future[Any], Callable[[], Any]]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Keep the task."""
        future = _Asked(self._work)
        self._tasks.append((future, partial(fn, *args, **kwargs)))
        return future

    def _work(self) -> None:
        while self._tasks:
            future, task = self._tasks.pop()
            future.set_result(task())


class _Asked(Future[Any]):
    """A future that says when its result is asked for."""

    def __init__(self, asked: Callable[[], None]) -> None:
        super().__init__()
        self._asked = asked

    def result(self, timeout: float | None = None) -> Any:
        """The result, once what is to happen first has happened."""
        self._asked()
        return super().result(timeout)


def test_threads_processes_and_any_order_write_the_same_bytes(data: ProfileData, tmp_path: Path):
    """Where and in which order partitions are computed leaves no trace in the files."""
    right = exported(data, tmp_path / "default")
    assert len(data.partitions) > 3
    assert len(right[0].parts) > 3

    with ThreadPoolExecutor(3) as threads, ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        assert exported(data, tmp_path / "threads", threads) == right
        assert exported(data, tmp_path / "processes", processes) == right
    assert exported(data, tmp_path / "backwards", Backwards()) == right


def test_a_dask_cluster_writes_the_same_bytes(data: ProfileData, tmp_path: Path, cluster: str):
    """Two worker processes of a real cluster write what the threads of this process write."""
    with connect(cluster) as executor:
        assert exported(data, tmp_path / "dask", executor) == exported(data, tmp_path / "threads")


@dataclass(frozen=True)
class Deadly:
    """A partition that kills the process which reads it: the first one, or every one."""

    partition: Partition
    mark: Path
    always: bool = False

    def read(self, fragments: Collection[str] | None = None, events: Collection[str] | None = None) -> Tables:
        """Read, or die."""
        if self.always or not self.mark.exists():
            self.mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return self.partition.read(fragments, events)


def test_a_worker_that_is_killed_in_the_middle_leaves_no_trace(data: ProfileData, tmp_path: Path, cluster: str):
    """Its partitions are computed by the others, and the files are the same bytes."""
    first, second, *rest = data.partitions
    deadly = ProfileData((first, Deadly(second, tmp_path / "mark"), *rest))

    with connect(cluster) as executor:
        assert exported(deadly, tmp_path / "dask", executor) == exported(data, tmp_path / "threads")
    assert (tmp_path / "mark").exists()


def test_workers_that_all_die_fail_the_export_and_leave_nothing(data: ProfileData, tmp_path: Path):
    """A partition that kills whatever computes it is an error of the export in one sentence, not a hang."""
    deadly = ProfileData((*data.partitions, Deadly(data.partitions[0], tmp_path / "mark", always=True)))

    with (
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor,
        pytest.raises(ExportError, match="the executor gave up: BrokenProcessPool"),
    ):
        exported(deadly, tmp_path / "batch", executor)

    assert list((tmp_path / "batch").iterdir()) == []


@dataclass(frozen=True)
class Broken:
    """A partition that cannot be read."""

    error: Exception

    def read(self, *_: object) -> Tables:
        """Fail."""
        raise self.error


@pytest.mark.parametrize("error", [OSError("no such device"), pa.ArrowInvalid("corrupt")])
def test_a_partition_that_cannot_be_read_fails_the_whole_export(data: ProfileData, tmp_path: Path, error: Exception):
    """The parts that others have written by then are removed."""
    broken = ProfileData((*data.partitions, Broken(error)))

    with pytest.raises(ExportError, match=f"the export could not be computed: {error}") as caught:
        exported(broken, tmp_path / "batch")

    assert caught.value.code == "0100000003"
    assert list((tmp_path / "batch").iterdir()) == []


def test_a_bug_is_not_dressed_up_as_a_failed_export(data: ProfileData, tmp_path: Path):
    """What nobody expects to fail comes out as it is; the parts are removed all the same."""
    with pytest.raises(ZeroDivisionError):
        exported(ProfileData((*data.partitions, Broken(ZeroDivisionError()))), tmp_path / "batch")
    assert list((tmp_path / "batch").iterdir()) == []


def test_partitions_that_have_no_rows_make_no_part(tmp_path: Path):
    """Of empty partitions nothing is seen, and when all are empty one part holds the schema."""
    full, nothing = generate(20).partitions[0], generate(0).partitions[0]

    result, found = exported(ProfileData((nothing, full, nothing)), tmp_path / "some")
    assert [part.rows for part in result.parts] == [20]
    assert len(found) == 1

    result, found = exported(ProfileData((nothing, nothing)), tmp_path / "none")
    assert [part.rows for part in result.parts] == [0]
    assert len(found) == 1


def test_no_address_means_threads():
    """The setting's default asks for no cluster."""
    with connect("") as executor:
        assert executor is None


@pytest.mark.parametrize(
    "address", ["dask", "dask://", "dask://host", "tcp://host:1", "dask://host:99999", "dask://a b:1"]
)
def test_an_address_that_is_none_is_refused(address: str):
    """The sentence shows what one looks like."""
    with pytest.raises(ConfigurationError, match="dask://HOST:PORT"):
        check_address(address)


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch):
    """Where nobody listens, the sentence says what to start."""
    monkeypatch.setattr("pytest_aep_export.exporter.executors._PATIENCE", 0.1)
    with (
        pytest.raises(ConfigurationError, match=r"no Dask scheduler answers at dask://127\.0\.0\.1:1: start one"),
        connect("dask://127.0.0.1:1"),
    ):
        pass


def test_without_the_extra_the_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    """Dask is an extra; whoever lacks it is told its name."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigurationError, match=r"pytest-aep-export\[distributed\]"), connect("dask://127.0.0.1:8786"):
        pass
