"""What must never reach a recording: secrets, tokens, organisations and addresses, wherever they stood."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, urlencode

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aep_export.cassettes import LeakError, read, record, replay
from pytest_aep_export.cassettes.hygiene import PLACEHOLDER, Cleaner
from pytest_aep_export.cassettes.recording import Interaction
from pytest_aep_export.client import AepClient
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.exchange import Headers, Request, Response
from pytest_aep_export.hosts import GATEWAY
from pytest_aep_export.model import Credentials

WHO = Credentials("a1b2c3d4e5f6", "s3cr3t-0f-m1ne", "1BD6382559DF0C130A49422D@AdobeOrg")
URL = "http://127.0.0.1:8080"
UNSIGNED = "eyJhbGciOiJub25lIn0"


def jwt(number: int) -> str:
    """A signed token of form only."""
    claims = urlsafe_b64encode(json.dumps({"sub": f"user {number}"}).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.{claims}.c2lnbmF0dXJl{number}"


SECRETS = {
    "the tenant's secret": WHO.client_secret,
    "the tenant's key": WHO.client_id,
    "the tenant's organisation": WHO.org_id,
    "a token": jwt(1),
    "a bearer": f"Bearer {jwt(2)}",
    "an opaque bearer": "Bearer 7f0aD-opaque-Token-93",
    "another organisation": "9F8E7D6C5B4A39281706F5E4@AdobeOrg",
    "an account": "C0FFEE00C0FFEE00C0FFEE01@techacct.adobe.com",
    "a user": "0123456789ABCDEF01234567@AdobeID",
    "an address": "jane.doe+news@corp-mail.co.uk",
    "a client secret": "p8e-Zx81kQ0wLs5-Vv2_Tt7Ab",
    "a private key": "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----",
    "a token of Slack's": "xoxb-" + "1234567890-abcdefghij",
    "a cloud's key": "AKIA" + "ABCDEFGH12345678",
    "a password": "https://admin:hunter2pass@host.example/x",
}


CORES = {
    name: {"a private key": "MIIEow", "a password": "hunter2pass"}.get(name)
    or secret.removeprefix("Bearer ").partition("@")[0]
    for name, secret in SECRETS.items()
}


def _quoted(text: str) -> str:
    return json.dumps({"inner": [text]})


PLACES: dict[str, Callable[[str], Response]] = {
    "text": lambda s: _response(f"said {s} twice".encode()),
    "json": lambda s: _response(json.dumps({"a": [{"b": s}]}).encode()),
    "a name in json": lambda s: _response(json.dumps({s: 1}).encode()),
    "json in json": lambda s: _response(json.dumps({"a": _quoted(_quoted(s))}).encode()),
    "escaped json": lambda s: _response(b'{"a":"' + "".join(f"\\u{ord(c):04x}" for c in s).encode() + b'"}'),
    "json that is cut off": lambda s: _response(json.dumps({"a": {"b": s}}).encode()[:-2]),
    "json that cannot be laid out": lambda s: _response(b'{"n":1E400,"a":' + json.dumps(s).encode() + b"}"),
    "a form": lambda s: _response(urlencode({"a": s, "b": "1"}).encode()),
    "percents": lambda s: _response(quote(quote(s, safe=""), safe="").encode()),
    "a URL": lambda s: _response(json.dumps({"href": f"{URL}/x?{urlencode({'a': s})}"}).encode()),
    "base64": lambda s: _response(json.dumps({"a": b64encode(f"id: {s}".encode()).decode()}).encode()),
    "url-safe base64": lambda s: _response(urlsafe_b64encode(f"id: {s} ???".encode()).rstrip(b"=")),
    "a header": lambda s: _response(b"{}", Location=f"{URL}/x/{quote(s, safe='')}"),
}


def _response(body: bytes, **headers: str) -> Response:
    return Response(200, Headers([(name.replace("_", "-"), value) for name, value in headers.items()]), body)


def _kept(response: Response) -> str:
    return response.body.decode() + "".join(value for _, value in response.headers.raw)


def _unwrapped(text: str) -> str:
    """The text, with what it wraps in base64."""
    found = [text]
    for word in text.replace('"', " ").split():
        try:
            found.append(urlsafe_b64decode(word.replace("+", "-").replace("/", "_") + "===").decode())
        except ValueError:
            continue
    return " ".join(found)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("what", SECRETS)
def test_each_kind_of_secret_is_taken_out_of_each_place(what, place):
    """However it is wrapped, it is not in what is kept, and cleaning that once more changes nothing."""
    if what == "a private key" and place == "text":
        pytest.skip("a key has lines of its own")
    clean = Cleaner(WHO, URL)
    kept = clean.response(PLACES[place](SECRETS[what]))
    assert CORES[what].lower() not in _unwrapped(_kept(kept)).lower()
    assert clean.response(kept) == kept
    assert Cleaner(WHO, URL).response(kept) == kept


@pytest.mark.parametrize(
    "name",
    ["access_token", "refresh_token", "client_secret", "clientSecret", "api-key", "x-api-key", "password", "client_id"],
)
@pytest.mark.parametrize(
    "wrap",
    [
        lambda name, value: json.dumps({"a": {name: value}}),
        lambda name, value: json.dumps({name: [value]}),
        lambda name, value: json.dumps({"a": json.dumps({"b": json.dumps({name: value})})}),
        lambda name, value: f'{{"{name}" : "{value}',
        lambda name, value: urlencode({"x": "1", name: value}),
        lambda name, value: f"/path?{urlencode({name: value})}&y=2",
        lambda name, value: quote(json.dumps({name: value})),
        lambda name, value: f"{name}: {value}",
    ],
    ids=["json", "list", "json in json", "cut off", "form", "query", "percents", "line"],
)
def test_what_goes_by_the_name_of_a_secret_is_taken_out_whatever_it_looks_like(name, wrap):
    """A value with no form of its own is known by its name, and from then on wherever it stands."""
    clean = Cleaner(WHO, URL)
    text = wrap(name, "opaque7value")
    kept = clean.response(_response(text.encode())).body.decode()
    assert kept == text.replace("opaque7value", "REDACTED-1")
    assert clean.response(_response(b"and opaque7value here")).body == b"and REDACTED-1 here"


def test_replacements_keep_the_form():
    """A token has three parts and no signature, and says so; ids keep their length, and secrets their kind."""
    kept = Cleaner(WHO, URL).response(_response(json.dumps(list(SECRETS.values())).encode())).json()
    by_name = dict(zip(SECRETS, kept, strict=True))
    head, claims, signature = by_name["a token"].split(".")
    assert (json.loads(urlsafe_b64decode(head + "==")), signature) == ({"alg": "none"}, "")
    assert list(json.loads(urlsafe_b64decode(claims + "=="))) == ["redacted"]
    assert by_name["the tenant's organisation"] == PLACEHOLDER.org_id
    assert by_name["another organisation"] == "000000000000000000000001@AdobeOrg"
    assert by_name["an account"] == "000000000000000000000002@techacct.adobe.com"
    assert by_name["an address"] == "redacted-1@example.com"
    assert by_name["a client secret"].startswith("p8e-REDACTED-")
    assert by_name["a bearer"].startswith(f"Bearer {UNSIGNED}.")


def test_addresses_that_are_nobodys_stay():
    """Names that are reserved for examples are data like any other."""
    body = b"a@example.com b@x.example.org c@shop.example d@x.invalid e@my.test redacted-1@example.com"
    assert Cleaner(WHO, URL).response(_response(body)).body == body


VALUES = st.sampled_from([*SECRETS.values(), jwt(3), jwt(4), "ABCDEF0123456789ABCDEF01@AdobeOrg", "other@corp.org"])


@given(st.lists(VALUES, max_size=12))
def test_the_same_value_has_the_same_replacement_and_others_have_others(values):
    """Within a recording, whoever compares two kept values finds what a comparison of the real ones would have said."""
    clean = Cleaner(WHO, URL)
    kept = [clean.response(_response(json.dumps([value]).encode())).body for value in values]
    own = {WHO.client_id, WHO.client_secret}
    for one, clean_one in zip(values, kept, strict=True):
        for other, clean_other in zip(values, kept, strict=True):
            same = one == other or {one, other} == own
            assert (clean_one == clean_other) is same


PIECES = st.sampled_from(
    [*SECRETS.values(), WHO.org_id.replace("@", "%40"), WHO.org_id[:24].lower(), "text ", f"{URL}/x"]
)
DOCUMENTS = st.recursive(
    PIECES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PIECES, inner | inner.map(json.dumps), max_size=2),
)


@given(DOCUMENTS)
def test_nothing_stays_in_an_answer(document):
    """Whatever a document holds and however deep, it stays one of that shape, and its length is told right."""
    body = json.dumps(document).encode()
    clean = Cleaner(WHO, URL).response(_response(body, content_length=str(len(body))))
    kept = clean.body.decode()
    assert not [what for what, part in CORES.items() if part.lower() in kept.lower()]
    assert "127.0.0.1" not in kept
    assert clean.headers["content-length"] == str(len(clean.body))
    assert type(json.loads(kept)) is type(document)


def test_only_headers_that_matter_are_kept():
    """What describes the body and where things are is kept, clean; cookies, dates and request ids are not."""
    clean = Cleaner(WHO, URL).response(
        _response(
            b"{}",
            Content_Type="application/json",
            Location=f"{URL}/x/{WHO.org_id}",
            Set_Cookie="session=1",
            x_request_id="abc",
            Authorization=f"Bearer {jwt(1)}",
        )
    )
    assert clean.headers.raw == (
        ("Content-Type", "application/json"),
        ("Location", f"{GATEWAY}/x/{PLACEHOLDER.org_id}"),
    )


@pytest.mark.parametrize(
    "body",
    [
        b"PAR1\xff\xfe\x00",
        b'{"errors":{"404":[{"code":"UPAPI-113000-404","message":"m"}]}}',
        b'{"id":"9bbf5ce692f820674262c447","b":"01HWRQ6W68GD0HJC2P38EV90AF","t":"%zz 100% \\u00e4","n":1.10}',
        b'{"token_type":"bearer","expires_in":86399,"password":"","client_id":null}',
        b"Bearer authentication, ewe.lambs.rams, ewelambsss.ramsss.sheep, eyelashes",
        b'{"path":"C:\\users","secret":"REDACTED-2","org":"000000000000000000000007@AdobeOrg"}',
    ],
    ids=["bytes", "codes", "ids", "words", "prose", "stand-ins"],
)
def test_what_is_no_secret_is_kept_to_the_byte(body):
    """Files, codes of errors, ids, and texts that only resemble secrets pass through, their length with them."""
    clean = Cleaner(WHO, URL).response(_response(body, Content_Length=str(len(body))))
    assert (clean.body, clean.headers.raw) == (body, (("Content-Length", str(len(body))),))


@pytest.mark.parametrize("body", [b"", b"text", b"a=1", b"\xff"])
def test_a_request_is_kept_without_its_headers_and_host(body):
    """Method, path, query, body and the range of a file stay; the host is the gateway's, whichever was asked."""
    headers = Headers({"Authorization": f"Bearer {jwt(1)}", "Range": "bytes=0-1"})
    clean = Cleaner(WHO, URL).request(Request("POST", f"{URL}/x?a=1&b=", headers, body))
    assert clean == Request("POST", f"{GATEWAY}/x?a=1&b=", Headers({"Range": "bytes=0-1"}), body)


