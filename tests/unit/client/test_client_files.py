"""Files: all of a batch's are found, and each arrives whole or not at all."""

from __future__ import annotations

import gzip
import io
import os
import re
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aep_export.client.core import NoAnswer, Send
from pytest_aep_export.client.files import read_bytes, safe_name
from pytest_aep_export.client.landing import Landing
from pytest_aep_export.client.retry import RetryPolicy
from pytest_aep_export.client.session import Session
from pytest_aep_export.errors import (
    ApiError,
    DownloadError,
    JobFailedError,
    NotFoundError,
    TransportError,
    UnexpectedAnswerError,
)
from pytest_aep_export.exchange import Headers, Response
from pytest_aep_export.model import BatchFile, Credentials, ExportJob

BATCH = "01HP1Z0A9YZ733QCJN6AXCATHF"
FILE_ID = f"{BATCH}-DE1"
FILES = "/data/foundation/export/files"
CONTENT = bytes(range(256)) * 4
LENGTH = len(CONTENT)


@pytest.fixture
def file(api):
    """A file of the batch, as a listing gives it."""
    return BatchFile("part-0.snappy.parquet", LENGTH, FILE_ID, f"{api.url}{FILES}/{FILE_ID}?path=part-0.snappy.parquet")


def ranged(request, content=CONTENT, headers=None):
    """The documented answer to a request for a file, or for the rest of it."""
    start = re.fullmatch(r"bytes=(\d+)-", request.headers.get("range", "bytes=0-"))
    begin = int(start[1])
    if "range" not in request.headers:
        return Response(200, Headers(headers or {}), content)
    if begin >= len(content):
        return Response(416, Headers({"Content-Range": f"bytes */{len(content)}"}))
    told = {"Content-Range": f"bytes {begin}-{len(content) - 1}/{len(content)}", **(headers or {})}
    return Response(206, Headers(told), content[begin:])


def ranges(api):
    """The range that each call asked for."""
    return [call.headers.get("range") for call in api.calls]


def names_in(folder):
    """What a folder holds."""
    return [entry.name for entry in folder.iterdir()]


# Finding them ---------------------------------------------------------------------------------------------------------


def file_item(file_id):
    """A file of a batch, with the three members that real answers have."""
    return {"dataSetFileId": file_id, "isValid": False, "_links": {"self": {"href": f"https://x:443{FILES}/{file_id}"}}}


def entry_item(api, file_id, name, length="10"):
    """An entry of a file, as documented: its length is text."""
    return {"name": name, "length": length, "_links": {"self": {"href": f"{api.url}{FILES}/{file_id}?path={name}"}}}


def test_the_files_of_a_batch_are_opened_for_their_entries(client, api):
    """Each file of a batch is opened, and every entry is listed with its length and address."""
    api.then(
        api.json({"data": [file_item("a"), file_item("b")], "_page": {"limit": 100, "count": 2}}),
        api.json({"data": [entry_item(api, "a", "p0", "249058"), entry_item(api, "a", "p1")], "_page": {"count": 2}}),
        api.json({"data": [entry_item(api, "b", "p0")], "_page": {"limit": 100, "count": 1}}),
    )
    assert list(client.list_files(BATCH)) == [
        BatchFile("p0", 249058, "a", f"{api.url}{FILES}/a?path=p0"),
        BatchFile("p1", 10, "a", f"{api.url}{FILES}/a?path=p1"),
        BatchFile("p0", 10, "b", f"{api.url}{FILES}/b?path=p0"),
    ]
    assert api.asked == [
        f"GET /data/foundation/export/batches/{BATCH}/files",
        f"GET {FILES}/a",
        f"GET {FILES}/b",
    ]


def test_directories_are_opened_once(client, api):
    """An entry that is a directory is opened for its own entries; one that holds itself is no trap."""
    api.then(
        api.json({"data": [file_item("dir")]}),
        api.json({"data": [file_item("dir"), file_item("leaf")]}),
        api.json({"data": [entry_item(api, "leaf", "p0")]}),
    )
    assert [file.file_id for file in client.list_files(BATCH)] == ["leaf"]


