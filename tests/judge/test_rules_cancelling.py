"""Cancelling a job."""

from __future__ import annotations

from typing import Any

import pytest

from tests.judge.traces import JOBS, Wire, breaks, keeps, persona, silent, unsure

MESSAGE = {"status": True, "message": "Export job has been marked for cancelling"}
ACCEPTED = [("054", 204, None), ("055", 200, MESSAGE), ("056", 202, None), ("056", 200, None), ("056", 202, MESSAGE)]


def cancelled(answer: Any = None, status: int = 204) -> Wire:
    """A job that was cancelled."""
    wire = Wire().begin()
    wire.cancel(answer, status)
    return wire


def test_a_cancel_by_delete():
    """A DELETE is what cancels."""
    keeps("053", cancelled().trace(task="cancel"))
    keeps("053", cancelled().own())
    silent("057", cancelled().trace(task="cancel"))
    for requirement in ("053", "054", "055", "056", "057"):
        silent(requirement, Wire().begin().wait().trace())


def test_a_cancel_of_another_job():
    """A client that cancels somebody else's job is caught, unless it was never told which is its own."""
    wire = Wire().begin()
    wrong = wire.cancel(number=8)
    breaks("083", wrong, wire.trace(task="cancel"), "job 8 is")
    unsure("083", wire.own(), "job 8 is")
    keeps("083", cancelled().trace(task="cancel"))
    wire = Wire()
    wire.create(b"", status=0)
    wire.cancel(number=8)
    silent("083", wire.trace(task="cancel"))


@pytest.mark.parametrize("path", ["/7", "/7/"])
def test_a_cancel_by_another_method(path: str):
    """The sample of the guide cancels with POST, which is a slip; no route is known by it."""
    wire = Wire().begin()
    wrong = wire.call("POST", JOBS + path, "", {}, status=405)
    breaks("053", wrong, wire.trace("failure", task="cancel"), "POST", also={"005"})
    breaks("053", wrong, wire.own(), "POST", also={"005"})


def test_a_cancel_that_never_was():
    """A client that reports success without having cancelled is caught."""
    wire = Wire().begin()
    breaks("053", wire.exchanges[-1], wire.trace(task="cancel"), "it was not")
    breaks("053", None, Wire().trace(task="cancel"), "it was not")
    silent("053", wire.trace(task="cancel", end="failure"))


@pytest.mark.parametrize(("requirement", "status", "answer"), ACCEPTED)
def test_a_cancel_that_was_accepted(requirement: str, status: int, answer: Any):
    """Each way of accepting a cancel has a requirement of its own, and none speaks of another."""
    wire = cancelled(answer, status)
    failed = wire.trace(task="cancel", end="failure", said="no idea", behaviour=persona())
    breaks(requirement, wire.exchanges[-1], failed, "it reported a failure: no idea")
    keeps(requirement, wire.trace(task="cancel"))
    for other in {"054", "055", "056"} - {requirement}:
        silent(other, wire.trace(task="cancel"))
    silent(requirement, wire.own())
    silent(requirement, wire.trace("either", task="cancel"))


def test_a_cancel_that_was_refused():
    """A client that reports success although every cancel was refused is caught, unless it saw the job CANCELLED."""
    wire = cancelled({}, 403)
    breaks("057", wire.exchanges[-1], wire.trace("failure", task="cancel", end="success"), "reported success")
    keeps("057", wire.trace("failure", task="cancel"))
    silent("057", wire.trace("failure", end="success"))
    wire.look("CANCELLED")
    silent("057", wire.trace("failure", task="cancel", end="success"))
    wire = Wire().begin()
    wire.cancel(b"", 0)
    wire.cancel({}, 404)
    silent("057", wire.trace("either", task="cancel"))
