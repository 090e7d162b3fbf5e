"""What fuzzing may do where others work: one sandbox, for development, and nothing that this run has not created."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any, Literal

import pytest

from pytest_aep_export import Behaviour, Emulator
from pytest_aep_export.contract import load
from pytest_aep_export.emulator import Tenant
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.exchange import Headers, Request, Response
from pytest_aep_export.fuzz.cases import Step
from pytest_aep_export.fuzz.composing import Composer
from pytest_aep_export.fuzz.parties import EndedError, HeldBackError
from pytest_aep_export.fuzz.safety import Cautious, require_development, sandbox_path
from pytest_aep_export.fuzz.sending import in_process

JOBS, DATASETS = "/data/core/ups/export/jobs", "/data/foundation/catalog/dataSets"
WHOSE = {"x-sandbox-name": "dev", "x-gw-ims-org-id": "0123@AdobeOrg"}
DATASET = "5b020a27e7040801dedba61b"


class Service:
    """A service where others work: it notes what reaches it."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    async def __call__(self, request: Request) -> Response:
        """Answer."""
        self.requests.append(request)
        if request.method != "POST":
            return Response(200, body=b"{}")
        if request.url.startswith(DATASETS):
            return Response(201, body=json.dumps([f"@/dataSets/{DATASET}"]).encode())
        return Response(200, body=b'{"id": 726}')


@pytest.fixture
def service() -> Service:
    """A service of this test's own."""
    return Service()


@pytest.fixture
def send(service: Service) -> Cautious:
    """The way to it."""
    return Cautious(service, sandbox="dev", org="0123@AdobeOrg", prefix="ours")


def asked(method: str, url: str, body: Any = None, **changes: str | None) -> Request:
    """A request of the run's own, with some headers changed."""
    headers = {**WHOSE, **{name.replace("_", "-"): value for name, value in changes.items()}}
    kept = [(name, value) for name, value in headers.items() if value is not None]
    content = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
    return Request(method, url, Headers([*kept, ("content-length", str(len(content)))]), content)


def sent(send: Cautious, request: Request) -> Response:
    """The answer to a request."""
    return asyncio.run(send(request))  # type: ignore[arg-type]


def job(dataset: Any) -> dict[str, Any]:
    """A request for an export."""
    return {"destination": {"datasetId": dataset}, "schema": {"name": "_xdm.context.profile"}}


@pytest.fixture(scope="module")
def emulators() -> Iterator[dict[str, tuple[Emulator, Tenant]]]:
    """An emulator whose sandboxes are for production, and one whose sandboxes are for development."""

    def tenant(kind: Literal["production", "development"]) -> tuple[Emulator, Tenant]:
        emulator = Emulator(profiles=1, behaviour=Behaviour(sandbox_type=kind))
        return emulator, emulator.create_tenant(("somewhere",))

    found = {"production": tenant("production"), "development": tenant("development")}
    yield found
    for emulator, _ in found.values():
        emulator.close()


def shown(emulator: Emulator, tenant: Tenant, sandbox: str) -> Response:
    """What the sandbox API says of a sandbox."""
    who = tenant.credentials
    token = emulator.state.tokens.issue(who.client_id, who.scopes, tenant.clock.now())
    headers = {"authorization": f"Bearer {token}", "x-api-key": who.client_id, "x-gw-ims-org-id": who.org_id}
    request = Request("GET", sandbox_path(sandbox), Headers(headers))
    return asyncio.run(in_process(emulator.app)(request))  # type: ignore[arg-type]


def test_a_sandbox_for_development_is_let_through(emulators):
    """The sandbox API says what a sandbox is for."""
    require_development("somewhere", shown(*emulators["development"], "somewhere"))


def test_production_is_refused_always(emulators):
    """A sandbox that says that it is for production is refused, whatever it is called."""
    with pytest.raises(ConfigurationError, match="'somewhere' is for production, where nothing is ever fuzzed"):
        require_development("somewhere", shown(*emulators["production"], "somewhere"))


