"""Options, environment and ini file: what they change, and what a wrong one is answered with."""

from __future__ import annotations

import pytest

from pytest_aep_export.contract import DIALECTS
from pytest_aep_export.emulator import Emulator, EmulatorServer
from pytest_aep_export.settings import SETTINGS
from pytest_aep_export.version import SUITE_VERSION

DIALECT = "def test_it(aep_emulator): assert aep_emulator.behaviour.dialect.name == '{}'"
LIST = "def test_it(aep_client): assert list(aep_client.list_export_jobs()) == []"
CREDENTIALS = ("AEP_CLIENT_ID", "AEP_CLIENT_SECRET", "AEP_ORG_ID")


def test_the_header_says_what_requests_go_to(run):
    """One line with target and suite version, and no settings unless they are asked for."""
    result = run("def test_it(): pass")
    assert [line for line in result.outlines if "aep" in line and "plugins:" not in line and "rootdir" not in line] == [
        f"aep-export: target emulator, suite {SUITE_VERSION}"
    ]


def test_every_setting_can_be_shown_with_its_origin(run, pytester, monkeypatch):
    """``--aep-show-config`` tells for each setting its value and which source it came from."""
    pytester.makeini("[pytest]\naep_seed = 7\naep_dialect = openapi\n")
    monkeypatch.setenv("AEP_IMS_URL", "http://127.0.0.1:1/token")
    result = run("def test_it(): pass", "--aep-show-config", "--aep-profiles", "5", "--aep-dialect=profile-guide")
    for line in (
        "aep_target = 'emulator' (default)",
        "aep_dialect = 'profile-guide' (option --aep-dialect)",
        "aep_progression = 'per-poll' (default)",
        "aep_profiles = 5 (option --aep-profiles)",
        "aep_seed = 7 (ini option aep_seed)",
    ):
        assert line in result.outlines


def test_the_nearest_source_wins_in_a_run(run, pytester):
    """Marker before command line before ini file, for what the emulator does."""
    pytester.makeini("[pytest]\naep_dialect = openapi\n")
    run(DIALECT.format("openapi")).assert_outcomes(passed=1)
    run(DIALECT.format("profile-guide"), "--aep-dialect", "profile-guide").assert_outcomes(passed=1)
    marked = "import pytest\n@pytest.mark.aep_emulator(dialect='segmentation-guide')\n"
    result = run(marked + DIALECT.format("segmentation-guide"), "--aep-dialect", "profile-guide")
    result.assert_outcomes(passed=1)


def test_profiles_seed_and_progression_are_options(run):
    """The emulator of the run has so many profiles, derives its ids from the seed and moves jobs as told."""
    source = """
        from pytest_aep_export.profiles import generate
        def test_it(aep_emulator, aep_client, aep_dataset):
            assert aep_emulator.data.fragments.equals(generate(3, seed=9).fragments)
            job = aep_client.create_export_job(dataset_id=aep_dataset.id)
            assert aep_client.get_export_job(job.id).succeeded
    """
    run(source, "--aep-profiles=3", "--aep-seed=9", "--aep-progression=immediate").assert_outcomes(passed=1)


@pytest.mark.parametrize("quiet", [(), ("-q",), ("-qq",)])
@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--aep-seed", "x"), "aep_seed: 'x' from option --aep-seed cannot be used"),
        (("--aep-profiles", "-1"), "aep_profiles: '-1' from option --aep-profiles cannot be used"),
        (("--aep-progression", "fast"), "aep_progression: 'fast' from option --aep-progression is none of"),
        (("--aep-dialect", "french"), "aep_dialect: 'french' from option --aep-dialect is none of canonical,"),
        (("-o", "aep_seed=x"), "aep_seed: 'x' from ini option aep_seed cannot be used"),
    ],
)
def test_a_setting_that_cannot_work_is_a_usage_error(run, arguments, complaint, quiet):
    """However quiet the run is, nothing runs and one sentence says what is wrong and where it came from."""
    result = run("def test_it(): pass", *arguments, *quiet)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert complaint in result.stderr.str()
    assert "Traceback" not in result.stderr.str()
    assert not result.outlines


def test_the_dialects_that_can_be_chosen_are_all_there_are():
    """The setting lists them itself, so that no run loads the contract for it."""
    assert SETTINGS["dialect"].choices == tuple(DIALECTS)


def _with_environment(run, monkeypatch, variables: dict[str, str], *arguments: str) -> pytest.RunResult:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return run(*arguments)


