"""A client that a function drives: how it ends is how the function ends, and it does end."""

from __future__ import annotations

import threading

import pytest

from pytest_aep_export.judge import SCENARIOS, Performance, PythonSubject, Scenario, Surroundings, assert_conforms
from pytest_aep_export.judge.judging import Judgement, try_subject
from pytest_aep_export.judge.python import Act
from pytest_aep_export.judge.trace import Trace
from tests.judge.subjects import calling, lists_once

LIST = SCENARIOS["list"]


def trace_of(act: Act, deadline: float = 30) -> Trace:
    """What a function did that was asked for a list."""
    return try_subject(PythonSubject("mine", act), [LIST], deadline=deadline, rules={}).trials[0].trace


def test_a_function_that_returns():
    """Returning is success, and a performance is taken as it is, with what lies in the folder."""

    def leaves(_: Scenario, surroundings: Surroundings) -> Performance:
        (surroundings.folder / "a").write_bytes(b"b")
        return Performance("failure", "I would rather not", jobs=())

    assert trace_of(lambda *_: None).performance == Performance("success", files={})
    assert trace_of(leaves).performance == Performance("failure", "I would rather not", jobs=(), files={"a": b"b"})
    told = Performance("success", files={"c": b"d"})
    assert trace_of(lambda *_: told).performance == told


@pytest.mark.parametrize("error", [KeyError("id"), SystemExit(1)], ids=repr)
def test_a_function_that_raises(error: BaseException):
    """Raising is failure, and is told as what was raised."""

    def raises(*_: object) -> None:
        raise error

    assert trace_of(raises).performance == Performance("failure", f"{type(error).__name__}: {error}", files={})


def test_a_function_that_goes_on_for_ever():
    """It is ended when its time is up, even if it takes exceptions for nothing."""
    ends: list[str] = []

    def goes_on(*_: object) -> None:
        try:
            while True:
                try:
                    while True:
                        pass
                except Exception:  # noqa: BLE001 - as bad clients do
                    continue
        finally:
            ends.append("ended")

    performance = trace_of(goes_on, deadline=0.2).performance
    assert (performance.end, performance.said) == ("timeout", "it still ran after 0.2 s, and was ended")
    assert ends == ["ended"]


def test_a_function_that_cannot_be_ended(monkeypatch: pytest.MonkeyPatch):
    """One that hears nothing, because it waits, is left behind after a while, and judged all the same."""
    monkeypatch.setattr("pytest_aep_export.judge.python._GRACE", 0.1)
    threads: list[threading.Thread] = []
    release = threading.Event()

    def waits(*_: object) -> None:
        threads.append(threading.current_thread())
        release.wait()

    assert trace_of(waits, deadline=0.1).performance.end == "timeout"
    assert threads[0].is_alive()
    release.set()
    threads[0].join()


def judgement_of(act: Act, *names: str) -> Judgement:
    """What a function shows in some scenarios."""
    return try_subject(PythonSubject("mine", act), [SCENARIOS[name] for name in names])


def test_what_conforms_raises_nothing():
    """A client that keeps all that a scenario shows passes, whatever the level."""

    def lists(_: Scenario, surroundings: Surroundings) -> None:
        with calling(surroundings) as http:
            http.get("/data/core/ups/export/jobs")

    assert_conforms(judgement_of(lists, "list"), "MAY")


def test_what_does_not_conform_is_told():
    """The failure counts, names the scenario, and explains; a level that was not asked for is not mentioned."""
    judgement = judgement_of(lists_once, "pages-of-jobs", "many-pages")
    with pytest.raises(AssertionError) as caught:
        assert_conforms(judgement)
    said = str(caught.value).splitlines()
    assert said[0] == "the client does not keep 1 MUST:"
    assert said[2] == "EXP-CLI-001 MUST: A client follows the list to its end"
    assert said[4:7] == ["  scenario: pages-of-jobs", "  expected: the next page is asked for", "  found: it never was"]
    assert said[-2:] == ["  also: 1 times more", "  explained by: aep-export explain EXP-CLI-001"]


def test_what_could_not_be_judged_does_not_conform():
    """A client that never calls has kept nothing."""
    with pytest.raises(AssertionError, match="the client never called the server"):
        assert_conforms(judgement_of(lambda *_: None, "list"))
