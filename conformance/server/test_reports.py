"""What a batch tells besides its files: which failed, and what its meta directory holds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_aep_export.contract import Contract
from pytest_aep_export.exchange import Exchange
from pytest_aep_export.suite.api import Api
from pytest_aep_export.suite.expect import array, conforms, document, expect, not_applicable, pick, status
from pytest_aep_export.suite.exports import Exports

requirement = pytest.mark.aep_requirement


def parsed(exchange: Exchange) -> list[Any]:
    """What an answer holds: one JSON document or, in JSON Lines, several."""
    try:
        return [json.loads(line) for line in exchange.response.body.splitlines()]
    except (ValueError, RecursionError):
        return [document(exchange)]


@requirement("EXP-FILES-020")
def test_the_failed_files(api: Api, exports: Exports, contract: Contract):
    """The failed files of a batch, of which there may be none, are listed with name, length and link."""
    exchange = status(api.list_failed(exports.batch("full")), {200}, "failed files are listed with 200")
    conforms(exchange, contract.validate_response("listFailedFiles", exchange.response))
    for position in range(len(array(exchange, "/data"))):
        name = pick(exchange, f"/data/{position}/name")
        expect(isinstance(name, str) and name, exchange, "name is a non-empty string", name)


@requirement("EXP-FILES-021")
@pytest.mark.parametrize(
    "query",
    [{}, {"path": "input_files"}, {"path": "row_errors"}],
    ids=["the directory", "input files", "rows with errors"],
)
def test_the_meta_directory(api: Api, exports: Exports, contract: Contract, query: dict[str, Any]):
    """The meta directory and its folders are listed, where a batch has them."""
    exchange = api.list_meta(exports.batch("full"), **query)
    status(exchange, {200, 404}, "what is in the meta directory is answered with 200, and what is not with 404")
    conforms(exchange, contract.validate_response("listMetaFiles", exchange.response))


@requirement("EXP-FILES-032")
def test_the_entries_of_the_meta_directory(api: Api, exports: Exports):
    """The entries of the input files lead to JSON objects, each one of them or several."""
    folder = api.list_meta(exports.batch("full"), path="input_files")
    if folder.response.status == 404:
        not_applicable("the batch has no input files")
    for position in range(len(array(folder, "/data"))):
        link = pick(folder, f"/data/{position}/_links/self/href")
        exchange = status(api.target.send("GET", str(link)), {200}, "a file of the meta directory is answered with 200")
        found = parsed(exchange)
        expect(found and all(isinstance(value, dict) for value in found), exchange, "it holds JSON objects", found)


@requirement("EXP-FILES-022")
def test_an_unknown_path_of_the_meta_directory(api: Api, exports: Exports):
    """What is not in the meta directory is not found."""
    exchange = api.list_meta(exports.batch("full"), path="no-such-file.json")
    status(exchange, {404}, "an unknown path of the meta directory is answered with 404")
