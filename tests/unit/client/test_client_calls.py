"""Every call: its headers, its repetition, and how failures read."""

from __future__ import annotations

import gzip
import re
import socket

import httpx
import pytest

from pytest_aep_export.client import RetryPolicy
from pytest_aep_export.errors import (
    ApiError,
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    NotFoundError,
    RateLimitError,
    ServerError,
    TransportError,
    UnexpectedAnswerError,
)
from pytest_aep_export.exchange import Headers, Response

DATASET = "5b020a27e7040801dedba61b"
BUSY = {"error_code": "429050", "message": "Too many requests"}

CALLS = {
    "get": lambda client: client.get_export_job(24115),
    "list": lambda client: list(client.list_export_jobs()),
    "create": lambda client: client.create_export_job(DATASET),
    "cancel": lambda client: client.cancel_export_job(24115),
}


def answer_to(call, api, job_document):
    """The documented success of a call."""
    if call == "cancel":
        return Response(204)
    return api.json({"records": [], "link": {"next": ""}} if call == "list" else job_document())


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return unused.getsockname()[1]


@pytest.mark.parametrize("call", CALLS)
def test_every_call_carries_the_documented_headers(client, api, job_document, call):
    """Each call names token, key, organisation and sandbox, says what it accepts, and has an id of its own."""
    api.answer = lambda _: answer_to(call, api, job_document)
    for _ in range(2):
        CALLS[call](client)
    for request in api.calls:
        headers = request.headers
        assert headers["authorization"] == "Bearer token-1"
        assert headers["x-api-key"] == "the-client-id"
        assert headers["x-gw-ims-org-id"] == "1BD6382559DF0C130A49422D@AdobeOrg"
        assert headers["x-sandbox-name"] == "dev"
        assert headers["accept"] == "application/json"
        assert headers.get("content-type") == ("application/json" if call == "create" else None)
        assert re.fullmatch("[0-9A-Za-z]{32}", headers["x-request-id"])
    assert len({request.headers["x-request-id"] for request in api.requests}) == 3


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("status", [429, 503])
def test_a_refusal_to_act_is_followed_by_another_attempt(client, api, time, job_document, call, status):
    """429 and 503 are tried again on every verb, each time later and with a new request id."""
    api.then(*[api.json(BUSY, status)] * 2, answer_to(call, api, job_document))
    CALLS[call](client)
    assert time.pauses == [0.5, 1.0]
    assert len({request.headers["x-request-id"] for request in api.calls}) == 3
    assert len({(request.method, request.url, request.body) for request in api.calls}) == 1


@pytest.mark.parametrize("call", ["get", "list", "cancel"])
@pytest.mark.parametrize("status", [502, 504])
def test_a_gateway_failure_is_repeated_where_that_is_safe(client, api, job_document, call, status):
    """502 and 504 are tried again on verbs that may act twice."""
    api.then(Response(status, Headers(), b"<html>bad gateway</html>"), answer_to(call, api, job_document))
    CALLS[call](client)
    assert len(api.calls) == 2


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_creation_whose_fate_is_unknown_is_not_repeated(client, api, status):
    """After a failure that may have come too late, no second job is created, and the error says what to do."""
    api.answer = lambda _: Response(status)
    with pytest.raises(ServerError) as caught:
        client.create_export_job(DATASET)
    assert len(api.calls) == 1
    (note,) = caught.value.__notes__
    assert note.startswith("whether the export job was created is unknown")


@pytest.mark.parametrize("reset", [True, False], ids=["reset", "closed"])
def test_a_creation_without_an_answer_is_not_repeated(client, api, reset):
    """When the connection breaks after a creation was sent, the error says that its fate is unknown."""
    api.answer = lambda _: api.cut(b"0123456789", 3, reset=reset)
    with pytest.raises(
        TransportError, match=r"POST /data/core/ups/export/jobs: .*whether the export job was created is"
    ):
        client.create_export_job(DATASET)
    with pytest.raises(TransportError, match="whether the dataset was created is unknown"):
        client.create_dataset("name")
    assert len(api.calls) == 2


@pytest.mark.parametrize("call", ["get", "list", "cancel"])
@pytest.mark.parametrize("reset", [True, False], ids=["reset", "closed"])
def test_a_broken_answer_is_asked_for_again(client, api, time, job_document, call, reset):
    """A safe call whose answer breaks off is repeated."""
    api.then(*[api.cut(b"0123456789", 3, reset=reset)] * 2, answer_to(call, api, job_document))
    CALLS[call](client)
    assert time.pauses == [0.5, 1.0]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequestError),
        (401, AuthenticationError),
        (403, AuthenticationError),
        (404, NotFoundError),
        (405, ApiError),
        (409, ApiError),
        (422, BadRequestError),
        (500, ServerError),
    ],
)
def test_a_refusal_is_an_error_and_not_repeated(client, api, status, kind):
    """A 4xx and a 500 raise what the error tree says, at once."""
    api.answer = lambda _: api.json({"title": "No.", "detail": "because"}, status, {"x-request-id": "abc"})
    with pytest.raises(kind) as caught:
        client.get_export_job(1)
    error = caught.value
    assert type(error) is kind
    assert (error.status, error.request_id, error.problem.title) == (status, "abc", "No.")
    assert str(error).startswith(f"GET /data/core/ups/export/jobs/1 was answered with {status}: No.")
    assert "(request id abc)\nreproduce with: curl -X GET http://127.0.0.1" in str(error)
    assert len(api.calls) == (2 if status == 401 else 1)


