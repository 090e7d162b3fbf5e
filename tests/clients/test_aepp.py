"""Adobe's own Python client, `aepp`, works against the emulator as it is.

It is pointed at the emulator by configuration only: the API's host is an argument of its ``configure``, and the address
of the token service, for which it has no argument, is a value of the configuration that ``configure`` returns.
"""

from __future__ import annotations

import copy
import io
import itertools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import aepp
import pyarrow.parquet as pq
import pytest
from aepp.catalog import Catalog
from aepp.config import config_object, endpoints, header
from aepp.customerprofile import Profile
from aepp.dataaccess import DataAccess
from aepp.sandboxes import Sandboxes
from aepp.segmentation import Segmentation

from pytest_aep_export import Credentials, EmulatorServer, Tenant
from pytest_aep_export.client import AepClient
from pytest_aep_export.model import SegmentDefinition

if TYPE_CHECKING:
    from aepp.configs import ConnectObject

pytestmark = pytest.mark.filterwarnings(
    # aepp keeps a session in each object and never closes it: its sockets are closed when Python collects them.
    "ignore:unclosed <socket:ResourceWarning",
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning",
)

MOST_REQUESTS = 50

DEFAULT_POLICY = "0bf16e61-90e9-4204-b8fa-ad250360957b"


@pytest.fixture
def connection(aep_server: EmulatorServer, aep_credentials: Credentials) -> Iterator[ConnectObject]:
    """The configuration of aepp for this test's tenant; aepp's own defaults are put back afterwards."""
    defaults = [(shared, copy.deepcopy(shared)) for shared in (config_object, endpoints, header)]
    configured = aepp.configure(
        org_id=aep_credentials.org_id,
        client_id=aep_credentials.client_id,
        secret=aep_credentials.client_secret,
        scopes=aep_credentials.scopes,
        sandbox=aep_credentials.sandbox,
        environment="support",
        endpoint=aep_server.url,
        retry=0,
        connectInstance=True,
    )
    configured.getConfigObject()["oauthTokenEndpointV2"] = f"{aep_server.url}/ims/token/v3"
    yield configured
    for shared, default in defaults:
        shared.clear()
        shared.update(default)


def part(kind: Callable[..., Any], connection: ConnectObject) -> Any:
    """One of aepp's parts, which may ask a bounded number of times: by itself it follows an endless list for ever."""
    made = kind(config=connection)
    numbers = itertools.count(1)

    def bound(*_: object, **__: object) -> None:
        assert next(numbers) <= MOST_REQUESTS, "aepp does not stop asking"

    made.connector.session.hooks["response"].append(bound)
    return made


@pytest.fixture
def profile(connection: ConnectObject) -> Profile:
    """The part of aepp that knows export jobs and merge policies."""
    return part(Profile, connection)


@pytest.fixture
def catalog(connection: ConnectObject) -> Catalog:
    """The part of aepp that knows datasets and batches."""
    return part(Catalog, connection)


@pytest.fixture
def dataset_id(catalog: Catalog) -> str:
    """A new dataset on the union schema."""
    [reference] = catalog.createUnionProfileDataset()
    return reference.rpartition("/")[2]


def create(profile: Profile, dataset_id: str) -> dict[str, Any]:
    """A new export job, made from aepp's arguments."""
    return profile.createExportJob(
        fields=["identities.id", "person.name.firstName"], mergePolicyId=DEFAULT_POLICY, datasetId=dataset_id
    )


def finish(profile: Profile, job: dict[str, Any]) -> dict[str, Any]:
    """The job as it is when it has ended, looked at a few times at most."""
    for _ in range(5):
        job = profile.getExportJob(job["id"])
        if job["status"] not in {"NEW", "PROCESSING"}:
            return job
    pytest.fail(f"job {job['id']} is still {job['status']}")


def test_aepp_gets_a_token_from_the_emulator(connection: ConnectObject, aep_emulator: Tenant):
    """The client asks for a token with a form, and the emulator's answer is a token that it can go on with."""
    connection.connect()

    [exchange] = aep_emulator.journal.of("requestToken")
    assert connection.token == exchange.response.json()["access_token"]


def test_aepp_creates_a_dataset_and_finds_it_again(catalog: Catalog, dataset_id: str):
    """A dataset made by aepp is on the union schema, and aepp can read it and the list that it is in."""
    [dataset] = catalog.getDataSet(dataset_id).values()

    assert dataset["schemaRef"]["id"] == "https://ns.adobe.com/xdm/context/profile__union"
    assert catalog.getDataSets()[dataset_id]["name"] == "Profile Data Export"
    assert dataset_id in set(catalog.getDatasetsInfos()["id"])


