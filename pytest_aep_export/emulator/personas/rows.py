"""Personas that get the exported rows wrong: fields, values, events and what is counted of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pytest_aep_export.emulator.personas.answers import LOOKED_UP, job
from pytest_aep_export.emulator.personas.edits import at
from pytest_aep_export.emulator.personas.exports import Row, Rows, each_event, each_row, events, planned, rows
from pytest_aep_export.emulator.personas.requests import asked
from pytest_aep_export.emulator.personas.tables import foreign, missing, strict, table, truncated, wrong
from pytest_aep_export.exporter.plan import EventPlan

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_aep_export.emulator.personas.edits import Edit
    from pytest_aep_export.emulator.personas.persona import Planning
    from pytest_aep_export.exporter.plan import ExportPlan

__all__ = ["ROWS"]


_DAY: Final = 86_400_000
_SAMPLE: Final = ("environment.browserDetails.name",)


def _selects(plan: ExportPlan) -> bool:
    return bool(plan.fields)


def _selects_events(plan: ExportPlan) -> bool:
    return plan.events is not None and bool(plan.events.fields)


def _has_events(plan: ExportPlan) -> bool:
    return plan.events is not None


def _only_events(plan: ExportPlan) -> bool:
    return plan.events is not None and plan.fields == ("identityMap",)


def _fields(change: Callable[[tuple[str, ...]], tuple[str, ...]]) -> Planning:
    """Changes which fields are exported, where some are selected."""
    return lambda plan: replace(plan, fields=change(plan.fields)) if plan.fields else plan


def _shifted(column: str) -> Callable[[Rows], Rows]:
    """Gives everybody the value of a neighbour."""

    def change(found: Rows) -> Rows:
        values = [row.get(column) for row in found]
        moved = [*values[1:], *values[:1]]
        return (
            [row | {column: value} for row, value in zip(found, moved, strict=True)]
            if column in _names(found)
            else found
        )

    return change


def _names(found: Rows) -> set[str]:
    return set(found[0]) if found else set()


def _nulled(*columns: str) -> Callable[[Row], object]:
    return lambda row: row.update({column: None for column in columns if column in row})


def _first_event(row: Row) -> None:
    if row.get("timeSeriesEvents"):
        row["timeSeriesEvents"] = row["timeSeriesEvents"][:1]


def _later(plan: ExportPlan) -> ExportPlan:
    """Takes the start of an ingest window for a day later."""
    chosen = plan.events
    if chosen is None or chosen.after is None:
        return plan
    return replace(plan, events=replace(chosen, after=chosen.after + _DAY))


def _paths(change: Callable[[list[str]], list[str]]) -> Edit:
    """Understands the list of fields of a request otherwise, where there is one."""
    return at("fields", lambda text: ",".join(change(text.split(","))) if text else text)


def _counter(change: Edit) -> Edit:
    return at("metrics/totalExportedProfileCounter", change)


def _twice(found: Rows) -> Rows:
    return [*found, *found[:1]]


ROWS: Final = table(
    "ROWS",
    {
        "exports-every-field": wrong(
            "All fields are exported, whatever was selected.", plan=planned(_selects, fields=())
        ),
        "exports-another-field": wrong(
            "One field more is exported than was selected.", plan=_fields(lambda names: (*names, "person"))
        ),
        "drops-last-field": truncated(
            "The last of the selected fields is not exported.", plan=_fields(lambda names: names[:-1] or names)
        ),
        "drops-emails": missing(
            "A selected e-mail address is always null.", write=each_row(_nulled("personalEmail"), _selects)
        ),
        "no-fields-no-attributes": missing(
            "Without a list of fields only identities are exported.",
            plan=planned(lambda plan: not plan.fields, fields=("identityMap",)),
        ),
        "no-fields-sample-fields": truncated(
            "Without a list of fields those of the sample are exported.",
            plan=planned(lambda plan: not plan.fields, fields=("identities.id", "personalEmail.address")),
        ),
        "exports-events-unasked": wrong(
            "Events are exported that nobody has asked for.",
            plan=planned(lambda plan: plan.events is None, events=EventPlan()),
        ),
        "exports-no-events": missing("No events are exported.", plan=planned(events=None)),
        "exports-empty-events": wrong(
            "The list of events is always empty.", write=each_row(_nulled("timeSeriesEvents"))
        ),
        "events-with-every-field": wrong("Events are exported with all of their fields.", plan=events(fields=())),
        "events-with-sample-fields": truncated(
            "Without a list of fields events have those of the sample only.",
            plan=events(lambda plan: not _selects_events(plan), fields=_SAMPLE),
        ),
        "ignores-start-of-events": wrong("Events are exported whenever they were ingested.", plan=events(after=None)),
        "events-start-a-day-late": wrong("Events are exported from a day after the filter's time on.", plan=_later),
        "ignores-end-of-events": wrong("The end of an ingest window is ignored.", plan=events(before=None)),
        "events-only-with-attributes": wrong(
            "An export of events has all attributes too.", plan=planned(_only_events, fields=())
        ),
        "events-only-without-identities": missing(
            "An export of events has no identities.", write=each_row(_nulled("identityMap"), _only_events)
        ),
        "first-event-only": truncated(
            "Of every profile only the first event is exported.", write=each_row(_first_event)
        ),
        "loses-last-row": truncated(
            "Every file lacks its last row.", also=("FILTER",), write=rows(lambda found: found[:-1])
        ),
        "loses-rows-without-events": missing(
            "Where events are asked for, profiles without events are not exported.",
            write=rows(lambda found: [row for row in found if row.get("timeSeriesEvents")], _has_events),
        ),
        "loses-rows-without-email": missing(
            "Where an e-mail address is selected, profiles without one are not exported.",
            write=rows(
                lambda found: [row for row in found if row.get("personalEmail")],
                lambda plan: any("personalEmail" in name for name in plan.fields),
            ),
        ),
        "loses-rows-of-selections": truncated(
            "Where fields are selected, every file lacks its last row.", write=rows(lambda found: found[:-1], _selects)
        ),
        "exports-rows-twice": wrong(
            "The first row of every file is in it twice.", also=("MERGE", "FILTER"), write=rows(_twice)
        ),
        "exports-selections-twice": wrong(
            "Where fields are selected, the first row of every file is in it twice.", write=rows(_twice, _selects)
        ),
        "emails-of-neighbours": foreign(
            "A selected e-mail address is somebody else's.", write=rows(_shifted("personalEmail"), _selects)
        ),
        "persons-of-neighbours": foreign(
            "A selected person is somebody else.", write=rows(_shifted("person"), _selects)
        ),
        "events-of-neighbours": foreign(
            "Selected events are somebody else's.", write=rows(_shifted("timeSeriesEvents"), _selects_events)
        ),
        "identities-of-neighbours": foreign(
            "Selected identities are somebody else's.", also=("FILTER",), write=rows(_shifted("identityMap"), _selects)
        ),
        "blanks-are-part-of-names": strict(
            "A field behind a blank is not exported.",
            around=asked(_paths(lambda names: [name for name in names if not name.startswith(" ")])),
        ),
        "blank-fields-select-nothing": wrong(
            "A blank list of fields selects the technical id only.",
            around=asked(at("fields", lambda text: text or "_id")),
        ),
        "keys-select-whole-maps": wrong(
            "A path into a map selects the whole map.",
            around=asked(_paths(lambda names: [name.partition(".")[0] for name in names])),
        ),
        "members-select-whole-objects": wrong(
            "A path into an object selects the whole object.",
            plan=_fields(lambda names: tuple(dict.fromkeys(name.partition(".")[0] for name in names))),
        ),
        "events-without-time": missing(
            "The time of selected events is null.", write=each_event(_nulled("timestamp"), _selects_events)
        ),
        "events-change-attributes": wrong(
            "With events the selected identities are somebody else's.",
            write=rows(_shifted("identities"), _selects_events),
        ),
        "events-lost-without-attributes": missing(
            "Without attributes no events are exported.", write=each_row(_nulled("timeSeriesEvents"), _only_events)
        ),
        "counter-is-zero": wrong("The counter of exported profiles is zero.", job(_counter(lambda _: 0), LOOKED_UP)),
        "counter-off-by-one": wrong(
            "The counter of exported profiles is one too high.", job(_counter(lambda count: count + 1), LOOKED_UP)
        ),
        "counter-counts-twice": wrong(
            "The counter of exported profiles counts everybody twice.",
            job(_counter(lambda count: count * 2), LOOKED_UP),
        ),
        "namespace-counters-off-by-one": wrong(
            "The counter of every namespace is one too high.",
            job(at("metrics/exportedProfileByNamespaceCounter/*", lambda count: count + 1), LOOKED_UP),
        ),
    },
)
