"""Tenants: made, isolated, seen from a test, and gone when they are deleted."""

from __future__ import annotations

import asyncio
import re

import httpx
import pytest

from pytest_aep_export.contract.dialects import dialect
from pytest_aep_export.emulator import Behaviour, Emulator
from pytest_aep_export.emulator.store import Kind
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.lifecycle import Clock
from pytest_aep_export.model import Credentials

JOBS = "/data/core/ups/export/jobs"


@pytest.fixture
def emulator():
    """An emulator of its own."""
    with Emulator() as made:
        yield made


def test_the_nth_tenant_of_a_seed_is_always_the_same():
    """Organisation and client id repeat from run to run; the secret never does."""

    def tenants(seed: int) -> list[Credentials]:
        with Emulator(seed=seed) as emulator:
            return [emulator.create_tenant().credentials for _ in range(2)]

    one, again, other = tenants(1), tenants(1), tenants(2)
    assert [(c.org_id, c.client_id) for c in one] == [(c.org_id, c.client_id) for c in again]
    assert len({c.org_id for c in one + other}) == len({c.client_id for c in one + other}) == 4
    assert len({c.client_secret for c in one + again + other}) == 6


def test_credentials_have_the_documented_forms(emulator):
    """An organisation is 24 hexadecimal digits at AdobeOrg; the sandbox is the first that was asked for."""
    credentials = emulator.create_tenant(("dev", "prod")).credentials
    assert re.fullmatch(r"[0-9A-F]{24}@AdobeOrg", credentials.org_id)
    assert re.fullmatch(r"[0-9a-f]{32}", credentials.client_id)
    assert credentials.sandbox == "dev"


@pytest.mark.parametrize("name", ["", "Prod", "1dev", "-x", "a/b", "..", "a b", "\u00e9", "x" * 201])
def test_a_sandbox_needs_a_name(emulator, name):
    """Lower-case letters, digits and dashes, a letter first: anything else is one clear sentence."""
    with pytest.raises(ConfigurationError, match="is not a sandbox's name: use lower-case letters, digits and dashes"):
        emulator.create_tenant((name,))


def test_the_longest_name_of_a_sandbox_can_be_exported_from(make_api):
    """Files are kept in a folder that is called after it: the file system takes that."""
    api = make_api().sandbox("x" * 200)
    assert api.finish(api.create()["id"])["status"] == "SUCCEEDED"


def test_a_tenant_needs_a_sandbox(emulator):
    """No sandbox at all is refused like a wrong one."""
    with pytest.raises(ConfigurationError, match="sandbox"):
        emulator.create_tenant(())


def test_organisations_see_nothing_of_each_other(make_api):
    """Jobs, datasets and journals of one organisation do not exist for another."""
    mine, theirs = make_api(), make_api()
    job = mine.create()["id"]
    assert theirs.numbers() == []
    assert theirs.send("GET", f"{JOBS}/{job}").response.status == 404
    assert theirs.cancel(job).response.status == 404
    path = f"/data/foundation/catalog/dataSets/{mine.dataset()}"
    assert theirs.send("GET", path).response.status == 404
    assert theirs.send("POST", JOBS, json=mine.payload()).response.status == 400
    assert mine.look(job)["status"] == "PROCESSING"
    assert not theirs.tenant.journal.of("createDataset")


def test_sandboxes_see_nothing_of_each_other(api):
    """The same organisation holds other jobs and datasets in another sandbox, and the same credentials open both."""
    dev = api.sandbox("dev")
    job = api.create()["id"]
    assert dev.numbers() == []
    assert dev.send("GET", f"{JOBS}/{job}").response.status == 404
    assert dev.cancel(job).response.status == 404
    assert dev.send("GET", f"/data/foundation/catalog/dataSets/{api.dataset()}").response.status == 404
    other = dev.create()["id"]
    assert dev.numbers() == [other]
    assert api.numbers() == [job]
    assert dev.tenant.clock is api.tenant.clock
    assert dev.tenant.journal is api.tenant.journal


def test_a_sandbox_is_made_once(api):
    """Asking for a sandbox again gives the one that is there, its jobs included."""
    job = api.sandbox("dev").create()["id"]
    assert api.sandbox("dev").numbers() == [job]


def test_a_deleted_tenant_leaves_nothing(api, aep_server):
    """Documents and files are gone from the emulator's state, in every sandbox."""
    dev = api.sandbox("dev")
    for each in (api, dev):
        each.create()
    state = aep_server.emulator.state
    api.tenant.delete()
    for each in (api, dev):
        assert not any(state.store.list(each.tenant._sandbox.key, kind) for kind in Kind)
    assert state.tenants.by_org(api.tenant.credentials.org_id) is None
    assert api.tenant.credentials.org_id not in {organisation.org_id for organisation in state.tenants}


def test_behaviour_can_be_replaced_at_any_time(api):
    """A job created before answers in the dialect that its organisation speaks now."""
    job = api.create()["id"]
    assert "datasetId" in api.look(job)["destination"]
    api.tenant.behaviour = Behaviour(dialect=dialect("profile-guide"))
    assert "dataSetId" in api.look(job)["destination"]
    assert api.tenant.behaviour.dialect.name == "profile-guide"


def test_a_step_needs_a_job(api):
    """Moving a job that is not there is one clear sentence."""
    with pytest.raises(ConfigurationError, match="export job 7 cannot be moved: this tenant has no such job"):
        api.tenant.step(7)


def test_a_state_folder_that_is_none_is_one_clear_sentence(tmp_path):
    """A file in the folder's place is named, with what to do."""
    path = tmp_path / "state"
    path.write_text("")
    with pytest.raises(ConfigurationError, match=r"state folder .* cannot be used .*: name another one"):
        Emulator(state=path)


def test_profile_data_of_another_kind_is_one_clear_sentence(api):
    """Rows of one's own are no profile data yet; the sentence says what is."""
    with pytest.raises(ConfigurationError, match=r"profile data is a ProfileData, as generate\(\) makes it, not \[1\]"):
        api.tenant.load([1])


def test_answers_to_nobody_show_the_emulators_own_time():
    """Where clocks run, they run for requests that belong to no organisation as well."""
    with Emulator(clock=lambda: Clock(1_800_000_000_000)) as emulator:
        response = httpx.ASGITransport(emulator.app)

        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=response, base_url="http://emulator") as client:
                return await client.get("/nowhere")

        assert asyncio.run(ask()).headers["date"] == "Fri, 15 Jan 2027 08:00:00 GMT"
