"""The client for synchronous code: a driver that performs effects with httpx, and one line per operation."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack

import httpx

from pytest_aep_export.client import files, operations, tables, wire
from pytest_aep_export.client.address import GATEWAY
from pytest_aep_export.client.core import Effect, Flow, NoAnswer, Pages, Pause, Send
from pytest_aep_export.client.environment import surroundings
from pytest_aep_export.client.payloads import JobOptions, export_job_payload
from pytest_aep_export.client.retry import RetryPolicy
from pytest_aep_export.client.session import Session
from pytest_aep_export.client.waiting import TIMEOUT, PollPolicy, Progress
from pytest_aep_export.exchange import Response
from pytest_aep_export.model import (
    UNION_SCHEMA,
    Batch,
    BatchFile,
    Credentials,
    Dataset,
    ExportJob,
    JobStatus,
    MergePolicy,
    Sandbox,
    SegmentDefinition,
)

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["AepClient"]

T = TypeVar("T")


class AepClient:
    """A client of the profile-export-jobs API and of what its workflow needs; safe to share between threads.

    Every call can raise what `pytest_aep_export.errors` draws: `TransportError` when no answer arrived, `ApiError`
    when the API refused, `UnexpectedAnswerError` when it answered something unknown.

    Args:
        credentials: The integration and its tenant.
        base_url: The gateway's address; the access token is sent nowhere else.
        ims_url: The token endpoint; by default Adobe's for Adobe's gateways, else ``/ims/token/v3`` below ``base_url``.
        timeout: Seconds without a sign of the server after which a request is given up.
        retry: When a request is repeated.
        transport: What httpx sends with, instead of the network.
        pause: What lets seconds pass.
        now: The time, in seconds since the epoch.

    Raises:
        ConfigurationError: An address or a credential cannot work.
    """

    def __init__(  # noqa: PLR0913 - the two clients' whole configuration, by keyword
        self,
        credentials: Credentials,
        *,
        base_url: str = GATEWAY,
        ims_url: str | None = None,
        timeout: float = wire.TIMEOUT,
        retry: RetryPolicy = RetryPolicy(),  # noqa: B008 - frozen
        transport: httpx.BaseTransport | None = None,
        pause: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._session = Session(credentials, base_url, ims_url, retry, now)
        self._pause = pause
        self._alone = threading.Lock()
        self._http = httpx.Client(
            headers=wire.HEADERS,
            timeout=timeout,
            transport=transport,
            verify=wire.trust_of(self._session),
            mounts=wire.DIRECT,
        )

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """A client made from environment variables.

        ``AEP_CLIENT_ID``, ``AEP_CLIENT_SECRET`` and ``AEP_ORG_ID`` are needed; ``AEP_SCOPES``, ``AEP_SANDBOX_NAME``,
        ``AEP_BASE_URL`` and ``AEP_IMS_URL`` have defaults.

        Raises:
            ConfigurationError: A variable that is needed is missing, or one cannot work.
        """
        found = surroundings(environ)
        return cls(found.credentials, base_url=found.base_url, ims_url=found.ims_url)

    def close(self) -> None:
        """Close every connection; the client is of no use afterwards."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def token(self) -> str:
        """The access token, asked for only when there is no good one."""
        return self._run(self._session.token())

    def create_dataset(self, name: str, *, schema_id: str = UNION_SCHEMA) -> Dataset:
        """Create a dataset, on the union schema unless told otherwise."""
        return self._run(operations.create_dataset(self._session, name, schema_id=schema_id))

    def get_dataset(self, dataset_id: str) -> Dataset:
        """Look a dataset up."""
        return self._run(operations.get_dataset(self._session, dataset_id))

    def list_datasets(self) -> Iterator[Dataset]:
        """All datasets of the tenant, read page by page as they are asked for."""
        return self._iterate(operations.datasets(self._session))

    def preview_dataset(self, dataset_id: str) -> list[dict[str, Any]]:
        """The first rows of a dataset as JSON has them, at most 100; none before its first export has succeeded."""
        return self._run(operations.preview_dataset(self._session, dataset_id))

    def create_export_job(self, dataset_id: str, **options: Unpack[JobOptions]) -> ExportJob:
        """Create an export job; what is left out is left to the API.

        Args:
            dataset_id: The target, a dataset on the union schema.
            options: Everything else, by keyword: see `JobOptions`.

        Raises:
            ConfigurationError: A datetime has no time zone, or fields are given as an empty sequence.
        """
        return self.create_export_job_from(export_job_payload(dataset_id, **options))

    def create_export_job_from(self, payload: Mapping[str, Any]) -> ExportJob:
        """Create an export job from a payload of your own, which is sent as it is."""
        return self._run(operations.create_export_job(self._session, payload))

    def get_export_job(self, job_id: int | str) -> ExportJob:
        """Look an export job up."""
        return self._run(operations.get_export_job(self._session, job_id))

    def list_export_jobs(
        self, *, limit: int | None = None, status: JobStatus | str | None = None
    ) -> Iterator[ExportJob]:
        """All export jobs of the tenant, read page by page as they are asked for.

        Args:
            limit: How many jobs a page holds; None for the API's default.
            status: Only jobs in this status.
        """
        return self._iterate(operations.export_jobs(self._session, limit=limit, status=status))

    def wait_for_export_job(
        self,
        job: ExportJob | int | str,
        *,
        timeout: float = TIMEOUT,
        poll: PollPolicy = PollPolicy(),  # noqa: B008 - frozen
        progress: Progress | None = None,
    ) -> ExportJob:
        """Look at an export job until it has succeeded.

        Args:
            job: The job, or its id.
            timeout: Seconds after which waiting is given up.
            poll: How often the job is looked at.
            progress: Called with the job after each look.

        Raises:
            JobFailedError: The job ended otherwise.
            WaitTimeoutError: It did not end in time.
        """
        return self._run(
            operations.wait_for_export_job(self._session, job, timeout=timeout, poll=poll, progress=progress)
        )

    def cancel_export_job(self, job_id: int | str) -> None:
        """Cancel an export job."""
        self._run(operations.cancel_export_job(self._session, job_id))

    def get_batch(self, batch_id: str) -> Batch:
        """Look a batch up."""
        return self._run(operations.get_batch(self._session, batch_id))

    def list_files(self, batch_id: str) -> Iterator[BatchFile]:
        """All files of a batch that have bytes, read page by page as they are asked for."""
        return self._iterate(files.BatchFiles(self._session, batch_id))

    def download(self, file: BatchFile, path: str | Path) -> Path:
        """Write a file's bytes to a path, or into a directory, and return where they are.

        A cut download is resumed. The path holds the whole file or is untouched.

        Raises:
            DownloadError: The bytes do not add up to what was announced, or cannot be written.
        """
        return self._run(files.download(self._session, file, path))

    def read_bytes(self, file: BatchFile) -> bytes:
        """A file's bytes, whole.

        Raises:
            DownloadError: They do not add up to what was announced.
        """
        return self._run(files.read_bytes(self._session, file))

    def read_table(self, job: ExportJob | int | str) -> pa.Table:
        """All rows that an export job wrote, over all files of all its batches.

        Raises:
            JobFailedError: The job ended otherwise than in success.
            DownloadError: It has not ended, or a file is damaged.
        """
        return self._run(tables.read_table(self._session, job))

    def get_merge_policy(self, policy_id: str) -> MergePolicy:
        """Look a merge policy up."""
        return self._run(operations.get_merge_policy(self._session, policy_id))

    def list_merge_policies(self) -> Iterator[MergePolicy]:
        """All merge policies of the tenant, read page by page as they are asked for."""
        return self._iterate(operations.merge_policies(self._session))

    def create_merge_policy(self, policy: MergePolicy) -> MergePolicy:
        """Create a merge policy, and return it with the id and version that the API has given it."""
        return self._run(operations.create_merge_policy(self._session, policy))

    def replace_merge_policy(self, policy: MergePolicy) -> MergePolicy:
        """Replace the merge policy that has this id by this one."""
        return self._run(operations.replace_merge_policy(self._session, policy))

    def patch_merge_policy(self, policy_id: str, changes: Mapping[str, str | bool]) -> MergePolicy:
        """Change members of a merge policy, by paths such as ``{"default": True, "identityGraph.type": "pdg"}``."""
        return self._run(operations.patch_merge_policy(self._session, policy_id, changes))

    def delete_merge_policy(self, policy_id: str) -> None:
        """Delete a merge policy; one that is active on the edge cannot be."""
        self._run(operations.delete_merge_policy(self._session, policy_id))

    def get_merge_policies(self, policy_ids: Iterable[str]) -> dict[str, MergePolicy]:
        """Look several merge policies up in one call, by id; those that are not there are left out."""
        return self._run(operations.get_merge_policies(self._session, policy_ids))

    def get_sandbox(self, name: str) -> Sandbox:
        """Look one of the organisation's sandboxes up."""
        return self._run(operations.get_sandbox(self._session, name))

    def list_sandboxes(self) -> Iterator[Sandbox]:
        """All sandboxes of the organisation, read page by page as they are asked for."""
        return self._iterate(operations.sandboxes(self._session))

    def get_segment_definition(self, segment_id: str) -> SegmentDefinition:
        """Look a segment definition up."""
        return self._run(operations.get_segment_definition(self._session, segment_id))

    def list_segment_definitions(self) -> Iterator[SegmentDefinition]:
        """All segment definitions of the tenant, read page by page as they are asked for."""
        return self._iterate(operations.segment_definitions(self._session))

    def create_segment_definition(self, definition: SegmentDefinition) -> SegmentDefinition:
        """Define a segment, and return it with the id that the API has given it."""
        return self._run(operations.create_segment_definition(self._session, definition))

    def patch_segment_definition(self, segment_id: str, changes: Mapping[str, Any]) -> SegmentDefinition:
        """Change a segment definition by members as the API has them, such as ``{"name": "Visitors"}``."""
        return self._run(operations.patch_segment_definition(self._session, segment_id, changes))

    def delete_segment_definition(self, segment_id: str) -> None:
        """Delete a segment definition."""
        self._run(operations.delete_segment_definition(self._session, segment_id))

    def get_segment_definitions(self, segment_ids: Iterable[str]) -> dict[str, SegmentDefinition]:
        """Look several segment definitions up in one call, by id; those that are not there are left out."""
        return self._run(operations.get_segment_definitions(self._session, segment_ids))

    def _iterate(self, pages: Pages[T]) -> Iterator[T]:
        while pages.more:
            yield from self._run(pages.page())

    def _run(self, flow: Flow[T]) -> T:
        outcome: Any = None
        with closing(flow):
            while True:
                try:
                    effect = flow.send(outcome)
                except StopIteration as end:
                    return end.value  # type: ignore[no-any-return]  # a generator's return value is untyped here
                outcome = self._perform(effect)

    def _perform(self, effect: Effect) -> Any:
        if isinstance(effect, Send):
            return self._send(effect)
        if isinstance(effect, Pause):
            return self._pause(effect.seconds)
        with self._alone:
            return self._run(effect.flow)

    def _send(self, effect: Send) -> Response | NoAnswer:
        request, sink = effect.request, effect.sink
        try:
            with self._http.stream(
                request.method, request.url, headers=request.headers.raw, content=request.body or None
            ) as reply:
                head = wire.head_of(reply)
                if sink is None or not sink.begin(head):
                    return replace(head, body=reply.read())
                for chunk in reply.iter_bytes():
                    sink.write(chunk)
                return head
        except (httpx.RequestError, httpx.InvalidURL) as error:
            return wire.no_answer(request, error)