def test_a_sandbox_that_is_not_there_is_refused(emulators):
    """Nobody knows what it is for."""
    with pytest.raises(ConfigurationError, match=r"'elsewhere' is for is not known \(the sandbox API answered 404\)"):
        require_development("elsewhere", shown(*emulators["development"], "elsewhere"))


@pytest.mark.parametrize(
    "answer",
    [
        Response(403),
        Response(200, body=b"not JSON"),
        Response(200, body=b"[]"),
        Response(200, body=b'{"name": "dev"}'),
        Response(200, body=b'{"name": "another", "type": "development"}'),
        Response(200, body=b'{"name": "dev", "type": ["development"]}'),
        Response(404, body=b'{"name": "dev", "type": "development"}'),
    ],
)
def test_what_is_not_known_is_refused(answer: Response):
    """An answer that does not say of this very sandbox that it is for development lets nothing through."""
    with pytest.raises(ConfigurationError, match="is not known"):
        require_development("dev", answer)


@pytest.mark.parametrize("kind", ["Development", "development ", "preview", "production"])
def test_another_type_is_refused(kind: str):
    """There is one word for development."""
    with pytest.raises(ConfigurationError, match="nothing is ever fuzzed"):
        require_development("dev", Response(200, body=json.dumps({"name": "dev", "type": kind}).encode()))


@pytest.mark.parametrize("name", ["", "../prod", "dev/../prod", "DEV", "dev%2f", "1dev"])
def test_a_name_that_leads_elsewhere(name: str):
    """Only what can be a sandbox's name is looked up."""
    with pytest.raises(ConfigurationError, match="is no sandbox's name"):
        sandbox_path(name)


HARMLESS = [
    asked("GET", JOBS),
    asked("GET", f"{JOBS}/999"),
    asked("GET", JOBS, x_sandbox_name=None),
    asked("HEAD", "/data/foundation/export/files/a?path=b"),
    asked("POST", DATASETS, {"name": "ours Fuzzed"}),
    asked("POST", JOBS, job(12.5)),
    asked("POST", JOBS, b'{"destination": '),
    asked("POST", "/ims/token/v3", b"grant_type=x", x_sandbox_name=None, x_gw_ims_org_id=None),
]


@pytest.mark.parametrize("request_", HARMLESS, ids=lambda each: f"{each.method} {each.url}")
def test_what_touches_nothing_of_others_is_sent(send: Cautious, service: Service, request_: Request):
    """Reading, asking for tokens, and what creates something of its own."""
    sent(send, request_)
    assert [each.method for each in service.requests] == [request_.method]


RISKY = {
    "a job of others is cancelled": asked("DELETE", f"{JOBS}/999"),
    "a path that leads to one": asked("DELETE", f"{JOBS}/../jobs/999"),
    "a job with a slash": asked("DELETE", f"{JOBS}/726/"),
    "all jobs": asked("DELETE", JOBS),
    "a dataset of others is filled": asked("POST", JOBS, job("0" * 24)),
    "a dataset that comes twice": asked(
        "POST", JOBS, b'{"destination": {"datasetId": "000000000000000000000000", "datasetId": 1}}'
    ),
    "a dataset in what is no JSON": asked("POST", JOBS, b'{"destination": {"datasetId": "000000000000000000000000"'),
    "a job is changed": asked("PUT", f"{JOBS}/726"),
    "a dataset is changed": asked("PATCH", f"{DATASETS}/{DATASET}"),
    "a policy is made": asked("POST", "/data/core/ups/config/mergePolicies", {}),
    "a method that nobody knows": asked("QUERY", JOBS),
    "tokens by another method": asked("DELETE", "/ims/token/v3"),
    "another sandbox": asked("GET", JOBS, x_sandbox_name="prod"),
    "another organisation": asked("GET", JOBS, x_gw_ims_org_id="9999@AdobeOrg"),
    "the default sandbox": asked("POST", DATASETS, {"name": "Fuzzed"}, x_sandbox_name=None),
    "another host": asked("GET", "//example.org/x"),
    "a whole URL": asked("GET", "https://example.org/x"),
    "a host header": asked("GET", JOBS, host="example.org"),
    "a method in a header": asked("GET", JOBS, x_http_method_override="DELETE"),
    "a path in a header": asked("GET", JOBS, x_original_url=f"{JOBS}/999"),
}


