"""Exported rows, read over HTTP, and their comparison without regard to order."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq


def table(api: Any, batch: str) -> pa.Table:
    """All files of a batch, as one table."""
    links = [file["_links"]["self"]["href"] for file in api.files(batch)]
    return pa.concat_tables(pq.read_table(io.BytesIO(api.send("GET", link).response.body)) for link in links)


def exported(api: Any, **changes: Any) -> pa.Table:
    """What a new job exports, once it has succeeded."""
    job = api.finish(api.create(**changes)["id"])
    assert job["status"] == "SUCCEEDED", job
    return table(api, job["destination"]["batchId"])


def unordered(rows: list[dict[str, Any]]) -> list[str]:
    """Rows as texts, sorted."""
    return sorted(map(repr, rows))
