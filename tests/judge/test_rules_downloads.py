"""Reading a batch: all of its files, parts and bytes."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_aep_export.emulator.faults import Fault, Truncate
from pytest_aep_export.judge.trace import Truth
from tests.judge.traces import BATCH, HOST, Wire, breaks, export, keeps, persona, silent, unsure

CUT = (Fault("getFile", Truncate()),)
SERVED = Truth(files={f"{BATCH}/p.parquet": b"PAR1PAR1"})
BATCH_FILES = f"/data/foundation/export/batches/{BATCH}/files"


def following(start: int, path: str = BATCH_FILES) -> dict[str, Any]:
    """The link to the next page."""
    return {"next": {"href": f"{HOST}{path}?start={start}&limit=1"}}


def test_an_export_reads_all():
    """An export that is right in everything opens its file, downloads its part, and that of its own batch."""
    for requirement in ("069", "070", "071"):
        keeps(requirement, export().trace())
        keeps(requirement, export().own())
    for requirement in ("052", "072", "073", "074", "075", "076", "077", "078"):
        silent(requirement, export().trace())


def pages() -> Wire:
    """A batch of two files, a page each, of which the first page was asked for."""
    wire = Wire().begin().wait()
    wire.files("F1", links=following(1), count=2)
    wire.parts("p.parquet")
    wire.bytes()
    return wire


def test_a_page_of_files_that_nobody_asks_for():
    """A page that is linked to is asked for; who reports a failure did not claim to have read it."""
    wire = pages()
    first = wire.exchanges[-3]
    breaks("052", first, wire.trace(), "from 1 on")
    unsure("052", wire.own(), "from 1 on")
    silent("052", wire.trace("failure"))
    wire.files("F2", query="?start=1&limit=1", count=2)
    wire.parts("q.parquet", file="F2")
    wire.bytes(part="q.parquet", file="F2")
    keeps("052", wire.trace())


def test_pages_that_are_counted():
    """A client that pages by itself, in steps of its own, reads all as well."""
    wire = pages()
    wire.files("F1", "F2", query="?limit=100", count=2)
    keeps("052", wire.trace())


def test_a_page_of_parts_that_nobody_asks_for():
    """The parts of a file come in pages too; their next link may be a text."""
    wire = Wire().begin().wait()
    wire.files("F1")
    answer = {"data": [{"name": "p.parquet"}], "_links": {"next": f"{HOST}/data/foundation/export/files/F1?start=1"}}
    page = wire.call("GET", "/data/foundation/export/files/F1", "getFile", answer)
    wire.bytes()
    breaks("052", page, wire.trace())
    wire.parts("q.parquet", query="?start=1")
    wire.bytes(part="q.parquet")
    keeps("052", wire.trace())


def test_a_file_that_is_not_opened():
    """A client that reads the first file of a batch only is caught."""
    wire = Wire().begin().wait()
    listed = wire.files("F1", "F2", "F3")
    wire.parts("p.parquet")
    wire.bytes()
    breaks("069", listed, wire.trace(), "2 are not")
    unsure("069", wire.own(), "2 are not")
    silent("069", wire.trace("failure"))


def test_a_part_that_is_not_downloaded():
    """A client that reads the first part of a file only is caught."""
    wire = Wire().begin().wait()
    wire.files("F1")
    listed = wire.parts("p.parquet", "q.parquet")
    wire.bytes()
    breaks("070", listed, wire.trace(), "1 are not")
    unsure("070", wire.own(), "1 are not")


def test_a_batch_of_somebody_else():
    """The batch that is read is one that the client's job names."""
    wire = Wire().begin().wait()
    wrong = wire.files("F1", batch="01HP1Z0A9YZ733QCJN6AXCATHG")
    wire.parts("p.parquet")
    wire.bytes()
    breaks("071", wrong, wire.trace(), "ATHG")
    unsure("071", wire.own(), "ATHG")
    wire = Wire()
    wire.files("F1")
    silent("071", wire.trace())


def cut() -> Wire:
    """A download that was cut in its middle."""
    wire = Wire().begin().wait()
    wire.files("F1")
    wire.parts("p.parquet")
    wire.bytes(b"PAR1", length=8, cut=True)
    return wire


def test_a_cut_download_that_is_taken_for_whole():
    """A client that reports success after a download was cut is caught, unless it has got the rest."""
    wire = cut()
    last = wire.exchanges[-1]
    breaks("072", last, wire.trace("either", faults=CUT), "reported success")
    keeps("072", wire.trace("failure", faults=CUT))
    silent("072", wire.own())
    wire.bytes()
    keeps("072", wire.trace(faults=CUT))
    wire.bytes(b"", status=0)
    breaks("072", wire.exchanges[-1], wire.trace(faults=CUT))


def test_a_cut_download_that_is_left():
    """A client that does not ask again is caught; who was cut again may give up."""
    wire = cut()
    breaks("073", wire.exchanges[-1], wire.trace("either", end="failure", faults=CUT), "it was not")
    unsure("073", wire.own(), "it was not")
    silent("073", wire.trace("failure", end="timeout", faults=CUT))
    wire.bytes(b"PA", length=8, cut=True)
    keeps("073", wire.trace("failure", faults=CUT))


def resumed(asked: str, first: int, content: bytes, last: int = 7) -> Wire:
    """A cut download, and what came of the range that was asked for after it."""
    wire = cut()
    back = {"content-range": f"bytes {first}-{last}/8"}
    wire.bytes(content, status=206, headers={"range": asked}, back=back)
    return wire


