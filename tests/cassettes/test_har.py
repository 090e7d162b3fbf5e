"""HAR: what browsers and proxies keep becomes a cassette by the same hygiene, and a cassette becomes valid HAR."""

from __future__ import annotations

import copy
import json
from base64 import b64encode
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from pytest_aep_export.cassettes import Interaction, Metadata, Recording, path_of, read
from pytest_aep_export.cassettes.fakes import PLACEHOLDER
from pytest_aep_export.cassettes.har import Har, credentials_in, read_har
from pytest_aep_export.cassettes.har_writing import write_har
from pytest_aep_export.cassettes.recording import settled
from pytest_aep_export.cassettes.selection import select
from pytest_aep_export.cli import main
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.exchange import Headers, Request, Response

KEY, SECRET, ORG = "a1b2c3d4e5f6", "s3cr3t-0f-m1ne", "1BD6382559DF0C130A49422D@AdobeOrg"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"
JOBS = "https://platform.adobe.io/data/core/ups/export/jobs"

_TEXT = {"type": "string"}
_NUMBER = {"type": "number"}
_PAIRS = {
    "type": "array",
    "items": {"type": "object", "required": ["name", "value"], "properties": {"name": _TEXT, "value": _TEXT}},
}
_MESSAGE = {"httpVersion": _TEXT, "cookies": _PAIRS, "headers": _PAIRS, "headersSize": _NUMBER, "bodySize": _NUMBER}
_POSTED = {"type": "object", "required": ["mimeType", "text"], "properties": {"mimeType": _TEXT, "text": _TEXT}}
_CONTENT = {
    "type": "object",
    "required": ["size", "mimeType"],
    "properties": {"size": _NUMBER, "mimeType": _TEXT, "text": _TEXT, "encoding": {"const": "base64"}},
}
_ENTRY = {
    "startedDateTime": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"},
    "time": {"type": "number", "minimum": 0},
    "request": {
        "type": "object",
        "required": ["method", "url", "queryString", *_MESSAGE],
        "properties": {"method": _TEXT, "url": _TEXT, "queryString": _PAIRS, "postData": _POSTED, **_MESSAGE},
    },
    "response": {
        "type": "object",
        "required": ["status", "statusText", "redirectURL", "content", *_MESSAGE],
        "properties": {"status": {"type": "integer"}, "statusText": _TEXT, "redirectURL": _TEXT, "content": _CONTENT},
    },
    "cache": {"type": "object"},
    "timings": {"type": "object", "required": ["send", "wait", "receive"]},
}
HAR_SCHEMA = {
    "type": "object",
    "required": ["log"],
    "properties": {
        "log": {
            "type": "object",
            "required": ["version", "creator", "entries"],
            "properties": {
                "version": {"const": "1.2"},
                "creator": {"type": "object", "required": ["name", "version"]},
                "entries": {"type": "array", "items": {"type": "object", "required": [*_ENTRY], "properties": _ENTRY}},
            },
        }
    },
}
"""The members that HAR 1.2 requires, and their types."""


def _entry(url: str = JOBS, *, method: str = "GET", body: str = '{"records": []}', **response: Any) -> dict[str, Any]:
    """An entry as a browser writes it, with the headers of whoever is logged in."""
    headers = {"Authorization": f"Bearer {TOKEN}", "x-api-key": KEY, "x-gw-ims-org-id": ORG, ":authority": "x"}
    content = {"size": len(body), "mimeType": "application/json", "text": body}
    answer = {"status": 200, "headers": [{"name": "Content-Type", "value": "application/json"}], "content": content}
    return {
        "startedDateTime": "2026-10-03T23:30:00.000-02:00",
        "request": {
            "method": method,
            "url": url,
            "headers": [{"name": name, "value": value} for name, value in headers.items()],
        },
        "response": answer | response,
    }


def _har(*entries: Any) -> bytes:
    return json.dumps({"log": {"version": "1.2", "entries": entries}}).encode()


def _read(*entries: Any, host: str = "") -> Har:
    return read_har(_har(*entries), host)


def _called(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["cassette", *map(str, arguments)])


def test_an_entry_becomes_an_interaction():
    """Method, URL without its fragment, headers but those of HTTP/2 itself, status and body are taken over."""
    har = _read(_entry(f"{JOBS}?limit=1#top"))
    (one,) = har.interactions
    assert (one.request.method, one.request.url) == ("GET", f"{JOBS}?limit=1")
    assert one.request.headers.keys() == {"authorization", "x-api-key", "x-gw-ims-org-id"}
    assert (one.response.status, one.response.body) == (200, b'{"records": []}')
    assert (har.origins, har.date, har.adobe) == (("https://platform.adobe.io",), "2026-10-04", True)


