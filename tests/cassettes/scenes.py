"""What the library's recordings show: scenes, each played before an emulator of its own with five profiles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

import pyarrow as pa

from pytest_aep_export.client import AepClient, ProfileSelection, SegmentSelection
from pytest_aep_export.contract.dialects import DIALECTS
from pytest_aep_export.emulator import Tenant
from pytest_aep_export.errors import JobFailedError
from pytest_aep_export.lifecycle import Progression
from pytest_aep_export.model import JobStatus, MergePolicy, SegmentDefinition
from pytest_aep_export.profiles import DEFAULT_SEGMENTS, ProfileData, generate
from pytest_aep_export.profiles.policies import CRM, DEFAULT_POLICIES, LOYALTY
from pytest_aep_export.suite import payloads
from pytest_aep_export.suite.api import DATASETS, JOBS, Api

__all__ = ["FIELDS", "SCENES", "Scene", "Stage", "finished_batch"]

FIELDS: Final = "personID,personalEmail.address"
NAME: Final = "Profile Data Export"
EVERY: Final = tuple(DIALECTS)
_MOST_IDENTITIES: Final = 50
_BY_TIME: Final = DEFAULT_POLICIES[0].id
_NEARBY: Final = 'homeAddress.stateProvince = "US-CA"'
_POLICY: Final = "e5bc94de-cd14-4cdf-a2bc-88b6e8cbfac2"


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a scene is played.

    Attributes:
        client: Our client, for what others replay with it.
        api: Raw calls, for what a client does not send.
        tenant: Who is recorded.
    """

    client: AepClient
    api: Api
    tenant: Tenant


@dataclass(frozen=True, slots=True)
class Scene:
    """What is recorded under one name.

    Attributes:
        name: What the recording is called; in another dialect than the canonical one, that dialect's name follows.
        play: Makes the calls.
        requirements: What it is evidence for.
        dialects: The dialects in which it differs.
        progression: How jobs advance in it.
        persona: In which way the emulator is wrong on purpose.
        faults: The statuses in it that only faults give.
        data: Makes the tenant's profile data, where they are not the emulator's own.
    """

    name: str
    play: Callable[[Stage], object]
    requirements: tuple[str, ...]
    dialects: tuple[str, ...] = ("canonical",)
    progression: Progression = field(default_factory=Progression)
    persona: str | None = None
    faults: tuple[str, ...] = ()
    data: Callable[[], ProfileData] | None = None


def _ids(area: str, *numbers: int) -> tuple[str, ...]:
    return tuple(f"EXP-{area}-{number:03d}" for number in numbers)


def _token(stage: Stage) -> None:
    stage.client.token()


def _token_v2(stage: Stage) -> None:
    who = stage.tenant.credentials
    query = {"grant_type": "client_credentials", "client_id": who.client_id, "client_secret": who.client_secret}
    stage.api.target.send("POST", "/ims/token/v2", query={**query, "scope": who.scopes}, without=NOT_FOR_TOKENS)


NOT_FOR_TOKENS: Final = ("authorization", "x-api-key", "x-gw-ims-org-id", "x-sandbox-name")


def _callers(stage: Stage) -> None:
    """Each header of a call missing or wrong, one by one."""
    target = stage.api.target
    target.request_token(client_secret="wrong")
    for name in NOT_FOR_TOKENS:
        target.send("GET", JOBS, without=[name])
    target.send("GET", JOBS, headers={"Authorization": "Bearer never-issued"})
    target.send("GET", JOBS, headers={"x-api-key": "0" * 32})
    target.send("GET", JOBS, headers={"x-gw-ims-org-id": f"{'F' * 24}@AdobeOrg"})
    target.send("GET", JOBS, headers={"x-sandbox-name": "no-such-sandbox"})


def _dataset(stage: Stage) -> None:
    created = stage.client.create_dataset(NAME)
    stage.client.get_dataset(created.id)
    list(stage.client.list_datasets())


def _succeeded(stage: Stage) -> None:
    client = stage.client
    dataset = client.create_dataset(NAME)
    job = client.wait_for_export_job(client.create_export_job(dataset_id=dataset.id, fields=FIELDS))
    client.read_table(job)


def _sample(payload: Callable[[str, str], dict[str, Any]]) -> Callable[[Stage], None]:
    """An export by one of the seed's three payloads."""

    def play(stage: Stage) -> None:
        client = stage.client
        dataset = client.create_dataset(NAME)
        job = client.create_export_job_from(payload(dataset.id, _POLICY))
        client.read_table(client.wait_for_export_job(job))

    return play


def _crowded() -> ProfileData:
    """Three profiles, one of which has as many identities as a profile may have."""
    made = generate(3, seed=0, fragments=1)
    first, *others = made.fragments.to_pylist()
    devices = [{"id": f"{number:038d}", "authenticatedState": "ambiguous", "primary": False} for number in range(48)]
    first["identityMap"] = [*first["identityMap"], ("ECID", devices)]
    return ProfileData.of(pa.Table.from_pylist([first, *others], made.fragments.schema), made.events)


