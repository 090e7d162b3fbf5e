"""Looking at the first rows of a dataset."""

from __future__ import annotations

from collections import Counter

import pytest

from pytest_aep_export.suite.api import Api
from pytest_aep_export.suite.expect import array, expect, not_applicable, prerequisite, status
from pytest_aep_export.suite.exports import Exports
from pytest_aep_export.suite.records import Record, of

requirement = pytest.mark.aep_requirement

UNKNOWN = "0" * 24


def texts(record: Record) -> frozenset[tuple[str, str]]:
    """Where a row holds which texts: these look the same in Parquet and in JSON."""
    return frozenset((path, text) for path, text, _ in record.values if text.startswith(("'", '"')))


@requirement("EXP-FILES-017")
def test_a_preview(api: Api, exports: Exports):
    """The rows of a preview are objects, and at most a hundred."""
    exports.finished("full")
    exchange = status(api.preview(exports.dataset), {200}, "a preview is answered with 200")
    rows = array(exchange, "/data")
    expect(len(rows) <= 100, exchange, "a preview has at most 100 rows", len(rows))
    others = [row for row in rows if not isinstance(row, dict)]
    expect(not others, exchange, "every row is an object", others[:1])


@requirement("EXP-FILES-018")
def test_the_rows_of_a_preview(api: Api, exports: Exports):
    """Once a dataset has rows its preview shows some."""
    if not exports.count("full"):
        not_applicable("the export has no rows: the tenant holds no profiles that it selects")
    exchange = status(api.preview(exports.dataset), {200}, "a preview is answered with 200")
    expect(array(exchange, "/data"), exchange, "the preview of a dataset with rows shows some", "none")


@requirement("EXP-FILES-018")
def test_the_rows_are_those_of_the_export(api: Api, exports: Exports):
    """Every row of a preview is one of the export, as far as its texts tell, and shown no more often."""
    exported = list(map(texts, exports.records("full")))
    known = {path for row in exported for path, _ in row}
    exchange = status(api.preview(exports.dataset), {200}, "a preview is answered with 200")
    with prerequisite("EXP-FILES-017"):
        rows = [{pair for pair in texts(row) if pair[0] in known} for row in of(array(exchange, "/data"))]
    shown = Counter(frozenset(row) for row in rows if row)
    more = sum(1 for row, times in shown.items() if times > sum(row <= whole for whole in exported))
    expect(not more, exchange, "the texts of every row are those of a row of the export", f"{more} rows are others")


@requirement("EXP-FILES-019")
def test_the_preview_of_an_unknown_dataset(api: Api):
    """A dataset that does not exist has no preview."""
    status(api.preview(UNKNOWN), {404}, "the preview of an unknown dataset is answered with 404")
