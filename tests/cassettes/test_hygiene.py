"""What must never reach a recording: secrets, tokens and the organisation, wherever they stood."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aep_export.cassettes import LeakError, record
from pytest_aep_export.cassettes.hygiene import GATEWAY, PLACEHOLDER, Cleaner, refuse_leaks
from pytest_aep_export.client import AepClient
from pytest_aep_export.exchange import Headers, Request, Response
from pytest_aep_export.model import Credentials

WHO = Credentials("a1b2c3d4e5f6", "s3cr3t-0f-m1ne", "1BD6382559DF0C130A49422D@AdobeOrg")
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"
URL = "http://127.0.0.1:8080"
CLEANER = Cleaner(WHO, URL)
TRACES = (WHO.client_id, WHO.client_secret, WHO.org_id, WHO.org_id.lower(), WHO.org_id[:24], TOKEN, "127.0.0.1")


def _response(body: bytes, **headers: str) -> Response:
    return Response(200, Headers([(name.replace("_", "-"), value) for name, value in headers.items()]), body)


PIECES = st.sampled_from(
    [
        "text ",
        WHO.client_id,
        WHO.org_id,
        WHO.org_id.replace("@", "%40"),
        WHO.org_id.partition("@")[0].lower(),
        f"Bearer {TOKEN}",
        f"{URL}/data/core/ups",
        json.dumps({"client_secret": WHO.client_secret, "access_token": "opaque"}),
    ]
)
DOCUMENTS = st.recursive(PIECES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PIECES, inner, max_size=2))


@given(DOCUMENTS)
def test_nothing_of_the_tenants_stays_in_an_answer(document):
    """Ids, secrets, tokens and the host are taken out of nested JSON, JSON in texts included, and it stays JSON."""
    body = json.dumps(document).encode()
    clean = CLEANER.response(_response(body, content_length=str(len(body))))
    kept = clean.body.decode()
    assert not [trace for trace in TRACES if trace in kept]
    assert clean.headers["content-length"] == str(len(clean.body))
    assert type(json.loads(kept)) is type(document)
    assert refuse_leaks(WHO)(kept) == kept


def test_only_headers_that_matter_are_kept():
    """What describes the body and where things are is kept, clean; cookies, dates and request ids are not."""
    clean = CLEANER.response(
        _response(
            b"{}",
            Content_Type="application/json",
            Location=f"{URL}/x/{WHO.org_id}",
            Set_Cookie="session=1",
            x_request_id="abc",
            Authorization=f"Bearer {TOKEN}",
        )
    )
    assert clean.headers.raw == (
        ("Content-Type", "application/json"),
        ("Location", f"{GATEWAY}/x/{PLACEHOLDER.org_id}"),
    )


def test_bytes_are_kept_as_they_are():
    """A file that is no text passes through, its length with it."""
    body = b"PAR1\xff\xfe\x00"
    clean = CLEANER.response(_response(body, Content_Length="7"))
    assert (clean.body, clean.headers.raw) == (body, (("Content-Length", "7"),))


def test_an_error_keeps_its_codes():
    """What an error is called is no secret: a recorded refusal still says why."""
    body = b'{"errors":{"404":[{"code":"UPAPI-113000-404","message":"m"}]}}'
    assert CLEANER.response(_response(body)).body == body


@pytest.mark.parametrize("body", [b"", b"text", b"a=1", b"\xff"])
def test_a_request_is_kept_without_its_headers_and_host(body):
    """Method, path, query, body and the range of a file stay; the host is the gateway's, whichever was asked."""
    headers = Headers({"Authorization": f"Bearer {TOKEN}", "Range": "bytes=0-1"})
    clean = CLEANER.request(Request("POST", f"{URL}/x?a=1&b=", headers, body))
    assert clean == Request("POST", f"{GATEWAY}/x?a=1&b=", Headers({"Range": "bytes=0-1"}), body)


def test_a_request_loses_its_secrets():
    """Credentials in the query and in the body become placeholders, the same ones every time."""
    query = f"client_id={WHO.client_id}&client_secret={WHO.client_secret}&grant_type=client_credentials"
    clean = CLEANER.request(Request("POST", f"{URL}/ims/token/v2?{query}&org={WHO.org_id}", body=query.encode()))
    kept = clean.url + clean.body.decode()
    assert not [trace for trace in TRACES if trace in kept]
    assert "grant_type=client_credentials" in clean.url
    assert clean.body == b"client_id=REDACTED&client_secret=REDACTED&grant_type=client_credentials"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (f"x {WHO.client_secret} y", "client secret"),
        (f"x{WHO.client_id}", "client id"),
        (WHO.org_id.lower(), "organisation"),
        (WHO.org_id.replace("@", "%40"), "organisation"),
        (f"'{TOKEN}'", "token"),
        (f"{WHO.client_secret}{TOKEN}", "client secret, token"),
    ],
)
def test_a_text_that_still_holds_something_is_refused(text, what):
    """The last look names what it found and does not repeat it."""
    with pytest.raises(LeakError) as caught:
        refuse_leaks(WHO)(text)
    assert str(caught.value) == f"the recording still holds the {what}: it was not written, please report this"


def test_a_recording_with_a_leak_is_not_written(tenant, url, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Where cleaning misses something, there is no file and no draft of one, and an earlier recording stays."""
    earlier = tmp_path / "export" / "test.yaml"
    earlier.parent.mkdir()
    earlier.write_text("as it was")
    monkeypatch.setattr(Cleaner, "response", lambda _self, response: response)
    with (
        pytest.raises(LeakError, match="token"),
        record("export/test", credentials=tenant.credentials, base_url=url, folder=tmp_path),
        AepClient(tenant.credentials, base_url=url) as client,
    ):
        client.token()
    assert earlier.read_text() == "as it was"
    assert list(earlier.parent.iterdir()) == [earlier]


def test_a_whole_recording_is_clean(tenant, url, tmp_path):
    """No byte of the file names the tenant, its secrets, its token or this machine."""
    with (
        record("export/test", credentials=tenant.credentials, base_url=url, folder=tmp_path),
        AepClient(tenant.credentials, base_url=url) as client,
    ):
        token = client.token()
        dataset = client.create_dataset(f"Export of {tenant.credentials.org_id}")
        client.create_export_job(dataset_id=dataset.id)
        list(client.list_merge_policies())
    text = (tmp_path / "export" / "test.yaml").read_text()
    who = tenant.credentials
    for trace in (who.client_id, who.client_secret, who.org_id[:24], token, token.split(".")[1], "127.0.0.1"):
        assert trace.lower() not in text.lower()
    assert f"Export of {PLACEHOLDER.org_id}" in text
