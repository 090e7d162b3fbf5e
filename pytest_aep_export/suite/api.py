"""The calls of an export's workflow, raw: each returns what was sent and what came back, and judges nothing.

Only what later calls build on is required of an answer, such as the id of a job that was just created.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from pytest_aep_export.exchange import Exchange
from pytest_aep_export.suite import payloads
from pytest_aep_export.suite.answers import UPS, batch_ids, below_ups, dataset_id, next_link, quoted, read_parquet
from pytest_aep_export.suite.expect import (
    UnjudgedError,
    UnmetError,
    array,
    document,
    expect,
    not_verified,
    pick,
    prerequisite,
    status,
)
from pytest_aep_export.suite.files import find_files
from pytest_aep_export.suite.sending import Target
from pytest_aep_export.values import job_key

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "BATCHES",
    "DATASETS",
    "FILES",
    "JOBS",
    "POLICIES",
    "SANDBOXES",
    "SEGMENTS",
    "UNFINISHED",
    "Api",
]

JOBS: Final = f"{UPS}/export/jobs"
POLICIES: Final = f"{UPS}/config/mergePolicies"
SEGMENTS: Final = f"{UPS}/segment/definitions"
DATASETS: Final = "/data/foundation/catalog/dataSets"
BATCHES: Final = "/data/foundation/catalog/batches"
FILES: Final = "/data/foundation/export"
SANDBOXES: Final = "/data/foundation/sandbox-management/sandboxes"
UNFINISHED: Final = ("NEW", "QUEUED", "PROCESSING", "CANCELLING")
"""The statuses that a job leaves again, those of the sibling jobs included (divergence 34)."""

_SAMPLE_POLICY: Final = "e5bc94de-cd14-4cdf-a2bc-88b6e8cbfac2"
_FIRST_PAUSE: Final = 0.05
_SHORTEST_PAUSE: Final = 0.02
_PATIENT_LOOKS: Final = 20
_PAGES: Final = 200


class Api:
    """The workflow's calls on one target.

    Args:
        target: Where they go to.
        poll: Seconds between two looks at a job, at most; the first looks follow each other faster. The target's own
            by default.
        deadline: Seconds that a job is waited for; the target's own by default.
    """

    def __init__(self, target: Target, *, poll: float | None = None, deadline: float | None = None) -> None:
        self.target = target
        self.poll = target.patience.poll if poll is None else poll
        self.deadline = target.patience.deadline if deadline is None else deadline
        self._names = itertools.count(1)
        self._policies: list[Mapping[str, Any]] = []
        self._applied = ""

    # Catalog

    def create_dataset(self, body: Mapping[str, Any] | None = None, *, path: str = DATASETS) -> Exchange:
        """Create a dataset, on the union schema by default."""
        name = f"aep-export suite {self.target.moment()}, {next(self._names)}"
        return self.target.send("POST", path, json={**payloads.dataset(name), **(body or {})})

    @prerequisite("EXP-DATASET-001")
    def new_dataset(self) -> str:
        """The id of a new dataset on the union schema."""
        return dataset_id(self.create_dataset())

    def show_dataset(self, identifier: str) -> Exchange:
        """Look a dataset up."""
        return self.target.send("GET", f"{DATASETS}/{quoted(identifier)}")

    def list_datasets(self, **query: object) -> Exchange:
        """List datasets."""
        return self.target.send("GET", DATASETS, query=query)

    def show_batch(self, identifier: str) -> Exchange:
        """Look a batch up in the Catalog."""
        return self.target.send("GET", f"{BATCHES}/{quoted(identifier)}")

    # Export jobs

    @prerequisite("the tenant's merge policies")
    def policies(self) -> list[Mapping[str, Any]]:
        """The tenant's merge policies, of which there has to be one; asked for once."""
        if not self._policies:
            exchange = status(self.list_policies(), {200}, "the tenant's merge policies are listed")
            found = [policy for policy in array(exchange, "/children") if isinstance(policy, Mapping)]
            self._policies = [policy for policy in found if isinstance(policy.get("id"), str)]
            expect(self._policies, exchange, "the tenant has a merge policy", "none")
        return self._policies

    def list_policies(self, **query: object) -> Exchange:
        """List the tenant's merge policies."""
        return self.target.send("GET", POLICIES, query=query)

    def show_policy(self, identifier: object) -> Exchange:
        """Look a merge policy up."""
        return self.target.send("GET", f"{POLICIES}/{quoted(identifier)}")

    def create_policy(self, body: Mapping[str, Any]) -> Exchange:
        """Create a merge policy."""
        return self.target.send("POST", POLICIES, json=body)

    def replace_policy(self, identifier: object, body: Mapping[str, Any]) -> Exchange:
        """Replace a merge policy."""
        return self.target.send("PUT", f"{POLICIES}/{quoted(identifier)}", json=body)

    def patch_policy(self, identifier: object, changes: object) -> Exchange:
        """Change members of a merge policy."""
        return self.target.send("PATCH", f"{POLICIES}/{quoted(identifier)}", json=changes)

    def delete_policy(self, identifier: object) -> Exchange:
        """Delete a merge policy."""
        return self.target.send("DELETE", f"{POLICIES}/{quoted(identifier)}")

    def several_policies(self, *identifiers: object) -> Exchange:
        """Look several merge policies up at once."""
        body = {"ids": [{"id": identifier} for identifier in identifiers]}
        return self.target.send("POST", f"{POLICIES}/bulk-get", json=body)

    def policy(self) -> str:
        """The id of a merge policy: of those that the tenant shows the seed's, else the default one, else any.

        Where it shows none it is the one that a job applies which names none, or at last the seed's.
        """
        try:
            best = max(self.policies(), key=lambda p: (p["id"] == _SAMPLE_POLICY, p.get("default") is True))
            return str(best["id"])
        except UnjudgedError:
            return self._applied_policy()

    def _applied_policy(self) -> str:
        if not self._applied:
            body = payloads.everything(self.new_dataset(), "")
            created = self.create_job({name: value for name, value in body.items() if name != "mergePolicy"})
            try:
                self._applied = str(pick(status(created, range(200, 300), "a job is created"), "/mergePolicy/id"))
            except UnmetError:
                self._applied = _SAMPLE_POLICY
        return self._applied

    # Segments

    def list_segments(self, **query: object) -> Exchange:
        """List the tenant's segment definitions."""
        return self.target.send("GET", SEGMENTS, query=query)

    def segment_definition(self, identifier: object) -> Exchange:
        """Look at the definition of a segment."""
        return self.target.send("GET", f"{SEGMENTS}/{quoted(identifier)}")

    def create_segment(self, body: Mapping[str, Any]) -> Exchange:
        """Define a segment."""
        return self.target.send("POST", SEGMENTS, json=body)

    def patch_segment(self, identifier: object, changes: Mapping[str, Any]) -> Exchange:
        """Change the definition of a segment."""
        return self.target.send("PATCH", f"{SEGMENTS}/{quoted(identifier)}", json=changes)

    def delete_segment(self, identifier: object) -> Exchange:
        """Delete the definition of a segment."""
        return self.target.send("DELETE", f"{SEGMENTS}/{quoted(identifier)}")

    def several_segments(self, *identifiers: object) -> Exchange:
        """Look at the definitions of several segments at once."""
        body = {"ids": [{"id": identifier} for identifier in identifiers]}
        return self.target.send("POST", f"{SEGMENTS}/bulk-get", json=body)

    # Jobs

    def create_job(self, payload: Mapping[str, Any]) -> Exchange:
        """Create an export job."""
        return self.target.send("POST", JOBS, json=payload)

    @prerequisite("EXP-CREATE-002")
    def new_job(self, payload: Mapping[str, Any]) -> Exchange:
        """Create an export job that others build on: it has to be created."""
        exchange = status(self.create_job(payload), range(200, 300), "the export job is created")
        pick(exchange, "/id")
        return exchange

    def show_job(self, identifier: object) -> Exchange:
        """Look at a job."""
        return self.target.send("GET", f"{JOBS}/{quoted(job_key(identifier))}")

    def cancel_job(self, identifier: object) -> Exchange:
        """Cancel a job."""
        return self.target.send("DELETE", f"{JOBS}/{quoted(job_key(identifier))}")

    def list_jobs(self, **query: object) -> Exchange:
        """List jobs."""
        return self.target.send("GET", JOBS, query=query)

    def walk(self, **query: object) -> Iterator[Exchange]:
        """The pages of the list, as far as their links lead; no link may lead back."""
        exchange, followed = self.list_jobs(**query), set[str]()
        for _ in range(_PAGES):
            yield status(exchange, {200}, "a page of the list is answered with 200")
            link = next_link(document(exchange))
            if not link:
                return
            expect(link not in followed, exchange, "a link leads to a page that was not met before", link)
            followed.add(link)
            exchange = self.target.send("GET", below_ups(link))
        not_verified(f"the list has more than {_PAGES} pages")

    @prerequisite("EXP-WATCH-001")
    def shown_job(self, identifier: object) -> tuple[Exchange, Any]:
        """A look at a job that is there, and its status."""
        exchange = status(self.show_job(identifier), {200}, "a job is shown while it is watched")
        return exchange, pick(exchange, "/status")

    def watch(self, identifier: object) -> list[Exchange]:
        """Look at a job until its status is none that a job leaves again."""
        looks: list[Exchange] = []
        give_up = time.monotonic() + self.deadline
        while True:
            look, found = self.shown_job(identifier)
            looks.append(look)
            if found not in UNFINISHED:
                return looks
            if time.monotonic() > give_up:
                not_verified(f"job {identifier} has not ended within {self.deadline:g} s")
            self._pause(len(looks))

    def _pause(self, looks: int) -> None:
        """Wait between two looks: longer and longer; not at all where that is not asked for and the job moves on."""
        seconds = min(_FIRST_PAUSE * 2 ** min(looks - 1, 10), self.poll)
        if seconds or looks > _PATIENT_LOOKS:
            time.sleep(max(seconds, _SHORTEST_PAUSE))

    # Sandboxes

    def list_sandboxes(self, **query: object) -> Exchange:
        """List the organisation's sandboxes."""
        return self.target.send("GET", SANDBOXES, query=query)

    def show_sandbox(self, name: str) -> Exchange:
        """Look at a sandbox."""
        return self.target.send("GET", f"{SANDBOXES}/{quoted(name)}")

    # Data Access

    def list_batch(self, batch: str, **query: object) -> Exchange:
        """List the files of a batch."""
        return self.target.send("GET", f"{FILES}/batches/{quoted(batch)}/files", query=query)

    def list_file(self, identifier: str, **query: object) -> Exchange:
        """List what a file id stands for, or read a file when a ``path`` is given."""
        return self.target.send("GET", f"{FILES}/files/{quoted(identifier)}", query=query)

    def list_failed(self, batch: str, **query: object) -> Exchange:
        """List the failed files of a batch, or read one when a ``path`` is given."""
        return self.target.send("GET", f"{FILES}/batches/{quoted(batch)}/failed", query=query)

    def list_meta(self, batch: str, **query: object) -> Exchange:
        """List the meta directory of a batch or, when a ``path`` is given, what is there."""
        return self.target.send("GET", f"{FILES}/batches/{quoted(batch)}/meta", query=query)

    def preview(self, dataset: str) -> Exchange:
        """Look at the first rows of a dataset."""
        return self.target.send("GET", f"{FILES}/datasets/{quoted(dataset)}/preview")

    @prerequisite("EXP-FILES-001")
    def entries(self, batch: str) -> list[dict[str, Any]]:
        """Every file of a batch: ``name``, ``length``, ``href``, and the ``id`` that it is asked for by."""
        return find_files(self.list_batch, self.list_file, batch)

    def read(self, entry: Mapping[str, Any]) -> Exchange:
        """Download one file of `entries`."""
        return self.list_file(entry["id"], path=entry["name"])

    def table(self, job: Exchange) -> pa.Table:
        """The rows of a finished job, perhaps none: all files of all its batches."""
        return self.rows(*batch_ids(job))

    @prerequisite("EXP-FILES-013")
    def rows(self, *batches: str) -> pa.Table:
        """The rows of these batches, perhaps none: all of their files."""
        import pyarrow as pa  # noqa: PLC0415 - heavy, and only needed once there are rows

        tables = []
        for entry in itertools.chain.from_iterable(map(self.entries, batches)):
            file = status(self.read(entry), {200}, "a file of the batch is downloaded")
            tables.append(read_parquet(file))
        try:
            return pa.concat_tables(tables, promote_options="permissive") if tables else pa.table({})
        except pa.ArrowException as error:
            not_verified(f"the files of the batch do not fit together: {error}")
