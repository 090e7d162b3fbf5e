"""Answers against the contract: what every source forbids, what only a dialect minds, and what is fine."""

from collections.abc import Callable
from typing import Any

import pytest

from pytest_aep_export.contract import DIALECTS, Contract
from pytest_aep_export.exchange import Headers, Response

Tell = Callable[..., Response]
LOCATION = "https://platform.adobe.io/data/core/ups/export/jobs/1"


def places(contract: Contract, operation: str, answer: Response, dialect: str | None = None) -> set[tuple[str, str]]:
    """Where an answer is wrong, and at which level; the verdict has to agree."""
    found = contract.validate_response(operation, answer, dialect)
    assert contract.is_valid_response(operation, answer) == (not contract.validate_response(operation, answer))
    assert all(v.expected and v.found and v.source for v in found)
    return {(v.pointer, v.level) for v in found}


def test_a_canonical_answer_is_valid(contract: Contract, job: dict[str, Any], tell: Tell):
    """What the canonical dialect sends breaks nothing."""
    assert places(contract, "createExportJob", tell(200, job, X_Location=LOCATION), "canonical") == set()
    assert places(contract, "getExportJob", tell(200, job), "canonical") == set()


@pytest.mark.parametrize("status", [201, 202])
def test_a_created_job_may_have_an_odd_status(contract: Contract, job: dict[str, Any], tell: Tell, status: int):
    """No source shows 201 or 202, but they only warn (D-9)."""
    answer = tell(status, job, X_Location=LOCATION)
    assert places(contract, "createExportJob", answer) == set()
    assert places(contract, "createExportJob", answer, "canonical") == {("", "SHOULD")}


def test_an_undocumented_status_is_a_violation(contract: Contract, tell: Tell):
    """A status that the contract does not list contradicts every source."""
    [violation] = contract.validate_response("getExportJob", tell(418, {}))
    assert violation.found == "418"
    assert "200" in violation.expected


def test_a_missing_location_only_warns(contract: Contract, job: dict[str, Any], tell: Tell):
    """`X-Location` is known from one source (D-10)."""
    assert places(contract, "createExportJob", tell(200, job)) == set()
    assert places(contract, "createExportJob", tell(200, job), "canonical") == {("/header/x-location", "SHOULD")}
    assert places(contract, "createExportJob", tell(200, job), "profile-guide") >= {
        ("/destination/dataSetId", "SHOULD")
    }


def test_a_header_is_validated(contract: Contract, job: dict[str, Any], tell: Tell):
    """A header that is there has to have the form that the contract gives it."""
    answer = tell(200, job, X_Location="not a reference")
    assert places(contract, "createExportJob", answer) == {("/header/x-location", "MUST")}


@pytest.mark.parametrize(
    ("dialect", "status", "body", "expected"),
    [
        (None, 204, None, set()),
        (None, 200, None, set()),
        (None, 200, {"status": True, "message": "m"}, set()),
        (None, 200, {"status": "yes"}, {("/status", "MUST"), ("/message", "MUST")}),
        (None, 204, {"status": True}, set()),
        (None, 202, None, set()),
        ("canonical", 204, None, set()),
        ("canonical", 204, {"status": True}, {("", "SHOULD")}),
        ("canonical", 200, {"status": True, "message": "m"}, {("", "SHOULD")}),
        ("profile-guide", 204, None, set()),
        ("segmentation-guide", 204, None, set()),
        ("openapi", 200, {"status": True, "message": "m"}, set()),
        ("openapi", 200, None, {("", "SHOULD")}),
        ("openapi", 204, None, {("", "SHOULD")}),
        ("canonical", 202, None, {("", "SHOULD")}),
    ],
)
def test_every_documented_cancel_is_valid_and_each_dialect_has_its_own(
    contract: Contract, tell: Tell, dialect: str | None, status: int, body: Any, expected: set[tuple[str, str]]
):
    """Cancelling answers 204 and nothing, or 200 with or without a message (D-7)."""
    assert places(contract, "cancelExportJob", tell(status, body), dialect) == expected


