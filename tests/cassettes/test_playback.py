"""Playing a recording: which answer comes, when there is no further one, and why there is none."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from pytest_aep_export.cassettes import Interaction, Metadata, MismatchError, Recording, save
from pytest_aep_export.cassettes.matching import Key
from pytest_aep_export.cassettes.playback import Places, Playback, Tape, load
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.exchange import Headers, Request, Response

NAME = "export/test"
METADATA = Metadata("emulator", "2026-11-24", "tool", "1.0.0")
URL = "https://platform.adobe.io/data/core/ups/export/jobs"
AGAIN = "record it with: pytest --aep-record=all test_it"
POLICY = "11111111-2222-3333-4444-555555555555"
OTHER = "99999999-8888-7777-6666-555555555555"
INVENTED = "00000000-0000-0000-0000-000000000000"


def get(number: int | str = "", **headers: str) -> Request:
    """A look at a job, or at all of them."""
    return Request("GET", f"{URL}/{number}" if number else URL, Headers(headers))


def post(**members: object) -> Request:
    """A new job."""
    return Request("POST", URL, body=json.dumps(members).encode())


def tape(*pairs: tuple[Request, bytes]) -> Tape:
    """A recording of requests and the bodies that answered them."""
    interactions = tuple(Interaction(request, Response(200, body=body)) for request, body in pairs)
    return Tape(Recording(NAME, METADATA, interactions))


def played(tape: Tape, clean=lambda request: request) -> Playback:
    """One run through it."""
    return Playback(tape, clean, AGAIN)


def body(playback: Playback, request: Request) -> bytes | None:
    """What a request is answered with."""
    response = playback.take(request)
    return response.body if response else None


def reason(playback: Playback, request: Request) -> list[str]:
    """The lines of a refusal."""
    assert playback.take(request) is None
    error = playback.refusal(request)
    assert isinstance(error, MismatchError)
    return [line.strip() for line in str(error).splitlines()]


def test_looks_at_a_job_are_answered_in_order():
    """Each answer comes once, in the order of recording, whatever is asked for in between."""
    playback = played(tape((get(1), b"NEW"), (get(2), b"other"), (get(1), b"PROCESSING"), (get(1), b"SUCCEEDED")))
    assert [body(playback, get(1)) for _ in range(2)] == [b"NEW", b"PROCESSING"]
    assert body(playback, get(2)) == b"other"
    assert [body(playback, get(1)) for _ in range(2)] == [b"SUCCEEDED", None]


def test_what_was_played_and_what_is_left_is_known():
    """Requests that were not made are named in the order of recording."""
    playback = played(tape((get(1), b""), (get(2), b""), (get(3), b"")))
    playback.take(get(2))
    playback.take(get(9))
    assert playback.played == 1
    assert playback.left() == [get(1), get(3)]


def test_two_runs_know_nothing_of_each_other():
    """A tape is shared, the state of a run is its own."""
    shared = tape((get(1), b"NEW"))
    one, other = played(shared), played(shared)
    assert (body(one, get(1)), body(one, get(1))) == (b"NEW", None)
    assert body(other, get(1)) == b"NEW"


def test_a_name_that_differs_by_nature_is_found():
    """A UUID or a time that the client makes up anew with each run stands for the recorded one, each once."""
    playback = played(
        tape((post(name=f"of 2026-11-24 {POLICY}"), b"first"), (post(name=f"of 2026-11-25 {OTHER}"), b"second"))
    )
    assert body(playback, post(name=f"of 2027-01-01 {INVENTED}")) == b"first"
    assert body(playback, post(name=f"of 2026-11-24 {POLICY}")) == b"second"
    assert body(playback, post(name=f"of 2027-01-01 {INVENTED}")) is None


def test_the_recorded_name_itself_is_preferred():
    """Where one of several is named exactly, it is that one."""
    playback = played(tape((post(name=POLICY), b"first"), (post(name=OTHER), b"second")))
    assert body(playback, post(name=OTHER)) == b"second"
    assert body(playback, post(name=INVENTED)) == b"first"


@pytest.mark.parametrize("sent", [OTHER, INVENTED])
def test_an_id_that_was_told_is_never_mixed_up(sent):
    """A client that sends another id than the one it was given finds no answer, whether it was told that one or not."""
    told = (get(), json.dumps([POLICY, OTHER]).encode())
    playback = played(tape(told, (post(policy=POLICY), b"right")))
    assert body(playback, post(policy=sent)) is None
    assert body(playback, post(policy=POLICY)) == b"right"


def test_secrets_are_taken_out_before_a_request_is_given_up():
    """What hygiene replaced in a recorded request is replaced in the new one: its own credentials need not be known."""
    recorded = Request("POST", URL, body=b"client_secret=REDACTED")
    playback = played(tape((recorded, b"token")), Request.redacted)
    assert body(playback, Request("POST", URL, body=b"client_secret=mine")) == b"token"
    assert body(playback, Request("POST", URL, body=b"client_secret=mine")) is None


def test_secrets_are_taken_out_before_anything_else_is():
    """Of two requests that differ in a time, the one of that very time is found although its secret is another."""
    dates = ("2026-11-24", "2026-11-25")
    recorded = [(Request("POST", URL, body=f"client_secret=REDACTED&at={at}".encode()), at.encode()) for at in dates]
    playback = played(tape(*recorded), Request.redacted)
    sent = [Request("POST", URL, body=f"client_secret=mine&at={at}".encode()) for at in ("2026-11-25", "2027-01-01")]
    assert [body(playback, request) for request in sent] == [b"2026-11-25", b"2026-11-24"]


def test_threads_get_each_answer_once(monkeypatch: pytest.MonkeyPatch):
    """Twenty threads that ask for the same get twenty different answers, though each is interrupted as it finds one."""
    find = Playback._free

    def slowly(self: Playback, places: Places, key: Key, *, loose: bool) -> int | None:
        place = find(self, places, key, loose=loose)
        os.sched_yield()
        return place

    monkeypatch.setattr(Playback, "_free", slowly)
    playback = played(tape(*((get(1), str(number).encode()) for number in range(400))))
    found: list[bytes | None] = []
    barrier = threading.Barrier(20)

    def ask() -> None:
        barrier.wait()
        found.extend([body(playback, get(1)) for _ in range(20)])

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found, key=str) == sorted((str(number).encode() for number in range(400)), key=str)


def test_the_work_for_a_request_does_not_grow_with_the_recording():
    """However much was recorded, a request is compared with a handful of others at most."""
    compared: list[int] = []
    for size in (10, 1000):
        playback = played(tape(*((get(number), b"") for number in range(size))))
        counted = _Counting(playback._tape.places)
        playback._tape.places = counted
        for number in range(size):
            assert playback.take(get(number)) is not None
        compared.append(counted.lookups // size)
    assert compared == [1, 1]


class _Counting(dict):
    """Counts how often it is looked into."""

    lookups = 0

    def get(self, key: object, default: object = None) -> object:
        self.lookups += 1
        return super().get(key, default)


def test_passing_over_what_was_played_costs_once():
    """A job that is looked at a thousand times is not searched from its beginning each time."""
    playback = played(tape(*((get(1), b"") for _ in range(1000))))
    looked = _Looked(playback._played)
    playback._played = looked
    for _ in range(1000):
        playback.take(get(1))
    assert looked.looks < 4000


class _Looked(bytearray):
    """Counts how often a place is looked at."""

    looks = 0

    def __getitem__(self, place: object) -> object:
        self.looks += 1
        return super().__getitem__(place)


def test_a_file_is_read_once_in_a_session(tmp_path: Path):
    """Two tests share what was parsed and indexed; a file that changed is read again."""
    path = tmp_path / "export" / "test.yaml"
    save(tape((get(1), b"NEW")).recording, path)
    first = load(NAME, path)
    assert load(NAME, path) is first
    save(tape((get(1), b"FAILED")).recording, path)
    os.utime(path, ns=(1, 1))
    second = load(NAME, path)
    assert [one.response.body for one in (*first.recording.interactions, *second.recording.interactions)] == [
        b"NEW",
        b"FAILED",
    ]


def test_a_file_that_is_not_there_is_one_clear_sentence(tmp_path):
    """It is looked for anew each time."""
    path = tmp_path / "export" / "test.yaml"
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="cassette export/test does not exist: there is no file"):
            load(NAME, path)
    save(tape((get(1), b"NEW")).recording, path)
    assert load(NAME, path).recording.name == NAME


def test_what_is_played_to_its_end_says_so():
    """How often there was an answer, and how to record more."""
    playback = played(tape((get(1), b"a"), (get(1), b"b"), (get(2), b"c")))
    playback.take(get(1))
    playback.take(get(1))
    assert reason(playback, get(1)) == [
        "cassette export/test has no further answer to GET /data/core/ups/export/jobs/1: played 2 of 2",
        AGAIN,
    ]


@pytest.mark.parametrize(
    ("recorded", "asked", "lines"),
    [
        (
            [get(1), post(name="a", deep={"list": [1, {"x": True}]}), get()],
            post(name="b", deep={"list": [1, {"x": 1, "a/b~": None}]}),
            [
                "POST /data/core/ups/export/jobs",
                "nearest is interaction 2 of 3: POST /data/core/ups/export/jobs",
                "body /deep/list/1/a~1b~0: recorded nothing, sent null",
                "body /deep/list/1/x: recorded true, sent 1",
                'body /name: recorded "a", sent "b"',
            ],
        ),
        (
            [get("1?a=1&b=2&b=3&d=0"), get(2)],
            get("1?b=2&c=x+y&d=0"),
            [
                "GET /data/core/ups/export/jobs/1?b=2&c=x y&d=0",
                "nearest is interaction 1 of 2: GET /data/core/ups/export/jobs/1?a=1&b=2&b=3&d=0",
                'query a: recorded "1", sent nothing',
                'query b: recorded "2, 3", sent "2"',
                'query c: recorded nothing, sent "x y"',
            ],
        ),
        (
            [get("2?a=1&b=2"), get(1)],
            get("1?a=1&b=2"),
            [
                "GET /data/core/ups/export/jobs/1?a=1&b=2",
                "nearest is interaction 2 of 2: GET /data/core/ups/export/jobs/1",
                'query a: recorded nothing, sent "1"',
                'query b: recorded nothing, sent "2"',
            ],
        ),
        (
            [get(1), get(2)],
            Request("DELETE", f"{URL}/2"),
            [
                "DELETE /data/core/ups/export/jobs/2",
                "nearest is interaction 2 of 2: GET /data/core/ups/export/jobs/2",
                'method: recorded "GET", sent "DELETE"',
            ],
        ),
        (
            [get(1)],
            get("1/files", range="bytes=0-1"),
            [
                "GET /data/core/ups/export/jobs/1/files (bytes=0-1)",
                "nearest is interaction 1 of 1: GET /data/core/ups/export/jobs/1",
                'path: recorded "/data/core/ups/export/jobs/1", sent "/data/core/ups/export/jobs/1/files"',
                'range: recorded nothing, sent "bytes=0-1"',
            ],
        ),
        (
            [post(list=[1, 2])],
            Request("POST", URL),
            [
                "POST /data/core/ups/export/jobs",
                "nearest is interaction 1 of 1: POST /data/core/ups/export/jobs",
                'body: recorded {"list": [1, 2]}, sent nothing',
            ],
        ),
        (
            [Request("POST", URL, body=b"a=1&b=2")],
            Request("POST", URL, body=b"a=2&b=2"),
            [
                "POST /data/core/ups/export/jobs",
                "nearest is interaction 1 of 1: POST /data/core/ups/export/jobs",
                'body /a: recorded "1", sent "2"',
            ],
        ),
        (
            [post(list=[1, 2], name=POLICY)],
            post(list=[1], name=OTHER),
            [
                "POST /data/core/ups/export/jobs",
                "nearest is interaction 1 of 1: POST /data/core/ups/export/jobs",
                "body /list: recorded [1, 2], sent [1]",
            ],
        ),
    ],
)
def test_a_mismatch_explains_itself(recorded, asked, lines):
    """The nearest request, where its body differs, nothing that differs by nature, and how to record again."""
    shown = reason(played(tape(*((request, b"") for request in recorded))), asked)
    assert shown == [f"cassette export/test has no answer to {lines[0]}", *lines[1:], AGAIN]


def test_a_mismatch_stays_short():
    """Eight differences are told, and of a long value its beginning."""
    before = {f"m{number:02}": "x" * 500 for number in range(20)}
    lines = reason(played(tape((post(**before), b""))), post(**dict.fromkeys(before, "y")))
    assert len(lines) == 2 + 8 + 2
    assert lines[-2] == "and more"
    assert all(len(line) < 200 for line in lines)


def test_a_mismatch_holds_no_secret():
    """What is shown has been cleaned."""
    playback = played(tape((Request("POST", URL, body=b"client_secret=REDACTED&a=1"), b"")), Request.redacted)
    assert "hidden" not in "\n".join(reason(playback, Request("POST", URL, body=b"client_secret=hidden&a=2")))
