"""Personas that get the job object wrong, member by member."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Mapping
from typing import Any, Final

from pytest_aep_export.emulator.personas.answers import CREATED, LISTED, LOOKED_UP, both, content, job, on
from pytest_aep_export.emulator.personas.edits import Edit, at, drop, put
from pytest_aep_export.emulator.personas.tables import Draft, foreign, missing, stale, table, truncated, wrong

__all__ = ["JOB"]


_ANOTHER_ORGANISATION: Final = "0123456789ABCDEF01234567@AdobeOrg"
_MEMBERS: Final = {
    "id": "id",
    "jobType": "type",
    "profileInstanceId": "instance",
    "schema": "schema",
    "mergePolicy": "policy",
    "status": "status",
    "requestId": "request-id",
    "computeGatewayJobId": "compute-jobs",
    "metrics": "metrics",
    "destination": "destination",
    "creationTime": "creation-time",
    "updateTime": "update-time",
    "imsOrgId": "organisation",
}
"""What every job shows, and what personas call it."""


def _without() -> Mapping[str, Draft]:
    """A persona for each member of a job that is not there."""
    return {
        f"jobs-without-{name}": missing(f"Jobs have no {member}.", job(drop(member)))
        for member, name in _MEMBERS.items()
    }


def _succeeded(document: Any) -> bool:
    return bool(document["status"] == "SUCCEEDED")


def _ended(path: str, edit: Edit) -> Edit:
    return at(f"metrics/totalTime/{path}", edit)


def _plus(number: float) -> Edit:
    return lambda value: value + number


JOB: Final = table(
    "JOB",
    {
        **_without(),
        "job-ids-as-text": wrong("The id of a job is a text.", job(at("id", str))),
        "job-ids-as-words": wrong("The id of a job is a word.", job(at("id", lambda number: f"job-{number}"))),
        "job-ids-with-point": wrong("The id of a job has a decimal point.", job(at("id", float))),
        "jobs-of-unknown-type": wrong("The type of a job is PARTIAL.", job(put("jobType", "PARTIAL"))),
        "jobs-are-streaming": wrong("The type of a job is STREAMING.", job(put("jobType", "STREAMING"))),
        "job-of-another-schema": wrong(
            "A job names the schema of events.", job(put("schema/name", "_xdm.context.experienceevent"))
        ),
        "schema-as-text": wrong("The schema of a job is a text.", job(at("schema", lambda s: s["name"]))),
        "policy-without-id": missing("A job's merge policy has no id.", job(drop("mergePolicy/id"))),
        "policy-without-version": missing("A job's merge policy has no version.", job(drop("mergePolicy/version"))),
        "policy-version-as-text": wrong(
            "The version of a job's merge policy is a text.", job(at("mergePolicy/version", str))
        ),
        "policy-version-with-fraction": wrong(
            "The version of a job's merge policy is no whole number.", job(at("mergePolicy/version", _plus(0.5)))
        ),
        "unknown-status": wrong("A job that was just created is WAITING.", job(put("status", "WAITING"), CREATED)),
        "statuses-in-small-letters": wrong(
            "Statuses are written in small letters.", job(at("status", str.lower)), also=("WATCH",)
        ),
        "processing-is-queued": wrong(
            "A job that is being processed is shown as QUEUED.",
            job(put("status", "QUEUED"), LOOKED_UP, lambda job: job["status"] == "PROCESSING"),
        ),
        "request-id-is-empty": wrong("A job's requestId is empty.", job(put("requestId", ""))),
        "one-request-id-for-all": wrong(
            "Every job has the same requestId.", job(put("requestId", "4cd0c5bcd8a04dd3a3b1e9f2a9bf2c21"))
        ),
        "job-behind-a-mark": wrong(
            "The JSON of a job begins with a byte order mark.", on(LOOKED_UP, content(lambda data: BOM_UTF8 + data))
        ),
        "compute-jobs-in-array": wrong(
            "A job lists its compute jobs in an array.",
            job(at("computeGatewayJobId", lambda jobs: list(jobs.values()))),
        ),
        "compute-jobs-as-objects": wrong(
            "A job's compute jobs are objects.", job(at("computeGatewayJobId/*", lambda identifier: {"id": identifier}))
        ),
        "metrics-without-start": missing(
            "A job's metrics do not say when its work started.", job(drop("metrics/totalTime/startTimeInMs"))
        ),
        "start-as-text": wrong(
            "A job's metrics give times as texts.", job(_ended("startTimeInMs", str)), also=("WATCH",)
        ),
        "metrics-in-array": wrong("A job's metrics are an array.", job(at("metrics", lambda found: [found]))),
        "total-off-by-one": wrong(
            "A job's total time is not the difference of its ends.", job(_ended("totalTimeInMs", _plus(1)))
        ),
        "total-in-seconds": wrong(
            "A job's total time is given in seconds.", job(_ended("totalTimeInMs", lambda span: span // 1000))
        ),
        "step-off-by-one": wrong(
            "The time of one step of a job is not the difference of its ends.",
            job(at("metrics/profileExportTime/totalTimeInMs", _plus(1))),
        ),
        "negative-total": wrong(
            "A job ends before it starts.",
            job(
                lambda document: put(
                    "metrics/totalTime/endTimeInMs", document["metrics"]["totalTime"]["startTimeInMs"] - 1
                )(document),
                when=_succeeded,
            ),
            also=("WATCH",),
        ),
        "destination-in-array": wrong(
            "A job's destination is an array.", job(at("destination", lambda destination: [destination]))
        ),
        "destination-without-dataset": missing(
            "A job's destination names no dataset.", job(drop("destination/datasetId"))
        ),
        "two-target-datasets": wrong(
            "A job's destination names two datasets, one in each spelling.",
            job(put("destination/dataSetId", "5b7c86968f7b6501e21ba9df")),
        ),
        "times-as-text": wrong("A job's times are texts.", job(at("creationTime", str))),
        "times-with-fraction": wrong("The time of a job's update has a fraction.", job(at("updateTime", _plus(0.5)))),
        "times-in-rfc-3339": wrong(
            "The time of a job's creation is a date in a text.", job(put("creationTime", "2024-05-01T00:00:00Z"))
        ),
        "created-in-seconds": wrong(
            "The time of a job's creation is in seconds.", job(at("creationTime", lambda time: time // 1000))
        ),
        "updated-before-created": wrong(
            "A job was updated before it was created.",
            job(lambda document: put("updateTime", document["creationTime"] - 1)(document)),
        ),
        "starts-after-creation": wrong(
            "A job's work starts later than it was created.", job(_ended("startTimeInMs", _plus(50)))
        ),
        "organisation-is-empty": wrong("A job's imsOrgId is empty.", job(put("imsOrgId", ""))),
        "jobs-of-another-organisation": foreign(
            "A job names another organisation.", job(put("imsOrgId", _ANOTHER_ORGANISATION))
        ),
        "success-with-errors": wrong(
            "A job that has succeeded reports an error.",
            job(put("errors", [{"code": "unknown", "msg": "Job aborted.", "callStack": ""}]), when=_succeeded),
        ),
        "listed-jobs-are-new": stale(
            "The list shows every job as it was when it was created.", job(put("status", "NEW"), LISTED), also=("LIST",)
        ),
        "listed-jobs-never-update": stale(
            "The list shows every job with the time of its creation as that of its update.",
            job(lambda document: put("updateTime", document["creationTime"])(document), LISTED),
        ),
        "listed-jobs-by-another-policy": wrong(
            "The list shows another merge policy than the look-up.", job(put("mergePolicy/id", "another"), LISTED)
        ),
        "listed-jobs-in-another-batch": foreign(
            "The list shows another batch than the look-up.",
            job(put("destination/batchId", "01HP1Z0A9YZ733QCJN6AXCATHF"), LISTED, _succeeded),
        ),
        "listed-jobs-in-another-dataset": foreign(
            "The list shows another dataset than the look-up.",
            job(put("destination/datasetId", "5b7c86968f7b6501e21ba9df"), LISTED),
        ),
        "listed-jobs-without-metrics": missing(
            "The list shows jobs without their metrics.", job(drop("metrics"), LISTED)
        ),
        "filter-as-text": wrong("The filter of a job is a text.", job(at("filter", str)), also=("CREATE",)),
        "listed-jobs-with-other-fields": wrong(
            "The list shows other fields of a job than the look-up.", job(at("fields", lambda _: "person"), LISTED)
        ),
        "listed-jobs-counted-anew": wrong(
            "The list shows other counters of a job than the look-up.",
            job(at("metrics/totalExportedProfileCounter", _plus(1)), LISTED),
        ),
        "listed-jobs-with-another-request-id": wrong(
            "The list shows another requestId of a job than the look-up.", job(put("requestId", "another"), LISTED)
        ),
        "listed-jobs-without-segments": truncated(
            "The list shows the filter of a job without its segments.",
            job(at("filter/segments", lambda _: []), LISTED),
            also=("CREATE",),
        ),
        "listed-jobs-created-later": wrong(
            "The list shows every job as created a millisecond later.",
            both(job(at("creationTime", _plus(1)), LISTED), job(_ended("startTimeInMs", _plus(1)), LISTED)),
        ),
    },
)
