"""Waiting for a job."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_aep_export.contract.dialects import DIALECTS
from pytest_aep_export.emulator import Behaviour
from pytest_aep_export.judge.rules.polling import batches
from pytest_aep_export.lifecycle import Progression
from pytest_aep_export.model import JobStatus
from tests.judge.traces import BATCH, DATASET, Wire, breaks, export, job, keeps, persona, silent, unsure

ERRORS = [{"code": "0100000003", "msg": "Error in Export Job", "callStack": "a"}, {"code": "unknown"}]
STUCK = Behaviour(progression=Progression(stuck=JobStatus.PROCESSING))


def test_an_export_shows_its_end():
    """An export that is right in everything looks until its job has succeeded, and reads it then."""
    for requirement in ("031", "037", "082"):
        keeps(requirement, export().trace())
        keeps(requirement, export().own())
    for requirement in ("032", "033", "034", "035", "036"):
        silent(requirement, export().trace())


@pytest.mark.parametrize("status", ["NEW", "PROCESSING"])
def test_a_client_that_does_not_wait(status: str):
    """A client that reports success or gives up while its job goes on is caught; in its own test it may."""
    wire = Wire().begin()
    last = wire.look(status)
    breaks("031", last, wire.trace(), f"it was {status} at the last look")
    breaks("031", last, wire.trace(end="failure"), "it reported a failure")
    silent("031", wire.own())
    silent("031", wire.trace(task="cancel"))


def test_a_client_that_may_give_up():
    """Where a job is stuck, or something else is out of the ordinary, giving up is no mistake of this kind."""
    wire = Wire().begin()
    wire.look("PROCESSING")
    silent("031", wire.trace("failure", behaviour=STUCK))
    silent("031", wire.trace(end="failure", behaviour=persona()))
    silent("031", wire.trace(end="timeout"))


def test_looks_that_fail():
    """A client that reports success although its later looks were refused is caught as well."""
    wire = Wire().begin()
    last = wire.look("PROCESSING")
    wire.look({}, status=500)
    breaks("031", last, wire.trace("either", end="success"))
    wire.look(b"{", status=200)
    silent("031", wire.trace("either", end="success"))


def looks(gap: int, count: int = 6) -> Wire:
    """Looks at a job that goes on, so many ms apart."""
    wire = Wire().begin()
    for _ in range(count):
        wire.look("PROCESSING", after=gap)
    wire.look("SUCCEEDED", after=gap)
    return wire


@pytest.mark.parametrize(("gap", "poll"), [(3, 0.05), (100, 0.05), (200, 1), (499, 30)])
def test_looks_that_follow_too_fast(gap: int, poll: float):
    """Looks without a pause are caught, those that come sooner than half of what was told, and a clock's tick."""
    wire = looks(gap)
    shown = [each for each in wire.exchanges if each.operation == "getExportJob"][1]
    breaks("032", shown, wire.trace(poll=poll, jobs=()), "6 of 6 came sooner")


@pytest.mark.parametrize(("gap", "poll"), [(30, 0.05), (150, 0.05), (500, 1), (500, 30), (600, 1)])
def test_looks_at_a_sane_pace(gap: int, poll: float):
    """A client may look twice as often as it was told, and never has to wait for longer than half a second."""
    keeps("032", looks(gap).trace(poll=poll))
    silent("032", looks(gap).own())


def test_a_pace_that_grows_and_few_looks():
    """The first looks may follow each other faster; from few looks no pace can be told."""
    wire = Wire().begin()
    for gap in (10, 20, 40, 80, 160, 320):
        wire.look("PROCESSING", after=gap)
    keeps("032", wire.trace(poll=0.1))
    silent("032", looks(3, 3).trace())


def test_a_job_that_is_looked_at_after_its_end():
    """A client may look again to learn what the job says, and not for ever; in its own test it may."""
    wire = Wire().begin().wait()
    for _ in range(3):
        wire.look("SUCCEEDED")
    keeps("082", wire.trace())
    last = wire.look("SUCCEEDED")
    breaks("082", last, wire.trace(), "4 looks more")
    unsure("082", wire.own(), "4 looks more")


