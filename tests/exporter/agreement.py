"""The engine and the oracle on one case: what each exports, and a failure that can be pasted as a test."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from pprint import pformat
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pytest_aep_export.exporter.plan import ExportPlan
from pytest_aep_export.exporter.reference import rows, shape
from pytest_aep_export.exporter.running import run
from pytest_aep_export.profiles.data import ProfileData
from pytest_aep_export.profiles.schema import EVENTS, FRAGMENTS, arrow_type
from tests.exporter.plain_rows import Row

_TEST = '''import datetime

from pytest_aep_export.exporter.plan import EventPlan, ExportPlan, Segment
from tests.exporter.agreement import Case, check


def test_engine_and_oracle_agree_on_a_case_found_by_hypothesis() -> None:
    """The engine exports what the oracle says."""
    plan = {plan!r}
    fragments = {fragments}
    events = {events}
    check(Case(plan, fragments, events, part_rows={part_rows}, partition_rows={partition_rows}))
'''


@dataclass(frozen=True, slots=True)
class Case:
    """An export and the data that it reads, as plain rows in table order.

    Attributes:
        plan: The export.
        fragments: One row for each fragment.
        events: One row for each event.
        part_rows: The size of a file.
        partition_rows: The size of a partition.
    """

    plan: ExportPlan
    fragments: list[Row]
    events: list[Row] = field(default_factory=list)
    part_rows: int = 1000
    partition_rows: int = 1000

    @property
    def data(self) -> ProfileData:
        """The rows as the two tables."""
        return ProfileData.of(
            pa.Table.from_pylist(self.fragments, FRAGMENTS),
            pa.Table.from_pylist(self.events, EVENTS),
            rows=self.partition_rows,
        )

    @property
    def ordered(self) -> bool:
        """Whether the rows have an order: those of several partitions have none, nor those of a shuffled export."""
        return self.plan.shuffled is None and len(self.data.partitions) == 1

    @property
    def source(self) -> str:
        """The case as the text of a test module."""
        fragments, events = (pformat(rows, width=116, sort_dicts=False) for rows in (self.fragments, self.events))
        return _TEST.format(
            plan=self.plan,
            fragments=fragments,
            events=events,
            part_rows=self.part_rows,
            partition_rows=self.partition_rows,
        )


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export gave, and what must agree.

    Attributes:
        rows: Its rows, in order.
        counts: The rows of each part.
        by_namespace: How many profiles have an identity of each namespace.
    """

    rows: list[Row]
    counts: list[int]
    by_namespace: dict[str, int]


def check(case: Case) -> None:
    """Assert that engine and oracle agree on the case; a disagreement comes with the case as a test.

    Raises:
        AssertionError: They do not agree.
    """
    try:
        assert exported(case) == expected(case)
    except Exception as error:
        error.add_note(f"As a test:\n\n{case.source}")
        raise


def exported(case: Case) -> Exported:
    """What the engine exports, read back from its files; the columns of each file are checked on the way."""
    with tempfile.TemporaryDirectory() as folder:
        result = run(case.plan, case.data, Path(folder), part_rows=case.part_rows, name_seed="a")
        parts = [pq.ParquetFile(Path(folder, part.name)).read() for part in result.parts]
    columns = pa.schema([(name, arrow_type(member)) for name, member in shape(case.plan).members.items()])
    assert [_columns(part.schema) for part in parts] == [_columns(columns)] * len(parts)
    assert [part.rows for part in result.parts] == [part.num_rows for part in parts]
    assert result.profiles == sum(part.num_rows for part in parts)
    found = [row for part in parts for row in part.to_pylist()]
    assert [part.num_rows for part in parts if not part.num_rows] in ([], [0] * (not found))
    counts = [part.num_rows for part in parts if part.num_rows]
    return _exported(case, found, counts, dict(result.by_namespace))


def expected(case: Case) -> Exported:
    """What the oracle says that it must be."""
    right = rows(case.plan, case.data)
    full, rest = divmod(len(right), case.part_rows)
    return _exported(case, right, [case.part_rows] * full + [rest] * bool(rest), _by_namespace(case))


def _exported(case: Case, found: list[Row], counts: list[int], by_namespace: dict[str, int]) -> Exported:
    """Without what is left open: the order of rows that have none, and how many of them each partition has."""
    if case.ordered:
        return Exported(found, counts, by_namespace)
    assert max(counts, default=0) <= case.part_rows
    return Exported(sorted(found, key=repr), [sum(counts)], by_namespace)


def _by_namespace(case: Case) -> dict[str, int]:
    """How many exported profiles have an identity in each namespace, whatever the columns of the export are."""
    found: dict[str, int] = {}
    for row in rows(replace(case.plan, fields=("identityMap",), events=None), case.data):
        for namespace, _ in row["identityMap"] or ():
            found[namespace] = found.get(namespace, 0) + 1
    return found


def _columns(schema: pa.Schema | pa.StructType) -> list[tuple[str, Any]]:
    return [(column.name, _shape(column.type)) for column in schema]


def _shape(kind: pa.DataType) -> Any:
    """A type without what Parquet files are free to differ in: the names of entries, and whether there may be nulls."""
    if isinstance(kind, pa.StructType):
        return _columns(kind)
    if isinstance(kind, pa.MapType):
        return ("map", _shape(kind.item_type))
    if isinstance(kind, pa.ListType):
        return ("list", _shape(kind.value_type))
    return str(kind)
