"""Targets: what is sent, what is refused before anything is sent, and how unusable servers are recognised."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from pytest_aep_export.errors import ConfigurationError, TransportError
from pytest_aep_export.exchange import Request
from pytest_aep_export.model import Credentials
from pytest_aep_export.suite import sending
from pytest_aep_export.suite.answers import quoted
from pytest_aep_export.suite.api import JOBS
from pytest_aep_export.suite.budget import Limits
from pytest_aep_export.suite.capabilities import load_capabilities
from pytest_aep_export.suite.courtesy import Courtesy
from pytest_aep_export.suite.sending import Neighbours
from pytest_aep_export.suite.targets import LIMITS, Patience, Target, TargetError, is_adobe, probe, resolve

WHO = Credentials("the-key", "the-secret", "0123@AdobeOrg", "prod")
VARIABLES = {"AEP_CLIENT_ID": "id", "AEP_CLIENT_SECRET": "secret", "AEP_ORG_ID": "org"}
TOKEN = {"access_token": "the-token", "token_type": "bearer", "expires_in": 86399}

Handler = Callable[[httpx.Request], httpx.Response]


@pytest.fixture
def target_of() -> Iterator[Callable[..., Target]]:
    """Makes a target whose answers a function gives."""
    opened: list[Target] = []

    def make(handler: Handler, **options: Any) -> Target:
        opened.append(Target("http://gateway.test/", WHO, transport=httpx.MockTransport(handler), **options))
        return opened[-1]

    yield make
    for target in opened:
        target.close()


def well(request: httpx.Request) -> httpx.Response:
    """An API that is content with everything."""
    body = TOKEN if "/ims/" in request.url.path else {"records": [], "page": {}}
    return httpx.Response(200, json=body)


def sent(target: Target) -> Request:
    """The last request that was sent."""
    return target.exchanges[-1].request


def test_every_call_carries_the_four_headers(target_of: Callable[..., Target]):
    """A call carries the token, the key, the organisation and the sandbox, and the exchange names its operation."""
    target = target_of(well)
    exchange = target.send("GET", JOBS, query={"limit": 2})
    assert exchange.request.url == f"http://gateway.test{JOBS}?limit=2"
    assert dict(exchange.request.headers) == {
        "authorization": "Bearer the-token",
        "x-api-key": "the-key",
        "x-gw-ims-org-id": "0123@AdobeOrg",
        "x-sandbox-name": "prod",
    }
    assert exchange.operation == "listExportJobs"
    assert exchange.response.json() == {"records": [], "page": {}}


def test_headers_can_be_left_out_and_changed(target_of: Callable[..., Target]):
    """Any header can be left out or replaced; a call without authorisation asks for no token."""
    target = target_of(well)
    target.send("GET", JOBS, without={"authorization", "x-api-key"}, headers={"X-Sandbox-Name": "other"})
    assert dict(sent(target).headers) == {"x-gw-ims-org-id": "0123@AdobeOrg", "x-sandbox-name": "other"}
    assert len(target.exchanges) == 1


def test_bodies_are_json_unless_said_otherwise(target_of: Callable[..., Target]):
    """A document and raw bytes are both sent as JSON; a header may say something else."""
    target = target_of(well)
    target.send("POST", JOBS, json={"a": 1})
    assert (sent(target).body, sent(target).headers["content-type"]) == (b'{"a": 1}', "application/json")
    target.send("POST", JOBS, body=b"<a/>", headers={"Content-Type": "text/xml"})
    assert (sent(target).body, sent(target).headers["content-type"]) == (b"<a/>", "text/xml")


def test_the_token_is_asked_for_once(target_of: Callable[..., Target]):
    """Two calls share one token, which a form asks for."""
    target = target_of(well)
    target.send("GET", JOBS)
    target.send("GET", JOBS)
    tokens = [e for e in target.exchanges if e.operation == "requestToken"]
    assert len(tokens) == 1
    assert tokens[0].request.url == "http://gateway.test/ims/token/v3"
    assert tokens[0].request.body.decode().split("&")[:3] == [
        "grant_type=client_credentials",
        "client_id=the-key",
        "client_secret=the-secret",
    ]


def test_an_absolute_url_never_leaves_the_gateway(target_of: Callable[..., Target]):
    """Of a link to another host only the path and the query are used."""
    target = target_of(well)
    target.send("GET", "https://evil.example:443/data/x?offset=1", query={"limit": 2})
    assert sent(target).url == "http://gateway.test/data/x?offset=1&limit=2"


def test_half_of_a_character_is_no_obstacle(target_of: Callable[..., Target]):
    """What a server gives as an id or a link may hold what no request can: a question mark is sent in its place."""
    target = target_of(well)
    target.send("GET", f"{JOBS}/{quoted(chr(0xD800))}", query={"offset": "7_\ud800"})
    assert sent(target).url == f"http://gateway.test{JOBS}/%3F?offset=7_%3F"
    target.send("GET", f"{JOBS}/?offset=\ud800")
    assert sent(target).url == f"http://gateway.test{JOBS}/?offset=?"


def test_a_link_that_is_no_url_leads_nowhere(target_of: Callable[..., Target]):
    """What a server gives as a link is asked for below the gateway, whatever it is."""
    target = target_of(well)
    target.send("GET", "http://[no-host")
    assert sent(target).url == "http://gateway.test/http%3A//%5Bno-host"


@pytest.mark.parametrize("link", [".evil.example/x", "@evil.example/x", ":80/x", "//evil.example/x", "[None]", ""])
def test_no_link_makes_another_host_of_the_gateway(target_of: Callable[..., Target], link: str):
    """However a link begins, what is asked is below the gateway, and so are the credentials."""
    target = target_of(well)
    target.send("GET", link)
    assert sent(target).url.startswith("http://gateway.test/")


def test_no_answer_is_told_without_secrets(target_of: Callable[..., Target]):
    """A failed connection names the call and the reason, but not the query."""

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(TransportError, match=r"^GET http://gateway.test/x got no answer: refused$"):
        target_of(refuse).send("GET", "/x?client_secret=s", without={"authorization"})


def test_an_answer_that_cannot_be_read_is_none(target_of: Callable[..., Target]):
    """A body that is not what its encoding says is no answer."""

    def garbled(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(b"not gzip"))

    with pytest.raises(TransportError, match="got no answer"):
        target_of(garbled).send("GET", "/x", without={"authorization"})


class Endless(httpx.SyncByteStream):
    """A body that never ends."""

    def __iter__(self) -> Iterator[bytes]:
        """One byte after the other."""
        while True:
            yield b" "


def test_an_answer_without_end_is_none(target_of: Callable[..., Target]):
    """A server that sends byte after byte is given up like one that hangs."""
    target = target_of(lambda _: httpx.Response(200, stream=Endless()), patience=Patience(answer=0.05))
    with pytest.raises(TransportError, match=r"got no answer: it has not ended within 0.05 s"):
        target.send("GET", "/x", without={"authorization"})


def test_an_answer_beyond_all_measure_is_none(target_of: Callable[..., Target], monkeypatch: pytest.MonkeyPatch):
    """A body that would fill the memory is not read to its end."""
    monkeypatch.setattr(sending, "_LARGEST", 10)
    with pytest.raises(TransportError, match=r"got no answer: the body has more than 10 bytes"):
        target_of(lambda _: httpx.Response(200, stream=Endless())).send("GET", "/x", without={"authorization"})


def test_the_secrets_of_a_target(target_of: Callable[..., Target]):
    """What no report may show: the token once there is one, the id and secret, unless they are mere letters."""
    target = target_of(well)
    assert target.secrets == ("the-secret",)
    target.token()
    assert target.secrets == ("the-secret", "the-token")


def test_a_token_endpoint_is_named_without_its_query():
    """What a token endpoint is asked with stays out of the message."""
    refuse = httpx.MockTransport(lambda _: httpx.Response(400, json={}))
    target = Target("http://h", WHO, ims_url="http://h/token?client_secret=the-secret", transport=refuse)
    with pytest.raises(TargetError, match=r"^http://h/token gives no token \(400\)"):
        target.token()


def test_a_reason_without_words_is_named_by_its_kind(target_of: Callable[..., Target]):
    """A failure without a message is told by its name."""

    def stall(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("", request=request)

    with pytest.raises(TransportError, match="got no answer: ReadTimeout"):
        target_of(stall).send("GET", "/x", without={"authorization"})


def test_a_usable_target_passes_the_probe(target_of: Callable[..., Target]):
    """A server that gives a token and JSON is fit to be judged, even when one service fails."""

    def failing(request: httpx.Request) -> httpx.Response:
        return well(request) if "/ims/" in request.url.path else httpx.Response(500, json={"title": "broken"})

    probe(target_of(well))

    def listless(request: httpx.Request) -> httpx.Response:
        return httpx.Response(404, json={}) if request.url.path.endswith("/jobs") else well(request)

    probe(target_of(failing))
    probe(target_of(listless))


@pytest.mark.parametrize(
    ("path", "status", "content", "said"),
    [
        ("/ims/", 200, b"<html>", r"answers with text/html instead of JSON.*check --ims-url"),
        ("/ims/", 401, b'{"error": "invalid_client"}', r"gives no token \(401\): check AEP_CLIENT_ID"),
        ("/ims/", 200, b"[]", r"gives no token \(200\)"),
        ("/ims/", 200, b'{"access_token": ["a", 1]}', r"gives a token that is no printable text: check"),
        ("/ims/", 200, b'{"access_token": "a\\nb"}', r"gives a token that is no printable text: check"),
        ("/ims/", 200, b'{"access_token": ""}', r"gives a token that is no printable text: check"),
        ("/ims/", 200, b"[" * 100_000, r"with application/json, but the body is no JSON.*check --ims-url"),
        ("/data/", 200, b"<html>", r"answers with text/html instead of JSON.*check --target"),
        ("/data/", 404, b'{"message": "no sandbox"}', r"every call with 404 \(no sandbox\): check .*AEP_SANDBOX_NAME"),
        ("/data/", 403, b"{}", r"refuses every call with 403 .*: check AEP_ORG_ID and AEP_SANDBOX_NAME"),
    ],
)
def test_an_unusable_target_is_one_sentence(
    target_of: Callable[..., Target], path: str, status: int, content: bytes, said: str
):
    """HTML, refused credentials and missing entitlement are each told in a sentence that says what to do."""

    def answer(request: httpx.Request) -> httpx.Response:
        if path not in request.url.path:
            return well(request)
        media = "text/html" if content.startswith(b"<") else "application/json"
        return httpx.Response(status, content=content, headers={"Content-Type": media})

    with pytest.raises(TargetError, match=said):
        probe(target_of(answer))


def test_a_token_endpoint_that_redirects_is_told_as_such(target_of: Callable[..., Target]):
    """Where the token endpoint sends the credentials elsewhere, that is named and not the credentials."""
    answer = httpx.Response(302, headers={"Location": "https://login.test/v3?client_secret=the-secret"})
    with pytest.raises(TargetError) as caught:
        probe(target_of(lambda _: answer))
    assert str(caught.value) == (
        "http://gateway.test/ims/token/v3 gives no token but redirects to https://login.test/v3 (302): "
        "name the right --ims-url"
    )


def test_a_probe_is_impatient(target_of: Callable[..., Target]):
    """A probe waits ten seconds for an answer at most, whatever the target's patience is; afterwards that is back."""
    waited: list[float] = []

    def look(request: httpx.Request) -> httpx.Response:
        waited.append(request.extensions["timeout"]["read"])
        return well(request)

    target = target_of(look)
    probe(target)
    target.send("GET", JOBS)
    assert waited == [10, 10, 10, 60]


