"""The files of an export: what they hold, where they are, and how their bytes are read."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from urllib.parse import quote, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pytest_aep_export.emulator import data_access
from pytest_aep_export.exporter import reference
from pytest_aep_export.exporter.plan import plan
from pytest_aep_export.lifecycle import Progression
from pytest_aep_export.profiles import generate
from pytest_aep_export.profiles.policies import DEFAULT_POLICIES

JOBS = "/data/core/ups/export/jobs"
BATCH_FILES = "/data/foundation/export/batches/{}/files"
FILES = "/data/foundation/export/files"
SEGMENTS = ["52c26d0d-45f2-47a2-ab30-ed06abc981ff", "7a93d2ff-a220-4bae-9a4e-5f3c35032be3"]
EVENTS = {"eventList": {"fields": "_id", "filter": {"fromIngestTimestamp": "2018-10-25T13:22:04-07:00"}}}


def _read(api, batch: str) -> pa.Table:
    """All files of a batch, as one table."""
    links = [file["_links"]["self"]["href"] for file in api.files(batch)]
    return pa.concat_tables(pq.read_table(io.BytesIO(api.send("GET", link).response.body)) for link in links)


def _plain(rows: list) -> list[str]:
    """Rows as text, to be compared without regard to their order."""
    return sorted(json.dumps(row, default=str, sort_keys=True) for row in rows)


@pytest.fixture
def exported(make_api):
    """A tenant whose exports come in parts of 40 rows, and the id of a batch of three parts."""
    api = make_api(part_rows=40)
    job = api.finish(api.create(fields="personID,personalEmail.address")["id"])
    return api, job["destination"]["batchId"]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"fields": "identities.id,personalEmail.address", "additionalFields": EVENTS},
        {"fields": "identityMap", "additionalFields": EVENTS},
        {"filter": {"segments": [{"segmentId": SEGMENTS[0], "status": ["realized", "exited"]}]}},
        {"filter": {"fromIngestTimestamp": "2018-10-25T13:22:04-07:00", "emptyProfiles": True}},
    ],
    ids=["everything", "fields and events", "events only", "a segment", "since an instant"],
)
@pytest.mark.parametrize("policy", DEFAULT_POLICIES, ids=lambda policy: policy.id)
def test_the_files_hold_exactly_the_rows_of_the_oracle(make_api, changes, policy):
    """Read over HTTP with pyarrow, in parts: the rows that the plain-Python oracle computes from the same data."""
    api = make_api(part_rows=40)
    request = api.payload(**changes, mergePolicy={"id": policy.id})
    job = api.finish(api.ask("POST", JOBS, json=request)["id"])
    assert job["status"] == "SUCCEEDED", job
    table = _read(api, job["destination"]["batchId"])
    expected = reference.rows(plan(request, policy), api.tenant.data)
    assert _plain(table.to_pylist()) == _plain(expected)
    assert job["metrics"]["totalExportedProfileCounter"] == table.num_rows == len(expected) > 0


def test_a_batch_is_there_once_its_job_has_succeeded(api):
    """Until then neither Catalog nor Data Access knows it; afterwards both tell the same (export-jobs section 7)."""
    job = api.create()
    batch = job["destination"]["batchId"]
    for _ in range(2):
        assert api.send("GET", f"/data/foundation/catalog/batches/{batch}").response.status == 404
        assert api.send("GET", BATCH_FILES.format(batch)).response.status == 404
        api.look(job["id"])
    document = api.ask("GET", f"/data/foundation/catalog/batches/{batch}")[batch]
    table = _read(api, batch)
    assert document["status"] == "success"
    assert document["relatedObjects"] == [{"type": "dataSet", "id": api.dataset()}]
    assert document["metrics"]["outputRecordCount"] == document["recordCount"] == table.num_rows
    assert document["metrics"]["outputFileCount"] == len(api.files(batch))
    assert document["size"] == sum(int(file["length"]) for file in api.files(batch))
    assert document["completed"] >= document["started"] >= document["created"]
    dataset = api.ask("GET", f"/data/foundation/catalog/dataSets/{api.dataset()}")[api.dataset()]
    assert dataset["lastBatchId"] == dataset["lastSuccessfulBatch"] == batch


def test_time_alone_makes_a_batch_appear(make_api):
    """Whoever asks for the files of a job whose time has come finds them without looking at the job."""
    api = make_api(progression=Progression("elapsed", queue=10, work=10))
    batch = api.create()["destination"]["batchId"]
    api.tenant.clock.advance(hours=1)
    assert _read(api, batch).num_rows > 0


def test_each_segment_has_a_batch_of_its_own(api):
    """With ``segmentPerBatch`` each batch holds the profiles of its segment, and the counters add up over all."""
    segments = [{"segmentId": SEGMENTS[0]}, {"segmentId": SEGMENTS[1], "status": ["exited"]}]
    destination = {"datasetId": api.dataset(), "segmentPerBatch": True}
    asked = {"fields": "personID,segmentMembership", "filter": {"segments": segments}}
    created = api.create(destination=destination, **asked)["destination"]
    assert created["segmentPerBatch"] is True
    assert [(b["segmentId"], b["segmentNs"], b["status"]) for b in created["batches"]] == [
        (SEGMENTS[0], "ups", ["realized"]),
        (SEGMENTS[1], "ups", ["exited"]),
    ]
    assert len({b["batchId"] for b in created["batches"]}) == 2
    done = api.finish(api.numbers()[0])
    tables = [_read(api, b["batchId"]) for b in done["destination"]["batches"]]
    for table, segment in zip(tables, segments, strict=True):
        alone = api.payload(fields=asked["fields"], filter={"segments": [segment]})
        expected = reference.rows(plan(alone, DEFAULT_POLICIES[0]), api.tenant.data)
        assert _plain(table.to_pylist()) == _plain(expected)
    counted = done["metrics"]["totalExportedProfileCounter"]
    assert counted == sum(table.num_rows for table in tables) > 0


def test_segment_per_batch_means_nothing_without_segments(api):
    """There is one batch where no segments are asked for, and the job says so."""
    shown = api.create(destination={"datasetId": api.dataset(), "segmentPerBatch": True})["destination"]
    assert shown["segmentPerBatch"] is False
    assert shown["batchId"]


def test_files_are_listed_as_documented(exported):
    """One entry per part: id from the batch, times and sizes as texts, an absolute link to the file (D-79 to D-82).

    ``isValid`` is false, as it was in the one reply of the live service that was seen, although the file is sound.
    """
    api, batch = exported
    page = api.ask("GET", BATCH_FILES.format(batch))
    assert [entry["dataSetFileId"] for entry in page["data"]] == [f"{batch}-DE{n}" for n in (1, 2, 3, 4)]
    assert page["_page"] == {"limit": 100, "count": 4}
    assert "_links" not in page
    for entry in page["data"]:
        assert entry["_links"]["self"]["href"] == f"{api.url}{FILES}/{entry['dataSetFileId']}"
        assert entry["isValid"] is False
        assert all(isinstance(entry[name], str) for name in ("version", "created", "updated", "records", "size"))
    assert sum(int(entry["records"]) for entry in page["data"]) == 128


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
def test_following_the_links_finds_every_file_once(exported, limit):
    """Pages of any size are the whole list cut into pieces, with a link while there is more."""
    api, batch = exported
    whole = [entry["dataSetFileId"] for entry in api.ask("GET", BATCH_FILES.format(batch))["data"]]
    found, link = [], f"{BATCH_FILES.format(batch)}?limit={limit}"
    while link:
        page = api.ask("GET", link)
        assert page["_page"] == {"limit": limit, "count": 4}
        assert ("_links" in page) == (limit < 4)
        found += [entry["dataSetFileId"] for entry in page["data"]]
        link = page.get("_links", {}).get("next", {}).get("href", "")
        assert not link or link.startswith(api.url)
    assert found == whole


@pytest.mark.parametrize("start", [4, 5, 2**31 - 1])
def test_behind_the_last_file_is_an_empty_page(exported, start):
    """The count is still that of all files, and no link leads on."""
    api, batch = exported
    page = api.ask("GET", f"{BATCH_FILES.format(batch)}?start={start}&limit=3")
    assert (page["data"], page["_page"]) == ([], {"limit": 3, "count": 4})
    assert page["_links"] == {
        "page": {"href": f"{api.url}{BATCH_FILES.format(batch)}?start={start}&limit=3", "templated": True}
    }


@pytest.fixture(params=["single", "directory"])
def many(make_api, request):
    """A tenant with an export of more than a hundred parts, and the path of the listing that they are in."""
    api = make_api(part_rows=1, files=request.param)
    batch = api.finish(api.create(fields="personID")["id"])["destination"]["batchId"]
    return api, BATCH_FILES.format(batch) if request.param == "single" else f"{FILES}/{batch}-DE1"


def test_a_page_holds_a_hundred_entries(many):
    """Unless it is asked for fewer; the rest follows on the next page (data-access, paging)."""
    api, listing = many
    page = api.ask("GET", listing)
    assert (len(page["data"]), page["_page"]) == (100, {"limit": 100, "count": 128})
    assert page["_links"]["next"]["href"] == f"{api.url}{listing}?start=100&limit=100"
    rest = api.ask("GET", page["_links"]["next"]["href"])
    assert len(rest["data"]) == 28
    assert "next" not in rest["_links"]


# Directories ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def directory(make_api):
    """A tenant whose batches are one file that is a directory, and the id of a batch of four parts."""
    api = make_api(part_rows=40, files="directory")
    job = api.finish(api.create(fields="personID,personalEmail.address")["id"])
    return api, job["destination"]["batchId"]


def test_a_directory_is_one_file_of_its_batch(directory):
    """Its entry counts the rows and bytes of all parts (data-access section 2)."""
    api, batch = directory
    page = api.ask("GET", BATCH_FILES.format(batch))
    assert page["_page"] == {"limit": 100, "count": 1}
    [entry] = page["data"]
    assert entry["dataSetFileId"] == f"{batch}-DE1"
    assert entry["records"] == "128"
    assert entry["size"] == str(sum(int(part["length"]) for part in api.files(batch)))
    metrics = api.ask("GET", f"/data/foundation/catalog/batches/{batch}")[batch]["metrics"]
    assert (metrics["outputFileCount"], metrics["outputRecordCount"]) == (4, 128)
    assert str(metrics["outputByteSize"]) == entry["size"]


def test_a_directory_lists_its_parts(directory, exported):
    """Looked up without ``path`` it has an entry per part, of the form that the entry of a single file has."""
    api, batch = directory
    page = api.ask("GET", f"{FILES}/{batch}-DE1")
    assert page["_page"] == {"limit": 100, "count": 4}
    for number, part in enumerate(page["data"]):
        assert f"_part-{number:05}-" in part["name"]
        assert part["_links"]["self"]["href"] == f"{api.url}{FILES}/{batch}-DE1?path={quote(part['name'])}"
    assert len({part["name"] for part in page["data"]}) == 4
    [single] = exported[0].ask("GET", f"{FILES}/{exported[1]}-DE1")["data"]
    assert {frozenset(part) for part in page["data"]} == {frozenset(single)}


def test_each_part_of_a_directory_is_served_by_its_name(directory):
    """Whole, in ranges and by HEAD, each has its own bytes; together they are the rows of the export."""
    api, batch = directory
    assert _read(api, batch).num_rows == 128
    for part in api.files(batch):
        link = part["_links"]["self"]["href"]
        whole = api.send("GET", link).response
        assert (whole.status, str(len(whole.body))) == (200, part["length"])
        assert api.send("HEAD", link).response.headers["content-length"] == part["length"]
        tail = api.send("GET", link, headers={"range": "bytes=-9"}).response
        assert (tail.status, tail.body) == (206, whole.body[-9:])
    assert api.send("GET", f"{FILES}/{batch}-DE2").response.status == 404
    assert api.send("GET", f"{FILES}/{batch}-DE1?path=part-00000.snappy.parquet").response.status == 404


def test_files_stay_what_they_were_when_they_were_written(directory):
    """A behaviour that is replaced counts for later batches only."""
    api, batch = directory
    api.tenant.behaviour = replace(api.tenant.behaviour, files="single")
    later = api.finish(api.create()["id"])["destination"]["batchId"]
    assert len(api.ask("GET", BATCH_FILES.format(batch))["data"]) == 1
    assert len(api.ask("GET", BATCH_FILES.format(later))["data"]) == 4


# Bytes ----------------------------------------------------------------------------------------------------------------


def test_a_file_is_named_like_a_part_in_the_lake(exported):
    """The names follow the one real name that was seen, number their parts and end in ``.parquet``."""
    api, batch = exported
    files = api.files(batch)
    for number, file in enumerate(files):
        assert f"_part-{number:05}-" in file["name"]
        assert file["name"].endswith("-c000.snappy.parquet")
        path = urlsplit(file["_links"]["self"]["href"])
        assert (path.path, path.query) == (f"{FILES}/{batch}-DE{number + 1}", f"path={quote(file['name'])}")
    assert len({file["name"] for file in files}) == 4


def test_parts_hold_at_most_so_many_rows_and_are_snappy(exported):
    """Each part is a Parquet file of its own, compressed with snappy, of the size that was announced."""
    api, batch = exported
    rows = []
    for file in api.files(batch):
        body = api.send("GET", file["_links"]["self"]["href"]).response.body
        assert len(body) == int(file["length"])
        metadata = pq.ParquetFile(io.BytesIO(body)).metadata
        assert metadata.row_group(0).column(0).compression == "SNAPPY"
        rows.append(metadata.num_rows)
    assert rows == [40, 40, 40, 8]


@pytest.mark.parametrize(
    ("header", "start", "stop"),
    [
        ("bytes=0-3", 0, 4),
        ("bytes=0-0", 0, 1),
        ("bytes=100-199", 100, 200),
        ("Bytes=100-199", 100, 200),
        ("bytes=4-", 4, None),
        ("bytes=-4", -4, None),
        ("bytes=0-999999999999999", 0, None),
        ("bytes=-999999999999999", 0, None),
    ],
)
def test_a_range_is_answered_with_its_bytes(exported, header, start, stop):
    """First, last, middle, open and suffix ranges: 206, the bytes, and where they lie (data-access section 3)."""
    api, batch = exported
    file = api.files(batch)[0]
    whole = api.send("GET", file["_links"]["self"]["href"]).response
    part = api.send("GET", file["_links"]["self"]["href"], headers={"range": header}).response
    assert part.status == 206
    assert part.body == whole.body[start:stop]
    first = range(len(whole.body))[start]
    last = first + len(part.body) - 1
    assert part.headers["content-range"] == f"bytes {first}-{last}/{len(whole.body)}"
    assert part.headers["content-length"] == str(len(part.body))
    assert part.headers["content-type"] == whole.headers["content-type"] == "application/parquet"


@pytest.mark.parametrize("span", [range(100), range(1), range(99, 100), range(5, 47), range(30)])
async def test_bytes_leave_in_pieces(tmp_path, monkeypatch, span):
    """A file is read piece by piece, from where the range begins to where it ends: it is never whole in memory."""
    monkeypatch.setattr(data_access, "_CHUNK", 10)
    content = bytes(range(100))
    (tmp_path / "part").write_bytes(content)
    pieces = [piece async for piece in data_access._stream(tmp_path / "part", span)]
    assert b"".join(pieces) == content[span.start : span.stop]
    assert max(map(len, pieces)) <= 10


async def test_a_file_that_shrinks_ends_the_answer(tmp_path):
    """Where bytes vanish while they are sent, the answer ends short, and every client sees that by its length."""
    (tmp_path / "part").write_bytes(b"abc")
    assert [piece async for piece in data_access._stream(tmp_path / "part", range(9))] == [b"abc"]


@pytest.mark.parametrize(
    "header", ["bytes=99999999-", "bytes=-0", "bytes=5-2", "bytes=999999999999999-999999999999999"]
)
def test_a_range_behind_the_end_is_416(exported, header):
    """The answer says how long the file is, in the header and in words."""
    api, batch = exported
    file = api.files(batch)[0]
    response = api.send("GET", file["_links"]["self"]["href"], headers={"range": header}).response
    assert response.status == 416
    assert response.headers["content-range"] == f"bytes */{file['length']}"
    assert response.json()["title"] == "RangeNotSatisfiableError"
    assert file["length"] in response.json()["detail"]


@pytest.mark.parametrize("header", ["bytes=", "bytes=a-b", "items=0-1", "bytes=0-1,3-4", "0-1", f"bytes={10**30}-"])
def test_a_range_that_is_none_is_refused_by_name(exported, header):
    """What the contract does not call a range is a 400."""
    api, batch = exported
    response = api.send("GET", api.files(batch)[0]["_links"]["self"]["href"], headers={"range": header}).response
    assert response.status == 400
    assert "/header/range" in response.json()["detail"]


def test_head_tells_the_length_without_the_bytes(exported):
    """Length, media type and that ranges are accepted; nothing else crosses the wire."""
    api, batch = exported
    file = api.files(batch)[0]
    response = api.send("HEAD", file["_links"]["self"]["href"]).response
    assert (response.status, response.body) == (200, b"")
    assert response.headers["content-length"] == file["length"]
    assert response.headers["content-type"] == "application/parquet"
    assert response.headers["accept-ranges"] == "bytes"


def test_a_download_asked_for_as_json_is_still_parquet(exported):
    """Clients send ``Accept: application/json`` with everything (real-clients 6)."""
    api, batch = exported
    link = api.files(batch)[0]["_links"]["self"]["href"]
    response = api.send(
        "GET", link, headers={"accept": "application/json", "content-type": "application/json"}
    ).response
    assert response.body[:4] == response.body[-4:] == b"PAR1"


def test_a_file_whose_bytes_are_gone_is_a_404(exported, aep_server):
    """Somebody tidied up the folder: the answer says so, instead of breaking off after its head, and HEAD agrees."""
    api, batch = exported
    [name, *_] = [file["name"] for file in api.files(batch)]
    (aep_server.emulator.state.folder / api.tenant._sandbox.key / batch / name).unlink()
    body = api.ask("GET", f"{FILES}/{batch}-DE1", 404, query={"path": name})
    assert body["detail"] == f"File {batch}-DE1 is not found: its bytes are gone."
    assert api.send("HEAD", f"{FILES}/{batch}-DE1", query={"path": name}).response.status == 404


@pytest.mark.parametrize(
    "path", ["x", "../x", "%2Fetc%2Fpasswd", "..%2F..%2Fstate.sqlite", "%00", "{other}", "{name}/"]
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_wrong_path_is_a_404(exported, method, path):
    """Only the file's own name leads to its bytes: no other file, nothing outside."""
    api, batch = exported
    name, other = (file["name"] for file in api.files(batch)[:2])
    target = f"{FILES}/{batch}-DE1?path={path.format(name=name, other=other)}"
    response = api.send(method, target).response
    assert response.status == 404
    assert method == "HEAD" or response.json()["detail"].startswith("path: ")


