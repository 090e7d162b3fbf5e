"""Tokens: asked for in full, used again, replaced when refused, shown to nobody else."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from pytest_aep_export.judge.trace import Attempt
from tests.judge.traces import (
    FORM,
    JOBS,
    SECRET,
    TOKEN,
    UNION,
    Wire,
    breaks,
    export,
    keeps,
    outcomes,
    persona,
    silent,
    unsure,
)

REFUSED = {"error_code": "401013", "message": "Oauth token is not valid"}


def test_an_export_shows_most_rules():
    """An export that is right in everything keeps what can be seen of its token."""
    for requirement in ("011", "012", "016", "017"):
        keeps(requirement, export().trace())
    for requirement in ("013", "014", "015"):
        silent(requirement, export().trace())


def test_the_form_may_be_a_query():
    """Version 2 of the token endpoint takes the four values in the query, and no body."""
    wire = Wire()
    wire.call("POST", f"/ims/token/v2?{urlencode(FORM)}", "requestTokenV2", {"access_token": "t", "expires_in": 86399})
    keeps("011", wire.own())


@pytest.mark.parametrize("name", sorted(FORM))
def test_a_form_that_lacks_a_field(name: str):
    """A request for a token has all of its four fields."""
    wire = Wire()
    form = {key: value for key, value in FORM.items() if key != name}
    breaks("011", wire.token(form=form, status=400), wire.own(), f"without {name}")


def test_another_grant_and_another_media_type():
    """Client credentials are asked for, in a form."""
    wire = Wire()
    breaks("011", wire.token(form=FORM | {"grant_type": "password"}), wire.own(), "without client_credentials")
    wire = Wire()
    wrong = wire.token(headers={"content-type": "application/json"})
    breaks("011", wrong, wire.own(), "without the content type")


def test_a_token_for_each_call():
    """A client that asks for a token before every call is caught; in its own test it may be several clients."""
    wire = Wire().begin()
    extra = wire.token("token-number-two")
    wire.wait().read()
    breaks("012", extra, wire.trace(), "2 tokens for 7 calls")
    unsure("012", wire.own(), "nobody knows")


def test_tokens_that_were_due():
    """A token that was refused, has nearly expired or was got beside the first one is no extra one."""
    refused = Wire().begin()
    refused.look(REFUSED, status=401)
    refused.token("token-number-two")
    refused.wait().read()
    expired = Wire().begin()
    expired.now += 86_399_000 - 500_000
    expired.token("token-number-two")
    expired.wait().read()
    beside = Wire()
    beside.token("token-number-two")
    for wire in (refused, expired, Wire(beside.exchanges, beside.now).begin().wait().read()):
        keeps("012", wire.trace())


def test_tokens_that_live_for_minutes():
    """Of tokens with a short life nothing is said, nor where there was only one call."""
    wire = Wire()
    for _ in range(3):
        wire.token(answer={"access_token": "short-lived", "expires_in": 300})
        wire.page()
    silent("012", wire.trace())
    wire = Wire()
    wire.token()
    wire.token()
    wire.page()
    silent("012", wire.trace())


def test_lifetimes_in_other_units():
    """A lifetime in milliseconds, as a text or as nonsense is none of the client's mistakes."""
    for life in (86_399_000, "86399", "long", None):
        wire = Wire()
        wire.token(answer={"access_token": TOKEN, "expires_in": life})
        wire.dataset()
        wire.create()
        keeps("012", wire.trace())


def test_a_refused_token_is_replaced():
    """After a 401 the call is repeated with another token."""
    wire = Wire().begin()
    wire.look(REFUSED, status=401)
    wire.token("token-number-two")
    wire.wait().read()
    keeps("013", wire.trace())


def test_a_refused_token_that_is_not_replaced():
    """A client that gives up at a 401, or repeats it with the same token, is caught."""
    for again in (False, True):
        wire = Wire().begin()
        refused = wire.look(REFUSED, status=401)
        if again:
            wire.look(REFUSED, status=401)
        breaks("013", refused, wire.trace(end="failure", behaviour=persona()))
        unsure("013", wire.own(), "not repeated") if not again else None
        silent("013", wire.trace("failure"))


def test_a_token_that_came_from_elsewhere():
    """A client that was handed its token cannot replace it, and another scheme is another mistake."""
    wire = Wire()
    wire.token()
    wire.look(REFUSED, status=401, headers={"authorization": f"Token {TOKEN}"})
    silent("013", wire.trace())
    wire = Wire()
    wire.look(REFUSED, status=401)
    silent("013", wire.trace())


def test_a_token_without_a_lifetime():
    """A token whose answer has no expires_in is used all the same."""
    wire = Wire()
    bare = wire.token(answer={"access_token": TOKEN, "token_type": "bearer"})
    breaks("014", bare, wire.trace(end="failure", behaviour=persona()), "it reported a failure")
    wire.page()
    keeps("014", wire.trace())


def test_secrets_at_another_host():
    """A token that was sent to a host which a page linked to is shown with that page."""
    wire = Wire()
    wire.token()
    page = wire.page(link="http://elsewhere.example/export/jobs?offset=1_1")
    told = Attempt("elsewhere.example", "GET /export/jobs", secrets=True)
    harmless = Attempt("elsewhere.example", "GET /export/jobs")
    breaks("015", page, wire.trace(task="list", attempts=(told,)), "GET /export/jobs", also={"049"})
    keeps("015", wire.trace(attempts=(harmless,)))
    keeps("015", wire.trace())
    breaks("015", None, Wire().trace(attempts=(Attempt("ims.example", "CONNECT", secrets=True),)))


@pytest.mark.parametrize("place", ["body", "header", "query"])
def test_a_secret_in_another_call(place: str):
    """The secret is looked for in addresses, headers and bodies of all calls but those for tokens."""
    wire = export()
    if place == "body":
        told = wire.dataset(sent=UNION | {"description": SECRET})
    elif place == "header":
        told = wire.page(headers={"x-client": SECRET})
    else:
        told = wire.page(query=f"?limit=1&secret={SECRET}")
    breaks("016", told, wire.own(), also={"009"} if place == "query" else ())
    shown = next(each.exchange for each in outcomes("016", wire.own()))
    assert shown is not None
    assert SECRET not in f"{shown.request.url} {shown.request.headers.raw} {shown.request.body!r}"


@pytest.mark.parametrize("query", [f"?limit=1&t={TOKEN}", "?access_token=anything"])
def test_a_token_in_an_address(query: str):
    """A token is looked for in the addresses of all calls but those for tokens."""
    wire = export()
    breaks("017", wire.page(query=query), wire.own(), also={"009"})


def test_nothing_is_shown_of_secrets_in_outcomes():
    """An exchange that holds a secret is shown without it."""
    wire = export()
    wire.call("GET", f"{JOBS}?access_token={TOKEN}", "listExportJobs")
    shown = outcomes("017", wire.own())[0].exchange
    assert shown is not None
    assert TOKEN not in shown.request.url
