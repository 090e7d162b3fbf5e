"""Tokens and secrets: asked for once, renewed in time, shown to nobody else."""

from __future__ import annotations

import asyncio
import threading
import traceback
from urllib.parse import parse_qs

import pytest

from pytest_aep_export.client import AepClient, AsyncAepClient
from pytest_aep_export.client.auth import TokenCache
from pytest_aep_export.errors import (
    AuthenticationError,
    ConfigurationError,
    RateLimitError,
    ServerError,
    TransportError,
    UnexpectedAnswerError,
)
from pytest_aep_export.exchange import Headers, Response
from pytest_aep_export.model import BatchFile, Credentials

SECRET, CLIENT_ID = "the-secret", "the-client-id"
REFUSED = {"error_code": "401013", "message": "Oauth token is not valid"}


def bearers(api):
    """The token of each call."""
    return [call.headers["authorization"] for call in api.calls]


def test_the_token_is_asked_for_as_documented(client, api):
    """The token request is a form POST with grant, id, secret and scopes, and no secret in its address."""
    assert client.token() == "token-1"
    (request,) = api.requests
    assert (request.method, request.url) == ("POST", "/ims/token/v3")
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(request.body.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": [CLIENT_ID],
        "client_secret": [SECRET],
        "scope": ["openid,AdobeID"],
    }
    assert "authorization" not in request.headers


def test_one_token_serves_every_call(client, api, job_document):
    """A token is asked for once and reused while it is good."""
    api.answer = lambda _: api.json(job_document())
    for _ in range(3):
        client.get_export_job(1)
    assert bearers(api) == ["Bearer token-1"] * 3
    assert len(api.requests) == 4


@pytest.mark.parametrize(
    ("expires_in", "renewed_after"),
    [
        pytest.param(86_399, 86_399 - 60, id="a day: a minute before"),
        pytest.param(300, 270, id="minutes: a tenth before"),
        pytest.param("600", 540, id="as text"),
        pytest.param(86_399_992, 86_399.992 - 60, id="milliseconds, as of the older exchange"),
        pytest.param(None, 86_399 - 60, id="not said"),
    ],
)
def test_a_token_is_renewed_before_it_expires(client, api, time, job_document, expires_in, renewed_after):
    """A token is renewed a margin before its expiry, however that is written, and not sooner."""
    life = {} if expires_in is None else {"expires_in": expires_in}
    api.tokens = lambda number: api.json({"access_token": f"token-{number}", **life})
    api.answer = lambda _: api.json(job_document())
    for moment in (0, renewed_after - 0.5, renewed_after + 0.5):
        time.now = 1_714_521_600 + moment
        client.get_export_job(1)
    assert bearers(api) == ["Bearer token-1", "Bearer token-1", "Bearer token-2"]


def test_a_refused_token_is_renewed_once(client, api, job_document):
    """A 401 makes the client get a new token and repeat the call, a creation too, since nothing was created."""
    api.then(api.json(REFUSED, 401), api.json(job_document()))
    assert client.create_export_job("5b020a27e7040801dedba61b").id == 24115
    assert bearers(api) == ["Bearer token-1", "Bearer token-2"]


def test_a_second_refusal_is_final(client, api):
    """A fresh token that is refused as well ends the call with the API's own words."""
    api.answer = lambda _: api.json(REFUSED, 401)
    with pytest.raises(AuthenticationError, match="Oauth token is not valid") as caught:
        client.get_export_job(1)
    assert (caught.value.status, caught.value.problem.code) == (401, "401013")
    assert bearers(api) == ["Bearer token-1", "Bearer token-2"]


def test_a_forbidden_call_is_not_repeated(client, api):
    """A 403 says that the credentials are not entitled: no new token helps."""
    api.then(api.json({"error_code": "403025", "message": "Profile is not valid"}, 403))
    with pytest.raises(AuthenticationError, match="Profile is not valid"):
        client.get_export_job(1)
    assert len(api.requests) == 2


@pytest.mark.parametrize("status", [400, 401, 403])
def test_refused_credentials_are_an_authentication_error(client, api, status):
    """Whatever 4xx the token endpoint answers with, the credentials are named as the reason, and asked about once."""
    api.tokens = lambda _: api.json({"error": "invalid_client", "error_description": "no such client"}, status)
    with pytest.raises(AuthenticationError, match=r"/ims/token/v3 .*no such client \[invalid_client\]|invalid_client"):
        client.get_export_job(1)
    assert len(api.requests) == 1


@pytest.mark.parametrize(("status", "kind"), [(429, RateLimitError), (503, ServerError)])
def test_a_busy_token_endpoint_is_tried_again(client, api, time, status, kind):
    """The token endpoint gets the same patience as the API, and its status names the error when that is used up."""
    api.tokens = lambda _: api.json({"error": "busy"}, status)
    with pytest.raises(kind):
        client.token()
    assert len(api.requests) == 5
    assert time.pauses == [0.5, 1, 2, 4]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"access_token": ""}',
        b'{"access_token": 5}',
        b'{"access_token": "a\\nb"}',
        b'{"access_token": "x", "expires_in": "soon"}',
        b'{"access_token": "x", "expires_in": 1' + b"0" * 400 + b"}",
    ],
)
def test_an_answer_without_a_usable_token_is_unexpected(client, api, body):
    """An answer of the token endpoint that holds no token is refused with a clear sentence, not used."""
    api.tokens = lambda _: Response(200, Headers(), body)
    with pytest.raises(UnexpectedAnswerError, match="POST /ims/token/v3 was answered with 200, but"):
        client.token()


