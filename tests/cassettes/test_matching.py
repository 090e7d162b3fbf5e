"""The rule by which a request is a recorded one, each half of each clause of it."""

from __future__ import annotations

import json
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aep_export.cassettes import Interaction
from pytest_aep_export.cassettes.matching import Key, key_of, loosened, told
from pytest_aep_export.exchange import Headers, Request, Response

URL = "https://platform.adobe.io/data/core/ups/export/jobs"
MINE = "11111111-2222-3333-4444-555555555555"
OTHER = "99999999-8888-7777-6666-555555555555"


def post(body: object, url: str = URL) -> Request:
    """A write."""
    return Request("POST", url, body=body if isinstance(body, bytes) else json.dumps(body).encode())


def same(one: Request, other: Request) -> bool:
    """Whether one is found by the key of the other."""
    return key_of(one) == key_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Request("GET", URL), Request("GET", "http://127.0.0.1:9/data/core/ups/export/jobs")),
        (Request("GET", URL), Request("GET", "/data/core/ups/export/jobs")),
        (Request("GET", URL, Headers({"authorization": "a"})), Request("GET", URL, Headers({"x-request-id": "b"}))),
        (Request("GET", f"{URL}?a=1&b=2"), Request("GET", f"{URL}?b=2&a=1")),
        (Request("GET", f"{URL}?a=x%20y"), Request("GET", f"{URL}?a=x+y")),
        (Request("GET", f"{URL}?a=1&a=2"), Request("GET", f"{URL}?a=2&a=1")),
        (Request("GET", f"{URL}/a%7Eb"), Request("GET", f"{URL}/a~b")),
        (Request("GET", URL, body=b"a"), Request("GET", URL, body=b"b")),
        (Request("HEAD", URL, body=b"a"), Request("HEAD", URL)),
        (post(b'{"a":1,"b":[1]}'), post(b'{ "b": [1],\n "a": 1 }')),
        (post('"\u00e8"'.encode()), post(b'"\\u00e8"')),
        (post(b"a=1&b=x+y"), post(b"b=x%20y&a=1")),
    ],
)
def test_what_makes_no_difference(one, other):
    """Host, other headers, order and encoding of a query, layout of JSON, order of a form, and what a read carries."""
    assert same(one, other)
    assert same(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Request("GET", URL), Request("HEAD", URL)),
        (Request("GET", URL), Request("GET", f"{URL}/1")),
        (Request("GET", URL), Request("GET", f"{URL}?limit=1")),
        (Request("GET", f"{URL}?limit=1"), Request("GET", f"{URL}?limit=2")),
        (Request("GET", f"{URL}?limit="), Request("GET", URL)),
        (Request("GET", f"{URL}?a=1"), Request("GET", f"{URL}?a=1&a=1")),
        (Request("GET", URL, Headers({"Range": "bytes=0-1"})), Request("GET", URL)),
        (Request("GET", URL, Headers({"Range": "bytes=0-1"})), Request("GET", URL, Headers({"range": "bytes=2-3"}))),
        (post({"a": 1}), post({"a": 2})),
        (post({"a": 1}), post({"a": True})),
        (post({"a": [1, 2]}), post({"a": [2, 1]})),
        (post({"a": None}), post({})),
        (post(b'{"a":1,"a":2}'), post(b'{"a":2}')),
        (post(b"a=1"), post(b"a=2")),
        (post(b"a=1"), post(b'[["a", "1"]]')),
        (post(b"text"), post(b"text ")),
        (post(b"\xff"), post(b"\xfe")),
        (post(b""), post(b"{}")),
        (Request("DELETE", URL, body=b"a"), Request("DELETE", URL)),
    ],
)
def test_what_makes_a_difference(one, other):
    """Method, path, each name and value of a query, the range of a file, and what a write says."""
    assert not same(one, other)


