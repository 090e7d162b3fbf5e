"""Choosing what a client is judged by, and what there is to choose from."""

from __future__ import annotations

import re

import pytest

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.judge.choosing import choose
from pytest_aep_export.judge.scenarios import SCENARIOS
from pytest_aep_export.judge.selection import choice
from pytest_aep_export.suite.registry import load

CLIENT = frozenset(requirement.id for requirement in load().of("client"))


@pytest.mark.parametrize(
    ("expression", "chosen"),
    [
        ("", {"a-list", "a-job", "both"}),
        ("list", {"a-list", "both"}),
        ("LIST", {"a-list", "both"}),
        ("list and job", {"both"}),
        ("list or job", {"a-list", "a-job", "both"}),
        ("not list", {"a-job"}),
        ("not not list", {"a-list", "both"}),
        ("a- and not (list or nothing)", {"a-job"}),
        ("a-list or job and list", {"a-list", "both"}),
        ("(a-list or job)and list", {"a-list", "both"}),
    ],
)
def test_expressions(expression: str, chosen: set[str]):
    """Words choose by parts of names; ``not`` binds closest, then ``and``, then ``or``."""
    names = {"a-list": ["a-list"], "a-job": ["a-job"], "both": ["list-of-it", "job"]}
    assert {name for name, each in names.items() if choice(expression)(each)} == chosen


@pytest.mark.parametrize(
    ("expression", "where"),
    [
        ("and", "at 'and'"),
        ("list and", "at its end"),
        ("list job", "at 'job'"),
        ("(list", "at its end"),
        ("(list job)", "at 'job'"),
        ("list)", "at ')'"),
        ("not", "at its end"),
        ("()", "at ')'"),
    ],
)
def test_what_is_no_expression(expression: str, where: str):
    """What cannot be read is refused, with the place."""
    with pytest.raises(
        ConfigurationError, match=re.escape(f"the expression of -k cannot be read {where}: write words")
    ):
        choice(expression)


def test_everything_is_chosen_by_default():
    """Whoever chooses nothing has every scenario and every requirement, and a run that is called full."""
    chosen = choose()
    assert chosen.scenarios == tuple(SCENARIOS.values())
    assert (chosen.requirements, chosen.profile) == (CLIENT, "full")


def test_names_and_tasks_and_words_narrow_together():
    """What fits all of what was asked for is left; a scenario's name leaves every requirement to be judged by."""
    chosen = choose("circle or pages", ["pages-of-jobs", "many-pages", "list"], ["list", "cancel"])
    assert [scenario.id for scenario in chosen.scenarios] == ["pages-of-jobs", "many-pages"]
    assert chosen.requirements == CLIENT
    assert chosen.profile == f"2 of {len(SCENARIOS)} scenarios"


def test_a_requirement_leaves_every_scenario():
    """A requirement's id chooses by what to judge, and not where."""
    chosen = choose("EXP-CLI-001")
    assert (len(chosen.scenarios), chosen.requirements) == (len(SCENARIOS), {"EXP-CLI-001"})


def test_scenarios_have_names_and_sentences():
    """Every scenario is called by words joined by dashes, and told of in a sentence of its own."""
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) and name == s.id for name, s in SCENARIOS.items())
    assert all(re.fullmatch(r"[A-Z0-9].*\.", scenario.about) for scenario in SCENARIOS.values())
    plain = [SCENARIOS[task] for task in ("export", "list", "cancel")]
    assert all(scenario.task == scenario.id and scenario.ending == "success" for scenario in plain)
    others = [scenario.about for scenario in SCENARIOS.values() if scenario not in plain]
    assert len(set(others)) == len(others)