@pytest.mark.parametrize("name", RISKY)
def test_whatever_might_touch_what_others_have_is_held_back(send: Cautious, service: Service, name: str):
    """It is not sent, and the reason is a sentence."""
    with pytest.raises(HeldBackError, match="was not sent: "):
        sent(send, RISKY[name])
    assert service.requests == []


def test_two_sandboxes_in_one_request(send: Cautious, service: Service):
    """Of two headers nobody knows which counts."""
    request = asked("GET", JOBS)
    twice = Request("GET", JOBS, Headers([*request.headers.raw, ("X-Sandbox-Name", "prod")]))
    with pytest.raises(HeldBackError, match="its x-sandbox-name is not that of this run"):
        sent(send, twice)
    assert service.requests == []


def test_what_this_run_has_created_it_may_use_and_cancel(send: Cautious, service: Service):
    """Its dataset is exported into, its job is cancelled, and both are told of at the end."""
    sent(send, asked("POST", DATASETS, {"name": "ours Fuzzed"}))
    sent(send, asked("POST", JOBS, job(DATASET)))
    sent(send, asked("DELETE", f"{JOBS}/726"))
    assert [each.method for each in service.requests] == ["POST", "POST", "DELETE"]
    assert [each.operation for each in send.created] == ["createDataset", "createExportJob"]


@pytest.mark.parametrize("body", [b"not JSON", b"[]", {"name": ["x"]}, {"name": ""}, {}, {"name": "ours Fuzzed"}])
def test_names_tell_where_things_come_from(send: Cautious, service: Service, body: Any):
    """What has the prefix is sent, and what has no name."""
    sent(send, asked("POST", DATASETS, body))
    assert len(service.requests) == 1


@pytest.mark.parametrize("body", [{"name": "Fuzzed"}, {"name": 1}, b'{"name": "ours Fuzzed", "name": "Fuzzed"}'])
def test_other_names_are_held_back(send: Cautious, service: Service, body: Any):
    """A name without the prefix is not sent, also where it is one of two."""
    with pytest.raises(HeldBackError, match=r"the name '.*' does not begin with 'ours'"):
        sent(send, asked("POST", DATASETS, body))
    assert service.requests == []


def test_the_names_of_cases_have_the_prefix():
    """Requests are made with it, so that what is shown later is what was asked for."""
    composer = Composer(load(), "ours")
    names = {f"own.{name}": name for name in ("token", "client_id", "org", "sandbox")}
    bodies = [composer.compose(Step("createDataset", body=body), names).body for body in ({"name": "x"}, {"a": 1}, [])]
    assert bodies == [b'{"name":"ours x"}', b'{"a":1}', b"[]"]
    assert composer.compose(Step("createExportJob", body={"name": "x"}), names).body == b'{"name":"x"}'


def test_each_request_is_told_before_it_is_sent(service: Service):
    """The budget hears of each, and of which of them ask for a job; what it refuses is not sent."""
    told: list[bool] = []

    def spend(job: bool) -> None:  # noqa: FBT001 - as `Cautious` calls it
        told.append(job)
        if len(told) > 2:
            raise EndedError("no more")

    send = Cautious(service, sandbox="dev", org="0123@AdobeOrg", spend=spend)
    sent(send, asked("GET", JOBS))
    sent(send, asked("POST", JOBS, job(None)))
    with pytest.raises(EndedError, match="no more"):
        sent(send, asked("GET", JOBS))
    assert told == [False, True, False]
    assert len(service.requests) == 2