@given(st.lists(st.tuples(st.text(), st.text()), max_size=4), st.randoms())
def test_a_query_and_a_form_are_what_they_say(pairs, random):
    """However the names are ordered and the characters encoded, the key is the same."""
    shuffled = random.sample(pairs, len(pairs))
    spelled = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in shuffled)
    assert same(Request("GET", f"{URL}?{urlencode(pairs)}"), Request("GET", f"{URL}?{spelled}"))
    if all(name for name, _ in pairs) and pairs:
        assert same(post(urlencode(pairs).encode()), post(spelled.encode()))


def test_a_body_can_be_read_back():
    """For an explanation: JSON, a form's fields, or plain text."""
    assert key_of(post({"b": [1]})).said() == {"b": [1]}
    assert key_of(post(b"b=2&a=1")).said() == {"a": "1", "b": "2"}
    assert key_of(post(b"plain text")).said() == "plain text"


@pytest.mark.parametrize(
    ("made_up", "taken_out"),
    [
        (MINE, "<uuid>"),
        (MINE.upper().replace("1", "A"), "<uuid>"),
        (MINE.replace("-", ""), "<uuid>"),
        ("2026-11-24", "<time>"),
        ("2026-11-24T10:00:00Z", "<time>"),
        ("2026-11-24 10:00", "<time>"),
        ("2026-11-24T10:00:00.123+01:00", "<time>"),
        ("1714521600200", "<time>"),
        ("x-2026-11-24", "x-<time>"),
        ("x_2026-11-24T10:00:00Z", "x_<time>"),
        ("5599300", None),
        ("1.1714521600200", None),
        ("x1714521600200", None),
        ("x" + MINE.replace("-", ""), None),
        ("x-" + MINE, None),
        ("12026-11-24", None),
        ("17145216002001", None),
        ("0bf16e61", None),
        (MINE + "0", None),
        ("01HWRQ6W68GD0HJC2P38EV90AF", None),
        ("24.11.2026", None),
    ],
)
def test_what_a_client_makes_up_is_taken_out(made_up, taken_out):
    """UUIDs and times, wherever they stand in a request; numbers and ids of other kinds stay."""
    request = post({"name": f"Export {made_up}"}, f"{URL}/{made_up}?since={quote(made_up)}")
    left = taken_out or made_up
    expected = Key(
        "POST", f"/data/core/ups/export/jobs/{left}", (("since", left),), "", json.dumps({"name": f"Export {left}"})
    )
    assert loosened(key_of(request), frozenset()) == expected


def test_a_number_that_is_a_time_is_taken_out():
    """Milliseconds stand in JSON without quotes."""
    assert loosened(key_of(post({"since": 1714521600200})), frozenset()).body == '{"since": <time>}'


def test_what_a_client_was_told_is_not_taken_out():
    """An id that an answer held is no invention: another in its place is another request."""
    key = key_of(post({"policy": MINE, "name": OTHER}))
    assert loosened(key, frozenset({MINE})).body == json.dumps({"name": "<uuid>", "policy": MINE})


def _exchange(request: Request, body: bytes = b"", **headers: str) -> Interaction:
    return Interaction(request, Response(200, Headers(headers), body))


def test_what_an_answer_repeats_was_not_told_by_it():
    """A name that the client made up comes back in answers and stays its own; what answers told it first does not."""
    interactions = [
        _exchange(post({"name": MINE}), json.dumps({"id": OTHER, "name": MINE}).encode(), location=f"/x/{OTHER}"),
        _exchange(Request("GET", f"{URL}/{OTHER}"), json.dumps({"name": MINE, "at": 1714521600200}).encode()),
        _exchange(Request("GET", f"{URL}/file"), b"\xff" + b"2026-11-24"),
    ]
    assert told(interactions) == {OTHER, "1714521600200"}


def test_what_a_header_tells_is_told():
    """A location names an id as well as a body does."""
    assert told([_exchange(Request("GET", URL), location=f"/x/{OTHER}")]) == {OTHER}
