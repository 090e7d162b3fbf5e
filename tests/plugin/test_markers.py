"""Markers: what they change, and that one which is written wrong is never passed over."""

from __future__ import annotations

import pytest

from pytest_aep_export.lifecycle import Progression
from pytest_aep_export.model import JobStatus
from pytest_aep_export.profiles import generate

pytestmark = pytest.mark.aep_emulator(page_limit=2, dialect="segmentation-guide")


def _looks(client, dataset) -> list[str]:
    job = client.create_export_job(dataset_id=dataset.id)
    return [str(client.get_export_job(job.id).status) for _ in range(3)]


@pytest.mark.aep_emulator(progression="immediate")
def test_a_progression_can_be_named(aep_client, aep_dataset):
    """The first look finds the job at its end."""
    assert _looks(aep_client, aep_dataset) == ["SUCCEEDED"] * 3


@pytest.mark.aep_emulator(progression=Progression(fail=JobStatus.PROCESSING))
def test_a_progression_can_be_given(aep_client, aep_dataset):
    """A value says more than a name: this one fails."""
    assert _looks(aep_client, aep_dataset) == ["PROCESSING", "FAILED", "FAILED"]


@pytest.mark.aep_emulator(dialect="profile-guide")
def test_the_nearest_marker_wins_keyword_by_keyword(aep_emulator):
    """The test's dialect comes before the module's; the module's page limit holds."""
    assert aep_emulator.behaviour.dialect.name == "profile-guide"
    assert aep_emulator.behaviour.page_limit == 2


def test_a_modules_marker_holds_for_its_tests(aep_emulator):
    """A test without a marker of its own has the module's."""
    assert aep_emulator.behaviour.dialect.name == "segmentation-guide"


SWITCHED = {
    "part_rows": 1,
    "cancel_finished": "refuse",
    "files": "directory",
    "unknown_segments": "accept",
    "unselected": "null",
    "earlier_batches": "replace",
    "row_order": "shuffled",
}


@pytest.mark.aep_emulator(profiles=3, seed=5, **SWITCHED)
def test_every_keyword_reaches_the_emulator(aep_emulator):
    """Profiles, seed, and each switch of the behaviour; what is not said stays as it is."""
    assert aep_emulator.data.fragments.equals(generate(3, seed=5).fragments)
    changed = {name: getattr(aep_emulator.behaviour, name) for name in SWITCHED}
    assert changed == SWITCHED
    assert aep_emulator.behaviour.page_limit == 2


@pytest.mark.aep_emulator(sandboxes=("dev", "prod"))
def test_sandboxes_can_be_named(aep_emulator, aep_client):
    """The first is the one that the fixtures work in."""
    assert aep_emulator.credentials.sandbox == "dev"
    assert [policy.raw["sandbox"]["sandboxName"] for policy in aep_client.list_merge_policies()] == ["dev"] * 4


@pytest.mark.aep_emulator(sandboxes="stage")
def test_a_single_sandbox_can_be_named(aep_credentials):
    """One name is one sandbox, not one for each letter."""
    assert aep_credentials.sandbox == "stage"


@pytest.mark.parametrize(
    ("marker", "complaint"),
    [
        ("aep_emulator(dialec='canonical')", "marker aep_emulator does not know dialec"),
        ("aep_emulator('openapi')", "marker aep_emulator takes no value by position, found 1"),
        ("aep_cassette('export/succeeded', mode='once')", "marker aep_cassette does not know mode"),
        ("aep_cassette", "marker aep_cassette takes 1 value by position, found 0"),
        ("aep_cassette('a/b', 'c/d')", "marker aep_cassette takes 1 value by position, found 2"),
        ("aep_requirement(id='x')", "marker aep_requirement does not know id"),
    ],
)
def test_a_marker_that_is_written_wrong_is_a_usage_error(run, marker, complaint):
    """No test runs, and one sentence names the test, the marker and what it takes."""
    result = run(f"import pytest\n@pytest.mark.{marker}\ndef test_it(): pass")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    [line] = [line for line in result.errlines if line.startswith("ERROR: ")]
    assert "::test_it: " in line
    assert complaint in line


@pytest.mark.parametrize(
    ("marker", "complaint"),
    [
        ("aep_emulator(dialect='x')", "aep_dialect: 'x' from marker is none of canonical, profile-guide"),
        ("aep_emulator(progression='x')", "aep_progression: 'x' from marker is none of per-poll, immediate"),
        ("aep_emulator(profiles=-1)", "aep_profiles: -1 from marker cannot be used: expected a whole number"),
        ("aep_emulator(page_limit=0)", "page_limit 0 cannot be used: expected a whole number from 1 to 2147483647"),
        ("aep_emulator(part_rows='x')", "part_rows 'x' cannot be used: expected a whole number from 1 to 2147483647"),
        ("aep_emulator(cancel_finished='x')", "cancel_finished 'x' is unknown: use accept or refuse"),
        ("aep_emulator(unselected='x')", "unselected 'x' is unknown: use drop or null"),
        ("aep_emulator(row_order=1)", "row_order 1 is unknown: use stored or shuffled"),
        ("aep_emulator(sandboxes=['A'])", "'A' is not a sandbox's name"),
        ("aep_emulator(sandboxes=())", "a tenant needs a sandbox"),
        ("aep_cassette('none')", "'none' is not a cassette's name"),
        ("aep_cassette('export/none')", "cassette export/none does not exist"),
    ],
)
def test_a_value_that_cannot_be_used_is_one_clear_sentence(run, marker, complaint):
    """The test fails with the sentence and nothing else: no traceback into this package."""
    fixture = marker.partition("(")[0]
    result = run(f"import pytest\n@pytest.mark.{marker}\ndef test_it({fixture}): pass")
    result.assert_outcomes(errors=1)
    output = result.stdout.str()
    assert f"\n{fixture}: {complaint}" in output
    assert "Traceback" not in output
    assert "plugin.py" not in output


def test_a_cassette_without_a_name_is_one_clear_sentence(run):
    """The fixture says which marker names the recording."""
    result = run("def test_it(aep_cassette): pass")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["aep_cassette: name a recording with the marker @pytest.mark.aep_cassette(*"])


def test_every_marker_is_declared(run):
    """``pytest --markers`` explains each, and strict markers accept them."""
    source = """
        import pytest
        pytestmark = pytest.mark.aep_requirement("y")
        @pytest.mark.aep_emulator(seed=1)
        def test_it(): pass
    """
    run(source, "--strict-markers").assert_outcomes(passed=1)
    text = run("", "--markers").stdout.str()
    for name in ("aep_emulator", "aep_requirement", "aep_cassette"):
        assert f"@pytest.mark.{name}" in text


def test_another_plugins_configuration_error_is_left_alone(run):
    """Only fixtures of ours lose their traceback."""
    source = """
        import pytest
        from pytest_aep_export.errors import ConfigurationError
        @pytest.fixture
        def mine():
            raise ConfigurationError("something of the user's")
        def test_it(mine): pass
    """
    result = run(source)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([">*raise ConfigurationError*"])
