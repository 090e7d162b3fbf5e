"""Reading the files of an export's batch."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest

from pytest_aep_export.contract import Contract
from pytest_aep_export.exchange import Exchange
from pytest_aep_export.suite.answers import quoted, read_parquet
from pytest_aep_export.suite.api import FILES, Api
from pytest_aep_export.suite.expect import (
    array,
    conforms,
    document,
    expect,
    not_applicable,
    pick,
    prerequisite,
    status,
)
from pytest_aep_export.suite.exports import Exports
from pytest_aep_export.suite.sending import parse_url

requirement = pytest.mark.aep_requirement

PARQUET = b"PAR1"
RANGES = pytest.mark.parametrize(
    "asked", [(0, 99), (10, 19), (0, 0), (-1, -1)], ids=["first", "middle", "first byte", "last byte"]
)
"""Negative positions count from the end."""


@pytest.fixture
def listing(api: Api, exports: Exports) -> Exchange:
    """The files of a batch."""
    return api.list_batch(exports.batch("full"))


@pytest.fixture
def entry(exports: Exports) -> dict[str, Any]:
    """One file of a batch."""
    return exports.entries("full")[0]


@pytest.fixture
def whole(api: Api, entry: dict[str, Any]) -> Exchange:
    """The file, downloaded."""
    with prerequisite("EXP-FILES-005"):
        exchange = status(api.read(entry), {200}, "a file is downloaded with 200")
        length = len(exchange.response.body)
        expect(str(length) == entry["length"], exchange, f"the file has {entry['length']} bytes", length)
        return exchange


def names(exchange: Exchange) -> list[str]:
    """The names of the files, or the ids of the directories, that a file id or a link leads to."""
    return [str(item.get("name") or item.get("dataSetFileId")) for item in array(exchange, "/data")]


def location(entry: dict[str, Any]) -> str:
    """The documented path of a file's bytes."""
    return f"{FILES}/files/{quoted(entry['id'])}?path={quoted(entry['name'])}"


def bounds(entry: dict[str, Any], asked: tuple[int, int]) -> tuple[int, int]:
    """The first and the last position of a range, counted from the beginning."""
    first, last = (position % int(entry["length"]) for position in asked)
    return first, last


@requirement("EXP-FILES-001")
def test_the_files_are_listed(listing: Exchange):
    """The batch of a successful job lists at least one file."""
    status(listing, {200}, "the files of a batch are answered with 200")
    found = array(listing, "/data")
    expect(found, listing, "data has at least one file", found)
    for position in range(len(found)):
        for pointer in ("dataSetFileId", "_links/self/href"):
            value = pick(listing, f"/data/{position}/{pointer}")
            expect(isinstance(value, str) and value, listing, f"{pointer} is a non-empty string", value)


@requirement("EXP-FILES-002")
def test_the_contract(listing: Exchange, contract: Contract):
    """The listing contradicts no documented variant."""
    conforms(listing, contract.validate_response("listBatchFiles", listing.response))


@requirement("EXP-FILES-026")
def test_the_contract_of_a_file(api: Api, listing: Exchange, contract: Contract):
    """What a file id stands for contradicts no documented variant."""
    with prerequisite("EXP-FILES-001"):
        identifiers = [str(pick(listing, f"/data/{n}/dataSetFileId")) for n in range(len(array(listing, "/data")))]
    for identifier in identifiers:
        with prerequisite("EXP-FILES-004"):
            exchange = status(api.list_file(identifier), {200}, "a file id is answered with 200")
        conforms(exchange, contract.validate_response("getFile", exchange.response))


@requirement("EXP-FILES-027")
def test_the_link_of_a_listed_file(api: Api, listing: Exchange):
    """The link of a listed file leads to what its id stands for."""
    for position in range(len(array(listing, "/data"))):
        link, identifier = (pick(listing, f"/data/{position}/{m}") for m in ("_links/self/href", "dataSetFileId"))
        with prerequisite("EXP-FILES-004"):
            wanted = names(status(api.list_file(str(identifier)), {200}, "a file id is answered with 200"))
        exchange = status(api.target.send("GET", str(link)), {200}, "the link of a listed file is answered with 200")
        expect(names(exchange) == wanted, exchange, f"it leads to {wanted}", names(exchange))


