"""What is kept of an exchange: bodies up to a bound, no secrets, and what the contract says."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aep_export.exchange import Exchange, Request, Response
from pytest_aep_export.report.exchanges import LONGEST, Body, RecordedExchange
from tests.report.samples import exchange


def recorded(made: Exchange) -> RecordedExchange:
    """What is kept of it."""
    return RecordedExchange.of(made, "curl")


@given(text=st.text(max_size=50))
def test_a_short_text_is_kept_whole(text: str):
    """A text that is short enough is kept to the last character."""
    body = Body.of(text.encode("utf-8", "replace"))
    assert (body.text, body.cut, str(body)) == (body.text, False, body.text)
    assert (body.text or "").encode() == text.encode("utf-8", "replace")


def test_a_long_text_is_cut():
    """Of a long text the beginning is kept, and how long it was; no character is cut in two."""
    body = Body.of("ä".encode() * (LONGEST + 1))
    assert body.text == "ä" * LONGEST
    assert (body.size, body.cut) == (2 * LONGEST + 2, True)
    assert str(body).endswith("ä…")


def test_what_is_no_text_is_described():
    """Of bytes that are no text the number and the digest are kept."""
    raw = b"PAR1\xff" * 1000
    body = Body.of(raw)
    assert (body.text, body.size, body.digest) == (None, 5000, hashlib.sha256(raw).hexdigest())
    assert not body.cut
    assert str(body) == f"5,000 bytes that are no text, SHA-256 {body.digest}"
    assert body.to_json() == {"bytes": 5000, "sha256": body.digest}


@pytest.mark.parametrize("raw", [b"", b"text", b"x" * (LONGEST + 1), b"\xff\xfe"])
def test_a_body_survives_json(raw: bytes):
    """What the record has of a body says all that is kept of it."""
    body = Body.of(raw)
    assert Body.from_json(json.loads(json.dumps(body.to_json()))) == body


def test_an_exchange_survives_json():
    """What the record has of an exchange says all that is kept of it."""
    kept = recorded(exchange({"records": "none"}))
    assert kept.violations
    assert RecordedExchange.from_json(json.loads(json.dumps(kept.to_json()))) == kept


def test_no_secret_is_kept():
    """Neither headers nor bodies hold a credential."""
    made = exchange({"access_token": "very-secret"}, body=b"client_secret=very-secret")
    assert "very-secret" not in json.dumps(recorded(made).to_json())


def test_the_contract_is_asked():
    """An answer that contradicts every documented variant says where."""
    violations = recorded(exchange({"records": [{"id": "seven"}]})).violations
    assert violations
    assert all(violation.level == "MUST" for violation in violations)
    assert any(violation.pointer.startswith("/records/0") for violation in violations)


def test_the_contract_judges_the_whole_answer():
    """What is wrong behind the part that is kept is found nevertheless, and not too much of it is kept."""
    records = [{"id": "seven", "padding": "x" * 500} for _ in range(100)]
    kept = recorded(exchange({"records": records, "page": {}, "link": {}}))
    assert kept.response.cut
    assert len(kept.violations) == 20


def test_an_unknown_route_is_not_judged():
    """The contract has nothing to say of a route that it does not know."""
    assert recorded(Exchange(Request("GET", "/x"), Response(200, body=b"[]"))).violations == ()


def test_a_line_for_each_side():
    """Each side is told in one line that is not too long."""
    kept = recorded(exchange(b"one\n two " + b"x" * 400, body=b'{"a": 1}', method="POST"))
    assert kept.sent_line == f'POST {kept.url}, {{"a": 1}}'
    assert kept.answer_line.startswith("200, application/json, one two xxx")
    assert kept.answer_line.endswith("x…")
    assert len(kept.answer_line) < 350


def test_lines_without_bodies():
    """Where there is no body, the lines say so or nothing."""
    kept = recorded(Exchange(Request("GET", "/x"), Response(204)))
    assert (kept.sent_line, kept.answer_line) == ("GET /x", "204, no content type, no body")
