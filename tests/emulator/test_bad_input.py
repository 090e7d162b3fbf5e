"""Bad input to the creation of a job: always a 4xx in the service's form that names the field, and never half a job."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_aep_export.emulator.gateway import MAX_BODY

JOBS = "/data/core/ups/export/jobs"
DATASETS = "/data/foundation/catalog/dataSets"
VISITED = {"segmentId": "52c26d0d-45f2-47a2-ab30-ed06abc981ff"}
INVERTED = {"fromIngestTimestamp": "2018-10-25T13:22:04-07:00", "toIngestTimestamp": "2018-10-25T13:22:04Z"}
BACKWARDS = {"startTime": "2018-02-01T00:00:00Z", "endTime": "2018-01-01T00:00:00Z"}


def _refusal(api, status: int = 400, **options: Any) -> str:
    """What a refused creation says, once nothing else came of it."""
    before = api.numbers()
    response = api.send("POST", JOBS, **options).response
    assert response.status == status, response
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert body["status"] == status
    assert body["type"].startswith("https://ns.adobe.com/aep/errors/UP")
    assert body["requestId"] == response.headers["x-request-id"]
    assert api.numbers() == before
    return "; ".join(error["message"] for error in body["errors"][str(status)])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"destination": None}, "/destination"),
        ({"destination": {}}, "/destination/datasetId"),
        ({"destination": []}, "/destination"),
        ({"destination": {"datasetId": 5}}, "/destination/datasetId"),
        ({"destination": {"datasetId": ""}}, "/destination/datasetId"),
        ({"destination": {"datasetId": ["a"]}}, "/destination/datasetId"),
        ({"schema": None}, "/schema"),
        ({"schema": {}}, "/schema/name"),
        ({"schema": {"name": "_xdm.context.profile__union"}}, "/schema/name"),
        ({"schema": {"name": 1}}, "/schema/name"),
        ({"fields": ["identities.id"]}, "/fields"),
        ({"fields": 1}, "/fields"),
        ({"fields": "no.such.field"}, "fields"),
        ({"fields": "identities.id,,"}, "fields"),
        ({"fields": "a" * 10_000}, "fields"),
        ({"mergePolicy": "x"}, "/mergePolicy"),
        ({"mergePolicy": None}, "/mergePolicy"),
        ({"mergePolicy": {"id": "unknown"}}, "/mergePolicy/id"),
        ({"mergePolicy": {"id": 1}}, "/mergePolicy/id"),
        ({"mergePolicy": {"id": "timestampOrdered-none-mp", "version": 2}}, "/mergePolicy/version"),
        ({"mergePolicy": {"id": "timestampOrdered-none-mp", "version": 1.5}}, "/mergePolicy/version"),
        ({"mergePolicy": {"id": "timestampOrdered-none-mp", "version": "1"}}, "/mergePolicy/version"),
        ({"mergePolicy": {"id": "timestampOrdered-none-mp", "version": 10**30}}, "/mergePolicy/version"),
        ({"mergePolicy": {"version": 7}}, "/mergePolicy"),
        ({"additionalFields": {"eventList": {"fields": "no.such.field"}}}, "eventList"),
        ({"additionalFields": {"eventList": []}}, "/additionalFields/eventList"),
        ({"additionalFields": []}, "/additionalFields"),
        ({"filter": []}, "/filter"),
        ({"filter": {"segments": [{}]}}, "/filter/segments/0/segmentId"),
        ({"filter": {"segments": {}}}, "/filter/segments"),
        ({"filter": {"emptyProfiles": "yes"}}, "/filter/emptyProfiles"),
        ({"filter": {"segments": [{"segmentId": "s", "status": ["gone"]}]}}, "/filter/segments/0/status"),
        ({"evaluationInfo": {"segmentation": "yes"}}, "/evaluationInfo/segmentation"),
        ({"fields": "person.gender.x"}, "/fields"),
        ({"fields": "timeSeriesEvents"}, "/fields"),
        ({"additionalFields": {"eventList": {"filter": INVERTED}}}, "/additionalFields/eventList/filter"),
        ({"filter": {"segmentQualificationTime": BACKWARDS}}, "/filter/segmentQualificationTime"),
        ({"filter": {"segments": [VISITED, VISITED | {"status": ["exited"]}]}}, "/filter/segments/1"),
        ({"filter": {"segments": [VISITED, VISITED | {"segmentNs": "UPS"}]}}, "/filter/segments/1"),
        ({"filter": {"segments": [VISITED, {"segmentId": "x"}]}}, "/filter/segments/1/segmentId"),
        ({"filter": {"segments": [VISITED | {"segmentNs": "aam"}]}}, "/filter/segments/0/segmentId"),
        ({"destination": {"datasetId": "x", "append": True}}, "/destination/append"),
        ({"filter": {"toIngestTimestamp": "2018-10-25T13:22:04Z"}}, "/filter/toIngestTimestamp"),
        ({"additionalFields": {"eventList": {"filter": {"emptyProfiles": True}}}}, "/filter/emptyProfiles"),
        ({"snapshotName": "x"}, "/snapshotName"),
    ],
)
def test_a_wrong_member_is_named(api, changes, field):
    """The answer says where the request is wrong, by JSON pointer or by name."""
    assert field in _refusal(api, json=api.payload(**changes))


@pytest.mark.parametrize("missing", ["destination", "schema"])
def test_a_missing_member_is_named(api, missing):
    """Both required members are required."""
    payload = api.payload()
    del payload[missing]
    assert f"/{missing}" in _refusal(api, json=payload)


@pytest.mark.parametrize("value", ["yes", 0, None, []])
def test_segment_per_batch_is_a_boolean(api, value):
    """``destination.segmentPerBatch`` is true or false."""
    destination = api.payload()["destination"] | {"segmentPerBatch": value}
    assert "/destination/segmentPerBatch" in _refusal(api, json=api.payload(destination=destination))


def test_a_job_does_not_write_batches_without_end(make_api):
    """With a batch for each segment there is a limit on segments; without, there is none."""
    api = make_api(unknown_segments="accept")
    segments = {"segments": [{"segmentId": f"s{number}"} for number in range(101)]}
    destination = api.payload()["destination"] | {"segmentPerBatch": True}
    said = _refusal(api, json=api.payload(destination=destination, filter=segments))
    assert "/filter/segments: expected at most 100 with segmentPerBatch, found 101" in said
    assert api.create(filter=segments)["status"] == "NEW"
    fewer = {"segments": segments["segments"][:100]}
    assert len(api.create(destination=destination, filter=fewer)["destination"]["batches"]) == 100


def test_the_other_spelling_of_the_dataset_is_refused(api):
    """Answers may say ``dataSetId``; requests say ``datasetId`` (D-32)."""
    assert "dataSetId" in _refusal(api, json=api.payload(destination={"dataSetId": api.dataset()}))


@pytest.mark.parametrize(
    "text",
    ["yesterday", "2018-10-25", "2018-10-25T13:22:04", "2018-13-25T13:22:04Z", "2018-10-25T25:22:04Z", "", 5, None,
     "2018-02-30T00:00:00Z", "10000-01-01T00:00:00Z", "2018-10-25T13:22:04+25:00", "2018-10-25T13:22:04Z\n"],
)  # fmt: skip
@pytest.mark.parametrize("where", ["filter", "eventList", "qualification"])
def test_a_bad_timestamp_is_named(api, text, where):
    """Only RFC 3339 with an offset is an instant, wherever one is asked for."""
    places = {
        "filter": ({"filter": {"fromIngestTimestamp": text}}, "/filter/fromIngestTimestamp"),
        "eventList": (
            {"additionalFields": {"eventList": {"filter": {"fromIngestTimestamp": text}}}},
            "/additionalFields/eventList/filter/fromIngestTimestamp",
        ),
        "qualification": (
            {"filter": {"segmentQualificationTime": {"startTime": text}}},
            "/filter/segmentQualificationTime/startTime",
        ),
    }
    changes, field = places[where]
    assert field in _refusal(api, json=api.payload(**changes))


@pytest.mark.parametrize(
    "dataset", ["5b020a27e7040801dedba61b", "0", "-1", "../x", "a/b", "%2F", "\u4e2d", "x" * 10_000, "\x00", "' OR 1=1"]
)
def test_an_unknown_dataset_is_refused_as_the_neighbours_do(api, dataset):
    """The answer is that of the audiences service for a dataset that Catalog does not know (auth-and-headers 4.3)."""
    before = api.numbers()
    response = api.send("POST", JOBS, json=api.payload(destination={"datasetId": dataset})).response
    assert response.status == 400
    assert response.json()["type"] == "https://ns.adobe.com/aep/errors/UPLIB-101554-503"
    assert f"Dataset {dataset} cannot be retrieved from Catalog" in response.json()["title"]
    assert "/destination/datasetId" in response.json()["errors"]["400"][1]["message"]
    assert api.numbers() == before


def test_a_dataset_on_another_schema_is_refused(api):
    """Only a dataset on the union schema can be exported to, and the answer names both schemas."""
    schema = "https://ns.adobe.com/xdm/context/profile"
    [reference] = api.ask("POST", DATASETS, 201, json={"name": "x", "schemaRef": {"id": schema}})
    text = _refusal(api, json=api.payload(destination={"datasetId": reference.rsplit("/", 1)[-1]}))
    assert "/destination/datasetId" in text
    assert "profile__union" in text
    assert text.endswith(f"found one on {schema}")


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"nonsense", b"{}}", b"[]", b"null", b"1", b'"text"', b'{"a":}', b"{'a': 1}", b"\xff\xfe", b"\x00",
        b"\xef\xbb\xbf{}", b'{"destination": NaN}', b'{"destination": Infinity}', b'{"x": 1e999}',
        b'{"x": "\\ud800"}', b'{"\\udc00": 1}', b"[" * 100_000, b'{"a":' * 50_000, b"[" * 500 + b"]" * 500,
        b'{"x": ' + b"9" * 10_000 + b"}", b'{"schema": {"name": "\xed\xa0\x80"}}', b"a=b&c=d",
    ],
    ids=range(24),
)  # fmt: skip
def test_a_body_that_is_no_object_of_ours_is_refused(api, body):
    """Malformed, truncated, deep, huge, not finite, half a surrogate pair, another encoding: 400, never worse."""
    assert _refusal(api, body=body, headers={"content-type": "application/json"})


def test_a_member_that_is_given_twice_counts_once(api):
    """Of duplicate keys the last counts, for the check and for the job alike."""
    good, other = json.dumps(api.dataset()), '"other"'
    schema = '"schema": {"name": "_xdm.context.profile"}'
    for first, second, status in ((other, good, 200), (good, other, 400)):
        body = f'{{"destination": {{"datasetId": {first}}}, {schema}, "destination": {{"datasetId": {second}}}}}'
        response = api.send("POST", JOBS, body=body.encode()).response
        assert response.status == status
        assert status == 400 or response.json()["destination"]["datasetId"] == api.dataset()


@pytest.mark.parametrize("member", ["unknown", "id", "status", "constructor", "__proto__"])
def test_an_unknown_member_does_no_harm(api, member):
    """A member that no source knows is refused by name, or ignored."""
    response = api.send("POST", JOBS, json=api.payload(**{member: 1})).response
    assert response.status in {200, 400}
    if response.status == 400:
        assert member in response.body.decode()


@pytest.mark.parametrize("media", ["text/plain", "application/xml", "", "json", "application/x-www-form-urlencoded"])
def test_a_body_of_another_type_is_refused_as_documented(api, media):
    """The foundation's sentence for it is the only one that a source shows (auth-and-headers section 4.2)."""
    before = api.numbers()
    response = api.send("POST", JOBS, json=api.payload(), headers={"content-type": media}).response
    assert response.status == 400
    assert response.json() == {
        "type": "/placeholder/type/uri",
        "status": 400,
        "title": "BadRequestError",
        "detail": "A valid content-type must be specified",
    }
    assert api.numbers() == before


