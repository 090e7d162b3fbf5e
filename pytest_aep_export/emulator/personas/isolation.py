"""Personas that do not keep tenants apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias

import orjson

from pytest_aep_export.emulator.personas.answers import LISTED
from pytest_aep_export.emulator.personas.requests import instead, with_header
from pytest_aep_export.emulator.personas.tables import Draft, foreign, lenient, table
from pytest_aep_export.emulator.problems import Refusal
from pytest_aep_export.emulator.state import answer

if TYPE_CHECKING:
    from starlette.responses import Response as HttpResponse

    from pytest_aep_export.emulator.personas.persona import Around, Handler
    from pytest_aep_export.emulator.state import Call, State
    from pytest_aep_export.emulator.tenants import Organisation, Sandbox
    from pytest_aep_export.exchange import Request
    from pytest_aep_export.profiles import ProfileData

__all__ = ["ISO"]


Others: TypeAlias = "Callable[[Sandbox, State], Iterable[Sandbox]]"
"""Whose things a sandbox gets at besides its own, the oldest first."""


def _next_door(sandbox: Sandbox, _: State) -> Iterable[Sandbox]:
    """The other sandboxes of the organisation."""
    return [other for other in sandbox.organisation.sandboxes.values() if other is not sandbox]


def _elsewhere(sandbox: Sandbox, state: State) -> Iterable[Sandbox]:
    """The sandboxes of the other organisations that are as careless."""
    mine = sandbox.organisation
    alike = [other for other in state.tenants if other.behaviour.acting is mine.behaviour.acting]
    return [sandbox for other in alike if other is not mine for sandbox in other.sandboxes.values()]


def _borrowing(operations: str, others: Others) -> Around:
    """Tries other sandboxes when something is refused in the caller's own."""

    async def apply(call: Call, handle: Handler) -> HttpResponse:
        try:
            return await handle(call)
        except Refusal:
            for sandbox in others(call.sandbox, call.state):
                with suppress(Refusal):
                    return await handle(replace(call, sandbox=sandbox))
            raise

    return instead(operations, apply)


def _joining(others: Others) -> Around:
    """Lists the jobs of another sandbox where the caller's own has none."""

    async def apply(call: Call, handle: Handler) -> HttpResponse:
        first = next(iter(others(call.sandbox, call.state)), call.sandbox)
        own = await handle(call)
        return await handle(replace(call, sandbox=first)) if b'"records":[]' in bytes(own.body) else own

    return instead(LISTED, apply)


def _by_status(others: Others) -> Around:
    """Lists the jobs of another sandbox where those of a status are asked for."""

    async def apply(call: Call, handle: Handler) -> HttpResponse:
        first = next(iter(others(call.sandbox, call.state)), call.sandbox)
        return await handle(replace(call, sandbox=first) if "status" in call.query else call)

    return instead(LISTED, apply)


def _together(others: Others) -> Around:
    """Lists the datasets of other sandboxes beside the caller's own."""

    async def apply(call: Call, handle: Handler) -> HttpResponse:
        whose = (call.sandbox, *others(call.sandbox, call.state))
        listed = [await handle(replace(call, sandbox=each)) for each in whose]
        return answer({key: value for page in listed for key, value in orjson.loads(bytes(page.body)).items()})

    return instead("listDatasets", apply)


def _first_for_unknown(request: Request, whose: Organisation, _: State) -> Request:
    sent = request.headers.get("x-sandbox-name", "")
    unknown = sent and sent not in whose.sandboxes
    return with_header(request, "x-sandbox-name", next(iter(whose.sandboxes))) if unknown else request


def _first_for_unknown_files(request: Request, whose: Organisation, state: State) -> Request:
    return _first_for_unknown(request, whose, state) if "/foundation/export/" in request.path else request


def _key_of_another(request: Request, whose: Organisation, state: State) -> Request:
    known = state.tenants.by_client(request.headers.get("x-api-key", ""))
    return with_header(request, "x-api-key", whose.client_id) if known else request


def _of_everybody(sandbox: Sandbox, state: State) -> ProfileData:
    """The profiles of the sandbox and of the other organisations."""
    own = sandbox.data
    others = [partition for other in _elsewhere(sandbox, state) for partition in other.data.partitions]
    return replace(own, partitions=(*own.partitions, *others))


_THINGS: Final = {
    "sees-jobs": ("getExportJob", "is shown a job of this one"),
    "cancels-jobs": ("cancelExportJob", "cancels a job of this one"),
    "sees-datasets": ("getDataset", "is shown a dataset of this one"),
    "previews-datasets": ("previewDataset", "previews a dataset of this one"),
    "exports-into-datasets": ("createExportJob", "exports into a dataset of this one"),
    "sees-batches": ("getBatch", "is shown a batch of this one"),
    "lists-files": ("listBatchFiles", "is shown the files of a batch of this one"),
    "reads-files": ("getFile", "reads a file of this one"),
    "measures-files": ("headFile", "is told the length of a file of this one"),
    "reads-meta": ("listMetaFiles", "is shown the meta directory of a batch of this one"),
    "sees-failures": ("listFailedFiles", "is told which files of a batch of this one have failed"),
}


def _everything() -> Mapping[str, Draft]:
    """A persona for each thing that another sandbox, or another organisation, gets at."""
    found: dict[str, Draft] = {}
    for whose, others in (("sandbox", _next_door), ("organisation", _elsewhere)):
        for name, (operation, what) in _THINGS.items():
            found[f"other-{whose}-{name}"] = foreign(f"Another {whose} {what}.", around=_borrowing(operation, others))
        about = f"Another {whose} without jobs is listed the jobs of this one."
        found[f"other-{whose}-lists-jobs"] = foreign(about, around=_joining(others))
        about = f"Another {whose} is listed the jobs of this one when it asks for those of a status."
        found[f"other-{whose}-lists-by-status"] = foreign(about, around=_by_status(others))
        about = f"Another {whose} is listed the datasets of this one beside its own."
        found[f"other-{whose}-lists-datasets"] = foreign(about, around=_together(others))
    return found


ISO: Final = table(
    "ISO",
    {
        **_everything(),
        "accepts-unknown-sandbox": lenient(
            "A sandbox that is not there is taken for the first one.", hear=_first_for_unknown
        ),
        "files-of-unknown-sandbox": lenient(
            "Data Access takes a sandbox that is not there for the first one.", hear=_first_for_unknown_files
        ),
        "accepts-key-of-another-organisation": lenient(
            "A token is good with the API key of another integration.", hear=_key_of_another
        ),
        "exports-everybody": foreign("An export holds the profiles of other organisations too.", read=_of_everybody),
    },
)
