"""Exports that many tests look at: all are asked for at once, each is waited for when somebody needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pytest_aep_export.exchange import Exchange
from pytest_aep_export.suite import payloads
from pytest_aep_export.suite.api import Api, batch_ids, job_key
from pytest_aep_export.suite.expect import (
    array,
    document,
    expect,
    not_applicable,
    not_verified,
    number,
    pick,
    prerequisite,
    status,
)

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Exports", "Shown"]

_FAR_FUTURE: Final = "2999-12-31T23:59:59Z"
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

    def expect(self, met: object, required: str, found: object) -> None:
        """Require that a condition on the job is met."""
        __tracebackhide__ = True
        expect(met, self.exchange, required, found)


class Exports:
    """One export of each kind that the tests need, made once per session.

    ``full``, ``profiles`` and ``events`` are the seed's three payloads. ``everything`` asks for profiles without naming
    fields. ``future`` is ``full`` with an ingest time that no event has reached yet.
    """

    def __init__(self, api: Api) -> None:
        self._api = api
        self.dataset = api.new_dataset()
        self.policy = api.policy()
        who = self.dataset, self.policy
        everything = payloads.profiles_only(*who)
        del everything["fields"]
        self.payloads = {
            "full": payloads.full(*who),
            "profiles": payloads.profiles_only(*who),
            "events": payloads.events_only(*who),
            "everything": everything,
            "future": payloads.full(*who, since=_FAR_FUTURE),
        }
        self._created = {kind: api.create_job(payload) for kind, payload in self.payloads.items()}
        self._looks: dict[str, list[Exchange]] = {}
        self._tables: dict[str, pa.Table] = {}

    def created(self, kind: str) -> Exchange:
        """The answer to the creation, whatever it is."""
        return self._created[kind]

    @prerequisite()
    def accepted(self, kind: str) -> Exchange:
        """The answer to the creation, which has to have succeeded."""
        return status(self.created(kind), range(200, 300), f"the export {kind!r} is created")

    @prerequisite()
    def id(self, kind: str) -> Any:
        """The job's id."""
        created = self.accepted(kind)
        found = pick(created, "/id")
        expect(isinstance(found, int | float | str), created, "id is a number or a text", found)
        return found

    @property
    def ids(self) -> list[Any]:
        """The ids of all jobs, in the order of their creation."""
        return [self.id(kind) for kind in self.payloads]

    def looks(self, kind: str) -> list[Exchange]:
        """Every look at the job until it ended."""
        if kind not in self._looks:
            self._looks[kind] = self._api.watch(self.id(kind))
        return self._looks[kind]

    @prerequisite()
    def finished(self, kind: str) -> Exchange:
        """The last look at the job, which has to have succeeded."""
        last = self.looks(kind)[-1]
        expect(pick(last, "/status") == "SUCCEEDED", last, f"the export {kind!r} succeeds", pick(last, "/status"))
        return last

    def listed(self, kind: str) -> Shown:
        """The finished job as the list shows it."""
        wanted = job_key(pick(self.finished(kind), "/id"))
        with prerequisite():
            for page in self._api.walk(limit=100):
                for position in range(len(array(page, "/records"))):
                    listed = Shown(page, f"/records/{position}")
                    if job_key(listed.get("id")) == wanted:
                        return listed
        return not_verified(f"the list does not show job {wanted}")

    @prerequisite()
    def batch(self, kind: str) -> str:
        """The job's batch."""
        return batch_ids(self.finished(kind))[0]

    @prerequisite()
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
            self._tables[kind] = self._api.table(self.finished(kind))
        return int(self._tables[kind].num_rows)
