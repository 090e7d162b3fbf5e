"""Journals: what a client and a server exchanged, from the first token to the last byte, in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

from hypothesis import strategies as st

from pytest_aep_export.contract import load
from pytest_aep_export.contract.dialects import DIALECTS, Dialect
from pytest_aep_export.exchange import Exchange, Headers, Response
from pytest_aep_export.fuzz.cases import ABSENT, REFUSED, Edit, Mistake, Owed, Step
from pytest_aep_export.fuzz.composing import Composer
from pytest_aep_export.fuzz.stage import UNION, token
from pytest_aep_export.fuzz.strategies.job_mistakes import hostile_requests
from pytest_aep_export.fuzz.strategies.job_requests import DATASET, Known, bodies
from pytest_aep_export.fuzz.strategies.jobs import ORGANISATION, Shown, documents
from pytest_aep_export.fuzz.strategies.near import Chosen, NearMiss, chosen
from pytest_aep_export.fuzz.strategies.responses import answer, hostile_answers
from pytest_aep_export.lifecycle import EPOCH
from pytest_aep_export.model import ExportJob

__all__ = ["Journal", "hostile_journals", "journals", "mistakes", "near_journals"]

Journal: TypeAlias = tuple[Exchange, ...]
"""Exchanges in the order of their arrival."""

_Spoiled: TypeAlias = tuple[str, Mistake] | None
"""The operation whose first request has a mistake, and the mistake; None where nothing is wrong."""

_NAMES: Final = {
    "own.token": "a-token-of-nobody",
    "own.client_id": "a-client-of-nobody",
    "own.client_secret": "a-secret-of-nobody",
    "own.org": ORGANISATION,
    "own.sandbox": "prod",
    "own.scopes": "openid",
}
_CONTENT: Final = b"PAR1PAR1"


@dataclass(slots=True)
class _Wire:
    """What is exchanged, as it comes.

    Attributes:
        dialect: What the server speaks.
        spoiled: What is still to be spoiled.
        exchanges: What has been exchanged.
        at: When the last request arrived.
    """

    dialect: Dialect
    spoiled: _Spoiled = None
    exchanges: list[Exchange] = field(default_factory=list)
    at: int = EPOCH

    def call(self, step: Step, response: Response, after: int = 1000) -> None:
        """Exchange a request for an answer."""
        self.at += after
        operation = step.operation
        if self.spoiled and self.spoiled[0] == operation:
            step = replace(step, mistakes=(self.spoiled[1],))
            self.spoiled = None
        request = _COMPOSER.compose(step, _NAMES)
        match = load().match(request.method, request.path)
        if match is None:
            response, operation = Response(404, Headers({"content-type": "application/json"}), b"{}"), ""
        self.exchanges.append(Exchange(request, response, operation, self.at))


_COMPOSER: Final = Composer(load())


def journals(dialect: str = "canonical") -> st.SearchStrategy[Journal]:
    """Journals of exports by a client that keeps to its requirements; they shrink to one that is cancelled at once."""
    return _drawn(_parts(dialect), st.none()).map(lambda drawn: drawn[0])


def near_journals(names: Chosen, dialect: str = "canonical") -> st.SearchStrategy[NearMiss[Journal]]:
    """Journals in which one request is not as its requirement has it: ``mistake.owed.source`` says which."""
    known = {mistake.name: (operation, mistake) for operation, mistake in _MISTAKES}
    wrong = st.sampled_from([known[mistake.name] for mistake in chosen(mistakes(), names)])
    return _drawn(_parts(dialect), wrong).map(_missed)


def _missed(drawn: tuple[Journal, _Spoiled]) -> NearMiss[Journal]:
    journal, spoiled = drawn
    assert spoiled is not None
    return NearMiss(journal, spoiled[1])


@dataclass(frozen=True, slots=True)
class _Parts:
    """What journals are made of: the dialect, requests for jobs and what the jobs become, and pauses in ms."""

    dialect: Dialect
    body: st.SearchStrategy[dict[str, Any]]
    job: st.SearchStrategy[dict[str, Any]]
    pause: st.SearchStrategy[int]


def _parts(dialect: str) -> _Parts:
    ended = Shown(dialect, statuses=("CANCELLED", "FAILED", "SUCCEEDED"))
    return _Parts(DIALECTS[dialect], bodies(Known()), documents(ended), st.integers(1_000, 60_000))


@st.composite
def _drawn(draw: st.DrawFn, parts: _Parts, wrong: st.SearchStrategy[_Spoiled]) -> tuple[Journal, _Spoiled]:
    """A journal, and what is wrong in it."""
    spoiled = draw(wrong)
    wire = _Wire(parts.dialect, spoiled)
    ended = draw(parts.job)
    job = {"exportJobId": str(ended["id"])}
    wire.call(token("own"), _token())
    _create(wire, draw(parts.body), _as_new(ended))
    for _ in range(draw(st.integers(0, 2))):
        wire.call(Step("getExportJob", path=job), answer(_as_begun(ended)), draw(parts.pause))
    if ended["status"] == "CANCELLED":
        wire.call(Step("cancelExportJob", path=job), _cancelled(parts.dialect))
    wire.call(Step("getExportJob", path=job), answer(ended), draw(parts.pause))
    if ended["status"] == "SUCCEEDED":
        _read(wire, ExportJob.from_json(ended).batch_ids)
    if wire.spoiled or draw(st.booleans()):
        wire.call(Step("listExportJobs", query={"limit": "1"}), answer(_page(ended, parts.dialect)))
    return tuple(wire.exchanges), spoiled


def _token() -> Response:
    issued = {"access_token": _NAMES["own.token"], "token_type": "bearer", "expires_in": 86_399}
    return answer(issued)


def _create(wire: _Wire, body: Mapping[str, Any], job: Mapping[str, Any]) -> None:
    """Make a dataset, and a job that exports into it."""
    reference = answer([f"{wire.dialect.dataset_path}{DATASET}"], 201)
    wire.call(Step("createDataset", body={"name": "A name", "schemaRef": UNION}), reference)
    wire.call(Step("createExportJob", body=body), answer(job))


def _as_new(job: Mapping[str, Any]) -> dict[str, Any]:
    """The job as it was when it was made."""
    metrics = {"totalTime": {"startTimeInMs": job["creationTime"]}}
    kept = {name: value for name, value in job.items() if name != "errors"}
    return {**kept, "status": "NEW", "metrics": metrics, "updateTime": job["creationTime"]}


def _as_begun(job: Mapping[str, Any]) -> dict[str, Any]:
    return {**_as_new(job), "status": "PROCESSING"}


def _cancelled(dialect: Dialect) -> Response:
    return answer({"status": True, "message": "Cancelled"}) if dialect.cancel == "message" else Response(204)


def _read(wire: _Wire, batches: Sequence[str]) -> None:
    """Read the one file of each batch."""
    for batch in batches:
        path = {"batchId": batch}
        file = {"fileId": f"{batch}-DE1"}
        wire.call(
            Step("listBatchFiles", path=path), answer(_listing([{"dataSetFileId": file["fileId"], "isValid": False}]))
        )
        wire.call(
            Step("getFile", path=file), answer(_listing([{"name": "part.parquet", "length": str(len(_CONTENT))}]))
        )
        headers = Headers({"content-type": "application/parquet", "content-length": str(len(_CONTENT))})
        wire.call(Step("getFile", path=file, query={"path": "part.parquet"}), Response(200, headers, _CONTENT))


def _listing(items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    link = {"self": {"href": "https://platform.adobe.io/data/foundation/export/files/a-file"}}
    return {"data": [{**item, "_links": link} for item in items], "_page": {"limit": 100, "count": len(items)}}


def _page(job: Mapping[str, Any], dialect: Dialect) -> dict[str, Any]:
    destination = dict(job["destination"])
    listed = {dialect.dataset_key_in_list: destination.pop(dialect.dataset_key), **destination}
    offset = f"{job['creationTime']}_{job['id']}"
    page = {"sortField": "createdTime", "sort": "desc", "pageOffset": offset, "pageSize": 1}
    return {"records": [{**job, "destination": listed}], "page": page, "link": {"next": ""}}


def mistakes() -> tuple[Mistake, ...]:
    """Every mistake that a journal can show."""
    return tuple(mistake for _, mistake in _MISTAKES)


def _mistake(name: str, operation: str, number: str, at: str, put: Any = ABSENT) -> tuple[str, Mistake]:
    return operation, Mistake(name, (Edit(at, put),), Owed(REFUSED, f"EXP-CLI-{number}"))


_LOOK: Final = "getExportJob"
_JOB: Final = "createExportJob"
_UNION: Final = "createDataset"
_MISTAKES: Final = (
    _mistake("a look without a token", _LOOK, "003", "/header/authorization"),
    _mistake("a look without an API key", _LOOK, "003", "/header/x-api-key"),
    _mistake("a look without an organisation", _LOOK, "003", "/header/x-gw-ims-org-id"),
    _mistake("a look without a sandbox", _LOOK, "003", "/header/x-sandbox-name"),
    _mistake("a job as a form", _JOB, "004", "/header/content-type", "application/x-www-form-urlencoded"),
    _mistake("a route that there is not", _LOOK, "005", "/target", "/data/core/ups/export/job/1"),
    _mistake("credentials of another scheme", _LOOK, "006", "/header/authorization", "Basic bm9ib2R5"),
    _mistake("another API key than the token's", _LOOK, "007", "/header/x-api-key", "a-client-of-somebody"),
    _mistake("a dataset as a text", _UNION, "008", "/header/content-type", "text/plain"),
    _mistake("a parameter that there is not", "listExportJobs", "009", "/query/size", "1"),
    _mistake("a page of no jobs", "listExportJobs", "009", "/query/limit", "0"),
    _mistake("a look with a body", _LOOK, "010", "/raw", "{}"),
    _mistake("fields as a list", _JOB, "018", "/body/fields", ["_id"]),
    _mistake("a member that there is not", _JOB, "019", "/body/priority", 1),
    _mistake("a time without a zone", _JOB, "020", "/body/filter/fromIngestTimestamp", "2024-05-01T00:00:00"),
    _mistake("a job without a schema", _JOB, "021", "/body/schema"),
    _mistake("a job without a dataset", _JOB, "021", "/body/destination/datasetId"),
    _mistake("a job for events", _JOB, "022", "/body/schema/name", "_xdm.context.experienceevent"),
    _mistake("a dataset without a name", _UNION, "023", "/body/name"),
    _mistake("a dataset that is not on the union", _UNION, "024", "/body/schemaRef/id", "https://ns.adobe.com/xdm/a"),
)


def hostile_journals() -> st.SearchStrategy[Journal]:
    """Exchanges that no client and no server should have: hostile requests and answers, cut ones, and none at all."""
    requests, responses = hostile_requests(Known()), hostile_answers(Shown(None)) | st.just(Response(0))
    cut = st.builds(replace, responses, cut=st.booleans())
    operations = st.sampled_from((*load().operations, ""))
    times = st.sampled_from((EPOCH, 0, -1, 2**63))
    one = st.builds(Exchange, requests, cut, operations, times)
    return st.lists(one, max_size=5).map(tuple)