def test_a_request_loses_its_secrets():
    """Credentials in the query and in the body become placeholders, the same ones every time."""
    query = f"client_id={WHO.client_id}&client_secret={WHO.client_secret}&grant_type=client_credentials"
    clean = Cleaner(WHO, URL).request(
        Request("POST", f"{URL}/ims/token/v2?{query}&org={WHO.org_id}", body=query.encode())
    )
    assert clean.url == (
        f"{GATEWAY}/ims/token/v2?client_id=REDACTED&client_secret=REDACTED&grant_type=client_credentials"
        f"&org={PLACEHOLDER.org_id}"
    )
    assert clean.body == b"client_id=REDACTED&client_secret=REDACTED&grant_type=client_credentials"


def test_what_only_a_later_header_tells_is_taken_out_of_what_came_before():
    """The key and the opaque token of another tenant, of which an earlier answer spoke without a name."""
    clean = Cleaner(WHO, URL)
    first = Interaction(Request("GET", "/x"), _response(b"seen opaque-t0ken-7 and key-0f-0ther"))
    headers = Headers({"authorization": "Bearer opaque-t0ken-7", "x-api-key": "key-0f-0ther"})
    second = Interaction(Request("GET", "/y", headers), _response(b""))
    kept = clean.finish([clean.interaction(first), clean.interaction(second)])
    assert kept[0].response.body == b"seen REDACTED-1 and REDACTED-2"