def _most_identities(stage: Stage) -> None:
    client = stage.client
    job = client.create_export_job(dataset_id=client.create_dataset(NAME).id, fields="identityMap")
    rows = client.read_table(client.wait_for_export_job(job)).to_pylist()
    if max(sum(len(items) for _, items in row["identityMap"]) for row in rows) != _MOST_IDENTITIES:
        raise AssertionError("nobody has fifty identities")


def _failed(stage: Stage) -> None:
    client = stage.client
    job = client.create_export_job(dataset_id=client.create_dataset(NAME).id, fields=FIELDS)
    try:
        client.wait_for_export_job(job)
    except JobFailedError:
        return
    raise AssertionError("the job did not fail")


def _per_segment(stage: Stage) -> None:
    client = stage.client
    chosen = [SegmentSelection(segment.id, segment.namespace) for segment in DEFAULT_SEGMENTS[:2]]
    job = client.create_export_job(
        dataset_id=client.create_dataset(NAME).id,
        fields=FIELDS,
        profiles=ProfileSelection(chosen),
        segment_per_batch=True,
    )
    client.read_table(client.wait_for_export_job(job))


def _pages(stage: Stage) -> None:
    """Three jobs by pages of two, by default, and by a status."""
    client = stage.client
    dataset = client.create_dataset(NAME)
    jobs = [client.create_export_job(dataset_id=dataset.id, fields=FIELDS) for _ in range(3)]
    client.wait_for_export_job(jobs[0])
    list(client.list_export_jobs(limit=2))
    list(client.list_export_jobs())
    list(client.list_export_jobs(status=JobStatus.SUCCEEDED))


def _empty(stage: Stage) -> None:
    list(stage.client.list_export_jobs())


def _cancelled(stage: Stage) -> None:
    client = stage.client
    job = client.create_export_job(dataset_id=client.create_dataset(NAME).id, fields=FIELDS)
    client.cancel_export_job(job.id)
    client.get_export_job(job.id)


def _changed_policies(stage: Stage) -> None:
    """The life of merge policies: created, found, replaced, changed in both forms, the default in turn, and deleted."""
    client, api = stage.client, stage.api
    made = client.create_merge_policy(MergePolicy("", name="Stitched by time", graph="pdg", default=True))
    client.replace_merge_policy(replace(made, name="In order", method="dataSetPrecedence", order=(CRM, LOYALTY)))
    client.patch_merge_policy(made.id, {"name": "By time again", "attributeMerge.type": "timestampOrdered"})
    api.patch_policy(_BY_TIME, {"op": "add", "path": "/default", "value": "true"})
    client.get_merge_policies([made.id, _BY_TIME])
    least = {"schema": {"name": "_xdm.context.profile"}, "attributeMerge": {"type": "dataSetPrecedence"}}
    api.create_policy(least)
    api.create_policy({**least, "identityGraph": {"type": "none"}})
    api.delete_policy(_BY_TIME)
    client.delete_merge_policy(made.id)
    api.show_policy(made.id)
    list(client.list_merge_policies())


def _definitions(stage: Stage) -> None:
    """Segments defined, found, listed by pages, changed and deleted, and what is refused."""
    client, api = stage.client, stage.api
    women = SegmentDefinition("", name="Women", expression='person.gender = "female"', description="By their profile")
    first = client.create_segment_definition(women)
    second = client.create_segment_definition(replace(women, name="Californians", expression=_NEARBY))
    client.patch_segment_definition(second.id, {"name": "People in California"})
    client.get_segment_definition(second.id)
    client.get_segment_definitions([first.id, second.id])
    api.list_segments(limit=1, page=1)
    api.list_segments(limit=1, start=1)
    api.list_segments(sort="name:asc")
    api.create_segment({"name": "Women", "expression": first.raw["expression"], "schema": first.raw["schema"]})
    api.create_segment({"name": "Nobody", "schema": first.raw["schema"]})
    client.delete_segment_definition(first.id)
    api.segment_definition(first.id)
    list(client.list_segment_definitions())


def _sandboxes(stage: Stage) -> None:
    """Two sandboxes listed and looked up, and what is refused."""
    stage.tenant.sandbox("dev")
    for sandbox in list(stage.client.list_sandboxes()):
        stage.client.get_sandbox(sandbox.name)
    stage.api.list_sandboxes(limit=1)
    stage.api.show_sandbox("no-such-sandbox")


def finished_batch(api: Api) -> str:
    """The batch of a job that has succeeded."""
    dataset = api.create_dataset({"name": NAME}).response.json()[0].rpartition("/")[2]
    job = api.create_job(payloads.profiles_only(dataset, _POLICY))
    return str(api.watch(job.response.json()["id"])[-1].response.json()["destination"]["batchId"])


