"""The loop: what it finds in servers that are wrong, that it finds nothing in one that is right, and where it ends."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from itertools import islice
from typing import Any

import pytest

from pytest_aep_export.contract import DIALECTS, load
from pytest_aep_export.emulator.personas import Persona
from pytest_aep_export.fuzz.cases import Case, Edit, Mistake, Step
from pytest_aep_export.fuzz.checks import CHECKS
from pytest_aep_export.fuzz.drafts import least_job, sample_job
from pytest_aep_export.fuzz.findings import Finding
from pytest_aep_export.fuzz.fuzzing import Bounds, Silent, Tally, fuzz, replay
from pytest_aep_export.fuzz.performing import Performance
from pytest_aep_export.fuzz.sending import in_process
from pytest_aep_export.fuzz.stream import stream
from tests.fuzz.grounds import Field, by_name, fuzzed

CASES = 40


def refuse_evil(exchange: Any, _: Any) -> Any:
    """Says no to what it has done."""
    evil = exchange.request.headers.get("x-request-id") == "evil"
    return replace(exchange.response, status=400) if evil else exchange.response


LEAVES = Persona("ERROR", "refuses-what-it-does", "wrong", "It refuses what it does.", answer=refuse_evil)

DEFECTS: dict[str, tuple[str | Persona, str]] = {
    "answered": ("second-cancel-fails", "a job that is cancelled at once"),
    "batches": ("files-not-listed", "the life of a job"),
    "batches-apart": ("one-batch-for-each-segment", "a job apart"),
    "bytes": ("range-with-other-bytes", "a file and bytes=0-99"),
    "conforms": ("job-ids-as-words", "the life of a job"),
    "created-as-asked": ("new-job-by-another-version", "the life of a job"),
    "datasets": ("renames-datasets", "a dataset"),
    "follows": ("skips-between-pages", "new jobs on pages"),
    "hosts": ("link-to-another-host", "what the files of a batch hold"),
    "keeps-apart": ("other-sandbox-sees-datasets", "getDataset of sibling"),
    "keeps-to-query": ("ignores-limit", "two jobs in turns"),
    "leaves-nothing": (LEAVES, "a job that is taken and refused"),
    "listings": ("files-ignore-limit", "file 0 of a batch"),
    "lists-created": ("list-is-empty", "the life of a job"),
    "lives": ("creation-time-moves", "the life of a job"),
    "owed": ("accepts-missing-schema", "a wrong job between two lists"),
    "own-ids": ("one-job-id-for-all", "the same request 2 times"),
    "policies": ("shows-first-policy", "merge policy 2"),
    "previews": ("preview-is-empty", "the preview of a dataset that one job has filled"),
    "refuses-in-json": ("errors-in-html", "a wrong job between two lists"),
    "rows": ("loses-last-row", "the export of request 3"),
    "sizes": ("no-parts", "what the files of a batch hold"),
    "succeeds": ("exports-fail", "the life of a job"),
    "tokens": ("accepts-wrong-secret", "requestToken: a wrong secret"),
}
"""For each check a persona that breaks it, and a case that shows it."""


def case_called(name: str) -> Case:
    """A case of the stream, or one of two that are put together here."""
    known = by_name()
    if name == "a wrong job between two lists":
        mistake = next(s for s in known["createExportJob: /schema is missing"].steps if s.mistakes)
        lists = Step("listExportJobs", query={"limit": "3"})
        return Case(name, (lists, mistake, lists))
    if name == "a job that is taken and refused":
        lists = Step("listExportJobs", query={"limit": "3"})
        evil = Mistake("evil", (Edit("/header/x-request-id", "evil"),))
        return Case(name, (lists, Step("createExportJob", body=least_job("${spare}"), mistakes=(evil,)), lists))
    if name == "a job apart":
        return next(
            case
            for case in known.values()
            if case.name.startswith("the export of")
            and len(case.steps[0].body.get("filter", {}).get("segments", ())) > 1
            and case.steps[0].body["destination"].get("segmentPerBatch")
        )
    return known[name]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_nothing_is_found_in_a_server_that_is_right(dialect: str):
    """The emulator as it is breaks no check, whichever documented variant it speaks."""
    tally = fuzzed(islice(stream(load(), 5), CASES), dialect=dialect)
    assert [str(finding) for finding in tally.findings] == []
    assert tally.cases == CASES


def test_nothing_is_found_where_the_dialect_is_not_told():
    """A server may speak any variant: what one of them allows is no finding, as long as nobody says which it is."""
    tally = fuzzed(islice(stream(load(), 6), CASES), dialect="segmentation-guide", told=False)
    assert [str(finding) for finding in tally.findings] == []


def test_every_check_has_a_defect():
    """There is no check that no defect breaks."""
    assert set(DEFECTS) == set(CHECKS)


@pytest.mark.parametrize("check", DEFECTS)
def test_each_check_is_broken_by_a_defect(check: str):
    """A server with the defect breaks the check; that one without does not is shown above."""
    persona, name = DEFECTS[check]
    assert check in {finding.check for finding in fuzzed([case_called(name)], persona).findings}


class Notes(Silent):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.tried_cases: list[str] = []
        self.told: list[Finding] = []

    def tried(self, tally: Tally, performance: Performance) -> None:
        """Keep the name."""
        assert tally.requests
        self.tried_cases.append(performance.case.name)

    def found(self, finding: Finding) -> None:
        """Keep the finding."""
        self.told.append(finding)


def test_a_cause_is_found_once_and_made_small():
    """However many cases show it, a defect is one finding, with the smallest case that shows it."""
    names = ["the life of a job", "two jobs in turns", "a job into a new dataset"]
    notes = Notes()
    field = Field("jobs-without-type")
    tally = fuzz(field.send, field.parties, cases=[case_called(name) for name in names], listener=notes)
    causes = [finding.cause for finding in tally.findings]
    assert len(causes) == len(set(causes))
    assert notes.told == tally.findings
    assert [name for name in notes.tried_cases if "stage" not in name] == names
    created = next(finding for finding in tally.findings if finding.operation == "createExportJob")
    assert [step.operation for step in created.case.steps][-1] == "createExportJob"
    assert max(len(finding.case.steps) for finding in tally.findings) <= len(case_called(names[0]).steps)


def test_of_several_mistakes_the_one_is_left_that_matters():
    """A case of many mistakes comes down to the one that a server does not bear, and the request to what it needs."""

    def answer(exchange: Any, _: Any) -> Any:
        broken = b'"evil"' in exchange.request.body
        return replace(exchange.response, status=500) if broken else exchange.response

    persona = Persona("CREATE", "fails", "wrong", "It fails on a word.", answer=answer)
    right = next(step for step in case_called("a job into a new dataset").steps if step.operation == "createExportJob")
    body = sample_job("${spare}")
    mistakes = (
        Mistake("a long name", (Edit("/header/x-request-id", "x" * 500),)),
        Mistake("evil", (Edit("/body/fields", "evil"),)),
        Mistake("odd", (Edit("/query/limit", "odd"),)),
    )
    case = Case("several", (Step("listExportJobs"), replace(right, body=body, mistakes=mistakes)))
    [finding] = [f for f in fuzzed([case], persona).findings if f.check == "answered"]
    [step] = finding.case.steps
    assert [mistake.name for mistake in step.mistakes] == ["evil"]
    assert set(step.body) <= {"destination", "schema", "fields"}


def test_a_finding_is_seen_again_until_it_is_mended():
    """What was found in a server with a defect shows itself again there, and not in one without."""
    case = case_called("the same request 2 times")
    found = fuzzed([case], "one-job-id-for-all").findings[0]
    wrong, right = Field("one-job-id-for-all"), Field()
    again = replay(found, wrong.send, wrong.parties)
    assert again is not None
    assert again.cause == found.cause
    assert replay(found, right.send, right.parties) is None


@pytest.mark.parametrize(
    ("bounds", "ended", "cases"),
    [
        (Bounds(cases=7), "all cases were tried", 7),
        (Bounds(cases=7, seconds=0), "the time is over", 0),
        (Bounds(cases=0), "all cases were tried", 0),
    ],
    ids=["cases", "seconds", "nothing"],
)
def test_it_ends_where_it_should(bounds: Bounds, ended: str, cases: int):
    """No more is tried than was allowed."""
    field = Field()
    tally = fuzz(field.send, field.parties, bounds=bounds)
    assert (tally.ended, tally.cases) == (ended, cases)


def test_it_ends_when_enough_was_found():
    """A server with nothing right about it does not keep anybody for long."""
    field = Field("jobs-without-type")
    tally = fuzz(field.send, field.parties, bounds=Bounds(cases=1_000, findings=1))
    assert tally.ended == "enough was found"
    assert tally.cases < 1_000
    assert tally.first is not None


def test_new_tenants_are_made_in_time():
    """After so many cases there are new tenants, and those before are gone."""
    field = Field()
    before = len(list(field.emulator.state.tenants))
    fuzz(field.send, field.parties, bounds=Bounds(cases=25, renew=10))
    assert field.made == 3
    assert len(list(field.emulator.state.tenants)) == before


async def _wait(*_: Any) -> None:
    await asyncio.sleep(60)


async def _compute(*_: Any) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        pass


async def _crash(*_: Any) -> None:
    raise ValueError("a crash")


async def _say_nothing(*_: Any) -> None:
    pass


@pytest.mark.parametrize("how", [_wait, _compute, _crash, _say_nothing])
def test_a_server_that_does_not_answer_is_a_finding(how: Any):
    """Whether it waits, computes for ever, crashes or says nothing: the run goes on, and says so."""
    field = Field()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        hangs = scope["path"].endswith("/export/jobs") and scope["query_string"] == b"limit=1"
        await (how if hangs else field.emulator.app)(scope, receive, send)

    fuzz(field.send, field.parties, bounds=Bounds(cases=1))  # whatever has to be loaded is loaded then
    case = Case("a page", (Step("listExportJobs", query={"limit": "1"}),))
    tally = fuzz(in_process(app), field.parties, cases=[case], bounds=Bounds(patience=0.5))
    [finding] = [f for f in tally.findings if f.operation == "listExportJobs"]
    assert finding.check == "answered"
    assert finding.required == "an answer"
