"""Manners: redirects are followed as clients do, a busy server is waited for, a lost connection is tried again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from pytest_aep_export.errors import TransportError
from pytest_aep_export.model import Credentials
from pytest_aep_export.suite.api import DATASETS, JOBS
from pytest_aep_export.suite.courtesy import BusyError, Courtesy
from pytest_aep_export.suite.sending import Target

Handler = Callable[[httpx.Request], httpx.Response]

WHO = Credentials("the-key", "the-secret", "0123@AdobeOrg", "prod")
NOON = 1_767_268_800.0


class Polite:
    """A target with manners, what it was asked, and how long it has waited."""

    def __init__(self, handler: Handler, seconds: float) -> None:
        self.asked: list[str] = []
        self.waited: list[float] = []

        def answer(request: httpx.Request) -> httpx.Response:
            self.asked.append(f"{request.method} {request.url.path}")
            return handler(request)

        self.target = Target("http://gateway.test", WHO, transport=httpx.MockTransport(answer))
        self.target.courtesy = Courtesy(seconds, pause=self.waited.append, now=lambda: NOON)

    def send(self, method: str, path: str, **options: Any) -> Any:
        """The answer to a call without a token."""
        return self.target.send(method, path, without={"authorization"}, **options)


@pytest.fixture
def polite() -> Iterator[Callable[..., Polite]]:
    """Makes a target with manners."""
    opened: list[Polite] = []

    def make(handler: Handler, seconds: float = 100) -> Polite:
        opened.append(Polite(handler, seconds))
        return opened[-1]

    yield make
    for one in opened:
        one.target.close()


def in_turn(*answers: httpx.Response | Exception) -> Handler:
    """Gives one answer after the other, the last one for ever."""
    left = list(answers)

    def answer(_: httpx.Request) -> httpx.Response:
        found = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(found, Exception):
            raise found
        return found

    return answer


def slash(status: int, location: str = JOBS) -> Handler:
    """Redirects whatever ends in a slash."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/"):
            return httpx.Response(status, headers={"Location": location})
        return httpx.Response(200, content=request.content)

    return answer


@pytest.mark.parametrize("status", [307, 308])
@pytest.mark.parametrize("location", [JOBS, "http://gateway.test" + JOBS, "../jobs"])
def test_a_redirect_that_keeps_the_method_is_followed(polite: Callable[..., Polite], status: int, location: str):
    """A POST arrives where it is redirected to, with its headers and its body."""
    one = polite(slash(status, location))
    exchange = one.send("POST", f"{JOBS}/", json={"a": 1})
    assert one.asked == [f"POST {JOBS}/", f"POST {JOBS}"]
    assert exchange.response.body == b'{"a": 1}'
    assert exchange.request.headers["x-api-key"] == "the-key"
    assert len(one.target.exchanges) == 2


@pytest.mark.parametrize("status", [301, 302, 303])
def test_another_redirect_is_followed_where_nothing_is_sent(polite: Callable[..., Polite], status: int):
    """Clients turn a redirected POST into a GET, which is not what was asked; a GET stays one."""
    one = polite(slash(status))
    assert one.send("GET", f"{JOBS}/").response.status == 200
    assert one.send("POST", f"{JOBS}/").response.status == status
    assert one.asked == [f"GET {JOBS}/", f"GET {JOBS}", f"POST {JOBS}/"]


@pytest.mark.parametrize(
    "location", ["https://gateway.test/x", "http://other.test/x", "http://gateway.test:8080/x", "http://[bad", ""]
)
def test_no_redirect_leads_to_another_host(polite: Callable[..., Polite], location: str):
    """Credentials stay with the host that they are for."""
    one = polite(slash(307, location))
    assert one.send("GET", "/x/").response.status == 307
    assert one.asked == ["GET /x/"]


def test_redirects_in_a_circle_come_to_an_end(polite: Callable[..., Polite]):
    """The last redirect of a circle is the answer."""
    one = polite(slash(308, "/x/"))
    assert one.send("GET", "/x/").response.status == 308
    assert len(one.asked) == 6


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_server_is_asked_again(polite: Callable[..., Polite], status: int):
    """Without a hint it is asked in growing intervals."""
    busy = httpx.Response(status)
    one = polite(in_turn(busy, busy, busy, httpx.Response(200)))
    assert one.send("POST", JOBS).response.status == 200
    assert one.waited == [0.25, 0.5, 1.0]