def test_patience_ends(client, api, time):
    """A server that stays busy is asked five times, and then its answer is the error."""
    api.answer = lambda _: api.json(BUSY, 429)
    with pytest.raises(RateLimitError, match=r"Too many requests \[429050\]"):
        client.get_export_job(1)
    assert len(api.calls) == 5
    assert time.pauses == [0.5, 1, 2, 4]


def test_the_retry_policy_is_the_users(make_client, api, time):
    """Attempts and pauses follow the policy that a client is given."""
    api.answer = lambda _: api.json(BUSY, 503)
    client = make_client(api.url, retry=RetryPolicy(attempts=4, start=1, factor=3, maximum=5))
    with pytest.raises(ServerError):
        client.get_export_job(1)
    assert time.pauses == [1, 3, 5]
    time.pauses.clear()
    with pytest.raises(ServerError):
        make_client(api.url, retry=RetryPolicy(attempts=1)).get_export_job(1)
    assert time.pauses == []


SERVER_DATE = "Wed, 01 May 2024 12:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "0"}, 0),
        ({"Retry-After": " 300 "}, 300),
        ({"Retry-After": "Wed, 01 May 2024 00:00:09 GMT"}, 9),
        ({"Retry-After": "Wed, 01 May 2024 12:00:08 GMT", "Date": SERVER_DATE}, 8),
        ({"Retry-After": "Wed, 01 May 2024 11:00:00 GMT", "Date": SERVER_DATE}, 0),
        ({"Retry-After": "Wed, 01 May 2024 00:00:09 GMT", "Date": "yesterday"}, 9),
        ({"Retry-After": "soon"}, 0.5),
        ({"Retry-After": "-1"}, 0.5),
        ({"Retry-After": "1.5"}, 0.5),
        ({"Retry-After": "\u00b2"}, 0.5),
        ({"Retry-After": ""}, 0.5),
        ({}, 0.5),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_obeyed(client, api, time, job_document, status, headers, pause):
    """Seconds and dates are obeyed, dates by the server's own clock; what makes no sense is as good as absent."""
    api.then(api.json(BUSY, status, headers), api.json(job_document()))
    client.get_export_job(1)
    assert time.pauses == [pause]


def test_a_retry_after_beyond_patience_is_final(client, api, time):
    """A server that asks for more than the policy's patience is not asked again too soon: its answer is the error."""
    api.answer = lambda _: api.json(BUSY, 429, {"Retry-After": "301"})
    with pytest.raises(RateLimitError) as caught:
        client.get_export_job(1)
    assert (len(api.calls), time.pauses) == (1, [])
    assert caught.value.__notes__ == ["the server asks to come back later: Retry-After: 301"]


@pytest.mark.parametrize(
    "options",
    [{"attempts": 0}, {"start": 0}, {"start": 40}, {"factor": 0.5}, {"patience": -1}, {"maximum": 0.1}],
)
def test_a_retry_policy_must_make_sense(options):
    """Numbers that describe no policy are refused."""
    with pytest.raises(ConfigurationError, match="a retry policy needs"):
        RetryPolicy(**options)


@pytest.mark.parametrize("call", CALLS)
def test_a_wrong_address_fails_at_once(make_client, time, call):
    """Where nobody ever answered, the first failure is final, and says which host to check."""
    port = free_port()
    client = make_client(f"http://127.0.0.1:{port}")
    with pytest.raises(TransportError, match=rf"http://127\.0\.0\.1:{port} could not be reached: check the address"):
        CALLS[call](client)
    assert time.pauses == []


@pytest.mark.parametrize("call", CALLS)
def test_a_host_that_was_reached_before_is_tried_again(make_client, api, time, job_document, call):
    """A refused connection to a host that has answered before is repeated, on a creation too: nothing was sent."""
    answer = answer_to(call, api, job_document)
    refusals = iter([httpx.ConnectError("refused")] * 2)

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/ims/token/v3":
            return httpx.Response(200, json={"access_token": "t"})
        if refusal := next(refusals, None):
            raise refusal
        return httpx.Response(answer.status, content=answer.body)

    CALLS[call](make_client("http://h", transport=httpx.MockTransport(handle)))
    assert time.pauses == [0.5, 1.0]