@pytest.mark.parametrize("linked", [True, False], ids=["by link", "by count"])
def test_every_page_of_files_is_read(client, api, linked):
    """More files than a page holds are reached by the next link, or where that is missing by the count of all."""
    names = [f"p{number}" for number in range(5)]

    def answer(request) -> Response:
        if "batches" in request.path:
            return api.json({"data": [file_item("a")], "_page": {"count": 1}})
        start = int(request.query.get("start", 0))
        page = {"data": [entry_item(api, "a", name) for name in names[start : start + 2]], "_page": {"count": 5}}
        if linked and start + 2 < len(names):
            page["_links"] = {"next": {"href": f"{api.url}{FILES}/a?start={start + 2}&limit=2"}, "page": {}}
        return api.json(page)

    api.answer = answer
    assert [file.name for file in client.list_files(BATCH)] == names


def test_a_count_that_never_comes_true_is_an_error(client, api):
    """A batch that announces more files than it ever lists is an error: files would be missing without a word."""
    api.answer = lambda request: api.json(
        {"data": [] if "start" in request.query else [file_item("a")], "_page": {"count": 2}}
    )
    with pytest.raises(UnexpectedAnswerError, match="does not advance"):
        list(client.list_files(BATCH))


def test_a_count_that_is_too_small_is_ignored(client, api):
    """A count below the number of listed files, as one sample has it, ends nothing early."""
    api.then(
        api.json({"data": [file_item("a"), file_item("b")], "_page": {"count": 1}}),
        api.json({"data": [entry_item(api, "a", "p0")], "_page": {"count": 0}}),
        api.json({"data": [entry_item(api, "b", "p1")], "_page": {}}),
    )
    assert [file.name for file in client.list_files(BATCH)] == ["p0", "p1"]


def test_an_entry_without_a_link_gets_the_documented_address(client, api):
    """An entry without a link is at its file's address with its name for a path."""
    api.then(api.json({"data": [file_item("a")]}), api.json({"data": [{"name": "a b&c", "length": 1}]}))
    (file,) = client.list_files(BATCH)
    assert file.href == f"{api.url}{FILES}/a?path=a+b%26c"


@pytest.mark.parametrize(
    ("item", "sentence"),
    [
        (
            {"name": "p", "length": "1", "_links": {"self": {"href": "https://evil.example/p"}}},
            "is said to be away from",
        ),
        ({"name": "p", "length": "1", "_links": {"self": {"href": "//evil.example/p"}}}, "is said to be away from"),
        ({"name": "p", "length": "many"}, "invalid literal"),
        ({"name": "p", "length": "-1"}, "is said to have -1 bytes"),
        ({"name": "p"}, "no member 'length'"),
        ({"file": "p"}, "no member 'dataSetFileId'"),
        (5, "not a list of files"),
        ({"dataSetFileId": ["a"]}, "not a list of files"),
    ],
)
def test_an_entry_that_makes_no_sense_is_unexpected(client, api, item, sentence):
    """An entry elsewhere, or without a sane length or name, is refused when it is listed."""
    api.then(api.json({"data": [file_item("a")]}), api.json({"data": [item]}))
    with pytest.raises(UnexpectedAnswerError, match=sentence):
        list(client.list_files(BATCH))


# Getting their bytes --------------------------------------------------------------------------------------------------


def test_a_file_is_downloaded(client, api, file, tmp_path):
    """A download asks for the plain bytes and leaves exactly them, under the path that was given."""
    api.answer = ranged
    path = client.download(file, tmp_path / "new" / "folder" / "x.parquet")
    assert path == tmp_path / "new" / "folder" / "x.parquet"
    assert path.read_bytes() == CONTENT
    assert names_in(path.parent) == ["x.parquet"]
    (call,) = api.calls
    assert call.url == f"{FILES}/{FILE_ID}?path=part-0.snappy.parquet"
    assert call.headers["accept-encoding"] == "identity"
    assert call.headers["authorization"] == "Bearer token-1"


def test_a_download_replaces_what_was_there(client, api, file, tmp_path):
    """An older file under the same path is replaced, and a path may be text."""
    (tmp_path / "x").write_bytes(b"old")
    api.answer = ranged
    assert client.download(file, str(tmp_path / "x")).read_bytes() == CONTENT