@pytest.fixture
def elsewhere():
    """Another emulator, as somebody else's server: its URL and the environment that opens it."""
    with Emulator(profiles=5) as emulator, EmulatorServer(emulator) as server:
        who = emulator.create_tenant().credentials
        yield server.url, dict(zip(CREDENTIALS, (who.client_id, who.client_secret, who.org_id), strict=True))


def test_a_url_can_be_the_target(run, elsewhere, monkeypatch):
    """The client's fixtures talk to it with the credentials of the environment; the header says so."""
    url, variables = elsewhere
    source = f"""
        {LIST}
        async def call(client):
            listed = [job async for job in client.list_export_jobs()]
            await client.close()
            return listed
        def test_others(aep_target, aep_async_client):
            import asyncio
            assert aep_target.send("GET", "/data/core/ups/export/jobs").response.status == 200
            assert asyncio.run(call(aep_async_client)) == []
    """
    result = _with_environment(run, monkeypatch, {**variables, "AEP_TARGET": url}, source)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines([f"aep-export: target {url}, suite *"])


def test_a_test_of_the_emulator_is_skipped_elsewhere(run, elsewhere, monkeypatch):
    """What only the emulator has cannot be tested on a URL; the reason names the target."""
    url, variables = elsewhere
    source = "def test_it(aep_emulator): pass\ndef test_clock(aep_clock): pass"
    result = _with_environment(run, monkeypatch, variables, source, "--aep-target", url, "-rs")
    result.assert_outcomes(skipped=2)
    result.stdout.fnmatch_lines([f"*this test needs the emulator, but the target is {url}*"])


def test_a_test_that_is_marked_for_the_emulator_is_skipped_elsewhere(run, elsewhere, monkeypatch):
    """What a marker says of the emulator has no meaning on a URL: such a test would judge something else."""
    url, variables = elsewhere
    source = """
        import pytest
        @pytest.mark.aep_emulator(dialect="openapi")
        @pytest.mark.parametrize("fixture", ["aep_client", "aep_async_client", "aep_target"])
        def test_it(fixture, request): request.getfixturevalue(fixture)
    """
    result = _with_environment(run, monkeypatch, variables, source, "--aep-target", url, "-rs")
    result.assert_outcomes(skipped=3)
    result.stdout.fnmatch_lines([f"*this test is about the emulator, but the target is {url}*"])


@pytest.mark.parametrize("given", range(3))
def test_a_url_without_credentials_is_one_clear_sentence(run, monkeypatch, given):
    """The sentence names every variable that is missing, and only those."""
    variables = dict.fromkeys(CREDENTIALS[:given], "x")
    result = _with_environment(run, monkeypatch, variables, LIST, "--aep-target", "http://127.0.0.1:9")
    result.assert_outcomes(errors=1)
    missing = ", ".join(CREDENTIALS[given:])
    sentence = (
        f"aep_credentials: credentials are missing: set {missing} in the environment, "
        "or AEP_CONFIG_FILE to a file of aepp's"
    )
    assert sentence in result.outlines
    assert "Traceback" not in result.stdout.str()


@pytest.mark.parametrize("fixture", ["aep_client", "aep_async_client", "aep_target"])
@pytest.mark.parametrize(
    "where", ["--aep-target=https://platform.adobe.io", "--aep-ims-url=https://ims-na1.adobelogin.com/x"]
)
def test_adobes_live_service_is_never_called_by_accident(run, monkeypatch, fixture, where):
    """Without ``--aep-live`` no fixture is made that could send anything there."""
    variables = dict.fromkeys(CREDENTIALS, "x")
    target = () if "target" in where else ("--aep-target=http://127.0.0.1:9",)
    source = f"def test_it({fixture}): pass"
    result = _with_environment(run, monkeypatch, variables, source, where, *target)
    result.assert_outcomes(errors=1)
    [line] = [line for line in result.outlines if line.startswith(f"{fixture}: ")]
    assert "is Adobe's live service, where exports cost quota: add --aep-live" in line
    _with_environment(run, monkeypatch, variables, source, where, *target, "--aep-live").assert_outcomes(passed=1)


def test_every_option_explains_itself(run):
    """``pytest --help`` lists each option with its default, and each ini name."""
    text = run("", "--help").stdout.str()
    for setting in SETTINGS.values():
        assert setting.option in text
        assert setting.ini in text
    assert "--aep-show-config" in text