def test_errors_show_neither_secret_nor_token(client, api):
    """No error, printed with everything it carries, holds the secret, the API key or the token."""
    long_token = "eyJhbGciOiJSUzI1NiJ9.eyJhIjoxfQ.c2ln"
    api.tokens = lambda number: (
        api.json({"access_token": long_token})
        if number == 1
        else api.json({"error": "x", "client_secret": SECRET}, 400)
    )
    api.answer = lambda _: api.json({"error_code": "401013", "message": "no", "access_token": long_token}, 401)
    with pytest.raises(AuthenticationError) as caught:
        client.get_export_job(1)
    error = caught.value
    shown = "".join(traceback.format_exception(error)) + repr(error.exchange) + error.curl + error.body.decode()
    assert "curl -X POST" in shown
    assert "client_secret=REDACTED" in shown
    for hidden in (long_token, CLIENT_ID, SECRET):
        assert hidden not in shown


def test_an_unexpected_answer_shows_no_token(client, api):
    """An answer that makes no sense is shown without the token that was sent for it, and without one that it holds."""
    api.then(api.json({"access_token": "hidden-1"}))
    with pytest.raises(UnexpectedAnswerError) as caught:
        client.get_export_job(1)
    shown = repr(
        [caught.value.exchange, caught.value.exchange.request.headers.raw, caught.value.body, caught.value.curl]
    )
    assert "access_token" in shown
    assert "token-1" not in shown
    assert "hidden-1" not in shown


def test_the_secret_goes_to_the_token_endpoint_only(make_client, api, job_document):
    """Neither the secret is sent to the gateway nor the token to the token endpoint, also when they are one host."""
    api.answer = lambda _: api.json(job_document())
    client = make_client(api.url)
    client.get_export_job(1)
    token_request, call = api.requests
    assert SECRET not in repr([call.url, call.headers.raw, call.body])
    assert "token-1" not in repr([token_request.url, token_request.headers.raw, token_request.body])


def test_a_redirect_is_not_followed(client, api):
    """A redirect to another host gets no second request: the token would go along."""
    api.then(Response(302, Headers({"Location": "http://evil.example/"})))
    with pytest.raises(UnexpectedAnswerError, match="answered with 302"):
        client.get_export_job(1)
    assert len(api.calls) == 1


@pytest.mark.parametrize(
    "href",
    [
        "http://evil.example/f",
        "http://127.0.0.1:1/f",
        "http://127.0.0.1@evil.example/",
        "/f",
        "http://[",
        "http://h:x/f",
    ],
)
def test_a_file_elsewhere_gets_no_token(client, api, href):
    """A file whose address is not on the gateway is refused before any request, whoever made its address up."""
    with pytest.raises(ConfigurationError, match="the access token is sent nowhere else"):
        client.read_bytes(BatchFile("f", 1, "id", href))
    assert api.requests == []


def test_another_token_endpoint_can_be_named(make_client, api, job_document):
    """With ``ims_url`` the token comes from there, and the calls still go to ``base_url``."""
    api.answer = lambda request: (
        api.json({"access_token": "from-v2"}) if request.path == "/ims/token/v2" else api.json(job_document())
    )
    make_client(api.url, ims_url=f"{api.url}/ims/token/v2").get_export_job(1)
    assert api.asked == ["POST /ims/token/v2", "GET /data/core/ups/export/jobs/1"]
    assert api.calls[1].headers["authorization"] == "Bearer from-v2"


def test_threads_share_one_token(api, job_document):
    """Many threads that start at once ask for one token between them."""
    api.answer = lambda _: api.json(job_document())
    with AepClient(Credentials("a", "b", "c"), base_url=api.url) as client:
        threads = [threading.Thread(target=client.get_export_job, args=(1,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (len(api.requests), len(api.calls)) == (9, 8)


async def test_tasks_share_one_token(api, job_document):
    """Many tasks that start at once ask for one token between them."""
    api.answer = lambda _: api.json(job_document())
    async with AsyncAepClient(Credentials("a", "b", "c"), base_url=api.url) as client:
        await asyncio.gather(*(client.get_export_job(1) for _ in range(8)))
    assert (len(api.requests), len(api.calls)) == (9, 8)


def test_an_unreachable_token_endpoint_says_nothing_of_jobs(make_client, api):
    """When the token endpoint is down, a creation's fate is not in doubt, and the message does not say so."""
    client = make_client(api.url, ims_url="http://127.0.0.1:1/ims/token/v3")
    with pytest.raises(
        TransportError, match=r"POST /ims/token/v3: http://127\.0\.0\.1:1 could not be reached"
    ) as caught:
        client.create_export_job("5b020a27e7040801dedba61b")
    assert "unknown" not in str(caught.value)
    assert api.requests == []


def test_only_the_refused_token_is_dropped():
    """A token that another call has renewed meanwhile survives the refusal of the one before it."""
    cache = TokenCache()
    cache.keep({"access_token": "new"}, 0)
    cache.drop("old")
    assert cache.current(1) == "new"
    cache.drop("new")
    assert cache.current(1) == ""


@pytest.mark.parametrize("name", ["client_id", "client_secret", "org_id", "sandbox", "scopes"])
@pytest.mark.parametrize("value", ["", " ", "a\nb", "caf\u00e9", " padded"])
def test_credentials_that_no_header_can_carry_are_refused(make_client, name, value):
    """A credential that is empty, padded or not printable ASCII is refused at once, by its name."""
    parts = {"client_id": "a", "client_secret": "b", "org_id": "c", "sandbox": "d", "scopes": "e"} | {name: value}
    with pytest.raises(ConfigurationError, match=f"the credentials' {name} is empty"):
        make_client("http://127.0.0.1:1", Credentials(**parts))
