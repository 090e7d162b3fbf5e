"""What belongs to one tenant stays there: neither another sandbox nor another organisation gets at it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from pytest_aep_export.exchange import Exchange
from pytest_aep_export.suite import payloads
from pytest_aep_export.suite.api import JOBS, Api
from pytest_aep_export.suite.expect import array, expect, not_verified, pick, prerequisite, refused, status
from pytest_aep_export.suite.exports import Exports, Shown
from pytest_aep_export.suite.records import Record, read

requirement = pytest.mark.aep_requirement


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


def expect_unlisted(exports: Exports, visitor: Api) -> None:
    """Require that the newest jobs which a visitor is shown are not those of the tenant."""
    exchange = status(visitor.list_jobs(limit=100), {200}, "the list is answered with 200")
    foreign = {str(payload["destination"]["datasetId"]) for payload in exports.payloads.values()}
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
    """Require that a visitor finds the dataset neither in Catalog nor in Data Access."""
    for exchange in (visitor.show_dataset(exports.dataset), visitor.preview(exports.dataset)):
        status(exchange, range(400, 500), "the dataset of another tenant is refused or not found")


def expect_no_batch(exports: Exports, visitor: Api) -> None:
    """Require that a visitor does not find the batch in Catalog."""
    exchange = visitor.show_batch(exports.batch("full"))
    status(exchange, range(400, 500), "the batch of another tenant is refused or not found")


def expect_no_files(exports: Exports, visitor: Api) -> None:
    """Require that a visitor is shown none of the batch's files."""
    exchange = visitor.list_batch(exports.batch("full"))
    status(exchange, {200, *range(400, 500)}, "the files of another tenant's batch are refused or not found")
    if exchange.response.status == 200:
        found = array(exchange, "/data")
        expect(not found, exchange, "none of the files is listed", found)


def expect_unread(exports: Exports, visitor: Api) -> None:
    """Require that a visitor reads none of the bytes."""
    for entry in exports.entries("full")[:1]:
        status(visitor.read(entry), range(400, 500), "the file of another tenant is refused or not found")


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


@requirement("EXP-ISO-002")
def test_the_list_next_door(exports: Exports, next_door: Api):
    """The list of another sandbox holds none of the jobs."""
    expect_unlisted(exports, next_door)


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


@requirement("EXP-ISO-007")
def test_the_files_next_door(exports: Exports, next_door: Api):
    """Another sandbox is shown no file of the batch."""
    expect_no_files(exports, next_door)


@requirement("EXP-ISO-008")
def test_a_file_next_door(exports: Exports, next_door: Api):
    """Another sandbox cannot read the file."""
    expect_unread(exports, next_door)


@requirement("EXP-ISO-009")
def test_a_sandbox_that_is_not_there(api: Api):
    """A sandbox that the organisation does not have is refused."""
    exchange = api.target.send("GET", JOBS, headers={"x-sandbox-name": "no-such-sandbox"})
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


@requirement("EXP-ISO-013")
def test_the_list_of_another_organisation(exports: Exports, stranger: Api):
    """The list of another organisation holds none of the jobs."""
    expect_unlisted(exports, stranger)


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


@requirement("EXP-ISO-018")
def test_the_files_of_another_organisation(exports: Exports, stranger: Api):
    """Another organisation is shown no file of the batch."""
    expect_no_files(exports, stranger)


@requirement("EXP-ISO-019")
def test_a_file_of_another_organisation(exports: Exports, stranger: Api):
    """Another organisation cannot read the file."""
    expect_unread(exports, stranger)


@requirement("EXP-ISO-020")
def test_the_profiles_of_another_organisation(exports: Exports, stranger: Api):
    """An export holds no profile of another organisation."""
    job = exported(stranger)
    mine, theirs = identities(exports.known()), identities(read(stranger.table(job)))
    found = sorted(mine & theirs)[:3]
    expect(not found, job, "no profile is exported to two organisations", found)