@pytest.mark.parametrize(("asked", "first", "content"), [("bytes=4-", 4, b"PAR1"), ("bytes=2-7", 2, b"R1PAR1")])
def test_a_download_that_is_resumed(asked: str, first: int, content: bytes):
    """A range that joins what there is, or overlaps it, covers the file."""
    keeps("074", resumed(asked, first, content).trace(faults=CUT))
    silent("074", resumed(asked, first, content).own())


def test_a_download_with_a_gap():
    """A byte that nobody asked for is named, in the middle or at the end."""
    wire = resumed("bytes=5-", 5, b"AR1")
    breaks("074", wire.exchanges[-1], wire.trace(faults=CUT), "byte 4")
    wire = resumed("bytes=4-5", 4, b"PA", last=5)
    breaks("074", wire.exchanges[-1], wire.trace(faults=CUT), "byte 6")


def test_a_range_that_is_none():
    """A range is written as HTTP has it."""
    wire = resumed("4-7", 4, b"PAR1")
    breaks("074", wire.exchanges[-1], wire.trace(faults=CUT), "'4-7'")


def test_ranges_side_by_side_and_a_server_that_knows_none():
    """Ranges come in any order; a whole answer to one covers the file, as does one of unknown length."""
    wire = Wire().begin().wait()
    wire.files("F1")
    wire.parts("p.parquet")
    for first in (4, 0):
        back = {"content-range": f"bytes {first}-{first + 3}/*"}
        wire.bytes(b"PAR1", status=206, headers={"range": f"bytes={first}-{first + 3}"}, back=back)
    keeps("074", wire.trace())
    wire = cut()
    wire.bytes(headers={"range": "bytes=4-"})
    keeps("074", wire.trace(faults=CUT))
    wire = cut()
    wire.bytes(b"PAR1", status=206, headers={"range": "bytes=4-"})
    breaks("074", wire.exchanges[-1], wire.trace(faults=CUT), "byte 4")


def test_a_length_that_is_wrong():
    """A client that reports success although a part is shorter than announced is caught."""
    wire = Wire().begin().wait()
    wire.files("F1")
    listed = wire.parts("p.parquet", length=9)
    wire.bytes()
    breaks("075", listed, wire.trace("failure", end="success", behaviour=persona()), "reported success")
    keeps("075", wire.trace("failure", behaviour=persona()))
    for trace in (wire.trace(behaviour=persona()), wire.own(), export().trace("failure")):
        silent("075", trace)


@pytest.mark.parametrize("length", ["many", "²", "-1", None])
def test_a_length_that_is_no_number(length: Any):
    """What is announced has to be a number, and to have a name."""
    wire = Wire().begin().wait()
    data = [{"name": "p.parquet", "length": length}, {"length": "7"}]
    wire.call("GET", "/data/foundation/export/files/F1", "getFile", {"data": data})
    wire.bytes(back={"content-length": "²"})
    silent("075", wire.trace("failure"))


@pytest.mark.parametrize("name", ["p.parquet", "out/P.PARQUET", "export.parquet"])
@pytest.mark.parametrize("content", [b"PAR1", b""])
def test_a_truncated_file_that_is_left(name: str, content: bytes):
    """The beginning of a part under a name for Parquet is caught; under a name of its own it may lie there."""
    wire = cut()
    wire.bytes(b"PAR1", length=8, cut=True)
    trace = wire.trace("failure", faults=CUT, truth=SERVED, files={name: content})
    breaks("076", wire.exchanges[-1], trace)
    kept = {"p.parquet.part": b"PAR1", "p.parquet": b"PAR1PAR1"}
    keeps("076", wire.trace("failure", faults=CUT, truth=SERVED, files=kept))


def test_files_of_which_nothing_is_known():
    """Where the client's files or the server's are not known, nothing is said."""
    for requirement in ("076", "077"):
        silent(requirement, export().trace(truth=SERVED))
        silent(requirement, export().trace(files={"p.parquet": b""}))
        silent(requirement, export().trace(files={"out.csv": b"a,b"}, truth=SERVED))


@pytest.mark.parametrize("content", [b"PAR1PAR1PAR1", b"PAR1XXXX", b"\n"])
def test_bytes_that_are_others(content: bytes):
    """What was appended to or altered is caught, by the part's name."""
    wire = export()
    last = wire.exchanges[-1]
    breaks("077", last, wire.trace(truth=SERVED, files={"data/p.parquet": content}), f"{len(content)} others")
    keeps("077", wire.trace(truth=SERVED, files={"data/p.parquet": b"PAR1PAR1"}))


def test_rows_that_are_lost():
    """A client that reports fewer rows, or more, than its export holds is caught."""
    truth = Truth(rows={"7": ({"personID": "a"}, {"personID": "b"})})
    wire = export()
    shown = next(each for each in wire.exchanges if each.operation == "listBatchFiles")
    for rows in ((), ({"personID": "a"},), ({},) * 3):
        breaks("078", shown, wire.trace(rows=rows, truth=truth), f"{len(rows)}, and it reported success")
    keeps("078", wire.trace(rows=({}, {}), truth=truth))
    for trace in (wire.trace(truth=truth), wire.trace("failure", rows=(), truth=truth), wire.trace(rows=())):
        silent("078", trace)
    breaks("078", None, Wire().begin().wait().trace(rows=(), truth=truth))
