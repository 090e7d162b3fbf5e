"""Secrets are found in whatever form they are shown, and nothing else is."""

from __future__ import annotations

import base64
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aep_export.disguises import concealed, revealed, shows
from pytest_aep_export.exchange import Headers, Request

SECRET = "p4K~-_s3cret/+of=it"
FORMS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "base64": base64.b64encode,
    "base64url": base64.urlsafe_b64encode,
    "wrapped base64": base64.encodebytes,
    "hex": lambda raw: raw.hex().encode(),
    "HEX": lambda raw: raw.hex().upper().encode(),
    "wrapped hex": lambda raw: raw.hex(" ", 8).encode(),
    "percent": lambda raw: quote(raw, safe="").encode(),
    "every byte": lambda raw: "".join(f"%{byte:02X}" for byte in raw).encode(),
    "base64 in a query": lambda raw: quote(base64.b64encode(raw)).encode(),
}
secrets = st.text(st.characters(codec="ascii", exclude_categories=["C", "Z"]), min_size=8, max_size=60)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@given(secret=secrets, before=st.binary(max_size=5), after=st.binary(max_size=5))
def test_a_secret_is_found_in_every_form(form: Callable[[bytes], bytes], secret: str, before: bytes, after: bytes):
    """It is found wherever it stands in what was encoded, and wherever that stands."""
    assert revealed(b"told: " + form(before + secret.encode() + after) + b";", [secret]) == {secret}


@given(secret=secrets, content=st.binary(max_size=300))
def test_what_is_not_there_is_not_found(secret: str, content: bytes):
    """Other bytes are not taken for a secret, nor is its beginning for the whole."""
    told = content + form_of(secret[:-1])
    assert revealed(told, [secret]) <= ({secret} if secret.encode() in content else set())


def form_of(text: str) -> bytes:
    """A text in base64 and in hexadecimal digits."""
    return base64.b64encode(text.encode()) + b" " + text.encode().hex().encode() + b"."


def test_a_short_secret_is_found_as_it_is_alone():
    """What is short is in much that has nothing to do with it, when it is encoded."""
    assert revealed(b"abc123", ["abc123"]) == {"abc123"}
    assert revealed(base64.b64encode(b"abc123"), ["abc123"]) == set()


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("length", [0, 1, 2])
def test_a_concealed_text_reveals_nothing(form: Callable[[bytes], bytes], length: int):
    """Whatever form a secret had in a text, it has none afterwards, and the rest of the text is there."""
    encoded = form(b"x" * length + 4 * SECRET.encode()).decode()
    text = concealed(f"before {encoded} after é", [SECRET, "another-secret"], "REDACTED")
    assert revealed(text.encode(), [SECRET]) == set()
    assert text.startswith("before ")
    assert text.endswith(" after é")
    assert "REDACTED" in text


def test_a_text_without_secrets_stays_as_it_is():
    """Nothing is taken out of it, not even a half of a character."""
    assert concealed("100 % \udc80 é", [SECRET], "REDACTED") == "100 % \udc80 é"


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_requests_show_what_they_hold(form: Callable[[bytes], bytes]):
    """A secret is found in the address, in any header, and in the body."""
    told = form(SECRET.encode())
    assert shows(Request("GET", f"/a?b={told.decode()}"), [SECRET])
    assert shows(Request("GET", "/", Headers({"x-any": told.decode()})), [SECRET])
    assert shows(Request("POST", "/", body=told), [SECRET])
    assert not shows(Request("POST", "/", Headers({"x-any": "a"}), b"nothing"), [SECRET])
