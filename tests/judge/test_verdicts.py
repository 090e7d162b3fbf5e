"""Verdicts on clients: each requirement has a rule, one cause is told once, and a right client is left alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pytest_aep_export import AepClient
from pytest_aep_export.contract import DIALECTS
from pytest_aep_export.emulator import Behaviour, Emulator, EmulatorServer, Tenant
from pytest_aep_export.emulator.faults import Dribble, Fault
from pytest_aep_export.judge.rules import BASIC, BY_THE_END, RULES
from pytest_aep_export.judge.scenario import Scenario
from pytest_aep_export.judge.trace import Performance, Trace
from pytest_aep_export.judge.verdicts import ClientVerdict, judge, settled, verdicts
from pytest_aep_export.suite import payloads
from pytest_aep_export.suite.api import DATASETS, JOBS
from pytest_aep_export.suite.registry import load
from pytest_aep_export.suite.verdicts import Outcome, Result, Verdict
from tests.judge.traces import Wire, export


def test_every_client_requirement_has_a_rule():
    """Rules are in the order of the registry, and say nothing of a client that did nothing in a test of its own."""
    assert list(RULES) == [requirement.id for requirement in load().of("client")]
    assert {*RULES} > BY_THE_END
    found = judge([Trace(())])
    assert list(found) == list(RULES)
    assert {each.verdict for each in verdicts(found)} == {Verdict.NOT_APPLICABLE}


def test_at_least_sixty_requirements():
    """Clients are held to what was promised."""
    assert len(RULES) >= 60


def only(requirement: str, *results: Result) -> dict[str, tuple[Outcome, ...]]:
    """What one trace shows of a requirement."""
    return {f"EXP-CLI-{requirement}": tuple(Outcome("t", each) for each in results)}


def scenario(name: str, task: Any = "export") -> Scenario:
    """A scenario; one that is called like its task is plain."""
    return Scenario(name, "About it.", task)


def test_how_a_client_ends_everywhere_says_nothing():
    """A client that fails at a task without any peculiarity is not said to fail because of one."""
    trials = [
        (scenario("export"), only("068", Result.UNMET)),
        (scenario("slow"), only("064", Result.UNMET, Result.MET)),
        (scenario("slow-list", "list"), only("064", Result.UNMET)),
        (None, only("064", Result.UNMET)),
    ]
    plain, slow, other, own = settled(trials)
    assert plain == trials[0][1]
    assert [each.result for each in slow["EXP-CLI-064"]] == [Result.BLOCKED, Result.MET]
    assert slow["EXP-CLI-064"][0].cause == BASIC
    assert other == own == trials[2][1]


def test_what_a_plain_scenario_shows_itself_is_not_blocked():
    """That a cancel was answered with 204 is shown by the plain scenario, and is the cause there."""
    (found,) = settled([(scenario("cancel", "cancel"), only("054", Result.UNMET) | only("068", Result.UNMET))])
    assert found["EXP-CLI-054"][0].result is Result.UNMET
    assert (found[BASIC][0].result, found[BASIC][0].cause) == (Result.BLOCKED, "EXP-CLI-054")


def test_the_cause_of_a_failure_is_told_once():
    """That a client fails is no finding of its own where it breaks something else as well."""
    wire = Wire().begin()
    wire.look("PROCESSING")
    found = judge([wire.trace(end="failure")])
    assert [each.result for each in found["EXP-CLI-031"]] == [Result.UNMET]
    assert [(each.result, each.cause) for each in found[BASIC]] == [(Result.BLOCKED, "EXP-CLI-031")]


def test_findings_of_several_traces():
    """What several traces show of a requirement is put together, and the gravest decides."""
    faults = (Fault("*", Dribble()),)
    found = judge([export().trace(faults=faults), export().trace(faults=faults, end="failure")])
    assert [each.result for each in found["EXP-CLI-063"]] == [Result.MET, Result.UNMET]
    by_id = {each.requirement.id: each for each in verdicts(found)}
    assert by_id["EXP-CLI-063"] == ClientVerdict(load()["EXP-CLI-063"], Verdict.FAIL, found["EXP-CLI-063"])
    assert by_id["EXP-CLI-054"].verdict is Verdict.NOT_APPLICABLE


@pytest.fixture
def server() -> Iterator[tuple[Emulator, EmulatorServer]]:
    """An emulator on a socket."""
    with Emulator(profiles=30) as emulator, EmulatorServer(emulator) as running:
        yield emulator, running


def own_client(tenant: Tenant, url: str) -> AepClient:
    """Our own client, which waits by the tenant's clock."""

    def pause(seconds: float) -> None:
        tenant.clock.advance(seconds=seconds)

    return AepClient(
        tenant.credentials,
        base_url=url,
        ims_url=f"{url}/ims/token/v3",
        pause=pause,
        now=lambda: tenant.clock.now() / 1000,
    )


