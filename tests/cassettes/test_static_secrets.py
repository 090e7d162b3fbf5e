"""Secrets that a client brings with it: no file holds them, and a recording with them still replays."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_aep_export.cassettes import Interaction, Recording, describe, path_of, read, save
from pytest_aep_export.cassettes.fakes import PLACEHOLDER, Fakes
from pytest_aep_export.cassettes.hygiene import Cleaner, clean
from pytest_aep_export.cassettes.leaks import refuse_leaks
from pytest_aep_export.cassettes.playback import Playback, Tape
from pytest_aep_export.cassettes.scan import suspicions
from pytest_aep_export.exchange import Headers, Request, Response
from pytest_aep_export.hosts import GATEWAY
from pytest_aep_export.model import Credentials

HERE = "http://127.0.0.1:8080"
WHO = Credentials("our-own-key-0001", "p8e-our-0wn-s3cret-0001", f"{'A1' * 12}@AdobeOrg")
JSON = Headers({"content-type": "application/json"})


def jwt(number: int) -> str:
    """A token of a number."""
    head, claims = (
        b64encode(json.dumps(part).encode(), b"-_").decode().rstrip("=") for part in ({"alg": "HS256"}, {"n": number})
    )
    return f"{head}.{claims}.c2lnbmF0dXJl{number:04d}"


def post(body: bytes, path: str = "/data/core/ups/x", host: str = HERE) -> Request:
    """A write."""
    return Request("POST", f"{host}{path}", JSON, body)


def recorded(folder: Path, *exchanges: tuple[Request, bytes]) -> Playback:
    """A recording of requests and the bodies of their answers, written as recording does, and ready to be played."""
    cleaner = Cleaner(WHO, HERE)
    kept = [cleaner.interaction(Interaction(request, Response(200, JSON, body))) for request, body in exchanges]
    path = path_of("own/secrets", folder)
    save(Recording("own/secrets", describe("server"), cleaner.finish(kept)), path, refuse_leaks(WHO))
    return Playback(Tape(read("own/secrets", path)), Cleaner(PLACEHOLDER, GATEWAY, first=10**9).request, "again")


def said(**members: Any) -> bytes:
    """A body in JSON."""
    return json.dumps(members).encode()


def test_a_fixed_token_behind_an_issued_one_replays(tmp_path):
    """Its stand-in is the second of the recording, and the client sends the token itself."""
    fixed = said(assertion=jwt(7), note="x")
    player = recorded(tmp_path, (post(b"{}", "/ims/x"), said(access_token=jwt(1))), (post(fixed), b'{"n": 2}'))
    told = player.take(post(b"{}", "/ims/x", GATEWAY))
    assert told is not None
    issued = told.json()["access_token"]
    assert player.take(post(said(assertion=issued, note="x"), host=GATEWAY)) is None
    answer = player.take(post(fixed, host=GATEWAY))
    assert answer is not None
    assert answer.json() == {"n": 2}


def test_a_token_that_was_told_is_not_any_token(tmp_path):
    """A client that sends another than the one that it was told finds no answer."""
    first, second = said(access_token=jwt(1)), said(access_token=jwt(2))
    player = recorded(
        tmp_path, (post(b"{}", "/a"), first), (post(b"{}", "/b"), second), (post(said(token_hint=jwt(2))), b"{}")
    )
    one, two = (player.take(post(b"{}", path, GATEWAY)) for path in ("/a", "/b"))
    assert one
    assert two
    assert player.take(post(said(token_hint=one.json()["access_token"]), host=GATEWAY)) is None
    assert player.take(post(said(token_hint=two.json()["access_token"]), host=GATEWAY))


def test_a_secret_that_is_named_only_later_replays(tmp_path):
    """It was taken out of the first request as well, where nothing tells what it is."""
    first, second = said(value="hunter-2-of-2", x=1), said(password="hunter-2-of-2", x=1)
    player = recorded(tmp_path, (post(first), b'{"n": 1}'), (post(second), b'{"n": 2}'))
    assert player.take(post(said(value="hunter-2-of-2", x=2), host=GATEWAY)) is None
    answers = [player.take(post(body, host=GATEWAY)) for body in (first, second)]
    assert [answer and answer.json()["n"] for answer in answers] == [1, 2]


def test_a_pin_that_is_a_number_is_taken_out(tmp_path):
    """Numbers have names, too; one or two digits count something and stay."""
    body = said(pin=4711, card={"PIN": [4712]}, session=12, limit=1000)
    player = recorded(tmp_path, (post(body), b"{}"))
    text = path_of("own/secrets", tmp_path).read_text()
    assert "471" not in text
    assert '"session": 12' in text
    assert '"limit": 1000' in text
    assert player.take(post(body, host=GATEWAY))


SECRET_NAMES = (
    *("pwd", "passwd", "pass", "userPass", "db_pass", "PASS", "DB_PWD", "pin", "PIN", "cardPin", "card-pin"),
    *("session", "Session", "sessionId", "session_id", "sessionToken", "session_token", "sessionKey", "JSESSIONID"),
    *("PHPSESSID", "password", "newPassword", "confirm_password", "password2", "passphrase", "passcode", "appSecret"),
)
OTHER_NAMES = (
    *("passed", "passes", "pinned", "pins", "sessions", "sessionCount", "bypass", "spin", "spinner", "compass"),
    *("passport_type", "pinCode"),
)


def _hidden(name: str, value: str) -> tuple[bool, bool]:
    """Whether the cleaner takes a value out, and whether the scan finds it."""
    return value not in clean(json.dumps({name: value}), Fakes(PLACEHOLDER)), any(suspicions(name, value))


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_names_of_secrets(name):
    """Either of the two looks knows them for itself."""
    assert _hidden(name, "hunter") == (True, True)
    assert "hunter" not in clean(f"{name}=hunter&x=1", Fakes(PLACEHOLDER))


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_names_that_only_look_like_it(name):
    """What counts, or is another word, stays as it is."""
    assert _hidden(name, "hunter") == (False, False)
    assert clean(f"{name}=hunter&x=1", Fakes(PLACEHOLDER)) == f"{name}=hunter&x=1"


@pytest.mark.parametrize("value", ["null", "true", "17", "{}", "[]"])
def test_values_that_are_no_secret(value):
    """Whatever they are called."""
    assert list(suspicions("password", value)) == []


WORDS = st.sampled_from(["pass", "pwd", "pin", "session", "id", "token", "user", "my", "count", "password", "secret"])
STYLES = st.sampled_from([str.lower, str.upper, str.capitalize])


@given(parts=st.lists(st.tuples(WORDS, STYLES), min_size=1, max_size=3), glue=st.sampled_from(["", "_", "-", "."]))
@settings(deadline=None)
def test_what_the_scan_would_refuse_is_cleaned(parts, glue):
    """The second look finds nothing that the first had left for its name alone."""
    name = glue.join(style(word) for word, style in parts)
    kept = json.loads(clean(json.dumps({name: "hunter"}), Fakes(PLACEHOLDER)))
    assert list(suspicions(name, kept[name])) == []


SECRETS = st.one_of(
    st.integers(1, 3).map(jwt),
    st.integers(1, 3).map(lambda n: f"p8e-st4tic-s3cret-{n:04d}"),
    st.integers(1, 3).map(lambda n: f"jane{n}@corp.org"),
    st.integers(1, 3).map(lambda n: f"{n:02d}{'BC' * 11}@AdobeOrg"),
    st.integers(1, 3).map(lambda n: f"hunter-{n}-of-three"),
)
NAMES = st.sampled_from(["password", "pin", "session", "client_secret", "note", "id", "owner", "nested"])
PLAIN = st.one_of(st.none(), st.booleans(), st.integers(0, 99), st.sampled_from(["", "NEW", "a b", "é", '"\\']))
VALUES = st.recursive(
    st.one_of(PLAIN, SECRETS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(NAMES, inner, max_size=3),
        st.dictionaries(NAMES, inner, max_size=2).map(json.dumps),
        st.dictionaries(NAMES, inner, max_size=2).map(lambda node: b64encode(json.dumps(node).encode()).decode()),
    ),
    max_leaves=6,
)
JSONS = st.dictionaries(NAMES, VALUES, max_size=4).map(lambda node: json.dumps(node).encode())
FORMS = st.dictionaries(NAMES, SECRETS, min_size=1, max_size=3).map(lambda fields: urlencode(fields).encode())


@given(sent=st.lists(st.one_of(JSONS, FORMS), min_size=1, max_size=4), answered=st.lists(JSONS, min_size=4, max_size=4))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_was_recorded_replays(tmp_path, sent, answered):
    """The same client with the same secrets gets an answer to each request, and nothing of them is in the file."""
    requests = [post(body, f"/data/core/ups/{number}") for number, body in enumerate(sent)]
    player = recorded(tmp_path, *zip(requests, answered, strict=False))
    text = path_of("own/secrets", tmp_path).read_text()
    assert not any(secret in text for secret in ("c2lnbmF0dXJl", "p8e-st4tic", "corp.org", "BCBC"))
    for number, body in enumerate(sent):
        assert player.take(post(body, f"/data/core/ups/{number}", GATEWAY)) is not None
    assert player.left() == []