def test_a_missing_empty_file_is_missing(client, api, tmp_path):
    """An error is no empty file, although nothing more was to arrive."""
    api.answer = lambda _: Response(404)
    with pytest.raises(NotFoundError):
        client.download(BatchFile("empty", 0, "a", f"{api.url}{FILES}/a?path=empty"), tmp_path)
    assert names_in(tmp_path) == []


def test_a_file_is_read(client, api, file):
    """A file's bytes can be read without a path."""
    api.answer = ranged
    assert client.read_bytes(file) == CONTENT


def test_an_empty_file_is_a_file(client, api, tmp_path):
    """A file of no bytes is asked for, and is empty."""
    api.then(Response(200))
    file = BatchFile("empty", 0, "a", f"{api.url}{FILES}/a?path=empty")
    assert client.download(file, tmp_path).read_bytes() == b""
    assert len(api.calls) == 1


@pytest.mark.parametrize("reset", [True, False], ids=["reset", "closed"])
def test_a_cut_download_is_resumed(client, api, file, tmp_path, reset):
    """A download whose connection breaks goes on with the rest, at once, since there was progress."""

    def answer(request) -> Response:
        whole = ranged(request)
        return api.cut(whole, 100, reset=reset) if len(api.calls) <= 3 else whole

    api.answer = answer
    assert client.download(file, tmp_path).read_bytes() == CONTENT
    received = [int((told or "bytes=0-")[6:-1]) for told in ranges(api)[1:]]
    assert ranges(api)[0] is None
    # A reset may destroy bytes that were under way: what arrived of each cut is between nothing and all of it.
    assert (
        all(begin <= 100 * number for number, begin in enumerate(received, start=1))
        if reset
        else received == [100, 200, 300]
    )


def test_a_resumed_download_that_is_answered_whole_starts_again(client, api, file):
    """A server that ignores the range and answers 200 gets its whole body taken as such."""
    api.then(api.cut(CONTENT, 100), Response(200, Headers(), CONTENT))
    assert client.read_bytes(file) == CONTENT
    assert ranges(api) == [None, "bytes=100-"]


@pytest.mark.parametrize(
    "told", [None, "", "bytes", "bytes 500-1023/1024", "bytes */1024", "items 100-1023/1024", "bytes 101-1023/*"]
)
def test_a_part_that_does_not_join_is_not_used(client, api, time, file, told):
    """A 206 for a range that leaves a gap, or for none, is thrown away, and the file is fetched anew."""

    def answer(request) -> Response:
        if len(api.calls) == 1:
            return api.cut(CONTENT, 100)
        if len(api.calls) == 2:
            return Response(206, Headers({} if told is None else {"Content-Range": told}), CONTENT[100:])
        return ranged(request)

    api.answer = answer
    assert client.read_bytes(file) == CONTENT
    assert ranges(api) == [None, "bytes=100-", None]
    assert time.pauses == [0.5]


def test_another_range_than_was_asked_for_is_taken_where_it_is(client, api, file):
    """A part that begins earlier, or ends earlier, than was asked for is put in its place."""
    api.then(
        api.cut(CONTENT, 100),
        Response(206, Headers({"Content-Range": f"bytes 40-199/{LENGTH}"}), CONTENT[40:200]),
        Response(206, Headers({"Content-Range": f"bytes 200-1023/{LENGTH}"}), CONTENT[200:]),
    )
    assert client.read_bytes(file) == CONTENT
    assert ranges(api) == [None, "bytes=100-", "bytes=200-"]


@pytest.mark.parametrize(
    "headers", [{}, {"Content-Length": str(LENGTH - 1)}], ids=["as its head says", "as if it were all"]
)
def test_a_file_shorter_than_announced_is_an_error(client, api, file, tmp_path, headers):
    """A complete answer with fewer bytes than the listing announced leaves no file."""
    api.answer = lambda request: ranged(request, CONTENT[:-1], headers)
    with pytest.raises(DownloadError, match="was announced with 1024 bytes, but the server has 1023"):
        client.download(file, tmp_path)
    assert names_in(tmp_path) == []


