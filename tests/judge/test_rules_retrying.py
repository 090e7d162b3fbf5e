"""What goes wrong on the way: tried again, late enough, not for ever."""

from __future__ import annotations

from email.utils import formatdate
from typing import Any

import pytest

from pytest_aep_export.emulator.faults import Answer, Fault, Malformed
from pytest_aep_export.lifecycle import EPOCH
from tests.judge.traces import JOBS, Wire, breaks, export, keeps, persona, silent, unsure

BUSY = (Fault("getExportJob", Answer(503), times=None),)


def begun() -> Wire:
    """A client whose job goes on."""
    wire = Wire().begin()
    wire.look("PROCESSING")
    return wire


def test_an_export_shows_nothing():
    """Where nothing goes wrong, nothing is said of what a client does then."""
    for number in range(38, 46):
        silent(f"{number:03d}", export().trace())


@pytest.mark.parametrize(("requirement", "status"), [("038", 429), ("039", 503)])
def test_a_request_that_is_not_tried_again(requirement: str, status: int):
    """A look that is answered with 429 or 503 is repeated once at least, unless the wait is long."""
    wire = begun()
    last = wire.look({}, status=status)
    breaks(requirement, last, wire.trace(end="failure", faults=BUSY), "it was not")
    unsure(requirement, wire.own(), "it was not")
    silent(requirement, wire.trace("failure", end="timeout", faults=BUSY))
    wire.look({}, status=status)
    keeps(requirement, wire.trace(end="failure", faults=BUSY))
    wire = begun()
    wire.look({}, status=status, back={"retry-after": "3600"})
    silent(requirement, wire.trace(end="failure", faults=BUSY))


@pytest.mark.parametrize(("requirement", "status"), [("038", 429), ("039", 503)])
def test_a_creation_may_be_left(requirement: str, status: int):
    """Nobody has to repeat what creates something."""
    wire = Wire()
    wire.create({}, status=status)
    silent(requirement, wire.trace(end="failure"))


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("gap", "met"), [(2000, True), (1900, True), (1899, False), (0, False)])
def test_seconds_that_are_waited_for(status: int, gap: int, met: bool):  # noqa: FBT001 - a column of the table
    """The same request comes no sooner than told, but for what clocks differ; another may come at once."""
    wire = begun()
    wire.look({}, status=status, back={"Retry-After": "2"})
    wire.page(after=0)
    again = wire.look("SUCCEEDED", after=gap)
    if met:
        keeps("040", wire.trace())
    else:
        breaks("040", again, wire.trace(), f"after {gap / 1000:g} s")
    silent("041", wire.trace())


