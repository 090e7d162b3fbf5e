"""Findings: checks that were broken, each with the smallest case that shows it, as values and as small files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.fuzz.cases import Case

if TYPE_CHECKING:
    from pytest_aep_export.exchange import Exchange
    from pytest_aep_export.fuzz.checks import Breach
    from pytest_aep_export.fuzz.checks.breach import Severity

__all__ = ["Finding", "cause_of", "findings_schema", "read_finding", "write_finding"]

_LONGEST = 200
"""Characters of a schema's complaint that are shown."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A check that was broken.

    Attributes:
        check: Which.
        operation: The operation whose answer shows it.
        level: How bad it is.
        source: The requirement, or where else the rule comes from.
        cause: What other cases that show the same have in common with this one.
        required: What was required.
        found: What was found instead.
        case: The smallest case that shows it.
        seed: The seed under which it was found.
        number: Which case of that seed showed it first.
        times: How many cases showed it.
        exchanges: What crossed the wire when the case was tried, without secrets; empty when read from a file.
        shown: Which of the exchanges shows it.
    """

    check: str
    operation: str
    level: Severity
    source: str
    cause: str
    required: str
    found: str
    case: Case
    seed: int = 0
    number: int = 0
    times: int = 1
    exchanges: tuple[Exchange, ...] = ()
    shown: int = 0

    @property
    def id(self) -> str:
        """What it is called: a check, an operation and some digits of its cause."""
        digest = hashlib.blake2b(self.cause.encode(), digest_size=4).hexdigest()
        return f"{self.check}-{self.operation}-{digest}"

    @property
    def curl(self) -> tuple[str, ...]:
        """Commands that repeat the case, without secrets."""
        return tuple(exchange.request.curl() for exchange in self.exchanges)

    def __str__(self) -> str:
        return f"{self.operation}: expected {self.required}, found {self.found} ({self.level}, {self.source})"

    def to_json(self) -> dict[str, Any]:
        """The finding as its file holds it."""
        plain = ("check", "operation", "level", "source", "cause", "required", "found", "seed", "number")
        return {
            **{name: getattr(self, name) for name in plain},
            "case": self.case.to_json(),
            **({"curl": list(self.curl)} if self.exchanges else {}),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Finding:
        """The reverse of `to_json`, but for what crossed the wire."""
        known = {name: found for name, found in document.items() if name not in {"case", "curl"}}
        return cls(case=Case.from_json(document["case"]), **known)


def cause_of(check: str, breach: Breach) -> str:
    """What findings are told apart by."""
    return f"{check} {breach.attempt.step.operation} {breach.about}".strip()


def findings_schema() -> dict[str, Any]:
    """The JSON Schema of a finding's file."""
    schema: dict[str, Any] = json.loads((Path(__file__).parent / "findings.schema.json").read_text("utf-8"))
    return schema


@cache
def _validator() -> Any:
    import jsonschema_rs  # noqa: PLC0415 - a compiled library: only whoever reads a file pays for it

    return jsonschema_rs.validator_for(findings_schema())


def read_finding(path: Path) -> Finding:
    """The finding of a file.

    Raises:
        ConfigurationError: It cannot be read, or holds no finding; the message names the place.
    """
    try:
        document: Any = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read ({error.strerror}): name the file of a finding") from error
    except ValueError as error:
        raise ConfigurationError(f"{path} holds no finding: it is not JSON ({error})") from error
    for problem in _validator().iter_errors(document):
        place = "/".join(map(str, problem.instance_path)) or "the document"
        raise ConfigurationError(f"{path} holds no finding: {place}: {problem.message:.{_LONGEST}}")
    return Finding.from_json(document)


def write_finding(finding: Finding, folder: Path) -> Path:
    """Write a finding into a folder, under its id; return where.

    Raises:
        ConfigurationError: It cannot be written.
    """
    path = folder / f"{finding.id}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(finding.to_json(), indent=2, ensure_ascii=True) + "\n", "utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written ({error.strerror}): name another folder") from error
    return path
