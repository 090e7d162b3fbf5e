"""What a client did in one scenario: all that its judge may know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from pytest_aep_export.exchange import Exchange
from pytest_aep_export.judge.scenario import Scenario

__all__ = ["Attempt", "End", "Performance", "Trace", "Truth"]

End: TypeAlias = Literal["success", "failure", "crash", "timeout", "unknown"]
"""How a client ended: it said that it succeeded, or that it failed; a signal or its own protocol broke it; it was ended
because it took too long; nobody was told, as in a client's own tests."""


@dataclass(frozen=True, slots=True)
class Performance:
    """What a client showed of itself, apart from what it sent.

    Attributes:
        end: How it ended.
        said: Why, where it said so.
        output: What it printed, secrets and all: whoever writes it down redacts it first.
        jobs: The ids of the jobs that it listed, in that order; None where it does not say.
        rows: The exported rows that it read; None where it does not say.
        files: What it left behind in the folder that was its own, by relative path; None where that is not known.
        leftovers: How many processes it left behind, which were ended.
    """

    end: End = "unknown"
    said: str = ""
    output: bytes = b""
    jobs: tuple[str, ...] | None = None
    rows: tuple[Mapping[str, Any], ...] | None = None
    files: Mapping[str, bytes] | None = None
    leftovers: int = 0


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt to reach another host than the API's, which the proxy refused or another server noticed.

    Attributes:
        host: Where to.
        how: What was tried, in a few words.
        secrets: Whether a token, secret or key was sent along.
    """

    host: str
    how: str
    secrets: bool = False


@dataclass(frozen=True, slots=True)
class Truth:
    """What is the case at the server when the client has ended.

    Attributes:
        jobs: Every job, newest first, as the canonical dialect shows it.
        rows: The rows that the exports of the client hold, by the oracle; by the job's id.
        files: The bytes of each file of each batch, by ``batch/name``.
        secrets: The client's own: its secret and every token that was issued to it.
    """

    jobs: tuple[Mapping[str, Any], ...] = ()
    rows: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trace:
    """What happened in one scenario, or in a client's own test.

    Attributes:
        exchanges: What was exchanged, in the order of arrival, as the client saw it: an answer of status 0 is none
            (reset, closed or no HTTP), and a body that was cut is shorter than its ``Content-Length``.
        scenario: The scenario; None in a client's own test, of which nothing is known but what was exchanged.
        performance: What the client showed of itself.
        truth: What is the case at the server.
        attempts: Where else it tried to go.
    """

    exchanges: tuple[Exchange, ...]
    scenario: Scenario | None = None
    performance: Performance = field(default_factory=Performance)
    truth: Truth = field(default_factory=Truth)
    attempts: tuple[Attempt, ...] = ()

    @property
    def as_due(self) -> bool:
        """Whether the client reported what the scenario was to end with, or nobody was told what it reported."""
        end = self.performance.end
        ending = self.scenario.ending if self.scenario else "either"
        return end in {ending, "unknown"} or (ending == "either" and end in {"success", "failure"})
