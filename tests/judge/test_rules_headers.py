"""What is the same for every call: headers, routes, parameters."""

from __future__ import annotations

from typing import Any

import pytest

from tests.judge.traces import FOUR, JOBS, Wire, breaks, export, keeps, silent


def test_an_export_shows_every_rule():
    """An export that is right in everything keeps what every call is held to."""
    for requirement in ("003", "004", "005", "006", "007", "008", "009", "010"):
        keeps(requirement, export().trace())
        keeps(requirement, export().own())


@pytest.mark.parametrize("name", [*FOUR, "authorization"])
def test_a_call_without_a_header(name: str):
    """A call that lacks one of the four headers is shown, and no other is."""
    wire = export()
    wire.page()
    bare = wire.page(status=403, without={name})
    breaks("003", bare, wire.own(), f"without {name}")


def test_a_header_that_is_empty():
    """A header without a value is as good as none."""
    wire = export()
    breaks("003", wire.page(headers={"x-sandbox-name": ""}), wire.own(), "without x-sandbox-name")


def test_calls_for_tokens_need_no_headers():
    """Only calls of the API itself carry the four headers."""
    wire = Wire()
    wire.token()
    for requirement in ("003", "006", "007", "010"):
        silent(requirement, wire.own())


@pytest.mark.parametrize("media", ["text/plain", "", "application/vnd.adobe.xdm+json"])
@pytest.mark.parametrize(("requirement", "call"), [("004", "create"), ("008", "dataset")])
def test_a_body_that_is_not_said_to_be_json(requirement: str, call: str, media: str):
    """A job and a dataset are asked for as application/json and as nothing else."""
    wire = export()
    breaks(requirement, getattr(wire, call)(headers={"content-type": media}), wire.own())


def test_the_case_of_a_media_type_and_its_parameters_do_not_matter():
    """application/json is that in any case, and with a charset."""
    wire = Wire()
    wire.create(headers={"content-type": "Application/JSON; charset=utf-8"})
    keeps("004", wire.own())


def test_a_route_that_the_api_lacks():
    """A call that the contract does not know is shown."""
    wire = export()
    breaks("005", wire.call("GET", "/export/job", "", status=404), wire.own())


@pytest.mark.parametrize("value", ["Basic dXNlcg==", "token-number-one", "Bearer ", "bearer"])
def test_another_scheme(value: str):
    """A token is sent with the scheme Bearer and no other."""
    wire = export()
    breaks("006", wire.page(headers={"authorization": value}), wire.own())


def test_the_case_of_the_scheme_does_not_matter():
    """Adobe's own client writes bearer."""
    wire = Wire()
    wire.page(headers={"authorization": "bearer token-number-one"})
    keeps("006", wire.own())


def test_another_key():
    """The key is the client id that the token was asked for with."""
    wire = export()
    breaks("007", wire.page(headers={"x-api-key": "another"}), wire.own())


def test_a_key_without_a_token_request():
    """Where the token came from elsewhere, no key is wrong."""
    wire = Wire()
    wire.page()
    silent("007", wire.own())


@pytest.mark.parametrize(
    ("query", "found"),
    [("?lmiit=2", "lmiit"), ("?limit=two", "limit="), ("?status=DONE", "status="), ("?limit=0", "limit=")],
)
def test_a_parameter_that_no_source_lists(query: str, found: str):
    """A parameter that is unknown or has no value of its type is named."""
    wire = export()
    breaks("009", wire.page(query=query), wire.own(), found)


@pytest.mark.parametrize("query", ["?limit=1000", "?start=4&page=2&sort=updateTime:asc", "?status=FAILED"])
def test_parameters_that_a_source_lists(query: str):
    """Whatever any source lists is no mistake."""
    wire = Wire()
    wire.page(query=query)
    keeps("009", wire.own())


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_body_where_none_belongs(method: str):
    """A call that reads or cancels has no body; a content type alone is no body."""
    wire = export()
    call: dict[str, Any] = {"GET": wire.look, "DELETE": wire.cancel}
    call[method]("SUCCEEDED" if method == "GET" else None, headers={"content-type": "application/json"})
    keeps("010", wire.own())
    path = f"{JOBS}/7"
    operation = {"GET": "getExportJob", "DELETE": "cancelExportJob"}[method]
    breaks("010", wire.call(method, path, operation, {}, sent={}), wire.own(), "2 bytes")
