"""What the members of an answer owe each other: each rule has a document that breaks it alone."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from pytest_aep_export.contract import DIALECTS, Contract
from pytest_aep_export.contract.rules import RULES, breaches

Change = Callable[[dict[str, Any]], None]


def change(**members: Any) -> Change:
    """Sets members, given by their path with double underscores; None takes one out."""

    def apply(document: dict[str, Any]) -> None:
        for path, value in members.items():
            node = document
            *above, last = path.split("__")
            for step in above:
                node = node[step]
            if value is None:
                del node[last]
            else:
                node[last] = value

    return apply


BATCH = {"segmentId": "s", "batchId": "b"}
MUST_OF_JOBS: list[tuple[Change, str, str, str]] = [
    (
        change(updateTime=1714521599999),
        "/updateTime",
        "an updateTime not before creationTime",
        "1714521599999, with a creationTime of 1714521600000",
    ),
    (change(destination__batchId=""), "/destination/batchId", "a batch id once the job has SUCCEEDED", "none"),
    (change(destination__batchId=None), "/destination/batchId", "a batch id once the job has SUCCEEDED", "none"),
    (
        change(destination__batches=[BATCH, BATCH | {"batchId": ""}]),
        "/destination/batches",
        "a batch id once the job has SUCCEEDED",
        "one without a batchId",
    ),
    (
        change(destination__batches=BATCH | {"batchId": ""}),
        "/destination/batches",
        "a batch id once the job has SUCCEEDED",
        "one without a batchId",
    ),
    (
        change(metrics__totalTime=None),
        "/metrics/totalTime",
        "a totalTime with its end once the job has ended",
        "none that has ended",
    ),
    (
        change(metrics__totalTime__endTimeInMs=None, metrics__totalTime__totalTimeInMs=None),
        "/metrics/totalTime",
        "a totalTime with its end once the job has ended",
        "none that has ended",
    ),
    (
        change(metrics__totalTime__totalTimeInMs=None),
        "/metrics/totalTime/totalTimeInMs",
        "a totalTime with its length once the job has SUCCEEDED",
        "none",
    ),
    (
        change(metrics__profileExportTime__totalTimeInMs=544),
        "/metrics/profileExportTime",
        "a totalTimeInMs that is end minus start",
        "544 for a span of 543",
    ),
    (
        change(metrics__profileExportTime={"startTimeInMs": 2, "endTimeInMs": 1}),
        "/metrics/profileExportTime",
        "a totalTimeInMs that is end minus start",
        "None for a span of -1",
    ),
    (
        change(destination__dataSetId="other"),
        "/destination/dataSetId",
        "one dataset, however its id is spelled",
        "other beside 5b020a27e7040801dedba61b",
    ),
]
SHOULD_OF_JOBS: list[tuple[Change, str, str, str, set[str]]] = [
    (
        change(creationTime=1714521600001),
        "/creationTime",
        "a creationTime equal to the start of totalTime",
        "1714521600001 and a start at 1714521600000",
        {"profile-guide"},
    ),
    (
        change(updateTime=1714521859345),
        "/updateTime",
        "an updateTime equal to the end of totalTime",
        "1714521859345 and an end at 1714521859344",
        {"profile-guide"},
    ),
    (
        change(status="PROCESSING"),
        "/metrics/totalTime/endTimeInMs",
        "no end of totalTime while the job runs",
        "one on a job that is PROCESSING",
        set(),
    ),
    (change(status="FAILED"), "/errors", "errors on a job that FAILED", "none", set()),
    (
        change(errors=[{"code": "c", "msg": "m"}]),
        "/errors",
        "errors only on a job that FAILED",
        "some on a job that is SUCCEEDED",
        {"segmentation-guide", "openapi"},
    ),
    (
        change(destination__batches=[BATCH], destination__batchId=""),
        "/destination/batches",
        "batches only with segmentPerBatch",
        "some, without segmentPerBatch",
        set(),
    ),
    (
        change(destination__batches=[BATCH], destination__segmentPerBatch=True),
        "/destination/batchId",
        "either batchId or batches",
        "one beside batches",
        set(),
    ),
]


@pytest.fixture
def page(job: dict[str, Any]) -> dict[str, Any]:
    """A page of two jobs, newest first, with another behind it."""
    older = deepcopy(job) | {"id": 24114, "creationTime": 1714521500000}
    older["metrics"]["totalTime"] |= {"startTimeInMs": 1714521500000, "totalTimeInMs": 359344}
    return {
        "records": [job, older],
        "page": {"sortField": "createdTime", "sort": "desc", "pageOffset": "1714521500000_24114", "pageSize": 2},
        "link": {"next": "/export/jobs/?limit=2&offset=1714521500000_24114"},
    }


@pytest.mark.parametrize(("apply", "pointer", "expected", "found"), MUST_OF_JOBS)
def test_what_no_variant_shows_is_a_violation(
    contract: Contract, job: dict[str, Any], apply: Change, pointer: str, expected: str, found: str
):
    """The job breaks the rule with and without a dialect, alone and on a page, and breaks nothing else without one."""
    apply(job)
    [violation] = contract.validate_job(json.dumps(job).encode())
    assert (violation.pointer, violation.expected, violation.found) == (pointer, expected, found)
    assert violation.level == "MUST"
    assert violation.source
    assert violation in breaches("ShownJob", job, "canonical")
    assert violation in breaches("ListedJob", job)


@pytest.mark.parametrize(("apply", "pointer", "expected", "found", "exempt"), SHOULD_OF_JOBS)
def test_what_sane_samples_hold_is_a_warning(
    contract: Contract, job: dict[str, Any], apply: Change, pointer: str, expected: str, found: str, exempt: set[str]
):
    """The job is valid, and breaks the rule in every dialect but those whose own samples do."""
    apply(job)
    assert contract.validate_job(json.dumps(job).encode()) == []
    for dialect in DIALECTS:
        broken = [(v.pointer, v.expected, v.found, v.level) for v in breaches("ShownJob", job, dialect)]
        assert ((pointer, expected, found, "SHOULD") in broken) == (dialect not in exempt)


@pytest.mark.parametrize(
    "apply",
    [
        change(),
        change(status="FAILED", errors=[{"code": "c", "msg": "m"}], destination__batchId=""),
        change(status="CANCELLED"),
        change(status="NEW", metrics={"totalTime": {"startTimeInMs": 1714521600000}}, updateTime=1714521600211),
        change(destination__dataSetId="5b020a27e7040801dedba61b"),
        change(destination__batchId=None, destination__batches=[BATCH], destination__segmentPerBatch=True),
        change(metrics__totalExportedProfileCounter=20),
    ],
)
def test_sane_jobs_break_no_rule(job: dict[str, Any], apply: Change):
    """Running, failed, cancelled and split jobs are as good as a plain one."""
    apply(job)
    assert breaches("ShownJob", job, "canonical") == []


def test_a_sane_page_breaks_no_rule(page: dict[str, Any]):
    """The page that the broken ones below are made from is whole."""
    assert breaches("JobPage", page, "canonical") == []
    empty = {"records": [], "page": page["page"] | {"pageOffset": "", "pageSize": 0}, "link": {"next": ""}}
    assert breaches("JobPage", empty, "canonical") == []


@pytest.mark.parametrize(
    ("apply", "pointer", "found", "level"),
    [
        (change(page__sort="asc"), "/records", "creation times that are not ascending", "MUST"),
        (change(page__pageSize=1), "/page/pageSize", "1 for 2 jobs", "MUST"),
        (change(page__pageSize=100), "/page/pageSize", "100 for 2 jobs", "SHOULD"),
        (
            change(page__pageOffset="1_1", link__next=""),
            "/page/pageOffset",
            "1_1, and the last job is 1714521500000_24114",
            "SHOULD",
        ),
        (change(link__next="/export/jobs/?page=2"), "/link/next", "a link without one", "SHOULD"),
        (
            change(link__next="/export/jobs/?offset=1_1"),
            "/link/next",
            "1_1, and a pageOffset of 1714521500000_24114",
            "SHOULD",
        ),
    ],
)
def test_a_page_owes_its_reader(page: dict[str, Any], apply: Change, pointer: str, found: str, level: str):
    """Order, size and the way on: each broken page breaks one rule."""
    apply(page)
    [violation] = breaches("JobPage", page, "canonical")
    assert (violation.pointer, violation.found, violation.level) == (pointer, found, level)
    assert breaches("JobPage", page) == ([violation] if level == "MUST" else [])


def test_one_dialect_may_link_elsewhere(page: dict[str, Any]):
    """The segmentation guide's own sample has two different offsets (D-29), so there they may differ."""
    change(link__next="/export/jobs/?offset=1_1")(page)
    assert breaches("JobPage", page, "segmentation-guide") == []


