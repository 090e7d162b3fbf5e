"""Where cases are tried: the ways to a target, who takes part there, and what a run may cost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from pytest_aep_export import Emulator, EmulatorServer
from pytest_aep_export.emulator import Tenant
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.fuzz import Bounds, Tally, fuzz
from pytest_aep_export.hosts import TOKEN_PATH
from pytest_aep_export.suite.budget import Budget, Limits
from pytest_aep_export.suite.fuzzing import Ground, at_emulator, at_live, at_url
from pytest_aep_export.suite.sending import Target
from pytest_aep_export.suite.terms import Neighbours


@pytest.fixture(scope="module")
def server() -> Iterator[EmulatorServer]:
    """An emulator at a URL."""
    with Emulator(profiles=2) as emulator, EmulatorServer(emulator) as one:
        yield one


@pytest.fixture
def tenant(server: EmulatorServer) -> Tenant:
    """A tenant of this test's own, with two sandboxes."""
    return server.emulator.create_tenant(("dev", "second"))


@pytest.fixture
def target(server: EmulatorServer, tenant: Tenant) -> Iterator[Target]:
    """The tenant at its URL."""
    one = Target(server.url, tenant.credentials)
    yield one
    one.close()


def tried(ground: Ground, cases: int = 5) -> Tally:
    """Some cases."""
    return fuzz(ground.send, ground.parties, bounds=Bounds(cases=cases, renew=cases + 1))


def test_an_emulator_of_this_process():
    """It has all parties, knows what exports hold, and tenants that are left behind."""
    with at_emulator("openapi") as ground:
        parties = ground.parties()
        parties.leave()
        assert tried(ground).findings == []
    assert set(parties.credentials) == {"own", "sibling", "other"}
    assert parties.dialect == "openapi"
    assert parties.expected
    assert parties.segments
    assert ground.renewed


def test_a_url_and_its_neighbours(server: EmulatorServer, tenant: Tenant, target: Target):
    """Whoever else is known takes part: another sandbox, and another organisation."""
    assert set(at_url(target).parties().credentials) == {"own"}
    target.neighbours = Neighbours("second", server.emulator.create_tenant().credentials)
    ground = at_url(target)
    assert ground.parties().credentials["sibling"] == replace(tenant.credentials, sandbox="second")
    assert set(ground.parties().credentials) == {"own", "sibling", "other"}
    assert tried(ground).findings == []


def test_tokens_from_another_place(server: EmulatorServer, tenant: Tenant):
    """Requests for tokens go to the token service, all others to the gateway."""
    with EmulatorServer(server.emulator) as ims:
        target = Target(server.url, tenant.credentials, ims_url=ims.url + TOKEN_PATH)
        assert tried(at_url(target)).findings == []
        target.close()
    asked = {each.request.headers["host"] for each in tenant.journal if each.operation == "requestToken"}
    assert asked == {ims.url.removeprefix("http://")}


def test_tokens_from_an_unknown_path(tenant: Tenant):
    """What the contract does not know is not guessed."""
    target = Target("http://127.0.0.1:9", tenant.credentials, ims_url="http://127.0.0.1:9/oauth/token")
    with pytest.raises(ConfigurationError, match="fuzzing asks for tokens at /ims/token/v3: http"):
        at_url(target)
    target.close()


def test_a_budget_of_calls_ends_the_run(target: Target, tenant: Tenant):
    """The call that would be too many is not made."""
    target.budget = Budget(Limits(calls=10))
    tally = tried(at_url(target), 100)
    assert tally.ended == "the run has used up its 10 calls: allow more with --max-calls"
    assert len(list(tenant.journal)) == 10


def test_a_budget_of_jobs_holds_back_the_jobs_only(target: Target, tenant: Tenant):
    """All else goes on; a job that was asked for counts, whatever became of it."""
    target.budget = Budget(Limits(jobs=1))
    tally = tried(at_url(target), 30)
    assert tally.cases == 30
    assert tally.findings == []
    assert len([each for each in tenant.journal if each.operation == "createExportJob"]) == 1


def test_where_others_work(target: Target, tenant: Tenant):
    """Only the tenant itself takes part, in the sandbox that was named, and what is created is known."""
    target.neighbours = Neighbours("second")
    ground = at_live(target, sandbox="dev", rate=100_000, prefix="ours")
    assert set(ground.parties().credentials) == {"own"}
    tried(ground)
    assert {each.operation for each in ground.created} == {"createDataset", "createExportJob"}
    assert {each.request.headers.get("x-sandbox-name") for each in tenant.journal} <= {"dev", None}


def test_no_sandbox_is_named(target: Target):
    """The one that credentials have by default is not named on purpose."""
    with pytest.raises(ConfigurationError, match="no sandbox is named: set AEP_SANDBOX_NAME to one for development"):
        at_live(target, sandbox="")