@pytest.mark.parametrize(
    ("media", "expected"), [("text/html", {("/header/content-type", "MUST")}), ("", {("/header/content-type", "MUST")})]
)
def test_another_content_type_is_a_violation(
    contract: Contract, job: dict[str, Any], tell: Tell, media: str, expected: set[tuple[str, str]]
):
    """An answer has to say that it is JSON."""
    assert places(contract, "getExportJob", tell(200, job, Content_Type=media)) == expected


def test_json_by_suffix_only_warns(contract: Contract, job: dict[str, Any], tell: Tell):
    """A client may have asked for Adobe's own media type (D-13)."""
    answer = tell(200, job, Content_Type="application/vnd.adobe.xdm+json; charset=utf-8")
    assert places(contract, "getExportJob", answer) == set()
    assert places(contract, "getExportJob", answer, "canonical") == {("/header/content-type", "SHOULD")}


@pytest.mark.parametrize("raw", [b"<html>", b"", b'{"id"', b"[" * 50_000, b"NaN"])
def test_a_body_that_is_not_json_is_a_violation(contract: Contract, raw: bytes):
    """A success without a readable body contradicts every source, and crashes nothing."""
    answer = Response(200, Headers({"Content-Type": "application/json"}), raw)
    assert places(contract, "getExportJob", answer, "canonical") == {("", "MUST")}


@pytest.mark.parametrize("depth", [100, 900])
def test_deep_answers_are_judged(contract: Contract, depth: int):
    """A value nested where none belongs is a violation, however deep it is."""
    answer = Response(200, Headers({"Content-Type": "application/json"}), b"[" * depth + b"]" * depth)
    assert not contract.is_valid_response("getExportJob", answer)


@pytest.mark.parametrize("operation", ["createDataset", "createExportJob", "listBatchFiles", "listMergePolicies"])
def test_any_object_explains_a_refusal_and_a_dialect_wants_an_envelope(contract: Contract, tell: Tell, operation: str):
    """No source shows the body of a refused export job (D-19); the envelopes of its neighbours are our choice."""
    assert places(contract, operation, tell(400, {"why": "because"})) == set()
    assert places(contract, operation, tell(400, {"why": "because"}), "canonical") == {("", "SHOULD")}
    assert places(contract, operation, tell(400, {}), "canonical") == {("", "MUST")}
    assert places(contract, operation, tell(400, [1])) == {("", "MUST")}


@pytest.mark.parametrize(
    "body",
    [
        {"error_code": "400003", "message": "Missing header"},
        {"type": "/placeholder/type/uri", "status": 400, "title": "BadRequestError", "detail": "d"},
        {
            "requestId": "r",
            "errors": {"400": [{"code": "UPLIB-101206-500", "message": "m"}]},
            "type": "https://ns.adobe.com/aep/errors/UPLIB-101206-500",
            "title": "t",
            "status": 400,
        },
    ],
)
def test_every_known_envelope_is_canonical(contract: Contract, tell: Tell, body: dict[str, Any]):
    """The gateway's, the foundation's and the profile service's bodies (facts, auth-and-headers section 4)."""
    assert places(contract, "createExportJob", tell(400, body), "canonical") == set()


def test_a_refusal_repeats_its_status(contract: Contract, tell: Tell):
    """A status in the body that differs from the answer's own only warns."""
    body = {"type": "t", "status": 500, "title": "t"}
    assert places(contract, "getExportJob", tell(404, body)) == set()
    assert places(contract, "getExportJob", tell(404, body), "canonical") == {("/status", "SHOULD")}


def test_a_refusal_without_a_body_only_warns(contract: Contract):
    """OpenAPI documents refusals without content (D-19)."""
    assert places(contract, "getExportJob", Response(404)) == set()
    assert places(contract, "getExportJob", Response(404), "canonical") == {("", "SHOULD")}


