"""Clients that wait too short, too long, or for the wrong end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import httpx

from pytest_aep_export import AepClient
from pytest_aep_export.client import PollPolicy
from pytest_aep_export.errors import JobFailedError, WaitTimeoutError
from pytest_aep_export.judge.own import performed
from pytest_aep_export.judge.scenario import Scenario
from pytest_aep_export.judge.subject import Surroundings
from pytest_aep_export.judge.trace import Performance
from tests.judge.defects.bending import Memory, Send, again, concerns, pieces, whole
from tests.judge.defects.defect import DONE, KNOWN, Defect, content_with, made, only, waited


def does_not_wait(client: AepClient, *_: object) -> Performance:
    """Create a job, and leave it."""
    made(client)
    return DONE


def takes_any_end(client: AepClient, scenario: Scenario, surroundings: Surroundings) -> Performance:
    """Take every end but FAILED for a success."""
    try:
        return performed(client, scenario, surroundings)
    except WaitTimeoutError as error:
        if str(error.job.status) not in KNOWN:
            return DONE
        raise
    except JobFailedError as error:
        if error.job.status != "FAILED":
            return DONE
        raise


def says_little(client: AepClient, scenario: Scenario, surroundings: Surroundings) -> Performance:
    """Keep to oneself why a job has failed."""
    try:
        return performed(client, scenario, surroundings)
    except JobFailedError:
        return Performance("failure", "the job has failed")


def waits_for_ever(client: AepClient, scenario: Scenario, _: Surroundings) -> Performance:
    """Wait until a job has ended, however long that takes."""
    waited(client, made(client), replace(scenario, patience=1e9))
    return DONE


def polls_without_pause(client: AepClient, scenario: Scenario, _: Surroundings) -> Performance:
    """Look at a job as fast as it is answered."""
    client.wait_for_export_job(made(client), timeout=scenario.patience, poll=PollPolicy(1e-6, maximum=1e-6))
    return DONE


def reads_early(request: httpx.Request, send: Send, memory: Memory) -> httpx.Response:
    """Look for the files of a batch as soon as it has an id."""
    response = send(request)
    if not concerns("getExportJob", request) or response.status_code >= 400:
        return response
    content, _whole = pieces(response)
    try:
        job = httpx.Response(200, headers=response.headers, content=content).json()
    except ValueError:
        return httpx.Response(response.status_code, headers=response.headers, content=content)
    batch = job.get("destination", {}).get("batchId")
    if job["status"] == "PROCESSING" and batch and not memory.setdefault("early", ""):
        memory["early"] = batch
        url = request.url.copy_with(path=f"/data/foundation/export/batches/{batch}/files")
        whole(send(again(request, url=url)))
    return httpx.Response(response.status_code, headers=response.headers, content=content)


def looks_afterwards(client: AepClient, scenario: Scenario, surroundings: Surroundings) -> Performance:
    """Go on looking at a job that has ended."""
    done = performed(client, scenario, surroundings)
    if scenario.task == "export":
        job = next(iter(client.list_export_jobs()))
        for _ in range(9):
            client.get_export_job(job.id)
    return done


DEFECTS: Final[Mapping[str, Defect]] = {
    "does not wait": Defect("031", "", act=only("export", does_not_wait)),
    "looks without pause": Defect("032", "job-is-stuck", act=only("export", polls_without_pause)),
    "takes FAILED for success": Defect(
        "033", "job-fails", act=content_with(JobFailedError, when=lambda error: "FAILED" in str(error))
    ),
    "does not say why a job failed": Defect("034", "job-fails", act=says_little),
    "takes any other end for success": Defect("035", "job-ends-in-an-unknown-status", act=takes_any_end),
    "waits for ever": Defect("036", "job-is-stuck", act=only("export", waits_for_ever)),
    "reads a batch too early": Defect("037", "", reads_early),
    "goes on looking": Defect("082", "", act=looks_afterwards),
}
