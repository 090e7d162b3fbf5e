"""Running an export: each partition of the data on an executor, then all of its parts published together."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from pytest_aep_export.contract.union import Union
from pytest_aep_export.errors import ExportError
from pytest_aep_export.exporter.engine import compute, load
from pytest_aep_export.exporter.output import Part, all_or_none, published, stage
from pytest_aep_export.exporter.plan import ExportPlan
from pytest_aep_export.exporter.unselected import widened
from pytest_aep_export.profiles.data import ProfileData
from pytest_aep_export.profiles.partitions import Partition

__all__ = ["PART_ROWS", "ExportResult", "run"]

PART_ROWS: Final = 250_000
"""How many rows a part file holds at most, unless told otherwise: a choice of ours."""


@dataclass(frozen=True, slots=True)
class ExportResult:
    """What an export wrote.

    Attributes:
        parts: The files.
        profiles: How many profiles they hold.
        by_namespace: How many of them have an identity of a namespace.
    """

    parts: tuple[Part, ...]
    profiles: int
    by_namespace: dict[str, int]


def run(
    plan: ExportPlan,
    data: ProfileData,
    folder: Path,
    *,
    part_rows: int = PART_ROWS,
    name_seed: str,
    executor: Executor | None = None,
) -> ExportResult:
    """Carry out a plan and write the result; wherever its partitions are computed, the files are the same.

    Args:
        plan: What to export.
        data: The profile data.
        folder: Where the parts go; it is made if need be.
        part_rows: How many rows a part holds at most; a part never holds rows of two partitions.
        name_seed: Makes the names of the parts: the same, the same names.
        executor: Computes the partitions; by default as many threads as there are processors. One in other processes
            must reach the folder by the same path.

    Raises:
        ExportError: The export failed; it leaves no part behind.
    """
    try:
        with all_or_none(folder, name_seed):
            shares = _shares(_Work(plan, data.union, folder, part_rows), data.partitions, executor)
            parts = published((part for share in shares for part in share.parts), folder, name_seed)
    except OSError as error:
        raise ExportError(f"writing profiles to {folder} failed: {error}", "0090000009") from error
    except Exception as error:
        if not _lost(error):
            raise
        raise ExportError(f"the executor gave up: {type(error).__name__}: {error}", "0100000003") from error
    counts: Counter[str] = sum((Counter(share.by_namespace) for share in shares), Counter())
    return ExportResult(parts, sum(part.rows for part in parts), dict(sorted(counts.items())))


def _shares(work: _Work, partitions: tuple[Partition, ...], executor: Executor | None) -> list[ExportResult]:
    """What each partition contributes, in order."""
    if executor is None and len(partitions) == 1:
        return [work(partitions[0], 0)]
    with _pool(executor) as pool:
        return _results([pool.submit(work, partition, place) for place, partition in enumerate(partitions)])


@contextmanager
def _pool(executor: Executor | None) -> Iterator[Executor]:
    if executor is not None:
        yield executor
        return
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        yield threads


def _results(futures: list[Future[ExportResult]]) -> list[ExportResult]:
    """All results; after a failure those that have not begun are cancelled, and the others waited for."""
    try:
        return [future.result() for future in futures]
    except BaseException:
        wait([future for future in futures if not future.cancel()])
        raise


def _lost(error: Exception) -> bool:
    """Whether it is the executor that failed, such as by losing its workers, and not what it was to compute."""
    return type(error).__module__.partition(".")[0] in {"concurrent", "distributed"}


@dataclass(frozen=True, slots=True)
class _Work:
    """What is done with each partition, wherever the executor does it."""

    plan: ExportPlan
    union: Union
    folder: Path
    part_rows: int

    def __call__(self, partition: Partition, place: int) -> ExportResult:
        """Compute what a partition contributes, and stage it.

        Raises:
            ExportError: It cannot be read or computed, or not be written.
        """
        try:
            table, by_namespace = compute(self.plan, load(self.plan, partition))
        except (pa.ArrowException, OSError) as error:
            raise ExportError(f"the export could not be computed: {error}", "0100000003") from error
        try:
            parts = stage(self._finished(table, place), self.folder, place, self.part_rows)
        except (pa.ArrowException, OSError) as error:
            raise ExportError(f"writing profiles to {self.folder} failed: {error}", "0090000009") from error
        return ExportResult(parts, table.num_rows, by_namespace)

    def _finished(self, table: pa.Table, place: int) -> pa.Table:
        """The rows in the columns and the order that the plan asks for."""
        if self.plan.unselected == "null":
            table = widened(table, self.union)
        if self.plan.shuffled is None:
            return table
        return table.take(np.random.default_rng((self.plan.shuffled, place)).permutation(table.num_rows))
