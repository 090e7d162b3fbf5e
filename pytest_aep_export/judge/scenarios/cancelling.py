"""Cancelling a job: every documented answer, and what may come in its place."""

from __future__ import annotations

from typing import Final

from pytest_aep_export.emulator import Behaviour
from pytest_aep_export.emulator.faults import AddJob, Answer, ExpireToken, Fault, Reset
from pytest_aep_export.judge.scenario import Ending, Scenario
from pytest_aep_export.lifecycle import Progression

__all__ = ["CANCELLING"]

_CANCEL: Final = "cancelExportJob"


def _cancel(name: str, about: str, *faults: Fault, ending: Ending = "success") -> Scenario:
    return Scenario(name, about, "cancel", ending, faults=faults)


CANCELLING: Final = (
    _cancel(
        "cancel-is-accepted",
        "A cancel is answered with 202 and nothing else.",
        Fault(_CANCEL, Answer(202, body="", after=True)),
    ),
    _cancel(
        "cancel-says-nothing",
        "A cancel is answered with 200 and no body.",
        Fault(_CANCEL, Answer(200, body="", after=True)),
    ),
    _cancel(
        "cancel-is-refused",
        "A cancel is answered with 403, however often it is asked for.",
        Fault(_CANCEL, Answer(403), times=None),
        ending="failure",
    ),
    Scenario(
        "cancel-comes-too-late",
        "The job has ended when it is to be cancelled, and that is refused with 400.",
        "cancel",
        "either",
        Behaviour(progression=Progression("immediate"), cancel_finished="refuse"),
    ),
    _cancel(
        "cancel-is-lost", "The connection is reset after a cancel was served.", Fault(_CANCEL, Reset()), ending="either"
    ),
    _cancel(
        "cancel-among-others",
        "A job runs, and may be cancelled. Somebody creates another whenever the list is asked for.",
        Fault("listExportJobs", AddJob(), times=None),
    ),
    _cancel("token-expires-before-the-cancel", "The token expires before the cancel.", Fault(_CANCEL, ExpireToken())),
)