def journey(tenant: Tenant, url: str, folder: Path) -> Performance:
    """An export, the list and a cancel, by our own client."""
    with own_client(tenant, url) as client:
        dataset = client.create_dataset("A name")
        job = client.wait_for_export_job(client.create_export_job(dataset.id))
        for file in client.list_files(job.batch_ids[0]):
            client.download(file, folder)
        jobs = tuple(str(each.id) for each in client.list_export_jobs())
        client.cancel_export_job(job.id)
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    return Performance("success", output=b"done", files=files, jobs=jobs)


SHOWN = """001 002 003 004 005 006 007 008 009 010 011 012 016 017 018 019 021 022 023 024 025 027 031 037 046 053
068 069 070 071 079 080"""
"""What a whole journey shows at least."""


@pytest.mark.parametrize("name", sorted(DIALECTS))
def test_a_client_that_is_right(server: tuple[Emulator, EmulatorServer], tmp_path: Path, name: str):
    """Our own client breaks nothing in any dialect, in parts and pages of one, and shows much of what it is held to."""
    emulator, running = server
    behaviour = Behaviour(dialect=DIALECTS[name], page_limit=2, part_rows=4, files="directory")
    tenant = emulator.create_tenant(behaviour=behaviour)
    with own_client(tenant, running.url) as somebody_else:
        for _ in range(4):
            somebody_else.create_export_job(somebody_else.create_dataset("Another").id)
    tenant.journal.clear()
    performance = journey(tenant, running.url, tmp_path)
    scenario = Scenario("a-journey", "All of it.", behaviour=behaviour, poll=2)

    every = judge([Trace(tenant.journal.exchanges, scenario, performance)])
    shown = {requirement for requirement, found in every.items() if any(one.result is Result.MET for one in found)}
    graver = [one for found in every.values() for one in found if one.result is not Result.MET]
    assert {each.result for each in graver} <= {Result.NOT_VERIFIED}, graver
    assert shown >= {f"EXP-CLI-{number}" for number in SHOWN.split()}
    assert (f"EXP-CLI-{'059' if name == 'profile-guide' else '026'}") in shown
    assert (f"EXP-CLI-{'055' if name == 'openapi' else '054'}") in shown
    own = judge([Trace(tenant.journal.exchanges)])
    assert not [one for found in own.values() for one in found if one.result is Result.UNMET]


@pytest.fixture
def session(server: tuple[Emulator, EmulatorServer]) -> Iterator[tuple[Tenant, httpx.Client]]:
    """A tenant with five jobs, pages of two, and an authorised client that nobody here wrote."""
    emulator, running = server
    tenant = emulator.create_tenant(behaviour=Behaviour(page_limit=2))
    who = tenant.credentials
    form = {"grant_type": "client_credentials", "client_id": who.client_id, "client_secret": who.client_secret}
    with httpx.Client(base_url=running.url, trust_env=False) as client:
        token = client.post("/ims/token/v3", data=form | {"scope": who.scopes}).json()["access_token"]
        client.headers.update(
            {
                "Authorization": f"Bearer {token}",
                "x-api-key": who.client_id,
                "x-gw-ims-org-id": who.org_id,
                "x-sandbox-name": who.sandbox,
            }
        )
        dataset = client.post(DATASETS, json=payloads.dataset("A name")).json()[0].rpartition("/")[2]
        for _ in range(5):
            job = payloads.profiles_only(dataset, "e5bc94de-cd14-4cdf-a2bc-88b6e8cbfac2")
            assert client.post(JOBS, json=job).is_success
        yield tenant, client


def test_a_client_that_stops_at_the_first_page_is_caught(session: tuple[Tenant, httpx.Client]):
    """A client that reads one page of three is caught from the emulator's journal, and only of that."""
    tenant, client = session
    assert len(client.get(JOBS).json()["records"]) == 2
    found = verdicts(judge([Trace(tenant.journal.exchanges)]))
    assert {each.requirement.id for each in found if each.verdict in {Verdict.FAIL, Verdict.WARN}} == {"EXP-CLI-001"}


def test_a_client_that_reads_on_is_content(session: tuple[Tenant, httpx.Client]):
    """A client that follows every link passes."""
    tenant, client = session
    link, pages = JOBS, 0
    while link:
        body = client.get(link).json()
        link, pages = body["link"]["next"] and "/data/core/ups" + body["link"]["next"], pages + 1
    assert pages == 3
    found = judge([Trace(tenant.journal.exchanges)])["EXP-CLI-001"]
    assert [each.result for each in found] == [Result.MET, Result.MET]
