"""Faults in the tests of a client: by fixture and by marker, for one test, and none that goes unnoticed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

HEAD = """
    import httpx
    import pytest
    from pytest_aep_export import Fault
    from pytest_aep_export.emulator.faults import Answer, Empty, Reset
"""


def test_faults_are_for_one_test(run: Callable[..., pytest.RunResult]):
    """The fixture and the marker plan faults for the test that asks for them; the others meet none."""
    run(
        f"""
{HEAD}
    @pytest.mark.aep_emulator(faults=[Fault("createDataset", Answer(503, (("Retry-After", "1"),)))])
    def test_marker(aep_client, aep_dataset, aep_journal):
        assert [e.response.status for e in aep_journal.of("createDataset")] == [503, 201]

    def test_fixture(aep_client, aep_dataset, aep_faults, aep_emulator):
        assert aep_faults is aep_emulator.faults
        aep_faults.add(Fault("listExportJobs", Reset()))
        assert list(aep_client.list_export_jobs()) == []
        [(fault, exchange)] = aep_faults.fired
        assert (fault.effect, exchange.response.status) == (Reset(), 0)

    def test_neither(aep_client, aep_dataset, aep_journal):
        assert {{e.response.status for e in aep_journal}} == {{200, 201}}
    """
    ).assert_outcomes(passed=3)


def test_faults_without_a_socket(run: Callable[..., pytest.RunResult]):
    """The asynchronous client, which calls the emulator in process, meets them as well and tries again."""
    run(
        f"""
{HEAD}
    import asyncio

    def test_reset(aep_async_client, aep_faults, aep_journal):
        aep_faults.add(Fault("listExportJobs", Reset()), Fault("listExportJobs", Empty()))

        async def listed():
            return [job async for job in aep_async_client.list_export_jobs()]

        assert asyncio.run(listed()) == []
        assert [e.response.status for e in aep_journal.of("listExportJobs")] == [0, 0, 200]
    """
    ).assert_outcomes(passed=1)


def test_a_fault_that_took_hold_of_nothing_fails_the_test(run: Callable[..., pytest.RunResult]):
    """Whether it stands in the marker or was added, the test is told which, unless it allows for that."""
    done = run(
        f"""
{HEAD}
    def test_added(aep_client, aep_dataset, aep_faults):
        aep_faults.add(Fault("getFile", Empty()))

    @pytest.mark.aep_emulator(faults=[Fault("listDatasets", skip=3)])
    def test_marker(aep_client, aep_dataset):
        pass

    def test_allowed(aep_client, aep_dataset, aep_faults):
        aep_faults.allow_unfired()
        aep_faults.add(Fault("getFile", Empty()))
    """
    )
    done.assert_outcomes(passed=3, errors=2)
    said = "took hold of no request: send as many as it waits for, leave it out, or call aep_faults.allow_unfired()"
    done.stdout.fnmatch_lines(
        [
            f"*Fault(on='getFile', effect=Empty(served=True), skip=0, times=1, seed=0) {said}*",
            f"*Fault(on='listDatasets', effect=Malformed(), skip=3, times=1, seed=0) {said}*",
        ]
    )


def test_what_is_no_list_of_faults_fails_the_test(run: Callable[..., pytest.RunResult]):
    """A marker that is written wrong says so in a sentence."""
    done = run(
        f"""
{HEAD}
    @pytest.mark.aep_emulator(faults=Fault("getFile"))
    def test_one(aep_client): ...

    @pytest.mark.aep_emulator(faults=["getFile"])
    def test_words(aep_client): ...
    """
    )
    done.assert_outcomes(errors=2)
    done.stdout.fnmatch_lines(
        [
            "*aep_emulator: faults=Fault(on='getFile'*cannot be used: expected a list of them*",
            "*aep_emulator: 'getFile' is no fault: expected one such as Fault('getExportJob')*",
        ]
    )