def test_an_unreachable_target_asks_for_the_server():
    """A target that nothing listens at is told as such."""
    with (
        resolve("http://127.0.0.1:1", credentials=VARIABLES) as target,
        pytest.raises(TargetError, match="is the server up, and is --target right"),
    ):
        probe(target)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://platform.adobe.io", True),
        ("https://PLATFORM.ADOBE.IO.:443/data", True),
        ("https://ims-na1.adobelogin.com/ims/token/v3", True),
        ("http://127.0.0.1:8080", False),
        ("https://notadobe.io", False),
        ("https://adobe.io.example.org", False),
    ],
)
def test_hosts_of_adobe(url: str, expected: bool):  # noqa: FBT001 - a parameter
    """A host of Adobe's is recognised by its domain, not by a part of its name."""
    assert is_adobe(url) is expected


@pytest.mark.parametrize(
    "settings",
    [
        {"target": "https://platform.adobe.io"},
        {"target": "http://localhost", "ims_url": "https://ims-na1.adobelogin.com"},
    ],
)
def test_the_live_service_is_refused(settings: dict[str, str]):
    """Neither the gateway nor the token endpoint is Adobe's unless that was said."""
    with pytest.raises(ConfigurationError, match="Adobe's live service"), resolve(**settings, credentials=VARIABLES):
        pass


