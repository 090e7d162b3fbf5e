"""Personas that get the merging of profiles wrong: which policy, which graph, and which of several values wins."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from pytest_aep_export.emulator.personas.answers import NO_ENTITY, answered, any_like, body, job, on, repeated
from pytest_aep_export.emulator.personas.edits import at, drop, put
from pytest_aep_export.emulator.personas.exports import Row, Rows, each_row, planned, rows
from pytest_aep_export.emulator.personas.requests import asked
from pytest_aep_export.emulator.personas.tables import (
    foreign,
    lenient,
    missing,
    reordered,
    stale,
    table,
    truncated,
    wrong,
)
from pytest_aep_export.profiles.policies import DEFAULT_SEGMENTS

if TYPE_CHECKING:
    import pyarrow as pa

    from pytest_aep_export.emulator.journal import Journal
    from pytest_aep_export.emulator.state import State
    from pytest_aep_export.emulator.tenants import Sandbox
    from pytest_aep_export.exchange import Exchange, Response
    from pytest_aep_export.exporter.plan import ExportPlan
    from pytest_aep_export.profiles import ProfileData

__all__ = ["MERGE"]


_IN_ORDER: Final = {"id": "e5bc94de-cd14-4cdf-a2bc-88b6e8cbfac2", "version": 1}
_BY_TIME: Final = {"id": "0bf16e61-90e9-4204-b8fa-ad250360957b", "version": 1}
_MANY: Final = 51
_LISTED: Final = "listMergePolicies"
_SHOWN: Final = "getMergePolicy"


def _stitched(plan: ExportPlan) -> bool:
    return plan.graph == "pdg"


def _unnamed(policy: dict[str, Any], *, segments: bool) -> Any:
    """Applies a policy to requests that name none, with or without one segment."""

    def edit(document: Any) -> Any:
        asked_for = bool(document.get("filter", {}).get("segments"))
        return {"mergePolicy": policy, **document} if asked_for is segments else document

    return edit


def _torn(found: Rows) -> Rows:
    """Tears the first row that has several identities in two, between them."""
    for place, row in enumerate(found):
        identities = row.get("identityMap") or ()
        if len(identities) > 1:
            pieces = [row | {"identityMap": [pair]} for pair in identities]
            return [*found[:place], *pieces, *found[place + 1 :]]
    return found


def _with_neighbours(found: Rows) -> Rows:
    """Gives everybody the identities of a neighbour besides their own."""
    if not found or "identityMap" not in found[0]:
        return found
    every = [list(row["identityMap"] or ()) for row in found]
    return [
        row | {"identityMap": own + more} for row, own, more in zip(found, every, [*every[1:], *every[:1]], strict=True)
    ]


def _crowded(row: Row) -> None:
    if "identityMap" in row:
        row["identityMap"] = [("ECID", [{"id": str(number)} for number in range(_MANY)])]


def _published(exchange: Exchange, earlier: Journal) -> Response:
    """The definition of a segment, with a merge policy that no export of it applies."""
    known = {segment.id: segment.policy for segment in DEFAULT_SEGMENTS}
    name = exchange.request.path.rpartition("/segment/definitions/")[2]
    if name not in known:
        return exchange.response
    other = next(policy["id"] for policy in (_IN_ORDER, _BY_TIME) if policy["id"] != known[name])
    return answered(HTTPStatus.OK, {"id": name, "mergePolicyId": other})(exchange, earlier)


def _backwards(sandbox: Sandbox, _: State) -> ProfileData:
    """The data as if what was ingested first had been ingested last."""
    import pyarrow.compute as pc  # noqa: PLC0415 - heavy, and loaded by whoever exports

    from pytest_aep_export.profiles import ProfileData  # noqa: PLC0415 - the same

    data = sandbox.data
    fragments: pa.Table = data.fragments
    times = fragments["ingestTime"]
    span = pc.min_max(times)
    turned = pc.add(span["min"], pc.subtract(span["max"], times)).cast(times.type)
    place = fragments.schema.get_field_index("ingestTime")
    return ProfileData.of(
        fragments.set_column(place, fragments.schema.field(place), turned), data.events, union=data.union
    )


MERGE: Final = table(
    "MERGE",
    {
        "another-default-policy": wrong(
            "A request without a merge policy is exported by another one than the default.",
            around=asked(_unnamed(_IN_ORDER, segments=False)),
        ),
        "shows-another-policy": wrong(
            "A job shows another merge policy than the one that it applies.",
            job(put("mergePolicy/id", "stitched-by-time")),
        ),
        "segment-policy-not-applied": wrong(
            "The definition of a segment names another merge policy than its exports apply.", _published
        ),
        "shows-another-version": wrong(
            "A job shows another version of its merge policy.", job(put("mergePolicy/version", 7))
        ),
        "shows-earlier-version": stale(
            "A job shows the version before the latest of its merge policy.",
            job(at("mergePolicy/version", lambda version: version - 1)),
        ),
        "policies-without-graph": missing(
            "Merge policies are listed without their graph.", on(_LISTED, body(drop("children/*/identityGraph")))
        ),
        "policies-of-unknown-graph": wrong(
            "Merge policies are listed with a graph that there is not.",
            on(_LISTED, body(put("children/*/identityGraph/type", "public"))),
        ),
        "policies-in-object": wrong(
            "Merge policies are listed in an object.",
            on(_LISTED, body(at("children", lambda found: {each["id"]: each for each in found}))),
        ),
        "policy-not-found": missing(
            "No merge policy is found under its id.", on(_SHOWN, answered(HTTPStatus.NOT_FOUND, NO_ENTITY))
        ),
        "shows-first-policy": stale(
            "Every merge policy is shown as the one that was shown first.", on(_SHOWN, repeated(any_like))
        ),
        "policy-without-order": truncated(
            "A merge policy is shown without the order of its datasets.", on(_SHOWN, body(drop("attributeMerge/order")))
        ),
        "never-stitches": wrong("The private graph stitches nothing.", plan=planned(graph="none")),
        "tears-profiles": wrong("With the private graph a profile is torn in two.", write=rows(_torn, _stitched)),
        "precedence-adds-identities": foreign(
            "Merging by the precedence of datasets gives everybody the identities of a neighbour too.",
            write=rows(_with_neighbours, lambda plan: plan.order is not None),
        ),
        "merges-unlisted-datasets": wrong(
            "Merging by the precedence of datasets merges all datasets.", plan=planned(order=None)
        ),
        "too-many-identities": lenient(
            "Profiles of more than fifty identities are exported.", write=each_row(_crowded)
        ),
        "order-of-datasets-reversed": reordered(
            "The weakest dataset of a merge policy wins.",
            plan=lambda plan: replace(plan, order=plan.order and plan.order[::-1]),
        ),
        "first-value-wins": stale("Where the latest value should win, the first one does.", read=_backwards),
        "always-stitches": wrong("Profiles are stitched even without a graph.", plan=planned(graph="pdg")),
    },
)
