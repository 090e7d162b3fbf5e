"""How fast requests follow each other, what a busy server gets, and when a target is taken for gone."""

from __future__ import annotations

import asyncio

import pytest

from pytest_aep_export.errors import TransportError
from pytest_aep_export.exchange import Headers, Request, Response
from pytest_aep_export.fuzz.pacing import Lively, LostTargetError, Paced
from pytest_aep_export.fuzz.parties import EndedError, Send

REQUEST = Request("GET", "/data/core/ups/export/jobs")


class Time:
    """A time that passes only when somebody waits."""

    def __init__(self) -> None:
        self.now = 100.0
        self.waits: list[float] = []

    async def sleep(self, seconds: float) -> None:
        """Let so many pass."""
        self.waits.append(round(seconds, 3))
        self.now += seconds

    def __call__(self) -> float:
        """What time it is."""
        return self.now


def answering(*answers: Response | Exception) -> Send:
    """A server that answers so, one request after the other."""
    left = iter(answers)

    async def send(_: Request) -> Response:
        answer = next(left)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return send


async def sent(send: Send, count: int = 1) -> list[int]:
    """The statuses of some requests."""
    return [(await send(REQUEST)).status for _ in range(count)]


def test_no_more_requests_a_second_than_the_rate():
    """Two a second: each waits until half a second has passed since the one before."""
    time = Time()
    send = Paced(answering(*[Response(200)] * 3), 2.0, time.sleep, time)
    assert asyncio.run(sent(send, 3)) == [200, 200, 200]
    assert time.waits == [0.5, 0.5]


def test_a_busy_server_is_waited_for_as_long_as_it_says():
    """429 and 503 are asked again after what Retry-After says, or a little longer each time; not for minutes."""
    time = Time()
    busy = [
        Response(429, Headers({"Retry-After": "7"})),
        Response(503),
        Response(429, Headers({"Retry-After": "9999"})),
    ]
    assert asyncio.run(sent(Paced(answering(*busy, Response(200)), 1000.0, time.sleep, time))) == [200]
    assert [wait for wait in time.waits if wait >= 1] == [7, 2, 30]


def test_a_server_that_stays_busy_ends_the_run():
    """After some times nobody asks any more."""
    time = Time()
    with pytest.raises(EndedError, match="too busy to answer 4 times in a row"):
        asyncio.run(sent(Paced(answering(*[Response(503)] * 4), 1000.0, time.sleep, time)))


def test_one_request_without_an_answer_is_no_end():
    """A server that answers the next request is there: that one had no answer is for the checks to judge."""
    time = Time()
    lost = TransportError("reset")
    with pytest.raises(TransportError, match="reset") as caught:
        asyncio.run(sent(Lively(answering(lost, lost, Response(200)), "http://it", time.sleep)))
    assert caught.value is lost
    assert time.waits == [0, 0.5]


def test_a_target_that_is_gone_is_told_from_it():
    """A server that does not answer anything any more ends the run, with the request that it was last seen at."""
    time = Time()
    lost = TransportError("refused")
    expected = r"http://it does not answer any more, since GET /data/core/ups/export/jobs: refused"
    with pytest.raises(LostTargetError, match=expected):
        asyncio.run(sent(Lively(answering(*[lost] * 4), "http://it", time.sleep)))


def test_what_the_way_holds_is_let_go():
    """Closing is passed on; a way that holds nothing needs none."""

    class Way:
        closed = 0

        async def __call__(self, request: Request) -> Response:
            raise NotImplementedError

        async def aclose(self) -> None:
            """Count it."""
            self.closed += 1

    way = Way()
    asyncio.run(Paced(Lively(way, "http://it"), 1.0).aclose())
    asyncio.run(Lively(answering(), "http://it").aclose())
    assert way.closed == 1
