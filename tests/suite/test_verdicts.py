"""How the outcomes of tests become a verdict."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aep_export.exchange import Exchange, Headers, Request, Response
from pytest_aep_export.suite.registry import Level
from pytest_aep_export.suite.verdicts import Outcome, Result, Verdict, combine

RESULTS = st.lists(st.sampled_from(Result), max_size=6)


def verdict(level: Level, *results: Result) -> Verdict:
    """The verdict on outcomes with these results."""
    return combine(level, [Outcome("a test", result) for result in results])


@pytest.mark.parametrize(
    ("level", "expected"), [(Level.MUST, Verdict.FAIL), (Level.SHOULD, Verdict.WARN), (Level.MAY, Verdict.INFO)]
)
def test_what_is_not_met_weighs_by_its_level(level: Level, expected: Verdict):
    """One counter-example decides, whatever else was found, and its weight is the requirement's."""
    assert verdict(level, Result.MET, Result.UNMET, Result.BROKEN, Result.NOT_VERIFIED) is expected


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([], Verdict.NOT_VERIFIED),
        ([Result.MET], Verdict.PASS),
        ([Result.NOT_APPLICABLE], Verdict.NOT_APPLICABLE),
        ([Result.MET, Result.NOT_APPLICABLE], Verdict.PASS),
        ([Result.MET, Result.NOT_VERIFIED], Verdict.NOT_VERIFIED),
        ([Result.NOT_APPLICABLE, Result.NOT_VERIFIED], Verdict.NOT_VERIFIED),
        ([Result.MET, Result.BLOCKED, Result.NOT_VERIFIED], Verdict.BLOCKED),
        ([Result.MET, Result.BROKEN, Result.BLOCKED], Verdict.ERROR),
    ],
)
def test_doubt_weighs_more_than_a_pass(results: list[Result], expected: Verdict):
    """Without a counter-example, doubt wins over a pass, and a pass over what is not applicable."""
    assert verdict(Level.MUST, *results) is expected


@given(results=RESULTS, level=st.sampled_from(Level))
def test_a_pass_was_judged_and_never_doubted(results: list[Result], level: Level):
    """A pass takes at least one test that judged, and none that doubted or refuted."""
    doubted = {Result.UNMET, Result.BROKEN, Result.BLOCKED, Result.NOT_VERIFIED} & set(results)
    assert (verdict(level, *results) is Verdict.PASS) == (Result.MET in results and not doubted)


@given(results=RESULTS, level=st.sampled_from(Level))
def test_order_and_repetition_do_not_matter(results: list[Result], level: Level):
    """The verdict depends on which results there are, not on their order or number."""
    assert verdict(level, *results) is verdict(level, *reversed(results), *results)


def test_an_outcome_without_secrets():
    """Whatever a server repeats of the secrets it was sent is hidden, wherever an outcome shows it."""
    echo = Response(400, Headers({"X-Echo": "opaque-token"}), b'{"you sent": "opaque-token", "by": "client-identity"}')
    exchange = Exchange(Request("GET", "http://h/x?by=client-identity"), echo)
    outcome = Outcome(
        "a test",
        Result.UNMET,
        "not opaque-token",
        "opaque-token of client-identity",
        exchange,
        (exchange,),
        "opaque-token",
    )
    clean = outcome.without(("opaque-token", "client-identity"))
    assert (clean.exchanges, clean.cause) == ((clean.exchange,), "REDACTED")
    assert (clean.required, clean.found) == ("not REDACTED", "REDACTED of REDACTED")
    assert clean.exchange
    assert clean.exchange.request.url == "http://h/x?by=REDACTED"
    assert clean.exchange.response.headers["x-echo"] == "REDACTED"
    assert clean.exchange.response.body == b'{"you sent": "REDACTED", "by": "REDACTED"}'
    assert Outcome("a test", Result.MET).without(("opaque-token",)) == Outcome("a test", Result.MET)


def test_an_outcome_travels_between_processes():
    """What another process is told is everything but the exchanges."""
    outcome = Outcome("a test", Result.BLOCKED, "a list", "none", cause="EXP-LIST-001")
    exchange = Exchange(Request("GET", "http://h/x"), Response(200))
    assert Outcome.from_json(json.loads(json.dumps(outcome.to_json()))) == outcome
    assert Outcome.from_json(replace(outcome, exchange=exchange, exchanges=(exchange,)).to_json()) == outcome
