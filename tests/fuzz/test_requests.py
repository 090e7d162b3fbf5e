"""Schemathesis on the contract finds nothing wrong with the emulator."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import hypothesis
import pytest
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from pytest_aep_export import Emulator
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.fuzz import schema

if TYPE_CHECKING:
    import schemathesis
    from starlette.types import Receive, Scope, Send

CASES = 25
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]

made: list[Emulator] = []


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """The emulator that the tests of this module run against: it is made when the first of them runs."""
    await made[-1].app(scope, receive, send)


contract = schema(app)


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """An emulator that is called in this process, without a server."""
    with Emulator() as one:
        made.append(one)
        yield one


@pytest.fixture(scope="module")
def headers(emulator: Emulator) -> Mapping[str, str]:
    """What gets a request past the gateway."""
    tenant = emulator.create_tenant()
    who = tenant.credentials
    token = emulator.state.tokens.issue(who.client_id, who.scopes, tenant.clock.now())
    return {
        "authorization": f"Bearer {token}",
        "x-api-key": who.client_id,
        "x-gw-ims-org-id": who.org_id,
        "x-sandbox-name": who.sandbox,
    }


@contract.parametrize()
@hypothesis.settings(max_examples=CASES, derandomize=True, deadline=None, database=None)
def test_no_request_gets_an_answer_that_the_contract_does_not_know(case: schemathesis.Case, headers, emulator):
    """Whatever is sent, valid or not, the answer is documented: no 5xx, no other status, type or body."""
    case.call_and_validate(headers=dict(headers), checks=CHECKS)
    assert emulator.defects == ()


def test_without_the_extra_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    """Fuzzing is an extra: where it is missing, the message names the command that brings it."""
    monkeypatch.setitem(sys.modules, "schemathesis", None)
    with pytest.raises(ConfigurationError, match=r"install it with pip install 'pytest-aep-export\[fuzz\]'"):
        schema(app)


def test_no_case_is_aimed_at_adobe():
    """The hosts of the contract are not those of the fuzzing: a case knows its target only."""
    aimed = schema("http://127.0.0.1:9")
    assert aimed.get_base_url() == "http://127.0.0.1:9"
    places = [aimed.raw_schema, *aimed.raw_schema["paths"].values()]
    assert [place["servers"] for place in places if "servers" in place] == [[{"url": "/"}]]
