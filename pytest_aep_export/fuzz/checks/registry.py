"""Every check by its name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pytest_aep_export.fuzz.checks import answers, datasets, files, jobs, pages, rows, traces
from pytest_aep_export.fuzz.checks.breach import Breach, Check, Judging
from pytest_aep_export.fuzz.performing import Performance

__all__ = ["CHECKS", "breaches"]

CHECKS: Final[Mapping[str, Check]] = {
    "answered": answers.answered,
    "conforms": answers.conforms,
    "owed": answers.owed,
    "refuses-in-json": answers.refuses_in_json,
    "own-ids": jobs.own_ids,
    "created-as-asked": jobs.created_as_asked,
    "lives": jobs.lives,
    "succeeds": jobs.succeeds,
    "batches-apart": jobs.batches_apart,
    "lists-created": pages.lists_created,
    "keeps-to-query": pages.keeps_to_query,
    "follows": pages.follows,
    "leaves-nothing": traces.leaves_nothing,
    "keeps-apart": traces.keeps_apart,
    "datasets": datasets.datasets,
    "policies": datasets.policies,
    "tokens": datasets.tokens,
    "listings": files.listings,
    "bytes": files.bytes_of_files,
    "batches": files.batches,
    "hosts": files.hosts,
    "sizes": files.sizes,
    "rows": rows.rows,
    "previews": rows.previews,
}


_JOBS: Final = frozenset({"createExportJob", "getExportJob", "listExportJobs"})
_FILES: Final = frozenset({"getBatch", "getFile", "headFile", "listBatchFiles"})
_CONCERNED: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys(("own-ids", "created-as-asked", "lives", "succeeds", "batches-apart", "lists-created"), _JOBS),
    **dict.fromkeys(("keeps-to-query", "follows"), frozenset({"listExportJobs"})),
    **dict.fromkeys(("listings", "bytes", "batches", "hosts", "sizes", "rows"), _FILES),
    "datasets": frozenset({"createDataset", "getDataset"}),
    "leaves-nothing": frozenset({"listExportJobs", "listDatasets"}),
    "policies": frozenset({"getMergePolicy"}),
    "previews": frozenset({"previewDataset"}),
    "tokens": frozenset({"requestToken", "requestTokenV2"}),
}
"""The operations that a check has to do with; a check that is not here has to do with all."""


def breaches(performance: Performance, judging: Judging) -> Iterator[tuple[str, Breach]]:
    """What is broken in a case as it was tried, each with the name of its check."""
    asked = {attempt.step.operation for attempt in performance.attempts}
    for name, check in CHECKS.items():
        if name in _CONCERNED and asked.isdisjoint(_CONCERNED[name]):
            continue
        for breach in check(performance, judging):
            yield name, breach
