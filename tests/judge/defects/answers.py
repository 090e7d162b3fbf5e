"""Clients that cannot read what is documented."""

from __future__ import annotations

import json
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx

from pytest_aep_export import AepClient, AepError
from pytest_aep_export.judge.own import performed
from pytest_aep_export.judge.scenario import Scenario
from pytest_aep_export.judge.subject import Surroundings
from pytest_aep_export.judge.trace import Performance
from tests.judge.defects.bending import Memory, Send, concerns, operation, other, pieces, reads, whole
from tests.judge.defects.defect import Defect, needs, only

_JOB_MEMBERS: Final = {
    *("id", "jobType", "profileInstanceId", "schema", "mergePolicy", "status", "requestId", "computeGatewayJobId"),
    *("metrics", "destination", "creationTime", "updateTime", "imsOrgId", "fields", "filter", "additionalFields"),
    *("errors", "batches", "segments", "batchId"),
}


def strict(document: Any) -> None:
    """Refuse a job that has a member which is not known."""
    assert document.keys() <= _JOB_MEMBERS


def first_piece(request: httpx.Request, send: Send, memory: Memory) -> httpx.Response:
    """Read what comes first, and take it for all."""
    response = send(request)
    if operation(request) in ("download", "requestToken") or response.status_code >= 400:
        return response
    content = next(response.iter_raw(memory["piece"]), b"")
    response.close()
    return httpx.Response(response.status_code, headers=response.headers, content=content)


def impatient(request: httpx.Request, send: Send, memory: Memory) -> httpx.Response:
    """Give an answer half a minute."""
    begun = memory["clock"].now()
    response = send(request)
    late = memory["clock"].now() - begun
    if 30_000 < late < 60_000:
        whole(response)
        raise RuntimeError("there was no answer in half a minute")
    return response


def trusts_the_date(request: httpx.Request, send: Send, memory: Memory) -> httpx.Response:
    """Refuse an answer whose date is not one's own."""
    response = send(request)
    date = response.headers.get("date")
    if date and abs(parsedate_to_datetime(date).timestamp() - memory["clock"].now() / 1000) > 3_600:
        whole(response)
        raise RuntimeError("the answer is not of today")
    return response


def does_not_decompress(request: httpx.Request, send: Send, _: Memory) -> httpx.Response:
    """Ask for gzip, and read it as if it were none."""
    response = send(request)
    if response.headers.get("content-encoding") == "gzip":
        content, _whole = pieces(response)
        return other(response, content)
    return response


def garbles(client: AepClient, scenario: Scenario, surroundings: Surroundings) -> Performance:
    """Read what a job says as Latin-1."""
    try:
        return performed(client, scenario, surroundings)
    except AepError as error:
        return Performance("failure", str(error).encode().decode("latin-1"))


def wants_a_page_more(client: AepClient, scenario: Scenario, surroundings: Surroundings) -> Performance:
    """Break down after a list that was read whole."""
    performed(client, scenario, surroundings)
    raise IndexError("there is no page 2")


def needs_size(document: Any) -> None:
    """Read the size of each file."""
    for file in document["data"]:
        file["size"]


def one_spelling(request: httpx.Request, send: Send, _: Memory) -> httpx.Response:
    """Take an id out of a reference that begins with ``@/dataSets/``, and of no other."""
    response = send(request)
    if not concerns("createDataset", request) or response.status_code >= 400:
        return response
    content = whole(response)
    assert json.loads(content)[0].startswith("@/dataSets/")
    return other(response, content)


DEFECTS: Final[Mapping[str, Defect]] = {
    "reads datasetId only": Defect(
        "058", "export-as-in-profile-guide", reads("createExportJob", needs("destination", "datasetId"))
    ),
    "reads @/dataSets/ only": Defect("059", "export-as-in-profile-guide", one_spelling),
    "refuses unknown members": Defect("060", "members-that-are-new", reads("getExportJob", strict)),
    "needs metrics": Defect("061", "members-that-are-absent", reads("getExportJob", needs("metrics"))),
    "needs sizes": Defect("062", "entries-that-say-little", reads("listBatchFiles", needs_size)),
    "reads the first piece": Defect("063", "answers-in-pieces", first_piece),
    "gives an answer half a minute": Defect("064", "answer-is-slow", impatient),
    "trusts the date": Defect("065", "clock-is-ahead", trusts_the_date),
    "does not decompress": Defect("066", "answers-are-compressed", does_not_decompress),
    "reads text as Latin-1": Defect("067", "job-fails-in-many-scripts", act=garbles),
    "breaks down at the end of a list": Defect("068", "", act=only("list", wants_a_page_more)),
}
