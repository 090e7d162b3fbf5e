"""Tokens, headers and the gateway: who may call, and how others are told that they may not."""

from __future__ import annotations

import pytest

from pytest_aep_export.exchange import Exchange
from pytest_aep_export.suite.api import BATCHES, DATASETS, FILES, JOBS, Api
from pytest_aep_export.suite.expect import document, expect, pick, prerequisite, refused, status
from pytest_aep_export.suite.exports import Exports

requirement = pytest.mark.aep_requirement

UNKNOWN_JOB = f"{JOBS}/2000000000"
UNKNOWN_FILES = f"{FILES}/batches/01HP1Z0A9YZ733QCJN6AXCATHF/files"
EVERY_SERVICE = pytest.mark.parametrize(
    "path", [JOBS, DATASETS, UNKNOWN_FILES], ids=["profile", "catalog", "data access"]
)
EVERY_CALL = pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", JOBS),
        ("POST", JOBS),
        ("GET", UNKNOWN_JOB),
        ("DELETE", UNKNOWN_JOB),
        ("POST", DATASETS),
        ("GET", f"{BATCHES}/01HP1Z0A9YZ733QCJN6AXCATHF"),
        ("GET", UNKNOWN_FILES),
    ],
    ids=["list", "create", "look", "cancel", "dataset", "batch", "files"],
)


@pytest.fixture(params=["profile", "catalog", "data access"])
def found(request: pytest.FixtureRequest) -> str:
    """The path of something that each service has."""
    if request.param == "data access":
        exports: Exports = request.getfixturevalue("exports")
        return f"{FILES}/batches/{exports.batch('full')}/files"
    return {"profile": JOBS, "catalog": DATASETS}[request.param]


def anonymous(api: Api, method: str, path: str) -> Exchange:
    """A call without a token."""
    return api.target.send(method, path, json={} if method == "POST" else None, without={"authorization"})


def expect_code(exchange: Exchange, codes: set[str]) -> None:
    """Require a refusal with one of the gateway's codes."""
    body = refused(exchange, "the call is refused with a status of 400 to 499")
    wanted = " or ".join(sorted(codes))
    expect(str(body.get("error_code")) in codes, exchange, f"error_code is {wanted}", body.get("error_code"))


@requirement("EXP-AUTH-001")
def test_client_credentials_give_a_token(api: Api):
    """The token endpoint answers valid credentials with a bearer token and its lifetime."""
    exchange = status(api.target.request_token(), {200}, "valid credentials are answered with 200")
    token, kind, life = (pick(exchange, f"/{name}") for name in ("access_token", "token_type", "expires_in"))
    expect(isinstance(token, str) and token, exchange, "access_token is a non-empty string", type(token).__name__)
    expect(str(kind).lower() == "bearer", exchange, "token_type is bearer", kind)
    expect(isinstance(life, int) and life > 0, exchange, "expires_in is a positive integer", life)


@requirement("EXP-AUTH-002")
def test_the_lifetime_is_in_seconds(api: Api):
    """A token's lifetime counts seconds, not milliseconds."""
    exchange = api.target.request_token()
    with prerequisite("EXP-AUTH-001"):
        life = pick(exchange, "/expires_in")
    expect(isinstance(life, int) and life <= 1_000_000, exchange, "expires_in is at most a million seconds", life)


@requirement("EXP-AUTH-003")
def test_a_wrong_secret_gives_no_token(api: Api):
    """The token endpoint refuses a wrong secret."""
    exchange = api.target.request_token(client_secret="wrong")
    body = refused(exchange, "a wrong client_secret is refused with a status of 400 to 499")
    expect("access_token" not in body, exchange, "the refusal holds no token", sorted(body))


@EVERY_CALL
@requirement("EXP-AUTH-004")
def test_no_token_is_refused(api: Api, method: str, path: str):
    """Every call without a token is refused with 401 or 403."""
    status(anonymous(api, method, path), {401, 403}, "a call without a token is refused with 401 or 403")


