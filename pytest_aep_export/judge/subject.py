"""Subjects: the clients that are judged, each reached in its own way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pytest_aep_export.judge.scenario import Scenario
from pytest_aep_export.judge.trace import Performance
from pytest_aep_export.lifecycle import Clock
from pytest_aep_export.model import Credentials

__all__ = ["Subject", "Surroundings"]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a client finds itself in one scenario.

    Attributes:
        url: The API's address.
        credentials: Whom it works as.
        clock: The tenant's clock; a client in this process waits by advancing it.
        folder: An empty folder of its own.
        environ: What a program finds in its environment besides what it inherits: addresses, credentials, proxy, CA.
        deadline: How many seconds it may take.
        sent: How many requests the client has sent so far.
    """

    url: str
    credentials: Credentials
    clock: Clock
    folder: Path
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    deadline: float = 30
    sent: Callable[[], int] = field(default=lambda: 0, repr=False)


class Subject(Protocol):
    """A client under test."""

    @property
    def label(self) -> str:
        """What reports call it."""
        raise NotImplementedError

    @property
    def virtual(self) -> bool:
        """Whether it waits by the tenant's clock, so that hours cost nothing; else that clock follows the wall."""
        raise NotImplementedError

    def perform(self, scenario: Scenario, surroundings: Surroundings) -> Performance:
        """Do what the scenario asks for, and tell what came of it; never raises because the client fails."""
        raise NotImplementedError
