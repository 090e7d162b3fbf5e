"""The tables of a sandbox: each dataset that something was exported to, by the name that Catalog tells."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_aep_export.emulator import exporting, jobs
from pytest_aep_export.emulator.advance import advance
from pytest_aep_export.emulator.store import Kind
from pytest_aep_export.lifecycle import Cause

if TYPE_CHECKING:
    from pytest_aep_export.emulator.state import State
    from pytest_aep_export.emulator.tenants import Sandbox

__all__ = ["Table", "published"]


@dataclass(frozen=True, slots=True)
class Table:
    """A dataset as SQL sees it.

    Attributes:
        name: The dataset's tag ``adobe/pqs/table``, in lower case.
        batches: Where the Parquet files of each batch lie, those of the first one first. Those of a batch have the same
            columns.
    """

    name: str
    batches: tuple[tuple[str, ...], ...]

    @property
    def files(self) -> tuple[str, ...]:
        """All the files."""
        return tuple(file for batch in self.batches for file in batch)


def published(state: State, sandbox: Sandbox) -> tuple[Table, ...]:
    """What has been exported by now, once all that time has made due has happened, as it does for Catalog.

    Of datasets that share a name the oldest has it for itself; to that of another its id is added (our choice).
    """
    for job in jobs.moved_by_time(state.store, sandbox.key):
        advance(state, sandbox, job, Cause.TIME)
    files = _files(state, sandbox)
    found: dict[str, Table] = {}
    for dataset in reversed(state.store.list(sandbox.key, Kind.DATASET)):
        key, name = dataset["id"], str(dataset["tags"]["adobe/pqs/table"][0]).lower()
        if key in files:
            name = f"{name}_{key}" if name in found else name
            found[name] = Table(name, tuple(files[key]))
    return tuple(found.values())


def _files(state: State, sandbox: Sandbox) -> dict[str, list[tuple[str, ...]]]:
    """The paths of each dataset's files, batch by batch, by the dataset's id."""
    parts: defaultdict[str, list[str]] = defaultdict(list)
    for file in reversed(state.store.list(sandbox.key, Kind.FILE)):
        folder = exporting.folder_of(state, sandbox, file["batch"])
        parts[file["batch"]] += (str(folder / part["name"]) for part in file["parts"])
    found: defaultdict[str, list[tuple[str, ...]]] = defaultdict(list)
    for batch in reversed(state.store.list(sandbox.key, Kind.BATCH)):
        if batch["id"] in parts:
            found[_dataset(batch)].append(tuple(parts[batch["id"]]))
    return found


def _dataset(batch: dict[str, Any]) -> str:
    return str(batch["relatedObjects"][0]["id"])
