"""The switches for what the sources leave open: unselected fields, earlier batches, the order of rows."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from pytest_aep_export.emulator import Behaviour, Emulator, EmulatorServer
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.exporter import reference
from pytest_aep_export.exporter.plan import plan
from pytest_aep_export.lifecycle import Progression
from pytest_aep_export.markers import BEHAVIOUR
from pytest_aep_export.model import UNION_SCHEMA, JobStatus
from pytest_aep_export.profiles.policies import DEFAULT_POLICIES, DEFAULT_SEGMENTS
from tests.emulator.reading import exported, table, unordered

BATCHES = "/data/foundation/catalog/batches"
DATASETS = "/data/foundation/catalog/dataSets"
BATCH_FILES = "/data/foundation/export/batches/{}/files"
FILES = "/data/foundation/export/files"
SEGMENTS = [{"segmentId": segment.id} for segment in DEFAULT_SEGMENTS[:2]]
SELECTED = {
    "fields": "identityMap.ECID.id,person.name.lastName,segmentMembership.aam",
    "additionalFields": {"eventList": {"fields": "web.webPageDetails.URL"}},
}


# -- What is not selected


@pytest.mark.parametrize("changes", [SELECTED, {"fields": "personID"}, {}], ids=["parts", "a column", "everything"])
def test_what_is_not_selected_can_be_null(make_api, changes):
    """The files have every column of the union, and hold what the oracle says."""
    api = make_api(unselected="null", part_rows=40)
    found = exported(api, **changes)
    asked = replace(plan(changes, DEFAULT_POLICIES[0]), unselected="null")
    assert found.schema.names == list(reference.shape(asked).members)
    assert unordered(found.to_pylist()) == unordered(reference.rows(asked, api.tenant.data))


def test_what_is_not_selected_is_dropped_by_default(api):
    """Only what was asked for is in the files."""
    assert exported(api, fields="personID").schema.names == ["personID"]


# -- The order of rows


def test_rows_can_come_in_any_order(make_api):
    """A client that relies on the order finds out: the same rows in another order, and another for each job."""
    api = make_api(row_order="shuffled", part_rows=40)
    first, second = (exported(api).to_pylist() for _ in range(2))
    stored = reference.rows(plan({}, DEFAULT_POLICIES[0]), api.tenant.data)
    assert unordered(first) == unordered(second) == unordered(stored)
    assert first != stored
    assert second != stored
    assert first != second


def test_the_order_is_drawn_from_the_seed(open_api):
    """The same job of the same emulator has the same order in every run."""

    def run(seed: int) -> list[dict[str, Any]]:
        emulator = Emulator(seed=seed, profiles=30, behaviour=Behaviour(row_order="shuffled"))
        with emulator, EmulatorServer(emulator) as server:
            rows: list[dict[str, Any]] = exported(open_api(emulator.create_tenant(), server.url)).to_pylist()
            return rows

    assert run(1) == run(1)


def test_rows_come_in_the_order_of_the_data_by_default(api):
    """As the profiles appear in it."""
    expected = reference.rows(plan({}, DEFAULT_POLICIES[0]), api.tenant.data)
    assert exported(api).to_pylist() == expected


# -- The batches that were there


@pytest.fixture
def replacing(make_api) -> Any:
    """A tenant whose new batches replace those that their dataset has."""
    return make_api(earlier_batches="replace", part_rows=60)


def _batch(api: Any, batch: str) -> Any:
    return api.ask("GET", f"{BATCHES}/{batch}")[batch]


def _done(api: Any, **changes: Any) -> Any:
    return api.finish(api.create(**changes)["id"])["destination"]


def _folder(aep_server: Any, api: Any, batch: str) -> Path:
    folder: Path = aep_server.emulator.state.folder / api.tenant._sandbox.key / batch
    return folder


def test_a_new_batch_can_replace_the_earlier_ones(replacing, aep_server):
    """As after a replay: the old one is inactive, without files; the new one names it and is the dataset's last."""
    old = _done(replacing)["batchId"]
    [file, *more] = replacing.ask("GET", BATCH_FILES.format(old))["data"]
    name = replacing.files(old)[0]["name"]
    assert more
    assert "replay" not in _batch(replacing, old)
    new = _done(replacing)["batchId"]
    before, after = _batch(replacing, old), _batch(replacing, new)
    assert (before["status"], after["status"]) == ("inactive", "success")
    assert after["replay"] == {"predecessors": [old], "reason": "replace"}
    assert before["updated"] == after["updated"]
    assert replacing.ask("GET", BATCH_FILES.format(old))["data"] == []
    for query in ({}, {"path": name}):
        replacing.ask("GET", f"{FILES}/{file['dataSetFileId']}", 404, query=query)
    assert not _folder(aep_server, replacing, old).exists()
    assert table(replacing, new).num_rows > 0
    dataset = replacing.ask("GET", f"{DATASETS}/{replacing.dataset()}")[replacing.dataset()]
    assert dataset["lastBatchId"] == dataset["lastSuccessfulBatch"] == new
    assert _batch(replacing, _done(replacing)["batchId"])["replay"]["predecessors"] == [new]


