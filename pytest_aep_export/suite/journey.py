"""A small fixed journey through the API, to see what a target answers with: the workflow, and the refusals beside it.

Nothing is judged and nothing required: a step that has nothing to go on with is left out. Reading changes nothing at
the target; only where writing is asked for does it get a dataset and two jobs, of which one is cancelled.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from pytest_aep_export.exchange import Exchange
from pytest_aep_export.suite import payloads
from pytest_aep_export.suite.answers import batch_ids, below_ups, next_link
from pytest_aep_export.suite.api import JOBS, POLICIES, Api
from pytest_aep_export.suite.expect import UnjudgedError, UnmetError
from pytest_aep_export.suite.sending import Target

__all__ = ["JOBS_ASKED_FOR", "travel"]

JOBS_ASKED_FOR: Final = 3
"""How many export jobs a journey that writes asks for: two, and one that has to be refused."""

_NO_ID: Final = "0" * 24
_NO_POLICY: Final = "00000000-0000-0000-0000-000000000000"
_PAGE: Final = 20


def travel(target: Target, *, write: bool) -> tuple[Exchange, ...]:
    """Make the journey, and give what was exchanged.

    Args:
        target: Where to.
        write: Whether a dataset and jobs may be created.

    Raises:
        AepError: The target gives no token or no answer, or may not cost so much.
    """
    before = len(target.exchanges)
    api = Api(target)
    if write:
        _write(api)
    _read(api)
    _refused(api)
    return tuple(target.exchanges[before:])


def _write(api: Api) -> None:
    """Create, wait, cancel, and be refused."""
    policies = [policy["id"] for policy in _listed(api.list_policies(), "children") if "id" in policy]
    with suppress(UnjudgedError, UnmetError):
        dataset, policy = api.new_dataset(), next(iter(policies), _NO_POLICY)
        done = api.new_job(payloads.full(dataset, policy)).response.json()
        api.watch(done["id"])
        stopped = api.new_job(payloads.profiles_only(dataset, policy)).response.json()
        for identifier in (stopped["id"], stopped["id"], done["id"]):
            api.cancel_job(identifier)
    api.several_policies(*policies[:1])
    api.several_segments(*(each.get("id") for each in _listed(api.list_segments(limit=1), "segments")))
    api.create_dataset({"name": 1})
    api.create_job({})
    api.cancel_job(_NO_ID)
    api.target.send("PUT", JOBS)


def _read(api: Api) -> None:
    """Look at what there is: of each sort the newest, and of jobs the newest of each status."""
    for policy in _listed(api.list_policies(limit=2), "children"):
        api.show_policy(policy.get("id"))
    for sandbox in _listed(api.list_sandboxes(), "sandboxes")[:1]:
        api.show_sandbox(str(sandbox.get("name")))
    for segment in _listed(api.list_segments(limit=2), "segments"):
        api.segment_definition(segment.get("id"))
    api.list_datasets(limit=2)
    _second_page(api)
    shown = {job.get("status"): job for job in reversed(_listed(api.list_jobs(limit=_PAGE), "records"))}
    for job in shown.values():
        look = api.show_job(job.get("id"))
        if job.get("status") == "SUCCEEDED":
            _results(api, look)


def _second_page(api: Api) -> None:
    """The first page of a list of one job each, and the one that its link leads to."""
    page = api.list_jobs(limit=1)
    with suppress(UnmetError, ValueError):
        if link := next_link(page.response.json()):
            api.target.send("GET", below_ups(link))


def _results(api: Api, job: Exchange) -> None:
    """What a job has left: its dataset, its batch, and the files, of which a single byte is read."""
    destination = job.response.json().get("destination", {})
    dataset = destination.get("datasetId") or destination.get("dataSetId")
    if dataset:
        api.show_dataset(dataset)
        api.preview(dataset)
    with suppress(UnjudgedError, UnmetError):
        for batch in batch_ids(job)[:1]:
            _batch(api, batch)


def _batch(api: Api, batch: str) -> None:
    for call in (api.show_batch, api.list_batch, api.list_meta, api.list_failed):
        call(batch)
    for entry in api.entries(batch)[:1]:
        path = f"/data/foundation/export/files/{entry['id']}"
        for method, headers in (("HEAD", {}), ("GET", {"range": "bytes=0-0"})):
            api.target.send(method, path, query={"path": entry["name"]}, headers=headers)


def _refused(api: Api) -> None:
    """Ask for what is not there, and in ways that are not allowed; all of it only reads."""
    for header in ("authorization", "x-api-key", "x-gw-ims-org-id", "x-sandbox-name"):
        api.target.send("GET", JOBS, without={header})
    for call in (api.show_job, api.show_dataset, api.show_batch, api.list_batch, api.list_file, api.preview):
        call(_NO_ID)
    for call in (api.show_policy, api.segment_definition):
        call(_NO_POLICY)
    api.list_jobs(limit="none")
    api.target.send("GET", POLICIES, query={"limit": "none"})


def _listed(page: Exchange, member: str) -> list[Mapping[str, Any]]:
    """The objects that a page lists; none where it is no such page."""
    try:
        body = page.response.json()
    except ValueError:
        return []
    items = body.get(member) if isinstance(body, Mapping) else None
    return [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []
