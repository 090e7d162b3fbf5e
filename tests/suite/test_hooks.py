"""The plugin of a run: outcomes, selection, the lint at collection, and a target that dies."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.suite.budget import Budget, Limits
from pytest_aep_export.suite.hooks import ENDED, SuiteRun
from pytest_aep_export.suite.outcomes import SILENT as SILENT_CAUSE
from pytest_aep_export.suite.registry import parse
from pytest_aep_export.suite.runner import SuiteError
from pytest_aep_export.suite.targets import Target
from pytest_aep_export.suite.verdicts import Outcome, Result

Make = Callable[[str], Callable[..., Any]]

EVERY_OUTCOME = """
from pytest_aep_export.errors import TransportError
from pytest_aep_export.exchange import Exchange, Request, Response
from pytest_aep_export.suite.expect import UnmetError, blocked, not_applicable, not_verified
from pytest_aep_export.suite.sending import TargetError

@pytest.fixture
def broken():
    raise RuntimeError("the set-up fell over")

@req("EXP-LIST-001")
def test_met(request): pass

@req("EXP-LIST-001")
def test_unmet(): raise UnmetError("a list", "none", Exchange(Request("GET", "http://x/y"), Response(500)))

@req("EXP-LIST-002")
def test_not_applicable(): not_applicable("no data")

@req("EXP-LIST-002")
def test_not_verified(): not_verified("too slow")

@req("EXP-LIST-002")
def test_blocked(): blocked("EXP-LIST-001", "no list", Exchange(Request("GET", "http://x/y"), Response(500)))

@req("EXP-LIST-002")
def test_skipped(): pytest.skip("for another reason")

@req("EXP-LIST-003")
def test_silent(): raise TransportError("no answer")

@req("EXP-LIST-003")
def test_no_token(): raise TargetError("no token")

@req("EXP-LIST-003")
def test_bug(): {}["key"]

@req("EXP-LIST-003")
def test_setup(broken): pass
"""
ONE_EACH = """
@req("EXP-LIST-001")
@pytest.mark.parametrize("way", ["one", "other"])
def test_first(way): pass

@req("EXP-LIST-002")
def test_second(): pass

@req("EXP-LIST-003")
def test_third(): pass
"""


CALLING = """
calls = 1

def call(config):
    from pytest_aep_export.suite.hooks import TARGET
    for number in range(calls): config.stash[TARGET].send("GET", f"/{number}")

def job(config):
    from pytest_aep_export.suite.hooks import TARGET
    config.stash[TARGET].send("POST", "/data/core/ups/export/jobs", json={})

@req("EXP-LIST-001")
@pytest.mark.parametrize("way", ["one", "other"])
def test_first(way, pytestconfig): call(pytestconfig)

@req("EXP-LIST-002")
def test_second(pytestconfig): call(pytestconfig)

@req("EXP-LIST-003")
def test_third(pytestconfig): call(pytestconfig)
"""


def test_every_outcome_is_told_apart(small_suite: Make, idle: Target, watcher: Any):
    """A test is met, unmet, not applicable, not verified, or broken; the reasons are kept."""
    run = small_suite(EVERY_OUTCOME)(idle, watcher)
    found = {outcome.test.partition("::")[2]: outcome for _, outcome in watcher.outcomes}
    assert {name: outcome.result for name, outcome in found.items()} == {
        "test_met": Result.MET,
        "test_unmet": Result.UNMET,
        "test_not_applicable": Result.NOT_APPLICABLE,
        "test_not_verified": Result.NOT_VERIFIED,
        "test_blocked": Result.BLOCKED,
        "test_skipped": Result.NOT_VERIFIED,
        "test_silent": Result.BLOCKED,
        "test_no_token": Result.BLOCKED,
        "test_bug": Result.BROKEN,
        "test_setup": Result.BROKEN,
    }
    assert (found["test_unmet"].required, found["test_unmet"].found) == ("a list", "none")
    assert found["test_unmet"].exchange.response.status == 500
    assert found["test_not_applicable"].found == "no data"
    assert found["test_bug"].found == "KeyError: 'key'"
    assert found["test_setup"].found == "RuntimeError: the set-up fell over"
    assert [o.result for o in run.outcomes["EXP-LIST-001"]] == [Result.MET, Result.UNMET]


def test_the_target_is_lent(small_suite: Make, idle: Target, watcher: Any):
    """The tests find the run's target in the configuration."""
    source = "from pytest_aep_export.suite.hooks import TARGET\n" + ONE_EACH.replace(
        "def test_second(): pass",
        "def test_second(pytestconfig): assert pytestconfig.stash[TARGET].base_url == 'http://gateway.test'",
    )
    run = small_suite(source)(idle, watcher)
    assert {o.result for outcomes in run.outcomes.values() for o in outcomes} == {Result.MET}
    assert [name for _, name in watcher.tests] == ["EXP-LIST-001", "EXP-LIST-001", "EXP-LIST-002", "EXP-LIST-003"]


