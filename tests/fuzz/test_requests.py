"""Schemathesis on the contract finds nothing wrong with the emulator."""

from __future__ import annotations

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
from pytest_aep_export.fuzz import schema

if TYPE_CHECKING:
    import schemathesis

CASES = 25
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]

emulator = Emulator()
tenant = emulator.create_tenant()
contract = schema(emulator.app)


@pytest.fixture(scope="module", autouse=True)
def _closed() -> Iterator[None]:
    yield
    emulator.close()


@pytest.fixture(scope="module")
def headers() -> Mapping[str, str]:
    """What gets a request past the gateway."""
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
def test_no_request_gets_an_answer_that_the_contract_does_not_know(case: schemathesis.Case, headers):
    """Whatever is sent, valid or not, the answer is documented: no 5xx, no other status, type or body."""
    case.call_and_validate(headers=dict(headers), checks=CHECKS)
    assert emulator.defects == ()
