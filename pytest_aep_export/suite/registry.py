"""The registry of requirements: read from ``conformance/requirements.toml``, checked, and held against the tests.

An id never changes its meaning and is never reused. What is wrong with the registry, or between it and the tests,
is told in sentences that name the requirement or the test.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final

from pytest_aep_export.errors import ConfigurationError

__all__ = [
    "PROFILES",
    "Level",
    "Registry",
    "Requirement",
    "Source",
    "conformance_path",
    "lint",
    "load",
    "parse",
]

PROFILES: Final = ("smoke", "core", "full")
"""What a run may be narrowed to: the handful that the registry names, what is a MUST, everything."""

_MODAL_VERBS: Final = re.compile(r"\b(can|cannot|could|may|might|must|shall|should|will|would|ought)\b", re.IGNORECASE)
_PACKAGE: Final = Path(__file__).parents[1]


class Level(StrEnum):
    """How much a requirement weighs.

    ``MUST``: whoever breaks it contradicts every documented variant. ``SHOULD``: whoever breaks it follows at best a
    contradictory or outdated source. ``MAY``: worth knowing.
    """

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a requirement is written down.

    Attributes:
        document: A document of the registry.
        section: The heading in it.
        divergence: The contradiction between sources that the requirement settles, if it does.
        sha256: The digest of the paragraph below that heading, as `sources` computes it; empty where the document is
            no page.
    """

    document: str
    section: str
    divergence: int | None = None
    sha256: str = ""

    def __str__(self) -> str:
        text = f"{self.document}, {self.section}"
        return f"{text} (divergence {self.divergence})" if self.divergence else text


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that a server or a client is held to.

    Attributes:
        id: ``EXP-<AREA>-<NNN>``.
        area: What part of the API it belongs to.
        title: The fact, in a few words.
        level: How much it weighs.
        statement: What is required, in full.
        evidence: ``documented``, ``sampled`` (only shown by a sample), ``recorded`` (seen on the wire) or ``inferred``.
        sources: Where it is written down.
        applies_to: ``server`` or ``client``.
        capability: What a target needs for it to be judged; empty for what every target has.
    """

    id: str
    area: str
    title: str
    level: Level
    statement: str
    evidence: str
    sources: tuple[Source, ...]
    applies_to: str = "server"
    capability: str = ""


@dataclass(frozen=True, slots=True)
class Registry:
    """Every requirement by id, in the order of the file.

    Attributes:
        requirements: By id.
        areas: What each area is about.
        documents: What the sources' names stand for.
        digest: The SHA-256 of the file, so that two reports can be known to speak of the same requirements.
        pages: The file names of the documents that are Markdown pages.
        smoke: The handful of requirements that the profile ``smoke`` judges.
    """

    requirements: Mapping[str, Requirement]
    areas: Mapping[str, str]
    documents: Mapping[str, str]
    digest: str
    pages: Mapping[str, str] = field(default_factory=dict)
    smoke: frozenset[str] = frozenset()

    def __getitem__(self, requirement_id: str) -> Requirement:
        return self.requirements[requirement_id]

    def of(self, party: str) -> tuple[Requirement, ...]:
        """The requirements that apply to ``server`` or ``client``."""
        return tuple(r for r in self.requirements.values() if r.applies_to == party)

    def profile(self, name: str) -> frozenset[str]:
        """The ids of the server requirements that a profile judges.

        Raises:
            ConfigurationError: There is no such profile.
        """
        if name not in PROFILES:
            raise ConfigurationError(f"profile {name!r} is unknown: use one of {', '.join(PROFILES)}")
        if name == "smoke":
            return self.smoke
        return frozenset(r.id for r in self.of("server") if name == "full" or r.level is Level.MUST)


def conformance_path() -> Path:
    """The folder ``conformance``: inside the package when that was installed, at the root of a checkout otherwise."""
    installed = _PACKAGE / "conformance"
    return installed if installed.is_dir() else _PACKAGE.parent / "conformance"


@cache
def load() -> Registry:
    """The registry that ships with this package.

    Raises:
        ConfigurationError: It cannot be read or breaks a rule.
    """
    path = conformance_path() / "requirements.toml"
    try:
        return parse(path.read_bytes())
    except OSError as error:
        raise ConfigurationError(
            f"the requirements cannot be read from {path}: {error.strerror}; reinstall the package"
        ) from error


def parse(raw: bytes) -> Registry:
    """The registry that a TOML text holds.

    Raises:
        ConfigurationError: It is not TOML, breaks the JSON Schema, or breaks a rule that the schema cannot express.
    """
    try:
        document = tomllib.loads(raw.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"the requirements are not valid TOML: {error}") from error
    problems = list(_schema_problems(document)) or list(_rule_problems(document))
    if problems:
        raise ConfigurationError("the requirements break their rules: " + "; ".join(problems))
    return Registry(
        {entry["id"]: _requirement(entry) for entry in document["requirement"]},
        document["areas"],
        document["documents"],
        hashlib.sha256(raw).hexdigest(),
        document.get("pages", {}),
        frozenset(_smoke(document)),
    )


def lint(registry: Registry, tests: Mapping[str, Sequence[str]], *, complete: bool) -> list[str]:
    """What does not fit between the registry and the tests, a sentence each; nothing when all fits.

    Args:
        registry: The requirements.
        tests: By test, the ids that it is marked with.
        complete: Whether these are all tests, so that a requirement without one is a mistake.
    """
    problems = []
    for test, ids in tests.items():
        if len(ids) != 1:
            problems.append(f"{test} names {len(ids)} requirements: mark it with aep_requirement and exactly one id")
        problems += [
            f"{test} names {name}, which is no server requirement of requirements.toml"
            for name in ids
            if name not in registry.requirements or registry[name].applies_to != "server"
        ]
    if complete:
        tested = {name for ids in tests.values() for name in ids}
        problems += [
            f"{r.id} has no test: write one, or retire it" for r in registry.of("server") if r.id not in tested
        ]
    return problems


def _requirement(entry: Mapping[str, Any]) -> Requirement:
    sources = tuple(Source(**source) for source in entry["sources"])
    return Requirement(**{**entry, "level": Level(entry["level"]), "sources": sources})


def _smoke(document: Mapping[str, Any]) -> list[str]:
    ids: list[str] = document.get("profiles", {}).get("smoke", [])
    return ids


def _schema_problems(document: Mapping[str, Any]) -> Iterator[str]:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - costs 50 ms that most imports need not pay

    schema = json.loads((Path(__file__).parent / "requirements.schema.json").read_text("utf-8"))
    for error in Draft202012Validator(schema).iter_errors(document):
        yield f"{_name(document, error.absolute_path)}: {error.message}"


def _name(document: Mapping[str, Any], path: Iterable[str | int]) -> str:
    """The requirement that a path of the document leads into, or the path itself."""
    steps = list(path)
    if len(steps) > 1 and steps[0] == "requirement":
        entry = document["requirement"][steps[1]]
        if isinstance(entry, Mapping) and "id" in entry:
            return "/".join([str(entry["id"]), *map(str, steps[2:])])
    return "/".join(map(str, steps)) or "the document"


def _rule_problems(document: Mapping[str, Any]) -> Iterator[str]:
    """What a JSON Schema cannot say."""
    entries = document["requirement"]
    for name, count in Counter(entry["id"] for entry in entries).items():
        if count > 1:
            yield f"{name} is defined {count} times"
    for entry in entries:
        yield from (f"{entry['id']}: {problem}" for problem in _entry_problems(entry, document))
    yield from (f"page {name} is not listed under [documents]" for name in _pages(document) - {*document["documents"]})
    certain = {entry["id"] for entry in entries if entry["level"] == Level.MUST and entry.get("capability") is None}
    yield from (f"smoke: {name} is no MUST that every target has" for name in _smoke(document) if name not in certain)


def _pages(document: Mapping[str, Any]) -> set[str]:
    return {*document.get("pages", {})}


def _entry_problems(entry: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[str]:
    if entry["area"] not in document["areas"]:
        yield f"area {entry['area']} is not listed under [areas]"
    if entry["id"].split("-")[1] != entry["area"]:
        yield f"the id does not carry the area {entry['area']}"
    if entry["level"] == Level.MUST and entry["evidence"] == "inferred":
        yield "what is only inferred is never a MUST"
    if match := _MODAL_VERBS.search(entry["title"]):
        yield f"the title holds the modal verb {match[0]!r}: state the fact"
    for source in entry["sources"]:
        if source["document"] not in document["documents"]:
            yield f"document {source['document']} is not listed under [documents]"
        if "sha256" in source and source["document"] not in _pages(document):
            yield f"document {source['document']} is no page: no paragraph of it has a digest"
