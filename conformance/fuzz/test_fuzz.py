"""Whatever is sent, no answer breaks a MUST; and what once was found is not to be seen again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_aep_export.fuzz.findings import Finding, read_finding
from pytest_aep_export.fuzz.fuzzing import Bounds, fuzz, replay
from pytest_aep_export.report.fuzzing import commands
from pytest_aep_export.suite.fuzzing import Ground


def test_no_answer_breaks_a_must(ground: Ground, pytestconfig: pytest.Config):
    """So many cases that follow from the seed are tried, and every answer is held against the contract."""
    cases = pytestconfig.getoption("--aep-fuzz-cases")
    renew = {} if ground.renewed else {"renew": cases + 1}
    bounds = Bounds(cases=cases, patience=300, **renew)
    tally = fuzz(ground.send, ground.parties, seed=pytestconfig.getoption("--aep-fuzz-seed"), bounds=bounds)
    grave = [finding for finding in tally.findings if finding.level == "MUST"]
    if grave:
        pytest.fail("\n\n".join("\n".join(told(finding)) for finding in grave), pytrace=False)


def test_what_was_found_is_not_to_be_seen_again(ground: Ground, kept: Path):
    """A finding that was kept is tried again; whatever its level, it was held to be worth it."""
    found = replay(read_finding(kept), ground.send, ground.parties, 300)
    if found:
        pytest.fail("\n".join([*told(found), f"again: aep-export fuzz --replay {kept}"]), pytrace=False)


def told(finding: Finding) -> Iterator[str]:
    """A finding in a few lines."""
    yield f"{finding.id}: {finding}"
    yield from commands(finding)
