"""Export jobs as the emulator keeps them, and how each dialect shows them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import orjson

from pytest_aep_export.emulator.store import Kind, Store
from pytest_aep_export.lifecycle import MOVED_BY_TIME, Life, Progression, timers
from pytest_aep_export.model import JobError, JobStatus, MergePolicy, Timer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_aep_export.contract.dialects import Dialect

__all__ = ["Job", "Target", "find", "listed", "moved_by_time", "render", "save"]

_SHORT: Final = 1 << 14
"""Characters of the longest text whose job is remembered: a request may make one of a megabyte."""

_ECHOED: Final = ("fields", "filter", "additionalFields")


@dataclass(frozen=True, slots=True)
class Target:
    """A batch that a job writes, and the one segment that it holds where there is a batch per segment."""

    batch_id: str
    segment: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One export job; what is read twice from the same text is the same object, unless it is a long one.

    Attributes:
        number: Its id.
        request: What was asked for.
        policy: The merge policy as it was when the job was created.
        targets: The batches that it writes.
        progression: How it advances.
        life: Where it stands.
        request_id: The ``requestId`` that it shows.
        instance: The ``profileInstanceId`` that it shows.
        compute: The ids in its ``computeGatewayJobId``: of the export, and of the push into the dataset.
        exported: How many profiles were written, once it has succeeded.
        by_namespace: How many of them have an identity of each namespace.
        errors: Why it failed.
    """

    number: int
    request: Mapping[str, Any]
    policy: MergePolicy
    targets: tuple[Target, ...]
    progression: Progression
    life: Life
    request_id: str
    instance: str
    compute: tuple[str, str]
    exported: int = 0
    by_namespace: Mapping[str, int] = field(default_factory=dict)
    errors: tuple[JobError, ...] = ()

    @property
    def key(self) -> str:
        """The id as it stands in a path."""
        return str(self.number)

    def to(self, status: JobStatus, at: int, errors: tuple[JobError, ...] = ()) -> Job:
        """The job after a move to another status."""
        return replace(self, life=self.life.to(status, at), errors=errors)

    def show(self, dialect: Dialect, org_id: str, *, listed: bool = False) -> dict[str, Any]:
        """The job as a dialect shows it (facts, export-jobs section 3)."""
        return {
            "profileInstanceId": self.instance,
            **({"errors": [_error(e) for e in self.errors]} if self.errors else {}),
            "jobType": "BATCH",
            **(self._echo() if dialect.echo else {}),
            "id": self.number,
            "schema": {"name": self.request["schema"]["name"]},
            "mergePolicy": {"id": self.policy.id, "version": self.policy.version},
            "status": str(self.life.status),
            "requestId": self.request_id,
            "computeGatewayJobId": self._compute(),
            "metrics": self._metrics(dialect),
            "destination": self._destination(dialect, listed=listed),
            "updateTime": self.life.updated,
            "imsOrgId": org_id,
            "creationTime": self.life.created,
        }

    def _echo(self) -> dict[str, Any]:
        """What a job repeats of its request: all but the end of the events' window (D-26)."""
        shown = {name: self.request[name] for name in _ECHOED if name in self.request}
        window = shown.get("additionalFields", {}).get("eventList", {}).get("filter", {})
        if "toIngestTimestamp" in window:
            kept = {name: value for name, value in window.items() if name != "toIngestTimestamp"}
            shown["additionalFields"] = {"eventList": {**shown["additionalFields"]["eventList"], "filter": kept}}
        return shown

    def _compute(self) -> dict[str, str]:
        if self.life.started is None:
            return {}
        export, push = self.compute
        return {"exportJob": export, "pushJob": push} if self._succeeded else {"exportJob": export}

    @property
    def _succeeded(self) -> bool:
        return self.life.status is JobStatus.SUCCEEDED

    def _metrics(self, dialect: Dialect) -> dict[str, Any]:
        shown: dict[str, Any] = {
            name: _timer(timer)
            for name, timer in timers(self.life).items()
            if dialect.write_timer or name != "aCPDatasetWriteTime"
        }
        if self._succeeded and dialect.counters:
            shown["totalExportedProfileCounter"] = self.exported
            shown["exportedProfileByNamespaceCounter"] = dict(self.by_namespace)
        return shown

    def _destination(self, dialect: Dialect, *, listed: bool) -> dict[str, Any]:
        wanted = self.request["destination"]
        per_segment = self.targets[0].segment is not None
        key = dialect.dataset_key_in_list if listed else dialect.dataset_key
        shown: dict[str, Any] = {key: wanted["datasetId"], "segmentPerBatch": per_segment}
        if per_segment:
            batches = [{**(t.segment or {}), "batchId": t.batch_id} for t in self.targets]
            return shown | {"batches": batches if dialect.batches == "array" or len(batches) > 1 else batches[0]}
        failed_early = self.life.status is JobStatus.FAILED and self.life.started is None
        return shown | {"batchId": "" if failed_early else self.targets[0].batch_id}

    def to_json(self) -> dict[str, Any]:
        """The job as the store keeps it."""
        policy = {name: getattr(self.policy, name) for name in ("id", "version", "name", "graph", "method", "order")}
        return {
            "number": self.number,
            "request": self.request,
            "policy": policy,
            "targets": [[t.batch_id, t.segment] for t in self.targets],
            "progression": self.progression.to_json(),
            "life": asdict(self.life),
            "request_id": self.request_id,
            "instance": self.instance,
            "compute": self.compute,
            "exported": self.exported,
            "by_namespace": self.by_namespace,
            "errors": [[e.code, e.message, e.call_stack] for e in self.errors],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Job:
        """The reverse of `to_json`."""
        life, policy = document["life"], document["policy"]
        return cls(
            number=document["number"],
            request=document["request"],
            policy=MergePolicy(**policy | {"order": tuple(policy["order"])}),
            targets=tuple(Target(*target) for target in document["targets"]),
            progression=Progression.from_json(document["progression"]),
            life=Life(life["created"], JobStatus(life["status"]), life["started"], life["ended"]),
            request_id=document["request_id"],
            instance=document["instance"],
            compute=(document["compute"][0], document["compute"][1]),
            exported=document["exported"],
            by_namespace=document["by_namespace"],
            errors=tuple(JobError(*error) for error in document["errors"]),
        )


def save(store: Store, tenant: str, job: Job) -> None:
    """Keep a job, new or changed."""
    store.put(tenant, Kind.EXPORT_JOB, job.key, job.to_json(), number=job.number, created=job.life.created)


def find(store: Store, tenant: str, key: str) -> Job | None:
    """The job that has this id."""
    text = store.text(tenant, Kind.EXPORT_JOB, key)
    return None if text is None else _parse(text)


def _parse(text: str) -> Job:
    return _parse_short(text) if len(text) <= _SHORT else Job.from_json(json.loads(text))


@lru_cache(maxsize=1024)
def _parse_short(text: str) -> Job:
    return Job.from_json(json.loads(text))


@lru_cache(maxsize=64)
def render(job: Job, dialect: Dialect, org_id: str) -> bytes:
    """The body that shows the job alone, in a dialect."""
    return orjson.dumps(job.show(dialect, org_id))


def listed(
    store: Store,
    tenant: str,
    *,
    status: str | None = None,
    before: tuple[int, int] | None = None,
    skip: int = 0,
    limit: int = -1,
) -> list[Job]:
    """Jobs, newest first; with ``before``, those that come after that (created, number) in the list."""
    where = {"$.life.status": status} if status else None
    texts = store.texts(tenant, Kind.EXPORT_JOB, before=before, where=where, limit=limit, skip=skip)
    return [_parse(text) for text in texts]


def moved_by_time(store: Store, tenant: str) -> list[Job]:
    """The jobs that move without being looked at."""
    places = [{"$.life.status": s, "$.progression.mode": m} for s in ("NEW", "PROCESSING") for m in MOVED_BY_TIME]
    return [_parse(text) for where in places for text in store.texts(tenant, Kind.EXPORT_JOB, where=where)]


def _timer(timer: Timer) -> dict[str, int]:
    shown = {"startTimeInMs": timer.start}
    if timer.end is not None and timer.total is not None:
        shown |= {"endTimeInMs": timer.end, "totalTimeInMs": timer.total}
    return shown


def _error(error: JobError) -> dict[str, str]:
    return {"code": error.code, "msg": error.message, "callStack": error.call_stack}
