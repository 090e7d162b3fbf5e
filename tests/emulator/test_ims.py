"""The token service: both versions, both places for the credentials, and every way to be refused."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest

from pytest_aep_export.exchange import Response

V3, V2 = "/ims/token/v3", "/ims/token/v2"
FORM = {"content-type": "application/x-www-form-urlencoded"}


def _form(api, **changes: str) -> dict[str, str]:
    who = api.tenant.credentials
    form = {"grant_type": "client_credentials", "client_id": who.client_id, "client_secret": who.client_secret}
    return form | {"scope": who.scopes} | changes


def _ask(api, form, path: str = V3, headers=FORM, **options: Any) -> Response:
    gateway_headers = {"authorization", "x-api-key", "x-gw-ims-org-id", "x-sandbox-name"}
    if form is not None:
        options["body"] = urlencode(form).encode()
    return api.send("POST", path, headers=headers, without=gateway_headers, **options).response


def test_credentials_in_a_form_give_a_token(api):
    """Version 3: a form in, a bearer token for a day less a second out, not to be kept by caches."""
    response = _ask(api, _form(api))
    assert response.status == 200
    body = response.json()
    assert body | {"access_token": ""} == {"access_token": "", "token_type": "bearer", "expires_in": 86399}
    assert (
        jwt.decode(body["access_token"], options={"verify_signature": False})["scope"] == api.tenant.credentials.scopes
    )
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", [V2, V3])
def test_credentials_in_the_query_give_a_token(api, path):
    """Version 2 comes with an empty body (Postman); version 3 may do the same."""
    response = _ask(api, None, path=path, headers={}, query=_form(api))
    assert response.status == 200
    authorization = {"authorization": f"Bearer {response.json()['access_token']}"}
    assert api.send("GET", "/data/core/ups/export/jobs", headers=authorization).response.status == 200


def test_the_form_wins_over_the_query(api):
    """Where both places give a value, the form's counts."""
    assert _ask(api, _form(api), query={"client_secret": "wrong"}).status == 200


@pytest.mark.parametrize("missing", ["grant_type", "client_id", "client_secret", "scope"])
@pytest.mark.parametrize("how", ["absent", "empty"])
def test_what_is_missing_is_named(api, missing, how):
    """A value that is absent or empty is an invalid request that names it (RFC 6749 section 5.2)."""
    form = _form(api, **{missing: ""})
    if how == "absent":
        del form[missing]
    response = _ask(api, form)
    assert response.status == 400
    assert response.json()["error"] == "invalid_request"
    assert missing in response.json()["error_description"]


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"grant_type": "authorization_code"}, 400, "unsupported_grant_type"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_secret": "\u00e9\u4e2d"}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
    ],
)
def test_wrong_credentials_are_refused_in_oauths_form(api, changes, status, error):
    """Another grant, a wrong secret and an unknown client each have OAuth's code for it."""
    response = _ask(api, _form(api, **changes))
    assert (response.status, response.json()["error"]) == (status, error)
    assert response.headers["content-type"] == "application/json"


@pytest.mark.parametrize("body", [b"", b"\xff\xfe=%", b"{}", b"a" * 10_000, b"&&&===", b"<xml/>"])
def test_a_body_that_is_no_form_is_refused(api, body):
    """Whatever else is sent lacks every value."""
    response = _ask(api, None, body=body)
    assert response.status == 400
    assert response.json()["error"] == "invalid_request"


def test_a_json_body_is_refused(api):
    """Credentials as JSON are not read."""
    body = json.dumps(_form(api)).encode()
    response = _ask(api, None, headers={"content-type": "application/json"}, body=body)
    assert response.status == 400


def test_a_body_that_is_too_large_is_refused_in_oauths_form(api):
    """More than a megabyte is 413."""
    response = _ask(api, None, body=b"a" * (1 << 20) + b"b")
    assert response.status == 413
    assert response.json()["error"] == "invalid_request"


def test_the_exchange_is_in_the_journal_of_whom_it_belongs_to(api):
    """A token request is recorded for the organisation of its credentials, without its headers naming one."""
    _ask(api, _form(api))
    [exchange] = api.tenant.journal.of("requestToken")
    assert exchange.response.status == 200
    secret = api.tenant.credentials.client_secret
    assert secret.encode() in exchange.request.body
    assert secret not in repr(exchange)
    assert exchange.response.json()["access_token"] not in repr(exchange)


def test_a_deleted_tenants_credentials_are_unknown(api):
    """After its organisation is gone, an integration is no integration."""
    form = _form(api)
    api.tenant.delete()
    assert _ask(api, form).json()["error"] == "invalid_client"
