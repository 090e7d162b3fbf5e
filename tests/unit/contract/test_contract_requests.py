"""Requests against the contract."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from pytest_aep_export.contract import Contract
from pytest_aep_export.exchange import Headers, Request

JOBS = "https://platform.adobe.io/data/core/ups/export/jobs"
DATASETS = "https://platform.adobe.io/data/foundation/catalog/dataSets"
FILE = "https://platform.adobe.io/data/foundation/export/files/f-1"
TOKEN = "https://ims-na1.adobelogin.com/ims/token/v3"
LEAST: dict[str, Any] = {"destination": {"datasetId": "d"}, "schema": {"name": "_xdm.context.profile"}}
GRANT = {"grant_type": "client_credentials", "client_id": "i", "client_secret": "s", "scope": "openid"}
Ask = Callable[..., Request]


def events(**members: Any) -> dict[str, Any]:
    """A request for events whose filter has these members."""
    return LEAST | {"additionalFields": {"eventList": {"filter": members}}}


@pytest.mark.parametrize(
    "body",
    [
        LEAST,
        LEAST | {"fields": ""},
        LEAST | {"mergePolicy": {"id": "timestampOrdered-none-mp"}},
        LEAST | {"evaluationInfo": {"segmentation": True}},
        LEAST | {"filter": {"segments": [{"segmentId": "s", "segmentNs": "AAM", "status": ["exited"]}]}},
        LEAST | {"filter": {"segmentQualificationTime": {"startTime": "2018-01-01T00:00:00Z"}, "emptyProfiles": True}},
        events(fromIngestTimestamp="2018-10-25T13:22:04.5+02:00", toIngestTimestamp="2018-10-25T13:22:04Z"),
    ],
)
def test_documented_payloads_may_be_sent(contract: Contract, ask: Ask, body: dict[str, Any]):
    """Every documented member of either guide is accepted (D-1, D-52)."""
    assert contract.validate_request(ask("POST", JOBS, json=body)) == []


@pytest.mark.parametrize(
    ("body", "pointer", "words"),
    [
        ({}, "/destination", "names the dataset"),
        (LEAST | {"destination": {}}, "/destination/datasetId", "id of the dataset"),
        (LEAST | {"destination": {"datasetId": ""}}, "/destination/datasetId", "not empty"),
        (LEAST | {"destination": {"datasetId": 7}}, "/destination/datasetId", "id of the dataset"),
        (LEAST | {"destination": {"dataSetId": "d"}}, "/destination/dataSetId", "only the members datasetId"),
        (LEAST | {"destination": None}, "/destination", "names the dataset"),
        (LEAST | {"schema": {}}, "/schema/name", "_xdm.context.profile"),
        (LEAST | {"schema": {"name": "other"}}, "/schema/name", "_xdm.context.profile"),
        (LEAST | {"fields": ["identityMap"]}, "/fields", "separated by commas"),
        (LEAST | {"mergePolicy": {"version": 1}}, "/mergePolicy/id", "policy's id"),
        (LEAST | {"mergePolicy": {"id": "m", "version": "1"}}, "/mergePolicy/version", "an integer"),
        (LEAST | {"mergePolicy": {"id": "m", "version": 0}}, "/mergePolicy/version", "at least 1"),
        (LEAST | {"a/b~c": 1}, "/a~1b~0c", "only the members fields"),
        (LEAST | {"filter": {"segments": []}}, "/filter/segments", "at least 1 items"),
        (LEAST | {"filter": {"segments": [{}]}}, "/filter/segments/0/segmentId", "segment's id"),
        (
            LEAST | {"filter": {"segments": [{"segmentId": "s", "status": ["x"]}]}},
            "/filter/segments/0/status/0",
            "one of",
        ),
        (events(fromIngestTimestamp="yesterday"), "/additionalFields/eventList/filter/fromIngestTimestamp", "RFC 3339"),
        (
            events(fromIngestTimestamp="2018-02-30T00:00:00Z"),
            "/additionalFields/eventList/filter/fromIngestTimestamp",
            "RFC",
        ),
        (
            events(fromIngestTimestamp="2018-10-25T13:22:04"),
            "/additionalFields/eventList/filter/fromIngestTimestamp",
            "offset",
        ),
        ([], "", "an object"),
        (None, "", "a JSON body"),
    ],
)
def test_a_wrong_payload_is_refused_by_its_member(contract: Contract, ask: Ask, body: Any, pointer: str, words: str):
    """The violation names the member, says what belongs there, and where that is documented."""
    found = {v.pointer: v for v in contract.validate_request(ask("POST", JOBS, json=body))}
    assert words in found[pointer].expected
    assert found[pointer].level == "MUST"
    assert found[pointer].source.startswith(("seed", "facts", "D-"))


def test_every_mistake_of_a_payload_is_named(contract: Contract, ask: Ask):
    """One request with three mistakes gets three violations."""
    body = {"fields": 1, "schema": {"name": "_xdm.context.profile"}, "surprise": True}
    found = contract.validate_request(ask("POST", JOBS, json=body))
    assert [v.pointer for v in found] == ["/destination", "/fields", "/surprise"]
    assert [v.found for v in found] == ["nothing", "1", "another member"]


@pytest.mark.parametrize(
    "body",
    [{f"surprise{n}": n for n in range(20_000)}, {"filter": {"segments": [1] * 20_000}}],
    ids=["members", "items"],
)
def test_mistakes_without_number_are_not_all_named(contract: Contract, ask: Ask, body: dict[str, Any]):
    """Some hundred of them are enough to refuse a body: it takes no longer than a small one."""
    assert 50 < len(contract.validate_request(ask("POST", JOBS, json=body))) <= 100


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (b"", "nothing"),
        (b" \n ", "nothing"),
        (b"{", "text that goes wrong at position 1 "),
        (b'{"a": 1} x', "text that goes wrong at position 9 "),
        (b"\xff{}", "text that goes wrong at position 0 "),
        (b'{"a": "\\ud800"}', "text that goes wrong at position 7 "),
        (b"[NaN]", "text that goes wrong at position 1 "),
        (b"[1e999]", "text that goes wrong at position 1 "),
        (b"[" + b"9" * 5000 + b"]", "text that goes wrong at position 1 "),
        (b"[" * 50_000, "text that goes wrong at position 1025 "),
    ],
)
def test_what_is_not_json_is_refused(contract: Contract, ask: Ask, raw: bytes, found: str):
    """Each kind of unreadable body is a violation that says where it goes wrong, never a crash."""
    request = ask("POST", JOBS, json={})
    [violation] = contract.validate_request(Request("POST", JOBS, request.headers, raw))
    assert (violation.pointer, violation.expected) == ("", "a JSON body")
    assert violation.found.startswith(found)


def test_escapes_that_make_whole_characters_are_fine(contract: Contract, ask: Ask):
    """An escaped surrogate pair is one character, and allowed."""
    request = ask("POST", JOBS, json=LEAST | {"fields": "\U0001f600"})
    assert b"\\ud83d" in request.body
    assert contract.validate_request(request) == []


@pytest.mark.parametrize(("levels", "refused"), [(61, False), (70, True)])
def test_open_members_may_not_be_nested_without_end(contract: Contract, ask: Ask, levels: int, refused: bool):  # noqa: FBT001 - a parameter
    """Members that the contract leaves open may nest, but not as deep as would break a reader (our choice)."""
    deep: dict[str, Any] = {}
    for _ in range(levels):
        deep = {"a": deep}
    body = {"name": "n", "schemaRef": {"id": "https://ns.adobe.com/x"}, "observableSchema": deep}
    found = contract.validate_request(ask("POST", DATASETS, json=body))
    assert [v.expected for v in found] == (["values nested at most 64 deep"] if refused else [])


@pytest.mark.parametrize(
    "media", ["application/json", "application/json; charset=utf-8", "Application/JSON", "application/x+json"]
)
def test_json_by_any_of_its_names(contract: Contract, ask: Ask, media: str):
    """Parameters, case and suffix of the media type make no difference."""
    assert contract.validate_request(ask("POST", JOBS, json=LEAST, Content_Type=media)) == []


@pytest.mark.parametrize(
    ("media", "found"), [("text/plain", "text/plain"), ("text/x+json", "text/x+json"), ("", "nothing")]
)
def test_another_media_type_is_refused(contract: Contract, ask: Ask, media: str, found: str):
    """A body has to say that it is JSON."""
    [violation] = contract.validate_request(ask("POST", JOBS, json=LEAST, Content_Type=media))
    assert (violation.pointer, violation.found) == ("/header/content-type", found)


@pytest.mark.parametrize(
    ("without", "pointer", "expected"),
    [
        ("authorization", "/header/authorization", "Bearer and an access token"),
        ("x-api-key", "/header/x-api-key", "a value"),
        ("x-gw-ims-org-id", "/header/x-gw-ims-org-id", "a value"),
        ("x-sandbox-name", "/header/x-sandbox-name", "a value"),
    ],
)
def test_the_four_headers_are_required(contract: Contract, ask: Ask, without: str, pointer: str, expected: str):
    """A call behind the gateway without one of the four headers is refused by its name."""
    [violation] = contract.validate_request(ask("GET", JOBS, without=without))
    assert (violation.pointer, violation.expected, violation.found) == (pointer, expected, "nothing")


def test_the_tokens_scheme_is_read_in_any_case(contract: Contract, ask: Ask):
    """A real client writes it in lower case (D-15); another scheme is refused, and its secret not repeated."""
    assert contract.validate_request(ask("GET", JOBS, Authorization="bearer a.b.c")) == []
    [violation] = contract.validate_request(ask("GET", JOBS, Authorization="Basic hunter2"))
    assert violation.found == "another scheme"


@pytest.mark.parametrize(
    "query",
    [
        "limit=1000",
        "limit=100&offset=1538573416687_722",
        "offset=4",
        "status=PROCESSING",
        "start=4&page=2",
        "sort=updateTime:asc",
        "x=y",
    ],
)
def test_documented_list_parameters_may_be_sent(contract: Contract, ask: Ask, query: str):
    """Either guide's parameters are accepted (D-60, D-61, D-71), and unknown ones are not our business."""
    assert contract.validate_request(ask("GET", f"{JOBS}/?{query}", Content_Type="application/json")) == []


