"""Fixed journeys through the API, each a list of requests, so that what a persona answers can be held against the rest.

A journey is recorded once, from the emulator as it is. Played again on a new emulator of the same seed, the same
requests get the same answers to the last byte, but for tokens and for what counts requests.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode, urlsplit

import orjson

from pytest_aep_export.contract.dialects import dialect
from pytest_aep_export.emulator import Behaviour, Emulator
from pytest_aep_export.emulator.personas import Persona
from pytest_aep_export.emulator.tenants import DefaultData
from pytest_aep_export.exchange import Headers, Request, Response
from pytest_aep_export.model import MergePolicy
from pytest_aep_export.profiles.policies import DEFAULT_POLICIES, DEFAULT_SEGMENTS

if TYPE_CHECKING:
    import pyarrow as pa

UPS: Final = "/data/core/ups"
JOBS: Final = f"{UPS}/export/jobs"
CATALOG: Final = "/data/foundation/catalog"
DATASETS: Final = f"{CATALOG}/dataSets"
EXPORT: Final = "/data/foundation/export"
SANDBOXES: Final = "/data/foundation/sandbox-management/sandboxes"
UNION: Final = {"id": "https://ns.adobe.com/xdm/context/profile__union"}
SEGMENTS: Final = [{"segmentId": segment.id, "segmentNs": segment.namespace} for segment in DEFAULT_SEGMENTS]
EVENTS: Final = {"fields": "timestamp,web.webPageDetails.URL"}

_HOST: Final = "http://emulator"
_COUNTED: Final = frozenset({"date", "x-request-id"})
"""Headers that differ wherever another number of requests was admitted before."""


class Stage:
    """An emulator of its own with two organisations, called in process."""

    def __init__(self, persona: str | Persona | None, spoken: str = "canonical") -> None:
        behaviour = Behaviour(dialect=dialect(spoken), persona=persona, part_rows=15)
        self.emulator = Emulator(profiles=24, behaviour=behaviour)
        self.tenant = self.emulator.create_tenant(("prod", "second"))
        self.tenant.add_merge_policy(MergePolicy("stitched-by-time", graph="pdg"))
        self.other = self.emulator.create_tenant(data=DefaultData(8, 1))
        issue, clock = self.emulator.state.tokens.issue, self.tenant.clock.now()
        self._secrets = {
            "OWN": issue(self.tenant.credentials.client_id, "", clock),
            "OTHER": issue(self.other.credentials.client_id, "", clock),
            "SECRET": self.tenant.credentials.client_secret,
        }

    async def answer(self, request: Request) -> Response:
        """What a request is answered with, without tokens and without what counts requests."""
        parts = urlsplit(request.url)
        headers = [(name.lower().encode(), self._filled(value).encode()) for name, value in request.headers.raw]
        body = self._filled(request.body.decode("latin-1")).encode("latin-1")
        scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"},  # which does not wait for a disconnect
            "method": request.method, "scheme": "http", "server": ("emulator", 80),
            "path": parts.path, "raw_path": parts.path.encode(), "query_string": parts.query.encode(),
            "headers": [(b"host", b"emulator"), *headers, *([(b"content-length", b"%d" % len(body))] if body else [])],
        }  # fmt: skip
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.emulator.app(scope, receive, send)
        content = b"".join(message.get("body", b"") for message in sent[1:])
        raw = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in sent[0]["headers"]]
        kept = [pair for pair in raw if pair[0] not in _COUNTED]
        return _without_counts(Response(sent[0]["status"], Headers(kept), content))

    def _filled(self, text: str) -> str:
        for placeholder, secret in self._secrets.items():
            text = text.replace(placeholder, secret)
        return text


def _without_counts(response: Response) -> Response:
    """The answer without its token and without the number of its request."""
    try:
        document = orjson.loads(response.body)
    except orjson.JSONDecodeError:
        return response
    if isinstance(document, dict):
        for name in ("access_token", "requestId"):
            if "jobType" not in document and isinstance(document.get(name), str):
                document[name] = "…" if document[name] else ""
    return Response(response.status, response.headers, orjson.dumps(document))


# -- How a journey is written down --------------------------------------------------------------------------------


class Traveller:
    """Sends requests to the emulator as it is, and keeps them."""

    def __init__(self, stage: Stage, loop: asyncio.AbstractEventLoop) -> None:
        self.stage = stage
        self.requests: list[Request] = []
        self._loop = loop
        self._headers = {
            "authorization": "Bearer OWN",
            "x-api-key": stage.tenant.credentials.client_id,
            "x-gw-ims-org-id": stage.tenant.credentials.org_id,
            "x-sandbox-name": "prod",
        }

    def send(
        self, method: str, path: str, body: Any = None, *, without: str = "", query: Any = None, **headers: str
    ) -> Response:
        """One request; a body is JSON unless it is bytes already, and headers are named with underscores."""
        every = self._headers | {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        typed = {"content-type": "application/json"} if content else {}
        kept = {name: value for name, value in (typed | every).items() if name != without}
        url = f"{_HOST}{path}{f'?{urlencode(query)}' if query else ''}"
        self.requests.append(Request(method, url, Headers(kept), content))
        return self._loop.run_until_complete(self.stage.answer(self.requests[-1]))

    def dataset(self) -> str:
        """A new dataset."""
        body = {"name": f"Dataset {len(self.requests)}", "schemaRef": UNION}
        return str(self.send("POST", DATASETS, body).json()[0]).rpartition("/")[2]

    def job(self, **members: Any) -> dict[str, Any]:
        """A new job, into a dataset of its own."""
        least = {"destination": {"datasetId": self.dataset()}, "schema": {"name": "_xdm.context.profile"}}
        created: dict[str, Any] = self.send("POST", JOBS, least | members).json()
        return created

    def watch(self, job: dict[str, Any]) -> dict[str, Any]:
        """The job after a look at each step of it, and one more."""
        looks = [self.send("GET", f"{JOBS}/{job['id']}").json() for _ in range(3)]
        return dict(looks[-1])

    def export(self, **members: Any) -> None:
        """A job that is watched to its end, and whose files are read; one that is refused is refused."""
        created = self.job(**members)
        for batch in _batches(self.watch(created)) if "id" in created else ():
            self.read(batch)

    def read(self, batch: str) -> list[str]:
        """The paths of the files of a batch, each of which was read."""
        files = self.send("GET", f"{EXPORT}/batches/{batch}/files").json()["data"]
        found = []
        for file in files:
            where = f"{EXPORT}/files/{file['dataSetFileId']}"
            for part in self.send("GET", where).json()["data"]:
                found.append(f"{where}?path={quote(part['name'])}")
                self.send("GET", found[-1])
        return found


def _batches(job: dict[str, Any]) -> Iterator[str]:
    destination = job["destination"]
    several = destination.get("batches") or [destination]
    return (batch["batchId"] for batch in several)


def _dataset(job: dict[str, Any]) -> str:
    destination: dict[str, str] = job["destination"]
    return destination.get("datasetId") or destination["dataSetId"]


def _thirds(table: pa.Table) -> tuple[str, str]:
    """Two times that share the rows of a table out in three, by when they were ingested."""
    times = sorted(table["ingestTime"].to_pylist())
    first, second = (times[len(times) * part // 3].strftime("%Y-%m-%dT%H:%M:%SZ") for part in (1, 2))
    return first, second


# -- The journeys -------------------------------------------------------------------------------------------------


def auth(me: Traveller) -> None:
    """Tokens, and calls of each service with something about the headers that is wrong or unusual."""
    who = me.stage.tenant.credentials
    form = {"grant_type": "client_credentials", "client_id": who.client_id, "scope": "openid"}
    for secret in ("SECRET", "wrong"):
        body = urlencode(form | {"client_secret": secret}).encode()
        me.send("POST", "/ims/token/v3", body, content_type="application/x-www-form-urlencoded")
    for path in (JOBS, DATASETS, f"{EXPORT}/batches/unknown/files"):
        for header in ("authorization", "x-api-key", "x-gw-ims-org-id", "x-sandbox-name"):
            me.send("GET", path, without=header)
        me.send("GET", path, authorization="Bearer unknown")
        me.send("GET", path, authorization="bearer OWN")
        me.send("GET", path, authorization="Bearer OWN", x_api_key="0" * 32)
        me.send("GET", path, x_gw_ims_org_id=f"{'0' * 24}@AdobeOrg")
        me.send("GET", path, content_type="application/json")
        me.send("GET", path, accept="application/vnd.adobe.xdm+json")


def datasets(me: Traveller) -> None:
    """Datasets that are created in every way, shown, listed and not there."""
    body = {"name": "a dataset of ours", "schemaRef": UNION}
    for more, slash in (({}, ""), ({"fileDescription": {"format": "parquet"}}, ""), ({}, "/")):
        created = me.send("POST", f"{DATASETS}{slash}", body | more).json()[0]
        for _ in range(2):
            me.send("GET", f"{DATASETS}/{created.rpartition('/')[2]}")
    me.send("GET", DATASETS)
    me.send("GET", f"{DATASETS}/{'0' * 24}")


def jobs(me: Traveller) -> None:
    """Jobs of many kinds that are created, watched, listed in every way and cancelled."""
    sample = {
        "fields": "identities.id,personalEmail.address",
        "mergePolicy": {"id": DEFAULT_POLICIES[1].id, "version": 1},
    }
    events = {
        "fields": "environment.browserDetails.name",
        "filter": {"fromIngestTimestamp": "2018-10-25T13:22:04-07:00"},
    }
    utc = {"fromIngestTimestamp": "2018-10-25T20:22:04Z", "toIngestTimestamp": "2030-01-01T00:00:00Z"}
    members = [{"segments": SEGMENTS[:2]}, {"emptyProfiles": True}]
    dataset = me.dataset()
    kinds: list[dict[str, Any]] = [
        sample | {"additionalFields": {"eventList": events}},
        sample,
        sample | {"fields": "identityMap", "additionalFields": {"eventList": events}},
        {"mergePolicy": {"id": DEFAULT_POLICIES[1].id}},
        {"additionalFields": {"eventList": {"fields": "timestamp"}}},
        {"additionalFields": {"eventList": {"filter": utc}}, "evaluationInfo": {"segmentation": False}},
        *({"filter": chosen} for chosen in members),
        {"filter": members[0], "destination": {"datasetId": dataset, "segmentPerBatch": True}},
        {"destination": {"datasetId": dataset}},
        {"destination": {"datasetId": dataset}},
        {"fields": "personID,person.name,identityMap"},
    ]
    made = [me.job(**kind) for kind in kinds]
    for query in ({}, {"limit": 2}, {"limit": 5}, {"limit": 1000}):
        me.send("GET", JOBS, query=query)
    for job in (*made[:3], made[8], made[1]):
        me.watch(job)
    me.send("GET", f"{JOBS}/", query={"limit": 3})
    for query in ({}, {"limit": 2}, {"limit": 2}, {"sort": "updateTime:asc"}, {"start": 4}, {"page": 1}):
        me.send("GET", JOBS, query=query)
    for status in ("SUCCEEDED", "FAILED"):
        me.send("GET", JOBS, query={"status": status, "limit": 1})
        me.send("GET", JOBS, query={"status": status})
    offset = me.send("GET", JOBS, query={"limit": 4}).json()["page"]["pageOffset"]
    for _ in range(2):
        me.send("GET", JOBS, query={"limit": 4, "offset": offset})
    me.send("GET", f"{JOBS}/2000000000")
    me.send("GET", f"{JOBS}/{made[0]['id']}0000")
    for job in (made[0], made[5], made[5]):
        me.send("DELETE", f"{JOBS}/{job['id']}")
        for _ in range(2):
            me.send("GET", f"{JOBS}/{job['id']}")
    me.send("GET", JOBS)
    me.send("GET", f"{EXPORT}/batches/{next(_batches(made[0]))}/files")
    me.send("DELETE", f"{JOBS}/2000000000")
    me.send("POST", f"{JOBS}/{made[6]['id']}")
    for job in (made[4], made[6]):
        me.send("GET", f"{JOBS}/{job['id']}")


def files(me: Traveller) -> None:
    """Two batches: their files listed, read whole and in part, and what else is told of them."""
    made = [me.watch(me.job(fields=name)) for name in ("personID", "personalEmail.address")]
    for job in made:
        (batch,), dataset = _batches(job), _dataset(job)
        for query in ({}, {}, {"limit": 1}, {"start": 1, "limit": 1}, {"start": 9}):
            me.send("GET", f"{EXPORT}/batches/{batch}/files", query=query)
        first = me.read(batch)[0]
        me.send("GET", first)
        for asked in ("bytes=0-99", "bytes=10-19", "bytes=10-", "bytes=-10", "bytes=0-0", "bytes=9999999-"):
            me.send("GET", first, range=asked)
        for path in (first, f"{first}.gone", first.partition("?")[0]):
            me.send("HEAD", path)
        me.send("GET", f"{first}.gone")
        me.send("GET", f"{CATALOG}/batches/{batch}")
        me.send("GET", f"{EXPORT}/datasets/{dataset}/preview")
        me.send("GET", f"{EXPORT}/batches/{batch}/failed")
        for query in ({}, {"path": "input_files"}, {"path": "row_errors"}, {"path": "no-such-file.json"}):
            meta = me.send("GET", f"{EXPORT}/batches/{batch}/meta", query=query)
            for entry in meta.json().get("data", ()) if meta.status == HTTPStatus.OK else ():
                link = urlsplit(entry["_links"]["self"]["href"])
                me.send("GET", f"{link.path}?{link.query}")
    me.send("GET", f"{EXPORT}/files/unknown")
    me.send("GET", f"{EXPORT}/datasets/{'0' * 24}/preview")


def rows(me: Traveller) -> None:
    """Exports with and without fields, events, windows, blanks and keys."""
    window = dict(zip(("fromIngestTimestamp", "toIngestTimestamp"), _thirds(me.stage.tenant.data.events), strict=True))
    events: list[dict[str, Any]] = [{"fields": "timestamp"}, {"filter": window}, {**EVENTS, "filter": window}]
    for more in ({}, *({"additionalFields": {"eventList": each}} for each in events)):
        for fields in ({}, {"fields": "identityMap"}, {"fields": "personalEmail.address,identities.id,person.name"}):
            me.export(**fields, **more)
    for text in ("identityMap, personalEmail", "", "identityMap.ECID,personID"):
        me.export(fields=text)
    me.export(filter={"segments": SEGMENTS[:1]})


def filters(me: Traveller) -> None:
    """Exports of segments, of windows, of updates and of profiles of events only."""
    one, other, foreign = SEGMENTS
    data = me.stage.tenant.data
    since, late = ({"fromIngestTimestamp": _thirds(table)[n]} for table, n in ((data.fragments, 0), (data.events, 1)))
    window = {"startTime": "2018-04-01T00:00:00Z", "endTime": "2018-10-01T00:00:00Z"}
    chosen: list[dict[str, Any]] = [
        {"segments": [one]},
        {"segments": [one, foreign]},
        *({"segments": [one | {"status": status}]} for status in (["realized"], ["exited"], ["realized", "exited"])),
        {"segments": [one | {"status": ["existing"]}]},
        {"segments": [one | {"segmentNs": "UPS"}]},
        {"segments": [{"segmentId": one["segmentId"]}]},
        {"segments": [one | {"segmentId": "unknown"}]},
        *({"segments": [one], "segmentQualificationTime": {name: window[name]}} for name in window),
        {"segments": [one], "segmentQualificationTime": window},
        {"segments": [one], "segmentQualificationTime": dict(zip(window, [*window.values()][::-1], strict=True))},
        since,
        {"emptyProfiles": True},
        {"emptyProfiles": False},
    ]
    plain = {"fields": "identityMap,segmentMembership,person", "mergePolicy": {"id": DEFAULT_POLICIES[1].id}}
    for each in chosen:
        me.export(**plain, filter=each)
    for each in ({}, since, late, {"emptyProfiles": True}):
        me.export(**plain, filter=each, additionalFields={"eventList": {"fields": "timestamp"}})
    me.export(**plain)
    me.export(
        **plain, filter={"segments": [one, other]}, destination={"datasetId": me.dataset(), "segmentPerBatch": True}
    )


def merging(me: Traveller) -> None:
    """Exports by every merge policy, by none, and the policies themselves."""
    me.send("GET", f"{UPS}/config/mergePolicies")
    for policy in (*(policy.id for policy in DEFAULT_POLICIES), "stitched-by-time"):
        me.send("GET", f"{UPS}/config/mergePolicies/{policy}")
        me.export(mergePolicy={"id": policy})
    me.export()
    for segment in SEGMENTS:
        me.send("GET", f"{UPS}/segment/definitions/{segment['segmentId']}")
        me.export(filter={"segments": [segment]})


def policies(me: Traveller) -> None:
    """Merge policies that are created, listed, replaced, changed, deleted and exported by, and what is refused."""
    path, account = f"{UPS}/config/mergePolicies", {"schema": {"name": "_xdm.context.account"}}
    least = {"name": "of the suite", "schema": {"name": "_xdm.context.profile"}, "identityGraph": {"type": "pdg"}}
    body = {**least, "attributeMerge": {"type": "timestampOrdered"}}
    default = DEFAULT_POLICIES[0].id

    def make(**members: Any) -> str:
        return str(me.send("POST", path, body | members).json().get("id"))

    made = make(identityGraph={"type": "none"})
    early = me.job(mergePolicy={"id": made})
    me.send("PUT", f"{path}/{made}", body)
    me.send("GET", f"{path}/{made}")
    me.job(mergePolicy={"id": made})
    me.watch(early)
    name, flag = ({"op": "add", "path": f"/{at}", "value": value} for at, value in (("name", "x"), ("default", "true")))
    account_policy = make(**account)
    for changes in (name, [name], flag):
        me.send("PATCH", f"{path}/{account_policy}", changes)
        me.send("GET", f"{path}/{account_policy}")
    others = make(**account, default=True), make(isActiveOnEdge=True)
    queries = (
        "limit=1",
        "default=true",
        "identityGraph.type=none",
        "attributeMerge.type=dataSetPrecedence",
        "orderBy=-name",
    )
    for query in ("", *queries):
        me.send("GET", f"{path}?{query}")
    me.send("POST", f"{path}/bulk-get", {"ids": [{"id": policy.id} for policy in DEFAULT_POLICIES]})
    for spoiled in ({"identityGraph": {"type": "unknown"}}, {"attributeMerge": {"type": "dataSetPrecedence"}}):
        make(**spoiled)
    me.send("POST", path, {key: value for key, value in body.items() if key != "schema"})
    for key in (*others, default, made, "unknown"):
        me.send("DELETE", f"{path}/{key}")
        me.send("GET", f"{path}/{key}")
    me.send("PUT", f"{path}/unknown", body)
    me.send("PATCH", f"{path}/unknown", name)


def definitions(me: Traveller) -> None:
    """Segments that are defined, found, listed, changed and deleted, and what is refused."""
    path = f"{UPS}/segment/definitions"
    expression = {"type": "PQL", "format": "pql/text", "value": 'workAddress.country = "US"'}
    least = {"description": "of a suite", "expression": expression, "schema": {"name": "_xdm.context.profile"}}
    streaming = {"evaluationInfo": {"continuous": {"enabled": True}}}
    first, second = (
        str(me.send("POST", path, least | {"name": f"suite {number}"} | more).json()["id"])
        for number, more in enumerate(({}, streaming))
    )
    me.send("POST", path, least | {"name": "suite 1"})
    for name in ("expression", "schema", "name"):
        me.send("POST", path, {key: value for key, value in (least | {"name": "suite 2"}).items() if key != name})
    pages = ("limit=1", "limit=1&start=1", "limit=1&page=1", "sort=name:asc", "evaluationInfo.continuous.enabled=true")
    for query in ("", *pages):
        me.send("GET", f"{path}?{query}")
    me.send("POST", f"{path}/bulk-get", {"ids": [{"id": first}, {"id": second}]})
    me.send("GET", f"{path}/{first}")
    me.send("PATCH", f"{path}/{second}", {"name": "suite, changed"})
    for method, key in (("GET", second), ("DELETE", first), ("GET", first), ("GET", "unknown"), ("DELETE", "unknown")):
        me.send(method, f"{path}/{key}")
    me.send("GET", path)
    me.send("PATCH", f"{path}/unknown", {"name": "x"})


def sandboxes(me: Traveller) -> None:
    """The organisation's sandboxes, listed whole and by pages, and looked up one by one."""
    for query in ({}, {"limit": 1, "offset": 0}, {"limit": 1, "offset": 1}, {"limit": 1}, {"offset": 1}):
        me.send("GET", SANDBOXES, query=query)
    for name in ("prod", "second", "unknown"):
        me.send("GET", f"{SANDBOXES}/{name}")


