"""Routes: what is not there, what is there with another method, slashes, and bytes that no client would send."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

import pytest

JOBS = "/data/core/ups/export/jobs"


def _raw(api, method: str, target: str, headers: dict[str, str | bytes] | None = None) -> http.client.HTTPResponse:
    """An answer to a request whose target and headers are sent to the byte, the tenant's headers in front."""
    credentials = api.tenant.credentials
    connection = http.client.HTTPConnection(urlsplit(api.url).netloc, timeout=10)
    connection.putrequest(method, target, skip_host=bool(headers and "Host" in headers))
    standard = {
        "Authorization": f"Bearer {api.target.token()}",
        "x-api-key": credentials.client_id,
        "x-gw-ims-org-id": credentials.org_id,
        "x-sandbox-name": credentials.sandbox,
    }
    for name, value in (standard | (headers or {})).items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    answer.document = answer.read()
    connection.close()
    return answer


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/data",
        "/data/core/ups/export",
        "/data/core/ups/export/job",
        f"{JOBS}/1/files",
        "/data/core/ups//export/jobs",
        "/data/foundation/catalog/datasets",
        "/data/foundation/export/files",
        "/ims/token/v1",
        "/%00",
        "/favicon.ico",
    ],
)
def test_an_unknown_route_is_a_404_that_says_so(api, path):
    """JSON in the foundation's form, marked by a header of ours, and journaled without an operation."""
    response = api.send("GET", path).response
    assert response.status == 404
    assert response.headers["x-aep-emulator"] == "not-emulated"
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert (body["status"], body["title"]) == (404, "NotFoundError")
    assert body["detail"] == f"GET {path} is not emulated: the contract has no such route"
    [exchange] = api.tenant.journal.unknown
    assert exchange.request.path == path


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", JOBS, {"GET", "POST"}),
        ("PATCH", JOBS, {"GET", "POST"}),
        ("DELETE", JOBS, {"GET", "POST"}),
        ("OPTIONS", JOBS, {"GET", "POST"}),
        ("POST", f"{JOBS}/1", {"GET", "DELETE"}),
        ("HEAD", f"{JOBS}/1", {"GET", "DELETE"}),
        ("GET", "/ims/token/v3", {"POST"}),
        ("POST", "/data/foundation/export/files/x", {"GET", "HEAD"}),
        ("DELETE", "/data/foundation/catalog/dataSets/x", {"GET"}),
        ("PUT", "/data/core/ups/config/mergePolicies/", {"GET", "POST"}),
        ("GET", "/data/core/ups/config/mergePolicies/bulk-get", {"POST"}),
    ],
)
def test_another_method_is_a_405_that_lists_the_right_ones(api, method, path, allowed):
    """``Allow`` names exactly the methods of the contract; POST on a job never cancels it (D-5)."""
    response = api.send(method, path).response
    assert response.status == 405
    assert set(response.headers["allow"].split(", ")) == allowed
    assert method == "HEAD" or set(response.json()["detail"].rpartition("use ")[2].split(", ")) == allowed
    assert (method == "HEAD") == (response.body == b"")


def test_a_trailing_slash_makes_no_difference(api):
    """With and without it the same answers, without a redirect (D-3, D-76)."""
    job = api.create()["id"]
    for path in (JOBS, f"{JOBS}/{job}", "/data/foundation/catalog/dataSets", "/data/core/ups/config/mergePolicies"):
        with_slash, without = api.send("GET", f"{path}/"), api.send("GET", path)
        assert (with_slash.response.status, without.response.status) == (200, 200)
        assert with_slash.operation == without.operation
    created = api.send("POST", f"{JOBS}/", json=api.payload()).response
    assert created.status == 200
    assert api.numbers() == [created.json()["id"], job]


@pytest.mark.parametrize(
    "target",
    [
        f"{JOBS}/%2F",
        f"{JOBS}/%2f",
        f"{JOBS}/..%2F..%2Fjobs",
        f"{JOBS}/a%2Fb",
        f"{JOBS}/%252F",
        f"{JOBS}/%00",
        f"{JOBS}/%FF",
        f"{JOBS}/%E4%B8%AD",
        f"{JOBS}/1%3Fstatus=NEW",
        f"{JOBS}/.",
        f"{JOBS}/..;",
    ],
)
def test_an_odd_id_is_an_unknown_id(api, target):
    """Whatever an id holds, encoded slashes included, it names no job; nothing else is answered in its place."""
    api.create()
    answer = _raw(api, "GET", target)
    assert answer.status == 404
    body = json.loads(answer.document)
    assert body["errors"]["404"][0]["code"] == "UPAPI-113000-404"
    assert api.tenant.journal.unknown == ()


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_dots_do_not_climb(api, method):
    """A path that climbs out of the jobs is not another resource's path."""
    answer = _raw(api, method, f"{JOBS}/../jobs/1")
    assert answer.status == 404
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("host", ["[", "a b", "evil.example/path", "x@y", "]:1", "\u00e9".encode(), "[::1", "a:b:c"])
def test_an_odd_host_breaks_nothing(api, host):
    """A ``Host`` that is no host is not repeated in links, and the request is answered."""
    answer = _raw(api, "GET", JOBS, {"Host": host})
    assert answer.status in {200, 400}
    if answer.status == 200:
        assert json.loads(answer.document)["records"] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Authorization", "Bearer \u00e9".encode()),
        ("Authorization", b"Bearer \xff\xfe"),
        ("x-api-key", b"\xff"),
        ("x-gw-ims-org-id", b"\xff"),
        ("x-sandbox-name", b"\xff"),
    ],
)
def test_headers_that_are_no_text_are_refused(api, name, value):
    """Bytes outside ASCII in a header of the gateway's are a refusal in JSON like any other wrong value."""
    answer = _raw(api, "GET", JOBS, {name: value})
    assert answer.status in {400, 401, 403, 404}
    assert json.loads(answer.document)["error_code"]


def test_a_request_id_that_is_no_text_is_repeated_to_the_byte(api):
    """``x-request-id`` is the client's own affair."""
    answer = _raw(api, "GET", JOBS, {"x-request-id": b"\xe9\xff"})
    assert answer.status == 200
    assert answer.headers["x-request-id"].encode("latin-1") == b"\xe9\xff"


def test_links_lead_to_the_host_that_was_asked(api):
    """Absolute links repeat the scheme and ``Host`` of the request (real-clients 6)."""
    dataset = json.dumps({"name": "x", "schemaRef": {"id": "https://ns.adobe.com/xdm/context/profile__union"}}).encode()
    headers = {"host": "gateway.example:8443"}
    response = api.send("POST", "/data/foundation/catalog/dataSets", body=dataset, headers=headers).response
    assert response.status == 201
    assert response.headers["location"].startswith("http://gateway.example:8443/data/foundation/catalog/dataSets/")
