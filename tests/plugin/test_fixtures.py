"""The fixtures, each as a user's test meets it."""

from __future__ import annotations

import json

import pytest

from pytest_aep_export.emulator import EmulatorServer, Journal, Tenant
from pytest_aep_export.lifecycle import Clock
from pytest_aep_export.model import Credentials

JOBS = "/data/core/ups/export/jobs"


def test_a_first_test_in_ten_lines(run):
    """What the README promises works in a folder with nothing but a test in it."""
    result = run(
        """
        def test_export(aep_client, aep_dataset):
            job = aep_client.create_export_job(dataset_id=aep_dataset.id, fields="personalEmail.address")
            done = aep_client.wait_for_export_job(job)
            assert done.succeeded
            assert aep_client.read_table(done).num_rows > 0
        """
    )
    result.assert_outcomes(passed=1)


def test_the_server_is_one_for_the_session(run):
    """Every test of a session talks to the same emulator, which is gone afterwards."""
    result = run(
        """
        import pathlib, pytest
        def test_one(aep_server):
            pathlib.Path("url").write_text(aep_server.url)
        def test_two(aep_server):
            assert pathlib.Path("url").read_text() == aep_server.url
            assert aep_server.url.startswith("http://127.0.0.1:")
        """
    )
    result.assert_outcomes(passed=2)


def test_each_test_has_a_tenant_of_its_own(run):
    """What one test creates, the next does not see: other organisation, no jobs, an empty journal."""
    result = run(
        """
        seen = set()
        def create(client, journal, credentials, dataset):
            assert len(journal.of("createExportJob")) == 0
            assert list(client.list_export_jobs()) == []
            client.create_export_job(dataset_id=dataset.id)
            assert credentials.org_id not in seen
            seen.add(credentials.org_id)
        def test_one(aep_client, aep_journal, aep_credentials, aep_dataset):
            create(aep_client, aep_journal, aep_credentials, aep_dataset)
        def test_two(aep_client, aep_journal, aep_credentials, aep_dataset):
            create(aep_client, aep_journal, aep_credentials, aep_dataset)
        """
    )
    result.assert_outcomes(passed=2)


def test_a_tenant_is_gone_after_its_test(run):
    """Credentials that a test kept are no use to the next one."""
    result = run(
        """
        from pytest_aep_export.client import AepClient
        from pytest_aep_export.errors import AuthenticationError
        import pytest
        kept = []
        def test_one(aep_credentials):
            kept.append(aep_credentials)
        def test_two(aep_server):
            with AepClient(kept[0], base_url=aep_server.url) as client, pytest.raises(AuthenticationError):
                client.token()
        """
    )
    result.assert_outcomes(passed=2)


def test_the_fixtures_of_a_test_belong_together(
    aep_emulator, aep_credentials, aep_clock, aep_journal, aep_client, aep_target, aep_server
):
    """Credentials, clock, journal, client and target are all of the one tenant."""
    assert isinstance(aep_emulator, Tenant)
    assert isinstance(aep_server, EmulatorServer)
    assert isinstance(aep_credentials, Credentials)
    assert aep_credentials == aep_emulator.credentials
    assert isinstance(aep_clock, Clock)
    assert aep_clock is aep_emulator.clock
    assert isinstance(aep_journal, Journal)
    assert aep_journal is aep_emulator.journal
    dataset = aep_client.create_dataset("x")
    listed = aep_target.send("GET", "/data/foundation/catalog/dataSets").response.json()
    assert dataset.id in listed


def test_waiting_costs_no_time(aep_client, aep_dataset, aep_clock):
    """The client's pauses advance the virtual clock: an hour of waiting is over at once."""
    job = aep_client.create_export_job(dataset_id=aep_dataset.id)
    before = aep_clock.now()
    aep_client.wait_for_export_job(job)
    assert aep_clock.now() - before >= 1_000


def test_an_expired_token_is_replaced(aep_client, aep_clock, aep_journal):
    """The client reads the tenant's clock: after a day it asks for another token."""
    list(aep_client.list_export_jobs())
    aep_clock.advance(days=2)
    list(aep_client.list_export_jobs())
    assert len(aep_journal.of("requestToken")) == 2
    assert {exchange.response.status for exchange in aep_journal} == {200}


