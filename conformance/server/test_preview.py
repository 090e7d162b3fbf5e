"""Looking at the first rows of a dataset."""

from __future__ import annotations

import pytest

from pytest_aep_export.suite.api import Api
from pytest_aep_export.suite.expect import array, expect, not_applicable, status
from pytest_aep_export.suite.exports import Exports

requirement = pytest.mark.aep_requirement

UNKNOWN = "0" * 24


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


@requirement("EXP-FILES-019")
def test_the_preview_of_an_unknown_dataset(api: Api):
    """A dataset that does not exist has no preview."""
    status(api.preview(UNKNOWN), {404}, "the preview of an unknown dataset is answered with 404")
