"""Checks of what is left behind: nothing by what was refused, and nothing of one tenant's with another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pytest_aep_export.fuzz.cases import REFUSED
from pytest_aep_export.fuzz.checks.breach import Breach, Judging
from pytest_aep_export.fuzz.checks.sightings import dataset_of, records
from pytest_aep_export.fuzz.performing import Attempt, Performance
from pytest_aep_export.values import job_key

__all__ = ["keeps_apart", "leaves_nothing"]

_LISTINGS: Final = frozenset({"listBatchFiles", "listFailedFiles", "listMetaFiles"})
_JOBS: Final = frozenset({"getExportJob", "createExportJob"})


def leaves_nothing(performance: Performance, _: Judging) -> Iterator[Breach]:
    """Between two lists that are the same request only such jobs and datasets are added as an answer has named."""
    before: dict[str, Attempt] = {}
    named: set[str] = set()
    for attempt in performance.attempts:
        if attempt.step.who != "own":
            continue
        if (
            attempt.step.operation in {"listExportJobs", "listDatasets"}
            and not attempt.step.mistakes
            and attempt.accepted
        ):
            earlier = before.get(attempt.request.url)
            if earlier is not None:
                added = {key for key in _listed(attempt) if key not in _listed(earlier) and key not in named}
                refused = [each for each in _between(performance, earlier, attempt) if _is_refused(each)]
                newest = _newest(earlier)
                fresh = [
                    key for key in added if not newest or (key.isdecimal() and int(key) > newest) or not key.isdecimal()
                ]
                if fresh and refused:
                    wrong = ", ".join(mistake.name for mistake in refused[-1].step.mistakes)
                    found = f"{', '.join(fresh)}, after {wrong or 'a refusal'}"
                    yield Breach(attempt, "nothing of what was refused", found, "EXP-ERROR-007", "SHOULD")
            before[attempt.request.url] = attempt
        elif attempt.accepted:
            named |= {job_key(attempt.at("/id")), str(attempt.at("/0")).rpartition("/")[2]}


def _listed(attempt: Attempt) -> set[str]:
    if attempt.step.operation == "listDatasets":
        return set(attempt.document) if isinstance(attempt.document, dict) else set()
    return {job_key(job.get("id")) for job in records(attempt) if isinstance(job, dict)}


def _newest(attempt: Attempt) -> int:
    return max((int(key) for key in _listed(attempt) if key.isdecimal()), default=0)


def _between(performance: Performance, one: Attempt, other: Attempt) -> list[Attempt]:
    places = performance.attempts
    return places[places.index(one) + 1 : places.index(other)]


def _is_refused(attempt: Attempt) -> bool:
    return attempt.request.method == "POST" and attempt.response.status >= REFUSED[0]


def keeps_apart(performance: Performance, _: Judging) -> Iterator[Breach]:
    """Nobody gets at what belongs to another tenant."""
    names = performance.names
    own = {names[name] for name in ("dataset", "spare", "events.dataset", "new.dataset") if name in names}
    for attempt in performance.attempts:
        if attempt.step.who == "own" or not attempt.accepted:
            continue
        leak = _leak(attempt, own, names)
        if leak:
            source = "EXP-ISO-001" if attempt.step.who == "sibling" else "EXP-ISO-012"
            yield Breach(
                attempt, f"nothing of the tenant's for {attempt.step.who}", leak, source, about=attempt.step.who
            )


def _leak(attempt: Attempt, own: set[str], names: dict[str, str]) -> str:
    """What an answer to somebody else shows of the tenant's own; empty for nothing."""
    operation, asked = attempt.step.operation, set(attempt.step.path.values())
    if operation == "listExportJobs":
        found = own.intersection(dataset_of(job) for job in records(attempt))
        return f"jobs into {', '.join(sorted(found))}" if found else ""
    if operation == "listDatasets":
        found = own.intersection(attempt.document if isinstance(attempt.document, dict) else ())
        return f"the datasets {', '.join(sorted(found))}" if found else ""
    if operation in _JOBS:
        found = own.intersection({dataset_of(attempt.document)})
        return f"a job into {', '.join(found)}" if found else ""
    if operation == "cancelExportJob" or not _is_own(asked, names):
        return ""
    if operation in _LISTINGS and attempt.at("/data") == []:
        return ""
    return f"an answer with {attempt.response.status}"


def _is_own(asked: set[str], names: dict[str, str]) -> bool:
    """Whether a path names what the stage made for ``own``, and not what all tenants share."""
    return bool(asked & {"${dataset}", "${batch}", "${file}", "${new.dataset}", "${new.batch}"}) and bool(names)