async def test_the_asynchronous_client_needs_no_socket(aep_async_client, aep_journal):
    """It calls the emulator in process and does a whole export."""
    dataset = await aep_async_client.create_dataset("x")
    job = await aep_async_client.create_export_job(dataset_id=dataset.id)
    done = await aep_async_client.wait_for_export_job(job)
    assert done.succeeded
    assert len(aep_journal.of("createExportJob")) == 1
    await aep_async_client.close()


def test_profiles_are_made_and_loaded(aep_profiles, aep_emulator, aep_client, aep_dataset):
    """The factory gives the data that the tenant exports from then on; the same seed gives the same."""
    loaded = aep_profiles(5, seed=7)
    assert aep_emulator.data is loaded.data
    assert aep_profiles(5, seed=7).fragments.equals(loaded.fragments)
    assert not aep_profiles(5, seed=8).fragments.equals(loaded.fragments)
    assert aep_profiles(5, seed=7, events_per_profile=0).events.num_rows == 0 < loaded.events.num_rows
    assert loaded.partitions == loaded.data.partitions
    assert aep_profiles().fragments.num_rows > 100
    aep_profiles(5, seed=7)
    done = aep_client.wait_for_export_job(aep_client.create_export_job(dataset_id=aep_dataset.id, fields="personID"))
    assert 0 < aep_client.read_table(done).num_rows < 20


def test_rows_of_ones_own_are_loaded(aep_profiles, aep_emulator, aep_client, aep_dataset, tmp_path):
    """Records, a file of them and Arrow tables take the place of fake profiles; the result knows what is exported."""
    rows = [{"identityMap": {"Email": [{"id": "jane@example.com"}]}, "personalEmail": {"address": "jane@example.com"}}]
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    loaded = aep_profiles(rows, dataset="crm")

    assert aep_emulator.data is loaded.data
    assert loaded.fragments["datasetId"].to_pylist() == ["crm"]
    job = aep_client.wait_for_export_job(aep_client.create_export_job(aep_dataset.id))
    assert loaded.expected(job) == aep_client.read_table(job).to_pylist() != []
    for source in (tmp_path / "rows.json", str(tmp_path / "rows.json"), loaded.fragments):
        assert aep_profiles(source, dataset="crm").fragments.equals(loaded.fragments)


def test_a_bad_row_fails_the_test_that_loads_it(run):
    """The test is told which row, where in it, and what was expected there."""
    result = run("def test_it(aep_profiles):\n    aep_profiles([{'identityMap': {'Email': [{}]}}])")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*rows?0? /identityMap/Email/0/id: expected an id that is not empty, found {}"])


def test_a_dataset_and_a_finished_export_are_ready_made(aep_export_job, aep_dataset, aep_client):
    """``aep_export_job`` has succeeded into ``aep_dataset``, and its files can be read."""
    assert aep_export_job.succeeded
    assert aep_export_job.dataset_id == aep_dataset.id
    assert aep_dataset.schema_id == "https://ns.adobe.com/xdm/context/profile__union"
    assert aep_client.read_table(aep_export_job).num_rows > 0


def test_the_contract_judges_what_a_test_received(aep_contract, aep_target):
    """``aep_contract`` validates the answers that ``aep_target`` brings."""
    response = aep_target.send("GET", JOBS).response
    assert aep_contract.validate_response("listExportJobs", response, "canonical") == []


def test_settings_are_resolved(aep_settings):
    """``aep_settings`` is the resolver that the fixtures use."""
    assert aep_settings.get("target") == "emulator"


def test_no_fixture_is_autouse(run):
    """A test that asks for nothing of ours is given nothing of ours."""
    result = run("def test_plain(request):\n    assert not [n for n in request.fixturenames if n.startswith('aep_')]")
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize("name", ["aep_client", "aep_emulator", "aep_cassette", "aep_target", "aep_export_job"])
def test_every_fixture_is_documented(run, name):
    """``pytest --fixtures`` shows a sentence for each."""
    result = run("", "--fixtures")
    [line] = [n for n, text in enumerate(result.outlines) if text.startswith(f"{name} ") or text == name]
    assert result.outlines[line + 1].strip().endswith((".", "``.", ","))