@pytest.mark.parametrize(("gap", "met"), [(5000, True), (3900, True), (3899, False)])
def test_a_date_that_is_waited_for(gap: int, met: bool):  # noqa: FBT001 - a column of the table
    """A date is held against the answer's own, or the time of the request; it is exact to the second."""
    for date in (EPOCH // 1000 - 86_400, None):
        wire = begun()
        until = formatdate((date or (wire.now + 1000) // 1000) + 5, usegmt=True)
        back = {"retry-after": until} | ({"date": formatdate(date, usegmt=True)} if date else {})
        wire.look({}, status=503, back=back)
        again = wire.look("SUCCEEDED", after=gap)
        if met:
            keeps("041", wire.trace())
        else:
            breaks("041", again, wire.trace(), "after 3.899 s")
        silent("040", wire.trace())


def test_waits_that_nobody_understands():
    """What is neither seconds nor a date asks for nothing, and whoever does not come back came not too soon."""
    wire = begun()
    wire.look({}, status=503, back={"retry-after": "soon"})
    wire.look("SUCCEEDED", after=0)
    wire.look({}, status=503, back={"retry-after": "7"})
    for requirement in ("040", "041"):
        silent(requirement, wire.trace())


@pytest.mark.parametrize("gap", [0, 20 - 1, 100])
def test_attempts_without_a_pause(gap: int):
    """A third attempt that follows without any pause is shown; a clock's tick is none."""
    wire = begun()
    for _ in range(2):
        wire.look({}, status=503, after=gap)
    third = wire.look("SUCCEEDED", after=gap)
    breaks("042", third, wire.trace(faults=BUSY), f"{gap} and {gap} ms")
    unsure("042", wire.own(), "ms after each other")


def test_attempts_with_a_pause():
    """One pause is enough: a first attempt may follow at once; where a time was told, another rule speaks."""
    wire = begun()
    wire.look({}, status=503)
    wire.look({}, status=503, after=0)
    wire.look("SUCCEEDED", after=200)
    keeps("042", wire.trace(faults=BUSY))
    wire = begun()
    for _ in range(2):
        wire.look({}, status=503, after=0, back={"retry-after": "0"})
    wire.look("SUCCEEDED", after=0)
    silent("042", wire.trace(faults=BUSY))


def test_bytes_that_arrive():
    """A download that was cut goes on at once, as long as each attempt brings some bytes."""
    wire = begun()
    for _ in range(3):
        wire.bytes(b"PA", length=8, cut=True, after=0)
    silent("042", wire.trace("failure", faults=BUSY))
    wire = begun()
    for _ in range(3):
        third = wire.bytes(b"", length=8, cut=True, after=0)
    breaks("042", third, wire.trace("failure", faults=BUSY))


def always_busy(attempts: int) -> Wire:
    """A job that cannot be looked at."""
    wire = begun()
    for _ in range(attempts):
        wire.look({}, status=503)
    return wire


def test_a_request_that_is_never_given_up():
    """A client that had to be ended after many attempts is caught; after few it may just have been slow."""
    wire = always_busy(11)
    breaks("043", wire.exchanges[-1], wire.trace("failure", end="timeout", faults=BUSY), "11 attempts")
    unsure("043", always_busy(10).trace("failure", end="timeout", faults=BUSY), "after 10 attempts")
    keeps("043", always_busy(3).trace("failure", faults=BUSY))
    silent("043", always_busy(2).trace("failure", faults=BUSY))
    silent("043", always_busy(5).own())
    silent("043", always_busy(5).trace("either", end="success", faults=BUSY))
    silent("043", Wire().trace("failure"))


def test_a_token_that_is_never_given_up():
    """A client that asks for tokens without end is caught, whether they are refused or what they are for."""
    wire = Wire()
    for _ in range(11):
        wire.token(status=401)
    breaks("043", wire.exchanges[-1], wire.trace("failure", end="timeout", faults=BUSY), "11 attempts")
    wire = Wire()
    for number in range(11):
        wire.token(f"token-number-{number}")
        wire.page(status=401)
    wire.token("token-number-12")
    breaks("043", wire.exchanges[-2], wire.trace("failure", end="timeout", task="list", faults=BUSY), "11 attempts")


@pytest.mark.parametrize("status", [400, 403, 405, 409, 422])
def test_a_refusal_that_is_repeated(status: int):
    """The same request again after a refusal is shown; another one is something else."""
    wire = begun()
    wire.look({}, status=status)
    keeps("044", wire.trace("failure", faults=BUSY))
    again = wire.look({}, status=status)
    breaks("044", again, wire.trace("failure", faults=BUSY), f"again after {status}")
    unsure("044", wire.own(), f"again after {status}")
    wire = Wire()
    wire.create({}, status=status, sent={})
    wire.create({}, status=status)
    wire.bearer = "token-number-two"
    wire.create({}, status=status)
    keeps("044", wire.trace("failure"))


def test_what_is_missing_may_appear():
    """What is not found is borne three times."""
    wire = begun()
    for _ in range(4):
        last = wire.look({}, status=404)
    keeps("044", wire.trace("failure", faults=BUSY))
    last = wire.look({}, status=404)
    breaks("044", last, wire.trace("failure", faults=BUSY))


@pytest.mark.parametrize("status", [401, 408, 416, 425, 429])
def test_refusals_that_may_be_repeated(status: int):
    """With another token, later or from another byte on, the same request makes sense."""
    wire = begun()
    wire.look({}, status=status)
    wire.look({}, status=status)
    silent("044", wire.trace("failure"))


MALFORMED = (Fault("getExportJob", Malformed(), times=None),)


@pytest.mark.parametrize("answer", [{"answer": b'{"id"'}, {"answer": b""}, {"status": 0, "answer": b"\0garbage"}])
def test_an_answer_that_is_none(answer: dict[str, Any]):
    """A client that breaks down, hangs or reports success because of it is caught."""
    wire = Wire().begin()
    last = wire.look(**answer)
    for end in ("crash", "timeout"):
        breaks("045", last, wire.trace("failure", end=end, faults=MALFORMED))
    breaks("045", last, wire.trace("failure", end="success", faults=MALFORMED), "reported success")
    keeps("045", wire.trace("failure", faults=MALFORMED))
    silent("045", wire.own())
    wire.wait().read()
    keeps("045", wire.trace("either", end="success", faults=MALFORMED))


def test_answers_that_need_no_json():
    """Bytes of a file, answers without a body and refusals are none of these."""
    wire = Wire()
    wire.bytes()
    wire.cancel()
    wire.call("HEAD", "/data/foundation/export/files/F1?path=p", "headFile")
    wire.call("GET", JOBS, "listExportJobs", b"<html>", status=502)
    silent("045", wire.trace("failure", behaviour=persona()))