def _files(stage: Stage) -> None:
    """All that can be asked of a batch: its files, their bytes whole and in part, its reports, its rows."""
    api = stage.api
    batch = finished_batch(api)
    dataset = next(iter(api.list_datasets(limit=100, name=NAME).response.json()))
    entry = api.entries(batch)[0]
    identifier, name = entry["id"], entry["name"]
    api.list_file(identifier)
    api.list_file(identifier, path=name)
    path = f"/data/foundation/export/files/{identifier}"
    api.target.send("HEAD", path, query={"path": name})
    for span in ("bytes=0-3", "bytes=-4", "bytes=1000000-"):
        api.target.send("GET", path, query={"path": name}, headers={"Range": span})
    api.show_batch(batch)
    api.list_failed(batch)
    api.list_meta(batch)
    api.list_meta(batch, path="input_files")
    api.preview(dataset)


def _policies(stage: Stage) -> None:
    for policy in list(stage.client.list_merge_policies()):
        stage.client.get_merge_policy(policy.id)


def _wrong_jobs(stage: Stage) -> None:
    """Requests for exports that are refused, each for another reason."""
    api = stage.api
    dataset = api.create_dataset({"name": NAME}).response.json()[0].rpartition("/")[2]
    good = payloads.profiles_only(dataset, _POLICY)
    api.target.send("POST", JOBS, body=b"{")
    api.create_job({name: value for name, value in good.items() if name != "destination"})
    api.create_job({name: value for name, value in good.items() if name != "schema"})
    api.create_job({**good, "fields": ["personID"]})
    api.create_job(payloads.into(good, "0" * 24))
    api.create_job({**good, "mergePolicy": {"id": "no-such-policy", "version": 1}})
    api.create_job(payloads.full(dataset, _POLICY, since="yesterday"))
    api.target.send("POST", JOBS, json=good, headers={"Content-Type": "text/plain"})
    api.list_jobs()


def _wrong_datasets(stage: Stage) -> None:
    api = stage.api
    api.target.send("POST", DATASETS, body=b"{")
    api.show_dataset("0" * 24)
    api.preview("0" * 24)


_TIMES: Final = _ids("WATCH", 1, 2, 4, 5, 6, 7, 8, 9, 11, 12)
_JOB: Final = _ids("JOB", 1, 2, 4, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 22, 23)
_FAILING: Final = Progression(fail=JobStatus.PROCESSING)


SCENES: Final = (
    Scene("auth/token", _token, _ids("AUTH", 1, 2)),
    Scene("auth/token-v2", _token_v2, ()),
    Scene("auth/refused", _callers, _ids("AUTH", 3, 4, 5, 6, 7, 8, 9, 10, 11, 12), ("canonical", "openapi")),
    Scene("dataset/created", _dataset, _ids("DATASET", 1, 3, 6, 7, 8, 9, 12, 13), ("canonical", "profile-guide")),
    Scene("dataset/created-with-200", _dataset, _ids("DATASET", 1), persona="dataset-created-with-200"),
    Scene("dataset/refused", _wrong_datasets, _ids("DATASET", 10) + _ids("FILES", 19)),
    Scene("export/succeeded", _succeeded, _TIMES + _JOB + _ids("FILES", 1, 2, 4, 5, 13), EVERY),
    Scene("export/profiles-and-events", _sample(payloads.full), _ids("CREATE", 1, 4, 5, 6, 7, 12, 15) + _TIMES),
    Scene("export/profiles-only", _sample(payloads.profiles_only), _ids("CREATE", 2) + _ids("ROWS", 1, 2, 4)),
    Scene("export/events-only", _sample(payloads.events_only), _ids("CREATE", 3) + _ids("ROWS", 8)),
    Scene("export/per-segment", _per_segment, _ids("FILTER", 13, 14, 15), EVERY),
    Scene("export/most-identities", _most_identities, _ids("MERGE", 8), data=_crowded),
    Scene("export/failed", _failed, _ids("JOB", 1, 9, 13, 14), EVERY, _FAILING),
    Scene("export/accepted", _succeeded, _ids("JOB", 1), persona="job-created-with-202"),
    Scene("export/created", _succeeded, _ids("JOB", 1), persona="job-created-with-201"),
    Scene("export/refused", _wrong_jobs, _ids("ERROR", 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 21)),
    Scene("list/empty", _empty, _ids("LIST", 1, 12)),
    Scene("list/pages", _pages, _ids("LIST", 1, 2, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 21), EVERY),
    Scene("cancel/cancelled", _cancelled, _ids("CANCEL", 1, 2, 10, 11), EVERY),
    Scene("cancel/accepted", _cancelled, (), persona="cancel-accepted-for-later"),
    Scene("files/batch", _files, _ids("FILES", 1, 2, 3, 4, 5, 7, 8, 12, 13, 14, 15, 16, 17, 18, 20, 21, 24, 33)),
    Scene("merge/changed", _changed_policies, _ids("POLICY", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 16, 17)),
    Scene("segment/definitions", _definitions, _ids("SEGMENT", *range(1, 5), *range(6, 20))),
    Scene("sandbox/listed", _sandboxes, _ids("SANDBOX", 1, 2, 3, 4, 5, 7, 9)),
    Scene("merge/policies", _policies, _ids("MERGE", 10, 11)),
)
"""Every scene but those of refusals."""