def test_what_a_replays_client_sends_has_other_stand_ins_than_a_recording():
    """Its secrets are never taken for those that a recording tells: their numbers begin beyond."""
    asked = f"client_id=mine-1&client_secret=mine-2&org={SECRETS['another organisation']}&token={jwt(7)}&to=a@corp.org"
    clean = Cleaner(PLACEHOLDER, GATEWAY, first=100)
    for _ in range(2):
        kept = clean.request(Request("POST", "/x", body=asked.encode())).body.decode()
        assert kept == (
            f"client_id=REDACTED-100&client_secret=REDACTED-101&org={100:024X}@AdobeOrg"
            f"&token={UNSIGNED}.eyJyZWRhY3RlZCI6MTAwfQ.&to=redacted-100@example.com"
        )


def test_what_nobody_can_unwrap_is_not_recorded():
    """A text that is encoded endlessly is refused, and not kept as it is."""
    body = b"%" + b"25" * 5_000 + b"40"
    with pytest.raises(ConfigurationError, match="nobody can clean it"):
        Cleaner(WHO, URL).response(_response(body))


# -- On a disk ----------------------------------------------------------------------------------------------------

PLANTED = jwt(9)


def _plant(url: str) -> None:
    """Exchange a token that is deep inside of a body."""
    body = {"name": "x", "tags": {"note": [{"deep": json.dumps({"jwt": PLANTED, "who": "jane@corp.org"})}]}}
    httpx.post(f"{url}/data/foundation/catalog/dataSets?t={PLANTED}", json=body)


