"""Creating the dataset that an export goes into."""

from __future__ import annotations

import re

import pytest

from pytest_aep_export.contract import Contract
from pytest_aep_export.exchange import Exchange
from pytest_aep_export.model import UNION_SCHEMA
from pytest_aep_export.suite.answers import dataset_id
from pytest_aep_export.suite.api import DATASETS, Api
from pytest_aep_export.suite.expect import conforms, document, expect, expect_direct, pick, prerequisite, status

requirement = pytest.mark.aep_requirement

NAME = "aep-export suite: a named dataset"


@pytest.fixture(scope="module")
def created(api: Api) -> Exchange:
    """The answer to the creation of a dataset."""
    return api.create_dataset({"name": NAME})


@pytest.fixture
def identifier(created: Exchange) -> str:
    """The id of the dataset."""
    with prerequisite("EXP-DATASET-001"):
        return dataset_id(created)


def expect_reference(exchange: Exchange) -> None:
    """Require the answer to a creation: one reference."""
    status(exchange, {200, 201}, "a dataset is created with 200 or 201")
    body = document(exchange)
    expect(isinstance(body, list) and len(body) == 1, exchange, "the body is an array of one reference", body)
    matches = isinstance(body[0], str) and re.fullmatch(r"@/data[sS]ets/[^/]+", body[0])
    expect(matches, exchange, "the reference has the form @/dataSets/{id}", body[0])


@requirement("EXP-DATASET-001")
def test_a_creation_gives_a_reference(created: Exchange):
    """Creating a dataset is answered with an array of one reference to it."""
    expect_reference(created)


@requirement("EXP-DATASET-002")
def test_ids_are_unique(api: Api, created: Exchange):
    """Two datasets have different ids."""
    other = api.create_dataset({"name": NAME})
    expect(
        dataset_id(other) != dataset_id(created), other, "the second dataset has an id of its own", dataset_id(other)
    )


@requirement("EXP-DATASET-003")
def test_a_dataset_is_found(api: Api, identifier: str):
    """A created dataset is found under its id, with its name and schema."""
    exchange = status(api.show_dataset(identifier), {200}, "a dataset that exists is answered with 200")
    name, schema = pick(exchange, f"/{identifier}/name"), pick(exchange, f"/{identifier}/schemaRef/id")
    expect(name == NAME, exchange, f"the name is {NAME!r}", name)
    expect(schema == UNION_SCHEMA, exchange, f"schemaRef.id is {UNION_SCHEMA}", schema)


@requirement("EXP-DATASET-012")
def test_the_contract(api: Api, contract: Contract, identifier: str):
    """No member of a dataset contradicts every documented variant."""
    with prerequisite("EXP-DATASET-003"):
        exchange = status(api.show_dataset(identifier), {200}, "a dataset that exists is answered with 200")
    conforms(exchange, contract.validate_response("getDataset", exchange.response))


@requirement("EXP-DATASET-013")
def test_a_dataset_belongs_to_the_organisation(api: Api, identifier: str):
    """A dataset belongs to the organisation that has created it."""
    with prerequisite("EXP-DATASET-003"):
        exchange = status(api.show_dataset(identifier), {200}, "a dataset that exists is answered with 200")
        found = pick(exchange, f"/{identifier}").get("imsOrg")
    wanted = api.target.credentials.org_id
    expect(found in {None, wanted}, exchange, "imsOrg is the organisation of the call", found)


@requirement("EXP-DATASET-004")
def test_a_file_description_is_accepted(api: Api):
    """The older body with a file description creates a dataset as well."""
    parquet = {"persisted": True, "containerFormat": "parquet", "format": "parquet"}
    expect_reference(api.create_dataset({"fileDescription": parquet}))


@requirement("EXP-DATASET-005")
def test_a_trailing_slash(api: Api):
    """A trailing slash makes no difference to the creation."""
    expect_reference(api.create_dataset(path=f"{DATASETS}/"))


@requirement("EXP-DATASET-011")
def test_no_redirect(api: Api):
    """The path with a trailing slash is answered itself."""
    exchange = api.create_dataset(path=f"{DATASETS}/")
    expect_direct(exchange, f"{DATASETS}/")


@requirement("EXP-DATASET-006")
def test_the_status_is_201(created: Exchange, identifier: str):
    """The creation is answered with 201."""
    assert identifier
    status(created, {201}, "a dataset is created with 201")


@requirement("EXP-DATASET-007")
def test_the_location(created: Exchange):
    """The answer's Location ends in the id."""
    location = created.response.headers.get("location", "")
    expect(
        location.endswith(f"/{dataset_id(created)}"), created, "Location ends in the dataset's id", location or "none"
    )


@requirement("EXP-DATASET-008")
def test_the_spelling_of_the_reference(created: Exchange, identifier: str):
    """The reference spells the collection as its path does."""
    reference = pick(created, "/0")
    expect(reference == f"@/dataSets/{identifier}", created, f"the reference is @/dataSets/{identifier}", reference)


@requirement("EXP-DATASET-009")
def test_the_form_of_the_id(created: Exchange, identifier: str):
    """An id has 24 hexadecimal digits."""
    expect(re.fullmatch("[0-9a-f]{24}", identifier), created, "the id has 24 hexadecimal digits", identifier)


@requirement("EXP-DATASET-010")
def test_an_unknown_dataset(api: Api):
    """An id that no dataset has is answered with 404."""
    status(api.show_dataset("0" * 24), {404}, "an unknown dataset is answered with 404")
