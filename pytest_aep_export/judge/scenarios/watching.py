"""Jobs on their way: how long they take, how they end, and what they look like."""

from __future__ import annotations

from typing import Final

from pytest_aep_export.emulator import Behaviour
from pytest_aep_export.emulator.faults import AddJob, Delay, Fault
from pytest_aep_export.judge.scenario import Scenario
from pytest_aep_export.judge.scenarios.odd import (
    EXTRA_MEMBERS,
    FEWER_MEMBERS,
    FRACTIONS,
    GZIP,
    answering,
    ends_as,
)
from pytest_aep_export.lifecycle import Progression
from pytest_aep_export.model import JobError, JobStatus

__all__ = ["WATCHING"]

_LOOK: Final = "getExportJob"
_HOUR: Final = 3_600
_DAY: Final = 24 * _HOUR
_FAILING: Final = JobStatus.PROCESSING
_UNICODE: Final = (
    JobError("0090000009", "Der Export läuft über: 出力先がいっぱいです 🗑", "com.example.Überlauf"),
    JobError("unknown", "Задание прервано.", "org.example.Прервано"),
)

WATCHING: Final = (
    Scenario(
        "job-ends-at-once",
        "A job has succeeded at the first look.",
        behaviour=Behaviour(progression=Progression("immediate")),
    ),
    Scenario(
        "job-takes-seconds",
        "A job takes four seconds, and is to be looked at twice a second.",
        behaviour=Behaviour(progression=Progression("elapsed", queue=1_500, work=2_500)),
        poll=0.5,
        patience=30,
    ),
    Scenario(
        "job-takes-hours",
        "A job takes five hours: an hour goes by with each look.",
        behaviour=Behaviour(progression=Progression("elapsed", queue=_HOUR * 1_000, work=4 * _HOUR * 1_000)),
        faults=(Fault(_LOOK, Delay(_HOUR), times=None),),
        patience=_DAY,
    ),
    Scenario(
        "job-outlives-the-token",
        "A job takes longer than a token is good for: 25 hours go by with the first look.",
        faults=(Fault(_LOOK, Delay(25 * _HOUR)),),
        patience=3 * _DAY,
    ),
    Scenario(
        "job-fails",
        "A job fails, and says why.",
        ending="failure",
        behaviour=Behaviour(progression=Progression(fail=_FAILING)),
    ),
    Scenario(
        "job-fails-before-it-starts",
        "A job fails before it has a batch.",
        ending="failure",
        behaviour=Behaviour(progression=Progression(fail=JobStatus.NEW)),
    ),
    Scenario(
        "job-fails-in-many-scripts",
        "A job fails, and says why in German, Japanese and Russian.",
        ending="failure",
        behaviour=Behaviour(progression=Progression(fail=_FAILING, errors=_UNICODE)),
    ),
    Scenario(
        "job-is-stuck",
        "A job never ends.",
        ending="failure",
        behaviour=Behaviour(progression=Progression(stuck=JobStatus.PROCESSING)),
        patience=2,
    ),
    Scenario(
        "job-ends-in-an-unknown-status",
        "A job ends as ARCHIVED, a status that no source knows.",
        ending="failure",
        behaviour=Behaviour(persona=answering("ends-archived", "Jobs end as ARCHIVED.", ends_as("ARCHIVED"))),
        patience=2,
    ),
    Scenario(
        "job-is-cancelled-by-somebody",
        "Somebody else cancels the job.",
        ending="failure",
        behaviour=Behaviour(persona=answering("ends-cancelled", "Jobs end as CANCELLED.", ends_as("CANCELLED"))),
        patience=2,
    ),
    Scenario(
        "other-jobs-come-up",
        "Others create jobs before and after the client does.",
        faults=(Fault("createExportJob", AddJob()), Fault(_LOOK, AddJob(), times=2)),
        jobs=3,
    ),
    Scenario(
        "newest-job-is-of-others",
        "Somebody creates a job whenever the list is asked for, so that no other is ever the newest.",
        faults=(Fault("listExportJobs", AddJob(), times=None),),
    ),
    Scenario(
        "members-that-are-new",
        "Jobs, pages and files have members that no source knows.",
        behaviour=Behaviour(persona=answering("extra-members", "There are unknown members.", EXTRA_MEMBERS)),
    ),
    Scenario(
        "members-that-are-absent",
        "Jobs have no member but their id, status, schema, times and destination.",
        behaviour=Behaviour(persona=answering("fewer-members", "Optional members are absent.", FEWER_MEMBERS)),
    ),
    Scenario(
        "numbers-with-a-fraction",
        "A job's id is a number with a fraction, such as 100.0.",
        ending="either",
        behaviour=Behaviour(persona=answering("ids-with-fractions", "Ids have fractions.", FRACTIONS)),
    ),
    Scenario(
        "answers-are-compressed",
        "JSON is compressed with gzip for whoever accepts that.",
        behaviour=Behaviour(persona=answering("compresses", "JSON is compressed.", GZIP)),
    ),
)