def tenants(me: Traveller) -> None:
    """Whatever one tenant has, asked for by others."""
    job = me.watch(me.job(fields="personID"))
    young = me.job()
    (batch,), dataset = _batches(job), _dataset(job)
    file = me.read(batch)[0]
    other = me.stage.other.credentials
    stranger = {"authorization": "Bearer OTHER", "x_api_key": other.client_id, "x_gw_ims_org_id": other.org_id}
    export = {"destination": {"datasetId": dataset}, "schema": {"name": "_xdm.context.profile"}}
    paths = (
        f"{JOBS}/{job['id']}", JOBS, f"{DATASETS}/{dataset}", f"{EXPORT}/datasets/{dataset}/preview",
        f"{CATALOG}/batches/{batch}", f"{EXPORT}/batches/{batch}/files", file, f"{EXPORT}/batches/{batch}/failed",
        f"{EXPORT}/batches/{batch}/meta", f"{JOBS}?status=SUCCEEDED", DATASETS,
    )  # fmt: skip
    for whose in ({"x_sandbox_name": "second"}, stranger):
        for path in paths:
            me.send("GET", path, **whose)
        me.send("HEAD", file, **whose)
        me.send("DELETE", f"{JOBS}/{young['id']}", **whose)
        me.send("POST", JOBS, export, **whose)
    for path in (JOBS, file):
        me.send("GET", path, x_sandbox_name="unknown")
    me.send("GET", JOBS, x_gw_ims_org_id=other.org_id)
    me.send("GET", JOBS, x_api_key=other.client_id)
    me.read(batch)


