"""Which requirement kills which mutant, as the last whole run of ``aep-export mutants`` has found.

That is kept beside the registry, in ``kills.json``, for whoever wants to know what a requirement is good for without
running anything; a whole run fails when it is no longer true. Standard library and registry only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from pytest_aep_export.suite.registry import conformance_path

__all__ = ["by_requirement", "keep_kills", "kept_kills", "killed_by"]

_FILE: Final = "kills.json"


def killed_by(requirement: str) -> tuple[str, ...]:
    """The mutants that a requirement kills, as the last whole run has found."""
    return by_requirement(kept_kills()).get(requirement, ())


@cache
def kept_kills() -> Mapping[str, tuple[str, ...]]:
    """By mutant the requirements that kill it, as the last whole run has found; nothing where that is not kept."""
    try:
        document = json.loads((conformance_path() / _FILE).read_text("utf-8"))
    except OSError:
        return {}
    return {mutant: tuple(killers) for mutant, killers in document.items()}


def keep_kills(killers: Mapping[str, Iterable[str]]) -> Path:
    """Keep what a whole run has found, one mutant a line; return where.

    Raises:
        OSError: It cannot be written.
    """
    path = conformance_path() / _FILE
    lines = (f"  {json.dumps(mutant)}: {json.dumps(list(requirements))}" for mutant, requirements in killers.items())
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
    kept_kills.cache_clear()
    return path


def by_requirement(killers: Mapping[str, Iterable[str]]) -> Mapping[str, tuple[str, ...]]:
    """By requirement the mutants, of what is by mutant the requirements."""
    found: dict[str, list[str]] = {}
    for mutant, requirements in killers.items():
        for each in requirements:
            found.setdefault(each, []).append(mutant)
    return {each: tuple(mutants) for each, mutants in found.items()}
