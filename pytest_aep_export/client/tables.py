"""The rows of a finished export as one Arrow table. No network I/O; pyarrow is imported when a table is read."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from pytest_aep_export.client.core import Flow
from pytest_aep_export.client.files import BatchFiles, read_bytes
from pytest_aep_export.client.operations import get_export_job
from pytest_aep_export.client.session import Session
from pytest_aep_export.client.waiting import succeeded
from pytest_aep_export.errors import DownloadError
from pytest_aep_export.model import BatchFile, ExportJob

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["read_table"]


def read_table(session: Session, job: ExportJob | int | str) -> Flow[pa.Table]:
    """All rows that a job exported, over all files of all its batches, in the order of the listings.

    A job that has not ended by what its value says is looked up once more.

    Raises:
        JobFailedError: The job ended otherwise than in success.
        DownloadError: It has not ended, or a file is damaged.
        TransportError, ApiError, UnexpectedAnswerError: As of any call.
    """
    import pyarrow as pa  # noqa: PLC0415 - heavy, and of use here only

    job = yield from _ended(session, job)
    tables: list[pa.Table] = []
    for batch_id in job.batch_ids:
        files = BatchFiles(session, batch_id)
        while files.more:
            for file in (yield from files.page()):
                content = yield from read_bytes(session, file)
                tables.append(_parsed(file, content))
    return pa.concat_tables(tables, promote_options="default") if tables else pa.table({})


def _ended(session: Session, job: ExportJob | int | str) -> Flow[ExportJob]:
    if not isinstance(job, ExportJob) or not job.finished:
        job = yield from get_export_job(session, job.id if isinstance(job, ExportJob) else job)
    if not job.finished:
        raise DownloadError(f"export job {job.id} is still {job.status}: wait for it before you read what it exported")
    return succeeded(job)


def _parsed(file: BatchFile, content: bytes) -> pa.Table:
    import pyarrow as pa  # noqa: PLC0415 - heavy, and of use here only
    import pyarrow.parquet as pq  # noqa: PLC0415 - the same

    try:
        # Not read_table: a thread of its dataset reader may abort the interpreter when it ends.
        return pq.ParquetFile(io.BytesIO(content)).read()
    except (pa.ArrowException, OSError) as error:
        raise DownloadError(f"{file.name} is not a sound Parquet file: {error}") from error
