"""The nouns of the API as frozen values: credentials, jobs, pages, files, problems. No I/O.

Each value keeps the document that it was read from in ``raw``, so that nothing the API said is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Self

__all__ = [
    "AEP_SCOPES",
    "PROFILE_CLASS",
    "UNION_SCHEMA",
    "Batch",
    "BatchFile",
    "Credentials",
    "Dataset",
    "ExportJob",
    "JobError",
    "JobStatus",
    "MergePolicy",
    "Page",
    "Problem",
    "Sandbox",
    "SegmentDefinition",
    "Timer",
]

UNION_SCHEMA: Final = "https://ns.adobe.com/xdm/context/profile__union"
"""The id of the schema that a target dataset is based on (seed, "Creare un set di dati di destinazione")."""

PROFILE_CLASS: Final = "_xdm.context.profile"
"""The schema class that an export is made of: the ``schema.name`` that every sample sends (divergence 55)."""

AEP_SCOPES: Final = "openid,session,AdobeID,read_organizations,additional_info.projectedProductContext"
"""The scopes that Adobe's samples ask for (facts, auth-and-headers section 1)."""


class JobStatus(StrEnum):
    """The statuses of an export job (facts, export-jobs section 4).

    ``CANCELLED`` is a choice of ours: no source says what a cancelled job shows (divergence 34).
    """

    NEW = "NEW"
    PROCESSING = "PROCESSING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def terminal(self) -> bool:
        """Whether a job in this status never changes again."""
        return self in {JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED}


@dataclass(frozen=True, slots=True)
class Credentials:
    """An OAuth server-to-server integration and the tenant that it works in; secrets stay out of its ``repr``."""

    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    org_id: str
    sandbox: str = "prod"
    scopes: str = AEP_SCOPES

    def __eq__(self, other: object) -> bool:
        # Written out, because pytest explains a dataclass's own comparison member by member, secrets and all.
        return isinstance(other, Credentials) and (
            self.client_id,
            self.client_secret,
            self.org_id,
            self.sandbox,
            self.scopes,
        ) == (other.client_id, other.client_secret, other.org_id, other.sandbox, other.scopes)

    def __hash__(self) -> int:
        return hash((self.client_id, self.client_secret, self.org_id, self.sandbox, self.scopes))


@dataclass(frozen=True, slots=True)
class Timer:
    """A span of a job's work, in ms since the epoch; ``end`` is None while it runs."""

    start: int
    end: int | None = None

    @property
    def total(self) -> int | None:
        """The span's length in ms, or None while it runs."""
        return None if self.end is None else self.end - self.start


@dataclass(frozen=True, slots=True)
class JobError:
    """One entry of a job's ``errors`` (facts, export-jobs section 10)."""

    code: str
    message: str
    call_stack: str = ""


