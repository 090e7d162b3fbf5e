"""Traces by hand: what a client sent and got, one exchange after the other, a second apart unless said otherwise."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import quote, urlencode

from pytest_aep_export.emulator import Behaviour
from pytest_aep_export.exchange import Exchange, Headers, Request, Response
from pytest_aep_export.judge.rules import RULES
from pytest_aep_export.judge.scenario import Ending, Scenario, Task
from pytest_aep_export.judge.trace import Attempt, Performance, Trace, Truth
from pytest_aep_export.judge.verdicts import judge
from pytest_aep_export.lifecycle import EPOCH
from pytest_aep_export.model import UNION_SCHEMA
from pytest_aep_export.suite.verdicts import Outcome, Result

HOST: Final = "http://127.0.0.1:8080"
JOBS: Final = "/data/core/ups/export/jobs"
DATASETS: Final = "/data/foundation/catalog/dataSets"
EXPORT: Final = "/data/foundation/export"
TOKEN: Final = "token-number-one"
SECRET: Final = "secret-of-the-client"
KEY: Final = "key-of-the-client"
KNOWN: Final = (TOKEN, SECRET, "token-number-two")
FOUR: Final = {"x-api-key": KEY, "x-gw-ims-org-id": "1BD6382559DF0C130A49422D@AdobeOrg", "x-sandbox-name": "prod"}
FORM: Final = {"grant_type": "client_credentials", "client_id": KEY, "client_secret": SECRET, "scope": "openid"}
DATASET: Final = "5b020a27e7040801dedba61b"
BATCH: Final = "01HP1Z0A9YZ733QCJN6AXCATHF"
UNION: Final = {"name": "A name", "schemaRef": {"id": UNION_SCHEMA, "contentType": "application/vnd.adobe.xed+json"}}
ASKED: Final = {"destination": {"datasetId": DATASET}, "schema": {"name": "_xdm.context.profile"}}


def job(status: str = "NEW", number: int = 7, **more: Any) -> dict[str, Any]:
    """A job as the canonical dialect shows it."""
    return {
        "id": number,
        "jobType": "BATCH",
        "profileInstanceId": "ups",
        "schema": {"name": "_xdm.context.profile"},
        "mergePolicy": {"id": "a-policy", "version": 1},
        "status": status,
        "requestId": "IwkVcD4RupdSmX376OBVORvcvTdA4ypN",
        "computeGatewayJobId": {},
        "metrics": {"totalTime": {"startTimeInMs": EPOCH}},
        "destination": {"datasetId": DATASET, "segmentPerBatch": False, "batchId": BATCH},
        "creationTime": EPOCH - number,
        "updateTime": EPOCH,
        "imsOrgId": FOUR["x-gw-ims-org-id"],
        **more,
    }


@dataclass
class Wire:
    """What goes over the wire between one client and a server."""

    exchanges: list[Exchange] = field(default_factory=list)
    now: int = EPOCH
    bearer: str = TOKEN

    def call(  # noqa: PLR0913 - all that one exchange is made of
        self,
        method: str,
        path: str,
        operation: str,
        answer: Any = None,
        *,
        status: int = 200,
        sent: Any = None,
        headers: Mapping[str, str] | None = None,
        without: Collection[str] = (),
        back: Mapping[str, str] | None = None,
        cut: bool = False,
        after: int = 1000,
    ) -> Exchange:
        """Send a request and get an answer; a body that is no bytes is JSON, and of status 0 there is no answer."""
        self.now += after
        own = FOUR | {"authorization": f"Bearer {self.bearer}"} if not path.startswith("/ims/") else {}
        own |= {"content-type": "application/json"} if sent is not None and not isinstance(sent, bytes) else {}
        kept = {name: value for name, value in (own | dict(headers or {})).items() if name not in without}
        body = sent if isinstance(sent, bytes) else b"" if sent is None else jsonlib.dumps(sent).encode()
        request = Request(method, HOST + path, Headers(kept), body)
        content = answer if isinstance(answer, bytes) else b"" if answer is None else jsonlib.dumps(answer).encode()
        response = Response(status, Headers(back or {}), content, cut)
        self.exchanges.append(Exchange(request, response, operation, self.now))
        return self.exchanges[-1]

    def token(self, value: str = TOKEN, form: Mapping[str, str] | None = None, **more: Any) -> Exchange:
        """Ask for a token, and use it from then on."""
        self.bearer = value
        answer = more.pop("answer", {"access_token": value, "token_type": "bearer", "expires_in": 86399})
        sent = urlencode(FORM if form is None else form).encode()
        media = {"content-type": "application/x-www-form-urlencoded"}
        return self.call("POST", "/ims/token/v3", "requestToken", answer, **{"sent": sent, "headers": media, **more})

    def dataset(self, reference: str = f"@/dataSets/{DATASET}", sent: Any = UNION, **more: Any) -> Exchange:
        """Create a dataset."""
        return self.call("POST", DATASETS, "createDataset", [reference], sent=sent, **{"status": 201, **more})

    def create(self, answer: Any = None, sent: Any = ASKED, **more: Any) -> Exchange:
        """Create a job."""
        return self.call("POST", JOBS, "createExportJob", job() if answer is None else answer, sent=sent, **more)

    def look(self, answer: Any = "PROCESSING", number: int = 7, **more: Any) -> Exchange:
        """Look at a job; a text is its status."""
        shown = job(answer, number) if isinstance(answer, str) else answer
        return self.call("GET", f"{JOBS}/{number}", "getExportJob", shown, **more)

    def page(self, *numbers: int, query: str = "", link: Any = "", answer: Any = None, **more: Any) -> Exchange:
        """Get a page of the list: the jobs of these numbers, and the next link."""
        shown = {"records": [job("SUCCEEDED", n) for n in numbers], "page": {}, "link": {"next": link}}
        return self.call("GET", JOBS + query, "listExportJobs", shown if answer is None else answer, **more)

    def files(self, *names: str, batch: str = BATCH, query: str = "", links: Any = None, **more: Any) -> Exchange:
        """List the files of a batch."""
        data = [{"dataSetFileId": name, "isValid": False, "size": "3", "_links": {}} for name in names]
        answer = {"data": data, "_page": {"limit": 100, "count": more.pop("count", len(names))}}
        answer |= {"_links": links} if links else {}
        return self.call("GET", f"{EXPORT}/batches/{batch}/files{query}", "listBatchFiles", answer, **more)

    def parts(self, *names: str, file: str = "F1", length: int = 8, query: str = "", **more: Any) -> Exchange:
        """List the parts of a file."""
        data = [{"name": name, "length": str(length), "_links": {"self": {"href": HOST}}} for name in names]
        return self.call("GET", f"{EXPORT}/files/{file}{query}", "getFile", {"data": data}, **more)

    def bytes(self, content: bytes = b"PAR1PAR1", part: str = "p.parquet", file: str = "F1", **more: Any) -> Exchange:
        """Download a part of a file."""
        back = {"content-length": str(more.pop("length", len(content)))} | dict(more.pop("back", {}))
        path = f"{EXPORT}/files/{file}?path={quote(part)}"
        return self.call("GET", path, "getFile", content, back=back, **more)

    def cancel(self, answer: Any = None, status: int = 204, number: int = 7, **more: Any) -> Exchange:
        """Cancel a job."""
        return self.call("DELETE", f"{JOBS}/{number}", "cancelExportJob", answer, status=status, **more)

    def begin(self) -> Wire:
        """A token, a dataset and a job."""
        self.token()
        self.dataset()
        self.create()
        return self

    def wait(self) -> Wire:
        """Two looks at the job, at the second of which it has succeeded."""
        self.look("PROCESSING")
        self.look("SUCCEEDED")
        return self

    def read(self) -> Wire:
        """The one file of the batch and its one part."""
        self.files("F1")
        self.parts("p.parquet")
        self.bytes()
        return self

    def trace(self, ending: Ending = "success", **options: Any) -> Trace:
        """What a scenario shows of it: the client ended as due, but for what the options say of it or the scenario."""
        names = {"end", "said", "output", "jobs", "rows", "files"}
        told = {"end": "failure" if ending == "failure" else "success"} | {
            k: options.pop(k) for k in names & {*options}
        }
        truth, attempts = options.pop("truth", Truth()), options.pop("attempts", ())
        task: Task = options.pop("task", "export")
        scenario = Scenario(options.pop("id", "a-scenario"), "About it.", task, ending, **options)
        return Trace(tuple(self.exchanges), scenario, Performance(**told), truth, attempts)

    def own(self, **options: Any) -> Trace:
        """What a client's own test shows of it."""
        attempts: tuple[Attempt, ...] = options.pop("attempts", ())
        return Trace(tuple(self.exchanges), None, Performance(**options), attempts=attempts)