def test_the_live_service_on_purpose():
    """With the flag the live service is a target like any other; opening it sends nothing."""
    with resolve("https://platform.adobe.io", credentials=WHO, live=True) as target:
        assert (target.kind, target.base_url, target.exchanges) == ("live", "https://platform.adobe.io", [])


@pytest.mark.parametrize("option", ["target", "ims_url"])
def test_a_password_in_a_url_is_refused_unseen(option: str):
    """A target's URL stands in reports, so it may hold no secret; the sentence does not repeat it."""
    options = {"target": "http://127.0.0.1:1", option: "http://bob:hunter2@127.0.0.1:1"}
    with pytest.raises(ConfigurationError) as caught, resolve(**options, credentials=WHO):
        pass
    assert str(caught.value) == "a URL with a user or a password in it would stand in reports: leave both out"


@pytest.mark.parametrize(
    "url", ["", "emulator2", "ftp://host", "http://", "http://127.0.0.1:99999", "http://127.0.0.1:0"]
)
def test_what_is_no_url_is_refused(url: str):
    """A target that is neither the emulator nor a URL is one sentence."""
    with pytest.raises(ConfigurationError, match="is no URL: use 'emulator', or one like"), resolve(url):
        pass


def test_an_unknown_dialect_is_refused():
    """The emulator speaks only documented dialects."""
    with pytest.raises(ConfigurationError, match="dialect 'klingon' is unknown"), resolve(dialect="klingon"):
        pass