@pytest.mark.parametrize(
    ("url", "pointer", "found"),
    [
        (f"{JOBS}?limit=0", "/query/limit", '"0"'),
        (f"{JOBS}?limit=", "/query/limit", '""'),
        (f"{JOBS}?limit=1.5", "/query/limit", '"1.5"'),
        (f"{JOBS}?limit=99999999999999999999", "/query/limit", '"99999999999999999999"'),
        (f"{JOBS}?offset=next", "/query/offset", '"next"'),
        (f"{JOBS}?status=SUCEEDED", "/query/status", '"SUCEEDED"'),
        (f"{JOBS}?start=-1", "/query/start", '"-1"'),
        (f"{JOBS}?sort=updateTime", "/query/sort", '"updateTime"'),
        (f"{DATASETS}?limit=101", "/query/limit", '"101"'),
        ("https://platform.adobe.io/data/core/ups/config/mergePolicies?default=maybe", "/query/default", '"maybe"'),
    ],
)
def test_a_wrong_parameter_is_named(contract: Contract, ask: Ask, url: str, pointer: str, found: str):
    """The violation names the parameter and shows the text that was sent."""
    [violation] = contract.validate_request(ask("GET", url))
    assert (violation.pointer, violation.found, violation.level) == (pointer, found, "MUST")


