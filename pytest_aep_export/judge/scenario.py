"""Scenarios: what a client is asked to do, and what the server that it meets is like."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from pytest_aep_export.emulator import Behaviour
from pytest_aep_export.emulator.faults import Fault

__all__ = ["Ending", "Scenario", "Task"]

Task: TypeAlias = Literal["export", "list", "cancel"]
"""What a client is asked to do.

``export``: create a dataset on the union schema, create a job for whole profiles, wait until it has ended, and read
every row of its batch. ``list``: list every export job of the sandbox. ``cancel``: create a dataset and a job, and
cancel the job.
"""
Ending: TypeAlias = Literal["success", "failure", "either"]
"""What the client has to report."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One thing that a client is asked to do, at one server.

    Attributes:
        id: What it is called: words joined by dashes.
        about: What the server is like, in a sentence.
        task: What the client is asked to do.
        ending: What it has to report at the end.
        behaviour: How the emulator acts.
        faults: What goes wrong on the way.
        jobs: How many jobs that have ended are there before.
        profiles: How many profiles an export has to read.
        poll: What the client is told of how often to look, in seconds; see ``AEP_POLL_SECONDS``.
        patience: What it is told of how long to wait for a job, in seconds; see ``AEP_TIMEOUT_SECONDS``.
    """

    id: str
    about: str
    task: Task = "export"
    ending: Ending = "success"
    behaviour: Behaviour = field(default_factory=Behaviour)
    faults: tuple[Fault, ...] = ()
    jobs: int = 0
    profiles: int = 20
    poll: float = 0.05
    patience: float = 10
