"""Tokens: asked for once, replaced when refused, shown to nobody else.

Any scenario shows most of it; a token that is refused, one without a lifetime and links to another host need their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pytest_aep_export.contract.media import media_type
from pytest_aep_export.disguises import revealed, shows
from pytest_aep_export.exchange import Exchange
from pytest_aep_export.judge.rules.findings import Rule, charge, copes, finding
from pytest_aep_export.judge.rules.reading import (
    TOKENS,
    accepted,
    after,
    before,
    credentials,
    document,
    foreign,
    given,
    guarded,
    issued,
    line,
    of,
    secrets,
)
from pytest_aep_export.judge.trace import Trace
from pytest_aep_export.suite.verdicts import Outcome

__all__ = ["RULES"]

_NEEDED: Final = ("grant_type", "client_id", "client_secret", "scope")
_FORM: Final = "application/x-www-form-urlencoded"
_UNAUTHORISED: Final = 401
_SHORT_LIFE: Final = 3_600_000
"""Tokens that live no longer, in ms, are renewed so often that nothing can be said of it."""
_EARLY: Final = 600_000
"""How many ms before its end a token may be taken for expired; Adobe's client does so after all but 500 s."""
_SHORTEST: Final = 6
"""Characters of a text that is looked for: what is shorter is found by chance."""


def _asks_with_all(trace: Trace) -> Iterator[Outcome]:
    for exchange in of(trace, *TOKENS):
        fields = given(exchange)
        wrong = [name for name in _NEEDED if not fields.get(name)]
        if not wrong and fields["grant_type"] != "client_credentials":
            wrong = ["client_credentials"]
        if exchange.request.body and media_type(exchange.request.headers) != _FORM:
            wrong.append(f"the content type {_FORM}")
        required = "grant_type=client_credentials, client_id, client_secret and scope, in a form or the query"
        yield finding(trace, exchange, required, f"without {', '.join(wrong)}", met=not wrong)


def _reuses_its_token(trace: Trace) -> Iterator[Outcome]:
    """As many tokens are due as there were refusals and lives, and one; those got side by side at first are one."""
    tokens, calls = issued(trace), guarded(trace)
    if not tokens or len(calls) <= 1 or min(each.life for each in tokens) <= _SHORT_LIFE:
        return
    served = next((each for each in calls if accepted(each)), calls[0])
    beginning = sum(each.operation in TOKENS and accepted(each) for each in before(trace, served))
    refusals = sum(each.response.status == _UNAUTHORISED for each in calls)
    span = tokens[-1].exchange.at - tokens[0].exchange.at
    lives = span // (min(each.life for each in tokens) - _EARLY)
    due = int(max(1, beginning) + refusals + lives)
    extra = tokens[due].exchange if len(tokens) > due else tokens[0].exchange
    found = f"{len(tokens)} tokens for {len(calls)} calls"
    yield charge(trace, extra, "a token is used until it is refused or expires", found, met=len(tokens) <= due)


def _replaces_a_refused_token(trace: Trace) -> Iterator[Outcome]:
    own = {each.token for each in issued(trace)}
    for exchange in guarded(trace):
        token = _bearer(exchange)
        if exchange.response.status != _UNAUTHORISED or token not in own:
            continue
        later = [each for each in after(trace, exchange) if line(each)[:2] == line(exchange)[:2]]
        met = any(_bearer(each) != token for each in later)
        if met or trace.scenario is None or trace.scenario.ending == "success":
            yield charge(
                trace, exchange, "the call is repeated with another token", "it was not repeated with one", met=met
            )


def _needs_no_lifetime(trace: Trace) -> Iterator[Outcome]:
    for each in issued(trace):
        if "expires_in" not in document(each.exchange):
            if any(_bearer(call) == each.token and accepted(call) for call in guarded(trace)):
                yield finding(trace, each.exchange, "", "", met=True)
            else:
                yield from copes(trace, each.exchange, "a token without expires_in")
            return


def _shows_it_to_the_api_only(trace: Trace) -> Iterator[Outcome]:
    links = foreign(trace)
    told = [attempt for attempt in trace.attempts if attempt.secrets]
    for attempt in told:
        found = f"{attempt.how} at {attempt.host}, with a token, secret or key"
        yield finding(trace, links.get(attempt.host), "secrets go to the API's own hosts", found, met=False)
    if not told and (links or trace.attempts):
        yield finding(trace, None, "", "", met=True)


def _shows_its_secret_to_the_token_endpoint_only(trace: Trace) -> Iterator[Outcome]:
    own = secrets(trace) & credentials(trace, "client_secret")
    calls = [each for each in trace.exchanges if each.operation not in TOKENS]
    if own and calls:
        told = next((each for each in calls if shows(each.request, own)), None)
        yield finding(
            trace, told, "the client secret is sent for tokens only", "it is in this request", met=told is None
        )


def _keeps_it_out_of_addresses(trace: Trace) -> Iterator[Outcome]:
    calls = [each for each in trace.exchanges if each.operation not in TOKENS]
    tokens = {each.token for each in issued(trace)} | {_bearer(each) for each in calls}
    known = {each for each in tokens if len(each) >= _SHORTEST}
    if calls:
        told = next((each for each in calls if _in_address(each, known)), None)
        yield finding(trace, told, "a token is sent in the header alone", "it is in this address", met=told is None)


def _in_address(exchange: Exchange, tokens: set[str]) -> bool:
    request = exchange.request
    return "access_token" in request.query or bool(revealed(request.url.encode("utf-8", "replace"), tokens))


def _bearer(exchange: Exchange) -> str:
    """The token that a call carries; empty where it carries none."""
    scheme, _, token = exchange.request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


RULES: Final[Mapping[str, Rule]] = {
    "EXP-CLI-011": _asks_with_all,
    "EXP-CLI-012": _reuses_its_token,
    "EXP-CLI-013": _replaces_a_refused_token,
    "EXP-CLI-014": _needs_no_lifetime,
    "EXP-CLI-015": _shows_it_to_the_api_only,
    "EXP-CLI-016": _shows_its_secret_to_the_token_endpoint_only,
    "EXP-CLI-017": _keeps_it_out_of_addresses,
}
