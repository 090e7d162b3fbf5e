"""Rules say what they say of anything: no answer of a server and no request of a client makes one break down."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from pytest_aep_export.exchange import Exchange, Headers
from pytest_aep_export.judge.rules import RULES
from pytest_aep_export.judge.trace import Performance, Trace, Truth
from tests.judge.traces import JOBS, Wire, export, job

NAMES: Final = (
    *("id", "status", "destination", "datasetId", "dataSetId", "batchId", "batches", "creationTime", "errors", "msg"),
    *("records", "link", "next", "page", "pageOffset", "data", "_links", "href", "_page", "count", "name", "length"),
    *("dataSetFileId", "access_token", "expires_in", "schemaRef", "schema", "filter"),
)
SCALARS: Final = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from(["", "NEW", "FAILED", "http://[", "é", "\ud800"]),
)
VALUES: Final = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=12,
)
HEADERS: Final = {
    "retry-after": ["", "-1", "soon", "Mon, 01 Jan 0001 00:00:00 +0000", "٣", "99999999999999999999"],
    "content-length": ["", "x", "-1", "0", "999"],
    "content-range": ["bytes 5-1/3", "bytes */8", "nothing"],
    "content-encoding": ["gzip", "br"],
    "date": ["yesterday"],
}
STATUSES: Final = (0, 200, 201, 204, 206, 401, 403, 404, 429, 500, 503)


def everything() -> list[Exchange]:
    """One exchange of each kind, and more."""
    wire: Wire = export()
    wire.page(9, 8, link="/export/jobs?offset=1_1")
    wire.cancel()
    wire.call("POST", f"{JOBS}/7", "")
    return wire.exchanges


@st.composite
def spoiled(draw: st.DrawFn) -> Trace:
    """An export in which any answers, requests and headers are others than they should be."""
    exchanges = everything()
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(exchanges) - 1))
        exchanges[place] = changed(draw, exchanges[place])
    said: dict[str, Any] = {"end": draw(st.sampled_from(["success", "failure", "crash", "timeout", "unknown"]))}
    performance = Performance(**said, jobs=("7", ""), rows=({"a": "é"},), files={"p.parquet": b"PAR"}, output=b"\xff")
    truth = Truth((job(),), {"7": ({"a": "é"},)}, {"B/p.parquet": b"PAR1PAR1"})
    ending = draw(st.sampled_from(["success", "failure", "either"]))
    task = draw(st.sampled_from(["export", "list", "cancel"]))
    scenario = Wire().trace(ending, task=task).scenario if draw(st.booleans()) else None
    return Trace(tuple(exchanges), scenario, performance, truth)


def changed(draw: st.DrawFn, exchange: Exchange) -> Exchange:
    """The exchange with something else in it."""
    body = json.dumps(draw(VALUES)).encode() if draw(st.booleans()) else draw(st.binary(max_size=20))
    if draw(st.booleans()):
        return replace(exchange, request=replace(exchange.request, body=body))
    name = draw(st.sampled_from(sorted(HEADERS)))
    headers = Headers({name: draw(st.sampled_from(HEADERS[name]))})
    response = replace(exchange.response, status=draw(st.sampled_from(STATUSES)), headers=headers, body=body)
    return replace(exchange, response=replace(response, cut=draw(st.booleans())))


@given(spoiled())
def test_no_rule_breaks_down(trace: Trace):
    """Each rule ends, and what it says can be shown."""
    for requirement, rule in RULES.items():
        for outcome in rule(trace):
            assert f"{requirement}{outcome.required}{outcome.found}".isprintable() or outcome.found