def test_only_the_apis_hosts_are_kept():
    """Other hosts, also others of Adobe's, preflights, aborted requests and lost bodies are left out and counted."""
    har = _read(
        _entry(),
        _entry("https://ims-na1.adobelogin.com/ims/token/v3", method="POST"),
        _entry("https://experience.adobe.com/app.js"),
        _entry("https://platform.adobe.io.evil.example/data"),
        _entry(method="OPTIONS"),
        _entry(status=0),
        _entry(content={"size": 1000, "mimeType": "application/json"}),
    )
    assert len(har.interactions) == 2
    assert har.skipped == {
        "to other hosts": 2,
        "that browsers send ahead (OPTIONS)": 1,
        "without an answer": 1,
        "whose body was not saved": 1,
    }


@pytest.mark.parametrize("host", ["aep.example:8443", "aep.example"])
def test_another_host_is_named(host):
    """With or without its port; Adobe's hosts are then others."""
    har = _read(_entry("https://aep.example:8443/data/core/ups/export/jobs"), _entry(), host=host)
    assert (har.origins, har.adobe, har.skipped) == (("https://aep.example:8443",), False, {"to other hosts": 1})


def test_bodies_in_every_form():
    """Base64, the fields of a form, and nothing at all; what was compressed is decoded already, and says so no more."""
    content = {"size": 4, "mimeType": "application/octet-stream", "text": b64encode(b"PAR1").decode()}
    coded = [{"name": "content-encoding", "value": "gzip"}, {"name": "content-length", "value": "2"}]
    entry = _entry(method="POST", content=content | {"encoding": "base64"}, headers=coded)
    entry["request"]["postData"] = {"mimeType": "x", "params": [{"name": "a b", "value": "1"}, {"name": "c"}]}
    (one,) = _read(entry).interactions
    assert (one.request.body, one.response.body) == (b"a+b=1&c=", b"PAR1")
    assert len(one.response.headers) == 0
    (head,) = _read(_entry(method="HEAD", content={"size": 9}, headers=coded)).interactions
    assert head.response.headers["content-length"] == "2"


def test_what_may_be_missing():
    """Headers, content and the time may; a mark of byte order is no obstacle."""
    answer = {"status": 204, "content": {"size": None}, "headers": None}
    har = read_har(b"\xef\xbb\xbf" + _har({"request": {"method": "get", "url": JOBS}, "response": answer}))
    (one,) = har.interactions
    assert (one.request.method, one.response, har.date) == ("GET", Response(204), "")
    assert _read({**_entry(), "startedDateTime": "yesterday"}).date == ""
    assert _read({**_entry(), "startedDateTime": "2026-10-03T23:30:00"}).date == "2026-10-03"


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"[]", b"{}", b'{"log": []}', b'{"log": {"entries": {}}}', _har(1), b"[" * 100_000]
)
def test_what_is_no_har(content):
    """One sentence says so."""
    with pytest.raises(ConfigurationError, match=r"^the HAR cannot be read: it "):
        read_har(content)


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        (("request",), 1, "a request that is no object"),
        (("request", "method"), None, "no method"),
        (("request", "method"), "G T", "a method that is none"),
        (("request", "url"), 1, "no url"),
        (("request", "url"), "https://[x/", "a url that is none"),
        (("request", "headers"), {"x": 1}, "headers that are no list"),
        (("request", "headers"), [{"value": "x"}], "no name"),
        (("request", "postData"), "x", "a postData that is no object"),
        (("response", "status"), "200", "a status or a size that is no number"),
        (("response", "status"), float("inf"), "a status or a size that is no number"),
        (("response", "content"), [1], "a content that is no object"),
        (("response", "content", "text"), 1, "a body that is no text"),
        (("response", "content", "encoding"), "base64", "a body that is not encoded as it says"),
    ],
)
def test_a_bad_entry_is_named(path, value, reason):
    """Its number and what is wrong with it."""
    entry = copy.deepcopy(_entry())
    node = entry
    for name in path[:-1]:
        node = node[name]
    node[path[-1]] = value
    with pytest.raises(ConfigurationError, match=rf"^the HAR cannot be read: entry 2 has {reason}"):
        _read(_entry(), entry)


