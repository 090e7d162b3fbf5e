"""The suite against servers: content with every dialect, and right about servers that are wrong in one thing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from pytest_aep_export.contract import DIALECTS
from pytest_aep_export.emulator import Behaviour
from pytest_aep_export.lifecycle import Progression
from pytest_aep_export.report.document import RequirementVerdict, verdict_on
from pytest_aep_export.report.findings import Finding
from pytest_aep_export.suite.registry import load
from pytest_aep_export.suite.targets import resolve
from pytest_aep_export.suite.verdicts import Verdict
from tests.suite.quick import run

Answer = tuple[int, dict[str, str], bytes]
Change = Callable[[str, Answer], Answer]

JOBS = r"/data/core/ups/export/jobs"


def judged(target: Any, watcher: Any, select: str = "") -> dict[str, RequirementVerdict]:
    """The verdicts on the selected requirements."""
    found = run(target, watcher, select)
    return {name: verdict_on(load()[name], map(Finding.of, found.outcomes[name])) for name in sorted(found.selected)}


def doubts(verdicts: dict[str, RequirementVerdict]) -> dict[str, str]:
    """What is not a pass, nor without anything to judge."""
    calm = {Verdict.PASS, Verdict.NOT_APPLICABLE}
    return {name: str(verdict.verdict) for name, verdict in verdicts.items() if verdict.verdict not in calm}


@pytest.mark.parametrize("dialect", list(DIALECTS))
def test_the_emulator_passes(dialect: str, watcher: Any):
    """In every dialect all requirements are judged and none fails; in the canonical one nothing is even warned of."""
    with resolve(dialect=dialect) as target:
        verdicts = judged(target, watcher)
    assert len(verdicts) == len(load().of("server"))
    found = doubts(verdicts)
    assert set(found.values()) <= {"warn", "info"}, found
    assert dialect != "canonical" or found == {}


def body(call: str, change: Callable[[Any], object]) -> Change:
    """Changes the JSON of every answer to matching calls that has some."""

    def apply(made: str, answer: Answer) -> Answer:
        status, headers, content = answer
        if not re.search(call, made) or "json" not in headers.get("content-type", ""):
            return answer
        document = json.loads(content)
        change(document)
        return status, headers, json.dumps(document).encode()

    return apply


def header(call: str, name: str, change: Callable[[str], str | None]) -> Change:
    """Changes a header of every answer to matching calls that has it, or takes it away."""

    def apply(made: str, answer: Answer) -> Answer:
        status, headers, content = answer
        if re.search(call, made) and name in headers:
            value = change(headers.pop(name))
            headers |= {} if value is None else {name: value}
        return status, headers, content

    return apply


def status(call: str, before: int, after: int) -> Change:
    """Answers matching calls with another status."""

    def apply(made: str, answer: Answer) -> Answer:
        return (after, *answer[1:]) if re.search(call, made) and answer[0] == before else answer

    return apply


def jobs(document: Any) -> list[Any]:
    """The jobs of a document, whether it is one or a page of them."""
    return document.get("records") or ([document] if "jobType" in document else [])


def each_job(change: Callable[[Any], object]) -> Change:
    """Changes every job, wherever one is shown."""
    return body(JOBS, lambda document: [change(job) for job in jobs(document)])


def ended(job: Any) -> Any:
    """The timer of a job's whole time, if it has ended; otherwise one that nobody looks at."""
    timer = job["metrics"]["totalTime"]
    return timer if "totalTimeInMs" in timer else {"totalTimeInMs": 0}


def first_id() -> Callable[[Any], object]:
    """Gives every job the id of the first one that is shown."""
    shown: list[Any] = []

    def change(job: Any) -> None:
        shown.append(job.get("id"))
        job.update(id=shown[0])

    return change


def whole_ids(job: Any) -> None:
    """Writes a job's id with a decimal point, as Adobe's OpenAPI does."""
    job.update(id=float(job["id"]))


