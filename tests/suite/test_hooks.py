"""The plugin of a run: outcomes, selection, the lint at collection, and a target that dies."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.suite.registry import parse
from pytest_aep_export.suite.runner import SuiteError
from pytest_aep_export.suite.verdicts import Result

Make = Callable[[str], Callable[..., Any]]

EVERY_OUTCOME = """
from pytest_aep_export.errors import TransportError
from pytest_aep_export.exchange import Exchange, Request, Response
from pytest_aep_export.suite.expect import UnmetError, not_applicable, not_verified
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


def test_every_outcome_is_told_apart(small_suite: Make, watcher: Any):
    """A test is met, unmet, not applicable, not verified, or broken; the reasons are kept."""
    run = small_suite(EVERY_OUTCOME)(None, watcher)
    found = {outcome.test.partition("::")[2]: outcome for _, outcome in watcher.outcomes}
    assert {name: outcome.result for name, outcome in found.items()} == {
        "test_met": Result.MET,
        "test_unmet": Result.UNMET,
        "test_not_applicable": Result.NOT_APPLICABLE,
        "test_not_verified": Result.NOT_VERIFIED,
        "test_skipped": Result.NOT_VERIFIED,
        "test_silent": Result.NOT_VERIFIED,
        "test_no_token": Result.NOT_VERIFIED,
        "test_bug": Result.BROKEN,
        "test_setup": Result.BROKEN,
    }
    assert (found["test_unmet"].required, found["test_unmet"].found) == ("a list", "none")
    assert found["test_unmet"].exchange.response.status == 500
    assert found["test_not_applicable"].found == "no data"
    assert found["test_bug"].found == "KeyError: 'key'"
    assert found["test_setup"].found == "RuntimeError: the set-up fell over"
    assert [o.result for o in run.outcomes["EXP-LIST-001"]] == [Result.MET, Result.UNMET]


def test_the_target_is_lent(small_suite: Make, watcher: Any):
    """The tests find the run's target in the configuration."""
    source = "from pytest_aep_export.suite.hooks import TARGET\n" + ONE_EACH.replace(
        "def test_second(): pass", "def test_second(pytestconfig): assert pytestconfig.stash[TARGET] == 'the target'"
    )
    run = small_suite(source)("the target", watcher)
    assert {o.result for outcomes in run.outcomes.values() for o in outcomes} == {Result.MET}
    assert [name for _, name in watcher.tests] == ["EXP-LIST-001", "EXP-LIST-001", "EXP-LIST-002", "EXP-LIST-003"]


def test_a_selection_by_id(small_suite: Make, watcher: Any):
    """Requirements are selected by their ids, and the run says which were."""
    run = small_suite(ONE_EACH)(None, watcher, select="EXP-LIST-001 or EXP-LIST-003")
    assert run.selected == {"EXP-LIST-001", "EXP-LIST-003"} == set(run.outcomes)


def test_a_requirement_is_judged_whole_or_not_at_all(small_suite: Make, watcher: Any):
    """A selection that takes only some tests of a requirement takes none of them."""
    run = small_suite(ONE_EACH)(None, watcher, select="one or test_second")
    assert run.selected == {"EXP-LIST-002"}


@pytest.mark.parametrize("select", ["nothing_like_it", "one"])
def test_a_selection_of_nothing(small_suite: Make, watcher: Any, select: str):
    """A selection that leaves nothing says so."""
    with pytest.raises(ConfigurationError, match=f"-k '{select}' selects no test"):
        small_suite(ONE_EACH)(None, watcher, select=select)


def test_a_selection_that_cannot_be_read(small_suite: Make, watcher: Any):
    """An expression that is none is one sentence."""
    with pytest.raises(ConfigurationError, match=r"^Wrong expression passed to '-k': list\(: .*$"):
        small_suite(ONE_EACH)(None, watcher, select="list(")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def test_none(): pass", "names 0 requirements"),
        (ONE_EACH.replace("EXP-LIST-002", "EXP-LIST-009"), "EXP-LIST-009, which is no server requirement"),
        (ONE_EACH.replace("EXP-LIST-002", "EXP-LIST-001"), "EXP-LIST-002 has no test"),
    ],
)
def test_what_does_not_fit_fails_the_collection(small_suite: Make, watcher: Any, source: str, said: str):
    """Tests and requirements that do not fit end the run before it begins."""
    with pytest.raises(ConfigurationError, match=said):
        small_suite(source)(None, watcher)
    assert watcher.outcomes == []


def test_a_registry_that_is_broken_fails_the_collection(
    small_suite: Make, watcher: Any, monkeypatch: pytest.MonkeyPatch
):
    """A registry that breaks its rules ends the run with its sentence."""
    run = small_suite(ONE_EACH)

    monkeypatch.setattr("pytest_aep_export.suite.hooks.load", lambda: parse(b""))
    with pytest.raises(ConfigurationError, match="the requirements break their rules"):
        run(None, watcher)


def test_a_suite_that_cannot_be_imported(small_suite: Make, watcher: Any):
    """A suite that does not even load is the suite's own fault, and says what pytest said."""
    with pytest.raises(SuiteError, match=r"a bug of pytest-aep-export(.|\n)*ZeroDivisionError|test_small"):
        small_suite("1 / 0")(None, watcher)


def test_a_target_that_dies_ends_the_run(small_suite: Make, watcher: Any):
    """After three tests in a row without an answer nothing more is asked."""
    silent = 'raise TransportError("GET http://x got no answer")'
    tests = "\n".join(f'@req("EXP-LIST-00{n % 3 + 1}")\ndef test_{n}(): {silent}' for n in range(9))
    run = small_suite(f"from pytest_aep_export.errors import TransportError\n{tests}")(None, watcher)
    assert len(watcher.outcomes) == 3
    assert run.stopped.startswith("GET http://x got no answer; 3 tests in a row had no answer")


def test_a_single_silence_ends_nothing(small_suite: Make, watcher: Any):
    """Silences with answers between them do not add up."""
    silent = 'raise TransportError("no answer")'
    tests = "\n".join(
        f'@req("EXP-LIST-00{n % 3 + 1}")\ndef test_{n}(): {silent if n % 3 else "pass"}' for n in range(9)
    )
    run = small_suite(f"from pytest_aep_export.errors import TransportError\n{tests}")(None, watcher)
    assert len(watcher.outcomes) == 9
    assert run.stopped == ""


def test_an_interrupted_run_says_so(small_suite: Make, watcher: Any):
    """Ctrl-C ends the run, which keeps what was found before."""
    source = ONE_EACH.replace("def test_second(): pass", "def test_second(): raise KeyboardInterrupt")
    run = small_suite(source)(None, watcher)
    assert run.stopped == "the run was interrupted"
    assert set(run.outcomes) == {"EXP-LIST-001"}


def test_the_users_pytest_settings_stay_out(small_suite: Make, watcher: Any, monkeypatch: pytest.MonkeyPatch):
    """What the environment adds to every pytest run is not added to the suite's, and is there again afterwards."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    small_suite(ONE_EACH)(None, watcher)
    assert len(watcher.outcomes) == 4
    assert os.environ["PYTEST_ADDOPTS"] == "--no-such-option"
