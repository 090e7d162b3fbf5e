"""Personas that get the creation of a job wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pytest_aep_export.emulator.personas.answers import CREATED, any_like, as_first, header, job, on, repeated, status
from pytest_aep_export.emulator.personas.edits import at, drop, put
from pytest_aep_export.emulator.personas.requests import asked, refusing
from pytest_aep_export.emulator.personas.tables import foreign, missing, stale, strict, table, truncated, wrong

if TYPE_CHECKING:
    from pytest_aep_export.exchange import Exchange

__all__ = ["CREATE"]


_ANOTHER_DATASET: Final = "5b7c86968f7b6501e21ba9df"
_ANOTHER_POLICY: Final = "timestampOrdered-none-mp"


def _events(document: dict[str, Any]) -> Any:
    return document.get("additionalFields", {}).get("eventList", {})


def _filter(document: dict[str, Any]) -> Any:
    return document.get("filter", {})


def _has_offset(document: dict[str, Any]) -> bool:
    return "-07:00" in _events(document).get("filter", {}).get("fromIngestTimestamp", "")


def _is_utc(document: dict[str, Any]) -> bool:
    return str(_events(document).get("filter", {}).get("fromIngestTimestamp", "")).endswith("Z")


def _same_body(now: Exchange, before: Exchange) -> bool:
    return now.request.body == before.request.body


def _another_segment(entry: dict[str, Any]) -> dict[str, Any]:
    return {**entry, "segmentId": entry["segmentId"][::-1]}


CREATE: Final = table(
    "CREATE",
    {
        "refuses-events": strict(
            "A job with both fields and events is refused.",
            around=refusing(
                lambda document: _events(document) and document.get("fields", "identityMap") != "identityMap",
                "/additionalFields: expected no events beside fields",
            ),
        ),
        "refuses-profiles-only": strict(
            "A job without events is refused.",
            around=refusing(lambda document: not _events(document), "/additionalFields: expected an eventList"),
        ),
        "refuses-events-only": strict(
            "A job for identities and events is refused.",
            around=refusing(
                lambda document: _events(document) and document.get("fields") == "identityMap",
                "/fields: expected more than identityMap",
            ),
        ),
        "job-created-with-201": wrong(
            "The creation of a job is answered with 201.", on(CREATED, status(201, of={200}))
        ),
        "job-created-with-202": wrong(
            "The creation of a job is answered with 202.", on(CREATED, status(202, of={200}))
        ),
        "new-job-is-processing": wrong(
            "A job that was just created is PROCESSING.", job(put("status", "PROCESSING"), CREATED)
        ),
        "new-job-is-queued": wrong(
            "A job that was just created is QUEUED.", job(put("status", "QUEUED"), CREATED), also=("JOB",)
        ),
        "new-job-in-another-dataset": wrong(
            "A new job names another target dataset than was asked for.",
            job(put("destination/datasetId", _ANOTHER_DATASET), CREATED),
        ),
        "exports-into-another-dataset": wrong(
            "A job names another target dataset than was asked for wherever it is shown.",
            job(put("destination/datasetId", _ANOTHER_DATASET)),
        ),
        "new-job-by-another-policy": wrong(
            "A new job names another merge policy than was asked for.",
            job(put("mergePolicy/id", _ANOTHER_POLICY), CREATED),
        ),
        "new-job-by-another-version": wrong(
            "A new job names another version of the merge policy than was asked for.",
            job(at("mergePolicy/version", lambda version: version + 1), CREATED),
        ),
        "ignores-merge-policy": wrong(
            "Every job applies the default merge policy, whatever its request names.", around=asked(drop("mergePolicy"))
        ),
        "requires-merge-policy": strict(
            "A request without a merge policy is refused.",
            also=("MERGE",),
            around=refusing(lambda document: "mergePolicy" not in document, "/mergePolicy: expected one, found none"),
        ),
        "requires-policy-version": strict(
            "A merge policy without a version is refused.",
            around=refusing(
                lambda document: "version" not in document.get("mergePolicy", {"version": 1}),
                "/mergePolicy/version: expected a number, found none",
            ),
        ),
        "refuses-many-fields": strict(
            "A list of more than two fields is refused.",
            also=("ROWS",),
            around=refusing(
                lambda document: document.get("fields", "").count(",") > 1, "/fields: expected at most two"
            ),
        ),
        "requires-fields": strict(
            "A request without fields is refused.",
            around=refusing(lambda document: "fields" not in document, "/fields: expected a text, found none"),
        ),
        "requires-batch-choice": strict(
            "A request that does not say whether segments have batches of their own is refused.",
            around=refusing(
                lambda document: "segmentPerBatch" not in document["destination"],
                "/destination/segmentPerBatch: expected true or false, found none",
            ),
        ),
        "batch-per-segment-by-default": wrong(
            "A job that was not asked for it says that each segment has a batch of its own.",
            job(put("destination/segmentPerBatch", found=True)),
        ),
        "refuses-time-with-offset": strict(
            "An ingest time with an offset from UTC is refused.",
            around=refusing(_has_offset, "/additionalFields/eventList/filter/fromIngestTimestamp: expected UTC"),
        ),
        "refuses-time-in-utc": strict(
            "An ingest time in UTC is refused.",
            around=refusing(_is_utc, "/additionalFields/eventList/filter/fromIngestTimestamp: expected an offset"),
        ),
        "requires-event-filter": strict(
            "An event list without a filter is refused.",
            around=refusing(
                lambda document: "filter" not in (_events(document) or {"filter": {}}),
                "/additionalFields/eventList/filter: expected one, found none",
            ),
        ),
        "requires-event-fields": strict(
            "An event list without fields is refused.",
            around=refusing(
                lambda document: "fields" not in (_events(document) or {"fields": ""}),
                "/additionalFields/eventList/fields: expected a text, found none",
            ),
        ),
        "same-request-same-job": stale(
            "The same request again is answered with the job that there is.", on(CREATED, repeated(_same_body))
        ),
        "one-job-id-for-all": stale("Every new job has the id of the first one.", as_first("id", CREATED, any_like)),
        "job-without-location": missing(
            "The creation of a job is answered without an X-Location.",
            on(CREATED, header("x-location", lambda _: None)),
        ),
        "location-of-all-jobs": truncated(
            "The X-Location of a new job leads to the list of all jobs.",
            on(CREATED, header("x-location", lambda location: location.rpartition("/")[0])),
        ),
        "location-of-another-job": foreign(
            "The X-Location of a new job ends in the id of another one.",
            on(CREATED, header("x-location", lambda location: f"{location}1")),
        ),
        "repeats-other-fields": wrong(
            "A job repeats other fields than its request names.", job(at("fields", lambda _: "person.name"))
        ),
        "repeats-fewer-fields": truncated(
            "A job repeats the first of several fields only.",
            job(at("fields", lambda fields: fields.partition(",")[0])),
        ),
        "repeats-other-events": wrong(
            "A job repeats other fields of events than its request names.",
            job(at("additionalFields/eventList/fields", lambda _: "timestamp")),
        ),
        "repeats-another-window": wrong(
            "A job repeats another ingest time of events than its request names.",
            job(at("additionalFields/eventList/filter/fromIngestTimestamp", lambda _: "2020-01-01T00:00:00Z")),
        ),
        "repeats-no-fields": missing("A job does not repeat the fields of its request.", job(drop("fields"))),
        "repeats-no-events": missing(
            "A job does not repeat what its request says of events.", job(drop("additionalFields"))
        ),
        "refuses-end-of-window": strict(
            "An ingest window with an end is refused.",
            also=("ROWS",),
            around=refusing(
                lambda document: "toIngestTimestamp" in _events(document).get("filter", {}),
                "/additionalFields/eventList/filter/toIngestTimestamp: expected no such member",
            ),
        ),
        "refuses-evaluation-info": strict(
            "A request with evaluationInfo is refused.",
            around=refusing(lambda document: "evaluationInfo" in document, "/evaluationInfo: expected no such member"),
        ),
        "refuses-filters": strict(
            "A request with a filter is refused.",
            also=("FILTER",),
            around=refusing(_filter, "/filter: expected no such member"),
        ),
        "requires-segments": strict(
            "A filter without segments is refused.",
            around=refusing(
                lambda document: "segments" not in document.get("filter", {"segments": []}),
                "/filter/segments: expected some, found none",
            ),
        ),
        "repeats-other-segments": wrong(
            "A job repeats other segments than its request names.", job(at("filter/segments/*", _another_segment))
        ),
        "repeats-other-statuses": wrong(
            "A job repeats another status of a segment than its request names.",
            job(put("filter/segments/*/status", ["exited"])),
        ),
        "repeats-another-qualification": wrong(
            "A job repeats another window of qualification than its request names.",
            job(at("filter/segmentQualificationTime/startTime", lambda _: "2020-01-01T00:00:00Z")),
        ),
        "repeats-no-empty-profiles": wrong(
            "A job says that it leaves profiles of events only out, whatever was asked.",
            job(at("filter/emptyProfiles", lambda _: False)),
        ),
        "repeats-first-segment": truncated(
            "A job repeats the first of several segments only.",
            job(at("filter/segments", lambda segments: segments[:1])),
        ),
    },
)