VARIANTS: dict[str, Change] = {
    "ids with a decimal point": each_job(whole_ids),
    "a dataset of the server's own choice": each_job(lambda job: job["destination"].update(datasetId="5" * 24)),
    "blanks after commas": each_job(
        lambda job: "fields" in job and job.update(fields=job["fields"].replace(",", ", "))
    ),
    "200 and nothing for a cancel": status("DELETE", 204, 200),
}
"""Servers that differ from the canonical dialect in something that a source documents."""
ABOUT_JOBS = " or ".join(f"EXP-{area}" for area in ("CREATE", "JOB", "LIST", "WATCH", "CANCEL"))
"""All that speaks of what the variants change."""


def every_variant(call: str, answer: Answer) -> Answer:
    """Differs in all of it."""
    for change in VARIANTS.values():
        answer = change(call, answer)
    return answer


@pytest.mark.parametrize(
    ("change", "select"),
    [(every_variant, ""), *((VARIANTS[what], ABOUT_JOBS) for what in sorted(VARIANTS))],
    ids=["all of them", *sorted(VARIANTS)],
)
def test_a_documented_variant_breaks_no_must(served: Callable[..., Any], watcher: Any, change: Change, select: str):
    """What some source documents may be warned of, but breaks no MUST and leaves nothing undecided.

    A server that differs in all of it is judged by the whole suite; one that differs in one thing, by what may mind.
    """
    with served(change) as target:
        found = doubts(judged(target, watcher, select))
    assert set(found.values()) <= {"warn", "info"}, found