@dataclass(frozen=True, slots=True)
class ExportJob:
    """An export job as the API shows it.

    Attributes:
        id: The job's number.
        status: One of `JobStatus`, or the text itself when the API says something else.
        dataset_id: The target dataset, from whichever spelling the API used (divergence 31).
        batch_ids: The batches written: one, or one per segment; empty when there is none yet.
        created: ``creationTime``, in ms since the epoch.
        updated: ``updateTime``, in ms since the epoch.
        errors: Why a job failed.
        raw: The document itself.
    """

    id: int
    status: JobStatus | str
    dataset_id: str
    batch_ids: tuple[str, ...]
    created: int
    updated: int
    errors: tuple[JobError, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read a job, tolerant of every documented variant.

        Raises:
            KeyError: A member that every variant has is absent.
            ValueError: A member has a value that no variant allows.
        """
        destination = document["destination"]
        return cls(
            id=_whole(document["id"]),
            status=parse_status(document["status"]),
            dataset_id=str(destination.get("datasetId") or destination.get("dataSetId") or ""),
            batch_ids=_batch_ids(destination),
            created=_whole(document["creationTime"]),
            updated=_whole(document["updateTime"]),
            errors=tuple(
                JobError(str(e.get("code", "unknown")), str(e.get("msg", "")), str(e.get("callStack", "")))
                for e in document.get("errors") or ()
            ),
            raw=document,
        )

    @property
    def succeeded(self) -> bool:
        """Whether the export is complete and its batches can be read."""
        return self.status == JobStatus.SUCCEEDED

    @property
    def finished(self) -> bool:
        """Whether the job will never change again; an unknown status is never taken for finished."""
        return isinstance(self.status, JobStatus) and self.status.terminal


@dataclass(frozen=True, slots=True)
class Page:
    """One page of export jobs; ``next`` is the offset to ask for, or None on the last page."""

    jobs: tuple[ExportJob, ...]
    next: str | None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Dataset:
    """A Catalog dataset."""

    id: str
    name: str
    schema_id: str
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Batch:
    """A Catalog batch: what one export wrote into a dataset."""

    id: str
    status: str
    dataset_id: str
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class BatchFile:
    """One file of a batch; ``length`` is in bytes and ``href`` is where its bytes are."""

    name: str
    length: int
    file_id: str
    href: str


@dataclass(frozen=True, slots=True)
class MergePolicy:
    """How profile fragments become one profile.

    Attributes:
        id: A UUID, or a symbolic name.
        version: Grows with every update.
        graph: ``none`` (no stitching) or ``pdg`` (the private graph).
        method: ``timestampOrdered`` or ``dataSetPrecedence``.
        order: With ``dataSetPrecedence``, the datasets that are merged, strongest first.
        default: Whether the policy is used where a request names none.
        schema: The class whose profiles it merges.
        active_on_edge: Whether profiles on the edge are merged by it.
    """

    id: str
    version: int = 1
    name: str = ""
    graph: str = "none"
    method: str = "timestampOrdered"
    order: tuple[str, ...] = ()
    default: bool = False
    schema: str = PROFILE_CLASS
    active_on_edge: bool = False
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read a merge policy."""
        merge = document["attributeMerge"]
        return cls(
            id=str(document["id"]),
            version=_whole(document["version"]),
            name=str(document.get("name", "")),
            graph=str(document["identityGraph"]["type"]),
            method=str(merge["type"]),
            order=tuple(merge.get("order", ())),
            default=bool(document.get("default", False)),
            schema=str(document.get("schema", {}).get("name", PROFILE_CLASS)),
            active_on_edge=document.get("isActiveOnEdge") in (True, "true"),
            raw=document,
        )


@dataclass(frozen=True, slots=True)
class Sandbox:
    """One of an organisation's sandboxes (facts, sandboxes).

    Attributes:
        name: What requests name it by.
        type: ``production`` or ``development``.
        state: ``active`` when it can be worked in.
        title: What people know it by.
        default: Whether it is the organisation's default one.
    """

    name: str
    type: str
    state: str = ""
    title: str = ""
    default: bool = False
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def is_production(self) -> bool:
        """Whether what is done here is done to real customers: so it is unless the sandbox is for development."""
        return self.type != "development"

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read a sandbox."""
        return cls(
            name=str(document["name"]),
            type=str(document["type"]),
            state=str(document.get("state", "")),
            title=str(document.get("title", "")),
            default=document.get("isDefault") is True,
            raw=document,
        )


@dataclass(frozen=True, slots=True)
class SegmentDefinition:
    """Who is in a segment (facts, segments section 1).

    Attributes:
        id: Its id, which exports of the segment name.
        name: What it is called; no other is called so.
        expression: Who is in it, mostly in Profile Query Language.
        description: What it is for.
        format: What the expression is written in: ``pql/text`` or ``pql/json``.
        policy_id: The id of the merge policy by which profiles are looked at; empty for what the API chooses.
        schema: The class whose profiles are in it.
    """

    id: str
    name: str
    expression: str
    description: str = ""
    format: str = "pql/text"
    policy_id: str = ""
    schema: str = PROFILE_CLASS
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read a segment definition."""
        return cls(
            id=str(document["id"]),
            name=str(document["name"]),
            expression=str(document["expression"]["value"]),
            description=str(document.get("description", "")),
            format=str(document["expression"].get("format", "pql/text")),
            policy_id=str(document.get("mergePolicyId", "")),
            schema=str(document.get("schema", {}).get("name", PROFILE_CLASS)),
            raw=document,
        )


@dataclass(frozen=True, slots=True)
class Problem:
    """What an error body says, whichever of the API's envelopes it came in (facts, auth-and-headers section 4)."""

    code: str
    title: str
    details: tuple[str, ...] = ()

    def __str__(self) -> str:
        text = f"{self.title} [{self.code}]" if self.code else self.title
        extra = [detail for detail in self.details if detail != self.title]
        return f"{text}: {'; '.join(extra)}" if extra else text

    @classmethod
    def from_json(cls, document: object) -> Self:
        """Read any of the gateway's, the foundation's, the profile service's and OAuth's error bodies."""
        document = _unwrapped(document)
        if not isinstance(document, Mapping):
            return cls("", "the answer has no JSON object for a body")
        if "error_code" in document:
            return cls(str(document["error_code"]), str(document.get("message", "")))
        if "error" in document:
            return cls(str(document["error"]), str(document.get("error_description", "")))
        titles = (document.get(name) for name in ("title", "message", "errorMessage"))
        title = next(filter(None, titles), "the error body has no title")
        return cls(_code(document), str(title), tuple(_details(document)))


def _whole(value: Any) -> int:
    """A number that the API may also write as a text of digits, or with a fraction of nothing (divergence 39)."""
    if isinstance(value, float) and not value.is_integer():
        raise ValueError(f"expected a whole number, found {value}")
    return int(value)


def parse_status(text: str) -> JobStatus | str:
    """The status as a `JobStatus`, or the text itself when it is none of them."""
    return JobStatus(text) if text in JobStatus.__members__ else str(text)


def _batch_ids(destination: Mapping[str, Any]) -> tuple[str, ...]:
    batches = destination.get("batches")
    if isinstance(batches, Mapping):
        batches = [batches]
    if batches:
        return tuple(str(batch["batchId"]) for batch in batches if batch.get("batchId"))
    return (str(destination["batchId"]),) if destination.get("batchId") else ()


def _unwrapped(document: object) -> object:
    """The error itself, where it comes in an array or under ``error`` (facts, auth-and-headers section 4.4)."""
    while True:
        if isinstance(document, list) and document:
            document = document[0]
        elif isinstance(document, Mapping) and isinstance(document.get("error"), Mapping):
            document = document["error"]
        else:
            return document


def _code(document: Mapping[str, Any]) -> str:
    """The last part of a ``type`` that is a catalogued error, or the ``statusCode`` of the older family."""
    _, catalogued, code = str(document.get("type", "")).rpartition("/errors/")
    return code if catalogued else str(document.get("statusCode", ""))


def _details(document: Mapping[str, Any]) -> list[str]:
    errors = document.get("errors")
    if isinstance(errors, Mapping):
        groups = [group for group in errors.values() if isinstance(group, list)]
        return [str(e.get("message", "")) for group in groups for e in group if isinstance(e, Mapping)]
    return [str(document[name]) for name in ("detail", "cause") if document.get(name)]
