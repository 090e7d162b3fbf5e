"""The life of an export job: every progression, every cause, every sequence of them."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.lifecycle import TRANSITIONS, Cause, Life, Progression, due, timers
from pytest_aep_export.model import JobError, JobStatus, Timer

NEW, PROCESSING, SUCCEEDED, FAILED, CANCELLED = JobStatus
ALIVE = [None, None, None, None, NEW, PROCESSING]
MODES = ["per-poll", "immediate", "elapsed", "manual"]
RANK = {NEW: 0, PROCESSING: 1, SUCCEEDED: 2, FAILED: 2, CANCELLED: 2}

PROGRESSIONS = st.builds(
    Progression,
    mode=st.sampled_from(MODES),
    hold=st.sampled_from(ALIVE),
    stuck=st.sampled_from(ALIVE),
    fail=st.sampled_from(ALIVE),
    errors=st.just((JobError("c", "m", "s"),)),
    queue=st.integers(0, 1_000),
    work=st.integers(0, 1_000),
)
EVENTS = st.lists(
    st.tuples(st.sampled_from([*Cause, "cancel"]), st.integers(0, 1_500)),
    max_size=12,
)


def _settle(life: Life, progression: Progression, cause: Cause, now: int) -> Life:
    """All that is due, as the emulator does it: one step for the cause, then whatever time has made due."""
    while (step := due(life, progression, cause, now)) is not None:
        life, cause = life.to(*step), Cause.TIME
    return life


def _story(progression: Progression, events: list[tuple[str, int]]) -> list[tuple[Life, int]]:
    """The lives after each event, with the time of each."""
    now, life = 1_000_000, Life(1_000_000)
    story = [(life, now)]
    for event, passed in events:
        now += passed
        if event != "cancel":
            life = _settle(life, progression, Cause(event), now)
        elif not life.status.terminal:
            life = life.to(CANCELLED, now)
        story.append((life, now))
    return story


@given(PROGRESSIONS, EVENTS)
def test_a_job_never_goes_back(progression, events):
    """Status, update time and the times of start and end only ever move forward, and never past the present."""
    story = _story(progression, events)
    for (before, _), (after, now) in itertools.pairwise(story):
        assert RANK[before.status] <= RANK[after.status]
        assert before.status == after.status or not before.status.terminal
        assert before.updated <= after.updated <= now
        assert before.started in {None, after.started}
        assert before.ended in {None, after.ended}


@given(PROGRESSIONS, EVENTS)
def test_the_times_of_a_life_agree_with_its_status(progression, events):
    """Started means that processing began; ended means that the status is final; they follow each other."""
    for life, _ in _story(progression, events):
        assert (life.ended is not None) == life.status.terminal
        assert life.started is not None or life.status in {NEW, FAILED, CANCELLED}
        known = [time for time in (life.created, life.started, life.ended) if time is not None]
        assert known == sorted(known)
        assert life.updated == known[-1]


@given(PROGRESSIONS, EVENTS)
def test_no_job_gets_past_where_it_is_stuck_or_fails(progression, events):
    """A stuck job leaves its status by a cancel only, and the step that fails never leads on."""
    for life, _ in _story(progression, events):
        if progression.stuck is NEW:
            assert life.status in {NEW, CANCELLED}
        if progression.stuck is PROCESSING or progression.fail is not None:
            assert life.status is not SUCCEEDED
        if progression.fail is NEW:
            assert life.started is None
        if progression.fail is None:
            assert life.status is not FAILED


@given(PROGRESSIONS, EVENTS)
def test_a_held_job_waits_for_a_step(progression, events):
    """Looking and waiting never move a job out of the status in which it is held."""
    story = _story(progression, events)
    for (before, _), (after, _), (event, _) in zip(story, story[1:], events, strict=False):
        if before.status == progression.hold and event in {Cause.LOOKED, Cause.TIME}:
            assert after == before


@given(PROGRESSIONS, EVENTS)
def test_settling_twice_changes_nothing(progression, events):
    """Once all that is due at an instant has happened, the passing of no time makes nothing due."""
    for life, now in _story(progression, events)[1:]:
        assert due(_settle(life, progression, Cause.TIME, now), progression, Cause.TIME, now) is None


@given(st.integers(0, 1_000), st.integers(0, 1_000), st.lists(st.integers(0, 700), max_size=8))
def test_elapsed_depends_on_the_time_only(queue, work, passed):
    """However often and however a job is looked at, its times are those of its durations (a second computation)."""
    progression = Progression("elapsed", queue=queue, work=work)
    for life, now in _story(progression, [(Cause.LOOKED, span) for span in passed])[1:]:
        age = now - life.created
        status = SUCCEEDED if age >= queue + work else PROCESSING if age >= queue else NEW
        assert life.status is status
        assert life.started == (None if status is NEW else life.created + queue)
        assert life.ended == (life.created + queue + work if status is SUCCEEDED else None)


@pytest.mark.parametrize(
    ("mode", "cause", "statuses"),
    [
        ("per-poll", Cause.LOOKED, [PROCESSING, SUCCEEDED, SUCCEEDED]),
        ("per-poll", Cause.TIME, [NEW, NEW, NEW]),
        ("per-poll", Cause.STEPPED, [PROCESSING, SUCCEEDED, SUCCEEDED]),
        ("immediate", Cause.LOOKED, [SUCCEEDED, SUCCEEDED, SUCCEEDED]),
        ("immediate", Cause.TIME, [SUCCEEDED, SUCCEEDED, SUCCEEDED]),
        ("elapsed", Cause.LOOKED, [NEW, NEW, NEW]),
        ("elapsed", Cause.STEPPED, [PROCESSING, SUCCEEDED, SUCCEEDED]),
        ("manual", Cause.LOOKED, [NEW, NEW, NEW]),
        ("manual", Cause.TIME, [NEW, NEW, NEW]),
        ("manual", Cause.STEPPED, [PROCESSING, SUCCEEDED, SUCCEEDED]),
    ],
)
def test_each_progression_moves_on_its_own_cause(mode, cause, statuses):
    """What moves a job, and how far, when no time passes: as the progression says."""
    story = _story(Progression(mode), [(cause, 0)] * 3)
    assert [life.status for life, _ in story[1:]] == statuses


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("place", [NEW, PROCESSING])
def test_every_progression_can_hold_stick_and_fail(mode, place):
    """In each mode a job can be held until a step, stay for ever, or fail, in either status."""
    cause = Cause.STEPPED if mode == "manual" else Cause.LOOKED
    events = [(cause, 400_000)] * 3
    held = _story(Progression(mode, hold=place), [(Cause.LOOKED, 400_000)] * 3)[-1][0]
    assert held.status is (NEW if mode == "manual" else place)
    assert _settle(held, Progression(mode, hold=place), Cause.STEPPED, 9_000_000).status is not held.status
    assert _story(Progression(mode, stuck=place), events)[-1][0].status is place
    failed = _story(Progression(mode, fail=place), events)[-1][0]
    assert failed.status is FAILED
    assert (failed.started is None) == (place is NEW)


@pytest.mark.parametrize("before", JobStatus)
@pytest.mark.parametrize("after", JobStatus)
def test_only_the_diagrams_edges_exist(before, after):
    """A move along an edge works; any other is refused and names both statuses."""
    life = Life(1, before)
    if after in TRANSITIONS[before]:
        assert life.to(after, 5).status is after
    else:
        with pytest.raises(ValueError, match=f"{before} cannot become {after}"):
            life.to(after, 5)


def test_a_move_that_comes_late_is_not_dated_back():
    """A move cannot lie before the last change, whatever time it claims."""
    assert Life(10).to(PROCESSING, 3).started == 10
    assert Life(10).to(PROCESSING, 20).to(FAILED, 15).ended == 20


def test_a_life_may_begin_at_the_epoch():
    """Time 0 is a time."""
    assert Life(0).updated == 0
    assert Life(0).to(PROCESSING, 0).updated == 0


@given(PROGRESSIONS)
def test_a_progression_survives_json(progression):
    """Written to JSON text and read again, a progression is the same."""
    assert Progression.from_json(json.loads(json.dumps(progression.to_json()))) == progression


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"mode": "polled"}, "'polled' is unknown: use one of per-poll, immediate, elapsed, manual"),
        ({"hold": SUCCEEDED}, "progression hold=SUCCEEDED: expected NEW or PROCESSING"),
        ({"stuck": CANCELLED}, "progression stuck=CANCELLED: expected NEW or PROCESSING"),
        ({"fail": FAILED}, "progression fail=FAILED: expected NEW or PROCESSING"),
        ({"queue": -1}, "cannot be negative"),
        ({"work": -1}, "cannot be negative"),
    ],
)
def test_a_progression_that_cannot_work_is_refused(values, complaint):
    """Each mistake is one clear sentence."""
    with pytest.raises(ConfigurationError, match=complaint):
        Progression(**values)


@given(PROGRESSIONS, EVENTS)
def test_the_timers_fit_the_life(progression, events):
    """The whole spans the life; export and write follow each other within it, and only success has a write (D-44)."""
    for life, _ in _story(progression, events):
        shown = timers(life)
        assert shown["totalTime"] == Timer(life.created, life.ended)
        assert ("profileExportTime" in shown) == (life.started is not None)
        assert ("aCPDatasetWriteTime" in shown) == (life.status is SUCCEEDED)
        if life.status is SUCCEEDED:
            export, write = shown["profileExportTime"], shown["aCPDatasetWriteTime"]
            assert life.started == export.start <= export.end == write.start <= write.end == life.ended
        elif life.started is not None:
            assert shown["profileExportTime"] == Timer(life.started, life.ended)


def test_the_write_is_the_last_quarter_of_the_work():
    """Export and write share the time between start and end, three to one."""
    life = Life(0).to(PROCESSING, 100).to(SUCCEEDED, 500)
    assert timers(life) == {
        "totalTime": Timer(0, 500),
        "profileExportTime": Timer(100, 400),
        "aCPDatasetWriteTime": Timer(400, 500),
    }