WRONG: dict[str, tuple[Change, str, dict[str, str]]] = {
    "tokens live for milliseconds": (
        body("/ims/", lambda token: token.update(expires_in=86_399_000)),
        "EXP-AUTH",
        {"EXP-AUTH-002": "warn"},
    ),
    "a missing token is a server error": (
        status("", 403, 500),
        "EXP-AUTH-004 or EXP-AUTH-006",
        {"EXP-AUTH-004": "fail"},
    ),
    "two references for one dataset": (
        body(
            r"POST .*/dataSets", lambda references: isinstance(references, list) and references.append("@/dataSets/x")
        ),
        "EXP-DATASET",
        {"EXP-DATASET-001": "fail", "EXP-DATASET-004": "fail", "EXP-DATASET-005": "fail"},
    ),
    "no X-Location": (header(f"POST {JOBS}", "x-location", lambda _: None), "EXP-CREATE", {"EXP-CREATE-015": "warn"}),
    "other fields than those asked for": (
        each_job(lambda job: "fields" in job and job.update(fields="person")),
        "EXP-CREATE",
        {"EXP-CREATE-016": "fail"},
    ),
    "ids are texts": (each_job(lambda job: job.update(id=str(job["id"]))), "EXP-JOB", {"EXP-JOB-003": "warn"}),
    "a total that does not add up": (
        each_job(lambda job: ended(job).update(totalTimeInMs=ended(job)["totalTimeInMs"] + 1)),
        "EXP-JOB",
        {"EXP-JOB-001": "fail", "EXP-JOB-014": "fail"},
    ),
    "the last link is null": (
        body(rf"GET {JOBS}", lambda page: page.get("link", {}).get("next") == "" and page["link"].update(next=None)),
        "EXP-LIST",
        {"EXP-LIST-012": "warn"},
    ),
    "the link leads in a circle": (
        body(rf"GET {JOBS}/?\?limit=2$", lambda page: page["link"].update(next="/export/jobs/?limit=2")),
        "EXP-LIST-009 or EXP-LIST-011",
        {"EXP-LIST-009": "fail"},
    ),
    "the sizes of pages are nothing": (
        body(rf"GET {JOBS}", lambda page: page.get("page", {}).update(pageSize=0)),
        "EXP-LIST",
        {"EXP-LIST-002": "fail", "EXP-LIST-017": "fail"},
    ),
    "an unknown job is a bad request": (
        status(rf"GET {JOBS}/2000000000", 404, 400),
        "EXP-WATCH",
        {"EXP-WATCH-014": "fail"},
    ),
    "jobs succeed with a slip": (
        each_job(lambda job: job["status"] == "SUCCEEDED" and job.update(status="SUCCESSEDED")),
        "EXP-WATCH-002",
        {"EXP-WATCH-002": "fail"},
    ),
    "jobs have no ids": (
        each_job(lambda job: job.update(id=None)),
        "EXP-JOB-002 or EXP-CREATE-002 or EXP-CREATE-005",
        {"EXP-JOB-002": "fail", "EXP-CREATE-002": "fail"},
    ),
    "jobs of a batch that does not exist": (
        each_job(lambda job: job["status"] == "SUCCEEDED" and job["destination"].update(batchId="01ABC")),
        "EXP-WATCH-009 or EXP-FILES-001 or EXP-FILES-005",
        {"EXP-FILES-001": "fail", "EXP-FILES-005": "blocked"},
    ),
    "a job is missing from every page": (
        body(rf"GET {JOBS}", lambda page: page.get("records", [])[1:] and page["records"].pop(1)),
        "EXP-LIST-005 or EXP-LIST-006",
        {"EXP-LIST-005": "fail", "EXP-LIST-006": "fail"},
    ),
    "cancelling is accepted for later": (status("DELETE", 204, 202), "EXP-CANCEL", {"EXP-CANCEL-002": "warn"}),
    "an unknown job is cancelled": (
        status(rf"DELETE {JOBS}/2000000000", 404, 204),
        "EXP-CANCEL-007 or EXP-CANCEL-008",
        {"EXP-CANCEL-008": "fail"},
    ),
    "ranges are named wrongly": (
        header("/files/", "content-range", lambda named: named.replace("bytes 0-", "bytes 1-")),
        "EXP-FILES",
        {"EXP-FILES-008": "fail", "EXP-FILES-016": "warn"},
    ),
    "files are cut short": (
        lambda call, answer: (*answer[:2], answer[2][:-1]) if re.search(r"GET .*path=", call) else answer,
        "EXP-FILES-005 or EXP-FILES-006",
        {"EXP-FILES-005": "fail", "EXP-FILES-006": "blocked"},
    ),
    "files are corrupt between their marks": (
        lambda call, answer: (
            (*answer[:2], answer[2][:-60] + b"\xff" * 52 + answer[2][-8:])
            if re.search(r"GET .*path=", call) and answer[0] == 200
            else answer
        ),
        "EXP-FILES-013 or EXP-ROWS-004",
        {"EXP-FILES-013": "warn", "EXP-ROWS-004": "blocked"},
    ),
    "ranges are whole files": (
        status("/files/", 206, 200),
        "EXP-FILES-008 or EXP-FILES-016 or EXP-FILES-024",
        {"EXP-FILES-008": "fail", "EXP-FILES-016": "blocked", "EXP-FILES-024": "warn"},
    ),
    "HEAD needs no path": (status(r"^HEAD [^?]*$", 400, 200), "EXP-FILES", {"EXP-FILES-023": "warn"}),
    "entries have no links": (
        body(r"/files/[^?]*$", lambda page: [entry.pop("_links") for entry in page.get("data", ())]),
        "EXP-FILES-004",
        {"EXP-FILES-004": "fail"},
    ),
    "a preview has no end": (
        body("/preview", lambda page: page.update(data=page.get("data", []) * 9)),
        "EXP-FILES",
        {"EXP-FILES-017": "fail", "EXP-FILES-018": "warn"},
    ),
    "a preview has no rows": (
        body("/preview", lambda page: page.update(data=[])),
        "EXP-FILES",
        {"EXP-FILES-018": "warn"},
    ),
    "an unknown dataset is previewed": (status("/0+/preview", 404, 200), "EXP-FILES", {"EXP-FILES-019": "fail"}),
    "failed files have no lengths": (
        body("/failed", lambda page: page["data"].append({"name": "part-00000.json"})),
        "EXP-FILES",
        {"EXP-FILES-020": "fail"},
    ),
    "folders are no lists": (
        body(r"/meta\?path=row_errors", lambda page: page.update(data=None)),
        "EXP-FILES",
        {"EXP-FILES-021": "fail"},
    ),
    "anything is in the meta directory": (
        status(r"/meta\?path=no-such", 404, 200),
        "EXP-FILES",
        {"EXP-FILES-022": "fail"},
    ),
    "every look shows the first job's id": (
        body(rf"GET {JOBS}/\d", first_id()),
        "EXP-WATCH-001",
        {"EXP-WATCH-001": "fail"},
    ),
    "the list has another dataset than the look-up": (
        body(rf"GET {JOBS}\?", lambda page: [job["destination"].update(datasetId="0" * 24) for job in jobs(page)]),
        "EXP-JOB-024",
        {"EXP-JOB-024": "fail"},
    ),
    "a look repeats other fields than the creation": (
        body(rf"GET {JOBS}/\d", lambda job: "fields" in job and job.update(fields="person")),
        "EXP-CREATE-016",
        {"EXP-CREATE-016": "fail"},
    ),
    "errors are HTML": (
        lambda call, answer: (404, {"content-type": "text/html"}, b"<html>") if "no-such-thing" in call else answer,
        "EXP-ERROR",
        {"EXP-ERROR-008": "warn", "EXP-ERROR-009": "blocked"},
    ),
}