def errors(me: Traveller) -> None:
    """Requests that are wrong in every way, for a job above all."""
    dataset = me.dataset()
    good: dict[str, Any] = {"destination": {"datasetId": dataset}, "schema": {"name": "_xdm.context.profile"}}
    me.send("POST", JOBS, good)
    for body in (b"{", b"[]"):
        me.send("POST", JOBS, body)
    me.send("POST", JOBS, good, content_type="text/plain")
    events = {"additionalFields": {"eventList": {"filter": {"fromIngestTimestamp": "yesterday"}}}}
    late, early = "2018-06-01T00:00:00Z", "2018-05-01T00:00:00Z"
    inverted = {"segments": SEGMENTS[:1], "segmentQualificationTime": {"startTime": late, "endTime": early}}
    spoiled: list[dict[str, Any]] = [
        {"fields": ["identityMap"]}, {"destination": dataset}, {"mergePolicy": DEFAULT_POLICIES[1].id},
        {"destination": {"datasetId": dataset, "segmentPerBatch": "perhaps"}}, {"additionalFields": "eventList"},
        {"destination": {"datasetId": "0" * 24}}, {"destination": {}}, events,
        {"mergePolicy": {"id": "unknown"}}, {"mergePolicy": {"id": DEFAULT_POLICIES[1].id, "version": 9}},
        {"fields": "noSuchField"}, {"filter": {"segments": [{"segmentNs": "ups"}]}},
        {"filter": {"segments": [SEGMENTS[0] | {"segmentId": "unknown"}]}},
        {"filter": {"segments": [SEGMENTS[0] | {"status": ["undecided"]}]}},
        {"filter": inverted}, {"filter": {"segments": "unknown"}}, {"fields": "personalemail.address"},
        {"schema": {"name": "_xdm.context.experienceevent"}},
    ]  # fmt: skip
    for more in spoiled:
        me.send("POST", JOBS, good | more)
    for name in good:
        me.send("POST", JOBS, {key: value for key, value in good.items() if key != name})
    schema = {"id": "https://ns.adobe.com/xdm/context/experienceevent__union"}
    created = str(me.send("POST", DATASETS, {"name": "events", "schemaRef": schema}).json()[0])
    me.send("POST", JOBS, good | {"destination": {"datasetId": created.rpartition("/")[2]}})
    for limit in ("0", "-1", "ten"):
        me.send("GET", JOBS, query={"limit": limit})
    for path in (JOBS, f"{JOBS}/2000000000", f"{DATASETS}/unknown", f"{EXPORT}/no-such-thing"):
        me.send("GET", path)