@pytest.mark.parametrize(
    "media", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.adobe.xdm+json"]
)
def test_json_under_any_of_its_names_is_accepted(api, media):
    """Parameters, case and a ``+json`` suffix do not matter."""
    assert api.send("POST", JOBS, json=api.payload(), headers={"content-type": media}).response.status == 200


def test_a_body_that_is_too_large_is_refused(api):
    """One byte more than the limit is 413; the limit itself is read."""
    assert "1048576 bytes" in _refusal(api, 413, body=b" " * (MAX_BODY + 1))
    body = json.dumps(api.payload()).encode()
    assert api.send("POST", JOBS, body=body + b" " * (MAX_BODY - len(body))).response.status == 200


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "/query/limit"),
        ("limit=-1", "/query/limit"),
        ("limit=two", "/query/limit"),
        ("limit=1.5", "/query/limit"),
        ("limit=", "/query/limit"),
        (f"limit={10**30}", "/query/limit"),
        ("limit=2&limit=x", "/query/limit"),
        ("offset=x", "/query/offset"),
        ("offset=-1", "/query/offset"),
        ("offset=1_2_3", "/query/offset"),
        (f"offset={10**30}", "/query/offset"),
        (f"offset={10**30}_1", "/query/offset"),
        ("offset=%D9%A1", "/query/offset"),
        ("status=new", "/query/status"),
        ("status=SUCCESSEDED", "/query/status"),
        ("start=-1", "/query/start"),
        (f"start={10**30}", "/query/start"),
        ("page=x", "/query/page"),
        (f"page={10**30}", "/query/page"),
        ("sort=updateTime", "/query/sort"),
        ("sort=updateTime:up", "/query/sort"),
        ("sort=nothing:asc", "/query/sort"),
        ("sort=:asc", "/query/sort"),
    ],
)
def test_a_wrong_parameter_of_the_list_is_named(api, query, field):
    """Each parameter says what it expects, in the profile service's form."""
    response = api.send("GET", f"{JOBS}?{query}").response
    assert response.status == 400
    assert field in response.json()["errors"]["400"][1]["message"]