def test_a_page_sorted_by_another_member_has_no_order_to_keep(page: dict[str, Any]):
    """Creation times only count where the page says that it is sorted by them."""
    change(page__sortField="updateTime", page__sort="asc")(page)
    assert breaches("JobPage", page, "canonical") == []


def test_no_job_is_listed_twice(page: dict[str, Any]):
    """The same number twice on a page is a violation."""
    page["records"][1] = page["records"][0]
    assert ("/records", "a job more than once") in {(v.pointer, v.found) for v in breaches("JobPage", page)}


def test_a_page_judges_its_jobs(page: dict[str, Any]):
    """A job's breach is found by its place on the page."""
    page["records"][1]["destination"]["batchId"] = ""
    [violation] = breaches("JobPage", page)
    assert violation.pointer == "/records/1/destination/batchId"


@pytest.mark.parametrize("kind", ["BatchFiles", "FileEntries"])
def test_a_count_is_at_least_what_is_shown(kind: str):
    """One source shows a count of 1 with two entries; that warns (D-79)."""
    page = {"data": [{}, {}], "_page": {"limit": 100, "count": 1}}
    [violation] = breaches(kind, page, "canonical")
    assert (violation.pointer, violation.found, violation.level) == ("/_page/count", "1 for 2 entries", "SHOULD")
    assert breaches(kind, page) == []
    assert breaches(kind, {"data": []}, "canonical") == []


