"""The contract, cassettes and a target held against each other."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from pytest_aep_export.cassettes import read
from pytest_aep_export.cassettes.drift import Drift, Finding, compare
from pytest_aep_export.cassettes.observed import Observed, Place, Sighting, Take, observe, take_of
from pytest_aep_export.cassettes.selection import select
from pytest_aep_export.contract import load
from pytest_aep_export.exchange import Headers, Request, Response

JOBS = "/data/core/ups/export/jobs"
DATASETS = "/data/foundation/catalog/dataSets"
PAGE = {"records": [], "page": {"sortField": "createdTime", "sort": "desc", "pageOffset": "", "pageSize": 0}}


def _take(name: str, body: Any, path: str = JOBS, *, date: str = "2026-11-24", status: int = 200) -> Take:
    """One GET, and its answer."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = Response(status, Headers({"content-type": "application/json"}), content)
    return Take(name, date, ((Request("GET", f"https://platform.adobe.io{path}"), answer),))


def _compared(*cassettes: Take, target: tuple[Take, ...] | None = None) -> Drift:
    contract = load()
    return compare(contract, observe(cassettes, contract), None if target is None else observe(target, contract))


def _places(findings: list[Finding]) -> list[tuple[str, int | None, str]]:
    return [(finding.operation, finding.status, finding.pointer) for finding in findings]


def test_an_added_member_is_undocumented_since_it_was_first_seen():
    """A member that the contract does not name is drift; its cassettes are named, and the earliest of their dates."""
    more = PAGE | {"trace": {"inner": 1}}
    drift = _compared(
        _take("a/new", more, date="2026-10-03"), _take("a/newer", more, date="2026-11-01"), _take("a/old", PAGE)
    )
    assert drift.drifted
    (found,) = drift.of("undocumented")
    assert (found.operation, found.status, found.pointer) == ("listExportJobs", 200, "/trace")
    assert found.cassettes == Sighting(("a/new", "a/newer"), "2026-10-03")
    assert (found.documented, found.in_cassettes, found.target) == ((), ("object",), None)


def test_a_member_that_is_added_to_a_shipped_cassette_is_found():
    """What the library shows is documented; one more member in one of its answers is not."""
    (name, path), *_ = select(["export/succeeded"]).items()
    recording = read(name, path)
    assert not _compared(take_of(recording)).drifted
    last = next(one for one in recording.interactions if b'"SUCCEEDED"' in one.response.body)
    body = json.loads(last.response.body) | {"queue": "fast"}
    changed = replace(last, response=replace(last.response, body=json.dumps(body).encode()))
    others = tuple(changed if one is last else one for one in recording.interactions)
    drift = _compared(take_of(replace(recording, interactions=others)))
    assert _places(drift.of("undocumented")) == [("getExportJob", 200, "/queue")]
    assert drift.of("undocumented")[0].cassettes == Sighting((name,), recording.metadata.date)


def test_an_undocumented_status_is_drift():
    """Nothing is said of the body of an answer that is not documented itself."""
    drift = _compared(_take("a/b", {"x": 1}, status=418))
    assert _places(drift.of("undocumented")) == [("listExportJobs", 418, "")]
    assert drift.drifted


def test_a_type_that_the_contract_does_not_allow_has_changed():
    """The types are told; an integer is a number, and null where null is allowed is no change."""
    page = PAGE | {"link": {"next": None}, "page": PAGE["page"] | {"pageSize": "0"}}
    (found,) = _compared(_take("a/b", page)).of("changed")
    assert (found.pointer, found.documented, found.in_cassettes) == ("/page/pageSize", ("integer",), ("string",))


def test_types_that_cassettes_and_target_do_not_share_have_changed():
    """Both are documented, but the one is never the other; where they share one, nothing has changed."""
    number, text = ({"records": [{"id": value}]} for value in (7, "7"))
    drift = _compared(_take("a/b", number), target=(_take("t", text),))
    assert _places(drift.of("changed")) == [("listExportJobs", 200, "/records/*/id")]
    both = _compared(_take("a/b", number), target=(_take("t", text), _take("u", number)))
    assert not both.of("changed")
    nothing = _compared(_take("a/b", {"link": {"next": None}}), target=(_take("t", {"link": {"next": "/x"}}),))
    assert not nothing.of("changed")


def test_keys_of_maps_are_no_members():
    """Ids of datasets differ from answer to answer, and are documented all the same."""
    drift = _compared(
        _take("a/b", {"5b020a27e7040801dedba61b": {"name": "x"}}, DATASETS),
        target=(_take("t", {"5b020a27e7040801dedba61c": {"name": "x"}}, DATASETS),),
    )
    assert not drift.drifted
    assert not drift.of("only-cassettes")
    assert not drift.of("only-target")


