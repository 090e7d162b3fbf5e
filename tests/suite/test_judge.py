"""The judge: clients that are wrong on purpose are caught from what they sent."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from pytest_aep_export.emulator import Behaviour, Emulator, EmulatorServer, Tenant
from pytest_aep_export.exchange import Exchange, Headers, Request, Response
from pytest_aep_export.suite import payloads
from pytest_aep_export.suite.api import DATASETS, JOBS
from pytest_aep_export.suite.judge import ClientVerdict, judge
from pytest_aep_export.suite.registry import load
from pytest_aep_export.suite.verdicts import Verdict

FOUR = {"Authorization": "Bearer t", "x-api-key": "k", "x-gw-ims-org-id": "o", "x-sandbox-name": "prod"}


def page(query: str = "", link: str | None = "", status: int = 200, body: bytes | None = None) -> Exchange:
    """A page of the list: what was asked, and the link that was offered."""
    content = json.dumps({"records": [], "link": {"next": link}}).encode() if body is None else body
    request = Request("GET", f"http://h{JOBS}{query}", Headers(FOUR))
    return Exchange(request, Response(status, Headers(), content), "listExportJobs")


def created(media: str) -> Exchange:
    """The creation of a job."""
    request = Request("POST", f"http://h{JOBS}", Headers(FOUR | {"Content-Type": media}), b"{}")
    return Exchange(request, Response(200), "createExportJob")


def verdict(requirement: str, exchanges: Sequence[Exchange]) -> ClientVerdict:
    """The verdict on one requirement."""
    return next(v for v in judge(exchanges) if v.requirement.id == requirement)


def test_every_client_requirement_has_a_rule():
    """The judge speaks of every client requirement; of an empty journal it says nothing."""
    verdicts = judge([])
    assert [v.requirement for v in verdicts] == list(load().of("client"))
    assert {v.verdict for v in verdicts} == {Verdict.NOT_APPLICABLE}


LINK = "/export/jobs/?limit=2&offset=15_7"


@pytest.mark.parametrize(
    ("journal", "expected"),
    [
        ([page()], Verdict.NOT_APPLICABLE),
        ([page(link=None), page(body=b"<html>")], Verdict.NOT_APPLICABLE),
        ([page(link=LINK), page("?offset=15_7")], Verdict.PASS),
        ([page(link=LINK), page("?offset=15_7&limit=100")], Verdict.PASS),
        ([page(link=LINK)], Verdict.FAIL),
        ([page(link=LINK), page("?offset=99_9")], Verdict.FAIL),
        ([page("?offset=15_7"), page(link=LINK)], Verdict.FAIL),
        ([page(link=LINK), page("?offset=15_7", status=500)], Verdict.FAIL),
        ([page("?limit=1", link=LINK)], Verdict.NOT_VERIFIED),
        ([page("?limit=1", link=LINK), page("?limit=1&offset=15_7")], Verdict.PASS),
    ],
)
def test_the_list_is_followed_to_its_end(journal: list[Exchange], expected: Verdict):
    """A link that was offered and never followed fails, unless the client had set a limit of its own."""
    assert verdict("EXP-CLI-001", journal).verdict is expected


@pytest.mark.parametrize(
    ("journal", "expected"),
    [
        ([page(), page("?offset=1_1"), page(), page("?offset=1_1")], Verdict.PASS),
        ([page(), page("?offset=1_1", status=503), page("?offset=1_1")], Verdict.PASS),
        ([page(), page("?offset=1_1"), page("?offset=1_1")], Verdict.WARN),
    ],
)
def test_a_page_is_asked_for_once(journal: list[Exchange], expected: Verdict):
    """A page that was given is not asked for again in the same walk; a retry and a second walk are."""
    assert verdict("EXP-CLI-002", journal).verdict is expected


@pytest.mark.parametrize("missing", sorted(FOUR))
def test_every_call_carries_the_headers(missing: str):
    """A call without one of the four headers fails and shows the call, without secrets."""
    headers = Headers({name: value for name, value in FOUR.items() if name != missing})
    bare = Exchange(Request("GET", f"http://h{JOBS}", headers), Response(403), "listExportJobs")
    found = verdict("EXP-CLI-003", [page(), bare])
    assert found.verdict is Verdict.FAIL
    assert found.outcomes[-1].found == f"without ['{missing.lower()}']"
    assert found.outcomes[-1].exchange == bare.redacted()


def test_tokens_need_no_headers():
    """The calls for tokens are free of the four headers."""
    token = Exchange(Request("POST", "http://h/ims/token/v3"), Response(200), "requestToken")
    assert verdict("EXP-CLI-003", [token]).verdict is Verdict.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("media", "expected"),
    [
        ("application/json", Verdict.PASS),
        ("Application/JSON; charset=utf-8", Verdict.PASS),
        ("text/plain", Verdict.FAIL),
        ("", Verdict.FAIL),
    ],
)
def test_jobs_are_asked_for_in_json(media: str, expected: Verdict):
    """A job is asked for as JSON."""
    assert verdict("EXP-CLI-004", [created(media)]).verdict is expected


def test_a_route_that_the_api_lacks():
    """A call that the contract does not know fails."""
    stray = Exchange(Request("GET", "http://h/export/job"), Response(404))
    assert verdict("EXP-CLI-005", [page()]).verdict is Verdict.PASS
    assert verdict("EXP-CLI-005", [page(), stray]).verdict is Verdict.FAIL


@pytest.fixture
def session() -> Any:
    """A tenant with five jobs, pages of two, and an authorised client that nobody here wrote."""
    with Emulator(behaviour=Behaviour(page_limit=2), profiles=0) as emulator, EmulatorServer(emulator) as server:
        tenant = emulator.create_tenant()
        who = tenant.credentials
        form = {"grant_type": "client_credentials", "client_id": who.client_id, "client_secret": who.client_secret}
        with httpx.Client(base_url=server.url, trust_env=False) as client:
            token = client.post("/ims/token/v3", data=form | {"scope": who.scopes}).json()["access_token"]
            names = who.client_id, who.org_id, who.sandbox
            client.headers.update(zip(FOUR, (f"Bearer {token}", *names), strict=True))
            dataset = client.post(DATASETS, json=payloads.dataset("A name")).json()[0].rpartition("/")[2]
            for _ in range(5):
                job = payloads.profiles_only(dataset, "e5bc94de-cd14-4cdf-a2bc-88b6e8cbfac2")
                assert client.post(JOBS, json=job).is_success
            yield tenant, client


def test_a_client_that_stops_at_the_first_page_is_caught(session: tuple[Tenant, httpx.Client]):
    """A client that reads one page of three is caught from the emulator's journal, and only of that."""
    tenant, client = session
    assert len(client.get(JOBS).json()["records"]) == 2
    verdicts = {v.requirement.id: v.verdict for v in judge(tenant.journal.exchanges)}
    assert verdicts.pop("EXP-CLI-001") is Verdict.FAIL
    assert Verdict.FAIL not in verdicts.values()


def test_a_client_that_reads_on_is_content(session: tuple[Tenant, httpx.Client]):
    """A client that follows every link passes."""
    tenant, client = session
    link, pages = JOBS, 0
    while link:
        body = client.get(link).json()
        link, pages = body["link"]["next"] and "/data/core/ups" + body["link"]["next"], pages + 1
    assert pages == 3
    found = verdict("EXP-CLI-001", tenant.journal.exchanges)
    assert (found.verdict, len(found.outcomes)) == (Verdict.PASS, 2)