@pytest.mark.parametrize(("dialect", "status"), [("canonical", 403), ("openapi", 401)])
def test_the_emulator_is_a_target(dialect: str, status: int):
    """The embedded emulator is a usable target, in the dialect that was asked for."""
    with resolve(dialect=dialect) as target:
        probe(target)
        exchange = target.send("GET", JOBS, without={"authorization"})
    assert (target.kind, target.patience.poll) == ("emulator", 0)
    assert dialect in target.label
    assert exchange.response.status == status
    assert json.loads(exchange.response.body)["error_code"] == "403010"


def test_the_emulator_has_every_capability_and_every_neighbour():
    """The embedded emulator lacks nothing; its neighbours are another sandbox and another organisation."""
    with resolve() as target:
        door = target.as_tenant(replace(target.credentials, sandbox=target.neighbours.sandbox))
        stranger = target.neighbours.organisation
        assert stranger is not None
        answers = [who.send("GET", JOBS).response.status for who in (target, door, target.as_tenant(stranger))]
        shared = len(target.exchanges)
    assert target.capabilities == set(load_capabilities())
    assert stranger.org_id != target.credentials.org_id
    assert answers == [200, 200, 200]
    assert shared == 5, "three calls and two tokens, of which the sandboxes of one organisation share one"


NEIGHBOURS = {
    "AEP_OTHER_ORG_ID": "9876@AdobeOrg",
    "AEP_OTHER_ORG_CLIENT_ID": "other-id",
    "AEP_OTHER_ORG_CLIENT_SECRET": "other-secret",
}


@pytest.mark.parametrize(
    ("environ", "neighbours", "capabilities"),
    [
        ({}, Neighbours(), set()),
        ({"AEP_OTHER_SANDBOX_NAME": "stage"}, Neighbours("stage"), {"second-sandbox"}),
        (
            NEIGHBOURS,
            Neighbours("", Credentials("other-id", "other-secret", "9876@AdobeOrg", "prod")),
            {"second-organisation"},
        ),
        (
            NEIGHBOURS | {"AEP_OTHER_ORG_SANDBOX_NAME": "dev", "AEP_OTHER_SANDBOX_NAME": "stage"},
            Neighbours("stage", Credentials("other-id", "other-secret", "9876@AdobeOrg", "dev")),
            {"second-sandbox", "second-organisation"},
        ),
        ({"AEP_OWN_POLICIES": "yes"}, Neighbours(), {"own-policies"}),
        ({"AEP_OWN_POLICIES": "no"}, Neighbours(), set()),
    ],
)
def test_the_environment_names_the_neighbours(environ: dict[str, str], neighbours: Neighbours, capabilities: set[str]):
    """A URL has the neighbours that the environment names, and what they make possible."""
    with resolve("http://127.0.0.1:1", credentials=VARIABLES | environ) as target:
        assert target.neighbours == neighbours
        assert target.capabilities == capabilities


