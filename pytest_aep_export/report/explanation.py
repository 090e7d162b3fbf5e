"""Everything that is known of one requirement, without running anything."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from pytest_aep_export.contract.dialects import DIALECTS
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.report.account import MEANINGS, source_text
from pytest_aep_export.report.judging import JudgingTest, tests_of
from pytest_aep_export.suite.capabilities import Capability
from pytest_aep_export.suite.kills import killed_by
from pytest_aep_export.suite.registry import PROFILES, Registry, Requirement

__all__ = ["DECIDED", "Explanation", "Variant", "explain", "explanation_schema"]

DECIDED: Final[dict[int, tuple[str, ...]]] = {
    7: ("cancel",),
    16: ("missing_token_status",),
    25: ("batch_id",),
    26: ("echo",),
    31: ("dataset_key", "dataset_key_in_list"),
    43: ("counters", "write_timer"),
    47: ("batches",),
    73: ("dataset_path",),
}
"""By the number of a divergence the members of a `Dialect` that decide it."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A contradiction between sources that every dialect decides in its way.

    Attributes:
        divergence: Its number.
        member: The member of a `Dialect` that decides it.
        values: By dialect, how.
    """

    divergence: int
    member: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is known of a requirement.

    Attributes:
        requirement: What is required.
        about: What its area is about.
        sources: Where it is written down, in words.
        capability: What a target needs for it to be judged; None for what every target has.
        variants: What the dialects make of the contradictions that it settles.
        tests: Who judges it.
        mutants: The wrong servers that it is known to notice, by their persona.
        profiles: The profiles that judge it.
        how: How to judge it alone.
    """

    requirement: Requirement
    about: str
    sources: tuple[str, ...]
    capability: Capability | None
    variants: tuple[Variant, ...]
    tests: tuple[JudgingTest, ...]
    mutants: tuple[str, ...]
    profiles: tuple[str, ...]
    how: str

    def lines(self) -> Iterator[tuple[str, str]]:
        """Label and text of each line."""
        requirement = self.requirement
        yield "required", requirement.statement
        yield "level", f"{requirement.level}: {MEANINGS[requirement.level]}"
        yield "area", f"{requirement.area}: {self.about}"
        yield "evidence", requirement.evidence
        yield from (("source", source) for source in self.sources)
        for variant in self.variants:
            values = ", ".join(f"{name} {_shown(value)}" for name, value in variant.values.items())
            yield f"divergence {variant.divergence}", f"{variant.member}: {values}"
        if self.capability:
            yield "needs", f"{self.capability.name}: {self.capability.meaning} {self.capability.found}"
        yield from (("test", f"{test.path}:{test.line} {test.name}: {test.about}") for test in self.tests)
        if self.mutants:
            yield "mutants that it kills", ", ".join(self.mutants)
        yield "profiles", ", ".join(self.profiles) or "none"
        yield "judge it alone", self.how

    def to_json(self) -> dict[str, Any]:
        """As ``explanation.schema.json`` describes it."""
        requirement = asdict(self.requirement)
        return {
            **{name: requirement[name] for name in ("id", "area", "title", "statement", "evidence", "applies_to")},
            "level": str(self.requirement.level),
            "about": self.about,
            "sources": [
                {"text": text, **source} for text, source in zip(self.sources, requirement["sources"], strict=True)
            ],
            "capability": self.capability and asdict(self.capability),
            "variants": [asdict(variant) for variant in self.variants],
            "tests": [asdict(test) for test in self.tests],
            "mutants": list(self.mutants),
            "profiles": list(self.profiles),
            "how": self.how,
        }


def explain(name: str, registry: Registry, capabilities: Mapping[str, Capability], folder: Path) -> Explanation:
    """The explanation of a requirement.

    Args:
        name: Its id, in letters of either case.
        registry: The requirements.
        capabilities: What they may need.
        folder: Where the suite is.

    Raises:
        ConfigurationError: There is none of that id; the message names those that look alike.
    """
    requirement = registry.requirements.get(name.upper())
    if requirement is None:
        alike = ", ".join(get_close_matches(_padded(name), registry.requirements, n=3, cutoff=0.5))
        raise ConfigurationError(f"there is no requirement {name}: {f'did you mean {alike}?' if alike else _FORM}")
    return Explanation(
        requirement=requirement,
        about=registry.areas[requirement.area],
        sources=tuple(source_text(source, registry.documents) for source in requirement.sources),
        capability=capabilities.get(requirement.capability),
        variants=tuple(_variants(requirement)),
        tests=tuple(tests_of(requirement.id, folder)),
        mutants=killed_by(requirement.id),
        profiles=tuple(profile for profile in PROFILES if requirement.id in registry.profile(profile)),
        how=_HOW[requirement.applies_to].format(requirement.id),
    )


def explanation_schema() -> dict[str, Any]:
    """The JSON Schema of an explanation."""
    schema: dict[str, Any] = json.loads((Path(__file__).parent / "explanation.schema.json").read_text("utf-8"))
    return schema


_HOW: Final = {"server": "aep-export run -k {}", "client": "aep-export judge -k {} -- ./your-client"}
_SHORT: Final = re.compile(r"(?:EXP-)?([A-Z]+)-?([0-9]+)")
_FORM: Final = "ids look like EXP-JOB-001"


def _padded(name: str) -> str:
    """What somebody may have meant who left zeros or the beginning out."""
    short = _SHORT.fullmatch(name.upper())
    return f"EXP-{short[1]}-{short[2]:0>3}" if short else name.upper()


def _variants(requirement: Requirement) -> Iterator[Variant]:
    for divergence in sorted({source.divergence for source in requirement.sources if source.divergence}):
        for member in DECIDED.get(divergence, ()):
            yield Variant(divergence, member, {name: getattr(spoken, member) for name, spoken in DIALECTS.items()})


def _shown(value: object) -> str:
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
