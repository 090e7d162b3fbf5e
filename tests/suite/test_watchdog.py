"""Answers that never end, from a real socket: each is given up when its time is over."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from pytest_aep_export.model import Credentials
from pytest_aep_export.suite.api import JOBS
from pytest_aep_export.suite.budget import Budget, Limits
from pytest_aep_export.suite.courtesy import LateError
from pytest_aep_export.suite.sending import Patience, Target

WHO = Credentials("the-key", "the-secret", "0123@AdobeOrg", "prod")
HINT = b"HTTP/1.1 103 Early Hints\r\n\r\n"
"""Comes before an answer, as often as a server likes."""
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
HEAD = b"HTTP/1.1 200 OK\r\n\r\n"
"""The body goes on until the connection ends."""

Answering = Callable[[socket.socket], None]


def for_ever(head: bytes, piece: bytes) -> Answering:
    """An answer that begins and does not end."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(piece)

    return answer


@contextmanager
def serving(*answers: Answering) -> Iterator[Target]:
    """A target whose connections are answered one after the other, each by the next of these."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for answer in answers:
                connection = listener.accept()[0]
                with connection, suppress(OSError):
                    connection.recv(65536)
                    answer(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        target = Target(f"http://127.0.0.1:{listener.getsockname()[1]}", WHO)
        try:
            yield target
        finally:
            target.close()
            thread.join()


def ask(target: Target) -> int:
    """The status of the answer to one call."""
    return target.send("GET", JOBS, without={"authorization"}).response.status


@pytest.mark.parametrize("answer", [for_ever(b"", HINT), for_ever(HEAD, b" ")], ids=["head", "body"])
def test_an_answer_without_end_is_given_up(answer: Answering):
    """However steadily bytes come: the limit is one of the whole answer. The next connection is a fresh one."""
    with serving(answer, lambda connection: connection.sendall(WHOLE)) as target:
        with target.within(0.1), pytest.raises(LateError, match=r"got no answer: it has not ended within 0.1 s"):
            ask(target)
        assert ask(target) == 200


def test_the_end_of_the_run_is_that_of_an_answer():
    """No answer is waited for longer than the run may last, whatever the target's patience is."""
    with serving(for_ever(b"", HINT)) as target:
        target.patience = Patience(answer=60)
        target.budget = Budget(Limits(seconds=0.1))
        with pytest.raises(LateError, match=r"has not ended within 0\.\d+ s"):
            ask(target)


def test_an_answer_that_ends_with_its_connection_is_none_when_it_was_cut():
    """What looks whole because the watchdog has closed the connection is no answer."""
    held = threading.Event()

    def begin(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"{}")
        connection.recv(1)
        held.set()

    with serving(begin) as target, target.within(0.1), pytest.raises(LateError):
        ask(target)
    assert held.is_set()