def test_a_neighbour_that_is_incomplete_is_refused():
    """Half of the other organisation's credentials is one sentence that names the other half."""
    environ = VARIABLES | {"AEP_OTHER_ORG_ID": "9876@AdobeOrg"}
    with pytest.raises(ConfigurationError) as caught, resolve("http://127.0.0.1:1", credentials=environ):
        pass
    assert str(caught.value) == (
        "the credentials of the other organisation are incomplete: "
        "set AEP_OTHER_ORG_CLIENT_ID, AEP_OTHER_ORG_CLIENT_SECRET as well"
    )


@pytest.mark.parametrize(
    ("settings", "limits"),
    [
        ({}, LIMITS["emulator"]),
        ({"target": "http://127.0.0.1:1"}, LIMITS["url"]),
        ({"target": "https://platform.adobe.io", "live": True}, LIMITS["live"]),
        ({"target": "http://127.0.0.1:1", "limits": Limits(calls=5)}, Limits(5, None, LIMITS["url"].seconds)),
    ],
)
def test_each_kind_of_target_has_its_limits(settings: dict[str, Any], limits: Limits):
    """A run may cost what is usual for its target, and the live service most of all has an end."""
    with resolve(**{"credentials": VARIABLES, **settings}) as target:
        assert target.budget._limits == limits
        assert target.courtesy is not None
    assert None not in (LIMITS["live"].calls, LIMITS["live"].jobs, LIMITS["live"].seconds)


def test_the_secrets_of_every_tenant_are_known(target_of: Callable[..., Target]):
    """What another tenant brings along is kept out of reports as well."""
    target = target_of(well)
    target.as_tenant(Credentials("another-key", "another-secret", "9876@AdobeOrg", "prod"))
    assert target.secrets == ("the-secret", "another-secret", "another-key")
    assert target.held_token == ""


def policies(*sandboxes: object) -> Handler:
    """A live service whose merge policies show these sandboxes."""

    def answer(request: httpx.Request) -> httpx.Response:
        if "mergePolicies" not in request.url.path:
            return well(request)
        return httpx.Response(200, json={"children": [{"sandbox": box} for box in sandboxes]})

    return answer


def other_policies(response: httpx.Response) -> Handler:
    """A live service that answers the question for merge policies so."""
    return lambda request: response if "mergePolicies" in request.url.path else well(request)


PRODUCTION = {"sandboxName": "prod", "type": "production"}
DEVELOPMENT = {"sandboxName": "prod", "type": "development"}


@pytest.mark.parametrize(
    ("handler", "said"),
    [
        (policies(PRODUCTION), "the sandbox 'prod' is a production sandbox: name a development sandbox"),
        (policies(None, "x", PRODUCTION), "is a production sandbox"),
        (policies(), "is of no known type, and called as production sandboxes are"),
        (policies({"type": ""}), "is of no known type"),
        (other_policies(httpx.Response(403, json={})), "is of no known type"),
        (other_policies(httpx.Response(200, json=[])), "is of no known type"),
        (other_policies(httpx.Response(200, json={"children": 7})), "is of no known type"),
        (other_policies(httpx.Response(200, content=b"<html>")), "is of no known type"),
    ],
)
def test_a_production_sandbox_is_refused(target_of: Callable[..., Target], handler: Handler, said: str):
    """Neither a sandbox that is shown as production nor one called so is judged, unless that is allowed."""
    target = target_of(handler, kind="live")
    with pytest.raises(ConfigurationError, match=said):
        probe(target)
    probe(target, allow_production=True)


def test_other_sandboxes_are_fine(target_of: Callable[..., Target]):
    """A development sandbox is judged, whatever it is called; so is any of a server that is not the live service."""
    probe(target_of(policies(DEVELOPMENT), kind="live"))
    url = target_of(policies(PRODUCTION))
    probe(url)
    assert not any("mergePolicies" in exchange.request.path for exchange in url.exchanges)


def test_a_busy_target_is_told_as_such(target_of: Callable[..., Target]):
    """A target that is too busy to be probed is one sentence."""
    target = target_of(lambda _: httpx.Response(503, headers={"Retry-After": "60"}))
    target.courtesy = Courtesy(1)
    with pytest.raises(TargetError, match="was answered with 503 and is to be asked again in 60 s"):
        probe(target)