@pytest.mark.parametrize(
    ("error", "sentence", "sent"),
    [
        (httpx.ConnectTimeout(""), "could not be reached in time: check the address and the network", False),
        (httpx.ConnectError("refused"), "could not be reached: check the address, .* server runs (refused)", False),
        (httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed"), "name the CA .* in SSL_CERT_FILE", False),
        (httpx.ProxyError("407"), "through the proxy: check HTTPS_PROXY, HTTP_PROXY and NO_PROXY (407)", False),
        (httpx.PoolTimeout(""), "was not asked, for all connections were busy", False),
        (httpx.UnsupportedProtocol("x"), "could not be asked (x)", False),
        (httpx.LocalProtocolError("x"), "could not be asked (x)", False),
        (httpx.InvalidURL("x"), "could not be asked (x)", False),
        (httpx.ReadTimeout(""), "did not answer in time: check its health, or allow more time", True),
        (httpx.WriteTimeout(""), "did not answer in time", True),
        (httpx.ReadError(""), "broke the connection before the answer was complete", True),
        (httpx.WriteError(""), "broke the connection before the answer was complete", True),
        (httpx.RemoteProtocolError("x"), "did not send a complete HTTP answer (x)", True),
        (httpx.DecodingError("x"), "sent a body that is not what its Content-Encoding says (x)", True),
    ],
)
def test_a_failure_to_get_an_answer_is_one_sentence(make_client, error, sentence, sent):
    """Whatever httpx raises becomes one sentence: call, host, what to check, and the fate of what was sent."""

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.host == "ims":
            return httpx.Response(200, json={"access_token": "t"})
        raise error

    transport = httpx.MockTransport(handle)
    client = make_client("http://gateway:81", ims_url="http://ims/t", transport=transport)
    pattern = re.escape(sentence).replace(r"\.\*", ".*")
    with pytest.raises(
        TransportError, match=rf"^POST /data/core/ups/export/jobs: http://gateway:81 .*{pattern}"
    ) as caught:
        client.create_export_job(DATASET)
    assert ("fate" in str(caught.value) or "is unknown" in str(caught.value)) is sent


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b'{"id": 1', b"\xff\xfe", b"[" * 100_000, b"null", b"[]", b'"text"', b"{}", b'{"id": {}}']
)
@pytest.mark.parametrize("call", ["get", "create", "list"])
def test_a_body_that_makes_no_sense_is_unexpected(client, api, call, body):
    """A success whose body is not what the contract says becomes an error with the exchange, on the first attempt."""
    api.answer = lambda _: Response(200, Headers({"x-request-id": "abc"}), body)
    with pytest.raises(UnexpectedAnswerError, match="was answered with 200, but") as caught:
        CALLS[call](client)
    assert (caught.value.body, caught.value.request_id) == (body, "abc")
    assert len(api.calls) == 1


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>busy</html>", b"[]", b'{"title": 5}', b"[" * 100_000],
    ids=["empty", "html", "array", "odd", "deep"],
)
def test_an_error_without_an_envelope_is_still_its_error(client, api, body):
    """An error body that is none of the API's envelopes changes nothing about the kind of the error."""
    api.answer = lambda _: Response(404, Headers(), body)
    with pytest.raises(NotFoundError) as caught:
        client.get_export_job(1)
    assert caught.value.body == body


@pytest.mark.parametrize("status", [301, 304, 308])
def test_neither_success_nor_error_is_unexpected(client, api, status):
    """A status that is neither a success nor an error is named as such."""
    api.answer = lambda _: Response(status)
    with pytest.raises(UnexpectedAnswerError, match=f"answered with {status}, but neither"):
        client.get_export_job(1)


def test_compressed_answers_and_any_language_are_read(client, api):
    """A gzip body is unpacked and UTF-8 is read as what it is."""
    body = gzip.compress('{"5b020a27e7040801dedba61b": {"name": "Exportación プロファイル"}}'.encode())
    api.answer = lambda _: Response(200, Headers({"Content-Encoding": "gzip"}), body)
    assert client.get_dataset(DATASET).name == "Exportación プロファイル"
    assert "gzip" in api.calls[0].headers["accept-encoding"]


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.get_export_job(""),
        lambda client: client.cancel_export_job(".."),
        lambda client: client.get_dataset("  "),
        lambda client: client.get_batch("."),
        lambda client: client.get_merge_policy(""),
        lambda client: list(client.list_files("")),
    ],
)
def test_an_id_that_addresses_something_else_is_refused(client, api, ask):
    """An empty id, or one that walks the path, is refused before any request: it would address the whole collection."""
    with pytest.raises(ConfigurationError, match=r"is no .* id"):
        ask(client)
    assert api.requests == []


def test_an_id_stays_one_segment_of_the_path(client, api):
    """Characters that mean something in an address are escaped in an id."""
    api.answer = lambda _: Response(404)
    with pytest.raises(NotFoundError):
        client.get_dataset("a/b?c#d é")
    assert api.asked == ["GET /data/foundation/catalog/dataSets/a%2Fb%3Fc%23d%20%C3%A9"]


@pytest.mark.parametrize("payload", [{"a": {1, 2}}, {"a": float("nan")}, {"a": "\ud800"}])
def test_a_payload_that_is_not_json_is_refused(client, api, payload):
    """A raw payload that cannot be written as JSON is refused before any request."""
    with pytest.raises(ConfigurationError, match="the payload cannot be sent as JSON"):
        client.create_export_job_from(payload)
    assert api.requests == []