@pytest.mark.parametrize("text", ["true", "False"])
def test_booleans_are_read_in_any_case(contract: Contract, ask: Ask, text: str):
    """Python clients send `False` with a capital letter."""
    policies = f"https://platform.adobe.io/data/core/ups/config/mergePolicies?default={text}"
    assert contract.validate_request(ask("GET", policies)) == []


def test_a_head_needs_the_files_name(contract: Contract, ask: Ask):
    """`path` is required there, and optional on the download (facts, data-access)."""
    [violation] = contract.validate_request(ask("HEAD", FILE))
    assert (violation.pointer, violation.expected, violation.found) == ("/query/path", "a string", "nothing")
    assert contract.validate_request(ask("GET", FILE)) == []


@pytest.mark.parametrize(
    ("span", "valid"),
    [("bytes=0-99", True), ("bytes=5-", True), ("bytes=-9", True)]
    + [(t, False) for t in ("bytes=-", "bytes=0-1,3-4", "items=0-1", "")],
)
def test_one_range_may_be_asked_for(contract: Contract, ask: Ask, span: str, valid: bool):  # noqa: FBT001 - a parameter
    """A range has a beginning, an end or both; several at once are refused (our choice)."""
    found = [v.pointer for v in contract.validate_request(ask("GET", f"{FILE}?path=p", Range=span))]
    assert found == ([] if valid else ["/header/range"])