@pytest.mark.parametrize("what", sorted(WRONG))
def test_what_is_wrong_is_found(served: Callable[..., Any], watcher: Any, what: str):
    """A server that is wrong in one thing breaks exactly the requirements that speak of it."""
    change, select, expected = WRONG[what]
    with served(change) as target:
        verdicts = judged(target, watcher, select)
    assert doubts(verdicts) == expected
    for name, verdict in verdicts.items():
        if expected.get(name) in {"fail", "warn"}:
            assert all(found.outcome.required and found.shows is not None for found in verdict.grounds)


def test_a_job_that_never_ends_is_not_verified(served: Callable[..., Any], watcher: Any):
    """A job that stays where it is leaves the suite without a verdict, in bounded time."""
    still = each_job(lambda job: job.update(status="PROCESSING"))
    with served(still) as target:
        target.patience = type(target.patience)(poll=0.01, deadline=0.05)
        verdicts = judged(target, watcher, "EXP-WATCH-001 or EXP-WATCH-002")
    assert doubts(verdicts) == {"EXP-WATCH-002": "not-verified"}
    assert "has not ended within 0.05 s" in verdicts["EXP-WATCH-002"].reason


def test_a_server_that_finishes_at_once(served: Callable[..., Any], watcher: Any):
    """Jobs that have ended before they can be cancelled, and whose cancelling is refused, break no MUST."""
    at_once = Behaviour(progression=Progression("immediate"), cancel_finished="refuse")
    with served(behaviour=at_once) as target:
        verdicts = judged(target, watcher, "EXP-CANCEL")
    assert doubts(verdicts) == {}
    assert verdicts["EXP-CANCEL-001"].verdict is Verdict.NOT_APPLICABLE


def test_a_batch_that_is_a_directory(served: Callable[..., Any], watcher: Any):
    """Where all parts of a batch are files of one id, each of them is found and everything is judged."""
    with served(behaviour=Behaviour(files="directory", part_rows=7)) as target:
        verdicts = judged(target, watcher, "EXP-FILES or EXP-ROWS")
    assert doubts(verdicts) == {}
    assert verdicts["EXP-ROWS-009"].verdict is Verdict.PASS


def test_a_tenant_without_profiles(served: Callable[..., Any], watcher: Any):
    """Of rows that do not exist nothing is judged but their number, and nothing fails."""
    with served(profiles=0) as target:
        verdicts = judged(target, watcher, "EXP-ROWS")
    assert verdicts.pop("EXP-ROWS-009").verdict is Verdict.PASS
    assert {verdict.verdict for verdict in verdicts.values()} == {Verdict.NOT_APPLICABLE}
