"""Drafts: requests that are right, of every operation of the contract, made of what the stage has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

from pytest_aep_export.contract import Contract, Operation
from pytest_aep_export.contract.document import Node, parameters, resolve
from pytest_aep_export.fuzz.cases import ACCEPTED, Gift, Owed, Step, Who
from pytest_aep_export.fuzz.stage import token

__all__ = ["FOREIGN", "draft", "least_job", "made_before", "removed_after", "sample_job"]

_KNOWN: Final[Mapping[str, str]] = {
    "batchId": "${batch}",
    "datasetId": "${dataset}",
    "exportJobId": "${job}",
    "fileId": "${file}",
    "mergePolicyId": "${policy1}",
}
"""What stands for a parameter of the path, by its name."""

FOREIGN: Final = frozenset({"batchId", "datasetId", "exportJobId", "fileId"})
"""Those that name what belongs to one tenant only."""

_READS: Final = frozenset({"GET", "HEAD"})

_MADE: Final[Mapping[str, Gift]] = {"createDataset": Gift("made", "/0", "tail")}
"""Where an answer says what was made; elsewhere it is the answer's ``id``."""

_OWED: Final[Mapping[str, Owed]] = {
    "cancelExportJob": Owed((200, 499), "EXP-CANCEL-005"),
    "createDataset": Owed(ACCEPTED, "EXP-DATASET-001"),
    "createExportJob": Owed(ACCEPTED, "EXP-CREATE-001"),
    "getBatch": Owed(ACCEPTED, "EXP-FILES-015", "SHOULD"),
    "getDataset": Owed(ACCEPTED, "EXP-DATASET-003"),
    "getExportJob": Owed(ACCEPTED, "EXP-WATCH-001"),
    "getFile": Owed(ACCEPTED, "EXP-FILES-004"),
    "getMergePolicy": Owed(ACCEPTED, "facts, merge-policies section Operations"),
    "headFile": Owed(ACCEPTED, "EXP-FILES-007"),
    "listBatchFiles": Owed(ACCEPTED, "EXP-FILES-001"),
    "listDatasets": Owed(ACCEPTED, "facts, catalog section Read datasets"),
    "listExportJobs": Owed(ACCEPTED, "EXP-LIST-001"),
    "listFailedFiles": Owed(ACCEPTED, "EXP-FILES-020"),
    "listMergePolicies": Owed(ACCEPTED, "facts, merge-policies section Operations"),
    "previewDataset": Owed(ACCEPTED, "EXP-FILES-017"),
}
"""What a request without a mistake is owed, where a source says that there is such an answer."""


@lru_cache(maxsize=256)
def draft(contract: Contract, operation: Operation, who: Who = "own") -> Step:
    """A request of an operation that is right, with no more than it needs.

    What is known of the stage is named; what else an operation needs is as the contract's own examples have it. An
    operation that changes something, and is none of those known here, gets nothing of the stage to change, but what
    the step of `made_before` makes.
    """
    if operation.service == "ims":
        return _token(operation, who)
    node = contract.document["paths"][operation.path][operation.method.lower()]
    known = operation.method in _READS or operation.id in _OWED
    declared = parameters(contract.document, operation)
    names = [p for p in declared if p["in"] == "path"]
    path = {p["name"]: _value(contract, p, _KNOWN) if known else "${made}" for p in names}
    needed = (p for p in declared if p["in"] == "query" and p.get("required"))
    query = {p["name"]: "${part}" if p["name"] == "path" else _value(contract, p, {}) for p in needed}
    return Step(operation.id, who, path, query, body=_body(operation, node), owed=_OWED.get(operation.id))


@lru_cache(maxsize=64)
def made_before(contract: Contract, operation: Operation) -> tuple[Step, ...]:
    """What makes the thing that an operation changes: the POST on the path above its own; none where it needs none."""
    above, _, last = operation.path.rpartition("/")
    made = contract.match("POST", above) if last.startswith("{") else None
    if operation.method in _READS or operation.id in _OWED or made is None:
        return ()
    return (replace(draft(contract, made.operation), gives=(_MADE.get(made.operation.id, Gift("made", "/id")),)),)


@lru_cache(maxsize=64)
def removed_after(contract: Contract, operation: Operation) -> tuple[Step, ...]:
    """What removes the thing that was made for an operation to change it; none where it removes it itself."""
    removing = contract.match("DELETE", operation.path)
    if not made_before(contract, operation) or operation.method == "DELETE" or removing is None:
        return ()
    return (replace(draft(contract, removing.operation), optional=True),)


def _token(operation: Operation, who: Who) -> Step:
    asked = token(who)
    return Step(operation.id, who, body=asked.body, owed=asked.owed)


def _value(contract: Contract, parameter: Node, known: Mapping[str, str]) -> str:
    if parameter["name"] in known:
        return known[parameter["name"]]
    schema = resolve(contract.document, parameter["schema"])
    examples = [*schema.get("examples", ()), *map(str, schema.get("enum", ())), schema.get("default")]
    return str(next((example for example in examples if example is not None), "1"))


def _body(operation: Operation, node: Node) -> Any:
    if operation.id == "createExportJob":
        return sample_job("${spare}")
    content = node.get("requestBody", {}).get("content", {}).get("application/json", {})
    examples = [example["value"] for example in content.get("examples", {}).values()]
    chosen = next((each for each in examples if "/default" not in str(each)), examples[0] if examples else None)
    return {**chosen, "default": False} if isinstance(chosen, dict) and "default" in chosen else chosen


def least_job(dataset: str = "${dataset}") -> dict[str, Any]:
    """What a request for a job cannot leave out."""
    return {"destination": {"datasetId": dataset}, "schema": {"name": "_xdm.context.profile"}}


def sample_job(dataset: str = "${dataset}") -> dict[str, Any]:
    """The request that the seed shows, for the stage's dataset and policy."""
    return {
        "fields": "identities.id,personalEmail.address",
        "mergePolicy": {"id": "${policy1}", "version": 1},
        "additionalFields": {
            "eventList": {
                "fields": "environment.browserDetails.name,environment.browserDetails.version",
                "filter": {"fromIngestTimestamp": "2018-10-25T13:22:04-07:00"},
            }
        },
        "destination": {"datasetId": dataset, "segmentPerBatch": False},
        "schema": {"name": "_xdm.context.profile"},
    }
