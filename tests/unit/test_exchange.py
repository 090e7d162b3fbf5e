"""Requests, responses and headers as values; how secrets leave them is in test_redaction."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aep_export.exchange import Exchange, Headers, Request, Response

NAMES = st.text("abcXYZ-", min_size=1, max_size=6)
VALUES = st.text(max_size=8)


@given(st.lists(st.tuples(NAMES, VALUES), max_size=8))
def test_headers_are_found_in_any_case_and_repeated_ones_are_joined(items):
    """Every way of writing a name finds the values of all headers of that name, in order."""
    headers = Headers(items)
    expected: dict[str, list[str]] = {}
    for name, value in items:
        expected.setdefault(name.casefold(), []).append(value)
    assert dict(headers) == {name: ", ".join(values) for name, values in expected.items()}
    assert len(headers) == len(expected)
    for name, _ in items:
        assert headers[name.upper()] == headers[name.lower()] == ", ".join(expected[name.casefold()])
    assert headers.raw == tuple(items)


def test_headers_that_are_not_there_are_missing_as_in_any_mapping():
    """An absent name raises KeyError, and ``get`` gives the default."""
    headers = Headers({"A": "1"})
    assert "b" not in headers
    assert headers.get("b", "other") == "other"
    with pytest.raises(KeyError):
        headers["b"]


def test_headers_are_values():
    """Sent alike they are equal and hash alike; another spelling is another value, and a mapping is none."""
    one, same, other = Headers({"A": "1"}), Headers([("A", "1")]), Headers({"a": "1"})
    assert one == same
    assert hash(one) == hash(same)
    assert one != other
    assert one != {"a": "1"}
    assert len({Response(200, one), Response(200, same), Response(200, other)}) == 2


def test_a_request_knows_its_path_and_query():
    """The path keeps its percent-encoding; the query is decoded, blanks included, the last of a repeated name wins."""
    request = Request("GET", "http://host:1/a%2Fb/c?x=1&y=&x=a%20b")
    assert request.path == "/a%2Fb/c"
    assert request.query == {"x": "a b", "y": ""}


@pytest.mark.parametrize("kind", [lambda body: Request("POST", "/", body=body), lambda body: Response(200, body=body)])
def test_a_body_is_parsed_on_request(kind):
    """JSON bodies are parsed, an empty one is None, and any other is a ValueError."""
    assert kind(b'{"a": [1]}').json() == {"a": [1]}
    assert kind(b"").json() is None
    with pytest.raises(ValueError, match="Expecting"):
        kind(b"<html>").json()


def test_the_command_repeats_the_request():
    """The curl line holds method, URL, headers and body, each as one shell word, without what curl adds itself."""
    request = Request(
        "POST",
        "http://127.0.0.1/x?a=b c",
        Headers([("Host", "127.0.0.1"), ("Content-Length", "9"), ("X-A", "it's"), ("Accept-Encoding", "gzip")]),
        b'{"a":"$"}',
    )
    assert shlex.split(request.curl()) == [
        *("curl", "-X", "POST", "http://127.0.0.1/x?a=b c"),
        *("-H", "X-A: it's", "--data", '{"a":"$"}'),
    ]


def test_the_command_of_a_request_without_a_body_sends_none():
    """A GET's curl line has no data."""
    assert "--data" not in Request("GET", "/x").curl()


def test_a_body_that_is_not_text_is_kept_by_redaction():
    """Bytes that are no UTF-8 pass through unchanged, in values and in the command."""
    body = b"PAR1\xff\xfe"
    assert Response(200, body=body).redacted().body == body
    assert "PAR1" in Request("PUT", "/x", body=body).curl()


def test_an_exchange_is_redacted_on_both_sides():
    """Request and response lose their secrets; operation and time stay."""
    exchange = Exchange(
        Request("POST", "/x?client_secret=hush"), Response(200, body=b'{"access_token":"hush"}'), "requestToken", 7
    )
    clean = exchange.redacted()
    assert "hush" not in clean.request.url
    assert b"hush" not in clean.response.body
    assert (clean.operation, clean.at) == ("requestToken", 7)


def test_a_body_that_was_cut_says_so():
    """The whole of an answer is not the same as as much of it, and says so when it is shown and when it is redacted."""
    whole, cut = Response(200, body=b"a"), Response(200, body=b"a", cut=True)
    assert whole != cut
    assert hash(whole) != hash(cut)
    assert repr(cut) == "Response(200, Headers([]), b'a', cut=True)"
    assert repr(whole) == "Response(200, Headers([]), b'a')"
    assert cut.redacted() == cut
