"""Requests that name what earlier answers gave become cases that can be tried anywhere."""

from __future__ import annotations

import asyncio
import json

import pytest

from pytest_aep_export.contract import load
from pytest_aep_export.exchange import Request, Response
from pytest_aep_export.fuzz.cases import Step
from pytest_aep_export.fuzz.chains import Chains
from pytest_aep_export.fuzz.composing import Composer
from pytest_aep_export.fuzz.performing import Performance, perform

DATASET, JOB, BATCH = "5b020a27e7040801dedba61b", 726, "01HP1Z0A9YZ733QCJN6AXCATHF"
NAMES = {f"own.{name}": name for name in ("token", "client_id", "org", "sandbox")}


async def server(request: Request) -> Response:
    """A server that creates one dataset and one job."""
    answers = {
        ("POST", "/data/foundation/catalog/dataSets"): [f"@/dataSets/{DATASET}"],
        ("POST", "/data/core/ups/export/jobs"): {"id": JOB, "destination": {"batchId": BATCH}},
    }
    return Response(200, body=json.dumps(answers.get((request.method, request.url), {})).encode())


class Run:
    """What breadth does with each step that is drawn."""

    def __init__(self) -> None:
        self.chains = Chains()
        self.composer = Composer(load())

    def tried(self, step: Step) -> Performance:
        """The case that ends with a step, as it was tried."""
        begun = self.chains.begin(step, "a case")
        done = asyncio.run(perform(begun.case, self.composer, NAMES, server, begun.attempts))
        self.chains.end(done)
        return done


@pytest.fixture
def run() -> Run:
    """A run that nothing was drawn in."""
    return Run()


def job(dataset: str) -> Step:
    """A request for an export."""
    return Step("createExportJob", body={"destination": {"datasetId": dataset}, "schema": {"name": "x"}})


def look(identifier: object) -> Step:
    """A look at a job."""
    return Step("getExportJob", path={"exportJobId": str(identifier)})


def test_a_request_that_names_nothing_is_a_case_of_its_own(run: Run):
    """What was drawn is what is tried."""
    assert run.tried(look(99)).case.steps == (look(99),)


def test_a_chain_has_what_made_the_things_that_it_names(run: Run):
    """Of a job that was created in a dataset that was created, all three requests are one case, without an id in it."""
    run.tried(Step("createDataset", body={"name": "x"}))
    run.tried(look(99))
    run.tried(job(DATASET))
    chain = run.tried(look(JOB))
    assert [step.operation for step in chain.case.steps] == ["createDataset", "createExportJob", "getExportJob"]
    assert not any(text in json.dumps(chain.case.to_json()) for text in (DATASET, str(JOB), BATCH))
    assert [attempt.place for attempt in chain.attempts] == [0, 1, 2]


def test_a_chain_shows_the_same_from_its_beginning(run: Run):
    """Tried again from its first step, a chain sends the same requests."""
    run.tried(Step("createDataset", body={"name": "x"}))
    run.tried(job(DATASET))
    chain = run.tried(look(JOB))
    again = asyncio.run(perform(chain.case, run.composer, NAMES, server))
    assert [each.request for each in again.attempts] == [each.request for each in chain.attempts]


def test_a_step_gives_what_somebody_asks_for(run: Run):
    """What no later step names is not given."""
    run.tried(job("elsewhere"))
    chain = run.tried(Step("getBatch", path={"batchId": BATCH}))
    assert [[gift.at for gift in step.gives] for step in chain.case.steps] == [["/destination/batchId"], []]


def test_who_has_named_a_thing_before_belongs_to_its_chain(run: Run):
    """A look after a cancel is judged with the cancel; of many looks the latest are kept."""
    run.tried(job("elsewhere"))
    run.tried(Step("cancelExportJob", path={"exportJobId": str(JOB)}))
    chain = run.tried(look(JOB))
    assert [step.operation for step in chain.case.steps] == ["createExportJob", "cancelExportJob", "getExportJob"]
    for _ in range(20):
        chain = run.tried(look(JOB))
    assert [step.operation for step in chain.case.steps] == ["createExportJob", *["getExportJob"] * 7]


def test_what_was_not_sent_teaches_nothing(run: Run):
    """A case that ended before its last step leaves everything as it was."""
    begun = run.chains.begin(Step("createDataset", body={"name": "x"}), "a case")
    run.chains.end(begun)
    assert len(run.tried(job(DATASET)).case.steps) == 1


def test_a_body_of_any_form_is_left_alone(run: Run):
    """What names no dataset as it should names none."""
    for body in ([], None, {"destination": 1}, {"destination": {"datasetId": 5}}):
        assert run.tried(Step("createExportJob", body=body)).case.steps[-1].body == body
