"""No secret survives: in a repr, a command or a redacted value, wherever it stood."""

from __future__ import annotations

import json
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aep_export.exchange import REDACTED, Headers, Request, Response, redact_text

PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
TOKENS = st.builds(
    lambda a, b, c: f"eyJ{a}.eyJ{b}.{c}",
    st.text(PLAIN + "-_", min_size=5, max_size=20),
    st.text(PLAIN + "-_", min_size=5, max_size=20),
    st.text(PLAIN + "-_", min_size=1, max_size=20),
)
SECRETS = st.text(min_size=6, max_size=20).map(lambda text: f"s3cr3t{text}t3rc3s")
FIELDS = st.sampled_from(["client_secret", "access_token", "refresh_token", "jwt_token", "client_id"])


def _showings(request: Request) -> list[str]:
    clean = request.redacted()
    return [repr(request), request.curl(), clean.url, repr(clean.headers.raw), clean.body.decode("utf-8", "replace")]


def _traces(secret: str) -> set[str]:
    """The secret's marks, however it was encoded: its ends are plain letters."""
    return {"s3cr3t", "t3rc3s"} if secret.startswith("s3cr3t") else {secret}


def _assert_gone(secret: str, texts: list[str]) -> None:
    assert not [(trace, text) for trace in _traces(secret) for text in texts if trace in text]


@given(FIELDS, SECRETS)
def test_a_secret_in_json_is_taken_out(field, secret):
    """Whatever characters a secret holds, quotes and backslashes included, the JSON around it stays JSON."""
    document = {"a": [{field: secret, "kept": "value"}]}
    body = json.dumps(document)
    _assert_gone(secret, [redact_text(body), *_showings(Request("POST", "/x", body=body.encode()))])
    assert json.loads(redact_text(body)) == {"a": [{field: REDACTED, "kept": "value"}]}


@given(FIELDS, SECRETS)
def test_a_secret_in_json_within_json_is_taken_out(field, secret):
    """A document that is quoted inside another one, as error messages do, holds no secret either."""
    body = json.dumps({"message": json.dumps({field: secret, "kept": "value"})})
    _assert_gone(secret, [redact_text(body)])
    assert json.loads(json.loads(redact_text(body))["message"]) == {field: REDACTED, "kept": "value"}


@given(FIELDS, SECRETS)
def test_a_secret_in_a_form_or_a_query_is_taken_out(field, secret):
    """Form bodies and query strings lose the secret and keep the rest."""
    form = urlencode({"grant_type": "client_credentials", field: secret, "scope": "openid"})
    request = Request("POST", f"http://127.0.0.1/ims/token/v2?{form}", body=form.encode())
    _assert_gone(secret, _showings(request))
    assert request.redacted().query["scope"] == "openid"
    assert request.redacted().query[field] == REDACTED
    assert b"grant_type=client_credentials" in request.redacted().body


@given(TOKENS)
def test_a_token_is_taken_out_wherever_it_stands(token):
    """A JWT goes from any header, from the path, from any parameter, from text and from JSON."""
    request = Request(
        "GET",
        f"http://127.0.0.1/x/{token}?t={token}&u={quote(token)}",
        Headers({"Authorization": f"Bearer {token}", "x-user-token": token}),
        f'{{"message":"your token {token} has expired"}}'.encode(),
    )
    _assert_gone(token, _showings(request))
    response = Response(200, request.headers, request.body)
    assert token not in repr(response)
    assert token not in repr(response.redacted().headers.raw)


@pytest.mark.parametrize(
    "name", ["Authorization", "COOKIE", "Set-Cookie", "proxy-authorization", "X-Api-Key", "x-api-key"]
)
def test_a_secret_header_is_taken_out_whatever_it_holds(name):
    """Headers that hold secrets lose their values, in any case of their names."""
    headers = Headers([(name, "opaque"), ("x-sandbox-name", "prod")])
    assert headers.redacted().raw == ((name, REDACTED), ("x-sandbox-name", "prod"))
    assert "opaque" not in repr(headers)


def test_the_codes_of_errors_are_no_secrets():
    """What an error is called stays readable: only an OAuth ``code`` in a form or query is a secret."""
    body = '{"errors":{"404":[{"code":"UPAPI-113000-404","message":"m"}]}}'
    assert redact_text(body) == body
    assert redact_text("grant_type=authorization_code&code=hush") == f"grant_type=authorization_code&code={REDACTED}"


@given(st.text(PLAIN + ' {}[]:,.=&?"\\'))
def test_a_text_without_secrets_is_left_alone(text):
    """Nothing is taken out of a text that names no secret and holds no token."""
    assert redact_text(text) == text


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=8))
def test_redaction_is_idempotent(value):
    """What has been redacted once does not change when it is redacted again."""
    once = redact_text(json.dumps({"client_secret": "x", "value": value}))
    assert redact_text(once) == once