@pytest.mark.parametrize("query", ["", "?path="])
def test_head_needs_a_path(exported, query):
    """Without a file's name there is nothing to measure."""
    api, batch = exported
    assert api.send("HEAD", f"{FILES}/{batch}-DE1{query}").response.status == 400


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "start=-1", "start=x"])
@pytest.mark.parametrize("where", [BATCH_FILES, FILES + "/{}-DE1"])
def test_a_wrong_parameter_is_named(exported, where, query):
    """Both lists page alike and refuse alike."""
    api, batch = exported
    detail = api.ask("GET", f"{where.format(batch)}?{query}", 400)["detail"]
    assert f"/query/{query.partition('=')[0]}" in detail


def test_files_are_no_other_tenants_business(exported, make_api):
    """Neither another organisation nor another sandbox can list, measure or read them."""
    api, batch = exported
    link = api.files(batch)[0]["_links"]["self"]["href"]
    for stranger in (make_api(), api.sandbox("dev")):
        assert stranger.send("GET", BATCH_FILES.format(batch)).response.status == 404
        assert stranger.send("GET", f"/data/foundation/catalog/batches/{batch}").response.status == 404
        assert stranger.send("GET", link).response.status == 404
        assert stranger.send("HEAD", link).response.status == 404


def test_loaded_data_is_what_is_exported(api):
    """A tenant exports the data that was loaded into it last, and another one's stay as they were."""
    data = generate(7, seed=3)
    api.tenant.load(data)
    assert api.tenant.data is data
    job = api.finish(api.create(mergePolicy={"id": "timestampOrdered-none-mp"})["id"])
    request = api.payload(mergePolicy={"id": "timestampOrdered-none-mp"})
    expected = reference.rows(plan(request, DEFAULT_POLICIES[3]), data)
    assert _plain(_read(api, job["destination"]["batchId"]).to_pylist()) == _plain(expected)
