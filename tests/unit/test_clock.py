"""The clock: it stands still, runs with a source, is advanced, and never goes back."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aep_export.lifecycle import EPOCH, Clock


def test_a_clock_stands_still_at_a_known_instant():
    """The passing of real time does not move a clock without a source."""
    clock = Clock()
    assert clock.now() == clock.now() == EPOCH == datetime(2024, 5, 1, tzinfo=UTC).timestamp() * 1000


@given(st.lists(st.integers(0, 10**12), max_size=10))
def test_advances_add_up(spans):
    """The clock shows its start and the sum of all advances, each of which returns what it shows."""
    clock = Clock(start=5)
    shown = [clock.advance(milliseconds=span) for span in spans]
    assert shown == [5 + sum(spans[: n + 1]) for n in range(len(spans))]
    assert clock.now() == 5 + sum(spans)


def test_an_advance_takes_every_unit():
    """Days, hours, minutes, seconds and milliseconds add up, fractions included."""
    clock = Clock(start=0)
    clock.advance(days=1, hours=2, minutes=3, seconds=4.5, milliseconds=6)
    assert clock.now() == timedelta(days=1, hours=2, minutes=3, seconds=4, milliseconds=506) // timedelta(
        milliseconds=1
    )


@pytest.mark.parametrize("span", [{"milliseconds": -1}, {"hours": 1, "minutes": -61}])
def test_time_never_runs_backwards(span):
    """A negative span is refused and changes nothing."""
    clock = Clock(start=10)
    with pytest.raises(ValueError, match="time never runs backwards"):
        clock.advance(**span)
    assert clock.now() == 10


@given(st.integers(0, 100), st.integers(0, 100))
def test_a_clock_reaches_a_time_and_never_goes_back_to_one(start, time):
    """Asked to reach a time, it shows that time or a later one that it was at already."""
    clock = Clock(start=start)
    clock.reach(time)
    assert clock.now() == max(start, time)


def test_a_clock_that_stands_still_can_tick():
    """A tick moves it on a little; a clock that runs by itself needs none."""
    still, running = Clock(start=5), Clock(start=5, source=lambda: 0)
    still.tick()
    running.tick()
    assert (still.now(), running.now()) == (105, 5)


def test_a_clock_follows_its_source_from_its_own_start():
    """The source says how much time passed, not what time it is; advances come on top."""
    wall = [1_000]
    clock = Clock(start=50, source=lambda: wall[0])
    assert clock.now() == 50
    wall[0] = 1_007
    assert clock.now() == 57
    assert clock.advance(seconds=1) == 1_057
    wall[0] = 1_010
    assert clock.now() == 1_060


def test_advances_from_several_threads_all_count():
    """No advance is lost when threads advance the same clock at once."""
    clock = Clock(start=0)
    threads = [threading.Thread(target=lambda: [clock.advance(milliseconds=1) for _ in range(500)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.now() == 2_000
