"""What is wrong with recordings that lie on a disk: each is one sentence that names the file and the place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import Final, Literal

from pytest_aep_export.cassettes.bodies import is_form, text_of
from pytest_aep_export.cassettes.fakes import PLACEHOLDER
from pytest_aep_export.cassettes.leaks import leaks_of_file
from pytest_aep_export.cassettes.library import path_of
from pytest_aep_export.cassettes.recording import Interaction, Metadata, Recording
from pytest_aep_export.cassettes.scan import scan
from pytest_aep_export.cassettes.storage import LARGEST, files_of, read
from pytest_aep_export.contract import Contract, Violation
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.exchange import Headers, Request

__all__ = ["Inspected", "Kind", "Problem", "Rules", "inspect", "orphans"]

Kind = Literal["unreadable", "leak", "contract", "age", "requirement", "orphan"]
_MOST: Final = 5
"""Problems of one kind that are told of one interaction, and leaks of one file."""
_NOT_KEPT: Final = {
    "authorization": "Bearer REDACTED",
    "x-api-key": PLACEHOLDER.client_id,
    "x-gw-ims-org-id": PLACEHOLDER.org_id,
    "x-sandbox-name": "prod",
}
"""Headers that are taken out of every request, and so say nothing about it."""
_TYPES: Final = {True: "application/x-www-form-urlencoded", False: "application/json"}


@dataclass(frozen=True, slots=True)
class Rules:
    """What cassettes are held to.

    Attributes:
        contract: What their interactions are held against.
        known: The ids of all requirements.
        today: The day from which ages are counted.
        max_age: How many days old they may be; any number by default.
    """

    contract: Contract
    known: Container[str]
    today: dt.date
    max_age: int | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong with a recording.

    Attributes:
        path: The file.
        kind: Of which kind.
        place: Where in the file; empty for all of it.
        message: What it is.
    """

    path: str
    kind: Kind
    place: str
    message: str

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.path, self.place, self.message)))


@dataclass(frozen=True, slots=True)
class Inspected:
    """A cassette that was looked at.

    Attributes:
        name: What it is called.
        path: Its file.
        recording: What it holds; None where it cannot be read.
        problems: What is wrong with it.
    """

    name: str
    path: Path
    recording: Recording | None
    problems: tuple[Problem, ...]


def inspect(name: str, path: Path, rules: Rules) -> Inspected:
    """Look at the cassette of a name and a file."""
    recording, found = None, [*_name(name, path)]
    try:
        recording = read(name, path)
    except ConfigurationError as error:
        found.append(Problem(str(path), "unreadable", "", str(error)))
    found += _files(path)
    if recording is not None:
        found += _metadata(recording.metadata, path, rules)
        found += _interactions(recording, path, rules.contract)
    return Inspected(name, path, recording, tuple(found))


def _name(name: str, path: Path) -> Iterator[Problem]:
    """A file that nobody can ask for."""
    try:
        path_of(name)
    except ConfigurationError as error:
        yield Problem(str(path), "unreadable", "", str(error))


def _files(path: Path) -> Iterator[Problem]:
    """What is wrong with the file and those beside as such, also where they cannot be read as a cassette."""
    text = _content(path).decode("utf-8", "replace")
    leaks = [(path, leak) for leak in scan(text)]
    beside = files_of(path)
    for file in sorted(beside.iterdir()) if beside.is_dir() else ():
        if file.is_file():
            leaks += [(file, leak) for leak in leaks_of_file(file.name, _content(file))]
        if file.is_file() and file.name not in text:
            yield Problem(str(file), "orphan", "", "is no part of the cassette that it lies beside; remove it")
    for where, leak in leaks[:_MOST]:
        yield Problem(str(where), "leak", str(leak.place), f"holds {leak.what}; take it out of reach, and record again")
    if len(leaks) > _MOST:
        yield Problem(str(path), "leak", "", f"holds {len(leaks) - _MOST} more of the kind")


def _content(path: Path) -> bytes:
    """The bytes of a file, as many as are read; none where there is no file that can be read."""
    try:
        with path.open("rb") as file:
            return file.read(LARGEST)
    except OSError:
        return b""


def _metadata(metadata: Metadata, path: Path, rules: Rules) -> Iterator[Problem]:
    for requirement in metadata.requirements:
        if requirement not in rules.known:
            message = f"says that it covers {requirement}, which is no requirement"
            yield Problem(str(path), "requirement", "metadata", message)
    try:
        age = (rules.today - dt.date.fromisoformat(metadata.date)).days
    except ValueError:
        yield Problem(str(path), "age", "metadata", f"was recorded on {metadata.date!r}, which is no date")
        return
    if rules.max_age is not None and age > rules.max_age:
        message = f"is {age} days old, and {rules.max_age} are allowed; record it again"
        yield Problem(str(path), "age", "metadata", message)


def _interactions(recording: Recording, path: Path, contract: Contract) -> Iterator[Problem]:
    for number, interaction in enumerate(recording.interactions, 1):
        violations = _violations(interaction, recording.metadata, contract)
        for part, violation in list(violations)[:_MOST]:
            place = f"{part} of interaction {number} {violation.pointer}".rstrip()
            expected = f"expected {violation.expected}, found {violation.found}"
            yield Problem(str(path), "contract", place, f"{expected} ({violation.level}, {violation.source})")


def _violations(interaction: Interaction, metadata: Metadata, contract: Contract) -> Iterator[tuple[str, Violation]]:
    """What an interaction has that the contract does not allow, unless the metadata says that it is meant to.

    A request that was refused was perhaps wrong on purpose. The answers of a persona are, and so are those that a fault
    gave. Those of the documentation contradict each other, and are held to what all of them have in common.
    """
    request, response = interaction.request, interaction.response
    refused = response.status >= HTTPStatus.BAD_REQUEST
    if not refused:
        yield from (("request", violation) for violation in contract.validate_request(_completed(request)))
    match = contract.match(request.method, request.path)
    deviates = bool(metadata.persona) or str(response.status) in metadata.faults
    if match and not deviates:
        found = contract.validate_response(match.operation.id, response, metadata.dialect or None)
        yield from (("response", violation) for violation in found)


def _completed(request: Request) -> Request:
    """The request with the headers that every one was sent with."""
    typed = {"content-type": _TYPES[is_form(text_of(request.body) or "")]} if request.body else {}
    missing = [(name, value) for name, value in (_NOT_KEPT | typed).items() if name not in request.headers]
    return replace(request, headers=Headers([*request.headers.raw, *missing]))


def orphans(inspected: Iterable[tuple[str, Path]], used: Container[str]) -> Iterator[Problem]:
    """Cassettes that no test uses.

    Args:
        inspected: Their names and files.
        used: The names that tests use.
    """
    for name, path in inspected:
        if name not in used:
            yield Problem(str(path), "orphan", "", f"no test uses the cassette {name}; remove it, or use it")
