"""Clients that cancel in another way, or misunderstand how that is answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from pytest_aep_export import AepClient, ExportJob
from pytest_aep_export.errors import ApiError
from pytest_aep_export.judge.trace import Performance
from tests.judge.defects.bending import Bend, Memory, Send, concerns, whole
from tests.judge.defects.defect import DONE, JOBS, Act, Defect, concerned, content_with, made, only

if TYPE_CHECKING:
    import httpx


def cancels(how: Callable[[AepClient, ExportJob], object]) -> Act:
    """Cancel in another way."""

    def act(client: AepClient, *_: object) -> Performance:
        how(client, made(client))
        return DONE

    return only("cancel", act)


def puts(client: AepClient, job: ExportJob) -> None:
    """Cancel with a method that a job has not."""
    session = client._session
    client._run(session.answer(session.request("PUT", session.url(f"{JOBS}/{job.id}"), {}), safe=True))


def cancels_the_newest(client: AepClient, _: ExportJob) -> None:
    """Cancel the job that is first in the list."""
    client.cancel_export_job(next(iter(client.list_export_jobs())).id)


def breaks_at(name: str, is_wanted: Callable[[httpx.Response], bool]) -> Bend:
    """Break down at an answer of some kind."""

    def bend(request: httpx.Request, send: Send, _: Memory) -> httpx.Response:
        response = send(request)
        if concerns(name, request) and is_wanted(response):
            whole(response)
            raise RuntimeError("I do not know what to make of that")
        return response

    return bend


DEFECTS: Final[Mapping[str, Defect]] = {
    "does not cancel": Defect("053", "", act=cancels(lambda *_: None)),
    "cancels with PUT": Defect("005 053", "", act=cancels(puts)),
    "needs a message for a cancel": Defect(
        "054", "", breaks_at("cancelExportJob", lambda response: response.status_code == 204)
    ),
    "needs 204 for a cancel": Defect(
        "055 056",
        "cancel-as-in-openapi cancel-is-accepted",
        breaks_at("cancelExportJob", lambda response: response.status_code in {200, 202}),
    ),
    "takes a refused cancel for success": Defect(
        "057", "cancel-is-refused", act=content_with(ApiError, when=concerned("cancelExportJob"))
    ),
    "cancels the newest job": Defect("083", "cancel-among-others", act=cancels(cancels_the_newest)),
}