def test_halves_of_characters_become_question_marks():
    """No file could hold them."""
    entry = _entry(f"{JOBS}?offset=\ud800")
    entry["request"]["headers"] = [{"name": "x-\ud800", "value": "\ud800"}]
    (one,) = _read(entry).interactions
    assert (one.request.url, one.request.headers.raw) == (f"{JOBS}?offset=?", (("x-?", "?"),))


def test_whose_interactions_they_are():
    """The first key, organisation and secret that stand there; placeholders where nothing tells."""
    token = _entry("https://ims-na1.adobelogin.com/ims/token/v3", method="POST")
    token["request"]["postData"] = {"text": f"client_id={KEY}&client_secret={SECRET}"}
    found = credentials_in(_read(token, _entry()))
    assert (found.client_id, found.client_secret, found.org_id) == (KEY, SECRET, ORG)
    assert (
        credentials_in(_read({"request": {"method": "GET", "url": JOBS}, "response": {"status": 204}})) == PLACEHOLDER
    )


def test_nothing_secret_of_a_har_reaches_the_cassette(tmp_path):
    """Token, key, secret and organisation, wherever they stand, and those of somebody else in the same file."""
    other = "F" * 24 + "@AdobeOrg"
    token = _entry("https://ims-na1.adobelogin.com/ims/token/v3", method="POST", body=f'{{"access_token": "{TOKEN}"}}')
    token["request"]["postData"] = {"text": f"grant_type=x&client_id={KEY}&client_secret={SECRET}"}
    jobs = _entry(
        body=json.dumps({"imsOrgId": ORG, "note": f"Bearer {TOKEN}", "of": other, "nested": f'{{"k":"{KEY}"}}'})
    )
    (tmp_path / "x.har").write_bytes(_har(token, jobs, _entry("https://example.com/")))
    done = _called("import", tmp_path / "x.har", "browser/jobs", "--folder", tmp_path)
    assert (done.exit_code, done.output) == (
        0,
        f"{tmp_path}/browser/jobs.yaml: 2 interactions, source live, 1 left out to other hosts\n",
    )
    text = path_of("browser/jobs", tmp_path).read_text()
    assert not [secret for secret in (KEY, SECRET, ORG, ORG[:24], other, TOKEN, "c2lnbmF0dXJl") if secret in text]
    recording = read("browser/jobs", path_of("browser/jobs", tmp_path))
    assert (recording.metadata.source, recording.metadata.date) == ("live", "2026-10-04")
    assert all("authorization" not in one.request.headers for one in recording.interactions)


def test_what_hygiene_refuses_is_not_written(tmp_path):
    """Files of profiles from the live service are refused until they are allowed; then they lie beside."""
    content = {"size": 4, "text": b64encode(b"\xff\xfe\x00\x01").decode(), "encoding": "base64"}
    (tmp_path / "x.har").write_bytes(_har(_entry(content=content)))
    arguments = ("import", tmp_path / "x.har", "browser/file", "--folder", tmp_path)
    refused = _called(*arguments)
    assert refused.exit_code == 3
    assert "data of persons" in refused.output
    assert not path_of("browser/file", tmp_path).exists()
    assert _called(*arguments, "--personal-data").exit_code == 0
    assert _called(*arguments).exit_code == 2
    assert _called(*arguments, "--replace", "--source", "server").exit_code == 0


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"x", "a/b", "the HAR cannot be read"),
        (_har(), "a/b", "holds no request to Adobe's API; name your server by --host"),
        (_har(_entry("https://x.example/")), "a/b", "by --host, 1 left out to other hosts"),
        (_har(_entry()), "ab", "'ab' is not a cassette's name"),
    ],
)
def test_an_import_that_cannot_be(tmp_path, content, name, sentence):
    """It ends with 2 and one sentence, and nothing is written."""
    (tmp_path / "x.har").write_bytes(content)
    done = _called("import", tmp_path / "x.har", name, "--folder", tmp_path)
    assert done.exit_code == 2
    assert sentence in done.output.replace("\n", " ")
    assert [path.name for path in tmp_path.iterdir()] == ["x.har"]


def test_a_har_that_is_too_large(tmp_path, monkeypatch):
    """It is not read to its end."""
    monkeypatch.setattr("pytest_aep_export.cli.cassette._LARGEST", 1 << 20)
    (tmp_path / "x.har").write_bytes(b" " * (1 << 20) + b" ")
    done = _called("import", tmp_path / "x.har", "a/b", "--folder", tmp_path)
    assert (done.exit_code, "larger than 1 MiB" in done.output) == (2, True)