def test_a_kind_without_rules_breaks_none():
    """Documents of other kinds owe nothing."""
    assert breaches("Dataset", {}, "canonical") == []


def test_every_rule_is_complete(contract: Contract):
    """Rules belong to schemas that exist, exempt dialects that exist, and name their source."""
    schemas = contract.document["components"]["schemas"]
    for kind, rules in RULES.items():
        assert kind in schemas
        for rule in rules:
            assert rule.exempt <= DIALECTS.keys()
            assert rule.source


def test_every_rule_of_jobs_has_its_broken_document():
    """A rule that is added without a document that breaks it is noticed here."""
    tried = {expected for _, _, expected, _ in MUST_OF_JOBS} | {row[2] for row in SHOULD_OF_JOBS}
    assert {rule.expected for rule in RULES["ShownJob"]} == tried


def test_rules_wait_for_the_schema(contract: Contract, job: dict[str, Any]):
    """A job that its schema refuses is not asked for more: the rules could not read it."""
    job["creationTime"] = "yesterday"
    assert [v.pointer for v in contract.validate_job(json.dumps(job).encode(), "canonical")] == ["/creationTime"]


def test_warnings_of_the_schema_do_not_hide_the_rules(contract: Contract, job: dict[str, Any]):
    """A deviation from the dialect and a broken rule are both told."""
    job |= {"id": "24115", "updateTime": 1}
    found = contract.validate_job(json.dumps(job).encode(), "canonical")
    assert {("/id", "SHOULD"), ("/updateTime", "MUST")} <= {(v.pointer, v.level) for v in found}


def test_a_job_that_is_not_json_is_a_violation(contract: Contract):
    """Bytes that hold no job are told, not raised."""
    [violation] = contract.validate_job(b"no job")
    assert str(violation).startswith("the whole message: expected an export job in JSON, found text that goes wrong at")
    assert str(violation).endswith("(MUST, facts, export-jobs section 3)")
