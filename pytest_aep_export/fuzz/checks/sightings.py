"""Where a case shows jobs: created, looked at and listed, by their ids and in that order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import orjson

from pytest_aep_export.fuzz.performing import Attempt, Performance
from pytest_aep_export.values import job_key, member

__all__ = ["Sighting", "agree", "dataset_of", "is_plain", "next_link", "records", "sent", "sightings"]

_TITLES: Final[Mapping[str, Literal["created", "looked"]]] = {"createExportJob": "created", "getExportJob": "looked"}


@dataclass(frozen=True, slots=True)
class Sighting:
    """A job as an answer shows it.

    Attributes:
        attempt: The answer.
        how: What was asked.
        job: The job.
    """

    attempt: Attempt
    how: Literal["created", "looked", "listed"]
    job: Mapping[str, Any]
    """A mapping with an id, whatever else it holds."""

    @property
    def key(self) -> str:
        """The job's id as it stands in a path."""
        return job_key(self.job.get("id"))

    @property
    def status(self) -> str:
        """The job's status."""
        return str(self.job.get("status"))

    def at(self, *path: str) -> Any:
        """A member of a member; None where there is none."""
        return member(self.job, *path)


def sightings(performance: Performance) -> dict[str, list[Sighting]]:
    """The jobs of ``own`` that a case shows, by their ids; an answer that shows none in good order is passed over."""
    kept: dict[str, list[Sighting]] | None = performance.worked_out.get("sightings")
    if kept is not None:
        return kept
    found: dict[str, list[Sighting]] = {}
    performance.worked_out["sightings"] = found
    for sighting in _every(performance):
        found.setdefault(sighting.key, []).append(sighting)
    return found


def _every(performance: Performance) -> Iterator[Sighting]:
    for attempt in performance.attempts:
        if attempt.step.who == "own" and attempt.accepted and is_plain(attempt):
            if attempt.step.operation in _TITLES and _is_job(attempt.document):
                yield Sighting(attempt, _TITLES[attempt.step.operation], attempt.document)
            elif attempt.step.operation == "listExportJobs":
                yield from (Sighting(attempt, "listed", job) for job in records(attempt) if _is_job(job))


def _is_job(value: Any) -> bool:
    return isinstance(value, Mapping) and isinstance(value.get("id"), int | float | str)


def is_plain(attempt: Attempt) -> bool:
    """Whether the request is what its operation says: no other method, no other path."""
    return not any(e.at in {"/method", "/target"} for mistake in attempt.step.mistakes for e in mistake.edits)


def records(attempt: Attempt) -> list[Any]:
    """The jobs on a page; none where it is no page."""
    found = attempt.at("/records")
    return found if isinstance(found, list) else []


def next_link(attempt: Attempt) -> str:
    """The link to the next page; empty where there is none (D-65)."""
    found = attempt.at("/link/next")
    return found if isinstance(found, str) else ""


def dataset_of(job: Any) -> str:
    """The target dataset of a job, in either spelling (D-31); empty where it names none."""
    destination = job.get("destination") if isinstance(job, Mapping) else None
    if not isinstance(destination, Mapping):
        return ""
    return str(destination.get("datasetId") or destination.get("dataSetId") or "")


def sent(attempt: Attempt) -> Any:
    """The body of a request, parsed; None where it is no JSON."""
    try:
        return orjson.loads(attempt.request.body)
    except orjson.JSONDecodeError:
        return None


def agree(one: Any, other: Any) -> bool:
    """Whether two values are the same as far as both tell: of objects what both show, of texts all but blanks."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return all(agree(one[name], other[name]) for name in one.keys() & other.keys())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(agree, one, other))
    if isinstance(one, str) and isinstance(other, str):
        return one.replace(", ", ",") == other.replace(", ", ",")
    return bool(one == other)
