"""The stage: what cases refer to, made once for each set of parties and judged as any other case is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pytest_aep_export.fuzz.cases import ACCEPTED, Case, Gift, Owed, Step, Who

__all__ = ["ENDED", "EVENTS_UNION", "STAGE", "UNION", "dataset", "token"]

ENDED: Final = ("SUCCEEDED", "FAILED", "CANCELLED")
"""The statuses that a job ends in."""

_TYPE: Final = "application/vnd.adobe.xed+json;version=1"
UNION: Final = {"id": "https://ns.adobe.com/xdm/context/profile__union", "contentType": _TYPE}
EVENTS_UNION: Final = {"id": "https://ns.adobe.com/xdm/context/experienceevent__union", "contentType": _TYPE}

_POLICIES: Final = 4
"""How many of the tenant's merge policies are named."""


def token(who: Who) -> Step:
    """A request for a party's token."""
    form = {
        "grant_type": "client_credentials",
        "client_id": f"${{{who}.client_id}}",
        "client_secret": f"${{{who}.client_secret}}",
        "scope": f"${{{who}.scopes}}",
    }
    gift = Gift(f"{who}.token", "/access_token")
    return Step("requestToken", who, body=form, owed=Owed(ACCEPTED, "EXP-AUTH-001"), gives=(gift,))


def dataset(name: str, who: Who = "own", schema: dict[str, str] = UNION, more: Mapping[str, Any] | None = None) -> Step:
    """A request for a dataset, whose id has a name from then on."""
    body = {"name": "fuzzed profiles", "schemaRef": schema, **(more or {})}
    owed = Owed(ACCEPTED, "EXP-DATASET-004" if more else "EXP-DATASET-001") if schema == UNION else None
    return Step("createDataset", who, body=body, owed=owed, gives=(Gift(name, "/0", "tail"),))


def _named(name: str) -> str:
    return f"${{{name}}}"


def _stage(who: Who) -> Case:
    prefix = "" if who == "own" else f"{who}."
    target, job, batch, file = (f"{prefix}{name}" for name in ("dataset", "job", "batch", "file"))
    request = {"destination": {"datasetId": _named(target)}, "schema": {"name": "_xdm.context.profile"}}
    policies = (Gift(f"{prefix}policy{place + 1}", f"/children/{place}/id") for place in range(_POLICIES))
    spare = (dataset("spare"), dataset("events.dataset", schema=EVENTS_UNION)) if who == "own" else ()
    steps = (
        token(who),
        Step("listMergePolicies", who, gives=tuple(policies)),
        dataset(target, who),
        *spare,
        Step("createExportJob", who, body=request, owed=Owed(ACCEPTED, "EXP-CREATE-008"), gives=(Gift(job, "/id"),)),
        Step(
            "getExportJob",
            who,
            path={"exportJobId": _named(job)},
            owed=Owed(ACCEPTED, "EXP-WATCH-001"),
            gives=(Gift(batch, "/destination/batchId"),),
            until=ENDED,
        ),
        Step(
            "listBatchFiles",
            who,
            path={"batchId": _named(batch)},
            owed=Owed(ACCEPTED, "EXP-FILES-001"),
            gives=(Gift(file, "/data/0/dataSetFileId"),),
        ),
        Step(
            "getFile",
            who,
            path={"fileId": _named(file)},
            owed=Owed(ACCEPTED, "EXP-FILES-004"),
            gives=(Gift(f"{prefix}part", "/data/0/name"), Gift(f"{prefix}length", "/data/0/length")),
        ),
    )
    return Case(f"the stage of {who}", steps)


STAGE: Final = (_stage("own"), _stage("sibling"), _stage("other"))
"""One case for each party that there is; what ``own`` has is named without a prefix."""
