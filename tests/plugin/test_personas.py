"""Personas in the tests of a client: by the marker, and only where it says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

TESTS = """
    import pytest

    @pytest.mark.aep_emulator(persona="drops-next-page")
    def test_wrong(aep_client, aep_dataset, aep_journal):
        made = [aep_client.create_export_job(aep_dataset.id) for _ in range(3)]
        assert len(list(aep_client.list_export_jobs(limit=2))) == 2
        assert aep_journal.of("listExportJobs")[-1].response.json()["link"]["next"] == ""

    def test_right(aep_client, aep_dataset):
        made = [aep_client.create_export_job(aep_dataset.id) for _ in range(3)]
        assert len(list(aep_client.list_export_jobs(limit=2))) == 3
"""


def test_a_persona_is_for_one_test(run: Callable[..., pytest.RunResult]):
    """The emulator is wrong towards the test that asks for it; what it answers is no complaint about the emulator."""
    run(TESTS).assert_outcomes(passed=2)


def test_an_unknown_persona_fails_the_test(run: Callable[..., pytest.RunResult]):
    """A persona that is not there is told in a sentence, with one that is called alike."""
    done = run(TESTS.replace("drops-next-page", "drop-next-page"))
    done.assert_outcomes(passed=1, errors=1)
    done.stdout.fnmatch_lines(["*persona 'drop-next-page' is unknown: did you mean drops-next-page*"])
