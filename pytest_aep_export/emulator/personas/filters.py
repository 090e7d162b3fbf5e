"""Personas that get wrong whom an export contains: segments, statuses, windows and batches."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from pytest_aep_export.emulator.personas.answers import CREATED, job
from pytest_aep_export.emulator.personas.edits import at, drop, put
from pytest_aep_export.emulator.personas.exports import Row, Rows, each_row, events, planned, rows
from pytest_aep_export.emulator.personas.requests import asked, corrected, instead, refusing
from pytest_aep_export.emulator.personas.tables import foreign, lenient, missing, strict, table, truncated, wrong
from pytest_aep_export.exporter.plan import Status, segments_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response as HttpResponse

    from pytest_aep_export.emulator.personas.edits import Edit
    from pytest_aep_export.emulator.personas.persona import Handler, Planning
    from pytest_aep_export.emulator.state import Call
    from pytest_aep_export.exporter.plan import ExportPlan, Segment

__all__ = ["FILTER"]


_INSIDE: Final[frozenset[Status]] = frozenset({"realized"})
_OUTSIDE: Final[frozenset[Status]] = frozenset({"exited"})
_ALL: Final[frozenset[Status]] = frozenset({"realized", "exited"})
_DAY: Final = 86_400_000


def _segments(change: Callable[[Segment], Segment]) -> Planning:
    """Changes every segment that is selected by."""
    return lambda plan: replace(plan, segments=tuple(map(change, plan.segments)))


def _entries(edit: Edit) -> Edit:
    """Understands every segment of a request otherwise."""
    return at("filter/segments/*", edit)


def _by_default(statuses: list[str]) -> Edit:
    return _entries(lambda entry: {"status": statuses, **entry})


def _has_segments(plan: ExportPlan) -> bool:
    return bool(plan.segments)


def _several(plan: ExportPlan) -> bool:
    return len(plan.segments) > 1


def _since(plan: ExportPlan) -> bool:
    return plan.updated_after is not None


def _with_empty(plan: ExportPlan) -> bool:
    return plan.empty_profiles


def _is_empty(row: Row) -> bool:
    return not row.get("person")


def _nulled(column: str) -> Callable[[Row], object]:
    return lambda row: row.update({column: None}) if column in row else None


def _made_up(row: Row) -> None:
    if "person" in row and _is_empty(row):
        row["person"] = {"gender": "male"}


def _shifted(found: Rows) -> Rows:
    """Gives everybody the identities of a neighbour."""
    if not found or "identityMap" not in found[0]:
        return found
    values = [row["identityMap"] for row in found]
    return [row | {"identityMap": value} for row, value in zip(found, [*values[1:], *values[:1]], strict=True)]


def _batches(edit: Edit) -> Edit:
    return at("destination/batches", edit)


def _swapped(batches: Any) -> Any:
    """The batches under the segments of each other."""
    names = [batch["segmentId"] for batch in batches][::-1]
    return [{**batch, "segmentId": name} for batch, name in zip(batches, names, strict=True)]


def _early(plan: ExportPlan) -> ExportPlan:
    return replace(plan, updated_after=plan.updated_after - 400 * _DAY) if plan.updated_after is not None else plan


async def _everybody_for_unknown(call: Call, handle: Handler) -> HttpResponse:
    """Takes a filter for none that asks for a segment which the sandbox does not know."""
    known = all(call.sandbox.knows(segment.namespace, segment.id) for segment in segments_of(call.document))
    return await handle(call if known else replace(call, document=drop("filter")(dict(call.document))))


def _without_inverted(document: Any) -> Any:
    """The request without the end of a qualification window that lies before its start."""
    chosen = document.get("filter")
    window = chosen.get("segmentQualificationTime") if isinstance(chosen, dict) else None
    inverted = isinstance(window, dict) and str(window.get("endTime", "~")) < str(window.get("startTime", ""))
    return drop("filter/segmentQualificationTime/endTime")(document) if inverted else document


FILTER: Final = table(
    "FILTER",
    {
        "ignores-filter": wrong("A filter is ignored.", around=asked(drop("filter"))),
        "ignores-segments": wrong("The segments of a filter are ignored.", plan=planned(segments=())),
        "ignores-segment-status": wrong(
            "The status of a segment is ignored.",
            plan=_segments(lambda segment: replace(segment, statuses=_INSIDE)),
        ),
        "takes-every-status": wrong(
            "Whoever was ever in a segment is exported.",
            plan=_segments(lambda segment: replace(segment, statuses=_ALL)),
        ),
        "members-are-missing": missing(
            "The first member of a segment is not exported.", write=rows(lambda found: found[1:], _has_segments)
        ),
        "leavers-are-missing": missing(
            "The first who has left a segment is not exported.",
            write=rows(
                lambda found: found[1:], lambda plan: any(segment.statuses == _OUTSIDE for segment in plan.segments)
            ),
        ),
        "leavers-by-default": wrong(
            "Without a status whoever has left a segment is exported too.",
            around=asked(_by_default(["realized", "exited"])),
        ),
        "nobody-by-default": wrong(
            "Without a status those are exported who have left a segment.", around=asked(_by_default(["exited"]))
        ),
        "first-status-only": truncated(
            "Of several statuses only the first counts.",
            around=asked(_entries(at("status", lambda statuses: statuses[:1]))),
        ),
        "refuses-several-statuses": strict(
            "Several statuses of a segment are refused.",
            around=refusing(
                lambda document: any(
                    len(entry.get("status", ())) > 1 for entry in document.get("filter", {}).get("segments", ())
                ),
                "/filter/segments/0/status: expected one",
            ),
        ),
        "refuses-existing": strict(
            "The status existing is refused.",
            around=refusing(
                lambda document: any(
                    "existing" in entry.get("status", ()) for entry in document.get("filter", {}).get("segments", ())
                ),
                "/filter/segments/0/status: expected realized or exited",
            ),
        ),
        "first-segment-only": truncated(
            "Of several segments only the first counts.",
            around=asked(at("filter/segments", lambda segments: segments[:1])),
        ),
        "all-segments-at-once": wrong(
            "With several segments only those are exported who are in the first, and in no other.",
            write=rows(
                lambda found: [row for row in found if len(dict(row.get("segmentMembership") or ())) == 1], _several
            ),
        ),
        "segments-twice": wrong(
            "With several segments somebody is exported twice.",
            write=rows(lambda found: [*found, *found[:1]], _several),
        ),
        "namespace-case-matters": strict(
            "A segment's namespace has to be spelled in small letters.",
            around=asked(
                _entries(
                    lambda entry: {**entry, "segmentNs": "none"} if entry.get("segmentNs", "").isupper() else entry
                )
            ),
        ),
        "needs-namespace": strict(
            "A segment without a namespace is in none.",
            around=asked(_entries(lambda entry: {"segmentNs": "none", **entry})),
        ),
        "ignores-namespace": wrong(
            "A segment's namespace is taken for another one.",
            plan=_segments(lambda segment: replace(segment, namespace="aam")),
        ),
        "ignores-start-of-window": wrong(
            "The start of a qualification window is ignored.", plan=planned(qualified_from=None)
        ),
        "ignores-end-of-window": wrong(
            "The end of a qualification window is ignored.", plan=planned(qualified_until=None)
        ),
        "swaps-window": wrong(
            "The start and the end of a qualification window are taken for each other.",
            plan=lambda plan: replace(plan, qualified_from=plan.qualified_until, qualified_until=plan.qualified_from),
        ),
        "unknown-segment-is-everybody": wrong(
            "A segment that does not exist exports everybody.", around=instead(CREATED, _everybody_for_unknown)
        ),
        "inverted-window-is-everybody": lenient(
            "A qualification window that ends before it starts exports all members.", hear=corrected(_without_inverted)
        ),
        "ignores-batch-per-segment": wrong(
            "Segments never have batches of their own.", around=asked(put("destination/segmentPerBatch", found=False))
        ),
        "always-batch-per-segment": wrong(
            "Segments always have batches of their own.", around=asked(put("destination/segmentPerBatch", found=True))
        ),
        "batches-of-each-other": foreign(
            "A batch is listed under the segment of another one.", job(_batches(_swapped))
        ),
        "last-batch-not-listed": truncated(
            "The last of several batches is not listed.",
            job(_batches(lambda batches: batches[:-1] or batches)),
            also=("ROWS",),
        ),
        "batches-without-segment": missing(
            "A batch is listed without its segment.", job(drop("destination/batches/*/segmentId"))
        ),
        "one-batch-for-each-segment": wrong(
            "All segments have the same batch.",
            job(_batches(lambda batches: [{**batch, "batchId": batches[0]["batchId"]} for batch in batches])),
        ),
        "announces-other-batches": foreign(
            "A job that is being processed names other batches of its segments than the ones that it writes.",
            job(
                _batches(lambda batches: [{**batch, "batchId": f"{batch['batchId'][:-4]}0000"} for batch in batches]),
                when=lambda document: document["status"] != "SUCCEEDED",
            ),
        ),
        "ignores-time-of-update": wrong(
            "Everybody is exported, whenever they were last updated.", plan=planned(updated_after=None)
        ),
        "updated-early": wrong(
            "Those are exported too who were last updated in the year before the filter's time.", plan=_early
        ),
        "updated-profiles-are-cut": truncated(
            "Whoever was updated since a time is exported without the person.",
            write=each_row(_nulled("person"), _since),
        ),
        "updated-profiles-are-others": foreign(
            "Whoever was updated since a time has somebody else's identities.", write=rows(_shifted, _since)
        ),
        "events-before-the-update": wrong(
            "The time of update does not hold for events.", plan=events(_since, after=None)
        ),
        "empty-profiles-instead": wrong(
            "With profiles of events only nobody else is exported.",
            write=rows(lambda found: [row for row in found if _is_empty(row)], _with_empty),
        ),
        "empty-profiles-with-attributes": wrong(
            "Profiles of events only have attributes.", write=each_row(_made_up, _with_empty)
        ),
        "empty-profiles-without-events": missing(
            "Profiles of events only have no events.", write=each_row(_nulled("timeSeriesEvents"), _with_empty)
        ),
        "empty-profiles-by-default": wrong(
            "Profiles of events only are exported unless they are left out on purpose.",
            around=asked(
                lambda document: {**document, "filter": {"emptyProfiles": True, **document.get("filter", {})}}
            ),
        ),
        "empty-profiles-always": wrong(
            "Profiles of events only are always exported.", plan=planned(empty_profiles=True)
        ),
        "ignores-empty-profiles": wrong(
            "Profiles of events only are never exported.", plan=planned(empty_profiles=False)
        ),
    },
)
