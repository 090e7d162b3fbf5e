"""What is known not to hold of an implementation: patterns of requirements, each with a reason, an issue and an end.

::

    [[expect]]
    pattern = "EXP-LIST-01?"                      # ids; * and ? stand for what they stand for in a shell
    verdict = "warn"                              # by default any of fail, warn and info
    reason = "pages are numbered, not linked"
    issue = "https://example.org/issues/42"
    expires = 2026-12-31                          # the last day on which this is fine

What was expected and happens does not fail a run. An expectation fails it that is not met, matches nothing, has
expired, or does not say why.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final, TypeGuard

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.suite.verdicts import Verdict

__all__ = ["Expectation", "Expectations", "parse_expectations", "read_expectations"]

_UNMET: Final = frozenset({Verdict.FAIL, Verdict.WARN, Verdict.INFO})
_EXPECTED: Final = _UNMET | {Verdict.BLOCKED, Verdict.NOT_VERIFIED}
_MEMBERS: Final = ("pattern", "verdict", "reason", "issue", "expires")


@dataclass(frozen=True, slots=True)
class Expectation:
    """That some requirements do not hold.

    Attributes:
        pattern: Which requirements.
        reason: Why they do not hold.
        issue: Where that is worked on.
        expires: The last day on which it is fine.
        verdicts: Which verdicts are expected.
    """

    pattern: str
    reason: str = ""
    issue: str = ""
    expires: date | None = None
    verdicts: frozenset[Verdict] = _UNMET

    def matches(self, requirement: str) -> bool:
        """Whether it speaks of this requirement."""
        return fnmatchcase(requirement, self.pattern)


@dataclass(frozen=True, slots=True)
class Expectations:
    """Everything that is known not to hold.

    Attributes:
        entries: In the order of the file.
        digest: The SHA-256 of the file; empty where there is none.
    """

    entries: tuple[Expectation, ...] = ()
    digest: str = ""

    def excuse(self, requirement: str, verdict: Verdict) -> Expectation | None:
        """The expectation that this verdict on a requirement meets."""
        return next((e for e in self.entries if e.matches(requirement) and verdict in e.verdicts), None)

    def problems(self, verdicts: Mapping[str, Verdict], known: Iterable[str], today: date) -> list[str]:
        """What is wrong with the expectations, a sentence each; nothing when all is as expected.

        Args:
            verdicts: Those that a run has reached, by requirement.
            known: The ids of all requirements, so that a pattern for what was not judged is no mistake.
            today: Is compared with the days on which expectations end.
        """
        ids = [*known]
        return [problem for entry in self.entries for problem in _problems(entry, verdicts, ids, today)]


def read_expectations(path: Path) -> Expectations:
    """The expectations that a file holds.

    Raises:
        ConfigurationError: It cannot be read, or is no list of expectations.
    """
    try:
        return parse_expectations(path.read_bytes())
    except OSError as error:
        raise ConfigurationError(
            f"the expectations {path} cannot be read ({error.strerror}): name a file that is there"
        ) from error


def parse_expectations(raw: bytes) -> Expectations:
    """The expectations that a TOML text holds.

    Raises:
        ConfigurationError: It is not TOML, or is no list of expectations.
    """
    try:
        document = tomllib.loads(raw.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"the expectations are not valid TOML: {error}") from error
    entries = document.get("expect")
    if document.keys() != {"expect"} or not _are_tables(entries):
        raise ConfigurationError("the expectations are tables [[expect]] and nothing else")
    return Expectations(tuple(map(_expectation, entries)), hashlib.sha256(raw).hexdigest())


def _are_tables(entries: object) -> TypeGuard[list[dict[str, Any]]]:
    return isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries)


def _expectation(entry: Mapping[str, Any]) -> Expectation:
    pattern, expires = entry.get("pattern"), entry.get("expires")
    texts = {name: entry.get(name, "") for name in ("reason", "issue")}
    if not isinstance(pattern, str) or not all(isinstance(text, str) for text in texts.values()):
        raise ConfigurationError(
            f"an expectation has a pattern, a reason and an issue, all texts; found {entry!r:.200}"
        )
    if unknown := entry.keys() - {*_MEMBERS}:
        raise ConfigurationError(f"{pattern}: {min(unknown)} is unknown: use {', '.join(_MEMBERS)}")
    if not (expires is None or type(expires) is date):
        raise ConfigurationError(f"{pattern}: expires is a day, such as 2026-12-31 without quotes; found {expires!r}")
    return Expectation(pattern, **texts, expires=expires, verdicts=_verdicts(pattern, entry.get("verdict")))


def _verdicts(pattern: str, given: object) -> frozenset[Verdict]:
    if given is None:
        return _UNMET
    if not isinstance(given, str) or given not in _EXPECTED:
        raise ConfigurationError(f"{pattern}: {given!r} cannot be expected: use one of {', '.join(sorted(_EXPECTED))}")
    return frozenset({Verdict(given)})


def _problems(entry: Expectation, verdicts: Mapping[str, Verdict], known: list[str], today: date) -> Iterator[str]:
    for name in ("reason", "issue", "expires"):
        if not getattr(entry, name):
            yield f"expectation {entry.pattern} has no {name}: say why, where that is worked on, and until when"
    if entry.expires and entry.expires < today:
        yield f"expectation {entry.pattern} has expired on {entry.expires}: mend what it is about, or move the day"
    if not any(map(entry.matches, known)):
        yield f"expectation {entry.pattern} matches no requirement: correct it, or take it out"
    for requirement, verdict in verdicts.items():
        if entry.matches(requirement) and verdict is Verdict.PASS:
            yield f"{requirement} passes, although expectation {entry.pattern} says that it does not: take it out"
