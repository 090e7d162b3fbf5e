"""Expectations: what they raise, and what that says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_aep_export.contract import Violation
from pytest_aep_export.exchange import Exchange, Response
from pytest_aep_export.suite.expect import (
    UnjudgedError,
    UnmetError,
    blocked,
    conforms,
    describe,
    document,
    expect,
    expect_direct,
    not_applicable,
    not_verified,
    number,
    pick,
    prerequisite,
    refused,
    status,
)
from pytest_aep_export.suite.verdicts import Result


def answered(exchange: Exchange, code: int, body: bytes) -> Exchange:
    """The exchange with another answer."""
    return replace(exchange, response=Response(code, exchange.response.headers, body))


def test_what_is_met_raises_nothing(exchange: Exchange):
    """A condition that holds raises nothing and gives nothing."""
    assert expect(True, exchange, "anything", "anything") is None  # noqa: FBT003 - the condition itself


def test_what_is_not_met_says_everything(exchange: Exchange):
    """A failure says what was required, what was found, what came back, and how to repeat it, without secrets."""
    with pytest.raises(UnmetError) as caught:
        expect(met=False, exchange=exchange, required="a list", found=42)
    assert str(caught.value).splitlines() == [
        "required: a list",
        "found: 42",
        'answer: 200, application/json, {"records": [{"id": 7}], "page": {"pageSize": 1}, "link": {"next": ""}}',
        f"reproduce with: {exchange.request.curl()}",
    ]
    assert "very-secret" not in str(caught.value) + repr(caught.value.exchange)


def test_what_was_found_is_told_without_secrets(exchange: Exchange):
    """A value that holds a token is told without it."""
    with pytest.raises(UnmetError) as caught:
        expect(met=False, exchange=exchange, required="a type", found="Bearer eyJhbGciOi.eyJpZCI6Mg.c2lnbmF0dXJl")
    assert caught.value.found == "Bearer REDACTED"
    assert "eyJ" not in str(caught.value)


def test_a_body_that_is_too_deep_is_not_json(exchange: Exchange):
    """A body that no reader can hold is a breach, not a fault of the suite."""
    with pytest.raises(UnmetError, match="the body is JSON"):
        document(answered(exchange, 200, b"[" * 100_000))


def test_a_long_body_is_cut(exchange: Exchange):
    """A description shows the beginning of a long body, and says when there is none."""
    assert describe(answered(exchange, 500, b"x" * 1000)).endswith("x…")
    assert describe(answered(exchange, 204, b"")).endswith("no body")


def test_an_unexpected_status_is_named(exchange: Exchange):
    """A status that is not allowed is what was found."""
    assert status(exchange, {200, 201}, "a success") is exchange
    with pytest.raises(UnmetError, match="found: status 200"):
        status(exchange, range(400, 500), "a refusal")


def test_a_body_that_is_no_json(exchange: Exchange):
    """A body that is not JSON does not meet what is required of one."""
    with pytest.raises(UnmetError, match="required: the body is JSON"):
        document(answered(exchange, 200, b"<html>"))


def test_a_value_is_picked(exchange: Exchange):
    """A pointer leads through objects and arrays."""
    assert pick(exchange, "/records/0/id") == 7


@pytest.mark.parametrize("pointer", ["/records/1", "/records/id", "/nothing", "/page/pageSize/deeper"])
def test_a_value_that_is_missing(exchange: Exchange, pointer: str):
    """A pointer that leads nowhere is a failure that names it."""
    with pytest.raises(UnmetError, match=f"a value at {pointer}"):
        pick(exchange, pointer)


@pytest.mark.parametrize("body", [b'{"n": true}', b'{"n": "7"}', b'{"n": null}'])
def test_what_is_no_number(exchange: Exchange, body: bytes):
    """Texts, truth values and null are no numbers."""
    assert number(answered(exchange, 200, b'{"n": 1.5}'), "/n") == 1.5
    with pytest.raises(UnmetError, match="/n is a number"):
        number(answered(exchange, 200, body), "/n")


def test_a_refusal_is_a_json_object(exchange: Exchange):
    """A refusal gives its document, which has to be an object."""
    assert refused(answered(exchange, 404, b'{"title": "none"}'), "a refusal") == {"title": "none"}
    with pytest.raises(UnmetError, match="a JSON object"):
        refused(answered(exchange, 404, b"[]"), "a refusal")


def test_the_contract_below_a_pointer(exchange: Exchange):
    """Only violations at or below the pointer count, and not those of names that merely begin alike."""
    violation = Violation("/records/0/id", "an integer", "'7'", "D-39", "MUST")
    conforms(exchange, [violation], "/records/1")
    conforms(exchange, [violation], "/records/0/i")
    for pointer in ("", "/records/0", "/records/0/id"):
        with pytest.raises(UnmetError, match=r"/records/0/id: an integer \(D-39\)"):
            conforms(exchange, [violation], pointer)


def test_a_prerequisite_ends_the_test_without_a_verdict(exchange: Exchange):
    """What is not met as a prerequisite is no failure of the test that needs it."""
    with pytest.raises(UnjudgedError) as caught, prerequisite():
        expect(met=False, exchange=exchange, required="a list", found=42)
    assert caught.value.msg == "blocked by a list: required: a list; found: 42"
    assert (caught.value.result, caught.value.cause) == (Result.BLOCKED, "a list")
    assert caught.value.exchange == exchange.redacted()


def test_a_prerequisite_names_its_cause(exchange: Exchange):
    """The requirement that judges a prerequisite is the cause of what it blocks, however deep it lies."""
    with pytest.raises(UnjudgedError) as caught, prerequisite("EXP-LIST-001"), prerequisite("EXP-AUTH-001"):
        status(exchange, {404}, "nothing is there")
    assert caught.value.cause == "EXP-AUTH-001"


def test_a_prerequisite_that_was_not_verified_blocks():
    """What builds on something that could not be judged is blocked by that; what is not applicable stays so."""
    with pytest.raises(UnjudgedError) as caught, prerequisite("EXP-WATCH-002"):
        not_verified("too slow")
    assert (caught.value.result, caught.value.cause, caught.value.reason) == (
        Result.BLOCKED,
        "EXP-WATCH-002",
        "too slow",
    )
    with pytest.raises(UnjudgedError, match="not applicable: no data"), prerequisite("EXP-WATCH-002"):
        not_applicable("no data")


def test_why_a_test_is_blocked_holds_no_secret():
    """A reason that repeats a token is told without it."""
    with pytest.raises(UnjudgedError, match=r"^blocked by a cause: Bearer REDACTED$"):
        blocked("a cause", "Bearer eyJhbGciOi.eyJpZCI6Mg.c2lnbmF0dXJl")


def test_a_redirect_that_was_followed_is_no_direct_answer(exchange: Exchange):
    """An answer that came from another path than was asked shows the redirect; one that failed is none at all."""
    expect_direct(exchange, exchange.request.path)
    with pytest.raises(UnmetError, match="found: a redirect to /data/core/ups/export/jobs"):
        expect_direct(exchange, f"{exchange.request.path}/")
    with pytest.raises(UnmetError, match="found: status 404"):
        expect_direct(answered(exchange, 404, b""), exchange.request.path)


def test_the_reasons_of_skips_tell_them_apart():
    """What is not applicable and what was not verified begin differently."""
    with pytest.raises(pytest.skip.Exception, match=r"^not applicable: no data"):
        not_applicable("no data")
    with pytest.raises(pytest.skip.Exception, match=r"^not verified: too slow"):
        not_verified("too slow")
