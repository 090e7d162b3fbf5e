"""Schemathesis on the contract: it blames nothing that is right, finds what is wrong, and draws the same for a seed."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from pytest_aep_export import Emulator
from pytest_aep_export.errors import AepError, ConfigurationError
from pytest_aep_export.exchange import Headers, Request, Response
from pytest_aep_export.fuzz import Bounds, Breadth, Parties, Tally, fuzz, in_process, schema
from pytest_aep_export.fuzz.parties import HeldBackError, Send
from pytest_aep_export.fuzz.performing import Performance

if TYPE_CHECKING:
    import schemathesis
    from starlette.types import Receive, Scope
    from starlette.types import Send as Deliver

CASES = 3
EVERY_KIND = [
    "requestToken", "createDataset", "createExportJob", "getExportJob", "listExportJobs", "cancelExportJob",
    "listBatchFiles", "headFile", "getMergePolicy",
]  # fmt: skip
"""Operations whose answers are of every kind: bodies of one thing and of many, no body, files, and references."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
"""What is left out of `Breadth`, because ours say the same: here they are held against the emulator beside ours."""

made: list[Emulator] = []


async def app(scope: Scope, receive: Receive, send: Deliver) -> None:
    """The emulator that the tests of this module run against: it is made when the first of them runs."""
    await made[-1].app(scope, receive, send)


contract = schema(app)


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """An emulator that is called in this process, without a server."""
    with Emulator(profiles=5) as one:
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


@pytest.fixture
def parties(emulator: Emulator) -> Callable[[], Parties]:
    """Makes a tenant to work in."""

    def make() -> Parties:
        tenant = emulator.create_tenant()
        return Parties({"own": tenant.credentials}, dialect="canonical", leave=tenant.delete)

    return make


class Heard:
    """A listener that passes on what breadth has to hear, and keeps what was tried."""

    def __init__(self, breadth: Breadth) -> None:
        self.breadth = breadth
        self.tales: list[Any] = []
        self.sent: set[str] = set()

    def tried(self, tally: Tally, performance: Performance) -> None:
        """Keep a case."""
        self.breadth.tried(tally, performance)
        self.tales.append(performance.case.to_json())
        self.sent |= {attempt.step.operation for attempt in performance.attempts}

    def found(self, finding: object) -> None:
        """Nothing."""


def drawn(
    send: Send, parties: Callable[[], Parties], cases: int, seed: int = 0, operations: tuple[str, ...] = ()
) -> tuple[Tally, Heard]:
    """So many cases, tried."""
    heard = Heard(Breadth(seed, cases, operations))
    bounds = Bounds(cases=cases, renew=cases + 1, patience=60)
    return fuzz(send, parties, seed=seed, bounds=bounds, cases=heard.breadth, listener=heard), heard


@contract.include(operation_id=EVERY_KIND).parametrize()
@hypothesis.settings(max_examples=CASES, derandomize=True, deadline=None, database=None)
def test_no_request_gets_an_answer_that_the_contract_does_not_know(case: schemathesis.Case, headers, emulator):
    """Whatever is sent, valid or not, the answer is documented: no 5xx, no other status, type, header or body."""
    case.call_and_validate(headers=dict(headers), checks=CHECKS)
    assert emulator.defects == ()


def test_a_correct_server_is_blamed_for_nothing(emulator, parties):
    """Through all phases and all operations nothing is found at the emulator, and it breaks no contract of its own."""
    tally, heard = drawn(in_process(emulator.app), parties, 260)
    assert [str(finding) for finding in tally.findings] == []
    assert emulator.defects == ()
    assert heard.sent == set(contract_operations())


def test_what_an_answer_has_given_is_asked_for(emulator, parties):
    """Schemathesis follows the links of the contract, and such a chain is one case, that shows all by itself."""
    _, heard = drawn(in_process(emulator.app), parties, 100, operations=("createDataset", "getDataset"))
    chains = [
        [step["operation"] for step in tale["steps"]] for tale in heard.tales if tale["name"] == "drawn by schemathesis"
    ]
    assert ["createDataset", "getDataset"] in chains


def contract_operations() -> Iterator[str]:
    """The ids of all operations."""
    for path in contract.raw_schema["paths"].values():
        yield from (node["operationId"] for node in path.values() if isinstance(node, dict) and "operationId" in node)


