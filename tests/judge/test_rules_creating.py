"""Creating: the dataset first, then one job."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_aep_export.emulator import Behaviour
from pytest_aep_export.emulator.faults import Answer, Fault, Reset
from tests.judge.traces import ASKED, DATASET, JOBS, Wire, breaks, export, job, keeps, outcomes, persona, silent, unsure

LOST = (Fault("createExportJob", Reset()),)
ERROR = (Fault("createExportJob", Answer(500, after=True)),)


def test_an_export_shows_the_order():
    """An export that is right in everything creates the dataset, the job with its id, and watches that."""
    for requirement in ("025", "026", "027", "081"):
        keeps(requirement, export().trace())
    for requirement in ("026", "027"):
        keeps(requirement, export().own())
    silent("025", export().own())
    for requirement in ("028", "029", "030", "059"):
        silent(requirement, export().trace())


def test_a_job_before_its_dataset():
    """A client that is to create a dataset does so before the job, and it has to be created."""
    wire = Wire()
    wire.token()
    early = wire.create()
    wire.dataset()
    wire.wait().read()
    breaks("025", early, wire.trace())
    silent("025", wire.trace(task="list"))


@pytest.mark.parametrize("target", [f"@/dataSets/{DATASET}", "another"])
def test_a_dataset_that_is_not_the_one_created(target: str):
    """The job names the id of the dataset, not its reference and no other id."""
    wire = Wire()
    wire.token()
    wire.dataset()
    wrong = wire.create(sent=ASKED | {"destination": {"datasetId": target}})
    wire.wait().read()
    breaks("026", wrong, wire.trace(), target)


def test_a_dataset_that_was_there_before():
    """In its own test a client may export into any dataset, but no reference is an id."""
    wire = Wire()
    wire.dataset()
    wire.create(sent=ASKED | {"destination": {"datasetId": "5cf6bcf79ecc7c14530fe436"}})
    silent("026", wire.own())
    wrong = wire.create(sent=ASKED | {"destination": {"datasetId": f"@/dataSets/{DATASET}"}})
    breaks("026", wrong, wire.own())


def test_the_other_spelling_of_a_reference():
    """The id is taken out of @/datasets/ as well; who cannot do that fails there and nowhere else."""
    wire = Wire()
    wire.token()
    reference = wire.dataset(f"@/datasets/{DATASET}")
    breaks("059", reference, wire.trace(end="failure", behaviour=persona()), "it reported a failure")
    wire.create()
    keeps("059", wire.trace())
    silent("026", wire.trace())
    wire = Wire()
    wire.token()
    wire.dataset(f"@/datasets/{DATASET}")
    breaks("059", wire.create(sent=ASKED | {"destination": {"datasetId": f"@/datasets/{DATASET}"}}), wire.own())


def test_a_job_that_is_somebody_elses():
    """A client that watches the newest job instead of its own is caught."""
    wire = Wire().begin()
    other = wire.look("PROCESSING", number=8)
    wire.look("SUCCEEDED", number=8)
    breaks("027", other, wire.trace(behaviour=persona(), ending="either", end="failure"), "job 8 is looked at")
    unsure("027", wire.own(), "job 8 is looked at")
    wire.look("SUCCEEDED", number=9)
    wire.call("GET", f"{JOBS}/7.0", "getExportJob", {}, status=404)
    keeps("027", wire.trace())


def test_a_job_whose_id_nobody_knows():
    """Whoever was not told an id may look at any job; whoever looks at none may read the list."""
    wire = Wire()
    wire.token()
    wire.dataset()
    wire.create(status=0, answer=b"")
    wire.look("SUCCEEDED", number=8)
    silent("027", wire.trace())
    silent("027", Wire().begin().trace())


@pytest.mark.parametrize("lost", [{"status": 0, "answer": b""}, {"answer": b'{"id": 7', "cut": True}, {"answer": b"{"}])
def test_a_second_job_when_no_answer_came(lost: dict[str, Any]):
    """A creation whose answer is lost or unreadable is not repeated; a look at the list makes it good."""
    wire = Wire()
    wire.token()
    wire.dataset()
    wire.create(**lost)
    keeps("028", wire.trace("either", end="failure", faults=LOST))
    second = wire.create(job(number=8))
    wire.look("SUCCEEDED", number=8)
    breaks("028", second, wire.trace("either", faults=LOST), "asked for again")
    unsure("028", wire.own(), "asked for again")
    wire = Wire()
    wire.create(**lost)
    wire.page(7)
    wire.create(job(number=8))
    keeps("028", wire.trace("either"))


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_second_job_when_the_fate_of_the_first_is_open(status: int):
    """A creation that a server or gateway may have carried out is not repeated; one that it refused may be."""
    wire = Wire()
    wire.token()
    wire.dataset()
    wire.create({}, status=status)
    keeps("029", wire.trace("either", end="failure", faults=ERROR))
    breaks("029", wire.create(), wire.trace("either", end="failure", faults=ERROR), "asked for again")
    wire = Wire()
    wire.create({}, status=503)
    wire.create()
    silent("029", wire.trace())
    silent("028", wire.trace())


@pytest.mark.parametrize("call", ["dataset", "create"])
def test_a_second_creation(call: str):
    """A client that creates a dataset or a job again, although it was told that there is one, is caught."""
    wire = Wire()
    wire.token()
    wire.dataset(status=503)
    wire.dataset()
    wire.create({"title": "no"}, status=503)
    wire.create()
    keeps("081", wire.trace())
    second = getattr(wire, call)()
    wire.wait().read()
    breaks("081", second, wire.trace(), "another one")
    silent("081", wire.own())
    silent("081", wire.trace(task="list"))


def test_a_refused_creation():
    """A client that reports success although every creation was refused is caught."""
    wire = Wire()
    wire.token()
    wire.dataset()
    refused = wire.create({}, status=403)
    breaks("030", refused, wire.trace("failure", end="success"), "reported success")
    keeps("030", wire.trace("failure"))
    silent("030", wire.own())
    silent("030", wire.trace("failure", end="timeout"))
    wire.create()
    silent("030", wire.trace())


def test_a_refusal_of_anything_that_is_needed():
    """Without a token there is no list, and without a dataset no export."""
    wire = Wire()
    refused = wire.token(status=401)
    breaks("030", refused, wire.trace("failure", task="list", end="success"))
    wire.token()
    refused = wire.dataset(status=403)
    breaks("030", refused, wire.trace("failure", end="success"))
    silent("030", wire.trace("failure", task="list", end="success"))


def test_the_requirement_is_silent_about_lists():
    """Nobody creates anything for a list."""
    wire = Wire()
    wire.token()
    wire.create({}, status=403)
    silent("030", wire.trace("failure", task="list"))
    assert outcomes("025", wire.trace(task="list", behaviour=Behaviour())) == []