def export() -> Wire:
    """An export that is right in everything."""
    return Wire().begin().wait().read()


def outcomes(requirement: str, trace: Trace) -> list[Outcome]:
    """What the rule of a requirement says of a trace."""
    return list(RULES[f"EXP-CLI-{requirement}"](trace))


def keeps(requirement: str, trace: Trace) -> None:
    """The trace keeps the requirement, and shows that it does."""
    found = outcomes(requirement, trace)
    assert found
    assert {each.result for each in found} == {Result.MET}, found


def silent(requirement: str, trace: Trace) -> None:
    """The trace says nothing of the requirement."""
    assert outcomes(requirement, trace) == []


def unsure(requirement: str, trace: Trace, reason: str) -> None:
    """The trace cannot decide the requirement, for that reason."""
    found = [each for each in outcomes(requirement, trace) if each.result is not Result.MET]
    assert [each.result for each in found] == [Result.NOT_VERIFIED]
    assert reason in found[0].found


def breaks(
    requirement: str, exchange: Exchange | None, trace: Trace, found: str = "", also: Collection[str] = ()
) -> None:
    """The trace breaks this requirement, the exchange shows it, and no other is broken but those named."""
    every = judge([trace])
    broken = {name for name, each in every.items() if any(one.result is Result.UNMET for one in each)}
    assert broken == {f"EXP-CLI-{each}" for each in {requirement, *also}}
    outcome = next(each for each in outcomes(requirement, trace) if each.result is Result.UNMET)
    assert outcome.exchange == (exchange and Outcome("", Result.UNMET, exchange=exchange).without(KNOWN).exchange)
    assert outcome.required
    assert found in outcome.found


def altered(exchange: Exchange, change: Callable[[Request], Request]) -> Exchange:
    """The exchange with another request."""
    return replace(exchange, request=change(exchange.request))


def persona(name: str = "token-without-lifetime") -> Behaviour:
    """A server that is wrong in some way, so that nothing is taken for plain."""
    return Behaviour(persona=name)