@pytest.mark.parametrize(
    ("body", "loose", "strict"),
    [
        ({"error_code": "401013", "message": "Oauth token is not valid"}, set(), set()),
        ({"error_code": 401013, "message": "m"}, set(), {("/error_code", "SHOULD")}),
        ({"error_code": "401013"}, set(), {("/message", "SHOULD")}),
        ({"message": "m"}, {("/error_code", "MUST")}, {("/error_code", "MUST")}),
    ],
)
def test_a_refused_token_has_a_code(
    contract: Contract, tell: Tell, body: dict[str, Any], loose: set[tuple[str, str]], strict: set[tuple[str, str]]
):
    """The code is a string of digits, and some sources write a number (D-17)."""
    assert places(contract, "listExportJobs", tell(401, body)) == loose
    assert places(contract, "listExportJobs", tell(401, body), "canonical") == strict


def test_throttling_is_documented(contract: Contract, tell: Tell):
    """The gateway's code is canonical; a list of problems, as one source has it, only warns."""
    assert places(contract, "getDataset", tell(429, {"error_code": "429050", "message": "m"}), "canonical") == set()
    assert places(contract, "getDataset", tell(429, [{"statusCode": "429"}])) == set()
    assert places(contract, "getDataset", tell(429, [{"statusCode": "429"}]), "canonical") == {("", "SHOULD")}


@pytest.mark.parametrize(
    ("dialect", "reference", "expected"),
    [
        (None, "@/datasets/5b02", set()),
        (None, "@/dataSets/5b02", set()),
        (None, "dataSets/5b02", {("/0", "MUST")}),
        ("canonical", "@/datasets/5b02", {("/0", "SHOULD")}),
        ("profile-guide", "@/datasets/5b02", set()),
        ("profile-guide", "@/dataSets/5b02", {("/0", "SHOULD")}),
    ],
)
def test_a_datasets_reference_has_two_spellings(
    contract: Contract, tell: Tell, dialect: str | None, reference: str, expected: set[tuple[str, str]]
):
    """Either spelling is valid, and each dialect has its own (D-73)."""
    assert places(contract, "createDataset", tell(201, [reference], Location="/dataSets/5b02"), dialect) == expected


def test_a_created_dataset_may_answer_200(contract: Contract, tell: Tell):
    """200 instead of 201 only warns (D-74), and so does a missing `Location`."""
    assert places(contract, "createDataset", tell(200, ["@/dataSets/5b02"])) == set()
    assert places(contract, "createDataset", tell(200, ["@/dataSets/5b02"]), "canonical") == {("", "SHOULD")}
    assert places(contract, "createDataset", tell(201, ["@/dataSets/5b02"]), "canonical") == {
        ("/header/location", "SHOULD")
    }


@pytest.mark.parametrize(
    ("link", "loose", "canonical"),
    [
        ({"next": ""}, set(), set()),
        ({"next": None}, set(), {("/link/next", "SHOULD")}),
        ({"next": {}}, set(), {("/link/next", "SHOULD")}),
        ({}, set(), {("/link/next", "SHOULD")}),
        (None, set(), {("/link", "SHOULD")}),
        ({"next": "https://h/data/core/ups/export/jobs?offset=1714521600000_24115"}, set(), {("/link/next", "SHOULD")}),
        ({"next": "/export/jobs/?limit=1&offset=1714521600000_24115"}, set(), set()),
        ({"next": 7}, {("/link/next", "MUST")}, {("/link/next", "MUST")}),
        ({"next": "nowhere"}, {("/link/next", "MUST")}, {("/link/next", "MUST")}),
    ],
)
def test_the_last_page_ends_in_several_ways(
    contract: Contract,
    job: dict[str, Any],
    tell: Tell,
    link: Any,
    loose: set[tuple[str, str]],
    canonical: set[tuple[str, str]],
):
    """An empty link, null, an empty object or none at all end the list; only the first is canonical (D-64, D-65)."""
    page = {"sortField": "createdTime", "sort": "desc", "pageOffset": "1714521600000_24115", "pageSize": 1}
    body = {"records": [job], "page": page} | ({} if link is None else {"link": link})
    assert places(contract, "listExportJobs", tell(200, body)) == loose
    assert places(contract, "listExportJobs", tell(200, body), "canonical") == canonical


