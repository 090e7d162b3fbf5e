"""Own rows as profile data: `load_profiles` takes them from Python, Arrow or a file, and checks every one of them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pyarrow as pa

from pytest_aep_export.contract.union import Union, load_union
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.profiles.converting import Problems
from pytest_aep_export.profiles.data import ProfileData
from pytest_aep_export.profiles.fitting import fitted
from pytest_aep_export.profiles.policies import CRM, WEB
from pytest_aep_export.profiles.rows import Findings, Row, Shape
from pytest_aep_export.profiles.schema import schemas
from pytest_aep_export.profiles.sources import Columns, Records, Source, opened

__all__ = ["Source", "load_profiles"]

_AT_ONCE: Final = 500
"""How many rows are kept as Python objects: the more, the longer the garbage collector looks at them, and in vain."""

_MARK: Final = "timestamp"
"""What tells an event from a profile record."""


def load_profiles(
    source: Source,
    events: Source | None = None,
    *,
    union: Union | None = None,
    dataset: str = CRM,
    event_dataset: str = WEB,
) -> ProfileData:
    """Profile data from rows of your own: from Python, Arrow or a file (see `Source`), or a folder of generated data.

    A record that has a ``timestamp`` is an event, any other is a profile record; of an Arrow table or a Parquet file
    all rows are events if it has such a column. What a record may say is in `pytest_aep_export.profiles.rows`.

    Args:
        source: Profile records, or records of both classes.
        events: Records that are all events.
        union: The fields that records may have; by default those of the contract.
        dataset: Where profile records come from that do not say it.
        event_dataset: Where events come from that do not say it.

    Raises:
        InvalidRowsError: Rows are not what the union schema says; nothing is loaded.
        ConfigurationError: A source cannot be read.
    """
    if isinstance(source, (str, Path)) and os.path.isdir(source):  # noqa: PTH112 - has no quarrel with what is no path
        return _folder(Path(source), union, events)
    union = union or load_union()
    of_profiles, of_events = schemas(union)
    findings = Findings()
    profile = _Class(Shape("a profile record", union.profile, of_profiles, dataset))
    event = _Class(Shape("an event", union.event, of_events, event_dataset, ("_id", "timestamp")))
    _load(opened(source, "rows"), profile, event, findings)
    if events is not None:
        _load(opened(events, "events"), event, event, findings)
    findings.check()
    return ProfileData.of(profile.table(), event.table(), union=union)


def _folder(path: Path, union: Union | None, events: Source | None) -> ProfileData:
    if union is not None or events is not None:
        raise ConfigurationError(f"{path} is a folder of generated data, to which neither events nor a union are added")
    return ProfileData.read(path)


class _Class:
    """The rows of one class as they are loaded."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self._rows: list[Row] = []
        self._tables: list[pa.Table] = []

    def add(self, row: Row) -> None:
        self._rows.append(row)
        if len(self._rows) == _AT_ONCE:
            self._settle()

    def add_table(self, table: pa.Table) -> None:
        self._settle()
        self._tables.append(table)

    def table(self) -> pa.Table:
        self._settle()
        return pa.concat_tables(self._tables).combine_chunks()

    def _settle(self) -> None:
        self._tables.append(pa.Table.from_pylist(self._rows, self.shape.schema))
        self._rows = []


def _load(content: Columns | Records, profile: _Class, event: _Class, findings: Findings) -> None:
    if isinstance(content, Records):
        return _load_records(content, profile, event, findings)
    target = event if _MARK in content.table.column_names else profile
    table = fitted(content.table, target.shape)
    if table is None:
        return _load_records(content.records(), profile, event, findings)
    return target.add_table(table)


def _load_records(records: Records, profile: _Class, event: _Class, findings: Findings) -> None:
    for number, record in records.numbered:
        target = event if isinstance(record, Mapping) and _MARK in record else profile
        problems: Problems = []
        row = target.shape.row(record, problems)
        if problems:
            findings.add(records.place(number), problems)
        else:
            target.add(row)
