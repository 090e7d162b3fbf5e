"""What a rule says: that a requirement is met, that it is not and which exchange shows it, or that nobody can tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from pytest_aep_export.exchange import Exchange
from pytest_aep_export.judge.rules.reading import secrets
from pytest_aep_export.judge.trace import Trace
from pytest_aep_export.suite.verdicts import Outcome, Result

__all__ = ["Rule", "charge", "copes", "finding", "how_it_ended", "owns_up", "unsure"]

Rule: TypeAlias = Callable[[Trace], Iterator[Outcome]]
"""Says of one requirement what a trace shows of it: nothing, where it shows nothing."""

_LONGEST: Final = 200
_OF_ITSELF: Final = "nobody knows whether the client's own test wanted it so"


def finding(trace: Trace, exchange: Exchange | None, required: str, found: str, *, met: bool) -> Outcome:
    """What is certain: the requirement is met, or it is not and the exchange shows it."""
    if met:
        return Outcome(_name(trace), Result.MET)
    return Outcome(_name(trace), Result.UNMET, required, found, exchange).without(secrets(trace))


def charge(trace: Trace, exchange: Exchange | None, required: str, found: str, *, met: bool) -> Outcome:
    """The same for what is wrong only if nobody asked for it: in a client's own test, that is not known."""
    if met or trace.scenario is not None:
        return finding(trace, exchange, required, found, met=met)
    return unsure(trace, f"{found}, and {_OF_ITSELF}")


def unsure(trace: Trace, reason: str) -> Outcome:
    """It could not be judged, for this reason."""
    return Outcome(_name(trace), Result.NOT_VERIFIED, found=reason).without(secrets(trace))


def copes(trace: Trace, exchange: Exchange | None, what: str) -> Iterator[Outcome]:
    """Whether a client reported success in spite of what the exchange shows, where the scenario ends with success."""
    end = trace.performance.end
    if trace.scenario is not None and trace.scenario.ending == "success" and end != "unknown":
        yield finding(trace, exchange, f"the client copes with {what}", how_it_ended(trace), met=end == "success")


def owns_up(trace: Trace, exchange: Exchange | None, what: str) -> Iterator[Outcome]:
    """Whether a client reported no success after what the exchange shows; how else it ended is not said."""
    end = trace.performance.end
    if end not in {"unknown", "timeout"}:
        yield finding(
            trace, exchange, f"{what} is reported as a failure", "the client reported success", met=end != "success"
        )


def how_it_ended(trace: Trace) -> str:
    """How the client ended, in a few words and its own."""
    said = " ".join(trace.performance.said.split())
    end = {
        "success": "it reported success",
        "failure": "it reported a failure",
        "crash": "it broke down",
        "timeout": "it did not end in time",
        "unknown": "nobody knows how it ended",
    }[trace.performance.end]
    return f"{end}: {said:.{_LONGEST}}" if said else end


def _name(trace: Trace) -> str:
    return trace.scenario.id if trace.scenario else "journal"