@pytest.mark.parametrize(
    ("member", "value", "loose", "canonical"),
    [
        ("status", "PROCESSING", set(), {("/metrics/totalTime/endTimeInMs", "SHOULD")}),
        ("status", "QUEUED", set(), {("/status", "SHOULD")}),
        ("status", "SUCCESSEDED", {("/status", "MUST")}, {("/status", "MUST")}),
        ("id", "24115", set(), {("/id", "SHOULD")}),
        ("id", 24115.0, set(), set()),
        ("id", 24115.5, {("/id", "MUST")}, {("/id", "MUST")}),
        ("id", "a", {("/id", "MUST")}, {("/id", "MUST")}),
        ("computeGatewayJobId", "c", set(), {("/computeGatewayJobId", "SHOULD")}),
        ("jobType", "STREAMING", set(), {("/jobType", "SHOULD")}),
        ("schema", {"name": "_xdm.context.profile__union"}, set(), {("/schema/name", "SHOULD")}),
        ("mergePolicy", {"id": "m", "version": 1.5}, set(), {("/mergePolicy/version", "SHOULD")}),
        ("evaluationInfo", {}, set(), {("/evaluationInfo", "SHOULD")}),
        (
            "metrics",
            {},
            {("/metrics/totalTime", "MUST")},
            {("/metrics/totalTime", "MUST"), ("/metrics/totalTime", "SHOULD")},
        ),
        ("updateTime", "1714521859344", {("/updateTime", "MUST")}, {("/updateTime", "MUST")}),
        (
            "filter",
            {"segments": [{}]},
            {("/filter/segments/0/segmentId", "MUST")},
            {("/filter/segments/0/segmentId", "MUST")},
        ),
        ("sandbox", {"sandboxName": "prod"}, set(), set()),
    ],
)
def test_a_jobs_members_have_must_and_should(
    contract: Contract,
    job: dict[str, Any],
    tell: Tell,
    member: str,
    value: Any,
    loose: set[tuple[str, str]],
    canonical: set[tuple[str, str]],
):
    """Each documented variant is valid; what the canonical dialect does otherwise warns (D-33 to D-59)."""
    assert places(contract, "getExportJob", tell(200, job | {member: value})) == loose
    assert places(contract, "getExportJob", tell(200, job | {member: value}), "canonical") == canonical


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("member", ["requestId", "computeGatewayJobId"])
def test_some_members_may_be_absent(contract: Contract, job: dict[str, Any], tell: Tell, member: str, dialect: str):
    """Their absence contradicts no source, but every dialect has them (D-12, D-42)."""
    del job[member]
    assert places(contract, "getExportJob", tell(200, job)) == set()
    assert (f"/{member}", "SHOULD") in places(contract, "getExportJob", tell(200, job), dialect)


@pytest.mark.parametrize(
    ("dialect", "batches"),
    [("canonical", "array"), ("profile-guide", "array"), ("segmentation-guide", "array"), ("openapi", "object")],
)
def test_batches_have_two_shapes(contract: Contract, job: dict[str, Any], tell: Tell, dialect: str, batches: str):
    """One batch per segment comes as an array or, in one source, as a single object (D-47)."""
    batch = {"segmentId": "s", "segmentNs": "ups", "status": ["realized"], "batchId": "b"}
    destination = {"datasetId": "d", "dataSetId": "d", "segmentPerBatch": True}
    for shape, value in (("array", [batch]), ("object", batch)):
        answer = tell(200, job | {"destination": destination | {"batches": value}})
        wrong = ("/destination/batches", "SHOULD") in places(contract, "getExportJob", answer, dialect)
        assert wrong == (shape != batches)
        assert places(contract, "getExportJob", answer) == set()