def test_aepp_pages_through_the_datasets(catalog: Catalog):
    """The client finds every dataset over several pages: it goes on until a page is not full."""
    made = {catalog.createUnionProfileDataset()[0].removeprefix("@/dataSets/") for _ in range(4)}

    assert made <= set(catalog.getDataSets(limit=2))


def test_aepp_creates_a_job_and_sees_it_succeed(profile: Profile, dataset_id: str):
    """A job made from aepp's arguments begins as NEW and ends as SUCCEEDED with a batch."""
    job = create(profile, dataset_id)
    ended = finish(profile, job)

    assert job["status"] == "NEW"
    assert ended["status"] == "SUCCEEDED"
    assert ended["destination"]["batchId"]


def test_aepp_lists_the_first_page_of_jobs(profile: Profile, dataset_id: str):
    """The client's list of one page, asked for with a trailing slash, holds as many jobs as it wants."""
    made = [create(profile, dataset_id)["id"] for _ in range(3)]

    page = profile.getExportJobs(limit=2)

    assert len(page["records"]) == 2
    assert {job["id"] for job in page["records"]} < set(made)


def test_aepp_lists_the_jobs_of_all_pages(connection: ConnectObject, profile: Profile, dataset_id: str):
    """The client's segmentation client follows the links from page to page, meets every job once, and stops."""
    made = [create(profile, dataset_id)["id"] for _ in range(5)]

    listed = [job["id"] for job in part(Segmentation, connection).getExportJobs(limit=2)]

    assert sorted(listed) == sorted(made)


def test_aepp_cancels_a_job(profile: Profile, dataset_id: str):
    """The client's delete is answered with a bare 204, and the job is cancelled."""
    job = create(profile, dataset_id)

    assert profile.deleteExportJob(job["id"]) == 204
    assert profile.getExportJob(job["id"])["status"] == "CANCELLED"


def test_aepp_gets_errors_as_json(profile: Profile):
    """The client hands the body of an error to its caller: it is JSON, and says what is wrong."""
    problem = profile.getExportJob("404404")

    assert problem["status"] == 404
    assert "404404" in str(problem)


def test_aepp_lists_merge_policies_and_reads_one(profile: Profile):
    """The client lists every merge policy over several pages, and reads one by its id."""
    policies = profile.getMergePolicies(limit=1)
    policy = profile.getMergePolicy(DEFAULT_POLICY)

    assert len({policy["id"] for policy in policies}) == len(policies) > 1
    assert policy in policies
    assert policy["default"] is True


def test_aepp_downloads_what_a_job_exported(
    connection: ConnectObject, profile: Profile, catalog: Catalog, dataset_id: str
):
    """From a job over its batch to its files: they are Parquet, and hold the rows that the job counted."""
    job = finish(profile, create(profile, dataset_id))
    batch_id = job["destination"]["batchId"]
    access = part(DataAccess, connection)

    [batch] = catalog.getBatch(batch_id).values()
    assert batch["relatedObjects"] == [{"type": "dataSet", "id": dataset_id}]
    [file] = access.getBatchFiles(batch_id)
    entries = access.getFiles(file["dataSetFileId"])["data"]
    downloads = [access.getFiles(file["dataSetFileId"], path=entry["name"]) for entry in entries]

    assert [len(download.getbuffer()) for download in downloads] == [int(entry["length"]) for entry in entries]
    assert (
        sum(len(access.transformDataToDataFrame(download)) for download in downloads)
        == (job["metrics"]["totalExportedProfileCounter"])
    )
    assert pq.read_schema(io.BytesIO(downloads[0].getvalue())).names == ["identities", "person"]


def test_aepp_asks_for_the_head_of_a_file(
    connection: ConnectObject, profile: Profile, dataset_id: str, aep_emulator: Tenant
):
    """The client's HEAD of a file is answered with its length and no body."""
    job = finish(profile, create(profile, dataset_id))
    access = part(DataAccess, connection)
    [file] = access.getBatchFiles(job["destination"]["batchId"])
    [entry] = access.getFiles(file["dataSetFileId"])["data"]

    access.getHeadFile(file["dataSetFileId"], path=entry["name"])

    [exchange] = aep_emulator.journal.of("headFile")
    assert exchange.response.status == 200
    assert exchange.response.headers["content-length"] == entry["length"]
    assert exchange.response.body == b""