@requirement("EXP-FILES-028")
def test_the_links_of_the_pages(api: Api, exports: Exports, listing: Exchange):
    """The links of a listing lead through all of its pages and to its end."""
    with prerequisite("EXP-FILES-001"):
        wanted = [str(item["dataSetFileId"]) for item in array(listing, "/data")]
    page, found = api.list_batch(exports.batch("full"), limit=1), list[str]()
    for _ in wanted:
        found += [str(item["dataSetFileId"]) for item in array(page, "/data")]
        links = document(page).get("_links") or {}
        if len(found) < len(wanted):
            page = api.target.send("GET", str(pick(page, "/_links/next/href")))
            status(page, {200}, "the next page is answered with 200")
    expect(Counter(found) == Counter(wanted), page, f"the pages have the files {wanted}", found)
    expect("next" not in links, page, "the last page links to no other", links)


@requirement("EXP-FILES-029")
def test_the_count_of_a_page(api: Api, exports: Exports, listing: Exchange):
    """The count of a page is that of all files, and its limit the one that was asked for."""
    with prerequisite("EXP-FILES-001"):
        files = len(array(listing, "/data"))
    page = api.list_batch(exports.batch("full"), limit=1)
    for name, wanted in (("count", files), ("limit", 1)):
        found = pick(page, f"/_page/{name}")
        expect(found == wanted, page, f"_page.{name} is {wanted}", found)


@requirement("EXP-FILES-030")
def test_what_a_listed_file_tells_of_itself(api: Api, exports: Exports, listing: Exchange):
    """The size and the records of a listed file are those of what its id stands for."""
    for item in array(listing, "/data"):
        parts = [entry for entry in exports.entries("full") if entry["id"] == item.get("dataSetFileId")]
        if parts and item.get("size") is not None:
            wanted = str(sum(int(part["length"]) for part in parts))
            expect(str(item["size"]) == wanted, listing, f"the size is {wanted}", item["size"])
        if parts and item.get("records") is not None:
            with prerequisite("EXP-FILES-013"):
                rows = str(sum(read_parquet(api.read(part)).num_rows for part in parts))
            expect(str(item["records"]) == rows, listing, f"the records are {rows}", item["records"])


@requirement("EXP-FILES-003")
def test_the_count(listing: Exchange):
    """The count covers the items."""
    count, items = pick(listing, "/_page/count"), len(array(listing, "/data"))
    expect(isinstance(count, int) and count >= items, listing, f"_page.count is at least {items}", count)


@requirement("EXP-FILES-004")
def test_a_file_has_a_name_and_a_length(api: Api, listing: Exchange):
    """A file id gives the names, lengths and links of its files or, for a directory, their ids."""
    with prerequisite("EXP-FILES-001"):
        identifier = str(pick(listing, "/data/0/dataSetFileId"))
    exchange = status(api.list_file(identifier), {200}, "a file id is answered with 200")
    found = array(exchange, "/data")
    expect(found, exchange, "data has at least one file", found)
    for position in range(len(found)):
        item = pick(exchange, f"/data/{position}")
        pick(exchange, f"/data/{position}/_links/self/href")
        if not (isinstance(item, dict) and "dataSetFileId" in item):
            name, length = (pick(exchange, f"/data/{position}/{member}") for member in ("name", "length"))
            expect(isinstance(name, str) and name, exchange, "name is a non-empty string", name)
            digits = isinstance(length, str) and length.isascii() and length.isdigit()
            expect(digits, exchange, "length is a text of digits", length)


@requirement("EXP-FILES-005")
def test_a_download_is_complete(api: Api, exports: Exports):
    """A downloaded file is as long as announced, whenever it is downloaded."""
    entries = exports.entries("full")
    for entry in [*entries, entries[0]]:
        exchange = status(api.read(entry), {200}, "a file is downloaded with 200")
        found = len(exchange.response.body)
        expect(str(found) == entry["length"], exchange, f"the file has {entry['length']} bytes", found)


@requirement("EXP-FILES-006")
def test_the_link_leads_to_the_bytes(api: Api, entry: dict[str, Any], whole: Exchange):
    """A file's link gives the same bytes as the documented call."""
    exchange = status(api.target.send("GET", entry["href"]), {200}, "a file's link is answered with 200")
    same = exchange.response.body == whole.response.body
    expect(same, exchange, "the link gives the bytes of the file", f"{len(exchange.response.body)} other bytes")


@requirement("EXP-FILES-007")
def test_head(api: Api, entry: dict[str, Any]):
    """HEAD tells the file's length and that ranges are served."""
    exchange = status(api.target.send("HEAD", location(entry)), {200}, "HEAD of a file is answered with 200")
    headers = exchange.response.headers
    length, ranges = headers.get("content-length"), headers.get("accept-ranges")
    expect(length == entry["length"], exchange, f"Content-Length is {entry['length']}", length)
    expect(ranges == "bytes", exchange, "Accept-Ranges is bytes", ranges)


