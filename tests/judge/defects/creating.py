"""Clients that create something else than they should, or more of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx

from pytest_aep_export import AepClient
from pytest_aep_export.errors import ApiError
from pytest_aep_export.judge.own import performed
from pytest_aep_export.judge.scenario import Scenario
from pytest_aep_export.judge.subject import Surroundings
from pytest_aep_export.judge.trace import Performance
from tests.judge.defects.bending import Bend, Memory, Send, concerns, payload
from tests.judge.defects.defect import DONE, UNKNOWN, Defect, concerned, content_with, made, only, waited


def job_first(client: AepClient, scenario: Scenario, surroundings: Surroundings) -> Performance:
    """Create the job before there is a dataset."""
    job = client.create_export_job(UNKNOWN)
    client.create_dataset("Too late")
    waited(client, job, scenario)
    return performed(client, scenario, surroundings)


def keeps_the_reference(document: Any) -> None:
    """Send a dataset's reference where its id belongs."""
    document["destination"]["datasetId"] = f"@/dataSets/{document['destination']['datasetId']}"


def posts_again(when: Callable[[httpx.Response | None], bool]) -> Bend:
    """Create a job once more when the answer is of some kind, or is none."""

    def bend(request: httpx.Request, send: Send, _: Memory) -> httpx.Response:
        if not concerns("createExportJob", request):
            return send(request)
        try:
            response = send(request)
        except httpx.TransportError:
            if when(None):
                return send(request)
            raise
        return send(request) if when(response) else response

    return bend


def newest(client: AepClient, scenario: Scenario, _: Surroundings) -> Performance:
    """Take the newest job of the list for the one that was created."""
    made(client)
    waited(client, next(iter(client.list_export_jobs())), scenario)
    return DONE


def two_datasets(client: AepClient, scenario: Scenario, surroundings: Surroundings) -> Performance:
    """Create a dataset too many."""
    if scenario.task == "export":
        client.create_dataset("Spare")
    return performed(client, scenario, surroundings)


def two_jobs(client: AepClient, scenario: Scenario, surroundings: Surroundings) -> Performance:
    """Create a job too many."""
    if scenario.task == "export":
        made(client)
    return performed(client, scenario, surroundings)


def times(**filtered: str) -> Bend:
    """Ask for events of a time."""
    return payload("createExportJob", lambda job: job.update(additionalFields={"eventList": {"filter": filtered}}))


DEFECTS: Final[Mapping[str, Defect]] = {
    "sends fields as a list": Defect(
        "018", "", payload("createExportJob", lambda job: job.update(fields=["personID"]))
    ),
    "sends a merge policy as text": Defect(
        "018", "", payload("createExportJob", lambda job: job.update(mergePolicy="default"))
    ),
    "sends a member of its own": Defect("019", "", payload("createExportJob", lambda job: job.update(priority=1))),
    "sends a date for a time": Defect("020", "", times(fromIngestTimestamp="2024-05-01")),
    "sends a time without a zone": Defect("020", "", times(fromIngestTimestamp="2024-05-01T00:00:00")),
    "names no schema": Defect("021", "", payload("createExportJob", lambda job: job.pop("schema") and None)),
    "names no dataset": Defect("021", "", payload("createExportJob", lambda job: job.pop("destination") and None)),
    "exports events": Defect(
        "022", "", payload("createExportJob", lambda job: job["schema"].update(name="_xdm.context.experienceevent"))
    ),
    "creates a dataset without a schema": Defect(
        "023", "", payload("createDataset", lambda body: body.pop("schemaRef") and None)
    ),
    "exports into another schema": Defect(
        "024",
        "",
        payload("createDataset", lambda b: b["schemaRef"].update(id="https://ns.adobe.com/xdm/context/profile")),
    ),
    "creates the job first": Defect("025", "", act=only("export", job_first)),
    "sends a reference for an id": Defect("026", "", payload("createExportJob", keeps_the_reference)),
    "watches the newest job": Defect("027", "newest-job-is-of-others", act=only("export", newest)),
    "creates again after silence": Defect(
        "028", "creation-is-reset creation-is-closed", posts_again(lambda response: response is None)
    ),
    "creates again after 500": Defect(
        "029", "creation-answered-with-500", posts_again(lambda r: r is not None and r.status_code == 500)
    ),
    "creates again after 504": Defect(
        "029", "creation-answered-with-504", posts_again(lambda r: r is not None and r.status_code == 504)
    ),
    "takes a refused job for success": Defect(
        "030", "creation-is-forbidden", act=content_with(ApiError, when=concerned("createExportJob"))
    ),
    "takes a refused token for success": Defect(
        "030", "credentials-are-refused", act=content_with(ApiError, when=concerned("requestToken"))
    ),
    "creates two datasets": Defect("081", "", act=two_datasets),
    "creates two jobs": Defect("081", "", act=two_jobs),
}