@pytest.mark.aep_emulator(files="directory", part_rows=40)
def test_aepp_reads_a_directory(connection: ConnectObject, profile: Profile, dataset_id: str):
    """Where a batch is one file of several parts, the client lists and reads each of them under the same id."""
    job = finish(profile, create(profile, dataset_id))
    access = part(DataAccess, connection)
    [file] = access.getBatchFiles(job["destination"]["batchId"])
    entries = access.getFiles(file["dataSetFileId"])["data"]

    assert len(entries) > 1
    tables = [pq.read_table(access.getFiles(file["dataSetFileId"], path=entry["name"])) for entry in entries]
    assert sum(table.num_rows for table in tables) == job["metrics"]["totalExportedProfileCounter"]


def test_aepp_previews_a_dataset_and_reads_the_reports_of_its_batch(
    connection: ConnectObject, profile: Profile, dataset_id: str
):
    """The client gets the rows of a preview, an empty list of failed files, and the meta file of the part."""
    job = finish(profile, create(profile, dataset_id))
    batch_id = job["destination"]["batchId"]
    access = part(DataAccess, connection)

    assert len(access.getPreview(dataset_id)) == 100
    assert access.getBatchFailed(batch_id) == []
    [entry] = access.getBatchMeta(batch_id, path="input_files")["data"]
    [file] = access.getBatchFiles(batch_id)
    [content] = access.getFiles(file["dataSetFileId"])["data"]
    assert access.getBatchMeta(batch_id, path=f"input_files/{entry['name']}") == {"path": content["name"]}


@pytest.mark.parametrize("dialect", ["canonical", "profile-guide", "segmentation-guide", "openapi"])
def test_aepp_survives_every_dialect(request: pytest.FixtureRequest, dialect: str):
    """Whichever documented variant the emulator speaks, aepp gets its export."""
    request.applymarker(pytest.mark.aep_emulator(dialect=dialect))
    profile: Profile = request.getfixturevalue("profile")
    dataset_id: str = request.getfixturevalue("dataset_id")

    assert finish(profile, create(profile, dataset_id))["status"] == "SUCCEEDED"


def test_aepp_knows_the_sandboxes(connection: ConnectObject, aep_emulator: Tenant):
    """It lists them, and looks one up with the id that only services are shown."""
    aep_emulator.sandbox("dev")
    sandboxes = part(Sandboxes, connection)
    assert {s["name"]: s["type"] for s in sandboxes.getSandboxes()} == {"prod": "production", "dev": "development"}
    assert sandboxes.getSandbox("dev")["isDefault"] is False
    assert sandboxes.getSandboxId("dev") == sandboxes.getSandbox("dev")["id"]


def test_aepp_changes_merge_policies(profile: Profile):
    """It creates one, lists it, replaces it, changes it, finds the default in it, and deletes it."""
    asked = {
        "name": "Stitched",
        "schema": {"name": "_xdm.context.profile"},
        "identityGraph": {"type": "pdg"},
        "attributeMerge": {"type": "timestampOrdered"},
    }
    created = profile.createMergePolicy(asked)
    assert created["id"] in [policy["id"] for policy in profile.getMergePolicies(limit=2)]
    replaced = profile.updateMergePolicy(created["id"], asked | {"name": "Stitched anew"})
    assert (replaced["name"], replaced["version"]) == ("Stitched anew", 2)
    changes = [{"op": "add", "path": "/default", "value": True}, {"op": "add", "path": "/version", "value": 2}]
    assert profile.patchMergePolicy(created["id"], changes)["default"] is True
    assert profile.getMergePolicy(DEFAULT_POLICY)["default"] is False
    assert profile.deleteMergePolicy(created["id"]) == 200
    assert profile.getMergePolicy(created["id"])["status"] == 404


def test_aepp_defines_segments(connection: ConnectObject, aep_client: AepClient):
    """It defines one, lists each once where there is more than a page of them, changes it and deletes it."""
    for number in range(100):
        aep_client.create_segment_definition(SegmentDefinition("", f"Segment {number}", 'person.gender = "female"'))
    segmentation = part(Segmentation, connection)
    expression = {"type": "PQL", "format": "pql/text", "value": 'workAddress.country = "US"'}
    asked = {"description": "", "expression": expression, "schema": {"name": "_xdm.context.profile"}, "ttlInDays": 30}
    made = segmentation.createSegment(asked | {"name": "Americans"})["id"]
    listed = [segment["id"] for segment in segmentation.getSegments()]
    assert made in listed
    assert len(listed) == len(set(listed)) == 100 + 1 + 2
    assert segmentation.updateSegment(made, asked | {"name": "People in the USA"})["name"] == "People in the USA"
    assert segmentation.getSegment(made)["expression"] == expression
    assert segmentation.deleteSegment(made) == 200
    assert segmentation.getSegment(made)["status"] == 404