def test_a_selection_by_id(small_suite: Make, idle: Target, watcher: Any):
    """Requirements are selected by their ids, and the run says which were."""
    run = small_suite(ONE_EACH)(idle, watcher, select="EXP-LIST-001 or EXP-LIST-003")
    assert run.selected == {"EXP-LIST-001", "EXP-LIST-003"} == set(run.outcomes)


def test_a_requirement_is_judged_whole_or_not_at_all(small_suite: Make, idle: Target, watcher: Any):
    """A selection that takes only some tests of a requirement takes none of them."""
    run = small_suite(ONE_EACH)(idle, watcher, select="one or test_second")
    assert run.selected == {"EXP-LIST-002"}


@pytest.mark.parametrize("select", ["nothing_like_it", "one"])
def test_a_selection_of_nothing(small_suite: Make, idle: Target, watcher: Any, select: str):
    """A selection that leaves nothing says so."""
    with pytest.raises(ConfigurationError, match=f"-k '{select}' selects no test"):
        small_suite(ONE_EACH)(idle, watcher, select=select)


def test_a_selection_that_cannot_be_read(small_suite: Make, idle: Target, watcher: Any):
    """An expression that is none is one sentence."""
    with pytest.raises(ConfigurationError, match=r"^Wrong expression passed to '-k': list\(: .*$"):
        small_suite(ONE_EACH)(idle, watcher, select="list(")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def test_none(): pass", "names 0 requirements"),
        (ONE_EACH.replace("EXP-LIST-002", "EXP-LIST-009"), "EXP-LIST-009, which is no server requirement"),
        (ONE_EACH.replace("EXP-LIST-002", "EXP-LIST-001"), "EXP-LIST-002 has no test"),
    ],
)
def test_what_does_not_fit_fails_the_collection(small_suite: Make, idle: Target, watcher: Any, source: str, said: str):
    """Tests and requirements that do not fit end the run before it begins."""
    with pytest.raises(ConfigurationError, match=said):
        small_suite(source)(idle, watcher)
    assert watcher.outcomes == []


def test_a_registry_that_is_broken_fails_the_collection(
    small_suite: Make, idle: Target, watcher: Any, monkeypatch: pytest.MonkeyPatch
):
    """A registry that breaks its rules ends the run with its sentence."""
    run = small_suite(ONE_EACH)

    monkeypatch.setattr("pytest_aep_export.suite.collection.load", lambda: parse(b""))
    with pytest.raises(ConfigurationError, match="the requirements break their rules"):
        run(idle, watcher)


def test_a_suite_that_cannot_be_imported(small_suite: Make, idle: Target, watcher: Any):
    """A suite that does not even load is the suite's own fault, and says what pytest said."""
    with pytest.raises(SuiteError, match=r"a bug of pytest-aep-export(.|\n)*ZeroDivisionError|test_small"):
        small_suite("1 / 0")(idle, watcher)


SILENT = """
from pytest_aep_export.errors import TransportError
{}
"""


def silences(*numbers: int) -> str:
    """Nine tests, three of each requirement, of which those with these numbers get no answer."""
    ends = ['raise TransportError("GET http://x got no answer")' if n in numbers else "pass" for n in range(9)]
    return SILENT.format(
        "\n".join(f'@req("EXP-LIST-00{n % 3 + 1}")\ndef test_{n}(): {end}' for n, end in enumerate(ends))
    )


