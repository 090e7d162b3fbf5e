"""Chains: a request that names what earlier answers gave, together with the requests that gave it.

Alone it shows nothing anywhere else: the ids in it are those of one run. With its history it is a case like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, TypeAlias

from pytest_aep_export.fuzz.cases import Case, Form, Gift, Step
from pytest_aep_export.fuzz.performing import Attempt, Performance

__all__ = ["Chains"]

Kind: TypeAlias = Literal["dataset", "job", "batch", "file", "part", "policy"]

_GIVEN: Final[Mapping[str, tuple[tuple[Kind, str, Form], ...]]] = {
    "createDataset": (("dataset", "/0", "tail"),),
    "createExportJob": (("job", "/id", "value"), ("batch", "/destination/batchId", "value")),
    "getExportJob": (("batch", "/destination/batchId", "value"),),
    "listExportJobs": (("job", "/records/0/id", "value"),),
    "listBatchFiles": (("file", "/data/0/dataSetFileId", "value"),),
    "getFile": (("part", "/data/0/name", "value"),),
    "listMergePolicies": (("policy", "/children/0/id", "value"),),
}
"""What the answers of an operation give."""
_PARAMETERS: Final[Mapping[str, Kind]] = {
    "datasetId": "dataset",
    "exportJobId": "job",
    "batchId": "batch",
    "fileId": "file",
    "mergePolicyId": "policy",
}
_LATEST: Final = 6
"""So many of the requests that named a thing are kept, besides those that made it."""


@dataclass(slots=True)
class _Made:
    """Something that an answer has given: what it is called, how it came to be, and who has named it since."""

    name: str
    made: tuple[_Link, ...]
    named: list[_Link] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Link:
    """One request of the past: when it was sent, the names in it, and how it went."""

    number: int
    names: frozenset[str]
    attempt: Attempt


class Chains:
    """What was sent and came back, by the things that are named in it."""

    def __init__(self) -> None:
        self._known: dict[tuple[Kind, str], _Made] = {}
        self._count = 0
        self._links: tuple[_Link, ...] = ()
        self._used: list[_Made] = []

    def begin(self, step: Step, name: str) -> Performance:
        """A case that ends with a step, and whose other steps were tried already."""
        self._used = []
        last = self._named(step)
        links = {link.number: link for made in self._used for link in (*made.made, *made.named)}
        self._links = tuple(links[number] for number in sorted(links))
        needed = {made.name for made in self._used}.union(*(link.names for link in self._links))
        steps = [_giving(link.attempt.step, needed) for link in self._links]
        attempts = [
            Attempt(place, each, link.attempt.request, link.attempt.response)
            for place, (each, link) in enumerate(zip(steps, self._links, strict=True))
        ]
        return Performance(Case(name, (*steps, last)), {}, attempts)

    def end(self, performance: Performance) -> None:
        """Learn from how the case that was begun last has ended."""
        if len(performance.attempts) <= len(self._links):
            return
        self._count += 1
        tried = performance.attempts[-1]
        fresh = {key: gift for key, gift in self._gifts(tried) if key not in self._known}
        step = replace(tried.step, gives=tuple(fresh.values()))
        names = frozenset(made.name for made in self._used)
        link = _Link(self._count, names, Attempt(0, step, tried.request, tried.response))
        for made in self._used:
            made.named = [*made.named, link][-_LATEST:]
        for key, gift in fresh.items():
            self._known[key] = _Made(gift.name, (*self._links, link))

    def _gifts(self, tried: Attempt) -> list[tuple[tuple[Kind, str], Gift]]:
        """What an answer gives, by its kind and its text."""
        found: list[tuple[tuple[Kind, str], Gift]] = []
        for kind, at, form in _GIVEN.get(tried.step.operation, ()) if tried.accepted else ():
            text = str(tried.at(at) or "")
            if text:
                literal = text.rpartition("/")[2] if form == "tail" else text
                found.append(((kind, literal), Gift(f"{kind}.{self._count}", at, form)))
        return found

    def _named(self, step: Step) -> Step:
        """The step with names for what earlier answers gave."""
        path = {name: self._name(_PARAMETERS.get(name, "part"), text) for name, text in step.path.items()}
        query = {name: self._name("part", text) if name == "path" else text for name, text in step.query.items()}
        return replace(step, path=path, query=query, body=self._body(step.body))

    def _body(self, body: Any) -> Any:
        target = body.get("destination") if isinstance(body, dict) else None
        if not isinstance(target, dict) or not isinstance(wanted := target.get("datasetId"), str):
            return body
        return {**body, "destination": {**target, "datasetId": self._name("dataset", wanted)}}

    def _name(self, kind: Kind, text: str) -> str:
        made = self._known.get((kind, text))
        if made is None:
            return text
        if made not in self._used:
            self._used.append(made)
        return f"${{{made.name}}}"


def _giving(step: Step, needed: set[str]) -> Step:
    """The step without what it gives to nobody."""
    return replace(step, gives=tuple(gift for gift in step.gives if gift.name in needed))
