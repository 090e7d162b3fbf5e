"""Merging, judged on servers that get one thing wrong in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from pytest_aep_export.suite.verdicts import Verdict
from tests.suite.defective import (
    STITCHED,
    Body,
    Defect,
    Defective,
    Rows,
    Wrong,
    doubts,
    each_job,
    each_row,
    expect_found,
    judged,
    serve,
)

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

BY_TIME = "0bf16e61-90e9-4204-b8fa-ad250360957b"
IN_ORDER = "e5bc94de-cd14-4cdf-a2bc-88b6e8cbfac2"


def policy(**by_id: str) -> Callable[[Body], object]:
    """Takes one merge policy for another."""
    known = {"none": None, "by_time": BY_TIME, "in_order": IN_ORDER, "stitched": STITCHED}
    swaps = {known[name]: known[other] for name, other in by_id.items()}

    def change(request: Body) -> None:
        asked = request.get("mergePolicy", {}).get("id")
        if asked in swaps and request.get("fields", "identityMap") == "identityMap":
            request["mergePolicy"] = {"id": swaps[asked], "version": 1}

    return change


def halved(rows: Rows) -> Rows:
    """Tears the first row in two, between its identities."""
    first, *others = rows
    pieces = [first | {"identityMap": [pair]} for pair in first["identityMap"]]
    return [*pieces, *others]


def crowded(count: int) -> Callable[[Rows], Rows]:
    """Gives everybody so many identities."""
    return each_row(lambda row: row.update(identityMap=[("ECID", [{"id": str(n)} for n in range(count)])]))


WRONG: dict[str, Wrong] = {
    "another policy is the default": (
        Defect(policy(none="in_order")),
        "EXP-MERGE-001 or EXP-MERGE-002",
        {"EXP-MERGE-001": "warn"},
    ),
    "another policy is shown than applied": (
        Defect(answer=each_job(lambda job: job["mergePolicy"].update(id=STITCHED))),
        "EXP-MERGE-002",
        {"EXP-MERGE-002": "warn"},
    ),
    "another version is shown": (
        Defect(answer=each_job(lambda job: job["mergePolicy"].update(version=7))),
        "EXP-MERGE-004",
        {"EXP-MERGE-004": "fail"},
    ),
    "nothing is stitched": (
        Defect(policy(stitched="by_time")),
        "EXP-MERGE-005 or EXP-MERGE-006",
        {"EXP-MERGE-005": "warn"},
    ),
    "profiles are torn": (
        Defect(rows=halved, where=lambda request: request.get("mergePolicy", {}).get("id") == STITCHED),
        "EXP-MERGE-005 or EXP-MERGE-006",
        {"EXP-MERGE-006": "warn"},
    ),
    "datasets are merged that are not listed": (
        Defect(policy(in_order="stitched")),
        "EXP-MERGE-007",
        {"EXP-MERGE-007": "warn"},
    ),
    "profiles have too many identities": (
        Defect(rows=crowded(51)),
        "EXP-MERGE-008",
        {"EXP-MERGE-008": "warn"},
    ),
}


@pytest.mark.parametrize("what", sorted(WRONG))
def test_what_is_wrong_is_found(watcher: Any, what: str):
    """A server that merges wrongly breaks exactly the requirements that speak of it."""
    expect_found(watcher, WRONG[what])


@pytest.mark.parametrize(("policy_id", "expected"), [(BY_TIME, {}), (IN_ORDER, {"EXP-MERGE-003": "fail"})])
def test_the_policy_of_a_segment(watcher: Any, policy_id: str, expected: dict[str, str]):
    """Where segments have definitions, a job of one segment has to name the policy in that of the segment."""

    class Defined(Defective):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            if "/segment/definitions/" not in scope["path"]:
                await super().__call__(scope, receive, send)
                return
            body = json.dumps({"mergePolicyId": policy_id}).encode()
            headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": body})

    with serve(wrapper=Defined) as target:
        found = judged(target, watcher, "EXP-MERGE-003")
    assert doubts(found) == expected
    assert Verdict.NOT_APPLICABLE not in found.values()


def test_as_many_identities_as_there_may_be(watcher: Any):
    """A profile with fifty identities shows that the limit is kept."""
    with serve(Defect(rows=crowded(50))) as target:
        assert judged(target, watcher, "EXP-MERGE-008") == {"EXP-MERGE-008": Verdict.PASS}