def test_list_and_look_up_may_spell_the_dataset_apart(contract: Contract, job: dict[str, Any], tell: Tell):
    """The profile guide spells `dataSetId` in the one and `datasetId` in the other (D-31)."""
    page = {"sortField": "createdTime", "sort": "desc", "pageOffset": "1714521600000_24115", "pageSize": 1}
    listed = tell(200, {"records": [job], "page": page, "link": {"next": ""}})
    wrong = ("/destination/dataSetId", "SHOULD")
    assert wrong in places(contract, "getExportJob", tell(200, job), "profile-guide")
    assert places(contract, "listExportJobs", listed, "profile-guide") == {("/records/0/destination/batchId", "SHOULD")}
    assert places(contract, "listExportJobs", listed, "segmentation-guide") == {
        ("/records/0/destination/dataSetId", "SHOULD")
    }


def test_a_jobs_dataset_cannot_be_left_out(contract: Contract, job: dict[str, Any], tell: Tell):
    """One of the spellings has to be there (D-31)."""
    job["destination"] = {"batchId": "b"}
    [violation] = contract.validate_response("getExportJob", tell(200, job))
    assert (violation.pointer, violation.source) == ("/destination", "D-31")
    assert violation.expected == "an object with a datasetId or a dataSetId"


def test_a_download_is_bytes_or_a_page(contract: Contract, tell: Tell):
    """The same call answers Parquet, or JSON with the files' names."""
    entry = {"name": "p", "length": "9", "_links": {"self": {"href": "https://h/p"}}}
    assert (
        places(
            contract, "getFile", Response(200, Headers({"Content-Type": "application/parquet"}), b"PAR1"), "canonical"
        )
        == set()
    )
    assert (
        places(contract, "getFile", tell(200, {"data": [entry], "_page": {"limit": 100, "count": 1}}), "canonical")
        == set()
    )
    assert places(contract, "getFile", tell(200, {"data": [entry | {"length": 9}]})) == {("/data/0", "MUST")}
    html = Response(200, Headers({"Content-Type": "text/html"}), b"<html>")
    assert places(contract, "getFile", html) == {("/header/content-type", "MUST")}


@pytest.mark.parametrize("operation", ["listFailedFiles", "listMetaFiles"])
def test_a_report_is_a_page_or_a_files_json(contract: Contract, tell: Tell, operation: str):
    """A document with ``data`` is held to the form of a page; any other object is what a file holds."""
    entry = {"name": "p", "length": "9", "_links": {"self": {"href": "https://h/p"}}}
    page = {"data": [entry], "_page": {"limit": 100, "count": 1}}
    for document in (page, {"path": "F1.json"}, {"_errors": [{"code": "1401"}]}):
        assert places(contract, operation, tell(200, document), "canonical") == set()
    assert places(contract, operation, tell(200, page | {"data": [entry | {"length": 9}]})) == {("/data/0", "MUST")}
    assert places(contract, operation, tell(200, {"data": [entry]}), "canonical") == {("/_page", "SHOULD")}
    assert places(contract, operation, tell(200, [])) == {("", "MUST")}


def test_a_preview_is_at_most_a_hundred_rows(contract: Contract, tell: Tell):
    """Rows are objects, whatever their columns hold; how nested values look is not documented."""
    for rows in ([], [{}] * 100, [{"a.b": 1}, {"a": {"b": [None]}}]):
        assert places(contract, "previewDataset", tell(200, {"data": rows}), "canonical") == set()
    assert places(contract, "previewDataset", tell(200, {"data": [{}] * 101})) == {("/data", "MUST")}
    assert places(contract, "previewDataset", tell(200, {"data": ["a,b"]})) == {("/data/0", "MUST")}
    assert places(contract, "previewDataset", tell(200, {})) == {("/data", "MUST")}