def test_a_seed_gives_the_same_cases(emulator, parties):
    """Twice the same, and others with another seed: past the phases that enumerate."""
    operations = ("getExportJob",)
    first, again, other = (
        drawn(in_process(emulator.app), parties, 20, seed, operations)[1].tales for seed in (3, 3, 4)
    )
    assert first == again
    assert first != other


def test_only_what_was_asked_for_is_tried(emulator, parties):
    """With operations named, schemathesis draws for no other; the stage needs others."""
    _, heard = drawn(in_process(emulator.app), parties, 30, operations=("getMergePolicy",))
    names = {step["operation"] for tale in heard.tales if tale["name"].startswith("drawn") for step in tale["steps"]}
    assert names == {"getMergePolicy"}


def test_auth_that_is_not_asked_for_is_found(emulator, parties):
    """A gateway that serves without a token breaks what it is owed, and the finding can be tried again."""
    real = in_process(emulator.app)
    good: dict[str, str] = {}

    async def open_house(request: Request) -> Response:
        if request.url.startswith("/ims/"):
            return await real(request)
        if request.headers.get("authorization", "").count("."):
            good.update({name: value for name, value in request.headers.raw if name != "content-length"})
        kept = {name: good.get(name, value) for name, value in request.headers.raw}
        return await real(Request(request.method, request.url, Headers({**good, **kept}), request.body))

    tally, _ = drawn(open_house, parties, 60, operations=("listMergePolicies",))
    assert {(each.check, each.source) for each in tally.findings} >= {("owed", "EXP-AUTH-004")}


def test_a_body_that_is_wrong_and_accepted_is_found(emulator, parties):
    """What schemathesis's own check blames becomes a finding like any other: with a level, a source and a case."""
    real = in_process(emulator.app)

    async def yes(request: Request) -> Response:
        answer = await real(request)
        wrong = request.url.startswith("/data/foundation/catalog/dataSets") and answer.status == 400
        return Response(201, answer.headers, b'["@/dataSets/5b020a27e7040801dedba61b"]') if wrong else answer

    tally, _ = drawn(yes, parties, 60, operations=("createDataset",))
    found = [each for each in tally.findings if each.case.name == "negative_data_rejection of schemathesis"]
    assert found
    assert {each.level for each in found} == {"SHOULD"}
    assert json.loads(json.dumps(found[0].to_json()))["case"]["steps"][-1]["operation"] == "createDataset"


def test_what_is_held_back_is_neither_right_nor_wrong(emulator, parties):
    """Where requests are not let out, nothing is found and everything goes on."""
    real = in_process(emulator.app)

    async def shy(request: Request) -> Response:
        if "sandbox-management" in request.url:
            raise HeldBackError("not now")
        return await real(request)

    tally, heard = drawn(shy, parties, 15, operations=("getSandbox",))
    assert tally.findings == []
    assert tally.cases == 15
    assert "getSandbox" not in heard.sent


def test_it_ends_when_nobody_asks_for_more(emulator, parties):
    """Its thread does not outlive the run."""
    before = threads()
    drawn(in_process(emulator.app), parties, 3)
    assert threads() == before


def threads() -> set[str]:
    """The names of schemathesis's threads."""
    import threading  # noqa: PLC0415 - of use here only

    return {each.name for each in threading.enumerate() if "schemathesis" in each.name}


def test_a_failure_of_schemathesis_is_one_sentence(monkeypatch: pytest.MonkeyPatch):
    """What goes wrong in its thread is told in ours."""
    breadth = Breadth(0, 10)
    monkeypatch.setattr(breadth, "_engine", lambda _: 1 / 0)
    with pytest.raises(AepError, match="schemathesis has failed: ZeroDivisionError"):
        list(islice(breadth, 1))


@pytest.mark.parametrize("make", [lambda: schema(app), lambda: Breadth(0, 10)])
def test_without_the_extra_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch, make):
    """It is an extra: where it is missing, the message names the command that brings it."""
    monkeypatch.setitem(sys.modules, "schemathesis", None)
    with pytest.raises(ConfigurationError, match=r"install it with pip install 'pytest-aep-export\[fuzz\]'"):
        make()


def test_no_case_is_aimed_at_adobe():
    """The hosts of the contract are not those of the fuzzing: a case knows its target only."""
    aimed = schema("http://127.0.0.1:9")
    assert aimed.get_base_url() == "http://127.0.0.1:9"
    places = [aimed.raw_schema, *aimed.raw_schema["paths"].values()]
    assert [place["servers"] for place in places if "servers" in place] == [[{"url": "/"}]]