@EVERY_CALL
@requirement("EXP-AUTH-005")
def test_no_token_has_its_code(api: Api, method: str, path: str):
    """The refusal of a call without a token says so by its code."""
    expect_code(anonymous(api, method, path), {"403010"})


@EVERY_CALL
@requirement("EXP-AUTH-006")
def test_an_invalid_token_is_refused(api: Api, method: str, path: str):
    """A token that was never issued is refused with 401 and its code."""
    body = {} if method == "POST" else None
    exchange = api.target.send(method, path, json=body, headers={"Authorization": "Bearer never-issued"})
    status(exchange, {401}, "an invalid token is refused with 401")
    expect_code(exchange, {"401013"})


@EVERY_SERVICE
@requirement("EXP-AUTH-007")
def test_no_api_key_is_refused(api: Api, path: str):
    """A call without an API key is refused with its code, whatever service it is for."""
    expect_code(api.target.send("GET", path, without={"x-api-key"}), {"403000"})


@EVERY_SERVICE
@requirement("EXP-AUTH-008")
def test_an_unknown_api_key_is_refused(api: Api, path: str):
    """A call with an API key of nobody's is refused with its code, whatever service it is for."""
    expect_code(api.target.send("GET", path, headers={"x-api-key": "0" * 32}), {"403003"})


@EVERY_SERVICE
@requirement("EXP-AUTH-009")
def test_no_organisation_is_refused(api: Api, path: str):
    """A call without an organisation is refused with its code, whatever service it is for."""
    expect_code(api.target.send("GET", path, without={"x-gw-ims-org-id"}), {"400003"})


@EVERY_SERVICE
@requirement("EXP-AUTH-010")
def test_a_foreign_organisation_is_refused(api: Api, path: str):
    """A call for an organisation that the integration does not belong to is refused with one of two codes."""
    foreign = {"x-gw-ims-org-id": f"{'0' * 24}@AdobeOrg"}
    expect_code(api.target.send("GET", path, headers=foreign), {"403025", "403027"})


@EVERY_SERVICE
@requirement("EXP-AUTH-011")
def test_no_sandbox_is_refused(api: Api, path: str):
    """A call without a sandbox is refused, whatever service it is for."""
    refused(api.target.send("GET", path, without={"x-sandbox-name"}), "a call without x-sandbox-name is refused")


@EVERY_SERVICE
@requirement("EXP-AUTH-012")
@pytest.mark.parametrize("header", ["authorization", "x-api-key", "x-gw-ims-org-id"])
def test_a_refusal_has_a_code_and_a_message(api: Api, header: str, path: str):
    """A refusal by the gateway gives its code as text, and a message."""
    exchange = api.target.send("GET", path, without={header})
    code, message = pick(exchange, "/error_code"), pick(exchange, "/message")
    expect(isinstance(code, str), exchange, "error_code is a string", code)
    expect(isinstance(message, str) and message, exchange, "message is a non-empty string", message)


@requirement("EXP-AUTH-013")
def test_the_scheme_in_lower_case(api: Api, found: str):
    """The authorisation scheme is recognised in lower case."""
    exchange = api.target.send("GET", found, headers={"Authorization": f"bearer {api.target.token()}"})
    status(exchange, {200}, "the scheme bearer is accepted")


@requirement("EXP-AUTH-014")
def test_a_content_type_without_content(api: Api, found: str):
    """A content type on a GET is ignored."""
    exchange = api.target.send("GET", found, headers={"Content-Type": "application/json"})
    status(exchange, {200}, "a GET with a content type is answered with 200")


@requirement("EXP-AUTH-015")
def test_the_xdm_media_type(api: Api):
    """Accepting the XDM media type still gives JSON."""
    exchange = api.target.send("GET", JOBS, headers={"Accept": "application/vnd.adobe.xdm+json"})
    status(exchange, {200}, "a call that accepts application/vnd.adobe.xdm+json is answered with 200")
    document(exchange)
