"""What Data Access tells of a batch besides its files: that nothing failed, and what was handed in."""

from __future__ import annotations

import pytest

from pytest_aep_export.lifecycle import Progression

BATCH = "/data/foundation/export/batches/{}/{}"


@pytest.fixture(params=["single", "directory"])
def exported(make_api, request):
    """A tenant whose exports come in parts of 40 rows, and the id of a batch of four parts."""
    api = make_api(part_rows=40, files=request.param)
    return api, api.finish(api.create(fields="personID")["id"])["destination"]["batchId"]


def _failed(batch: str) -> str:
    return BATCH.format(batch, "failed")


def _meta(batch: str, path: str = "") -> str:
    return BATCH.format(batch, "meta") + (f"?path={path}" if path else "")


def test_a_batch_has_no_failed_files(exported):
    """An export writes all of its rows: the listing is a page like any other, and holds nothing."""
    api, batch = exported
    assert api.ask("GET", _failed(batch)) == {"data": [], "_page": {"limit": 100, "count": 0}}
    assert api.ask("GET", _failed(batch), query={"start": 1, "limit": 7})["_page"] == {"limit": 7, "count": 0}


@pytest.mark.parametrize("path", ["x", "_SUCCESS", "parse_errors"])
def test_no_failed_file_can_be_downloaded(exported, path):
    """Whatever failed file is asked for, it is not there."""
    api, batch = exported
    detail = api.ask("GET", _failed(batch), 404, query={"path": path})["detail"]
    assert detail == f"path: {path!r} is not a failed file of {batch}"
    part = api.files(batch)[0]["name"]
    assert api.send("GET", _failed(batch), query={"path": part}).response.status == 404


def test_the_meta_directory_has_two_folders(exported):
    """What was handed in, and the rows with errors; there is no sample of errors where there are none."""
    api, batch = exported
    page = api.ask("GET", _meta(batch))
    assert page["_page"] == {"limit": 100, "count": 2}
    assert [(entry["name"], entry["length"]) for entry in page["data"]] == [("input_files", "0"), ("row_errors", "0")]
    for entry in page["data"]:
        assert entry["_links"]["self"]["href"] == f"{api.url}{_meta(batch, entry['name'])}"
        assert "data" in api.ask("GET", entry["_links"]["self"]["href"])


def test_each_part_that_was_handed_in_has_a_meta_file(exported):
    """Its entry tells the length of what its link leads to: JSON with the path of the part (Error diagnostics)."""
    api, batch = exported
    entries = api.pages(_meta(batch, "input_files"))
    assert [entry["name"] for entry in entries] == [f"fileMetaData{number}.json" for number in (1, 2, 3, 4)]
    found = [api.send("GET", entry["_links"]["self"]["href"]).response for entry in entries]
    assert [str(len(response.body)) for response in found] == [entry["length"] for entry in entries]
    assert {response.headers["content-type"] for response in found} == {"application/json"}
    assert [response.json() for response in found] == [{"path": part["name"]} for part in api.files(batch)]


@pytest.mark.parametrize("limit", [1, 3, 4])
def test_a_folder_is_paged_like_any_listing(exported, limit):
    """The links of a folder's pages stay in the folder, and lead through it to its end."""
    api, batch = exported
    whole = api.ask("GET", _meta(batch, "input_files"))["data"]
    assert api.pages(f"{_meta(batch, 'input_files')}&limit={limit}") == whole
    page = api.ask("GET", f"{_meta(batch, 'input_files')}&limit={limit}")
    assert page["_page"] == {"limit": limit, "count": 4}
    assert ("_links" in page) == (limit < 4)


@pytest.mark.parametrize("path", ["row_errors", "row_errors/"])
def test_no_row_has_an_error(exported, path):
    """The folder of rows with errors is there, and empty, with a slash at its end or without."""
    api, batch = exported
    assert api.ask("GET", _meta(batch, path)) == {"data": [], "_page": {"limit": 100, "count": 0}}


@pytest.mark.parametrize(
    "path",
    [
        "x",
        "%2F",
        "row_errors_sample.json",
        "row_errors/x",
        "input_files/fileMetaData0.json",
        "input_files/fileMetaData5.json",
        "input_files/fileMetaData1.json/",
        "fileMetaData1.json",
        "input_files//fileMetaData1.json",
        "../files",
        "INPUT_FILES",
    ],
)
def test_a_path_outside_of_the_meta_directory_is_a_404(exported, path):
    """What is not there is not found, and the answer says what was asked for (data-access, table of calls)."""
    api, batch = exported
    detail = api.ask("GET", _meta(batch, path), 404)["detail"]
    asked = path.replace("%2F", "/")
    assert detail == f"path: {asked!r} is not in the meta directory of {batch}"


@pytest.mark.parametrize("what", ["files", "failed", "meta"])
@pytest.mark.parametrize("end", ["NEW", "FAILED", "CANCELLED"])
def test_a_batch_that_was_not_written_has_no_reports(make_api, what, end):
    """Before a job has succeeded, and where it fails or is cancelled, its batch is unknown: 404, everywhere alike."""
    api = make_api(progression=Progression(fail="PROCESSING"))
    job = api.create()
    if end == "CANCELLED":
        api.cancel(job["id"])
    else:
        assert end == "NEW" or api.finish(job["id"])["status"] == "FAILED"
    batch = job["destination"]["batchId"]
    assert api.ask("GET", BATCH.format(batch, what), 404)["detail"] == f"Batch {batch} is not found."
    assert api.send("GET", f"/data/foundation/catalog/batches/{batch}").response.status == 404
    assert api.ask("GET", f"/data/foundation/export/datasets/{api.dataset()}/preview") == {"data": []}


@pytest.mark.parametrize("what", ["failed", "meta"])
def test_reports_are_no_other_tenants_business(exported, make_api, what):
    """Neither another organisation nor another sandbox sees them."""
    api, batch = exported
    for stranger in (make_api(), api.sandbox("dev")):
        assert stranger.send("GET", BATCH.format(batch, what)).response.status == 404


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "start=-1", "path="])
@pytest.mark.parametrize("what", ["failed", "meta"])
def test_a_wrong_parameter_of_a_report_is_named(exported, what, query):
    """Reports refuse what the other listings refuse."""
    api, batch = exported
    detail = api.ask("GET", f"{BATCH.format(batch, what)}?{query}", 400)["detail"]
    assert f"/query/{query.partition('=')[0]}" in detail
