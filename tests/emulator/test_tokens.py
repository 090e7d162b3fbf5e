"""Access tokens: signed, expiring, and no use anywhere else."""

from __future__ import annotations

import jwt
from hypothesis import given
from hypothesis import strategies as st

from pytest_aep_export.emulator import tokens
from pytest_aep_export.emulator.tokens import LIFETIME, Tokens


def test_a_token_names_its_integration_and_its_end():
    """What was issued is read back: the client id, and the time of issue plus a day less a second."""
    issuer = Tokens()
    token = issuer.issue("client", "openid", 1_000)
    assert issuer.read(token) == ("client", 1_000 + 86_399_000)
    assert issuer.read(token) == ("client", 1_000 + LIFETIME * 1000)


def test_a_token_holds_the_documented_claims():
    """Anybody can decode it, and finds ``expires_in`` as a text of milliseconds and the scope."""
    token = Tokens().issue("client", "openid,session", 7)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims | {"id": ""} == {
        "id": "",
        "type": "access_token",
        "client_id": "client",
        "scope": "openid,session",
        "created_at": "7",
        "expires_in": "86399000",
    }


def test_tokens_expire_before_their_time():
    """Those of an integration that were issued until then have expired, read before or not; no others have."""
    issuer = Tokens()
    known, unknown, later = (issuer.issue("mine", "openid", now) for now in (5, 10, 11))
    theirs = issuer.issue("other", "openid", 5)
    issuer.read(known)
    issuer.expire("mine", 10)
    assert [issuer.read(token) for token in (known, unknown)] == [("mine", 5), ("mine", 10)]
    assert issuer.read(later) == ("mine", 11 + LIFETIME * 1000)
    assert issuer.read(theirs) == ("other", 5 + LIFETIME * 1000)


def test_every_token_is_another():
    """Two tokens for the same integration at the same instant differ."""
    issuer = Tokens()
    assert issuer.issue("c", "s", 1) != issuer.issue("c", "s", 1)


def test_another_emulators_token_is_not_accepted():
    """A token is good where it was issued only."""
    assert Tokens().read(Tokens().issue("c", "s", 1)) is None


def test_a_changed_token_is_not_accepted():
    """No character of a token can be changed; the last one's low bits are padding, so it is left out."""
    issuer = Tokens()
    token = issuer.issue("client", "openid", 1_000)
    for place in range(len(token) - 1):
        other = "A" if token[place] != "A" else "B"
        assert issuer.read(token[:place] + other + token[place + 1 :]) is None


def test_an_unsigned_token_is_not_accepted():
    """A token that claims to need no signature is refused, whatever it says."""
    forged = jwt.encode({"client_id": "c", "created_at": "1", "expires_in": "1"}, None, algorithm="none")
    assert Tokens().read(forged) is None


@given(st.text(max_size=40) | st.text("eyJ.=-_\u00e9", max_size=40))
def test_no_text_is_too_odd_to_be_refused(text):
    """Reading what is no token gives None, never an error."""
    assert Tokens().read(text) is None


def test_what_was_read_is_forgotten_when_it_gets_too_much(monkeypatch):
    """Only so many tokens are remembered; one that was forgotten is read again."""
    monkeypatch.setattr(tokens, "_REMEMBERED", 2)
    issuer = Tokens()
    made = [issuer.issue(str(n), "s", n) for n in range(5)]
    assert [issuer.read(token) for token in made * 2] == [(str(n), n + LIFETIME * 1000) for n in range(5)] * 2
    assert len(issuer._read) <= 2
