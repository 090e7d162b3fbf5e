"""Changing the rows that an export has written, file by file, and what is counted of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from pytest_aep_export.exporter import ExportResult
from pytest_aep_export.exporter.plan import ExportPlan

if TYPE_CHECKING:
    from pytest_aep_export.emulator.personas.persona import Writing

__all__ = ["rewrite"]


def rewrite(result: ExportResult, folder: Path, plan: ExportPlan, write: Writing) -> ExportResult:
    """Change the rows of every part; what is counted of them is counted anew, so that it gives nothing away."""
    parts, namespaces = [], Counter(result.by_namespace)
    for part in result.parts:
        path = folder / part.name
        before = pq.read_table(path)
        after = write(before, plan)
        pq.write_table(after, path, compression="snappy", store_schema=False)
        parts.append(replace(part, rows=after.num_rows, bytes=path.stat().st_size))
        namespaces.update(_namespaces(after))
        namespaces.subtract(_namespaces(before))
    return ExportResult(tuple(parts), sum(part.rows for part in parts), dict(+namespaces))


def _namespaces(table: pa.Table) -> Iterator[str]:
    """The namespaces of each row, where its identities are exported."""
    there = "identityMap" in table.schema.names and pa.types.is_map(table.schema.field("identityMap").type)
    found = table["identityMap"].to_pylist() if there else []
    yield from (name for identities in found for name, _ in identities or ())