@requirement("EXP-FILES-008")
@RANGES
def test_a_range(api: Api, entry: dict[str, Any], whole: Exchange, asked: tuple[int, int]):
    """A range of bytes is served as partial content, and named."""
    start, end = bounds(entry, asked)
    header = {"Range": f"bytes={start}-{end}"}
    exchange = status(api.target.send("GET", location(entry), headers=header), {206}, "a range is answered with 206")
    named = exchange.response.headers.get("content-range", "")
    match = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", named)
    expect(match, exchange, "Content-Range has the form bytes first-last/length", named or "none")
    assert match
    first, last, length = (int(text) for text in match.groups())
    content = whole.response.body
    expect(length == len(content), exchange, f"Content-Range names the length {len(content)}", length)
    same = exchange.response.body == content[first : last + 1]
    expect(same, exchange, f"the body is bytes {first} to {last} of the file", f"{len(exchange.response.body)} bytes")


@requirement("EXP-FILES-025")
def test_the_contract_of_a_batch(api: Api, exports: Exports, contract: Contract):
    """No member of a batch in the Catalog contradicts every documented variant."""
    with prerequisite("EXP-FILES-015"):
        exchange = status(api.show_batch(exports.batch("full")), {200}, "the batch is answered with 200")
    conforms(exchange, contract.validate_response("getBatch", exchange.response))


@requirement("EXP-FILES-031")
def test_the_catalog_counts(api: Api, exports: Exports):
    """The Catalog counts the rows, the bytes and the files of a batch."""
    batch, entries, rows = exports.batch("full"), exports.entries("full"), exports.count("full")
    exchange = api.show_batch(batch)
    with prerequisite("EXP-FILES-015"):
        shown = pick(exchange, f"/{batch}")
    size = sum(int(entry["length"]) for entry in entries)
    metrics = shown.get("metrics") or {}
    for where, name, wanted in (
        (shown, "recordCount", rows),
        (shown, "size", size),
        (metrics, "outputRecordCount", rows),
        (metrics, "outputByteSize", size),
        (metrics, "outputFileCount", len(entries)),
    ):
        found = where.get(name)
        expect(found in {None, wanted}, exchange, f"{name} is {wanted}", found)


@requirement("EXP-FILES-034")
def test_the_times_of_a_batch(api: Api, exports: Exports, listing: Exchange):
    """A batch is completed after its creation, and its files are created in between."""
    batch = exports.batch("full")
    exchange = api.show_batch(batch)
    with prerequisite("EXP-FILES-015"):
        shown = pick(exchange, f"/{batch}")
    begun, ended = (shown.get(name) for name in ("created", "completed"))
    if not isinstance(begun, int):
        not_applicable("the Catalog does not show when the batch was created")
    if isinstance(ended, int):
        expect(ended >= begun, exchange, f"completed is not before created, {begun}", ended)
    for item in array(listing, "/data"):
        made = str(item.get("created") or begun)
        expect(made.isdigit(), listing, "created of a file is a number of milliseconds", made)
        within = begun <= int(made) <= (ended if isinstance(ended, int) else int(made))
        expect(within, listing, f"the file is created between {begun} and {ended}", made)


@requirement("EXP-FILES-016")
@RANGES
def test_the_range_that_was_asked_for(api: Api, entry: dict[str, Any], asked: tuple[int, int]):
    """A range is served as it was asked for, neither wider nor narrower."""
    start, end = bounds(entry, asked)
    exchange = api.target.send("GET", location(entry), headers={"Range": f"bytes={start}-{end}"})
    with prerequisite("EXP-FILES-008"):
        status(exchange, {206}, "a range is answered with 206")
    wanted, found = f"bytes {start}-{end}/", exchange.response.headers.get("content-range", "none")
    expect(found.startswith(wanted), exchange, f"Content-Range begins with {wanted}", found)


@requirement("EXP-FILES-024")
@pytest.mark.parametrize(
    "asked", ["10-", "-10", "-1"], ids=["counted from the beginning", "counted from the end", "last byte"]
)
def test_a_range_to_the_end(api: Api, entry: dict[str, Any], whole: Exchange, asked: str):
    """A range without an end, and one without a beginning, are served as they were asked for."""
    content = whole.response.body
    exchange = api.target.send("GET", location(entry), headers={"Range": f"bytes={asked}"})
    status(exchange, {206}, "a range is answered with 206")
    wanted = content[10:] if asked == "10-" else content[int(asked) :]
    same = exchange.response.body == wanted
    expect(same, exchange, f"the body is the file's last {len(wanted)} bytes", f"{len(exchange.response.body)} bytes")


