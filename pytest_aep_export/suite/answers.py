"""What the answers of the workflow's calls say: ids, batches, links and rows, in whichever documented form."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from pytest_aep_export.exchange import Exchange
from pytest_aep_export.suite.expect import UnmetError, expect, pick, status

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "UPS",
    "agree",
    "batch_ids",
    "below_ups",
    "dataset_id",
    "next_link",
    "quoted",
    "read_parquet",
    "segment_batches",
]

UPS: Final = "/data/core/ups"
"""The path of the profile service."""


def agree(one: object, other: object) -> bool:
    """Whether two JSON values are the same as far as both tell: of objects, at any depth, what both show."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return all(agree(one[name], other[name]) for name in one.keys() & other.keys())
    return one == other


def dataset_id(created: Exchange) -> str:
    """The id in the reference that the creation of a dataset is answered with."""
    status(created, {200, 201}, "the dataset is created")
    return str(pick(created, "/0")).rpartition("/")[2]


def read_parquet(file: Exchange) -> pa.Table:
    """The rows of a downloaded file, which has to be sound Parquet."""
    import pyarrow as pa  # noqa: PLC0415 - heavy, and only needed once there are rows
    from pyarrow import parquet  # noqa: PLC0415

    try:
        table = parquet.ParquetFile(io.BytesIO(file.response.body)).read()
        table.validate(full=True)
    except (pa.ArrowException, OSError) as error:
        raise UnmetError("the file is read as Parquet", str(error).strip(), file) from None
    return table


def quoted(identifier: object) -> str:
    """An id as one segment of a path, whatever a server has made it of; half of a character becomes a question mark."""
    return quote(str(identifier), safe="", errors="replace")


def batch_ids(job: Exchange) -> list[str]:
    """The batches that a job names: the one, or those of its segments."""
    destination = pick(job, "/destination")
    found = [str(batch["batchId"]) for batch in segment_batches(job) if batch.get("batchId")]
    found = found or [str(destination.get("batchId") or "")]
    expect(all(found), job, "a finished job names its batch", destination)
    return found


def segment_batches(job: Exchange) -> list[Mapping[str, Any]]:
    """What a job shows of the batches of its segments, perhaps nothing: an array or an object (divergence 47)."""
    destination = pick(job, "/destination")
    expect(isinstance(destination, Mapping), job, "a job's destination is an object", destination)
    batches = destination.get("batches") or []
    several = [batches] if isinstance(batches, Mapping) else batches if isinstance(batches, list) else []
    return [batch for batch in several if isinstance(batch, Mapping)]


def next_link(page: object) -> str:
    """The link to the next page; empty at the end, in whichever documented form (divergence 65)."""
    links = page.get("link") if isinstance(page, Mapping) else None
    link = links.get("next") if isinstance(links, Mapping) else None
    return link if isinstance(link, str) else ""


def below_ups(link: str) -> str:
    """The path of a link, which is relative to the service or absolute (divergence 64)."""
    return link if UPS in link else f"{UPS}/{link.lstrip('/')}"
