"""What a client has to bear."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from pytest_aep_export.emulator.faults import Answer, Delay, Dribble, Fault, Skew
from pytest_aep_export.judge.trace import Truth
from tests.judge.traces import BATCH, DATASET, Wire, breaks, export, job, keeps, persona, silent, unsure

SMALL = {"dataSetId": DATASET, "segmentPerBatch": False, "batchId": BATCH}
TOLERATED = ("058", "060", "061", "062", "063", "064", "065", "066", "067")


def test_an_export_shows_nothing_but_its_success():
    """Where nothing is out of the ordinary there is nothing to bear, and success is due."""
    for requirement in TOLERATED:
        silent(requirement, export().trace())
        silent(requirement, export().own())
    keeps("068", export().trace())


def bears(requirement: str, wire: Wire, shown: int, **options: Any) -> None:
    """A client that fails because of what an exchange shows is caught, and one that succeeds is not."""
    options = {"behaviour": persona()} | options
    breaks(requirement, wire.exchanges[shown], wire.trace(end="failure", **options), "it reported a failure")
    keeps(requirement, wire.trace(**options))
    silent(requirement, wire.trace("either", **options))
    silent(requirement, wire.own())


def test_either_spelling_of_a_dataset():
    """A job may spell it dataSetId, in an answer and in the list; who has both is not asked to choose."""
    wire = Wire().begin()
    wire.look(job("SUCCEEDED", destination=SMALL))
    bears("058", wire, -1)
    wire = Wire()
    wire.page(answer={"records": [job(destination=SMALL)], "link": {"next": ""}})
    bears("058", wire, -1, task="list")
    wire = Wire()
    wire.look(job(destination=SMALL | {"datasetId": DATASET}))
    silent("058", wire.trace())


@pytest.mark.parametrize("where", ["job", "record", "page", "file"])
def test_members_that_nobody_knows(where: str):
    """A member more is passed over, in jobs, in pages and in files."""
    wire = Wire().begin()
    page = {"records": [job(number=8)], "page": {}, "link": {"next": ""}}
    if where == "job":
        wire.look(job("SUCCEEDED", colour="red"))
    elif where == "record":
        wire.page(answer=page | {"records": [job(number=8, colour="red")]})
    elif where == "page":
        wire.page(answer=page | {"colour": "red"})
    else:
        wire.look("SUCCEEDED")
        file = {"dataSetFileId": "F1", "isValid": False, "size": "3", "colour": "red", "_links": {}}
        wire.call("GET", f"/data/foundation/export/batches/{BATCH}/files", "listBatchFiles", {"data": [file]})
    bears("060", wire, -1)


@pytest.mark.parametrize("name", ["metrics", "computeGatewayJobId", "requestId", "jobType", "updateTime"])
def test_members_that_are_not_there(name: str):
    """A job that lacks what nobody needs will do."""
    wire = Wire().begin()
    bare = job("SUCCEEDED")
    del bare[name]
    wire.look(bare)
    bears("061", wire, -1)


def test_files_with_an_id_and_a_link():
    """Files that are described by three members are files."""
    wire = Wire().begin().wait()
    file = {"dataSetFileId": "F1", "isValid": False, "_links": {"self": {"href": "http://127.0.0.1:8080/f"}}}
    wire.call("GET", f"/data/foundation/export/batches/{BATCH}/files", "listBatchFiles", {"data": [file]})
    bears("062", wire, -1)


@pytest.mark.parametrize(
    ("requirement", "fault"),
    [
        ("063", Fault("*", Dribble())),
        ("063", Fault("requestToken createDataset", Dribble(), skip=1)),
        ("064", Fault("getExportJob", Delay(50), skip=1)),
        ("065", Fault("*", Skew(-86_400), times=None)),
    ],
)
def test_a_strange_transport(requirement: str, fault: Fault):
    """The first exchange that the fault may have struck is shown; where another fault is about, nothing is sure."""
    shown = {"*": 1, "requestToken createDataset": 1, "getExportJob": 4}[fault.on]
    bears(requirement, export(), shown, faults=(fault,))
    other = Fault("getFile", Answer(503))
    silent(requirement, export().trace(faults=(fault, other)))


def test_an_answer_that_takes_too_long():
    """Nobody has to wait for longer than the gateway does."""
    silent("064", export().trace(end="failure", faults=(Fault("*", Delay(60)),)))


def test_an_answer_that_is_compressed():
    """Whoever asked for gzip decodes it; whoever did not is not asked to."""
    back = {"content-encoding": "gzip"}
    wire = Wire().begin()
    packed = gzip.compress(json.dumps(job("SUCCEEDED")).encode())
    wire.look(packed, headers={"accept-encoding": "gzip, deflate"}, back=back)
    bears("066", wire, -1)
    keeps("031", wire.trace())
    wire.look("SUCCEEDED", headers={"accept-encoding": "gzip"}, back=back)
    keeps("082", wire.trace())
    wire = Wire()
    wire.look("SUCCEEDED", back=back)
    silent("066", wire.trace())


TEXT = "Überlauf: 満杯"


def failed() -> Wire:
    """A job that says in other letters why it has failed."""
    wire = Wire().begin()
    wire.look(job("FAILED", errors=[{"code": "0100000003", "msg": TEXT, "callStack": ""}]))
    return wire


@pytest.mark.parametrize("said", [TEXT, "\\u00dcberlauf: \\u6e80\\u676f", "\\xdcberlauf: \\u6e80\\u676f"])
def test_letters_that_are_kept(said: str):
    """A message is told as it is, or escaped as JSON and Python do."""
    keeps("067", failed().trace("failure", said=f"0100000003: {said}"))
    keeps("067", failed().trace("failure", output=said.encode()))


def test_letters_that_are_garbled():
    """UTF-8 that was read as Latin-1 is recognised, and what is not told at all decides nothing."""
    wire = failed()
    garbled = "0100000003: " + TEXT.encode().decode("latin-1")
    breaks("067", wire.exchanges[-1], wire.trace("failure", said=garbled), "Ã")
    unsure("067", wire.trace("failure", said="0100000003"), "shows no text")
    silent("067", wire.own())


def test_letters_of_rows():
    """The rows that a client reports have their letters too."""
    wire = export()
    due = Truth(rows={"7": ({"person": {"name": ["Jürgen"], "age": 7}},)})
    keeps("067", wire.trace(rows=({"name": "Jürgen"},), truth=due))
    garbled = wire.trace(rows=({"name": "JÃ¼rgen"},), truth=due)
    shown = [each for each in wire.exchanges if each.operation == "getExportJob"][-1]
    breaks("067", shown, garbled, "Ã")
    silent("067", wire.trace(rows=({"name": "Jo"},), truth=Truth(rows={"7": ({"name": "Jo"},)})))


@pytest.mark.parametrize("end", ["failure", "crash", "timeout"])
def test_a_client_that_fails_without_a_reason(end: Any):
    """Where nothing goes wrong success is due, and how the client ended is told."""
    wire = export()
    breaks("068", wire.exchanges[-1], wire.trace(end=end, said="ouch"), ": ouch")
    breaks("068", None, Wire().trace(end=end))
    for trace in (wire.trace("failure", end=end), wire.trace(end=end, behaviour=persona()), wire.own(end=end)):
        silent("068", trace)
