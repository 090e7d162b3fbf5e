"""What belongs to one tenant stays there: neither another sandbox nor another organisation gets at it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from pytest_aep_export.exchange import Exchange
from pytest_aep_export.suite import payloads
from pytest_aep_export.suite.answers import quoted
from pytest_aep_export.suite.api import BATCHES, DATASETS, FILES, JOBS, Api
from pytest_aep_export.suite.expect import (
    array,
    document,
    expect,
    not_applicable,
    not_verified,
    pick,
    prerequisite,
    refused,
    status,
)
from pytest_aep_export.suite.exports import Exports, Shown
from pytest_aep_export.suite.records import Record, read
from pytest_aep_export.values import job_key

requirement = pytest.mark.aep_requirement

LISTS = pytest.mark.parametrize(
    "query", [{}, {"limit": 100}, {"status": "SUCCEEDED"}], ids=["all jobs", "a long page", "a status"]
)
LISTINGS: dict[str, Callable[[Api, str], Exchange]] = {
    "files": lambda visitor, batch: visitor.list_batch(batch),
    "failed files": lambda visitor, batch: visitor.list_failed(batch),
    "meta": lambda visitor, batch: visitor.list_meta(batch),
    "a folder of meta": lambda visitor, batch: visitor.list_meta(batch, path="input_files"),
}
EVERY_LISTING = pytest.mark.parametrize("what", LISTINGS)
READS = pytest.mark.parametrize("how", ["GET", "HEAD", "a range", "its names"])
NOBODYS_BATCH = "01HP1Z0A9YZ733QCJN6AXCATHF"
NOWHERE = {"x-sandbox-name": "no-such-sandbox"}


@pytest.fixture
def job(api: Api, exports: Exports) -> Any:
    """The id of a job that was just created."""
    return pick(api.new_job(exports.spare_job()), "/id")


def expect_no_job(exports: Exports, visitor: Api) -> None:
    """Require that a visitor is not shown the job, although another one may have its number there."""
    exchange = visitor.show_job(exports.id("full"))
    status(exchange, {200, *range(400, 500)}, "the job of another tenant is refused or not found")
    if exchange.response.status == 200:
        found = Shown(exchange).dataset
        expect(found != exports.dataset, exchange, "whatever has that id here is another job", found)


def datasets(exports: Exports) -> set[str]:
    """The tenant's datasets that something was exported into."""
    return {str(payload["destination"]["datasetId"]) for payload in exports.payloads.values()}


def expect_unlisted(exports: Exports, visitor: Api, query: dict[str, Any]) -> None:
    """Require that the newest jobs which a visitor is shown are not those of the tenant."""
    exports.finished("full")
    exchange = status(visitor.list_jobs(**query), {200}, "the list is answered with 200")
    foreign = datasets(exports)
    listed = [Shown(exchange, f"/records/{number}").dataset for number in range(len(array(exchange, "/records")))]
    found = sorted(foreign.intersection(map(str, listed)))
    expect(not found, exchange, "no job is listed that exports into another tenant's dataset", found)


def expect_uncancelled(api: Api, exports: Exports, job: Any, visitor: Api) -> None:
    """Require that a visitor cannot cancel the job, as far as none of its own has the same number."""
    shown = visitor.show_job(job)
    if shown.response.status == 200 and Shown(shown).dataset != exports.spare:
        not_verified(f"the other tenant has a job {job} of its own, which is not to be cancelled")
    status(visitor.cancel_job(job), range(400, 500), "cancelling another tenant's job is refused")
    last = api.watch(job)[-1]
    expect(pick(last, "/status") == "SUCCEEDED", last, "the job still succeeds", pick(last, "/status"))


def expect_no_dataset(exports: Exports, visitor: Api) -> None:
    """Require that a visitor finds the dataset neither in Catalog, nor among all that it lists, nor in Data Access."""
    for exchange in (visitor.show_dataset(exports.dataset), visitor.preview(exports.dataset)):
        status(exchange, range(400, 500), "the dataset of another tenant is refused or not found")
    every = visitor.list_datasets(limit=100)
    listed = document(every) if every.response.status == 200 else {}
    found = sorted(datasets(exports).intersection(listed)) if isinstance(listed, dict) else []
    expect(not found, every, "no dataset of another tenant is listed", found)


def expect_no_batch(exports: Exports, visitor: Api) -> None:
    """Require that a visitor does not find the batch in Catalog."""
    exchange = visitor.show_batch(exports.batch("full"))
    status(exchange, range(400, 500), "the batch of another tenant is refused or not found")