@pytest.mark.parametrize("query", ["limit=2147483647&page=2147483647", "start=2147483647", "offset=999999999999999"])
def test_a_page_far_behind_the_end_is_empty(api, query):
    """The greatest numbers that are allowed lead to no jobs, and to no error."""
    api.create()
    assert api.ask("GET", f"{JOBS}?{query}")["records"] == []


IDS = ["0", "-1", str(10**30), "1.0", "01", "abc", "%20", "%00", "%F0%9F%92%A9", "..%2F", "x" * 4_000, "' OR 1=1 --"]


@pytest.mark.parametrize("key", IDS)
@pytest.mark.parametrize(("method", "template", "family"), [
    ("GET", JOBS + "/{}", "errors"),
    ("DELETE", JOBS + "/{}", "errors"),
    ("GET", "/data/core/ups/config/mergePolicies/{}", "errors"),
    ("GET", DATASETS + "/{}", "detail"),
    ("GET", "/data/foundation/catalog/batches/{}", "detail"),
    ("GET", "/data/foundation/export/batches/{}/files", "detail"),
    ("GET", "/data/foundation/export/files/{}", "detail"),
    ("GET", "/data/foundation/export/files/{}?path=x", "detail"),
])  # fmt: skip
def test_an_unknown_id_is_a_404_of_the_services_own(api, method, template, family, key):
    """No id is too odd to be looked for, and the answer is JSON in the family of the service."""
    response = api.send(method, template.format(key.replace(" ", "%20").replace("'", "%27"))).response
    assert response.status == 404
    assert family in response.json()
    assert api.tenant.journal.unknown == ()


def test_a_path_without_end_is_not_repeated(api):
    """The refusal of a field names it by its beginning."""
    said = _refusal(api, json=api.payload(fields="identityMap" + ".a" * 100_000))
    assert "/fields" in said
    assert len(said) < 1_000