def test_a_part_says_which_bytes_it_is(contract: Contract):
    """206 without `Content-Range`, or with a senseless one, contradicts every source."""
    parquet = {"Content-Type": "application/parquet"}
    assert places(contract, "getFile", Response(206, Headers(parquet), b"PA")) == {("/header/content-range", "MUST")}
    for text, expected in (("bytes 0-1/4", set()), ("0-1", {("/header/content-range", "MUST")})):
        answer = Response(206, Headers(parquet | {"Content-Range": text}), b"PA")
        assert places(contract, "getFile", answer, "canonical") == expected


@pytest.mark.parametrize(
    ("length", "expected"),
    [("17396", set()), ("many", {("/header/content-length", "MUST")}), (None, {("/header/content-length", "SHOULD")})],
)
def test_a_head_tells_the_length(contract: Contract, length: str | None, expected: set[tuple[str, str]]):
    """HEAD answers headers, and its missing body is nothing to complain about."""
    headers = Headers({"Accept-Ranges": "bytes"} | ({} if length is None else {"Content-Length": length}))
    assert places(contract, "headFile", Response(200, headers), "canonical") == expected
    assert places(contract, "headFile", Response(404), "canonical") == set()


def test_an_unknown_operation_is_an_error(contract: Contract):
    """A wrong name in the caller's code does not pass as a violation."""
    with pytest.raises(KeyError, match="getJob"):
        contract.validate_response("getJob", Response(200))


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({"attributeMerge": {"type": "dataSetPrecedence"}}, {("/attributeMerge/order", "MUST")}),
        ({"attributeMerge": {"type": "dataSetPrecedence", "order": ["d"]}}, set()),
        ({"isActiveOnEdge": "false"}, set()),
        ({"isActiveOnEdge": "no"}, {("/isActiveOnEdge", "MUST")}),
        ({"identityGraph": {"type": "public"}}, {("/identityGraph/type", "MUST")}),
    ],
)
def test_merge_policies_have_their_shape(
    contract: Contract, tell: Tell, policy: dict[str, Any], expected: set[tuple[str, str]]
):
    """A policy by precedence needs its order (facts, merge-policies section Object)."""
    least = {
        "id": "m",
        "schema": {"name": "_xdm.context.profile"},
        "version": 1,
        "identityGraph": {"type": "none"},
        "attributeMerge": {"type": "timestampOrdered"},
    }
    assert places(contract, "getMergePolicy", tell(200, least | policy)) == expected


BATCH = {
    "id": "b",
    "status": "success",
    "imsOrg": "o",
    "created": 1,
    "updated": 2,
    "tags": {},
    "relatedObjects": [{"type": "dataSet", "id": "d"}],
}


@pytest.mark.parametrize(
    ("operation", "body", "expected"),
    [
        ("listDatasets", {}, set()),
        ("listDatasets", {"d": {}, "e": {"name": "n"}}, set()),
        ("listDatasets", {"d": {"name": 7}}, {("/d/name", "MUST")}),
        ("listDatasets", [], {("", "MUST")}),
        ("getDataset", {"d": {"schemaRef": {"id": "urn:x"}}}, set()),
        ("getDataset", {}, {("", "MUST")}),
        ("getDataset", {"d": {}, "e": {}}, {("", "MUST")}),
        ("getBatch", {"b": BATCH}, set()),
        ("getBatch", {"b": BATCH | {"status": "done"}}, {("/b/status", "MUST")}),
        ("getBatch", {"b": {"status": "success"}}, {(f"/b/{m}", "SHOULD") for m in BATCH.keys() - {"status"}}),
    ],
)
def test_catalog_answers_are_keyed_by_id(
    contract: Contract, tell: Tell, operation: str, body: Any, expected: set[tuple[str, str]]
):
    """Lists and look-ups are objects without an envelope; a look-up has one member (facts, catalog)."""
    assert places(contract, operation, tell(200, body), "canonical") == expected