def expect_no_files(exports: Exports, visitor: Api, what: str) -> None:
    """Require that a visitor is shown none of the batch's files."""
    exchange = LISTINGS[what](visitor, exports.batch("full"))
    status(exchange, {200, *range(400, 500)}, "the files of another tenant's batch are refused or not found")
    if exchange.response.status == 200:
        found = array(exchange, "/data")
        expect(not found, exchange, "none of the files is listed", found)


def expect_like_unknown(exports: Exports, visitor: Api, what: str) -> None:
    """Require that a visitor is refused the batch where it is refused one that does not exist."""
    unknown = LISTINGS[what](visitor, NOBODYS_BATCH)
    if unknown.response.status not in range(400, 500):
        not_applicable(f"a batch that does not exist is answered with {unknown.response.status}")
    exchange = LISTINGS[what](visitor, exports.batch("full"))
    status(exchange, range(400, 500), "another tenant's batch is refused, as one that does not exist is")


def expect_unread(exports: Exports, visitor: Api, how: str) -> None:
    """Require that a visitor is told nothing of the file: neither its bytes, nor their number, nor its names."""
    entry = exports.entries("full")[0]
    path = f"{FILES}/files/{quoted(entry['id'])}"
    name, send = {"path": entry["name"]}, visitor.target.send
    exchange = {
        "GET": lambda: send("GET", path, query=name),
        "HEAD": lambda: send("HEAD", path, query=name),
        "a range": lambda: send("GET", path, query=name, headers={"Range": "bytes=0-99"}),
        "its names": lambda: send("GET", path),
    }[how]()
    status(exchange, range(400, 500), "the file of another tenant is refused or not found")


def into_its_dataset(exports: Exports, visitor: Api) -> Exchange:
    """The answer to a visitor's job for the tenant's dataset."""
    return visitor.create_job(payloads.everything(exports.spare, visitor.policy()))


def exported(visitor: Api) -> Exchange:
    """A job of the visitor's own that has exported all of its profiles."""
    created = visitor.new_job(payloads.everything(visitor.new_dataset(), visitor.policy()))
    last = visitor.watch(pick(created, "/id"))[-1]
    with prerequisite("EXP-WATCH-002"):
        expect(pick(last, "/status") == "SUCCEEDED", last, "the export succeeds", pick(last, "/status"))
    return last


def identities(records: Iterable[Record]) -> set[tuple[str, str]]:
    """Whose rows these are."""
    return {identity for record in records for identity in record.identities}


@requirement("EXP-ISO-001")
def test_a_job_next_door(exports: Exports, next_door: Api):
    """Another sandbox is not shown the job."""
    expect_no_job(exports, next_door)


@LISTS
@requirement("EXP-ISO-002")
def test_the_list_next_door(exports: Exports, next_door: Api, query: dict[str, Any]):
    """The list of another sandbox holds none of the jobs."""
    expect_unlisted(exports, next_door, query)


@requirement("EXP-ISO-003")
def test_cancelling_from_next_door(api: Api, exports: Exports, job: Any, next_door: Api):
    """Another sandbox cannot cancel the job."""
    expect_uncancelled(api, exports, job, next_door)


@requirement("EXP-ISO-004")
def test_a_dataset_next_door(exports: Exports, next_door: Api):
    """Another sandbox is not shown the dataset."""
    expect_no_dataset(exports, next_door)


@requirement("EXP-ISO-005")
def test_exporting_next_door(exports: Exports, next_door: Api):
    """Another sandbox cannot export into the dataset."""
    refused(into_its_dataset(exports, next_door), "an export into another sandbox's dataset is refused")


@requirement("EXP-ISO-006")
def test_a_batch_next_door(exports: Exports, next_door: Api):
    """Another sandbox does not find the batch in Catalog."""
    expect_no_batch(exports, next_door)


@EVERY_LISTING
@requirement("EXP-ISO-007")
def test_the_files_next_door(exports: Exports, next_door: Api, what: str):
    """Another sandbox is shown no file of the batch, of whichever kind."""
    expect_no_files(exports, next_door, what)


@EVERY_LISTING
@requirement("EXP-ISO-021")
def test_a_batch_next_door_is_like_none(exports: Exports, next_door: Api, what: str):
    """To another sandbox the batch is like one that does not exist."""
    expect_like_unknown(exports, next_door, what)


@READS
@requirement("EXP-ISO-008")
def test_a_file_next_door(exports: Exports, next_door: Api, how: str):
    """Another sandbox cannot read the file."""
    expect_unread(exports, next_door, how)