@pytest.mark.parametrize(
    ("hint", "seconds"),
    [
        ("7", 7),
        (" 0 ", 0.25),
        ("Thu, 01 Jan 2026 12:00:30 GMT", 30),
        ("Thu, 01 Jan 2026 11:00:00 GMT", 0.25),
        ("soon", 0.25),
    ],
)
def test_a_hint_is_heeded(polite: Callable[..., Polite], hint: str, seconds: float):
    """Retry-After gives seconds or a date; what cannot be read is no hint, and never is there no pause at all."""
    one = polite(in_turn(httpx.Response(429, headers={"Retry-After": hint}), httpx.Response(200)))
    assert one.send("GET", JOBS).response.status == 200
    assert one.waited == [seconds]


def test_a_server_that_stays_busy_is_given_up(polite: Callable[..., Polite]):
    """After four pauses without a hint the call is given up, with a sentence."""
    one = polite(in_turn(httpx.Response(503)))
    with pytest.raises(BusyError, match=rf"^GET {JOBS} was answered with 503 5 times in a row: run again when"):
        one.send("GET", JOBS)
    assert len(one.asked) == 5


def test_patience_is_for_the_whole_run(polite: Callable[..., Polite]):
    """What one call has waited another does not have any more."""
    hint = {"Retry-After": "60"}
    one = polite(in_turn(httpx.Response(503, headers=hint), httpx.Response(200), httpx.Response(503, headers=hint)))
    assert one.send("GET", JOBS).response.status == 200
    with pytest.raises(BusyError, match="is to be asked again in 60 s, longer than the run is patient"):
        one.send("GET", JOBS)
    assert one.waited == [60]


@pytest.mark.parametrize("error", [httpx.ConnectError("refused"), httpx.RemoteProtocolError("no answer")])
def test_a_lost_connection_is_tried_again(polite: Callable[..., Polite], error: Exception):
    """What a lost connection kept from being answered is asked again, twice at most."""
    one = polite(in_turn(error, error, httpx.Response(200)))
    assert one.send("POST", JOBS).response.status == 200
    assert one.waited == [0.25, 2.0]
    gone = polite(in_turn(error))
    with pytest.raises(TransportError, match="got no answer"):
        gone.send("GET", JOBS)
    assert len(gone.asked) == 3


class Cut(httpx.SyncByteStream):
    """A body of which so much comes, and then the connection is closed."""

    def __init__(self, much: bytes) -> None:
        self.much = much

    def __iter__(self) -> Iterator[bytes]:
        yield self.much
        raise httpx.RemoteProtocolError("peer closed connection")


def cut(*bodies: bytes) -> Handler:
    """Breaks off its answers, one after the other where several bodies are given."""
    left = list(bodies)
    return lambda _: httpx.Response(200, stream=Cut(left.pop(0) if len(left) > 1 else left[0]))


def test_an_answer_that_always_breaks_off_at_the_same_byte_is_the_answer(polite: Callable[..., Polite]):
    """It is asked for three times, and after that a server that breaks off is taken at its word at once."""
    one = polite(cut(b"half"))
    assert one.send("GET", JOBS).response.body == b"half"
    assert (len(one.asked), one.waited) == (3, [0.25, 2.0])
    assert one.send("GET", DATASETS).response.body == b"half"
    assert (len(one.asked), len(one.target.exchanges)) == (4, 4)


def test_an_answer_that_breaks_off_here_and_there_is_none(polite: Callable[..., Polite]):
    """Where the connection is lost at another byte every time nobody knows what the answer is."""
    with pytest.raises(TransportError, match=rf"^GET http://gateway.test{JOBS} got no whole answer: peer closed"):
        polite(cut(b"a", b"ab", b"abc")).send("GET", JOBS)
    with pytest.raises(TransportError, match="got no whole answer"):
        polite(cut(b"half")).send("DELETE", f"{JOBS}/7")


def test_a_cancel_is_never_repeated(polite: Callable[..., Polite]):
    """A second cancel would tell a job that is no longer what it was."""
    one = polite(in_turn(httpx.ConnectError("refused")))
    with pytest.raises(TransportError):
        one.send("DELETE", f"{JOBS}/7")
    assert len(one.asked) == 1


def test_an_answer_that_takes_too_long_is_not_waited_for_twice(polite: Callable[..., Polite]):
    """A server that hangs would only hang again."""
    one = polite(in_turn(httpx.ReadTimeout("slow")))
    with pytest.raises(TransportError):
        one.send("GET", JOBS)
    assert len(one.asked) == 1