def test_a_file_that_cannot_be_imported(small_suite: Make, idle: Target, watcher: Any, tmp_path: Path):
    """One file that does not load keeps all from being judged: nobody would miss its requirements."""
    run = small_suite(ONE_EACH)
    (tmp_path / "server" / "test_more.py").write_text("1 / 0")
    with pytest.raises(SuiteError, match=r"a bug of pytest-aep-export(.|\n)*ZeroDivisionError"):
        run(idle, watcher)
    assert watcher.outcomes == []


def test_a_target_that_dies_ends_the_run(small_suite: Make, dead: Target, watcher: Any):
    """After three tests in a row without an answer, and none to a plain question, the rest is blocked by that."""
    run = small_suite(silences(*range(2, 9)))(dead, watcher)
    assert run.stopped.startswith("GET http://x got no answer; 3 tests in a row had no answer")
    assert len(watcher.outcomes) == 9
    assert [o.cause for _, o in watcher.outcomes] == [*[""] * 2, *[SILENT_CAUSE] * 3, *[ENDED] * 4]
    assert {o.result for o in run.outcomes["EXP-LIST-003"]} == {Result.BLOCKED}
    assert all(o.found == run.stopped for _, o in watcher.outcomes if o.cause == ENDED)


def test_a_target_that_falls_silent_ends_the_run_at_once(small_suite: Make, dead: Target, watcher: Any):
    """An answer that was waited for in vain, and then none to a plain question: nobody waits a third time."""
    source = silences(2).replace("TransportError", "LateError").replace(".errors", ".suite.courtesy")
    run = small_suite(source)(dead, watcher)
    assert run.stopped.startswith("GET http://x got no answer; the next call had no answer, so the run was ended")
    assert [o.cause for _, o in watcher.outcomes] == [*[""] * 2, SILENT_CAUSE, *[ENDED] * 6]


def test_a_target_that_is_late_and_lives_goes_on(small_suite: Make, idle: Target, watcher: Any):
    """One answer that did not come in time ends nothing where the next one does."""
    source = silences(2).replace("TransportError", "LateError").replace(".errors", ".suite.courtesy")
    assert small_suite(source)(idle, watcher).stopped == ""


def test_a_target_that_answers_nothing_to_some_calls_goes_on(small_suite: Make, idle: Target, watcher: Any):
    """Silences end nothing as long as a plain question is answered."""
    run = small_suite(silences(*range(9)))(idle, watcher)
    assert run.stopped == ""
    assert {o.cause for _, o in watcher.outcomes} == {SILENT_CAUSE}


def test_silences_with_answers_between_them_do_not_add_up(small_suite: Make, dead: Target, watcher: Any):
    """Only silences in a row count."""
    run = small_suite(silences(0, 1, 3, 4, 6, 7))(dead, watcher)
    assert run.stopped == ""


def test_one_silence_of_a_fixture_counts_once(small_suite: Make, dead: Target, watcher: Any):
    """What a shared fixture did not get blocks all that need it, and is no sign of death."""
    fixture = "@pytest.fixture(scope='session')\ndef shared(): raise TransportError('no answer')\n"
    tests = "\n".join(f'@req("EXP-LIST-00{n % 3 + 1}")\ndef test_{n}(shared): pass' for n in range(9))
    run = small_suite(SILENT.format(fixture + tests))(dead, watcher)
    assert run.stopped == ""
    assert [o.cause for _, o in watcher.outcomes] == [SILENT_CAUSE] * 9


@pytest.mark.parametrize(
    ("limits", "said"),
    [(Limits(calls=2), "used up its 2 calls: allow more with --max-calls"), (Limits(seconds=0), "used up its 0 s")],
)
def test_a_budget_ends_the_run(small_suite: Make, idle: Target, watcher: Any, limits: Limits, said: str):
    """When no more calls may be made nothing more is asked, and all that is left is blocked by that."""
    idle.budget = Budget(limits)
    run = small_suite(CALLING)(idle, watcher)
    assert said in run.stopped
    assert {o.result for _, o in watcher.outcomes[-2:]} == {Result.BLOCKED}
    assert len(watcher.outcomes) == 4