def test_a_file_of_unsaid_length_is_not_trusted(client, api, file, tmp_path):
    """A body that ends with the connection is resumed when it is short, and refused when the server has no more."""
    unsaid = Headers({"Connection": "close"})
    api.answer = lambda request: ranged(request) if "range" in request.headers else Response(200, unsaid, CONTENT[:-1])
    assert client.read_bytes(file) == CONTENT
    assert ranges(api) == [None, "bytes=1023-"]
    api.answer = lambda request: Response(416 if "range" in request.headers else 200, unsaid, CONTENT[:-1])
    with pytest.raises(DownloadError, match="announced with 1024 bytes, but the server has 1023"):
        client.download(file, tmp_path)
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("told", [True, False], ids=["its head says so", "its body says so"])
def test_a_file_longer_than_announced_is_an_error(client, api, file, tmp_path, told):
    """More bytes than the listing announced leave no file; they are not even read to their end."""
    longer = CONTENT + b"x"
    packed = gzip.compress(longer)
    api.answer = lambda _: (
        Response(200, Headers(), longer) if told else Response(200, Headers({"Content-Encoding": "gzip"}), packed)
    )
    sentence = "but the server has 1025" if told else "but more arrived"
    with pytest.raises(DownloadError) as caught:
        client.download(file, tmp_path)
    # While the exception lives, so do the frames of its traceback: the partial file must not wait for them to go.
    assert names_in(tmp_path) == []
    assert str(caught.value) == f"{file.name} was announced with 1024 bytes, {sentence}"


def test_a_part_of_a_file_of_another_length_is_an_error(client, api, file):
    """A range of a file that is longer than announced is of another file."""
    api.then(api.cut(CONTENT, 100), Response(206, Headers({"Content-Range": "bytes 100-1023/2048"}), CONTENT[100:]))
    with pytest.raises(DownloadError, match="was announced with 1024 bytes, but the server has 2048"):
        client.read_bytes(file)


def test_a_compressed_answer_is_unpacked_and_never_resumed(client, api, file):
    """A body that the server compressed all the same is unpacked; when it is cut, the next attempt begins anew."""
    noise = os.urandom(LENGTH)
    packed = Response(200, Headers({"Content-Encoding": "gzip"}), gzip.compress(noise))
    api.then(api.cut(packed, 700), packed)
    assert client.read_bytes(file) == noise
    assert ranges(api) == [None, None]


def test_a_compressed_part_is_not_used(client, api, file):
    """A compressed 206 is a range of other bytes, and is thrown away."""
    told = {"Content-Range": f"bytes 100-1023/{LENGTH}", "Content-Encoding": "gzip"}
    api.then(
        api.cut(CONTENT, 100),
        Response(206, Headers(told), gzip.compress(bytes(924))),
        Response(200, Headers(), CONTENT),
    )
    assert client.read_bytes(file) == CONTENT


def test_a_download_without_progress_is_given_up(client, api, time, file, tmp_path):
    """A server that always breaks off at the same byte is left after five attempts in a row without a new one."""
    api.answer = lambda _: api.cut(CONTENT, 100)
    with pytest.raises(DownloadError, match=r"100 of 1024 bytes arrived, and 5 attempts in a row brought no more"):
        client.download(file, tmp_path)
    assert len(api.calls) == 6
    assert time.pauses == [0.5, 1, 2, 4]
    assert names_in(tmp_path) == []


def test_an_older_file_survives_a_failed_download(client, api, file, tmp_path):
    """When a download fails, what stood under the path before stands there still."""
    (tmp_path / "x").write_bytes(b"old")
    api.answer = lambda _: Response(404)
    with pytest.raises(NotFoundError):
        client.download(file, tmp_path / "x")
    assert {entry.name: entry.read_bytes() for entry in tmp_path.iterdir()} == {"x": b"old"}


def test_refusals_during_a_download_are_met_as_ever(client, api, time, file):
    """A busy server, a gateway failure and an expired token in the middle of a download are got over."""
    api.then(
        api.json({}, 503, {"Retry-After": "3"}),
        api.cut(CONTENT, 100),
        Response(502),
        api.json({"error_code": "401013", "message": "Oauth token is not valid"}, 401),
        Response(206, Headers({"Content-Range": f"bytes 100-1023/{LENGTH}"}), CONTENT[100:]),
    )
    assert client.read_bytes(file) == CONTENT
    assert ranges(api) == [None, None, "bytes=100-", "bytes=100-", "bytes=100-"]
    assert time.pauses == [3, 0.5]