def test_the_batches_of_one_job_do_not_replace_each_other(replacing):
    """With a batch for each segment all of them stay, and all earlier ones go."""
    earlier = _done(replacing)["batchId"]
    wanted = {"datasetId": replacing.dataset(), "segmentPerBatch": True}
    batches = [b["batchId"] for b in _done(replacing, destination=wanted, filter={"segments": SEGMENTS})["batches"]]
    assert [_batch(replacing, batch)["status"] for batch in (earlier, *batches)] == ["inactive", "success", "success"]
    assert [_batch(replacing, batch)["replay"]["predecessors"] for batch in batches] == [[earlier]] * 2
    last = _done(replacing)["batchId"]
    assert sorted(_batch(replacing, last)["replay"]["predecessors"]) == sorted(batches)


def test_the_batches_of_another_dataset_stay(replacing):
    """Only what is in the job's own dataset is replaced."""
    other = replacing.ask("POST", DATASETS, 201, json={"name": "x", "schemaRef": {"id": UNION_SCHEMA}})[0]
    kept = _done(replacing, destination={"datasetId": other.rpartition("/")[2]})["batchId"]
    _done(replacing)
    assert _batch(replacing, kept)["status"] == "success"
    assert table(replacing, kept).num_rows > 0


def test_a_job_that_does_not_succeed_replaces_nothing(replacing):
    """Neither one that fails nor one that is cancelled."""
    kept = _done(replacing)["batchId"]
    before = replacing.tenant.behaviour
    replacing.tenant.behaviour = replace(before, progression=Progression(fail=JobStatus.PROCESSING))
    _done(replacing)
    replacing.cancel(replacing.create()["id"])
    assert _batch(replacing, kept)["status"] == "success"
    assert table(replacing, kept).num_rows > 0


def test_earlier_batches_stay_by_default(api):
    """Each job adds a batch of its own."""
    old, new = (_done(api)["batchId"] for _ in range(2))
    assert "replay" not in _batch(api, new)
    assert table(api, old).equals(table(api, new))


# -- The switches themselves


@pytest.mark.parametrize(
    "name", ["cancel_finished", "files", "unknown_segments", "unselected", "earlier_batches", "row_order"]
)
def test_a_switch_that_is_no_choice_is_one_clear_sentence(name):
    """The words that it may be are named."""
    with pytest.raises(ConfigurationError, match=rf"^{name} 'x' is unknown: use \w+ or \w+$"):
        Behaviour(**{name: "x"})


def test_the_marker_takes_every_switch():
    """What a behaviour can be told, ``@pytest.mark.aep_emulator`` passes on, but for what has a setting of its own."""
    assert {field.name for field in fields(Behaviour)} - {"dialect", "progression"} == BEHAVIOUR
