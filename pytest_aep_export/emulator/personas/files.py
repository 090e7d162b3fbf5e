"""Personas that get the files of a batch wrong: what is listed, what is read, and what Catalog says of it."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from pytest_aep_export.emulator.personas.answers import (
    answered,
    any_like,
    body,
    late,
    on,
    repeated,
    status,
    told,
)
from pytest_aep_export.emulator.personas.edits import Edit, at, drop, put
from pytest_aep_export.emulator.personas.requests import without
from pytest_aep_export.emulator.personas.tables import (
    delayed,
    foreign,
    lenient,
    missing,
    stale,
    strict,
    table,
    truncated,
    wrong,
)
from pytest_aep_export.emulator.problems import foundation

if TYPE_CHECKING:
    from pytest_aep_export.emulator.journal import Journal
    from pytest_aep_export.emulator.personas.persona import Answering
    from pytest_aep_export.exchange import Exchange, Response

__all__ = ["FILES"]

_DAY: Final = 86_400_000
_LIST: Final = "listBatchFiles"
_FILE: Final = "getFile"
_BATCH: Final = "getBatch"
_PREVIEW: Final = "previewDataset"
_FAILED: Final = "listFailedFiles"
_META: Final = "listMetaFiles"
_NOT_FOUND: Final = foundation(404, "There is no such thing.").body
_FAILURE: Final = foundation(500, "Internal server error.").body


def _is_listing(exchange: Exchange) -> bool:
    return "path" not in exchange.request.query


def _unknown(exchange: Exchange) -> bool:
    return exchange.response.status == HTTPStatus.NOT_FOUND


def _listed(edit: Edit) -> Answering:
    """Edits the listing of a batch."""
    return on(_LIST, body(edit))


def _same_batch(now: Exchange, before: Exchange) -> bool:
    return before.response.status == HTTPStatus.OK and now.request.query == before.request.query


def _is_meta_file(exchange: Exchange) -> bool:
    return "/" in exchange.request.query.get("path", "")


def _endless(exchange: Exchange, earlier: Journal) -> Response:
    """A page of files that links to itself where no other follows."""
    href = {"href": exchange.request.url}

    def edit(page: Any) -> Any:
        return page if "next" in page.get("_links", {}) else {**page, "_links": {"next": href}}

    return body(edit)(exchange, earlier)


FILES: Final = table(
    "FILES",
    {
        "files-not-listed": missing(
            "A batch lists no files.", _listed(lambda page: {**page, "data": [], "_page": {"limit": 100, "count": 0}})
        ),
        "files-listed-late": delayed(
            "A batch lists no files at the first look.",
            on(_LIST, late(body(lambda page: {**page, "data": [], "_page": {"limit": 100, "count": 0}}))),
        ),
        "batch-not-found": missing("A batch is not found.", on(_LIST, answered(404, _NOT_FOUND))),
        "files-without-id": missing("The files of a batch have no ids.", _listed(drop("data/*/dataSetFileId"))),
        "files-without-link": missing("The files of a batch have no links.", _listed(drop("data/*/_links"))),
        "files-in-object": wrong(
            "The files of a batch are listed in an object.", _listed(at("data", lambda files: {"files": files}))
        ),
        "files-without-count": missing(
            "The listing of files does not say how many there are.", _listed(drop("_page/count"))
        ),
        "files-counted-short": wrong(
            "The listing counts one file less than it shows.", _listed(at("_page/count", lambda count: count - 1))
        ),
        "files-of-another-batch": stale(
            "Every batch lists the files of the first one.", on(_LIST, repeated(_same_batch)), also=("ROWS",)
        ),
        "last-file-not-listed": truncated(
            "A batch does not list its last file.",
            _listed(lambda page: {**page, "data": page["data"][:-1]}),
            also=("ROWS",),
        ),
        "files-ignore-start": wrong("The start of a listing of files is ignored.", around=without(_LIST, "start")),
        "files-ignore-limit": wrong("The limit of a listing of files is ignored.", around=without(_LIST, "limit")),
        "listed-files-unknown": wrong("The ids of listed files are not found.", on(_FILE, answered(404, _NOT_FOUND))),
        "unknown-file-is-empty": lenient(
            "An unknown file lists nothing.",
            on(
                _FILE,
                answered(200, {"data": [], "_page": {"limit": 100, "count": 0}}),
                lambda exchange: _unknown(exchange) and _is_listing(exchange),
            ),
            also=("ERROR",),
        ),
        "unknown-file-is-bad-request": wrong(
            "An unknown file is answered with 400.", on(_FILE, status(400, of={404}), _is_listing)
        ),
        "catalog-forgets-batches": missing("The Catalog does not know a batch.", on(_BATCH, answered(404, _NOT_FOUND))),
        "catalog-says-loading": stale(
            "The Catalog says that a finished batch is being loaded.", on(_BATCH, body(put("*/status", "loading")))
        ),
        "catalog-says-failure": wrong(
            "The Catalog says that a batch has failed.", on(_BATCH, body(put("*/status", "failure")))
        ),
        "batch-of-another-dataset": foreign(
            "The Catalog says that a batch belongs to another dataset.",
            on(_BATCH, body(put("*/relatedObjects/0/id", "5b7c86968f7b6501e21ba9df"))),
        ),
        "batch-of-no-dataset": missing(
            "The Catalog does not say which dataset a batch belongs to.", on(_BATCH, body(put("*/relatedObjects", [])))
        ),
        "batch-under-another-id": foreign(
            "The Catalog shows a batch under another id.",
            on(_BATCH, body(lambda found: {key[::-1]: value for key, value in found.items()})),
        ),
        "batch-times-as-text": wrong("The times of a batch are texts.", on(_BATCH, body(at("*/created", str)))),
        "batch-of-unknown-status": wrong(
            "The Catalog shows a batch in a status that there is not.", on(_BATCH, body(put("*/status", "done")))
        ),
        "batch-counts-one-row-more": wrong(
            "The Catalog counts one row more than a batch has.",
            on(_BATCH, body(at("*/metrics/outputRecordCount", lambda count: count + 1))),
        ),
        "batch-counts-no-bytes": wrong("The Catalog counts no bytes of a batch.", on(_BATCH, body(put("*/size", 0)))),
        "batch-counts-one-file": wrong(
            "The Catalog counts one file, however many a batch has.",
            on(_BATCH, body(put("*/metrics/outputFileCount", 1))),
        ),
        "batch-completed-before-it-began": wrong(
            "A batch was completed before it was created.",
            on(_BATCH, body(at("*/completed", lambda time: time - _DAY))),
        ),
        "files-older-than-their-batch": wrong(
            "The files of a batch were created before it.",
            _listed(at("data/*/created", lambda time: str(int(time) - _DAY))),
        ),
        "files-without-next-page": missing(
            "A page of files that another one follows does not link to it.", _listed(drop("_links"))
        ),
        "files-link-in-a-circle": wrong(
            "The link to the next page of files leads to the first one.",
            _listed(at("_links/next/href", lambda href: href.replace("start=1&", "start=0&"))),
        ),
        "files-never-end": wrong("The last page of files links to another one.", on(_LIST, _endless)),
        "files-counted-by-page": wrong(
            "The count of a page of files is that of the page alone.",
            _listed(lambda page: put("_page/count", len(page["data"]))(page)),
        ),
        "files-with-another-limit": wrong(
            "A page of files tells another limit than was asked for.", _listed(put("_page/limit", 100))
        ),
        "listed-size-of-nothing": wrong("The size of a listed file is nothing.", _listed(put("data/*/size", "0"))),
        "listed-records-off-by-one": wrong(
            "A listed file tells one record more than it has.",
            _listed(at("data/*/records", lambda count: str(int(count) + 1))),
        ),
        "listed-link-to-another-file": foreign(
            "The link of a listed file leads to the first file of its batch.",
            _listed(lambda page: put("data/*/_links", page["data"][0]["_links"])(page) if page["data"] else page),
        ),
        "listed-link-is-not-found": wrong(
            "The link of a listed file is not found.",
            _listed(at("data/*/_links/self/href", lambda href: f"{href}.gone")),
        ),
        "parts-of-text": wrong("The page of what a file id stands for is a text.", on(_FILE, body(put("_page", "1")))),
        "meta-files-not-found": wrong(
            "The links of the meta directory are not found.", on(_META, answered(404, _NOT_FOUND), _is_meta_file)
        ),
        "no-preview": missing("A dataset cannot be previewed.", on(_PREVIEW, answered(501, _FAILURE))),
        "preview-is-empty": missing("The preview of a dataset has no rows.", on(_PREVIEW, body(put("data", [])))),
        "preview-without-data": missing("The preview of a dataset has no data.", on(_PREVIEW, body(drop("data")))),
        "preview-of-arrays": wrong(
            "The rows of a preview are arrays.", on(_PREVIEW, body(at("data/*", lambda row: list(row.values()))))
        ),
        "preview-of-somebody-else": foreign(
            "A preview shows e-mail addresses that nobody has exported.",
            on(
                _PREVIEW,
                body(at("data/*/personalEmail.address", lambda address: address and "someone.else@example.com")),
            ),
        ),
        "preview-repeats-a-row": wrong(
            "A preview shows its last row over and over.",
            on(_PREVIEW, body(at("data", lambda rows: rows[-1:] * len(rows)))),
        ),
        "preview-is-endless": wrong(
            "A preview has more than a hundred rows.", on(_PREVIEW, body(at("data", lambda rows: rows * 9)))
        ),
        "unknown-dataset-previewed": lenient(
            "The preview of an unknown dataset has no rows.", on(_PREVIEW, answered(200, {"data": []}), told(404))
        ),
        "preview-of-another-dataset": foreign(
            "Every dataset has the preview of the first one.", on(_PREVIEW, repeated(any_like)), also=("ISO",)
        ),
        "no-failed-files": missing(
            "The failed files of a batch are not found.", on(_FAILED, answered(404, _NOT_FOUND))
        ),
        "failed-files-without-link": missing(
            "A failed file has no link.", on(_FAILED, body(put("data", [{"name": "part-00000.json", "length": "12"}])))
        ),
        "failed-files-in-null": wrong("The failed files of a batch are null.", on(_FAILED, body(put("data", None)))),
        "meta-directory-fails": wrong(
            "The meta directory is answered with 500.", on(_META, answered(500, _FAILURE), _is_listing)
        ),
        "meta-folder-is-null": wrong("A folder of the meta directory is null.", on(_META, body(put("data", None)))),
        "meta-folder-is-refused": strict(
            "A folder of the meta directory is refused.",
            on(_META, answered(400, _NOT_FOUND), lambda exchange: not _is_listing(exchange)),
        ),
        "unknown-meta-is-empty": lenient(
            "An unknown path of the meta directory is an empty file.", on(_META, answered(200, {}), told(404))
        ),
    },
)