@pytest.mark.parametrize(("status", "kind"), [(404, NotFoundError), (500, ApiError), (204, UnexpectedAnswerError)])
def test_an_answer_without_the_file_is_final(client, api, file, status, kind):
    """An answer that is no file ends the download at once, with what the API says."""
    api.answer = lambda _: Response(status)
    with pytest.raises(kind):
        client.read_bytes(file)
    assert len(api.calls) == 1


def test_an_unreachable_server_ends_a_download(make_client, api, time, tmp_path):
    """Where nobody listens, a download fails at once."""
    client = make_client("http://127.0.0.1:1", ims_url=f"{api.url}/ims/token/v3")
    with pytest.raises(TransportError, match="could not be reached"):
        client.download(BatchFile("p", 1, "a", "http://127.0.0.1:1/f"), tmp_path)
    assert time.pauses == []
    assert names_in(tmp_path) == []


def test_a_path_that_cannot_be_written_is_a_sentence(client, api, file, tmp_path):
    """A file in the place of the folder is reported before a byte is asked for."""
    (tmp_path / "x").write_bytes(b"")
    api.answer = ranged
    with pytest.raises(DownloadError, match=r"x/y cannot be written: "):
        client.download(file, tmp_path / "x" / "y")
    assert api.calls == []


def test_a_full_disk_is_a_sentence():
    """What the file system refuses while bytes arrive names the file and the reason."""

    class Full(io.BytesIO):
        def write(self, _: object) -> int:
            raise OSError(28, "No space left on device")

    landing = Landing("p", 10, Full())
    assert landing.begin(Response(200))
    with pytest.raises(DownloadError, match="p cannot be written: No space left on device"):
        landing.write(b"x")


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("part-00000-f3bcbf29_c000.snappy.parquet", "part-00000-f3bcbf29_c000.snappy.parquet"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/etc/passwd", "passwd"),
        ("C:\\x.parquet", "x.parquet"),
        (".bashrc", "bashrc"),
        ("a:b\x00c\nd.parquet", "a_b_c_d.parquet"),
        ("é.parquet", "_.parquet"),
        ("x" * 300 + ".parquet", "x" * 192 + ".parquet"),
    ],
)
def test_a_name_stays_in_its_directory(client, api, tmp_path, name, safe):
    """A server's file name never leaves the directory that was given, nor hides, nor holds odd characters."""
    assert safe_name(name) == safe
    api.then(Response(200, Headers(), b"x"))
    file = BatchFile(name, 1, "a", f"{api.url}{FILES}/a?path={quote(name)}")
    assert client.download(file, tmp_path) == tmp_path / safe


@pytest.mark.parametrize("name", ["", "..", ".", "a/", "..\\", "/", "\x00", "...", "._"])
def test_a_name_that_is_none_is_refused(client, api, tmp_path, name):
    """A name of which nothing is left is refused before any request."""
    with pytest.raises(DownloadError, match="cannot be used here: give the path of a file"):
        client.download(BatchFile(name, 1, "a", f"{api.url}/f"), tmp_path)
    assert api.requests == []


@given(name=st.text(max_size=300))
def test_no_name_leaves_its_directory(name):
    """Whatever a server calls a file, its safe name is one plain component of bounded length, or is refused."""
    try:
        safe = safe_name(name)
    except DownloadError:
        return
    assert re.fullmatch(r"[\w+=@-][\w.+=@-]{0,199}", safe, re.ASCII)


class Server:
    """The third driver of a download: each attempt is answered and cut as it is told, then honestly."""

    def __init__(self, attempts) -> None:
        self.attempts = iter(attempts)

    def run(self, flow):
        """Drive a flow to its end."""
        outcome = None
        try:
            while True:
                outcome = self.perform(flow.send(outcome))
        except StopIteration as end:
            return end.value

    def perform(self, effect):
        """Perform an effect of the flow."""
        if not isinstance(effect, Send):
            return None
        manner, kept = next(self.attempts, ("range", LENGTH))
        response = self.respond(effect.request, manner)
        if not effect.sink.begin(response):
            return response
        body = gzip.decompress(response.body) if "content-encoding" in response.headers else response.body
        for at in range(0, len(body[:kept]), 100):
            effect.sink.write(body[:kept][at : at + 100])
        return response if kept >= len(body) else NoAnswer("cut", sent=True)

    def respond(self, request, manner):
        """One manner of answering, right or wrong."""
        begin = int(request.headers.get("range", "bytes=0-")[6:-1])
        if manner == "whole" or (manner == "range" and not begin):
            return Response(200, Headers(), CONTENT)
        if manner == "packed":
            return Response(200, Headers({"Content-Encoding": "gzip"}), gzip.compress(CONTENT))
        if manner == "busy":
            return Response(503)
        shift = {"earlier": -7, "later": 7}.get(manner, 0)
        start = min(max(begin + shift, 0), LENGTH - 1)
        return Response(206, Headers({"Content-Range": f"bytes {start}-{LENGTH - 1}/{LENGTH}"}), CONTENT[start:])


