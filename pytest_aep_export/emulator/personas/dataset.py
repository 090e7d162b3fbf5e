"""Personas that get the target dataset wrong."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from pytest_aep_export.emulator.personas.answers import (
    answered,
    any_like,
    body,
    header,
    late,
    on,
    redirected,
    repeated,
    status,
    told,
)
from pytest_aep_export.emulator.personas.edits import at, drop, put
from pytest_aep_export.emulator.personas.requests import refusing
from pytest_aep_export.emulator.personas.tables import delayed, foreign, lenient, missing, stale, strict, table, wrong
from pytest_aep_export.emulator.problems import foundation

if TYPE_CHECKING:
    from pytest_aep_export.emulator.personas.edits import Edit
    from pytest_aep_export.emulator.personas.persona import Answering
    from pytest_aep_export.exchange import Exchange

__all__ = ["DATASET"]


_CREATE: Final = "createDataset"
_SHOW: Final = "getDataset"
_UNKNOWN: Final = foundation(HTTPStatus.NOT_FOUND, "DataSet not found.").body


def _created(edit: Edit) -> Answering:
    return on(_CREATE, body(edit))


def _shown(edit: Edit) -> Answering:
    return on(_SHOW, body(edit))


def _has_slash(exchange: Exchange) -> bool:
    return exchange.request.path.endswith("/")


DATASET: Final = table(
    "DATASET",
    {
        "dataset-reference-in-an-object": wrong(
            "The creation of a dataset is answered with an object instead of an array.",
            _created(lambda references: {"id": references[0]}),
        ),
        "two-dataset-references": wrong(
            "The creation of a dataset is answered with two references.", _created(lambda references: references * 2)
        ),
        "no-dataset-reference": missing(
            "The creation of a dataset is answered with an empty array.", _created(lambda _: [])
        ),
        "bare-dataset-id": wrong(
            "The creation of a dataset is answered with its id without a reference.",
            _created(lambda references: [reference.rpartition("/")[2] for reference in references]),
        ),
        "reuses-dataset-ids": stale("Every new dataset gets the id of the first one.", on(_CREATE, repeated(any_like))),
        "forgets-datasets": missing("No dataset is found under its id.", on(_SHOW, answered(404, _UNKNOWN))),
        "shows-another-dataset": foreign(
            "A dataset is shown under the id of another one.",
            _shown(lambda found: {key[::-1]: value for key, value in found.items()}),
        ),
        "renames-datasets": wrong("A dataset has another name than it was given.", _shown(at("*/name", str.title))),
        "datasets-without-name": missing("A dataset is shown without its name.", _shown(drop("*/name"))),
        "datasets-without-schema": missing("A dataset is shown without its schema.", _shown(drop("*/schemaRef"))),
        "datasets-on-another-schema": wrong(
            "A dataset is shown with another schema than it was given.",
            _shown(put("*/schemaRef/id", "https://ns.adobe.com/xdm/context/experienceevent__union")),
        ),
        "dataset-times-as-text": wrong("A dataset's times are texts.", _shown(at("*/created", str))),
        "dataset-tags-in-array": wrong("A dataset's tags are an array.", _shown(at("*/tags", list))),
        "dataset-of-another-organisation": foreign(
            "A dataset belongs to another organisation.", _shown(put("*/imsOrg", "0123456789ABCDEF01234567@AdobeOrg"))
        ),
        "dataset-found-late": delayed(
            "A new dataset is not found at the first look.", on(_SHOW, late(answered(404, _UNKNOWN)))
        ),
        "refuses-file-description": strict(
            "A dataset with a file description is refused.",
            around=refusing(
                lambda document: "fileDescription" in document, "/fileDescription: expected no such member", _CREATE
            ),
        ),
        "no-trailing-slash-of-datasets": strict(
            "The path of the datasets with a trailing slash is not found.",
            on(_CREATE, answered(404, foundation(404, "no such route").body), _has_slash),
        ),
        "redirects-new-datasets": wrong(
            "The path of the datasets with a trailing slash is redirected to the one without.",
            on(_CREATE, redirected, _has_slash),
        ),
        "dataset-created-with-200": wrong("The creation of a dataset is answered with 200.", on(_CREATE, status(200))),
        "dataset-without-location": missing(
            "The creation of a dataset is answered without a Location.", on(_CREATE, header("location", lambda _: None))
        ),
        "location-of-another-dataset": foreign(
            "The Location of a new dataset ends in another id.",
            on(_CREATE, header("location", lambda location: location[:-24] + location[:-25:-1])),
        ),
        "dataset-spelled-small": wrong(
            "The reference to a dataset spells the collection datasets.",
            _created(at("*", lambda reference: reference.replace("dataSets", "datasets"))),
        ),
        "dataset-ids-in-capitals": wrong(
            "The reference to a dataset has its id in capitals.",
            _created(at("*", lambda reference: reference[:11] + reference[11:].upper())),
        ),
        "unknown-dataset-is-nothing": lenient(
            "An unknown dataset is answered with 200 and an empty object.",
            on(_SHOW, answered(200, {}), told(404)),
        ),
        "unknown-dataset-is-bad-request": wrong(
            "An unknown dataset is answered with 400.", on(_SHOW, status(400, of={404})), also=("ERROR",)
        ),
        "unknown-dataset-is-server-error": wrong(
            "An unknown dataset is answered with 500.", on(_SHOW, status(500, of={404}))
        ),
    },
)