def test_what_was_never_seen():
    """Of an operation, a status or a member that nobody has seen only the outermost is told."""
    drift = _compared(_take("a/b", {"records": [], "page": {}}))
    unseen = _places(drift.of("unseen"))
    assert ("getExportJob", None, "") in unseen
    assert ("listExportJobs", 404, "") in unseen
    assert ("listExportJobs", 200, "/records/*") in unseen
    assert ("listExportJobs", 200, "/link") in unseen
    assert not [pointer for _, _, pointer in unseen if pointer.startswith(("/records/*/", "/link/"))]
    assert not drift.drifted


def test_members_of_refusals_and_tolerated_statuses_are_not_missed():
    """A refusal has one of several envelopes; a status that is only put up with is not waited for."""
    drift = _compared(_take("a/b", {"error_code": "403010", "message": "x"}, status=403), _take("a/c", PAGE))
    assert not [p for p in _places(drift.of("unseen")) if p[0] == "listExportJobs" and p[1] == 403]
    created = Take("a/d", "", ((Request("POST", JOBS), Response(200)), (Request("POST", JOBS), Response(201))))
    assert not [p for p in _places(_compared(created).of("unseen")) if p[0] == "createExportJob" and p[1] in {201, 202}]


def test_what_only_one_side_shows():
    """A status on one side is told as a whole; members only where the status is on both; operations likewise."""
    cassette = (_take("a/b", PAGE), _take("a/c", {"status": 400}, status=400))
    target = (_take("t", PAGE | {"link": {"next": ""}}), _take("t", {"x": {}}, DATASETS))
    drift = _compared(*cassette, target=target)
    assert _places(drift.of("only-cassettes")) == [("listExportJobs", 400, "")]
    assert _places(drift.of("only-target")) == [("listDatasets", 200, ""), ("listExportJobs", 200, "/link")]
    assert not drift.drifted
    assert (drift.cassettes, drift.target) == (2, 2)


def test_without_a_target_nothing_is_missing_there():
    """Two sides are compared as two."""
    drift = _compared(_take("a/b", PAGE))
    assert drift.target is None
    assert not drift.of("only-cassettes")


def test_calls_outside_the_contract_are_named():
    """The contract knows one workflow of a large API: what else is recorded is told, and is no drift."""
    drift = _compared(_take("a/b", {}, "/data/foundation/schemaregistry/stats"), _take("a/c", PAGE))
    (found,) = drift.of("outside")
    assert found.operation == "GET /data/foundation/schemaregistry/stats"
    assert not drift.drifted


def test_a_refused_method_speaks_for_all_operations_of_its_path():
    """405 is documented with the operations of a path, and seen when another method is tried; other answers are not."""
    refused = Take("a/b", "", ((Request("PUT", JOBS), Response(405)), (Request("PUT", JOBS), Response(200))))
    seen = observe([refused], load())
    assert seen.places.keys() == {Place("createExportJob", 405), Place("listExportJobs", 405)}
    assert seen.outside.keys() == {f"PUT {JOBS}"}


@pytest.mark.parametrize("response", [Response(0), Response(200, body=b"{", cut=True)])
def test_answers_that_did_not_come_show_nothing(response):
    """What ended early is no evidence."""
    seen = observe([Take("a/b", "", ((Request("GET", JOBS), response),))], load())
    assert seen == Observed(1)


@pytest.mark.parametrize(("body", "media"), [(b"<html>", "text/html"), (b"{", "application/json")])
def test_a_body_that_is_no_json_has_another_type(body, media):
    """Where JSON is documented, that is a change."""
    answer = Response(200, Headers({"content-type": media}), body)
    (found,) = _compared(Take("a/b", "", ((Request("GET", JOBS), answer),))).of("changed")
    assert (found.pointer, found.in_cassettes) == ("", ("bytes",))


def test_sightings_are_joined():
    """Names once each and in order, the earliest of the dates that are known."""
    one, other = Sighting(("b",), "2026-01-02"), Sighting(("a", "b"))
    assert one.joined(other) == other.joined(one) == Sighting(("a", "b"), "2026-01-02")
    assert other.joined(other).first == ""
    assert Observed().at(Place("x", 200)) is None


def test_the_library_shows_no_drift():
    """Everything in the cassettes that this package ships is documented."""
    drift = _compared(*(take_of(read(name, path)) for name, path in select().items()))
    assert [(f.operation, f.status, f.pointer) for f in drift.findings if f.kind in {"undocumented", "changed"}] == []
    assert not drift.drifted