JOURNEYS: Final[dict[str, Callable[[Traveller], None]]] = {
    "AUTH": auth, "DATASET": datasets, "CREATE": jobs, "JOB": jobs, "LIST": jobs, "WATCH": jobs, "CANCEL": jobs,
    "FILES": files, "ROWS": rows, "FILTER": filters, "MERGE": merging, "POLICY": policies, "SANDBOX": sandboxes,
    "SEGMENT": definitions,
    "ISO": tenants, "ERROR": errors,
}  # fmt: skip
"""The journey on which the personas of each area show themselves."""


@cache
def script(journey: Callable[[Traveller], None], spoken: str = "canonical") -> tuple[Request, ...]:
    """The requests of a journey, in a dialect: what batches are called is a matter of that."""
    loop, stage = asyncio.new_event_loop(), Stage(None, spoken)
    try:
        me = Traveller(stage, loop)
        journey(me)
    finally:
        stage.emulator.close()
        loop.close()
    return tuple(me.requests)


def play(persona: str | Persona | None, area: str, spoken: str = "canonical") -> tuple[list[Response], tuple[str, ...]]:
    """What the journey of an area is answered with, and what went wrong in the emulator that never should."""
    requests, stage = script(JOURNEYS[area], spoken), Stage(persona, spoken)

    async def every() -> list[Response]:
        return [await stage.answer(request) for request in requests]

    with stage.emulator:
        return asyncio.run(every()), stage.emulator.defects


@cache
def sound(area: str, spoken: str = "canonical") -> list[Response]:
    """What the journey of an area is answered with by the emulator as it is."""
    answers, defects = play(None, area, spoken)
    assert not defects
    return answers


def shows_itself(persona: str | Persona, area: str) -> bool:
    """Whether something on the journey of an area is answered otherwise; what comes behind that is not played."""
    known, stage = list(zip(script(JOURNEYS[area]), sound(area), strict=True)), Stage(persona)

    async def differs() -> bool:
        for request, right in known:
            if await stage.answer(request) != right:
                return True
        return False

    with stage.emulator:
        return asyncio.run(differs())