def _on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_planted_token_never_reaches_the_disk(tenant, url, tmp_path):
    """It is in no file, in any part; the client sees what was really answered."""
    with record("export/test", credentials=tenant.credentials, base_url=url, folder=tmp_path):
        _plant(url)
    kept = _on_disk(tmp_path)
    assert UNSIGNED.encode() in kept
    for part in (*PLANTED.split(".")[1:], "jane@corp.org"):
        assert part.encode() not in kept


def test_a_planted_token_never_reaches_the_disk_of_a_test_that_crashes(pytester: pytest.Pytester):
    """Neither the cassette nor a draft of it is there, whether the test fails or its process dies."""
    for crash in ("assert False", "import os; os._exit(3)"):
        pytester.makepyfile(
            f"""
            import httpx, pytest

            @pytest.mark.aep_cassette("export/crash")
            def test_crash(aep_cassette):
                httpx.post(aep_cassette.base_url + "/data/foundation/catalog/dataSets", json={{"a": ["{PLANTED}"]}})
                {crash}
            """
        )
        pytester.runpytest_subprocess("--aep-record=all", "-p", "no:cacheprovider", "-p", "no:randomly", "-n0")
        written = [
            path for path in pytester.path.rglob("*") if path.suffix in {".yaml", ".bin"} or "crash.yaml" in path.name
        ]
        assert written == []


def test_the_client_sees_real_values_and_the_recorded_ones_replay(tenant, url, tmp_path):
    """While it records, the client has its token; in a replay it has another of that form, which it can use."""
    with (
        record("export/test", credentials=tenant.credentials, base_url=url, folder=tmp_path),
        AepClient(tenant.credentials, base_url=url) as client,
    ):
        token = client.token()
        httpx.get(f"{url}/data/core/ups/export/jobs", params={"trace": token})
    with (
        replay("export/test", tmp_path) as cassette,
        AepClient(cassette.credentials, base_url=cassette.base_url) as client,
    ):
        played = client.token()
        httpx.get(f"{cassette.base_url}/data/core/ups/export/jobs", params={"trace": played})
        assert cassette.unplayed() == 0
    assert token != played
    assert played.startswith(f"{UNSIGNED}.")
    assert len(played.split(".")) == len(token.split("."))


def test_a_recording_with_a_leak_is_not_written(tenant, url, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Where cleaning misses something, there is no file and no draft of one, and an earlier recording stays."""
    earlier = tmp_path / "export" / "test.yaml"
    earlier.parent.mkdir()
    earlier.write_text("as it was")
    monkeypatch.setattr(Cleaner, "response", lambda _self, response: response)
    with (
        pytest.raises(
            LeakError, match=r"still holds a value of access_token \(line \d+, response of interaction 1 /acc"
        ),
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
    path = tmp_path / "export" / "test.yaml"
    text, who = path.read_text(), tenant.credentials
    for trace in (who.client_id, who.client_secret, who.org_id[:24], token, token.split(".")[1], "127.0.0.1"):
        assert trace.lower() not in text.lower()
    assert f"Export of {PLACEHOLDER.org_id}" in text
    assert len(read("export/test", path).interactions) == 4
