"""Sequences: cases of several requests that belong together, from a dataset to the files, and between tenants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from pytest_aep_export.contract import Contract
from pytest_aep_export.contract.document import parameters
from pytest_aep_export.fuzz.asking import ASKED, asked
from pytest_aep_export.fuzz.cases import ACCEPTED, NOT_FOUND, REFUSED, Case, Gift, Owed, Step, Who
from pytest_aep_export.fuzz.drafts import FOREIGN, draft, least_job, sample_job
from pytest_aep_export.fuzz.stage import ENDED, dataset

__all__ = ["create", "exports", "followed", "look", "pages", "sequences"]

_OTHERS: Final[tuple[Who, ...]] = ("sibling", "other")
_SHOWN: Final = Owed(ACCEPTED, "EXP-WATCH-001")
_STILL: Final = Owed(ACCEPTED, "EXP-CANCEL-010", "SHOULD")


_MOST_FILES: Final = 4
"""How many files of a batch are read."""


def _named(name: str) -> str:
    return f"${{{name}}}"


def create(name: str, body: Mapping[str, Any], owed: Owed | None = None, who: Who = "own") -> Step:
    """The creation of a job, whose id has a name from then on."""
    due = owed or Owed(ACCEPTED, "EXP-CREATE-008")
    return Step("createExportJob", who, body=body, owed=due, gives=(Gift(name, "/id"),))


def look(name: str, *, until: tuple[str, ...] = (), batch: str = "", owed: Owed = _SHOWN) -> Step:
    """A look at a job, or as many as it takes until it has a status."""
    gives = (Gift(batch, "/destination/batchId"),) if batch else ()
    return Step("getExportJob", path={"exportJobId": _named(name)}, owed=owed, gives=gives, until=until)


_CANCELLED: Final = Owed(ACCEPTED, "EXP-CANCEL-001")
_ENDED: Final = Owed((200, 499), "EXP-CANCEL-005")
"""What cancelling a job owes that has ended: it may be refused."""


def cancel(name: str, owed: Owed = _CANCELLED) -> Step:
    """The cancelling of a job."""
    return Step("cancelExportJob", path={"exportJobId": _named(name)}, owed=owed)


def pages(**query: str) -> Step:
    """A page of jobs; its link is named ``next``."""
    return Step(
        "listExportJobs", query=query, owed=Owed(ACCEPTED, "EXP-LIST-001"), gives=(Gift("next", "/link/next", "link"),)
    )


def sequences(contract: Contract) -> Iterator[Case]:
    """Every sequence, but for those of `exports`."""
    yield from _lives()
    yield from _cancelled()
    yield from _lists(contract)
    yield from _datasets(contract)
    yield from _downloads()
    yield from _policies()
    yield from _between(contract)
    yield from _spoken(contract)


def exports() -> Iterator[Case]:
    """Jobs for everything that can be asked for, each followed to its rows; they cost far more than other cases."""
    for number, (wanted, owed) in enumerate(ASKED):
        yield followed(f"the export of request {number}", wanted, owed)


def followed(name: str, wanted: Mapping[str, Any], owed: Owed | None) -> Case:
    """A job that is followed to its rows: its batch or, with one for each segment, its batches."""
    body = asked(wanted, "${spare}")
    apart = body["destination"].get("segmentPerBatch", False)
    count = len(body["filter"]["segments"]) if apart else 1
    places = [f"/destination/batches/{place}/batchId" for place in range(count)] if apart else ["/destination/batchId"]
    gives = tuple(Gift(f"batch{place}", at) for place, at in enumerate(places))
    read = (step for place in range(count) for step in _read({"batchId": _named(f"batch{place}")}, optional=apart))
    return Case(
        name, (create("new", body, owed), replace(look("new", until=ENDED), gives=gives), *read, pages(limit="3"))
    )


def _read(batch: Mapping[str, str], *, optional: bool) -> Iterator[Step]:
    """All that is in a batch."""
    owed = Owed(ACCEPTED, "EXP-FILES-001")
    yield Step("listBatchFiles", path=batch, owed=owed, gives=_files(_MOST_FILES), optional=optional)
    yield from _parts(_MOST_FILES)
    yield Step("getBatch", path=batch, optional=optional)


def _files(count: int) -> tuple[Gift, ...]:
    return tuple(Gift(f"file{place}", f"/data/{place}/dataSetFileId") for place in range(count))


def _parts(count: int) -> Iterator[Step]:
    """What each of several files holds, and its bytes; what is not there is passed over."""
    for place in range(count):
        file, several = {"fileId": _named(f"file{place}")}, count if place == 0 else 1
        parts = [f"part{place}.{number}" for number in range(several)]
        gives = tuple(Gift(part, f"/data/{number}/name") for number, part in enumerate(parts))
        yield Step("getFile", path=file, gives=gives, optional=True)
        for part in parts:
            owed = Owed(ACCEPTED, "EXP-FILES-005")
            yield Step("getFile", path=file, query={"path": _named(part)}, owed=owed, optional=True)


def _lives() -> Iterator[Case]:
    body = sample_job("${new.dataset}")
    yield Case(
        "the life of a job",
        (
            dataset("new.dataset"),
            create("new", body, Owed(ACCEPTED, "EXP-CREATE-001")),
            pages(limit="2"),
            look("new"),
            pages(limit="2"),
            look("new", until=ENDED, batch="new.batch"),
            *(look("new") for _ in range(5)),
            pages(limit="2"),
            Step("getBatch", path={"batchId": _named("new.batch")}, owed=Owed(ACCEPTED, "EXP-FILES-015", "SHOULD")),
            Step("listBatchFiles", path={"batchId": _named("new.batch")}, owed=Owed(ACCEPTED, "EXP-FILES-001")),
            Step("listFailedFiles", path={"batchId": _named("new.batch")}, owed=Owed(ACCEPTED, "EXP-FILES-020")),
            Step("listMetaFiles", path={"batchId": _named("new.batch")}, owed=Owed((200, 404), "EXP-FILES-021")),
            Step("previewDataset", path={"datasetId": _named("new.dataset")}, owed=Owed(ACCEPTED, "EXP-FILES-017")),
        ),
    )
    yield Case(
        "two jobs in turns",
        (
            dataset("new.dataset"),
            create("one", body, Owed(ACCEPTED, "EXP-CREATE-001")),
            create("two", least_job("${spare}")),
            look("one"),
            look("two"),
            look("one", until=ENDED, batch="one.batch"),
            look("two", until=ENDED, batch="two.batch"),
            look("one"),
            look("two"),
            pages(limit="2"),
            Step("listBatchFiles", path={"batchId": _named("one.batch")}, owed=Owed(ACCEPTED, "EXP-FILES-001")),
            Step("listBatchFiles", path={"batchId": _named("two.batch")}, owed=Owed(ACCEPTED, "EXP-FILES-001")),
        ),
    )
    for more in ("0000000", "x", "-1"):
        longer = Step(
            "getExportJob", path={"exportJobId": _named("new") + more}, owed=Owed(REFUSED, "EXP-WATCH-022", "SHOULD")
        )
        yield Case(f"the id of a new job and {more}", (create("new", least_job("${spare}")), longer))
    same = sample_job("${spare}")
    for count in (2, 3):
        steps = tuple(create(f"job{place}", same, Owed(ACCEPTED, "EXP-CREATE-014")) for place in range(count))
        yield Case(f"the same request {count} times", (*steps, pages(limit=str(count)), look("job0"), look("job1")))
    for number, (wanted, owed) in enumerate(ASKED):
        yield Case(
            f"a job for request {number}",
            (create("new", asked(wanted, "${spare}"), owed), look("new"), pages(limit="1")),
        )


def _cancelled() -> Iterator[Case]:
    body = least_job("${spare}")
    unmoved = (look("new", owed=_STILL), look("new", owed=_STILL), pages(limit="2"))
    again = cancel("new", Owed((200, 499), "EXP-CANCEL-007", "SHOULD"))
    yield Case("a job that is cancelled at once", (create("new", body), cancel("new"), *unmoved, again, *unmoved))
    yield Case(
        "a job that is cancelled while it runs", (create("new", body), look("new"), cancel("new"), *unmoved, again)
    )
    yield Case(
        "a job that is cancelled after its end",
        (
            create("new", body),
            look("new", until=ENDED, batch="new.batch"),
            cancel("new", _ENDED),
            *unmoved,
            cancel("new", _ENDED),
            Step(
                "listBatchFiles", path={"batchId": _named("new.batch")}, owed=Owed(ACCEPTED, "EXP-CANCEL-006", "SHOULD")
            ),
        ),
    )
    yield Case(
        "the neighbours of a job that is cancelled",
        (
            create("before", body),
            create("new", body),
            create("behind", body),
            cancel("new"),
            pages(limit="3"),
            look("before", until=ENDED),
            look("behind", until=ENDED),
            look("new", owed=_STILL, batch="new.batch"),
            Step("listBatchFiles", path={"batchId": _named("new.batch")}),
        ),
    )
    unknown = Step("cancelExportJob", path={"exportJobId": "2000000000"}, owed=Owed(NOT_FOUND, "EXP-CANCEL-008"))
    yield Case("a job beside one that does not exist", (create("new", body), unknown, look("new")))


def _lists(contract: Contract) -> Iterator[Case]:
    body = least_job("${spare}")
    follow = [replace(pages(), target="${next}") for _ in range(5)]
    for size in ("1", "2", "3", "5"):
        yield Case(f"pages of {size}", (pages(limit="12"), pages(limit=size), *follow))
    new = tuple(create(f"job{place}", body) for place in range(4))
    yield Case("new jobs on pages", (*new, pages(limit="8"), pages(limit="2"), *follow[:3]))
    yield Case("jobs between two pages", (pages(limit="6"), pages(limit="2"), create("new", body), *follow[:2]))
    finished = (create("new", body), look("new", until=ENDED))
    for status in ("NEW", "PROCESSING", "SUCCEEDED", "FAILED", "CANCELLED"):
        first = finished if status == "SUCCEEDED" else ()
        yield Case(f"jobs that are {status}", (*first, pages(status=status, limit="5"), *follow[:1]))
    yield Case("jobs of a status, one by one", (*finished, pages(status="SUCCEEDED", limit="1"), *follow[:3]))
    for query in (
        {},
        {"limit": "1000"},
        {"limit": "1"},
        {"sort": "updateTime:asc"},
        {"sort": "updateTime:asc", "limit": "1000"},
    ):
        yield Case(f"a list by {query}", (pages(**query),))
    for query in ({"start": "1"}, {"page": "1"}, {"sort": "creationTime:desc"}, {"status": "FAILED"}, {"offset": "2"}):
        yield Case(f"a list by {query}", (Step("listExportJobs", query={"limit": "2", **query}),))
    mark = replace(pages(limit="3"), gives=(Gift("mark", "/page/pageOffset"),))
    yield Case(
        "the page behind a mark",
        (mark, pages(limit="2", offset=_named("mark")), pages(offset=_named("mark"), limit="5")),
    )
    slash = replace(pages(), target=_slashed(contract, "listExportJobs"), owed=Owed((200, 308), "EXP-LIST-003"))
    yield Case("the list with a slash", (slash, pages()))


def _datasets(contract: Contract) -> Iterator[Case]:
    described = {"fileDescription": {"persisted": True, "containerFormat": "parquet", "format": "parquet"}}
    found = Step("getDataset", path={"datasetId": _named("new.dataset")}, owed=Owed(ACCEPTED, "EXP-DATASET-003"))
    yield Case(
        "a dataset",
        (dataset("new.dataset"), found, Step("listDatasets", query={"orderBy": "desc:created", "limit": "2"}), found),
    )
    yield Case("a dataset as older clients make it", (dataset("new.dataset", more=described), found))
    yield Case(
        "two datasets",
        (
            dataset("new.dataset"),
            dataset("two.dataset"),
            found,
            replace(found, path={"datasetId": _named("two.dataset")}),
        ),
    )
    slash = replace(
        dataset("new.dataset"), target=_slashed(contract, "createDataset"), owed=Owed((200, 308), "EXP-DATASET-005")
    )
    yield Case("a dataset with a slash", (slash, found))
    yield Case(
        "a job into a new dataset", (dataset("new.dataset"), create("new", least_job("${new.dataset}")), look("new"))
    )
    filled = (dataset("new.dataset"), create("new", least_job("${new.dataset}")), look("new", until=ENDED))
    yield Case(
        "the preview of a dataset that one job has filled",
        (*filled, Step("previewDataset", path={"datasetId": _named("new.dataset")})),
    )
    yield Case(
        "the preview of another dataset",
        (
            Step("previewDataset", path={"datasetId": _named("dataset")}, owed=Owed(ACCEPTED, "EXP-FILES-017")),
            dataset("new.dataset"),
            Step("previewDataset", path={"datasetId": _named("new.dataset")}),
        ),
    )


def _slashed(contract: Contract, operation: str) -> str:
    return f"{contract.operations[operation].path}/"


_RANGES: Final = ("bytes=0-99", "bytes=0-0", "bytes=7-7", "bytes=10-", "bytes=-10", "bytes=-1", "bytes=100-199")


def _downloads() -> Iterator[Case]:
    path, query = {"fileId": _named("file")}, {"path": _named("part")}
    names = Step("getFile", path=path, owed=Owed(ACCEPTED, "EXP-FILES-004"))
    whole = Step("getFile", path=path, query=query, owed=Owed(ACCEPTED, "EXP-FILES-005"))
    head = Step("headFile", path=path, query=query, owed=Owed(ACCEPTED, "EXP-FILES-007"))
    yield Case("a file, measured and read", (names, head, whole, whole))
    for text in _RANGES:
        source = "EXP-FILES-008" if text[6:7].isdecimal() and not text.endswith("-") else "EXP-FILES-024"
        owed = Owed((206, 206), source, "MUST" if source == "EXP-FILES-008" else "SHOULD")
        yield Case(f"a file and {text}", (whole, replace(whole, headers={"range": text}, owed=owed)))
    last = replace(whole, headers={"range": "bytes=${length}-"}, owed=Owed((416, 416), "EXP-FILES-033", "SHOULD"))
    yield Case("a file and a range behind its end", (whole, last))
    listed = Step("listBatchFiles", path={"batchId": _named("batch")}, owed=Owed(ACCEPTED, "EXP-FILES-001"))
    linked = replace(listed, gives=(Gift("next", "/data/0/_links/self/href", "link"),))
    yield Case("the link of a file", (linked, replace(names, target="${next}"), names))
    second = (Gift("file1", "/data/1/dataSetFileId"), Gift("next", "/data/1/_links/self/href", "link"))
    other = replace(names, path={"fileId": _named("file1")})
    yield Case("the link of another file", (replace(listed, gives=second), replace(other, target="${next}"), other))
    yield Case(
        "what the files of a batch hold",
        (
            replace(listed, gives=_files(3)),
            names,
            *(Step("getFile", path={"fileId": _named(f"file{place}")}, optional=True) for place in range(3)),
        ),
    )
    entry = replace(names, gives=(Gift("next", "/data/0/_links/self/href", "link"),))
    yield Case("the link of a file's bytes", (entry, whole, replace(whole, target="${next}")))
    for start in range(5):
        one = {"limit": "1", "start": str(start)}
        yield Case(f"file {start} of a batch", (listed, replace(listed, query=one)))
    more = replace(listed, gives=(Gift("next", "/_links/next/href", "link"),))
    follow = replace(more, target="${next}")
    yield Case("files page by page", (listed, replace(more, query={"limit": "1"}), follow, follow, follow))
    meta = Step("listMetaFiles", path={"batchId": _named("batch")}, owed=Owed((200, 404), "EXP-FILES-021"))
    inputs = replace(meta, query={"path": "input_files"}, gives=(Gift("next", "/data/0/_links/self/href", "link"),))
    said = replace(meta, target="${next}", owed=Owed(ACCEPTED, "EXP-FILES-032", "SHOULD"))
    yield Case("what went into a batch", (meta, inputs, said))
    yield Case("what went wrong in a batch", (replace(meta, query={"path": "row_errors"}),))


def _policies() -> Iterator[Case]:
    for number in range(1, 5):
        one = Step(
            "getMergePolicy",
            path={"mergePolicyId": _named(f"policy{number}")},
            owed=Owed(ACCEPTED, "facts, merge-policies section Operations"),
        )
        yield Case(
            f"merge policy {number}",
            (Step("listMergePolicies"), one, replace(one, path={"mergePolicyId": _named("policy1")})),
        )


def _between(contract: Contract) -> Iterator[Case]:
    """Whatever belongs to one tenant, asked for by the others."""
    for who in _OTHERS:
        for operation in contract.operations.values():
            step = draft(contract, operation)
            own = [p["name"] for p in parameters(contract.document, operation) if p["in"] == "path"]
            if FOREIGN.intersection(own) and any("${" in value for value in step.path.values()):
                foreign = replace(step, who=who, owed=None)
                yield Case(f"{operation.id} of {who}", (step, foreign, step))
                if operation.id == "getFile":
                    read = replace(foreign, query={"path": _named("part")})
                    yield Case(f"the bytes of a file of {who}", (read, replace(read, headers={"range": "bytes=0-9"})))
                if operation.id == "listMetaFiles":
                    yield Case(f"what went into a batch of {who}", (replace(foreign, query={"path": "input_files"}),))
        yield Case(
            f"the jobs that {who} is listed",
            tuple(
                Step("listExportJobs", who, query=query) for query in ({}, {"limit": "100"}, {"status": "SUCCEEDED"})
            ),
        )
        several = pages(limit="1")
        turn = (replace(several, who=who), *(replace(several, who=who, query={}, target="${next}") for _ in range(2)))
        yield Case(f"the pages of {who}", (replace(several, who=who, query={"limit": "100"}), *turn))
        yield Case(f"the only page of {who}", (replace(several, who=who, query={"limit": "100"}), turn[1]))
        yield Case(f"the datasets that {who} is listed", (Step("listDatasets", who, query={"limit": "100"}),))
        steps = (
            create("new", least_job("${spare}")),
            Step("cancelExportJob", who, path={"exportJobId": _named("new")}),
        )
        yield Case(f"a job that {who} cancels", (*steps, look("new"), look("new", until=ENDED)))
        source = "EXP-ISO-005" if who == "sibling" else "EXP-ISO-016"
        into = replace(create("new", least_job("${dataset}"), who=who), owed=Owed(REFUSED, source, "SHOULD"), gives=())
        yield Case(f"a job of {who} into a foreign dataset", (into, pages(limit="1")))


def _spoken(contract: Contract) -> Iterator[Case]:
    """The same call in other words that mean the same."""
    for operation in contract.operations.values():
        step = draft(contract, operation)
        if operation.id == "listExportJobs":
            step = replace(step, query={"limit": "2"})
        if operation.service == "ims" or step.owed is None or operation.method == "DELETE":
            continue
        small = Owed(step.owed.statuses, "EXP-AUTH-013")
        yield Case(
            f"{operation.id} with a small bearer",
            (replace(step, headers={"authorization": "bearer ${own.token}"}, owed=small),),
        )
        xdm = Owed(step.owed.statuses, "EXP-AUTH-015", "SHOULD")
        yield Case(
            f"{operation.id} for XDM", (replace(step, headers={"accept": "application/vnd.adobe.xdm+json"}, owed=xdm),)
        )
        if operation.method == "GET":
            typed = Owed(step.owed.statuses, "EXP-AUTH-014")
            yield Case(
                f"{operation.id} with a content type",
                (replace(step, headers={"content-type": "application/json"}, owed=typed),),
            )
        yield Case(f"{operation.id} as it should be", (step,))