@given(
    st.lists(
        st.tuples(st.sampled_from(["range", "whole", "packed", "busy", "earlier", "later"]), st.integers(0, LENGTH)),
        max_size=20,
    )
)
def test_any_pattern_of_cuts_gives_the_same_bytes(attempts):
    """However often a download is cut, and however each attempt is answered, the bytes are the file's."""
    session = Session(Credentials("a", "b", "c"), "http://h", None, RetryPolicy(attempts=50), lambda: 0)
    session._tokens.keep({"access_token": "t"}, 0)
    assert Server(attempts).run(read_bytes(session, BatchFile("p", LENGTH, "a", "http://h/f"))) == CONTENT


# Reading them as a table ----------------------------------------------------------------------------------------------


def parquet(table):
    """A table as a snappy Parquet file."""
    out = io.BytesIO()
    pq.write_table(table, out, compression="snappy")
    return out.getvalue()


def exported(api, job, contents):
    """An API that serves a job and its batches' files: bytes by batch and name."""

    def answer(request) -> Response:
        *_, kind, key = request.path.removesuffix("/files").split("/")
        if kind == "jobs":
            return api.json(job)
        if kind == "batches":
            return api.json({"data": [file_item(key)]})
        if name := request.query.get("path"):
            return ranged(request, contents[key][name])
        return api.json({"data": [entry_item(api, key, name, str(len(body))) for name, body in contents[key].items()]})

    api.answer = answer


@pytest.mark.parametrize("given", ["job", "stale job", "id"])
def test_an_export_is_read_as_one_table(client, api, job_document, given):
    """All rows of all files of all batches become one table; a column that one file lacks is null there."""
    first, second = pa.table({"id": ["a", "b"]}), pa.table({"id": ["c"], "n": [1]})
    contents = {"B1": {"p0": parquet(first), "p1": parquet(second)}, "B2": {"p0": parquet(first)}}
    destination = {"dataSetId": "d", "segmentPerBatch": True, "batches": [{"batchId": "B1"}, {"batchId": "B2"}]}
    document = job_document(7, status="SUCCEEDED", destination=destination)
    exported(api, document, contents)
    stale = ExportJob.from_json(job_document(7, status="PROCESSING"))
    table = client.read_table({"job": ExportJob.from_json(document), "stale job": stale, "id": 7}[given])
    assert table.to_pydict() == {"id": ["a", "b", "c", "a", "b"], "n": [None, None, 1, None, None]}


def test_an_export_without_files_is_an_empty_table(client, api, job_document):
    """A job that wrote no batch has no rows."""
    api.then(api.json(job_document(status="SUCCEEDED", destination={"datasetId": "d", "batchId": ""})))
    assert client.read_table(1).num_rows == 0


@pytest.mark.parametrize(("status", "kind"), [("PROCESSING", DownloadError), ("FAILED", JobFailedError)])
def test_only_a_successful_export_is_read(client, api, job_document, status, kind):
    """A job that has not ended, or has failed, has nothing to read, and the error says which."""
    api.answer = lambda _: api.json(job_document(7, status=status))
    with pytest.raises(kind, match=rf"export job 7 (is still|ended as) {status}"):
        client.read_table(7)


def test_a_damaged_file_is_named(client, api, job_document):
    """A file that is not Parquet is an error that names it."""
    exported(
        api, job_document(status="SUCCEEDED", destination={"batchId": "B"}), {"B": {"p0": b"PAR1 not really PAR1"}}
    )
    with pytest.raises(DownloadError, match="p0 is not a sound Parquet file"):
        client.read_table(1)