@requirement("EXP-FILES-033")
@pytest.mark.parametrize("beyond", [0, 1000], ids=["right behind the end", "far behind the end"])
def test_a_range_behind_the_end(api: Api, entry: dict[str, Any], beyond: int):
    """A range of which the file has no byte is answered with 416."""
    start = int(entry["length"]) + beyond
    exchange = api.target.send("GET", location(entry), headers={"Range": f"bytes={start}-{start + 99}"})
    status(exchange, {416}, "a range behind the end of a file is answered with 416")


@requirement("EXP-FILES-023")
def test_head_without_a_path(api: Api, entry: dict[str, Any]):
    """Without a path there is nothing that HEAD could tell of."""
    exchange = api.target.send("HEAD", f"{FILES}/files/{quoted(entry['id'])}")
    status(exchange, range(400, 500), "HEAD without a path is answered with 400 to 499")


@requirement("EXP-FILES-009")
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_unknown_path(api: Api, entry: dict[str, Any], method: str):
    """A name that the file id does not have is answered with 404."""
    exchange = api.target.send(method, location({**entry, "name": "no-such-file.parquet"}))
    status(exchange, {404}, "an unknown path within a file is answered with 404")


@requirement("EXP-FILES-010")
def test_an_unknown_file(api: Api):
    """A file id that does not exist is answered with 404."""
    status(api.list_file("01HP1Z0A9YZ733QCJN6AXCATHF-DE9"), {404}, "an unknown file is answered with 404")


@requirement("EXP-FILES-011")
def test_paging(api: Api, exports: Exports, listing: Exchange):
    """Asking for one file at a time gives every file once."""
    with prerequisite("EXP-FILES-001"):
        positions = range(len(array(listing, "/data")))
        wanted = [str(pick(listing, f"/data/{number}/dataSetFileId")) for number in positions]
    found = []
    for start in range(len(wanted)):
        exchange = api.list_batch(exports.batch("full"), start=start, limit=1)
        status(exchange, {200}, "one file at a time is answered with 200")
        items = array(exchange, "/data")
        expect(len(items) == 1, exchange, "limit=1 gives one file", len(items))
        found.append(str(pick(exchange, "/data/0/dataSetFileId")))
    expect(Counter(found) == Counter(wanted), listing, f"the single files are those of the listing, {wanted}", found)
    beyond = api.list_batch(exports.batch("full"), start=len(wanted), limit=1)
    if beyond.response.status == 200:
        expect(not array(beyond, "/data"), beyond, "no file is listed beyond the last", array(beyond, "/data"))


@requirement("EXP-FILES-012")
def test_the_media_type(whole: Exchange):
    """Parquet is served with its own media type."""
    media = whole.response.headers.get("content-type", "").partition(";")[0]
    expect(media == "application/parquet", whole, "Content-Type is application/parquet", media or "none")


@requirement("EXP-FILES-013")
def test_the_files_are_parquet(api: Api, exports: Exports):
    """The files of an export are Parquet."""
    for entry in exports.entries("full"):
        with prerequisite("EXP-FILES-005"):
            exchange = status(api.read(entry), {200}, "a file is downloaded with 200")
        content = exchange.response.body
        marks = content[:4], content[-4:]
        expect(marks == (PARQUET, PARQUET), exchange, "the file begins and ends with PAR1", marks)
        read_parquet(exchange)


@requirement("EXP-FILES-014")
def test_the_link_stays_on_the_host(api: Api, entry: dict[str, Any]):
    """A file's link is an absolute URL of the gateway that was asked."""
    wanted, found = parse_url(api.target.base_url).hostname, parse_url(entry["href"]).hostname
    expect(found == wanted, api.list_file(entry["id"]), f"the link leads to {wanted}", entry["href"])


@requirement("EXP-FILES-015")
def test_the_catalog_knows_the_batch(api: Api, exports: Exports):
    """The Catalog knows the batch as a success of the target dataset."""
    batch = exports.batch("full")
    exchange = status(api.show_batch(batch), {200}, "the batch is answered with 200")
    found = pick(exchange, f"/{batch}/status")
    expect(found in ("success", "active"), exchange, "the batch's status is success or active", found)
    related = [item.get("id") for item in array(exchange, f"/{batch}/relatedObjects") if isinstance(item, dict)]
    expect(exports.dataset in related, exchange, f"the batch's related objects name {exports.dataset}", related)
