"""Strategies for journals: the rules for clients find nothing in the right ones, and in near misses what is named."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings

from pytest_aep_export import Exchange
from pytest_aep_export.contract import DIALECTS, load
from pytest_aep_export.fuzz.strategies import NearMiss, journals, mistakes_of
from pytest_aep_export.judge.conforming import complaint, unmet
from pytest_aep_export.judge.trace import Trace
from pytest_aep_export.judge.verdicts import judge, verdicts
from tests.fuzz.simplest import first, simplest


def broken(journal: tuple[Exchange, ...]) -> set[str]:
    """The requirements that a journal shows to be broken."""
    found = unmet(verdicts(judge([Trace(journal)])), "MAY")
    assert not found or complaint(found)
    return {each.requirement.id for each in found}


def journals_in(dialect: str) -> Callable[[], None]:
    """The property of one dialect."""

    @given(journals(dialect))
    @settings(max_examples=12)
    def holds(journal: tuple[Exchange, ...]) -> None:
        assert broken(journal) == set()
        times = [exchange.at for exchange in journal]
        assert times == sorted(set(times))
        for exchange in journal:
            assert load().validate_request(exchange.request) == []
            found = load().validate_response(exchange.operation, exchange.response, dialect)
            assert [violation for violation in found if not violation.pointer.startswith("/header/")] == []

    return holds


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_journal_keeps_to_all_requirements(dialect: str):
    """No rule finds anything, the requests and answers are the contract's, and time goes on."""
    journals_in(dialect)()


@given(journals(mistakes="*"))
@settings(max_examples=30)
def test_a_near_miss_breaks_the_requirement_that_it_names(miss: NearMiss[tuple[Exchange, ...]]):
    """Exactly one requirement is broken: the one that the mistake is owed a refusal by."""
    assert miss.mistake.owed is not None
    assert broken(miss.value) == {miss.mistake.owed.source}


@pytest.mark.parametrize("name", mistakes_of(journals))
def test_a_mistake_is_drawn_by_its_name(name: str):
    """Whoever names a mistake gets it, and it is found."""
    miss = first(journals(mistakes=name))
    assert miss.mistake.name == name
    assert miss.mistake.owed is not None
    assert broken(miss.value) == {miss.mistake.owed.source}


@given(journals(hostile=True))
@settings(max_examples=25)
def test_no_journal_breaks_the_judge(journal: tuple[Exchange, ...]):
    """Whatever was exchanged, the rules for clients say something of it."""
    broken(journal)


def test_journals_shrink_to_the_shortest_way():
    """The simplest journal is a token, a dataset, a job and a look; one with bytes reads the one file of a batch."""
    shortest = [exchange.operation for exchange in simplest(journals())]
    assert shortest == ["requestToken", "createDataset", "createExportJob", "getExportJob"]
    read = simplest(journals(), lambda journal: journal[-1].response.body.startswith(b"PAR1"))
    assert [exchange.operation for exchange in read[4:]] == ["listBatchFiles", "getFile", "getFile"]
    cancelled = simplest(journals("openapi"), lambda journal: any(e.operation == "cancelExportJob" for e in journal))
    assert next(e.response.json()["status"] for e in cancelled if e.operation == "cancelExportJob") is True