def failed(**more: Any) -> Wire:
    """A job that has failed."""
    wire = Wire().begin()
    wire.look(job("FAILED", errors=ERRORS, **more))
    return wire


def test_failed_is_a_failure():
    """A client that reports success after FAILED is caught, and whoever is not told says nothing."""
    wire = failed()
    breaks("033", wire.exchanges[-1], wire.trace("failure", end="success"), "reported success")
    keeps("033", wire.trace("failure", said="0100000003"))
    keeps("031", wire.trace("failure"))
    silent("033", wire.own())
    silent("033", Wire().begin().wait().trace())


@pytest.mark.parametrize(
    "told",
    [
        {"said": "the job failed: Error in Export Job"},
        {"output": b"failed with 0100000003\n"},
        {"output": b'{"errors": [{"msg": "Error in Export Job"}]}'},
    ],
)
def test_errors_that_are_passed_on(told: dict[str, Any]):
    """The code or the message of one error is enough, wherever it is told."""
    keeps("034", failed().trace("failure", **told))


def test_errors_that_are_kept_back():
    """A client that says only that it failed is caught; the code "unknown" tells nothing."""
    wire = failed()
    breaks("034", wire.exchanges[-1], wire.trace("failure", said="unknown"), "it reported a failure: unknown")
    wire = Wire().begin()
    wire.look("FAILED")
    silent("034", wire.trace("failure"))
    silent("034", failed().own())


@pytest.mark.parametrize("status", ["ARCHIVED", "CANCELLED", None])
def test_a_status_of_its_own(status: str | None):
    """No other status is a success, whatever it is called."""
    wire = Wire().begin()
    last = wire.look(job() | {"status": status})
    breaks("035", last, wire.trace("failure", end="success"), "reported success")
    keeps("035", wire.trace("failure"))
    wire.look("SUCCEEDED")
    silent("035", wire.trace())


def test_a_stuck_job():
    """A client that has to be ended while its job is stuck is caught."""
    wire = Wire().begin()
    last = wire.look("PROCESSING")
    breaks("036", last, wire.trace("failure", end="timeout", behaviour=STUCK), "was ended")
    keeps("036", wire.trace("failure", behaviour=STUCK))
    held = Behaviour(progression=Progression(hold=JobStatus.NEW))
    keeps("036", wire.trace("failure", behaviour=held))
    silent("036", wire.trace("failure", end="timeout"))
    silent("036", Wire().trace("failure", behaviour=STUCK))


def test_a_batch_that_is_read_too_early():
    """Files are asked for once the job was seen SUCCEEDED; in its own test a client may know that otherwise."""
    wire = Wire().begin()
    wire.look("PROCESSING")
    early = wire.files("F1")
    wire.parts("p.parquet")
    wire.bytes()
    wire.look("SUCCEEDED")
    breaks("037", early, wire.trace(), "it was not yet")
    unsure("037", wire.own(), "it was not yet")
    wire = Wire()
    wire.files("F1", batch="another")
    silent("037", wire.trace())


def test_every_batch_of_a_job():
    """A job names one batch, or several in an array, or one in an object."""
    several = [{"batchId": "A"}, {"batchId": "B"}]
    assert batches(job()) == {BATCH}
    assert batches(job(destination={"datasetId": DATASET, "batches": several})) == {"A", "B"}
    assert batches(job(destination={"datasetId": DATASET, "batches": several[0]})) == {"A"}
    assert batches(job(destination={"batchId": ""})) == batches({}) == batches(job(destination=7)) == set()


def test_a_client_that_fails_at_a_variant():
    """That a client gives up where answers look unusual is told by what it could not read, not by its giving up."""
    wire = Wire().begin()
    wire.look("PROCESSING")
    silent("031", wire.trace(end="failure", behaviour=Behaviour(dialect=DIALECTS["openapi"])))