@pytest.mark.parametrize(
    ("url", "body"),
    [
        (TOKEN, urlencode(GRANT)),
        (f"{TOKEN}?{urlencode(GRANT)}", ""),
        (f"{TOKEN.replace('v3', 'v2')}?{urlencode(GRANT)}", ""),
        (f"{TOKEN}?grant_type=password", urlencode(GRANT)),
    ],
)
def test_credentials_travel_in_the_form_or_the_query(contract: Contract, url: str, body: str):
    """Both places are read, the form first (facts, auth-and-headers section 1)."""
    headers = Headers({"Content-Type": "application/x-www-form-urlencoded"} if body else {})
    assert contract.validate_request(Request("POST", url, headers, body.encode())) == []


def test_missing_credentials_are_named_and_secrets_are_not_shown(contract: Contract):
    """What is missing is named; an empty secret is not printed."""
    headers = Headers({"Content-Type": "application/x-www-form-urlencoded"})
    [violation] = contract.validate_request(Request("POST", TOKEN, headers, urlencode(GRANT | {"scope": ""}).encode()))
    assert (violation.pointer, violation.found) == ("/scope", "nothing")
    found = contract.validate_request(Request("POST", f"{TOKEN}?client_secret=&grant_type=password"))
    assert {v.pointer: v.found for v in found} == {
        "/client_id": "nothing",
        "/client_secret": "a secret",
        "/grant_type": '"password"',
        "/scope": "nothing",
    }


def test_credentials_in_json_are_refused(contract: Contract):
    """The token service reads forms, not JSON."""
    request = Request("POST", TOKEN, Headers({"Content-Type": "application/json"}), b"{}")
    [violation] = contract.validate_request(request)
    assert (violation.pointer, violation.found) == ("/header/content-type", "application/json")


@pytest.mark.parametrize(
    "extra",
    [
        {"fileDescription": {"persisted": True, "containerFormat": "parquet", "format": "parquet"}},
        {"aspect": "production", "description": "d", "tags": {"unifiedProfile": ["enabled:true"]}},
        {"unifiedTags": [], "systemLabels": ["l"], "enableErrorDiagnostics": False},
    ],
)
def test_what_real_clients_add_to_a_dataset_is_accepted(contract: Contract, ask: Ask, extra: dict[str, Any]):
    """Older and newer documented members may be sent (D-72), to either spelling of the path (D-76)."""
    reference = {"id": "https://ns.adobe.com/x", "contentType": "application/vnd.adobe.xed-full+json; version=1"}
    body = {"name": "n", "schemaRef": reference} | extra
    assert contract.validate_request(ask("POST", f"{DATASETS}/?requestDataSource=False", json=body)) == []


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/name"),
        ({"name": "n", "schemaRef": {}}, "/schemaRef/id"),
        ({"name": "n", "schemaRef": {"id": "not a uri"}}, "/schemaRef/id"),
        ({"name": "n", "schemaRef": {"id": "urn:x", "contentType": "text/plain"}}, "/schemaRef/contentType"),
        ({"name": "n", "schemaRef": {"id": "urn:x"}, "tags": {"a": "b"}}, "/tags/a"),
    ],
)
def test_a_wrong_dataset_is_refused_by_its_member(contract: Contract, ask: Ask, body: dict[str, Any], pointer: str):
    """The violation names the member."""
    assert pointer in {v.pointer for v in contract.validate_request(ask("POST", DATASETS, json=body))}


@pytest.mark.parametrize(
    ("method", "url", "known"), [("POST", f"{JOBS}/726", "GET, DELETE"), ("GET", "/nowhere", "no method")]
)
def test_a_request_for_no_operation_is_one_violation(contract: Contract, ask: Ask, method: str, url: str, known: str):
    """A wrong method lists the right ones; the seed's own cancel sample is such a request (D-5)."""
    [violation] = contract.validate_request(ask(method, url))
    assert known in violation.expected
    assert violation.found.startswith(method)
