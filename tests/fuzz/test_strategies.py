"""Strategies as their users meet them: names, choices that cannot be, and the extra that may be missing."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import Phase, given, settings

from pytest_aep_export.contract import load
from pytest_aep_export.contract.schemas import Schemas
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.fuzz import strategies
from pytest_aep_export.fuzz.strategies import (
    export_job_requests,
    field_paths,
    job_responses,
    journals,
    mistakes_of,
    profile_graphs,
    segments_filters,
)
from pytest_aep_export.fuzz.strategies.schemas import flat, values

EVERY = [export_job_requests, field_paths, job_responses, journals, profile_graphs, segments_filters]


@pytest.mark.parametrize("strategy", EVERY, ids=lambda each: each.__name__)
def test_every_strategy_has_three_kinds(strategy: Any):
    """Each draws what is right, near misses and what is hostile, but never both of these."""
    strategy()
    strategy(mistakes=mistakes_of(strategy)[:2])
    strategy(hostile=True)
    with pytest.raises(ConfigurationError, match="use either mistakes= or hostile=True"):
        strategy(mistakes="*", hostile=True)


@pytest.mark.parametrize("strategy", EVERY, ids=lambda each: each.__name__)
def test_an_unknown_mistake_is_one_sentence(strategy: Any):
    """Whoever misspells a mistake is told some that there are."""
    with pytest.raises(ConfigurationError, match=r"there is no mistake 'nonsense': use '\*' for any, or some of '"):
        strategy(mistakes=["*", "nonsense"])


@pytest.mark.parametrize("strategy", EVERY, ids=lambda each: each.__name__)
def test_mistakes_have_names_of_their_own(strategy: Any):
    """No two mistakes of a strategy are called alike."""
    names = mistakes_of(strategy)
    assert len(names) == len(set(names)) > 5


def test_only_strategies_have_mistakes():
    """Asking anything else for its mistakes is one sentence."""
    with pytest.raises(ConfigurationError, match="has no mistakes: use one of export_job_requests, "):
        mistakes_of(print)


@pytest.mark.parametrize(
    ("draw", "told"),
    [
        (lambda: job_responses("klingon"), "dialect 'klingon' is unknown"),
        (lambda: journals("klingon"), "dialect 'klingon' is unknown"),
        (
            lambda: job_responses(statuses=["DONE"]),
            "no job has the status DONE: use NEW, PROCESSING, SUCCEEDED, FAILED",
        ),
    ],
)
def test_what_cannot_be_drawn_is_one_sentence(draw: Any, told: str):
    """Dialects and statuses that there are not are refused when the strategy is made."""
    with pytest.raises(ConfigurationError, match=told):
        draw()


def test_the_public_names_are_these():
    """What can be imported is listed, and is there."""
    assert sorted(strategies.__all__) == dir(strategies)
    assert all(getattr(strategies, name).__doc__ for name in strategies.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        _ = strategies.nonsense


def test_a_name_is_itself_after_everything_was_imported():
    """No module of the package takes the name of a strategy away."""
    for each in EVERY:
        assert getattr(strategies, each.__name__) is each


def test_without_the_extra_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    """Hypothesis is an extra: where it is missing, the message names the command that brings it."""
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    with pytest.raises(ConfigurationError, match=r"install it with pip install 'pytest-aep-export\[fuzz\]'"):
        _ = strategies.journals


def _is_unconditional(name: str) -> bool:
    """Whether a schema has none of the keywords that strategies do not know."""
    text = json.dumps(load().schema(name))
    return not any(f'"{keyword}":' in text for keyword in ("if", "minProperties", "propertyNames"))


@pytest.mark.parametrize("name", [*filter(_is_unconditional, load().document["components"]["schemas"])])
def test_whatever_a_schema_describes_can_be_drawn(name: str):
    """Strategies follow from the contract: values of its schemas satisfy them, so what is added to them is drawn."""
    checker = Schemas(load().document).named(name)

    @given(values(flat(name)))
    @settings(max_examples=5, phases=(Phase.generate,))
    def holds(value: Any) -> None:
        assert checker.violations(value) == []

    holds()


def test_importing_the_package_loads_no_hypothesis():
    """The bare import of strategies costs nothing but itself."""
    code = "import sys, pytest_aep_export.fuzz.strategies; print('hypothesis' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