def test_an_export_is_har(tmp_path):
    """Of a shipped cassette, with a binary file in it: valid, and the same cassette once imported again."""
    target = tmp_path / "x.har"
    assert _called("export", "export/succeeded", "-o", target).exit_code == 0
    document = json.loads(target.read_text())
    Draft202012Validator(HAR_SCHEMA, format_checker=FormatChecker()).validate(document)
    assert len({entry["startedDateTime"] for entry in document["log"]["entries"]}) == len(document["log"]["entries"])
    assert _called("import", target, "a/b", "--folder", tmp_path, "--source", "server").exit_code == 0
    (_, shipped), *_ = select(["export/succeeded"]).items()
    before, after = read("a/b", shipped), read("a/b", path_of("a/b", tmp_path))
    assert after.interactions == before.interactions
    assert after.metadata.date == before.metadata.date


def test_an_export_needs_one_cassette(tmp_path):
    """A folder of none or of several is refused."""
    assert _called("export", tmp_path).exit_code == 2
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").touch()
    done = _called("export", tmp_path)
    assert (done.exit_code, "holds 2 cassettes" in done.output) == (2, True)


BODIES = st.one_of(st.just(b""), st.binary(max_size=8), st.sampled_from([b'{\n  "a": 1\n}', b"a=1&b=2", b"text\r\n"]))
PATHS = st.text(st.characters(codec="ascii", categories=("L", "N")), max_size=5)
INTERACTIONS = st.builds(
    lambda method, path, asked, status, answered, extra: settled(
        Interaction(
            Request(method, f"https://platform.adobe.io/data/{path}?q={path}", Headers({"range": "bytes=0-1"}), asked),
            Response(status, Headers({"content-type": "application/json"} | extra), answered),
        )
    ),
    st.sampled_from(["GET", "POST", "DELETE"]),
    PATHS,
    BODIES,
    st.sampled_from([200, 204, 404, 503]),
    BODIES,
    st.sampled_from([{}, {"accept-ranges": "bytes"}, {"location": "/x"}]),
)


@given(st.lists(INTERACTIONS, min_size=1, max_size=4))
def test_a_round_trip_changes_nothing(interactions):
    """Any recording, exported as HAR and read again, holds the same interactions, and the HAR is valid."""
    recording = Recording("a/b", Metadata("server", "2026-11-24", "tool 1", "1.0.0"), tuple(interactions))
    document = write_har(recording)
    Draft202012Validator(HAR_SCHEMA).validate(document)
    har = read_har(json.dumps(document).encode())
    assert tuple(map(settled, har.interactions)) == recording.interactions
    assert (har.date, har.skipped) == ("2026-11-24", {})


def test_data_of_persons_from_the_live_service_is_told(tmp_path):
    """An import is no place to look at names; it says where such members stand, and what they say it does not."""

    def entry(host: str) -> bytes:
        body = {"rows": [{"mobilePhone": "1-303-555-0123", "ssn": "123-45-6789", "note": "078-05-1120", "status": "x"}]}
        answer = {"status": 200, "headers": [], "content": {"text": json.dumps(body)}}
        one = {
            "request": {"method": "GET", "url": f"https://{host}/data/core/ups/x", "headers": []},
            "response": answer,
        }
        return json.dumps({"log": {"entries": [one]}}).encode()

    live, own = tmp_path / "live.har", tmp_path / "own.har"
    live.write_bytes(entry("platform.adobe.io"))
    own.write_bytes(entry("aep.example.com"))
    done = _called("import", live, "har/live", "--folder", tmp_path)
    assert done.exit_code == 0, done.output
    assert "warning: " in done.stderr
    for what in ("a phone number (line ", "a social security or tax number (line ", "a social security number (line "):
        assert what in done.stderr
    assert "/rows/0/mobilePhone" in done.stderr
    assert "303" not in done.stderr
    linted = CliRunner().invoke(main, ["lint", str(tmp_path / "har" / "live.yaml")])
    assert "live.yaml may hold the data of persons: a phone number (line " in linted.output
    quiet = _called("import", own, "har/own", "--folder", tmp_path, "--host", "aep.example.com")
    assert (quiet.exit_code, quiet.stderr) == (0, "")