@requirement("EXP-ISO-009")
@pytest.mark.parametrize("where", ["jobs", "a job", "datasets", "a batch", "its files", "a file", "a preview"])
def test_a_sandbox_that_is_not_there(api: Api, exports: Exports, where: str):
    """A sandbox that the organisation does not have is refused by every service."""
    paths: dict[str, Callable[[], str]] = {
        "jobs": lambda: JOBS,
        "a job": lambda: f"{JOBS}/{job_key(exports.id('full'))}",
        "datasets": lambda: f"{DATASETS}/{exports.dataset}",
        "a batch": lambda: f"{BATCHES}/{exports.batch('full')}",
        "its files": lambda: f"{FILES}/batches/{exports.batch('full')}/files",
        "a file": lambda: f"{FILES}/files/{quoted(exports.entries('full')[0]['id'])}",
        "a preview": lambda: f"{FILES}/datasets/{exports.dataset}/preview",
    }
    exchange = api.target.send("GET", paths[where](), headers=NOWHERE)
    refused(exchange, "a sandbox that is not there is refused with a status of 400 to 499")


@requirement("EXP-ISO-010")
@pytest.mark.parametrize("whose", ["the one", "the other"])
def test_a_token_of_another_organisation(api: Api, stranger: Api, whose: str):
    """A token is no good for another organisation, whichever of two issued it."""
    caller, owner = (api, stranger) if whose == "the one" else (stranger, api)
    foreign = {"x-gw-ims-org-id": owner.target.credentials.org_id}
    exchange = caller.target.send("GET", JOBS, headers=foreign)
    body = refused(exchange, "a call for another organisation is refused with a status of 400 to 499")
    code = str(body.get("error_code"))
    expect(code in {"403025", "403027"}, exchange, "error_code is 403025 or 403027", body.get("error_code"))


@requirement("EXP-ISO-011")
def test_an_api_key_of_another_organisation(api: Api, stranger: Api):
    """A token is no good with another integration's API key."""
    foreign = {"x-api-key": stranger.target.credentials.client_id}
    refused(api.target.send("GET", JOBS, headers=foreign), "a token with another integration's key is refused")


@requirement("EXP-ISO-012")
def test_a_job_of_another_organisation(exports: Exports, stranger: Api):
    """Another organisation is not shown the job."""
    expect_no_job(exports, stranger)


@LISTS
@requirement("EXP-ISO-013")
def test_the_list_of_another_organisation(exports: Exports, stranger: Api, query: dict[str, Any]):
    """The list of another organisation holds none of the jobs."""
    expect_unlisted(exports, stranger, query)


@requirement("EXP-ISO-014")
def test_cancelling_from_another_organisation(api: Api, exports: Exports, job: Any, stranger: Api):
    """Another organisation cannot cancel the job."""
    expect_uncancelled(api, exports, job, stranger)


@requirement("EXP-ISO-015")
def test_a_dataset_of_another_organisation(exports: Exports, stranger: Api):
    """Another organisation is not shown the dataset."""
    expect_no_dataset(exports, stranger)


@requirement("EXP-ISO-016")
def test_exporting_to_another_organisation(exports: Exports, stranger: Api):
    """Another organisation cannot export into the dataset."""
    refused(into_its_dataset(exports, stranger), "an export into another organisation's dataset is refused")


@requirement("EXP-ISO-017")
def test_a_batch_of_another_organisation(exports: Exports, stranger: Api):
    """Another organisation does not find the batch in Catalog."""
    expect_no_batch(exports, stranger)


@EVERY_LISTING
@requirement("EXP-ISO-018")
def test_the_files_of_another_organisation(exports: Exports, stranger: Api, what: str):
    """Another organisation is shown no file of the batch, of whichever kind."""
    expect_no_files(exports, stranger, what)


@EVERY_LISTING
@requirement("EXP-ISO-022")
def test_a_batch_of_another_organisation_is_like_none(exports: Exports, stranger: Api, what: str):
    """To another organisation the batch is like one that does not exist."""
    expect_like_unknown(exports, stranger, what)


@READS
@requirement("EXP-ISO-019")
def test_a_file_of_another_organisation(exports: Exports, stranger: Api, how: str):
    """Another organisation cannot read the file."""
    expect_unread(exports, stranger, how)


@requirement("EXP-ISO-020")
def test_the_profiles_of_another_organisation(exports: Exports, stranger: Api):
    """An export holds no profile of another organisation."""
    job = exported(stranger)
    mine, theirs = identities(exports.known()), identities(read(stranger.table(job)))
    found = sorted(mine & theirs)[:3]
    expect(not found, job, "no profile is exported to two organisations", found)
