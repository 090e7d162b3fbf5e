"""Exports that many tests look at: created together, and each waited for when somebody needs it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pytest_aep_export.exchange import Exchange
from pytest_aep_export.suite import payloads
from pytest_aep_export.suite.answers import agree, batch_ids, segment_batches
from pytest_aep_export.suite.api import Api
from pytest_aep_export.suite.expect import (
    UnjudgedError,
    array,
    blocked,
    document,
    expect,
    not_applicable,
    not_verified,
    number,
    pick,
    prerequisite,
    status,
)
from pytest_aep_export.suite.records import Record, read
from pytest_aep_export.suite.rows import attributes
from pytest_aep_export.values import job_key

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Exports", "Shown"]

_FAR_FUTURE: Final = "2999-12-31T23:59:59Z"
_CREATED: Final = {
    "full": "EXP-CREATE-001",
    "profiles": "EXP-CREATE-002",
    "events": "EXP-CREATE-003",
    "everything": "EXP-CREATE-010",
    "future": "EXP-CREATE-001",
    "selected": "EXP-CREATE-022",
}
"""The requirements that the creation of these exports is judged by."""
_SUCCEEDED: Final = dict.fromkeys(("full", "profiles", "events"), "EXP-WATCH-002") | {"filtered": "EXP-WATCH-020"}
"""The requirements that the success of these exports is judged by."""
_ENDS: Final = ("startTimeInMs", "endTimeInMs")


@dataclass(frozen=True, slots=True)
class Shown:
    """A job as one answer shows it: the whole body, or a record of a list.

    Attributes:
        exchange: The answer.
        pointer: Where in its body the job is.
    """

    exchange: Exchange
    pointer: str = ""

    def __getitem__(self, pointer: str) -> Any:
        """The value at a JSON pointer within the job; it has to be there."""
        __tracebackhide__ = True
        return pick(self.exchange, self.pointer + pointer)

    def number(self, pointer: str) -> int | float:
        """The number at a JSON pointer within the job."""
        __tracebackhide__ = True
        return number(self.exchange, self.pointer + pointer)

    def get(self, *names: str) -> Any:
        """The value that the names lead to, or None."""
        value = pick(self.exchange, self.pointer) if self.pointer else document(self.exchange)
        for name in names:
            value = value.get(name) if isinstance(value, dict) else None
        return value

    @property
    def dataset(self) -> Any:
        """The target dataset, in whichever spelling (divergence 31)."""
        return self.get("destination", "datasetId") or self.get("destination", "dataSetId")

    @property
    def timers(self) -> dict[str, tuple[int | float, int | float]]:
        """Start and end of every timer of the metrics that has both."""
        metrics = self.get("metrics")
        found = metrics if isinstance(metrics, dict) else {}
        complete = [n for n, timer in found.items() if isinstance(timer, dict) and {*_ENDS} <= timer.keys()]
        return {n: (self.number(f"/metrics/{n}/{_ENDS[0]}"), self.number(f"/metrics/{n}/{_ENDS[1]}")) for n in complete}

    def agrees(self, other: Shown) -> None:
        """Require that every member which the other shows too has the same value here (divergence 31)."""
        __tracebackhide__ = True
        here, there = self.get(), other.get()
        for name in here.keys() & there.keys():
            self.expect(agree(here[name], there[name]), f"{name} is {there[name]!r} as in the look-up", here[name])

    def expect(self, met: object, required: str, found: object) -> None:
        """Require that a condition on the job is met."""
        __tracebackhide__ = True
        expect(met, self.exchange, required, found)


class Exports:
    """Exports by name, each made once per session, into a dataset of its own so that none replaces another's rows.

    ``full``, ``profiles`` and ``events`` are the seed's three payloads. ``everything`` asks for profiles without naming
    fields. ``future`` is ``full`` with an ingest time that no event has reached yet. Tests may ask for more.

    Attributes:
        policy: The id of the merge policy that all of them apply, unless they say otherwise.
        spare: A dataset for the jobs that nobody reads.
        payloads: What was asked for.
    """

    def __init__(self, api: Api) -> None:
        self._api = api
        self.policy = api.policy()
        self.spare = api.new_dataset()
        self.payloads: dict[str, dict[str, Any]] = {}
        self._created: dict[str, Exchange] = {}
        self._looks: dict[str, list[Exchange]] = {}
        self._endless: dict[str, UnjudgedError] = {}
        self._tables: dict[str, pa.Table] = {}
        self._records: dict[str, tuple[Record, ...]] = {}
        self._owners: dict[str, str] = {}
        who = self.spare, self.policy
        self.ask(
            {
                "full": payloads.full(*who),
                "profiles": payloads.profiles_only(*who),
                "events": payloads.events_only(*who),
                "everything": payloads.everything(*who),
                "future": payloads.full(*who, since=_FAR_FUTURE),
            }
        )
        self._first = tuple(self.payloads)

    def request(self, **members: Any) -> dict[str, Any]:
        """A request for every profile with all of its fields, and with these members besides; nobody reads its rows."""
        return payloads.everything(self.spare, self.policy) | members

    def spare_job(self) -> dict[str, Any]:
        """The payload with profiles only, for jobs that are no more than jobs; nobody reads their rows."""
        return payloads.profiles_only(self.spare, self.policy)

    def ask(self, requests: Mapping[str, Mapping[str, Any]]) -> None:
        """Ask for exports of these names, before any of them is waited for; those that are there already stay."""
        for kind in [kind for kind in requests if kind not in self.payloads]:
            payload = payloads.into(requests[kind], self._api.new_dataset())
            self._created[kind] = self._api.create_job(payload)
            self.payloads[kind] = payload

    @property
    def dataset(self) -> str:
        """The dataset that ``full`` is exported into."""
        return str(self.payloads["full"]["destination"]["datasetId"])

    def created(self, kind: str) -> Exchange:
        """The answer to the creation, whatever it is."""
        return self._created[kind]

    def accepted(self, kind: str) -> Exchange:
        """The answer to the creation, which has to have succeeded; a server may have no ``filter`` (divergence 1)."""
        created = self.created(kind)
        if "filter" in self.payloads[kind] and created.response.status in range(400, 500):
            not_applicable(f"the target refuses the filter of the export {kind!r}, with {created.response.status}")
        with prerequisite(_CREATED.get(kind, "")):
            return status(created, range(200, 300), f"the export {kind!r} is created")

    @prerequisite("EXP-JOB-002")
    def id(self, kind: str) -> Any:
        """The job's id."""
        created = self.accepted(kind)
        found = pick(created, "/id")
        expect(isinstance(found, int | float | str), created, "id is a number or a text", found)
        return found

    @property
    def ids(self) -> list[Any]:
        """The ids of the jobs that there are in every session, in the order of their creation."""
        return [self.id(kind) for kind in self._first]

    def looks(self, kind: str) -> list[Exchange]:
        """Every look at the job until it ended; one that does not end is waited for only once."""
        if kind in self._endless:
            raise self._endless[kind]
        try:
            if kind not in self._looks:
                self._looks[kind] = self._api.watch(self.id(kind))
        except UnjudgedError as error:
            self._endless[kind] = error
            raise
        return self._looks[kind]

    def finished(self, kind: str) -> Exchange:
        """The last look at the job, which has to have succeeded."""
        with prerequisite(_SUCCEEDED.get(kind, "")):
            last = self.looks(kind)[-1]
            expect(pick(last, "/status") == "SUCCEEDED", last, f"the export {kind!r} succeeds", pick(last, "/status"))
            return last

    def listed(self, kind: str) -> Shown:
        """The finished job as the list shows it."""
        wanted = job_key(pick(self.finished(kind), "/id"))
        with prerequisite("EXP-LIST-001"):
            for page in self._api.walk(limit=100):
                for position in range(len(array(page, "/records"))):
                    listed = Shown(page, f"/records/{position}")
                    if job_key(listed.get("id")) == wanted:
                        return listed
        return blocked("EXP-LIST-005", f"the list does not show job {wanted}")

    @prerequisite("EXP-WATCH-009")
    def batch(self, kind: str) -> str:
        """The job's batch."""
        return batch_ids(self.finished(kind))[0]

    @prerequisite("EXP-FILES-001")
    def entries(self, kind: str) -> list[dict[str, Any]]:
        """The files of the job's batch, of which there has to be one."""
        found = self._api.entries(self.batch(kind))
        expect(found, self.finished(kind), "the batch of a successful job has files", "none")
        return found

    def table(self, kind: str) -> pa.Table:
        """The rows that the job exported, of which there have to be some."""
        if not self.count(kind):
            not_applicable("the export has no rows: the tenant holds no profiles that it selects")
        return self._tables[kind]

    def count(self, kind: str) -> int:
        """How many rows the job exported."""
        if kind not in self._tables:
            self._tables[kind] = self._api.table(self._written(kind))
        return int(self._tables[kind].num_rows)

    @prerequisite("EXP-WATCH-021")
    def _written(self, kind: str) -> Exchange:
        """The finished job, whose batches have to be others than those of every job that was read before."""
        job = self.finished(kind)
        for batch in batch_ids(job):
            owner = self._owners.setdefault(batch, kind)
            expect(owner == kind, job, "a job into another dataset has a batch of its own", f"that of {owner!r}")
        return job

    def records(self, kind: str) -> tuple[Record, ...]:
        """The rows that the job exported, perhaps none, to be compared with those of another."""
        if kind not in self._records:
            self.count(kind)
            self._records[kind] = read(self._tables[kind])
        return self._records[kind]

    def known(self, kind: str = "everything") -> tuple[Record, ...]:
        """The rows that others are held against: there have to be some, and identities by which profiles are known."""
        shown = any(path.partition(".")[0] == "identityMap" for path in attributes(self.table(kind)))
        if not any(record.identities for record in self.records(kind)):
            cause, what = ("EXP-ROWS-024", "readable") if shown else ("EXP-ROWS-025", "filled")
            blocked(cause, f"no row of the export {kind!r} has a {what} identityMap that its profile is known by")
        return self.records(kind)

    def by_segment(self, kind: str) -> dict[str, tuple[Record, ...]]:
        """The rows of each batch of a job that writes one for each segment, by the segment's id."""
        batches = segment_batches(self.finished(kind))
        return {str(b.get("segmentId")): read(self._api.rows(str(b.get("batchId")))) for b in batches}

    def relate(self, kind: str, met: object, required: str, found: object, *, base: str = "everything") -> None:
        """Require how the rows of an export relate to those of another, the base, as long as the tenant's data rest.

        Before the relation counts as broken the base is exported once more: if that gives other rows by now, nothing
        follows from the difference.
        """
        __tracebackhide__ = True
        if not met and not self.rests(base):
            not_verified("the same request exports other rows by now: the tenant's data do not rest")
        Shown(self.finished(kind)).expect(met, required, found)

    def rests(self, kind: str) -> bool:
        """Whether the same request still exports the same rows."""
        self.ask({f"{kind}, again": self.payloads[kind]})
        before, after = (
            Counter((r.identities, r.values, frozenset(Counter(r.events).items())) for r in self.records(name))
            for name in (kind, f"{kind}, again")
        )
        return before == after