def test_a_budget_of_jobs_ends_nothing(small_suite: Make, idle: Target, watcher: Any):
    """Without another job the tests that need none still run."""
    idle.budget = Budget(Limits(jobs=0))
    source = CALLING.replace(
        "def test_second(pytestconfig):", "def test_second(pytestconfig): job(pytestconfig)\ndef other():"
    )
    run = small_suite(source)(idle, watcher)
    assert run.stopped == ""
    assert [o.result for o in run.outcomes["EXP-LIST-002"]] == [Result.BLOCKED]
    assert run.outcomes["EXP-LIST-002"][0].cause == run.outcomes["EXP-LIST-002"][0].found
    assert [o.result for o in run.outcomes["EXP-LIST-003"]] == [Result.MET]


def test_the_exchanges_of_a_test_are_kept(small_suite: Make, idle: Target, watcher: Any):
    """An outcome has what the test itself exchanged: the first, and the last of what is too much."""
    idle.token()
    run = small_suite(CALLING.replace("calls = 1", "calls = 12"))(idle, watcher)
    paths = [[e.request.path for e in o.exchanges] for o in run.outcomes["EXP-LIST-002"]]
    assert paths == [["/0", *(f"/{n}" for n in range(3, 12))]]


def test_a_profile_narrows_the_run(small_suite: Make, idle: Target, watcher: Any):
    """The profile core judges the MUST requirements only."""
    run = small_suite(ONE_EACH)(idle, watcher, profile="core")
    assert run.selected == {"EXP-LIST-001"} == set(run.outcomes)


def test_an_interrupted_run_says_so(small_suite: Make, idle: Target, watcher: Any):
    """Ctrl-C ends the run, which keeps what was found before, and knows of no verdict on the rest."""
    source = ONE_EACH.replace("def test_second(): pass", "def test_second(): raise KeyboardInterrupt")
    run = small_suite(source)(idle, watcher)
    assert run.stopped == "the run was interrupted"
    assert [o.result for o in run.outcomes["EXP-LIST-001"]] == [Result.MET, Result.MET]
    left = [o for name in ("EXP-LIST-002", "EXP-LIST-003") for o in run.outcomes[name]]
    assert {(o.result, o.cause, o.found) for o in left} == {(Result.BLOCKED, ENDED, "the run was interrupted")}


def test_what_another_process_has_found_is_collected(watcher: Any):
    """A report that comes from elsewhere brings its outcome along; the list of tests comes at the process's end."""
    run = SuiteRun(observer=watcher)
    outcome = Outcome("test_small::test_a", Result.UNMET, "a list", "none")
    run.pytest_runtest_logreport(SimpleNamespace(aep_outcome=["EXP-LIST-001", outcome.to_json()], nodeid="a"))
    run.pytest_runtest_logreport(SimpleNamespace(nodeid="b"))
    planned = [[["test_small::test_a", "EXP-LIST-001"], ["test_small::test_b", "EXP-LIST-001"]], ["EXP-LIST-001"]]
    run.pytest_testnodedown(SimpleNamespace(workeroutput={"aep_planned": planned}))
    run.pytest_testnodedown(SimpleNamespace())
    run.end()
    assert run.selected == {"EXP-LIST-001"}
    assert run.outcomes["EXP-LIST-001"] == [
        outcome,
        Outcome("test_small::test_b", Result.NOT_VERIFIED, found="the test was not run"),
    ]
    assert [o for _, o in watcher.outcomes] == run.outcomes["EXP-LIST-001"]


def test_the_users_pytest_settings_stay_out(
    small_suite: Make, idle: Target, watcher: Any, monkeypatch: pytest.MonkeyPatch
):
    """What the environment adds to every pytest run is not added to the suite's, and is there again afterwards."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    small_suite(ONE_EACH)(idle, watcher)
    assert len(watcher.outcomes) == 4
    assert os.environ["PYTEST_ADDOPTS"] == "--no-such-option"


def test_the_tests_of_others_are_left_alone(small_suite: Make, idle: Target, watcher: Any, tmp_path: Path):
    """Whoever runs the suite together with tests of their own gets those judged by nobody and left out by nothing."""
    run = small_suite(ONE_EACH)
    (tmp_path / "test_own.py").write_text("def test_own(): pass\n")
    found = run(idle, watcher, profile="core", options=[str(tmp_path / "test_own.py")])
    assert set(found.outcomes) == {"EXP-LIST-001"}
    assert found.stopped == ""
