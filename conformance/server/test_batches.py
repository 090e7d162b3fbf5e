"""One batch for all segments, or a batch for each."""

from __future__ import annotations

import functools
import operator
import re
from collections import Counter
from typing import Any

import pytest

from pytest_aep_export.contract import Contract
from pytest_aep_export.suite.answers import batch_ids, segment_batches
from pytest_aep_export.suite.choices import Segment
from pytest_aep_export.suite.expect import conforms, expect, not_applicable
from pytest_aep_export.suite.exports import Exports, Shown
from pytest_aep_export.suite.records import Record, difference

requirement = pytest.mark.aep_requirement


@pytest.fixture(scope="module")
def apart(exports: Exports, segments: list[Segment]) -> str:
    """An export of segments with a batch for each; one with a batch for all has been asked for too."""
    chosen = {"segments": [segment.entry() for segment in segments]}
    request = exports.request(fields="identityMap,segmentMembership", filter=chosen)
    kinds = {"apart": True, "together": False}
    exports.ask({kind: request | {"destination": {"segmentPerBatch": split}} for kind, split in kinds.items()})
    return "apart"


@pytest.fixture(scope="module")
def shares(exports: Exports, apart: str) -> dict[str, tuple[Record, ...]]:
    """The rows of each segment's batch, of which there have to be some."""
    found = exports.by_segment(apart)
    return found if any(found.values()) else not_applicable("the batches have no rows")


@requirement("EXP-FILTER-013")
def test_the_batches_are_listed(exports: Exports, segments: list[Segment], apart: str):
    """A job with a batch for each segment lists batches of the segments that were asked for."""
    job = exports.finished(apart)
    found, wanted = segment_batches(job), {segment.id for segment in segments}
    expect(found, job, "destination.batches lists the batches of the segments", "none")
    for batch in found:
        identifier, name = str(batch.get("batchId")), batch.get("segmentId")
        expect(re.fullmatch("[A-Za-z0-9-]+", identifier), job, "batchId has letters, digits and dashes", identifier)
        expect(name in wanted, job, f"segmentId is one of {sorted(wanted)}", name)
    said: Any = Shown(job).get("destination", "segmentPerBatch")
    expect(said in (None, True), job, "segmentPerBatch, where it is shown, is true", said)


@requirement("EXP-FILTER-014")
def test_each_segment_has_a_batch(exports: Exports, segments: list[Segment], apart: str):
    """Every segment that was asked for has a batch of its own."""
    job = exports.finished(apart)
    batches = {str(batch.get("batchId")): str(batch.get("segmentId")) for batch in segment_batches(job)}
    wanted, found = sorted(segment.id for segment in segments), sorted(batches.values())
    expect(found == wanted, job, f"there is one batch for each of {wanted}", found)


@requirement("EXP-FILTER-027")
def test_announced_batches_stay(exports: Exports, apart: str):
    """The batch of a segment that was announced is the one that is written."""
    job = exports.finished(apart)
    written = {str(batch.get("segmentId")): batch.get("batchId") for batch in segment_batches(job)}
    for exchange in (exports.accepted(apart), *exports.looks(apart)):
        announced = [batch for batch in segment_batches(exchange) if batch.get("batchId")]
        for batch in announced:
            found, wanted = batch["batchId"], written.get(str(batch.get("segmentId")))
            expect(found == wanted, exchange, f"the batch of segment {batch.get('segmentId')} is {wanted}", found)


@requirement("EXP-JOB-001")
def test_the_contract_of_a_job_of_several_batches(exports: Exports, contract: Contract, apart: str):
    """No member of a job with a batch for each segment contradicts every documented variant."""
    for exchange in (exports.accepted(apart), *exports.looks(apart)):
        conforms(exchange, contract.validate_response(exchange.operation, exchange.response))


@requirement("EXP-FILTER-015")
def test_members_of_the_segment_only(
    exports: Exports, segments: list[Segment], apart: str, shares: dict[str, tuple[Record, ...]]
):
    """Everyone in the batch of a segment is in that segment."""
    for segment in segments:
        rows = shares.get(segment.id, ())
        strangers = [record for record in rows if segment.status(record) not in {"realized", "existing"}]
        required = "every row of a segment's batch is of a profile that is in the segment"
        Shown(exports.finished(apart)).expect(not strangers, required, f"{len(strangers)} of {len(rows)} are not")


@requirement("EXP-FILTER-016")
def test_the_batches_together(exports: Exports, apart: str, shares: dict[str, tuple[Record, ...]]):
    """The batches hold together whom one batch for all segments holds."""
    people = (Counter(record.identities for record in records) for records in shares.values())
    found = functools.reduce(operator.or_, people)
    wanted = Counter(record.identities for record in exports.records("together"))
    exports.relate(apart, found == wanted, "the rows are those of one batch for all", difference(found, wanted))


@requirement("EXP-FILTER-017")
@pytest.mark.usefixtures("apart")
def test_one_batch_for_all(exports: Exports):
    """Without a batch for each segment all rows are in one batch."""
    job = exports.finished("together")
    found = sorted(set(batch_ids(job)))
    expect(len(found) == 1, job, "destination names one batch", found)


@requirement("EXP-ROWS-009")
def test_the_counter_of_several_batches(exports: Exports, apart: str):
    """The counter of exported profiles counts those of all batches."""
    counter = Shown(exports.finished(apart)).get("metrics", "totalExportedProfileCounter")
    if counter is None:
        not_applicable("the metrics hold no totalExportedProfileCounter")
    rows, different = exports.count(apart), len(set(exports.records(apart)))
    required = f"totalExportedProfileCounter is how many rows all batches have, {rows}, or profiles, {different}"
    Shown(exports.finished(apart)).expect(counter in (rows, different), required, counter)
